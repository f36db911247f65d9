"""Edges of all with all, drawn through a junction.

Where k nodes have the same m targets, k x m edges say less than k + m edges that meet in
one point. The same idea is known as edge concentration (Newbery, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.diagrams.scene.content import SceneEdge

__all__ = ["bundle"]

_SAVING = 3
"""A junction must save at least so many edges."""


def bundle(count: int, edges: list[SceneEdge]) -> tuple[int, list[SceneEdge]]:
    """Lead edges of all with all through junctions.

    Parameters
    ----------
    count : int
        The number of nodes; junctions get the numbers from there.
    edges : list of SceneEdge
        Ascending and distinct. Those that show a fault are left alone.

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
        rows: dict[int, list[SceneEdge]] = {}
        kept = []
        for edge in edges:
            plain = not (edge.cyclic or edge.one_sided or edge.ghostly)
            if plain and edge.tail < first and edge.head < first:
                rows.setdefault(edge[side], []).append(edge)
            else:
                kept.append(edge)
        alike: dict[tuple[int, ...], list[int]] = {}
        for node, row in rows.items():
            ends = tuple(edge[1 - side] for edge in row)
            alike.setdefault(ends, []).append(node)
        for ends, nodes in alike.items():
            members = [edge for node in nodes for edge in rows[node]]
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
