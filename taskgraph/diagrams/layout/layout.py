"""A layered layout for boxes of any size.

Everything is computed with two axes, along the layers' sequence and across it; the two
directions of a diagram differ in which of them is x.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from taskgraph.diagrams.layout.bands import LANE, Page, stack_bands
from taskgraph.diagrams.layout.coordinates import draw_together, place_across
from taskgraph.diagrams.layout.layering import (
    Layering,
    acyclic_edges,
    assign_layers,
    split_edges,
)
from taskgraph.diagrams.layout.ordering import order_layers
from taskgraph.diagrams.layout.routing import (
    LANE_START,
    Box,
    Layout,
    Path,
    Router,
    Segment,
    outside_lanes,
    swapped,
)
from taskgraph.graph.traverse import adjacency, reverse, weak_components

__all__ = ["lay_out"]

_BOX_GAP = 24.0
_HELPER_GAP = 12.0  # an edge that passes needs less room than a box
_HELPER_SIZE = 2.0
_COMPONENT_GAP = 40.0
_TANGLED = 1.8
"""A drawing that is so much broader than its broadest layer is drawn together."""

Size = tuple[float, float]
Edges = Sequence[tuple[int, int]]


def lay_out(
    sizes: Sequence[Size],
    edges: Edges,
    *,
    marked: frozenset[int] = frozenset(),
    top_down: bool = False,
) -> Layout:
    """Place boxes of these sizes, in pixels, and lead edges.

    The edges are distinct; cycles and loops are allowed. ``marked`` are the places of
    those that should be straight before others.

    Returns
    -------
    Layout
        No two boxes overlap, no edge crosses a box that is none of its ends, and
        everything has coordinates from 0. The same for the same arguments.
    """
    page = Page(along=860.0, aspect=0.8) if top_down else Page()
    turned = [(h, w) for w, h in sizes] if top_down else list(sizes)
    boxes: list[Box] = [Box(0, 0, 0, 0)] * len(sizes)
    paths: list[Path] = [()] * len(edges)
    shelves = _Shelves(turned, page)
    for nodes, numbers in _components(len(sizes), edges):
        part = _Component(turned, edges, nodes, numbers, marked, page)
        shelves.add(part.extent)
        dx, dy = shelves.last
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
    return Layout(tuple(boxes), tuple(paths), width, height)


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
    """Puts rectangles on shelves, each as long as the widest or the page allows."""

    def __init__(self, sizes: Sequence[Size], page: Page) -> None:
        area = sum((w + _COMPONENT_GAP) * (h + _COMPONENT_GAP) for w, h in sizes)
        self.wanted = max(page.along, sqrt(area * page.aspect))
        self.along = self.across = self.depth = 0.0
        self.extent = (0.0, 0.0)
        self.last = (0.0, 0.0)

    def add(self, size: Size) -> None:
        """Find the place of the next rectangle: ``last``."""
        if self.along and self.along + size[0] > self.wanted:
            self.across += self.depth + _COMPONENT_GAP
            self.along = self.depth = 0.0
        self.last = (self.along, self.across)
        self.along += size[0] + _COMPONENT_GAP
        self.depth = max(self.depth, size[1])
        self.extent = (
            max(self.extent[0], self.last[0] + size[0]),
            max(self.extent[1], self.last[1] + size[1]),
        )


class _Component:
    """The layout of one connected part, from (0, 0)."""

    def __init__(
        self,
        sizes: Sequence[Size],
        edges: Edges,
        nodes: tuple[int, ...],
        numbers: list[int],
        marked: frozenset[int],
        page: Page,
    ) -> None:
        self.boxes: dict[int, Box] = {}
        self.paths: dict[int, Path] = {}
        if len(nodes) == 1:
            self.extent = sizes[nodes[0]]
            self.boxes[nodes[0]] = Box(0, 0, *self.extent)
            return
        local = {node: place for place, node in enumerate(nodes)}
        given = [(local[edges[n][0]], local[edges[n][1]]) for n in numbers]
        forward = acyclic_edges(len(nodes), given)
        strong = frozenset(place for place, n in enumerate(numbers) if n in marked)
        layering = split_edges(assign_layers(len(nodes), forward), forward, strong)
        own = [sizes[node] for node in nodes]
        own += [(0.0, _HELPER_SIZE)] * (len(layering.layer_of) - len(nodes))
        paths = self._draw(layering, forward, own, page)
        for place, number in enumerate(numbers):
            path = paths[place]
            turned = forward[place] != given[place]
            self.paths[number] = _reversed(path) if turned else tuple(path)
        self.boxes = {nodes[place]: box for place, box in self.boxes.items()}

    def _draw(
        self, layering: Layering, edges: Edges, sizes: list[Size], page: Page
    ) -> list[list[Segment]]:
        """Place the boxes and give the paths, all edges pointing forward."""
        layers = order_layers(layering)
        boxes = layering.boxes
        apart = [_distances(row, boxes, sizes) for row in layers]
        across = place_across(layering, layers, apart)
        if max(across) - min(across) > _TANGLED * max(map(sum, apart)):
            across = draw_together(layering, layers, apart, across)
        outside = [n for n, route in enumerate(layering.routes) if route is None]
        layer_of = layering.layer_of
        spans = [(layer_of[edges[n][0]], layer_of[edges[n][1]]) for n in outside]
        leaving: dict[int, int] = {}
        for start, end in spans:
            leaving[start] = leaving.get(start, 0) + 1
            leaving[end - 1] = leaving.get(end - 1, 0) + 1
        bands = stack_bands(layering, layers, across, sizes, leaving, page)
        router = Router(layering, bands, across, sizes)
        lanes = dict(zip(outside, outside_lanes(spans), strict=True))
        top = LANE_START + LANE * (1 + max(lanes.values())) if lanes else 0.0
        paths = []
        for number, route in enumerate(layering.routes):
            if route is None:
                path = router.outer_path(*edges[number], lanes[number])
            else:
                path = router.path(route)
            paths.append(list(_moved(path, 0.0, top)) if top else path)
        for vertex in range(boxes):
            length, breadth = sizes[vertex]
            y = router.across[vertex] - breadth / 2 + top
            self.boxes[vertex] = Box(router.reach(vertex)[0], y, length, breadth)
        self.extent = (bands.extent[0], bands.extent[1] + top)
        return paths


def _distances(row: list[int], boxes: int, sizes: list[Size]) -> list[float]:
    """Give the least distances between the middles of the vertices of a layer."""
    return [
        (sizes[left][1] + sizes[right][1]) / 2
        + (_BOX_GAP if left < boxes and right < boxes else _HELPER_GAP)
        for left, right in pairwise(row)
    ]


def _moved(path: Sequence[Segment], dx: float, dy: float) -> Path:
    return tuple(
        (s[0] + dx, s[1] + dy)
        if len(s) == 2
        else (s[0] + dx, s[1] + dy, s[2] + dx, s[3] + dy, s[4] + dx, s[5] + dy)
        for s in path
    )


def _reversed(path: Sequence[Segment]) -> Path:
    """Walk a path from its end to its start."""
    turned: list[Segment] = [path[-1][-2:]]
    for here, before in pairwise(reversed(path)):
        end = before[-2:]
        turned.append(end if len(here) == 2 else (*here[2:4], *here[:2], *end))
    return tuple(turned)


def _loop(box: Box) -> Path:
    """Lead an edge from a box to itself, over its upper edge."""
    right, left = box.x + box.width * 0.85, box.x + box.width * 0.6
    return ((right, box.y), (right, box.y - 24, left, box.y - 24, left, box.y))
