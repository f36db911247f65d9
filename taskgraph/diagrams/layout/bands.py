"""Places along the main axis, and folding: a long drawing continues in the next band.

Coordinates are (along, across): the layers follow each other along the main axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["LANE", "TRACK", "Bands", "Page", "stack_bands"]

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


@dataclass(frozen=True, slots=True)
class Page:
    """The shape to aim for."""

    along: float = 1160.0
    """A drawing may extend so far along the main axis before it is folded."""
    aspect: float = 1.6
    """How much further a large drawing should extend along than across."""
    most_turns: int = 3
    """Bands are cut only where so few segments pass."""


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
    page: Page,
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
    wanted = max(page.along, sqrt(total * height * page.aspect))
    cuts = {}
    if not lanes and total > wanted * _WORTH_FOLDING:
        cuts = _cuts(layering, layers, page.most_turns)
    starts = _evenly(thickness, gaps, cuts, wanted)
    tracks = max([cuts[first - 1] for first in starts[1:]], default=0)
    margin = LAYER_GAP / 2 + TRACK * tracks if tracks else 0.0
    return _place(thickness, gaps, starts, (top, bottom), margin, tracks)


def _gaps(
    layering: Layering,
    layers: list[list[int]],
    across: list[float],
    lanes: dict[int, int],
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
