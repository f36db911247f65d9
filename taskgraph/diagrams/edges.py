"""The edges of a scene.

Where k nodes have the same m targets, k x m edges say less than k + m edges that meet in
one point, a junction. The same idea is known as edge concentration (Newbery, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

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

__all__ = ["add_ghosts", "bundle", "make_edges", "without_implied"]


def make_edges(
    graph: TaskGraph, place: dict[int, int], schedule: Schedule | None
) -> list[SceneEdge]:
    """Give the edges between what is shown, those inside one box left out."""
    tight = set() if schedule is None else _tight_edges(graph, schedule)
    one_sided = {edge[:2] for edge in graph.one_sided}
    cycle_of = {node: part[0] for part in graph.cycles for node in part}
    closing = {edge for cut in graph.cuts for edge in cut.edges}
    flags: dict[tuple[int, int], tuple[bool, bool, bool, bool]] = {}
    for edge in graph.edges():
        tail, head = edge
        if tail in place and head in place:
            ends = place[tail], place[head]
            own = (
                edge in tight,
                tail in cycle_of and cycle_of[tail] == cycle_of.get(head),
                edge in closing,
                edge in one_sided,
            )
            if ends[0] == ends[1] and tail != head:
                continue
            known = flags.get(ends)
            if known is None:
                flags[ends] = own
            elif known != own:
                a, b, c, d = known
                flags[ends] = (a or own[0], b or own[1], c or own[2], d or own[3])
    return [SceneEdge(*ends, *own) for ends, own in flags.items()]


def _tight_edges(graph: TaskGraph, schedule: Schedule) -> set[tuple[int, int]]:
    """Give the edges over which a critical path runs."""
    critical = frozenset(schedule.critical)
    start, finish = schedule.early_start, schedule.early_finish
    return {
        (node, target)
        for node in critical
        for target in graph.downstreams[node]
        if target in critical and finish[node] == start[target]
    }


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
    following = adjacency(count, (edge[:2] for edge in edges))
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
