"""Coordinates of the layers and in them, and folding: a long drawing goes on below.

They are (along, across): the layers follow each other along the main axis, and continue in
the next band where that is too long. Across it every segment rises as little as the order
allows: sweeps move every layer as near to its neighbours as the gaps allow (isotonic
regression: Barlow and others, 1972), and what should be straight is straightened where
there is room. From there the network simplex finds the optimum of a drawing that is looked
at as a whole (Gansner, Koutsofios, North and Vo, 1993).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import sqrt

from taskgraph.diagrams.layout.layering import Layering
from taskgraph.diagrams.layout.simplex import SimplexLink, shorten_links

_WHOLE = 1500
"""Vertices: a larger drawing is not looked at as a whole."""
_WEIGHTS = (2, 3)
"""What it costs that a segment rises, and one that should be straight."""
_SWEEPS = 4
"""Two that look to one side only, then two that look to both."""
_STRONG = 10
"""The weight of a segment that should be straight."""

LAYER_GAP = 36.0
_STEEP = 0.05  # further apart where edges are steep, by this share of their rise
_STEEP_MOST = 10.0
LANE = 5.0
"""Between edges that go round outside."""
_LANES_MOST = 200.0  # so many more pixels for lanes in a gap, however many pass there
TRACK = 9.0
"""Between edges from band to band."""
_BAND_GAP = 40.0
_WORTH_FOLDING = 1.35
"""A drawing is folded where it is so much too long: less is not worth the turns."""
_LONGER = 1.05
"""By this the length of a band is raised until no more bands are needed."""


def place_across(
    layering: Layering, layers: list[list[int]], apart: list[list[float]]
) -> list[float]:
    """Give every vertex the middle of its place across the layers.

    ``layers`` has the order within each layer, and ``apart`` the least distance from the
    middle of each vertex to the next one in it. Both are kept.
    """
    drawing = _Placement(layering, layers, apart)
    drawing.draw_together()
    return drawing.nearest() if len(drawing.across) <= _WHOLE else drawing.across


class _Placement:
    """The places across the layers while they are looked for."""

    def __init__(
        self, layering: Layering, layers: list[list[int]], apart: list[list[float]]
    ) -> None:
        self.layering, self.layers, self.apart = layering, layers, apart
        self.across = [0.0] * len(layering.layer_of)
        for row, distances in zip(layers, apart, strict=True):
            places = accumulate(distances, initial=-sum(distances) / 2)
            for vertex, place in zip(row, places, strict=True):
                self.across[vertex] = place

    def nearest(self) -> list[float]:
        """Let all segments rise as little as possible: each has a node at its top."""
        links = [
            SimplexLink(above, below, distance, 0)
            for row, distances in zip(self.layers, self.apart, strict=True)
            for (above, below), distance in zip(pairwise(row), distances, strict=True)
        ]
        across, places = self.across, list(self.across)
        for vertex, ends in enumerate(self.layering.lower):
            for other in ends:
                weight = _WEIGHTS[(vertex, other) in self.layering.strong]
                links += (
                    SimplexLink(len(places), end, 0, weight) for end in (vertex, other)
                )
                places.append(min(across[vertex], across[other]))
        return shorten_links(places, links, balanced=True)[: len(across)]

    def draw_together(self) -> None:
        """Move the vertices of every layer towards their neighbours."""
        numbers = range(len(self.layers))
        for sweep in range(_SWEEPS):
            for number in numbers if sweep % 2 == 0 else reversed(numbers):
                row = self.layers[number]
                wishes = [self._wish(vertex, sweep) for vertex in row]
                places = _fitted(wishes, self.apart[number])
                for vertex, middle in zip(row, places, strict=True):
                    self.across[vertex] = middle
        self._straighten()

    def _wish(self, vertex: int, sweep: int) -> tuple[float, float]:
        """Give where a vertex would like to be, and how much.

        In the first sweeps only the side that the sweep comes from counts.
        """
        across, strong = self.across, self.layering.strong
        upper, lower = self.layering.upper[vertex], self.layering.lower[vertex]
        if sweep < 2:
            upper, lower = ([], lower) if sweep else (upper, [])
        total = weight = 0.0
        for other in upper:
            pull = _STRONG if (other, vertex) in strong else 1
            total += pull * across[other]
            weight += pull
        for other in lower:
            pull = _STRONG if (vertex, other) in strong else 1
            total += pull * across[other]
            weight += pull
        return (total / weight, weight) if weight else (across[vertex], 0.1)

    def _straighten(self) -> None:
        """Give each run of vertices that should be straight one place, if there is room."""
        across, layers = self.across, self.layers
        position = {vertex: place for row in layers for place, vertex in enumerate(row)}
        for run in _runs(self.layering):
            least, most = float("-inf"), float("inf")
            for vertex in run:
                layer, place = self.layering.layer_of[vertex], position[vertex]
                row, distances = layers[layer], self.apart[layer]
                if place:
                    least = max(least, across[row[place - 1]] + distances[place - 1])
                if place < len(distances):
                    most = min(most, across[row[place + 1]] - distances[place])
            if least <= most:
                middle = sum(across[vertex] for vertex in run) / len(run)
                for vertex in run:
                    across[vertex] = min(max(middle, least), most)


def _fitted(wishes: Sequence[tuple[float, float]], apart: list[float]) -> list[float]:
    """Give the places nearest to the wishes (by weighted squares) that keep apart."""
    offsets = list(accumulate(apart, initial=0.0))
    blocks: list[tuple[float, float, int]] = []  # place, weight, how many
    for (wish, strength), offset in zip(wishes, offsets, strict=True):
        place, weight, count = wish - offset, strength, 1
        while blocks and blocks[-1][0] > place:
            before, its_weight, its_count = blocks.pop()
            place = (place * weight + before * its_weight) / (weight + its_weight)
            weight += its_weight
            count += its_count
        blocks.append((place, weight, count))
    places = [place for place, _, count in blocks for _ in range(count)]
    return [place + offset for place, offset in zip(places, offsets, strict=True)]


def _runs(layering: Layering) -> Iterator[list[int]]:
    """Give the longest runs over segments that should be straight.

    Those are strong, or the only ones at both their ends.
    """
    following: dict[int, int] = {}
    for vertex, ends in enumerate(layering.lower):
        for other in ends:
            only = len(ends) == 1 and len(layering.upper[other]) == 1
            if only or (vertex, other) in layering.strong:
                following.setdefault(vertex, other)
    taken: set[int] = set()
    reached = set(following.values())
    for start in sorted(following, key=lambda vertex: (vertex in reached, vertex)):
        run = [start]
        while run[-1] in following and following[run[-1]] not in taken:
            run.append(following[run[-1]])
        if len(run) > 1 and start not in taken:
            taken.update(run)
            yield run


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape to aim for."""

    aspect: float
    """How much further a large drawing should extend along than across."""
    most_turns: int
    """Bands are cut only where so few segments pass."""
    along: float = 1160.0
    """A drawing may extend so far along the main axis before it is folded."""


