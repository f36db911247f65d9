"""Coordinates across the layers: long edges and chains straight, the rest balanced.

Four extreme alignments whose medians are averaged (Brandes and Koepf, 2001), with boxes
of any size: each alignment is compacted by longest paths over its blocks.

Where most edges cross, alignments force boxes far apart. Sweeps that move every layer as
near to its neighbours as the gaps allow (isotonic regression: Barlow and others, 1972)
make such a tangle half as large; what should be straight is straightened afterwards,
where there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["draw_together", "place_across"]


class _View(NamedTuple):
    """The drawing as one of the four alignments sees it, maybe turned over."""

    layers: list[list[int]]
    neighbours: list[list[int]]
    place: list[int]


def place_across(
    layering: Layering, layers: list[list[int]], apart: list[list[float]]
) -> list[float]:
    """Give every vertex the middle of its place across the layers.

    ``layers`` has the order within each layer, and ``apart`` the least distance from the
    middle of each vertex to the next one in it. Both are kept.
    """
    results = []
    for downward in (True, False):
        neighbours = layering.upper if downward else layering.lower
        strong = _strong_neighbours(layering, downward=downward)
        for rightward in (True, False):
            turn = slice(None) if rightward else slice(None, None, -1)
            rows = [row[turn] for row in layers]
            view = _view(rows if downward else rows[::-1], neighbours)
            blocks = _align(view, _strong(view, strong))
            across = _compact(rows, blocks, [distances[turn] for distances in apart])
            results.append(across if rightward else [-value for value in across])
    return _balance(results)


def _strong_neighbours(layering: Layering, *, downward: bool) -> dict[int, list[int]]:
    """Give the other ends of the strong segments to the layer before."""
    others: dict[int, list[int]] = {}
    for above, below in layering.strong:
        end, other = (below, above) if downward else (above, below)
        others.setdefault(end, []).append(other)
    return others


def _view(rows: list[list[int]], neighbours: list[list[int]]) -> _View:
    place = [0] * len(neighbours)
    for row in rows:
        for position, vertex in enumerate(row):
            place[vertex] = position
    return _View(rows, neighbours, place)


def _strong(view: _View, candidates: dict[int, list[int]]) -> dict[int, int]:
    """Choose for each vertex at most one strong segment, such that these do not cross."""
    place = view.place
    chosen: dict[int, int] = {}
    for row in view.layers if candidates else ():
        last = -1
        for vertex in row:
            if vertex in candidates:
                others = sorted(candidates[vertex], key=place.__getitem__)
                middle = others[(len(others) - 1) // 2]
                if place[middle] > last:
                    chosen[vertex] = middle
                    last = place[middle]
    return chosen


def _align(view: _View, strong: dict[int, int]) -> list[int]:
    """Join vertices to blocks; give the first vertex of each vertex's block.

    Every vertex is joined with its middle neighbour in the layer before where that
    crosses no join made so far and no strong segment.
    """
    place = view.place
    root = list(range(len(view.neighbours)))
    for row in view.layers:
        limits = _limits(row, place, strong)
        last = -1
        for vertex, limit in zip(row, limits, strict=True):
            others = view.neighbours[vertex]
            if not others:
                continue
            if vertex in strong:
                middles = [strong[vertex]]
            elif len(others) == 1:
                middles = others
            else:
                ordered = sorted(others, key=place.__getitem__)
                half = (len(ordered) - 1) // 2
                middles = ordered[half : len(ordered) // 2 + 1]
            for other in middles:
                if last < place[other] < limit:
                    root[vertex] = root[other]
                    last = place[other]
                    break
    return root


def _limits(row: list[int], place: list[int], strong: dict[int, int]) -> list[float]:
    """Give for each vertex the place before which it may be joined.

    That of the next strong segment: one to the right of it would be crossed.
    """
    limits: list[float] = []
    limit: float = len(place)
    for vertex in reversed(row):
        if vertex in strong:
            limit = place[strong[vertex]]
            limits.append(limit + 1)
        else:
            limits.append(limit)
    limits.reverse()
    return limits


def _compact(
    rows: list[list[int]], root: list[int], apart: list[list[float]]
) -> list[float]:
    """Place the blocks as far left as they can go, then close gaps from the right."""
    following: list[list[tuple[int, float]]] = [[] for _ in root]
    waiting = [0] * len(root)
    for row, distances in zip(rows, apart, strict=True):
        blocks = [root[vertex] for vertex in row]
        for left, right, distance in zip(blocks, blocks[1:], distances, strict=False):
            following[left].append((right, distance))
            waiting[right] += 1
    heads = [vertex for vertex, own in enumerate(root) if own == vertex]
    across = [0.0] * len(root)
    order = [head for head in heads if not waiting[head]]
    for head in order:  # grows while it is walked
        here = across[head]
        for other, distance in following[head]:
            across[other] = max(across[other], here + distance)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for head in reversed(order):
        room = min([across[other] - least for other, least in following[head]], default=0.0)
        across[head] = max(across[head], room)
    return [across[own] for own in root]


def _balance(results: list[list[float]]) -> list[float]:
    """Lay the four alignments over the narrowest and average their two middle values."""
    spans = [(min(values), max(values)) for values in results]
    narrow = min(range(4), key=lambda number: spans[number][1] - spans[number][0])
    shifted = []
    for number, values in enumerate(results):
        side = number % 2  # aligned left, aligned right
        shift = spans[narrow][side] - spans[number][side]
        shifted.append([value + shift for value in values])
    ordered = map(sorted, zip(*shifted, strict=True))
    return [(four[1] + four[2]) / 2 for four in ordered]


# Drawing a tangle together -----------------------------------------------------------

_SWEEPS = 4
"""Two that look to one side only, then two that look to both."""
_STRONG = 10
"""The weight of a segment that should be straight."""


def draw_together(
    layering: Layering,
    layers: list[list[int]],
    apart: list[list[float]],
    across: list[float],
) -> list[float]:
    """Move the vertices of every layer towards their neighbours.

    ``across`` has the middle of each vertex; the rest is as in :func:`place_across`.
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
