"""A layered layout for boxes of any size.

Everything is computed with two axes, along the layers' sequence and across it; the two
directions of a diagram differ in which of them is x.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from taskgraph.diagrams.layout.coordinates import LANE, Shape, place_across, stack_bands
from taskgraph.diagrams.layout.layering import (
    Layering,
    acyclic_edges,
    assign_layers,
    split_edges,
)
from taskgraph.diagrams.layout.ordering import order_layers
from taskgraph.diagrams.layout.routing import (
    BACK_LANE,
    FEW_BACK,
    LANE_START,
    Box,
    Layout,
    Path,
    Router,
    Segment,
    lanes_of,
    margin_room,
    swapped,
)
from taskgraph.graph.traverse import adjacency, reverse, weak_components

_BOX_GAP = 16.0
_HELPER_GAP = 8.0  # an edge that passes needs less room than a box
_HELPER_SIZE = 2.0
_LOOP_ROOM = 14.0  # before a box with an edge to itself
_COMPONENT_GAP = 40.0

Size = tuple[float, float]
Edges = Sequence[tuple[int, int]]


def lay_out(
    sizes: Sequence[Size],
    edges: Edges,
    *,
    marked: frozenset[int] = frozenset(),
    back: frozenset[int] = frozenset(),
    centred: frozenset[int] = frozenset(),
    top_down: bool = False,
    most_turns: int = 3,
) -> Layout:
    """Place boxes of these sizes, in pixels, and lead edges.

    The edges are distinct; cycles and loops are allowed. ``marked`` are the places of
    those that should be straight before others; ``back`` of those that are led back, round
    the outside, on their own side: what closes a cycle. Edges to and from the nodes in
    ``centred`` end in the middle of a side, others anywhere. A long drawing is folded
    where at most ``most_turns`` edges have to turn.

    No two boxes overlap, no edge crosses a box that is none of its ends, and everything has
    coordinates from 0. The same arguments give the same layout.
    """
    shape = Shape(aspect=0.8 if top_down else 1.6, most_turns=most_turns)
    turned = [(h, w) for w, h in sizes] if top_down else list(sizes)
    boxes: list[Box] = [Box(0, 0, 0, 0)] * len(sizes)
    paths: list[Path] = [()] * len(edges)
    shelves = _Shelves(turned, shape)
    looped = frozenset(tail for tail, head in edges if tail == head)
    whole = _Drawing(turned, edges, shape, marked, back, centred, looped)
    led_back = set[int]()
    turns = 0
    for nodes, numbers in _components(len(sizes), edges):
        part = _Component(whole, nodes, numbers)
        led_back |= part.back
        turns = max(turns, part.turns)
        dx, dy = shelves.add(part.extent)
        for node, box in part.boxes.items():
            boxes[node] = Box(box.x + dx, box.y + dy, box.width, box.height)
        for number, path in part.paths.items():
            paths[number] = _moved(path, dx, dy) if dx or dy else path
    width, height = shelves.extent
    if top_down:
        boxes = [Box(box.y, box.x, box.height, box.width) for box in boxes]
        paths = [swapped(path) for path in paths]
        width, height = height, width
    for number, (tail, head) in enumerate(edges):
        if tail == head:
            paths[number] = _loop(boxes[tail])
    return Layout(tuple(boxes), tuple(paths), width, height, frozenset(led_back), turns)


def _components(count: int, edges: Edges) -> list[tuple[tuple[int, ...], list[int]]]:
    """Give nodes and edge numbers of each weakly connected part."""
    following = adjacency(count, edges)
    parts = weak_components(reverse(following), following)
    part_of = {node: number for number, part in enumerate(parts) for node in part}
    numbers: list[list[int]] = [[] for _ in parts]
    for number, (tail, head) in enumerate(edges):
        if tail != head:
            numbers[part_of[tail]].append(number)
    return list(zip(parts, numbers, strict=True))


class _Shelves:
    """Puts rectangles on shelves, each as long as the widest or the shape allows."""

    def __init__(self, sizes: Sequence[Size], shape: Shape) -> None:
        area = sum((w + _COMPONENT_GAP) * (h + _COMPONENT_GAP) for w, h in sizes)
        self.wanted = max(shape.along, sqrt(area * shape.aspect))
        self.along = self.across = self.depth = 0.0
        self.extent = (0.0, 0.0)

    def add(self, size: Size) -> tuple[float, float]:
        """Find the place of the next rectangle."""
        if self.along and self.along + size[0] > self.wanted:
            self.across += self.depth + _COMPONENT_GAP
            self.along = self.depth = 0.0
        x, y = self.along, self.across
        self.along += size[0] + _COMPONENT_GAP
        self.depth = max(self.depth, size[1])
        self.extent = (max(self.extent[0], x + size[0]), max(self.extent[1], y + size[1]))
        return x, y


class _Drawing(NamedTuple):
    """All that is drawn, and the numbers of what is in a way of its own."""

    sizes: list[Size]
    edges: Edges
    shape: Shape
    marked: frozenset[int]
    back: frozenset[int]
    centred: frozenset[int]
    looped: frozenset[int]


class _Component:
    """The layout of one connected part, from (0, 0)."""

    def __init__(self, whole: _Drawing, nodes: tuple[int, ...], numbers: list[int]) -> None:
        sizes, edges = whole.sizes, whole.edges
        self.boxes: dict[int, Box] = {}
        self.paths: dict[int, Path] = {}
        self.back: frozenset[int] = frozenset()
        self.turns = 0
        self.centred, self.looped = (
            frozenset(place for place, node in enumerate(nodes) if node in chosen)
            for chosen in (whole.centred, whole.looped)
        )
        if len(nodes) == 1:
            self.extent = sizes[nodes[0]]
            self.boxes[nodes[0]] = Box(0, 0, *self.extent)
            return
        local = {node: place for place, node in enumerate(nodes)}
        given = [(local[edges[n][0]], local[edges[n][1]]) for n in numbers]
        known = [
            pair[::-1] if n in whole.back else pair
            for n, pair in zip(numbers, given, strict=True)
        ]
        forward = acyclic_edges(len(nodes), known)
        turned = frozenset(n for n, pair in enumerate(given) if forward[n] != pair)
        self.back = frozenset(numbers[place] for place in turned)
        strong = frozenset(place for place, n in enumerate(numbers) if n in whole.marked)
        layering, layers = ordered(len(nodes), tuple(forward), strong, turned)
        own = [sizes[node] for node in nodes]
        own += [(0.0, _HELPER_SIZE)] * (len(layering.layer_of) - len(nodes))
        paths = self._draw(layering, layers, given, turned, own, whole.shape)
        self.paths = {n: tuple(path) for n, path in zip(numbers, paths, strict=True)}
        self.boxes = {nodes[place]: box for place, box in self.boxes.items()}

    def _draw(
        self,
        layering: Layering,
        layers: list[list[int]],
        edges: Edges,
        turned: frozenset[int],
        sizes: list[Size],
        shape: Shape,
    ) -> list[list[Segment]]:
        """Place the boxes and give the paths."""
        boxes = layering.boxes
        apart = [_distances(row, boxes, sizes, self.looped) for row in layers]
        across = place_across(layering, layers, apart)
        outside = [n for n, route in enumerate(layering.routes) if route is None]
        layer_of = layering.layer_of
        leaving: dict[int, int] = {}  # how many edges pass the gap after a layer
        spans: dict[bool, dict[int, tuple[int, int]]] = {False: {}, True: {}}
        for number in outside:
            tail, head = (layer_of[vertex] for vertex in edges[number])
            spans[number in turned][number] = (min(tail, head - 1), max(tail, head - 1))
            for gap in (tail, head - 1):
                leaving[gap] = leaving.get(gap, 0) + 1
        bands = stack_bands(layering, layers, across, sizes, leaving, shape)
        self.turns = bands.tracks
        router = Router(layering, bands, across, sizes, self.centred)
        ahead = _Lanes(spans[False], LANE)
        behind = _Lanes(spans[True], BACK_LANE if len(spans[True]) <= FEW_BACK else LANE)
        paths: list[list[Segment]] = []
        for number, route in enumerate(layering.routes):
            if route is not None:
                paths.append(router.path(route))
                continue
            back = number in turned
            level = bands.extent[1] + behind.place(number) if back else -ahead.place(number)
            paths.append(router.outer_path(*edges[number], level, leads_back=back))
        top, bottom = ahead.room, behind.room
        last = len(layers) - 1
        left, right = (margin_room(leaving.get(gap, 0)) for gap in (-1, last))
        for vertex in range(boxes):
            length, breadth = sizes[vertex]
            x, y = router.reach[vertex][0] + left, router.across[vertex] - breadth / 2
            self.boxes[vertex] = Box(x, y + top, length, breadth)
        length, breadth = bands.extent
        self.extent = (left + length + right, top + breadth + bottom)
        return [list(_moved(path, left, top)) if left or top else path for path in paths]


@lru_cache(maxsize=4)
def ordered(
    count: int,
    edges: tuple[tuple[int, int], ...],
    strong: frozenset[int],
    turned: frozenset[int],
) -> tuple[Layering, list[list[int]]]:
    """Give layers and the order in them: the same for both directions of a drawing.

    Most of the time goes into this, and a drawing is tried in both before it is written.
    """
    layering = split_edges(assign_layers(count, edges), edges, strong, turned)
    return layering, order_layers(layering)


class _Lanes:
    """The lanes on one side of a drawing, by the number of the edge."""

    def __init__(self, spans: dict[int, tuple[int, int]], width: float) -> None:
        self.lane_of = dict(zip(spans, lanes_of(list(spans.values())), strict=True))
        self.width = width
        count = 1 + max(self.lane_of.values(), default=-1)
        self.room = LANE_START + width * count if count else 0.0

    def place(self, number: int) -> float:
        """Give how far outside the lane of an edge lies."""
        return LANE_START + self.width * self.lane_of[number]


def _distances(
    row: list[int], boxes: int, sizes: list[Size], looped: frozenset[int]
) -> list[float]:
    """Give the least distances between the middles of the vertices of a layer."""
    return [
        (sizes[left][1] + sizes[right][1]) / 2
        + (_BOX_GAP if left < boxes and right < boxes else _HELPER_GAP)
        + (_LOOP_ROOM if right in looped else 0.0)
        for left, right in pairwise(row)
    ]


def _moved(path: Sequence[Segment], dx: float, dy: float) -> Path:
    return tuple(
        (s[0] + dx, s[1] + dy)
        if len(s) == 2
        else (s[0] + dx, s[1] + dy, s[2] + dx, s[3] + dy, s[4] + dx, s[5] + dy)
        for s in path
    )


def _loop(box: Box) -> Path:
    """Lead an edge from a box to itself, over its upper edge."""
    right, left = box.x + box.width * 0.85, box.x + box.width * 0.6
    return ((right, box.y), (right, box.y - 24, left, box.y - 24, left, box.y))
