"""Parts of a graph, and a graph turned round, as graphs of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from taskgraph.graph import TaskGraph

__all__ = ["reversed_graph", "subgraph"]


def subgraph(graph: TaskGraph, nodes: Iterable[int]) -> TaskGraph:
    """Keep some nodes and the edges between them.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    nodes : iterable of int

    Returns
    -------
    TaskGraph
        Its node 0 is the smallest of the nodes, and so on.
    """
    kept = sorted(nodes)
    place = {node: at for at, node in enumerate(kept)}
    upstreams, downstreams = (
        tuple(
            tuple(place[other] for other in rows[node] if other in place) for node in kept
        )
        for rows in (graph.upstreams, graph.downstreams)
    )
    return TaskGraph(
        task=graph.task,
        subtasks=tuple(graph.subtasks[node] for node in kept),
        positions=tuple(graph.positions[node] for node in kept),
        upstreams=upstreams,
        downstreams=downstreams,
    )


def reversed_graph(graph: TaskGraph) -> TaskGraph:
    """Turn every edge round, as rollback walks."""
    return replace(graph, upstreams=graph.downstreams, downstreams=graph.upstreams)
