"""Paths for the edges, in pixels from the top left corner.

Between two layers an edge is a curve that stays in the gap; past a layer it runs through
the place that a helper vertex kept free. So no edge crosses a box of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from taskgraph.diagrams.layout.coordinates import LANE, TRACK, Bands
from taskgraph.diagrams.layout.layering import Layering

Point: TypeAlias = tuple[float, float]
Segment: TypeAlias = tuple[float, ...]
"""The end of a line, ``(x, y)``, or two control points and the end of a cubic curve."""
Path: TypeAlias = tuple[Segment, ...]
"""The start and what follows it."""

LANE_START = 12.0
"""From the drawing to the first lane outside."""
BACK_LANE = 20.0
"""Between edges that are led back, where there are few: so that each can have a label."""
FEW_BACK = 8
_MARGIN_START = 20.0  # from the first or last layer to an edge that turns round there
_CORNER = 14.0  # edges leave and enter a box at least so far from its corners
_STRAIGHT = 14.0
"""An arrow needs so much of a straight line; where less is left a curve goes to the end."""
_RADIUS = 8.0
"""Of the corners of an edge that turns, where there is room."""


class Box(NamedTuple):
    """A rectangle; ``x`` and ``y`` are those of its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies: a box for each node and a path for each edge.

    ``back`` are the places of the edges that are led back, round the outside; ``turns``
    is how many edges turn where a long drawing goes on in a further band, at most.
    """

    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    width: float
    height: float
    back: frozenset[int] = frozenset()
    turns: int = 0


class Router:
    """Finds the paths once the vertices have their places, as (along, across)."""

    def __init__(
        self,
        layering: Layering,
        bands: Bands,
        across: list[float],
        sizes: list[tuple[float, float]],
        centred: frozenset[int] = frozenset(),
    ) -> None:
        self.layering = layering
        self.centred = centred
        self.bands = bands
        self.sizes = sizes
        layer_of, band_of = layering.layer_of, bands.band_of
        self.across = [
            value + bands.shift[band_of[layer_of[vertex]]]
            for vertex, value in enumerate(across)
        ]
        self.reach = [self._reach(vertex) for vertex in range(len(across))]
        self.rooms = [self._room(vertex) for vertex in range(len(across))]
        self.tracks = self._assign_tracks()
        self.used_in_gap: dict[int, int] = {}

    def _reach(self, vertex: int) -> tuple[float, float]:
        """Give where a vertex begins and ends along the main axis.

        A box lies in the middle of its layer; a helper takes all of it.
        """
        layer = self.layering.layer_of[vertex]
        start, end = self.bands.start[layer], self.bands.end[layer]
        if vertex >= self.layering.boxes:
            return start, end
        half = (end - start - self.sizes[vertex][0]) / 2
        return start + half, end - half

    def path(self, route: tuple[int, ...]) -> list[Segment]:
        """Give the path of an edge through its vertices."""
        levels = [self.across[vertex] for vertex in route]
        first, last = self._ports(route[0], route[1])
        if len(route) > 2:
            _, last = self._ports(route[-2], route[-1])
        levels[0], levels[-1] = levels[0] + first, levels[-1] + last
        path: list[Segment] = [(self.reach[route[0]][1], levels[0])]
        for ends, level in zip(pairwise(route), levels[1:], strict=True):
            self._step(path, ends, level)
        return path

    def _ports(self, here: int, there: int) -> tuple[float, float]:
        """Give how far from the middles of two vertices an edge between them may go.

        Its ends come as near to each other as the boxes allow: where these overlap across
        the layers it is straight.
        """
        layer_of, band_of = self.layering.layer_of, self.bands.band_of
        if band_of[layer_of[here]] != band_of[layer_of[there]]:
            return (0.0, 0.0)
        rise, rooms = self.across[there] - self.across[here], self.rooms
        wanted, own, other = abs(rise), rooms[here], rooms[there]
        enter = min(wanted - min(wanted / 2, own), other)
        leave = min(wanted - enter, own)
        return (leave, -enter) if rise > 0 else (-leave, enter)

    def _room(self, vertex: int) -> float:
        """Give how far from the middle of a vertex's side an edge may end."""
        if vertex >= self.layering.boxes or vertex in self.centred:
            return 0.0
        return max(self.sizes[vertex][1] / 2 - _CORNER, 0.0)

    def _step(self, path: list[Segment], ends: tuple[int, int], y2: float) -> None:
        layer_of, bands = self.layering.layer_of, self.bands
        here, there = ends
        before, after = layer_of[here], layer_of[there]
        y1 = path[-1][-1]
        entry, leave = self.reach[there]
        target = leave if there >= self.layering.boxes else entry
        if bands.band_of[before] != bands.band_of[after]:
            path += self._turn(path[-1][-2:], (here, there), target)[1:]
        elif y1 != y2:
            x1, x2 = bands.end[before], bands.start[after]
            if x1 - path[-1][-2] < _STRAIGHT:
                x1 = path[-1][-2]
            elif path[-1][-2] != x1:
                path.append((x1, y1))
            if target - x2 < _STRAIGHT:
                x2 = target
            middle = (x1 + x2) / 2
            path.append((middle, y1, middle, y2, x2, y2))
        if path[-1][-2:] != (target, y2):
            path.append((target, y2))

    def _assign_tracks(self) -> dict[tuple[int, int], int]:
        """Give every segment from band to band its track; the outermost has the most."""
        layer_of, band_of = self.layering.layer_of, self.bands.band_of
        turns: dict[int, list[tuple[int, int]]] = {}
        for here, ends in enumerate(self.layering.lower):
            band = band_of[layer_of[here]]
            for there in ends:
                if band_of[layer_of[there]] != band:
                    turns.setdefault(band, []).append((here, there))
        tracks = {}
        for pairs in turns.values():
            pairs.sort(key=lambda pair: (self.across[pair[0]], self.across[pair[1]]))
            for number, pair in enumerate(pairs):
                tracks[pair] = len(pairs) - number
        return tracks

    def _turn(
        self, start: Segment, segment: tuple[int, int], target: float
    ) -> list[Segment]:
        """Lead a segment round the end of its band to the start of the next one."""
        layer_of, bands = self.layering.layer_of, self.bands
        here, there = segment
        number = self.tracks[here, there]
        total = max(n for (a, _), n in self.tracks.items() if layer_of[a] == layer_of[here])
        right = bands.end[layer_of[here]] + TRACK * number + 8
        left = bands.start[layer_of[there]] - 22 - TRACK * (total - number)
        below = bands.bottom[bands.band_of[layer_of[here]]] + 16 + TRACK * (number - 1)
        y1, y2 = self.across[here], self.across[there]
        points: list[Point] = [(start[0], y1), (right, y1), (right, below), (left, below)]
        return _rounded([*points, (left, y2), (target, y2)])

    def outer_path(
        self, tail: int, head: int, level: float, *, leads_back: bool
    ) -> list[Segment]:
        """Give the path of an edge that goes round outside, on a lane at a level.

        One that leads back leaves and enters below the middle of its boxes, where no other
        edge does. A drawing with such lanes is never folded.
        """
        layer_of, below = self.layering.layer_of, 0.25 if leads_back else 0.0
        out = self._gap_place(layer_of[tail])
        back = self._gap_place(layer_of[head] - 1)
        y1, y2 = (self.across[end] + self.sizes[end][1] * below for end in (tail, head))
        start, end = (self.reach[tail][1], y1), (self.reach[head][0], y2)
        points = [start, (out, y1), (out, level), (back, level), (back, y2), end]
        return _rounded(points)

    def _gap_place(self, layer: int) -> float:
        """Give a place of its own in the gap after a layer, as long as there are any.

        Before the first layer and after the last one there is always room.
        """
        number = self.used_in_gap.get(layer, 0)
        self.used_in_gap[layer] = number + 1
        if layer < 0:
            return self.bands.start[0] - _MARGIN_START - LANE * number
        start = self.bands.end[layer]
        if layer + 1 == len(self.bands.start):
            return start + _MARGIN_START + LANE * number
        places = max(1, int((self.bands.start[layer + 1] - start - 28) // LANE))
        return start + 8 + LANE * (number % places)


def margin_room(edges: int) -> float:
    """Give the pixels that so many edges take which turn round at an end of the drawing."""
    return _MARGIN_START + LANE * edges if edges else 0.0


def lanes_of(spans: Sequence[tuple[int, int]]) -> list[int]:
    """Give each span, as (first, last), the lowest lane on which it overlaps no other."""
    free: list[int] = []
    ending: list[tuple[int, int]] = []
    lanes = [0] * len(spans)
    for number in sorted(range(len(spans)), key=lambda n: (spans[n], n)):
        start, end = spans[number]
        while ending and ending[0][0] < start:
            heappush(free, heappop(ending)[1])
        lanes[number] = heappop(free) if free else len(ending)
        heappush(ending, (end, lanes[number]))
    return lanes


def _rounded(points: Sequence[Point]) -> list[Segment]:
    """Join points by lines parallel to the axes, with round corners."""
    segments: list[Segment] = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start = _towards(corner, before)
        end = _towards(corner, after)
        segments += [start, (*_middle(start, corner), *_middle(end, corner), *end)]
    segments.append(points[-1])
    return segments


def _towards(corner: Point, other: Point) -> Point:
    """Give the point a radius away from a corner, or half-way where that is less."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    if not length:
        return corner
    share = min(_RADIUS, length / 2) / length
    return (corner[0] + dx * share, corner[1] + dy * share)


def _middle(first: Point, second: Point) -> Point:
    return ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)


def swapped(path: Sequence[Segment]) -> Path:
    """Exchange the axes."""
    return tuple(
        (s[1], s[0]) if len(s) == 2 else (s[1], s[0], s[3], s[2], s[5], s[4]) for s in path
    )
