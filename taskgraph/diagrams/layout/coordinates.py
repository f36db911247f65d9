"""Coordinates across the layers: every segment rises as little as the order allows.

Sweeps move every layer as near to its neighbours as the gaps allow (isotonic regression:
Barlow and others, 1972), and what should be straight is straightened where there is room.
From there the network simplex finds the optimum of a drawing that is looked at as a whole
(Gansner, Koutsofios, North and Vo, 1993).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from taskgraph.diagrams.layout.layering import Layering
from taskgraph.diagrams.layout.simplex import Link, shorten

__all__ = ["place_across"]

_WHOLE = 1500
"""Vertices: a larger drawing is not looked at as a whole."""
_WORK = 300_000
"""How many nodes and links the exchanges of the simplex together may look at."""
_WEIGHTS = (2, 3)
"""What it costs that a segment rises, and one that should be straight."""


def place_across(
    layering: Layering, layers: list[list[int]], apart: list[list[float]]
) -> list[float]:
    """Give every vertex the middle of its place across the layers.

    ``layers`` has the order within each layer, and ``apart`` the least distance from the
    middle of each vertex to the next one in it. Both are kept.
    """
    across = [0.0] * len(layering.layer_of)
    for row, distances in zip(layers, apart, strict=True):
        start = -sum(distances) / 2
        for vertex, place in zip(row, accumulate(distances, initial=start), strict=True):
            across[vertex] = place
    _draw_together(layering, layers, apart, across)
    if len(across) <= _WHOLE:
        return _nearest(layering, layers, apart, across)
    return across


def _nearest(
    layering: Layering,
    layers: list[list[int]],
    apart: list[list[float]],
    across: list[float],
) -> list[float]:
    """Let the segments rise as little as possible in all: each has a node at its top."""
    links = [
        Link(above, below, distance, 0)
        for row, distances in zip(layers, apart, strict=True)
        for (above, below), distance in zip(pairwise(row), distances, strict=True)
    ]
    places = list(across)
    for vertex, ends in enumerate(layering.lower):
        for other in ends:
            weight = _WEIGHTS[(vertex, other) in layering.strong]
            links += (Link(len(places), end, 0, weight) for end in (vertex, other))
            places.append(min(across[vertex], across[other]))
    return shorten(places, links, _WORK, balanced=True)[: len(across)]


_SWEEPS = 4
"""Two that look to one side only, then two that look to both."""
_STRONG = 10
"""The weight of a segment that should be straight."""


def _draw_together(
    layering: Layering,
    layers: list[list[int]],
    apart: list[list[float]],
    across: list[float],
) -> None:
    """Move the vertices of every layer towards their neighbours."""
    numbers = range(len(layers))
    for sweep in range(_SWEEPS):
        for number in numbers if sweep % 2 == 0 else reversed(numbers):
            row = layers[number]
            wishes = [_wish(layering, across, vertex, sweep) for vertex in row]
            for vertex, middle in zip(row, _fitted(wishes, apart[number]), strict=True):
                across[vertex] = middle
    _straighten(layering, layers, apart, across)


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
