"""The order within the layers, chosen so that few edges cross.

Barycentre sweeps (Sugiyama, Tagawa and Toda, 1981) followed by exchanges of neighbours
(Gansner and others, 1993), both bounded by the size of the drawing.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["count_crossings", "order_layers"]

_SWEEPS = 24
_SWEEP_WORK = 240_000
"""Segments that all sweeps together may look at."""
_FEWEST_SWEEPS = 3
_EXCHANGE_WORK = 30_000


def order_layers(layering: Layering) -> list[list[int]]:
    """Order the vertices of every layer.

    Returns
    -------
    list of list of int
        The best order found; the same for every order in which the edges came.
    """
    upper, lower = layering.upper, layering.lower
    segments = sum(map(len, lower))
    sweeps = max(_FEWEST_SWEEPS, min(_SWEEPS, _SWEEP_WORK // (2 * segments + 1)))
    best, fewest = layering.layers(), -1
    starts = [_depth_first(layering, lower, upper)]
    if sweeps == _SWEEPS:
        starts.append(_depth_first(layering, upper, lower))
    for layers in starts:
        found, crossings = _sweep(layers, upper, lower, sweeps)
        if fewest < 0 or crossings < fewest:
            best, fewest = found, crossings
    return best


def _depth_first(
    layering: Layering, forward: list[list[int]], back: list[list[int]]
) -> list[list[int]]:
    """Order by a depth-first walk: what hangs together comes to lie together."""
    rows: list[list[int]] = [[] for _ in layering.layers()]
    seen = bytearray(len(forward))
    starts = [vertex for vertex in range(len(forward)) if not back[vertex]]
    for start in starts:
        stack = [start]
        while stack:
            vertex = stack.pop()
            if not seen[vertex]:
                seen[vertex] = 1
                rows[layering.layer_of[vertex]].append(vertex)
                stack.extend(reversed(forward[vertex]))
    return rows


def _sweep(
    layers: list[list[int]], upper: list[list[int]], lower: list[list[int]], sweeps: int
) -> tuple[list[list[int]], int]:
    """Sweep forward and back by turns; give the best order seen and its crossings."""
    place = [0] * len(upper)
    for row in layers:
        _number(row, place)
    best, fewest = [row[:] for row in layers], count_crossings(layers, lower, place)
    idle = 0
    exchange = sum(map(len, lower)) * sweeps <= _EXCHANGE_WORK
    for turn in range(sweeps):
        if not fewest or idle > 6:
            break
        towards = turn // 2 % 2 == 1  # which way ties are broken
        if turn % 2 == 0:
            for row in layers[1:]:
                _sort_row(row, upper, place, towards)
        else:
            for row in layers[-2::-1]:
                _sort_row(row, lower, place, towards)
        if exchange:
            _exchange(layers, upper, lower, place)
        crossings = count_crossings(layers, lower, place)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [row[:] for row in layers], crossings, 0
    return best, fewest


def _number(row: list[int], place: list[int]) -> None:
    for position, vertex in enumerate(row):
        place[vertex] = position


def _sort_row(
    row: list[int], neighbours: list[list[int]], place: list[int], towards: bool
) -> None:
    """Sort a layer by the mean place of each vertex's neighbours.

    Vertices without neighbours keep their place among the others.
    """
    centres = {}
    for vertex in row:
        others = neighbours[vertex]
        if len(others) == 1:
            centres[vertex] = float(place[others[0]])
        elif others:
            centres[vertex] = sum([place[other] for other in others]) / len(others)
    movable = [vertex for vertex in row if vertex in centres]
    if towards:
        movable.reverse()
    movable.sort(key=centres.__getitem__)
    if len(movable) == len(row):
        row[:] = movable
    else:
        moved = iter(movable)
        row[:] = [next(moved) if vertex in centres else vertex for vertex in row]
    _number(row, place)


def count_crossings(
    layers: Sequence[Sequence[int]], lower: list[list[int]], place: list[int]
) -> int:
    """Count the pairs of segments that cross, layer by layer."""
    total = 0
    for row in layers:
        ends: list[int] = []  # where the segments so far end, ascending
        for vertex in row:
            targets = sorted([place[other] for other in lower[vertex]])
            for target in targets:
                total += len(ends) - bisect_right(ends, target)
            for target in targets:
                insort(ends, target)
    return total


def _exchange(
    layers: list[list[int]],
    upper: list[list[int]],
    lower: list[list[int]],
    place: list[int],
) -> None:
    """Exchange neighbours in a layer while that removes crossings."""
    for _ in range(8):
        improved = False
        for row in layers:
            for position in range(len(row) - 1):
                left, right = row[position], row[position + 1]
                gain = _gain(upper[left], upper[right], place)
                gain += _gain(lower[left], lower[right], place)
                if gain > 0:
                    row[position], row[position + 1] = right, left
                    place[left], place[right] = position + 1, position
                    improved = True
        if not improved:
            return


def _gain(left: list[int], right: list[int], place: list[int]) -> int:
    """Give how many crossings an exchange of two neighbours removes."""
    gain = 0
    for first in left:
        here = place[first]
        for second in right:
            there = place[second]
            gain += (here > there) - (here < there)
    return gain