@dataclass(slots=True)
class Bands:
    """Where the layers lie; start, end and band are by layer, shift and bottom by band."""

    start: list[float]
    end: list[float]
    band_of: list[int]
    shift: list[float]  # what to add to a vertex's coordinate across
    bottom: list[float]  # across, after the shift
    extent: tuple[float, float]
    tracks: int = 0  # so many edges turn where most do


def stack_bands(
    layering: Layering,
    layers: list[list[int]],
    across: list[float],
    sizes: list[tuple[float, float]],
    lanes: dict[int, int],
    shape: Shape,
) -> Bands:
    """Place the layers one after the other and fold them into bands.

    ``across`` has the middle of each vertex across the layers, ``sizes`` how far each
    extends along and across; ``lanes`` counts the edges that leave for the outside in the
    gap after a layer.
    """
    thickness = [max([sizes[vertex][0] for vertex in row]) for row in layers]
    gaps = _gaps(layering, layers, across, lanes)
    top = [min(across[v] - sizes[v][1] / 2 for v in row) for row in layers]
    bottom = [max(across[v] + sizes[v][1] / 2 for v in row) for row in layers]
    height = max(bottom) - min(top) + _BAND_GAP
    total = sum(thickness) + sum(gaps)
    wanted = max(shape.along, sqrt(total * height * shape.aspect))
    cuts = {}
    if not lanes and total > wanted * _WORTH_FOLDING:
        cuts = _cuts(layering, layers, shape.most_turns)
    starts = _evenly(thickness, gaps, cuts, wanted)
    tracks = max([cuts[first - 1] for first in starts[1:]], default=0)
    margin = LAYER_GAP / 2 + TRACK * tracks if tracks else 0.0
    return _place(thickness, gaps, starts, (top, bottom), margin, tracks)


