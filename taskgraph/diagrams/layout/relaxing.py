"""Drawing a tangle together.

Where most edges cross, alignments force boxes far apart. Sweeps that move every layer as
near to its neighbours as the gaps allow (isotonic regression: Barlow and others, 1972)
make such a drawing half as large; what should be straight is straightened afterwards,
where there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["draw_together"]

_SWEEPS = 4
_STRONG = 10
"""The weight of a segment that should be straight."""


def draw_together(
    layering: Layering,
    layers: list[list[int]],
    apart: list[list[float]],
    across: list[float],
) -> list[float]:
    """Move the vertices of every layer towards their neighbours.

    Parameters
    ----------
    layering : Layering
    layers : list of list of int
        The order within each layer, which stays.
    apart : list of list of float
        By layer: the least distance from the middle of each vertex to the next one.
    across : list of float
        The middle of each vertex.

    Returns
    -------
    list of float
        The new middles; their order and distances are kept.
    """
    across = list(across)
    numbers = range(len(layers))
    for sweep in range(_SWEEPS):
        for number in numbers if sweep % 2 == 0 else reversed(numbers):
            row = layers[number]
            wishes = [_wish(layering, across, vertex, sweep) for vertex in row]
            for vertex, middle in zip(row, _fitted(wishes, apart[number]), strict=True):
                across[vertex] = middle
    _straighten(layering, layers, apart, across)
    return across


def _wish(
    layering: Layering, across: list[float], vertex: int, sweep: int
) -> tuple[float, float]:
    """Give where a vertex would like to be, and how much.

    In the first sweeps only the side that the sweep comes from counts.
    """
    upper, lower = layering.upper[vertex], layering.lower[vertex]
    if sweep < 2:
        upper, lower = ([], lower) if sweep else (upper, [])
    total = weight = 0.0
    for other in upper:
        pull = _STRONG if (other, vertex) in layering.strong else 1
        total += pull * across[other]
        weight += pull
    for other in lower:
        pull = _STRONG if (vertex, other) in layering.strong else 1
        total += pull * across[other]
        weight += pull
    return (total / weight, weight) if weight else (across[vertex], 0.1)


def _fitted(wishes: Sequence[tuple[float, float]], apart: list[float]) -> list[float]:
    """Give the places nearest to the wishes (by weighted squares) that keep apart."""
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
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


def _straighten(
    layering: Layering,
    layers: list[list[int]],
    apart: list[list[float]],
    across: list[float],
) -> None:
    """Give each run of vertices that should be straight one place, if there is room."""
    position = {vertex: place for row in layers for place, vertex in enumerate(row)}
    for run in _runs(layering):
        least, most = float("-inf"), float("inf")
        for vertex in run:
            layer, place = layering.layer_of[vertex], position[vertex]
            row, distances = layers[layer], apart[layer]
            if place:
                least = max(least, across[row[place - 1]] + distances[place - 1])
            if place < len(distances):
                most = min(most, across[row[place + 1]] - distances[place])
        if least <= most:
            middle = sum(across[vertex] for vertex in run) / len(run)
            for vertex in run:
                across[vertex] = min(max(middle, least), most)


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
