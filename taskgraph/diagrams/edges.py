"""The edges of a scene.

Where k nodes have the same m targets, k x m edges say less than k + m edges that meet in
one point, a junction. The same idea is known as edge concentration (Newbery, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import NamedTuple, TypeAlias

from taskgraph.diagrams.scene import NodeKind, SceneEdge, SceneNode
from taskgraph.graph.taskgraph import Side, TaskGraph
from taskgraph.graph.traverse import adjacency, implied_edges, reverse, topological_order
from taskgraph.model.task import Id, id_key
from taskgraph.model.words import counted, visible

Edge: TypeAlias = tuple[int, int]

_NOWHERE = -1
_SAVING = 3
"""A junction must save at least so many edges."""
_SIDES: tuple[Side, ...] = ("upstreams", "downstreams")
_MOST_GHOSTS = 12
"""So many unknown ids have a box each; of the others there is only a number."""


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


class Ghosts(NamedTuple):
    """What is named but does not exist."""

    nodes: tuple[SceneNode, ...] = ()
    named: frozenset[tuple[int, Side, int]] = frozenset()
    """The node that names it, in which list, and its place among ``nodes``."""


def find_ghosts(graph: TaskGraph, shown: Iterable[int]) -> Ghosts:
    """Make nodes for the unknown ids that something shown names.

    Where they are very many, the smallest ids have a node each and the others one for all
    that are upstreams, and one for all that are downstreams: an edge to both sides would
    look like a cycle.
    """
    if not graph.unknown:
        return Ghosts()
    among, subtasks, index = frozenset(shown), graph.task.subtasks, graph.index
    mentions = [
        (owner, side, identifier)
        for position, side, identifier in graph.unknown
        if (owner := index[subtasks[position].id]) in among
    ]
    named = {identifier for _, _, identifier in mentions}
    apart = nsmallest(_MOST_GHOSTS, named, key=id_key)
    nodes = [_ghost("Unknown subtask", visible(str(one)), one) for one in apart]
    place = {identifier: at for at, identifier in enumerate(apart)}
    others: dict[Side, int] = {}
    for side in _SIDES:
        rest = {one for _, where, one in mentions if where == side} - place.keys()
        if rest:
            others[side] = len(nodes)
            nodes.append(_ghost(f"Unknown {side}", f"and {counted(len(rest), 'more id')}"))
    ends = (
        (owner, side, place[one] if one in place else others[side])
        for owner, side, one in mentions
    )
    return Ghosts(tuple(nodes), frozenset(ends))


def _ghost(name: str, id_text: str, *ids: Id) -> SceneNode:
    return SceneNode(
        kind=NodeKind.GHOST,
        ids=ids,
        name=name,
        id_text=id_text,
        state="named, but not in the task",
        faulty=True,
    )


def ghost_edges(ghosts: Ghosts, place: dict[int, int], count: int) -> Iterator[SceneEdge]:
    """Give the edges of ghosts that stand behind so many other nodes."""
    for node, side, ghost in ghosts.named:
        ends = (count + ghost, place[node])
        yield SceneEdge(*(ends if side == "upstreams" else ends[::-1]), ghostly=True)


def simplified(
    nodes: list[SceneNode], edges: list[SceneEdge], *, in_stages: bool
) -> tuple[tuple[SceneNode, ...], tuple[SceneEdge, ...]]:
    """Draw fewer edges that say the same; junctions are more nodes, behind the others."""
    if in_stages:
        edges = _without_implied(len(nodes), edges)
    junctions, edges = bundle(len(nodes), edges)
    return (*nodes, *[SceneNode(NodeKind.JUNCTION)] * junctions), tuple(edges)


def _without_implied(count: int, edges: list[SceneEdge]) -> list[SceneEdge]:
    """Leave out what a longer way implies: collapsed stages show an order, no lists.

    ``count`` is the number of nodes. Critical edges, and those that show a fault, stay.
    """
    following = adjacency(count, (edge[:2] for edge in edges if not edge.closing))
    order = topological_order(reverse(following), following)
    if len(order) < count:
        return edges
    implied = implied_edges(following, order)
    return [edge for edge in edges if edge[:2] not in implied or any(edge[2:])]


def bundle(count: int, edges: list[SceneEdge]) -> tuple[int, list[SceneEdge]]:
    """Lead edges of all with all through junctions; tell how many of these were added.

    ``count`` is the number of nodes; junctions get the numbers from there. The edges are
    ascending and distinct, before and after; those that show a fault are left alone. Every
    edge that was replaced is a path of two edges now, and no two nodes are connected that
    were not.
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