def _gaps(
    layering: Layering, layers: list[list[int]], across: list[float], lanes: dict[int, int]
) -> list[float]:
    gaps = []
    for number, row in enumerate(layers[:-1]):
        rise = max(
            [abs(across[v] - across[w]) for v in row for w in layering.lower[v]], default=0
        )
        gap = LAYER_GAP + min(_STEEP_MOST, _STEEP * rise)
        gaps.append(gap + min(_LANES_MOST, LANE * lanes.get(number, 0)))
    return [*gaps, 0.0]


def _cuts(layering: Layering, layers: list[list[int]], most: int) -> dict[int, int]:
    """Give the layers after which a band may end, and how many segments pass there."""
    counts = {n: sum(len(layering.lower[v]) for v in row) for n, row in enumerate(layers)}
    return {number: count for number, count in counts.items() if count <= most}


def _evenly(
    thickness: list[float], gaps: list[float], cuts: dict[int, int], wanted: float
) -> list[int]:
    """Fold into as few bands as the length allows, and these as equal as may be."""
    starts = _fold(thickness, gaps, cuts, wanted)
    even = (sum(thickness) + sum(gaps)) / len(starts)
    while even < wanted:
        shorter = _fold(thickness, gaps, cuts, even)
        if len(shorter) <= len(starts):
            return shorter
        even *= _LONGER
    return starts


def _fold(
    thickness: list[float], gaps: list[float], cuts: dict[int, int], wanted: float
) -> list[int]:
    """Choose the first layer of each band, such that few bands are longer than wanted."""
    starts = [0]
    last_cut = None
    length = since_cut = 0.0
    for layer, own in enumerate(thickness):
        if length + own > wanted and last_cut is not None:
            starts.append(last_cut + 1)
            length, last_cut = since_cut, None
        length += own + gaps[layer]
        since_cut += own + gaps[layer]
        if layer in cuts and layer + 1 < len(thickness):
            last_cut, since_cut = layer, 0.0
    return starts


def _place(
    thickness: list[float],
    gaps: list[float],
    starts: list[int],
    reach: tuple[list[float], list[float]],
    margin: float,
    tracks: int,
) -> Bands:
    """Place the layers of each band from the margin on, the bands below each other."""
    top, bottom = reach
    ends = [*starts[1:], len(thickness)]
    bands = Bands([], [], [], [], [], (0.0, 0.0), tracks)
    along = across = 0.0
    for band, (first, last) in enumerate(zip(starts, ends, strict=True)):
        here = margin
        for layer in range(first, last):
            bands.start.append(here)
            bands.end.append(here + thickness[layer])
            bands.band_of.append(band)
            along = max(along, here + thickness[layer])
            here += thickness[layer] + gaps[layer]
        bands.shift.append(across - min(top[first:last]))
        across += max(bottom[first:last]) - min(top[first:last])
        bands.bottom.append(across)
        across += _BAND_GAP + TRACK * tracks
    bands.extent = (along + margin, bands.bottom[-1])
    return bands
