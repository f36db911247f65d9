"""The edges of a scene.

Where k nodes have the same m targets, k x m edges say less than k + m edges that meet in
one point, a junction. The same idea is known as edge concentration (Newbery, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from taskgraph.diagrams.scene import NodeKind, SceneEdge, SceneNode
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import (
    adjacency,
    implied_edges,
    reverse,
    topological_order,
)
from taskgraph.model.task import Id, id_key
from taskgraph.model.words import visible

if TYPE_CHECKING:
    from taskgraph.analysis.schedule import Schedule

__all__ = ["add_ghosts", "bundle", "make_edges", "tight_edges", "without_implied"]

Edge: TypeAlias = tuple[int, int]

_NOWHERE = -1


def make_edges(
    graph: TaskGraph, place: dict[int, int], tight: Iterable[Edge] = ()
) -> list[SceneEdge]:
    """Give the edges between what is shown, those inside one box left out.

    ``tight`` are those of the graph over which a critical path runs.
    """
    where = [place.get(node, _NOWHERE) for node in range(len(graph))]

    def drawn(edges: Iterable[Edge]) -> set[Edge]:
        return {
            (where[a], where[b])
            for a, b in edges
            if where[a] != where[b] or a == b
            if where[a] != _NOWHERE != where[b]
        }

    critical, one_sided = drawn(tight), drawn(edge[:2] for edge in graph.one_sided)
    closing = drawn(edge for cut in graph.cuts for edge in cut.edges)
    cyclic = drawn(
        (node, target)
        for part in map(frozenset, graph.cycles)
        for node in part
        for target in part.intersection(graph.downstreams[node])
    )
    return [
        SceneEdge(
            *edge, edge in critical, edge in cyclic, edge in closing, edge in one_sided
        )
        for edge in drawn(graph.edges())
    ]


def tight_edges(graph: TaskGraph, schedule: Schedule) -> list[Edge]:
    """Give the edges over which a critical path runs."""
    critical = frozenset(schedule.critical)
    start, finish = schedule.early_start, schedule.early_finish
    return [
        (node, target)
        for node in schedule.critical
        for target in graph.downstreams[node]
        if target in critical and finish[node] == start[target]
    ]


def add_ghosts(
    graph: TaskGraph, place: dict[int, int], nodes: list[SceneNode]
) -> list[SceneEdge]:
    """Add a node for every unknown id that something shown names, and its edges."""
    ghosts: dict[Id, int] = {}
    edges = []
    for reference in sorted(graph.unknown, key=lambda mention: id_key(mention.id)):
        owner = place.get(graph.index[graph.task.subtasks[reference.position].id])
        if owner is None:
            continue
        if reference.id not in ghosts:
            ghosts[reference.id] = len(nodes)
            nodes.append(
                SceneNode(
                    kind=NodeKind.GHOST,
                    ids=(reference.id,),
                    name="Unknown subtask",
                    id_text=visible(str(reference.id)),
                    state="named, but not in the task",
                    faulty=True,
                )
            )
        ghost = ghosts[reference.id]
        ends = (ghost, owner) if reference.side == "upstreams" else (owner, ghost)
        edges.append(SceneEdge(*ends, ghostly=True))
    return edges


def without_implied(count: int, edges: list[SceneEdge]) -> list[SceneEdge]:
    """Leave out what a longer way implies: collapsed stages show an order, no lists.

    ``count`` is the number of nodes. Critical edges, and those that show a fault, stay.
    """
    following = adjacency(count, (edge[:2] for edge in edges if not edge.closing))
    order = topological_order(reverse(following), following)
    if len(order) < count:
        return edges
    implied = implied_edges(following, order)
    return [edge for edge in edges if edge[:2] not in implied or any(edge[2:])]


_SAVING = 3
"""A junction must save at least so many edges."""


def bundle(count: int, edges: list[SceneEdge]) -> tuple[int, list[SceneEdge]]:
    """Lead edges of all with all through junctions.

    ``count`` is the number of nodes; junctions get the numbers from there. The edges are
    ascending and distinct; those that show a fault are left alone.

    Returns
    -------
    junctions : int
        How many were added.
    edges : list of SceneEdge
        Ascending. Every edge that was replaced is a path of two edges now, and no two
        nodes are connected that were not.
    """
    first = count
    for side in (0, 1):  # equal targets first, then equal sources of what is left
        rows: dict[tuple[int, str], list[SceneEdge]] = {}
        kept = []
        for edge in edges:
            plain = not (edge.wrong or edge.doubtful)
            if plain and edge.tail < first and edge.head < first:
                rows.setdefault((edge[:2][side], edge.change), []).append(edge)
            else:
                kept.append(edge)
        alike: dict[tuple[str, tuple[int, ...]], list[tuple[int, str]]] = {}
        for key, row in rows.items():
            ends = tuple(edge[:2][1 - side] for edge in row)
            alike.setdefault((key[1], ends), []).append(key)
        for (_, ends), nodes in alike.items():
            members = [edge for key in nodes for edge in rows[key]]
            if len(members) >= len(ends) + len(nodes) + _SAVING:
                kept += _through(count, members)
                count += 1
            else:
                kept += members
        edges = sorted(kept)
    return count - first, edges


def _through(junction: int, edges: Iterable[SceneEdge]) -> list[SceneEdge]:
    incoming: dict[int, SceneEdge] = {}
    outgoing: dict[int, SceneEdge] = {}
    for edge in edges:
        into = edge._replace(head=junction)
        out_of = edge._replace(tail=junction)
        if edge.critical or edge.tail not in incoming:
            incoming[edge.tail] = into
        if edge.critical or edge.head not in outgoing:
            outgoing[edge.head] = out_of
    return [*incoming.values(), *outgoing.values()]
