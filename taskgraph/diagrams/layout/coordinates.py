"""Coordinates across the layers: long edges and chains straight, the rest balanced.

Four extreme alignments whose medians are averaged (Brandes and Koepf, 2001), with boxes
of any size: each alignment is compacted by longest paths over its blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["place_across"]


class _View(NamedTuple):
    """The drawing as one of the four alignments sees it, maybe turned over."""

    layers: list[list[int]]
    neighbours: list[list[int]]
    place: list[int]


def place_across(
    layering: Layering,
    layers: list[list[int]],
    sizes: list[float],
    gap: Callable[..., float],
) -> list[float]:
    """Give every vertex the middle of its place across the layers.

    Parameters
    ----------
    layering : Layering
    layers : list of list of int
        The order within each layer.
    sizes : list of float
        Across the layers, by vertex.
    gap : function of two vertices
        The free space between neighbours of one layer.

    Returns
    -------
    list of float
        By vertex. Neighbours keep their order and their gap.
    """
    results = []
    for downward in (True, False):
        ordered = layers if downward else layers[::-1]
        neighbours = layering.upper if downward else layering.lower
        for rightward in (True, False):
            rows = ordered if rightward else [row[::-1] for row in ordered]
            view = _view(rows, neighbours)
            strong = _strong(view, layering, downward)
            blocks = _align(view, strong)
            across = _compact(rows, blocks, sizes, gap)
            results.append(across if rightward else [-value for value in across])
    return _balance(results)


def _view(rows: list[list[int]], neighbours: list[list[int]]) -> _View:
    place = [0] * len(neighbours)
    for row in rows:
        for position, vertex in enumerate(row):
            place[vertex] = position
    return _View(rows, neighbours, place)


def _strong(view: _View, layering: Layering, downward: bool) -> dict[int, int]:
    """Choose for each vertex at most one strong segment, such that these do not cross."""
    if not layering.strong:
        return {}
    place = view.place
    chosen: dict[int, int] = {}
    candidates: dict[int, list[int]] = {}
    for above, below in layering.strong:
        end, other = (below, above) if downward else (above, below)
        candidates.setdefault(end, []).append(other)
    for row in view.layers:
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
    rows: list[list[int]], root: list[int], sizes: list[float], gap: Callable[..., float]
) -> list[float]:
    """Place the blocks as far left as they can go, then close gaps from the right."""
    following: list[list[tuple[int, float]]] = [[] for _ in root]
    waiting = [0] * len(root)
    for row in rows:
        for left, right in pairwise(row):
            apart = (sizes[left] + sizes[right]) / 2 + gap(left, right)
            following[root[left]].append((root[right], apart))
            waiting[root[right]] += 1
    heads = [vertex for vertex, own in enumerate(root) if own == vertex]
    across = [0.0] * len(root)
    order = [head for head in heads if not waiting[head]]
    for head in order:  # grows while it is walked
        here = across[head]
        for other, apart in following[head]:
            across[other] = max(across[other], here + apart)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for head in reversed(order):
        room = min([across[other] - apart for other, apart in following[head]], default=0.0)
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
    middles = []
    for four in zip(*shifted, strict=True):
        ordered = sorted(four)
        middles.append((ordered[1] + ordered[2]) / 2)
    return middles
