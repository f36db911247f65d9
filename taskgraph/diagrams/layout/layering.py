"""Layers: which box lies how far along the main axis.

The first steps of a layered drawing (Sugiyama, Tagawa and Toda, 1981): turn edges round
until there is no cycle, assign layers, and split long edges into segments between
neighbouring layers. The edges are as short in total as possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from taskgraph.diagrams.layout.simplex import SimplexLink, shorten_links
from taskgraph.graph.traverse import adjacency, levels, reverse, topological_order

Pairs: TypeAlias = Sequence[tuple[int, int]]

_HELPERS_PER_BOX = 2
_HELPERS_FREE = 1500
"""So many helper vertices for long edges, whatever the number of boxes."""


@dataclass(slots=True)
class Layering:
    """Vertices in layers, with segments between neighbouring layers only."""

    boxes: int
    """So many vertices are boxes, the others helpers that keep a place for a long edge."""
    layer_of: list[int]
    upper: list[list[int]] = field(default_factory=list)
    lower: list[list[int]] = field(default_factory=list)
    """The ends of the segments in the layer before and after, by vertex."""
    strong: set[tuple[int, int]] = field(default_factory=set)
    """Segments that should be straight: between helpers, and of marked edges."""
    routes: list[tuple[int, ...] | None] = field(default_factory=list)
    """By edge: the vertices that it passes, ends included, from the earlier layer to the
    later one; ``None`` where the edge goes round outside.
    """

    def layers(self) -> list[list[int]]:
        """Give the vertices of each layer, ascending."""
        rows: list[list[int]] = [[] for _ in range(max(self.layer_of, default=-1) + 1)]
        for vertex, layer in enumerate(self.layer_of):
            rows[layer].append(vertex)
        return rows


def acyclic_edges(count: int, edges: Pairs) -> list[tuple[int, int]]:
    """Turn round the edges that close a cycle when walked depth-first.

    The walk starts at the nodes that nothing precedes, so that most edges keep their
    direction.
    """
    following = adjacency(count, edges)
    preceding = reverse(following)
    if len(topological_order(preceding, following)) == count:
        return list(edges)
    place = [0] * count  # 0: unseen; 1: on the path; 2: done
    backward = set()
    for start in sorted(range(count), key=lambda node: (bool(preceding[node]), node)):
        if place[start]:
            continue
        place[start] = 1
        path = [(start, iter(following[start]))]
        while path:
            node, targets = path[-1]
            for target in targets:
                if place[target] == 1:
                    backward.add((node, target))
                elif not place[target]:
                    place[target] = 1
                    path.append((target, iter(following[target])))
                    break
            else:
                place[node] = 2
                path.pop()
    return [edge[::-1] if edge in backward else edge for edge in edges]


def assign_layers(count: int, edges: Pairs) -> list[int]:
    """Give every node a layer after those of all its predecessors.

    The edges are short in total. The graph is connected.
    """
    following = adjacency(count, edges)
    order = topological_order(reverse(following), following)
    layer = levels(following, order)
    if all(layer[head] - layer[tail] == 1 for tail, head in edges):
        return layer
    moved = shorten_links(layer, [SimplexLink(*edge) for edge in edges])
    first = min(moved)
    return [int(number - first) for number in moved]


def split_edges(
    layer: list[int],
    edges: Pairs,
    marked: frozenset[int],
    apart: frozenset[int] = frozenset(),
) -> Layering:
    """Split every edge into segments from layer to layer.

    The helpers are bounded. Where there would be too many, long edges from one box share
    them, or those to one box, whichever are more; and where these are still too many,
    the longest edges go round outside.

    ``layer`` is that of each box; the edges go from an earlier layer to a later one;
    ``marked`` are the places of those that should be straight, ``apart`` of those that go
    round outside anyway.
    """
    count = len(layer)
    trunks = _trunks(layer, edges)
    outside = _outside(layer, edges, trunks)
    result = Layering(boxes=count, layer_of=list(layer))
    helpers: dict[tuple[int, int], int] = {}
    segments: dict[tuple[int, int], None] = {}
    for number, (tail, head) in enumerate(edges):
        trunk = trunks[number]
        goes_round = trunk in outside and layer[head] - layer[tail] > 1
        if goes_round or number in apart:
            result.routes.append(None)
            continue
        route = [tail]
        for step in range(layer[tail] + 1, layer[head]):
            helper = helpers.get((trunk, step))
            if helper is None:
                helper = helpers[trunk, step] = len(result.layer_of)
                result.layer_of.append(step)
            route.append(helper)
        route.append(head)
        result.routes.append(tuple(route))
        for segment in pairwise(route):
            segments[segment] = None
            if number in marked or (segment[0] >= count and segment[1] >= count):
                result.strong.add(segment)
    vertices = len(result.layer_of)
    result.lower = adjacency(vertices, segments)
    result.upper = adjacency(vertices, ((below, above) for above, below in segments))
    return result


def _allowed(boxes: int) -> int:
    return _HELPERS_FREE + _HELPERS_PER_BOX * boxes


def _trunks(layer: list[int], edges: Pairs) -> list[int]:
    """Name what each edge shares its helpers by; equal names share."""
    spans = [layer[head] - layer[tail] - 1 for tail, head in edges]
    if sum(spans) <= _allowed(len(layer)):
        return list(range(len(edges)))
    long = [edge for edge, span in zip(edges, spans, strict=True) if span]
    out_of, into = Counter(tail for tail, _ in long), Counter(head for _, head in long)
    return [
        2 * tail if out_of[tail] >= into[head] else 2 * head + 1 for tail, head in edges
    ]


def _outside(layer: list[int], edges: Pairs, trunks: list[int]) -> set[int]:
    """Choose the trunks that go round outside: the longest, until the rest is few."""
    reach: dict[int, tuple[int, int]] = {}
    for (tail, head), trunk in zip(edges, trunks, strict=True):
        start, end = reach.get(trunk, (layer[tail], layer[head]))
        reach[trunk] = (min(start, layer[tail]), max(end, layer[head]))
    spans = {trunk: end - start - 1 for trunk, (start, end) in reach.items()}
    total = sum(spans.values())
    outside = set()
    for trunk in sorted(spans, key=lambda trunk: (-spans[trunk], trunk)):
        if total <= _allowed(len(layer)):
            break
        outside.add(trunk)
        total -= spans[trunk]
    return outside
