"""The order within the layers, chosen so that few edges cross.

Sweeps that sort each layer by the mean or the median of the neighbours (Sugiyama, Tagawa
and Toda, 1981; Eades and Wormald, 1994), exchanges of neighbours in a layer (Gansner and
others, 1993) and sifting (Matuszewski, Schoenfeld and Molitor, 1999). All are bounded by
the size of the drawing: a large one gets a few sweeps from one start, a small one many
from several.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from taskgraph.diagrams.layout.layering import Layering

__all__ = ["count_crossings", "order_layers"]

Layers: TypeAlias = list[list[int]]
Centre: TypeAlias = Callable[[list[int]], float]

_WORK = 100_000
"""Segments that all sweeps together may look at."""
_SIFTED = 300_000
"""Pairs of vertices of one layer up to which sifting compares them all."""
_FEWEST_SWEEPS = 4
_MOST_SWEEPS = 32
_IDLE = 8  # sweeps without gain after which a search ends
_SWEEPS_PER_START = 10
_ROUNDS = 4


def order_layers(layering: Layering) -> Layers:
    """Order the vertices of every layer; the same for any order of the edges."""
    segments = sum(map(len, layering.lower))
    total = max(_FEWEST_SWEEPS, _WORK // (segments + 1))
    small = total >= 2 * _SWEEPS_PER_START
    count = max(1, min(len(_STARTS), total // _SWEEPS_PER_START))
    sweeps = min(_MOST_SWEEPS, total // count)
    best, fewest = layering.layers(), -1
    sifted = small and sum(len(row) ** 2 for row in best) <= _SIFTED
    for centre, order in _STARTS[:count]:
        search = _Search(layering, order(layering))
        search.sweep(sweeps, centre, thorough=small)
        search.polish(sifted=sifted)
        if fewest < 0 or search.fewest < fewest:
            best, fewest = search.best, search.fewest
        if not fewest:
            break
    return best


def _depth_first(layering: Layering, *, back: bool = False) -> Layers:
    """Order by a depth-first walk: what hangs together comes to lie together."""
    before, after = layering.upper, layering.lower
    if back:
        before, after = after, before
    rows: Layers = [[] for _ in layering.layers()]
    seen = bytearray(len(after))
    for start in range(len(after)):
        stack = [] if before[start] else [start]
        while stack:
            vertex = stack.pop()
            if not seen[vertex]:
                seen[vertex] = 1
                rows[layering.layer_of[vertex]].append(vertex)
                stack.extend(reversed(after[vertex]))
    return rows


def _mean(places: list[int]) -> float:
    return sum(places) / len(places)


def _median(places: list[int]) -> float:
    """Give the median; of an even number the middle ones, weighted by the nearer side."""
    places.sort()
    half = len(places) // 2
    if len(places) % 2:
        return places[half]
    left, right = places[half - 1], places[half]
    before, after = left - places[0], places[-1] - right
    if before + after == 0:
        return (left + right) / 2
    return (left * after + right * before) / (before + after)


_STARTS: tuple[tuple[Centre, Callable[[Layering], Layers]], ...] = tuple(
    (centre, order)
    for centre in (_mean, _median)
    for order in (_depth_first, partial(_depth_first, back=True), Layering.layers)
)
"""The ways to sort and the orders to begin with, the most promising first."""


class _Search:
    """An order that is improved step by step, and the best one seen."""

    def __init__(self, layering: Layering, layers: Layers) -> None:
        self.upper, self.lower = layering.upper, layering.lower
        self.layers = [row[:] for row in layers]
        self.place = [0] * len(self.upper)
        for row in self.layers:
            self._number(row)
        self.best = layers
        self.fewest = count_crossings(self.layers, self.lower, self.place)

    def _number(self, row: list[int]) -> None:
        for position, vertex in enumerate(row):
            self.place[vertex] = position

    def _keep_if_better(self) -> bool:
        crossings = count_crossings(self.layers, self.lower, self.place)
        if crossings >= self.fewest:
            return False
        self.best, self.fewest = [row[:] for row in self.layers], crossings
        return True

    def sweep(self, sweeps: int, centre: Centre, *, thorough: bool) -> None:
        """Sweep forward and back by turns, until it brings nothing any more."""
        idle = 0
        for turn in range(sweeps):
            if not self.fewest or idle > _IDLE:
                return
            reverse_ties = turn // 2 % 2 == 1
            if turn % 2 == 0:
                for row in self.layers[1:]:
                    self._sort_row(row, self.upper, centre, reverse_ties)
            else:
                for row in self.layers[-2::-1]:
                    self._sort_row(row, self.lower, centre, reverse_ties)
            if thorough:
                self._exchange()
            idle = 0 if self._keep_if_better() else idle + 1

    def _sort_row(
        self, row: list[int], neighbours: Layers, centre: Centre, reverse_ties: bool
    ) -> None:
        """Sort a layer by its neighbours; vertices without any keep their places."""
        place = self.place
        centres: dict[int, float] = {}
        for vertex in row:
            others = neighbours[vertex]
            if len(others) == 1:
                centres[vertex] = place[others[0]]
            elif others:
                centres[vertex] = centre([place[other] for other in others])
        movable = list(centres)
        if reverse_ties:
            movable.reverse()
        movable.sort(key=centres.__getitem__)
        if len(movable) < len(row):
            moved = iter(movable)
            movable = [next(moved) if vertex in centres else vertex for vertex in row]
        row[:] = movable
        self._number(row)

    def _exchange(self) -> None:
        """Exchange neighbours in a layer while that removes crossings."""
        place = self.place
        for _ in range(_ROUNDS):
            improved = False
            for row in self.layers:
                for position, (left, right) in enumerate(pairwise(row[:])):
                    left = row[position]  # noqa: PLW2901 (it may just have moved here)
                    if self._gain(left, right) > 0:
                        row[position], row[position + 1] = right, left
                        place[left], place[right] = position + 1, position
                        improved = True
            if not improved:
                return

    def polish(self, *, sifted: bool) -> None:
        """Improve the best order by local moves."""
        self.layers = [row[:] for row in self.best]
        for row in self.layers:
            self._number(row)
        if sifted:
            for _ in range(_ROUNDS):
                rows = self.layers
                moves = [self._sift(row, vertex) for row in rows for vertex in row[:]]
                if not any(moves):
                    break
        else:
            self._exchange()
        self._keep_if_better()

    def _sift(self, row: list[int], vertex: int) -> bool:
        here = self.place[vertex]
        gain = most = 0
        target = here
        for position in range(here - 1, -1, -1):
            gain += self._gain(row[position], vertex)
            if gain > most:
                most, target = gain, position
        gain = 0
        for position in range(here + 1, len(row)):
            gain += self._gain(vertex, row[position])
            if gain > most:
                most, target = gain, position
        if target == here:
            return False
        row.insert(target, row.pop(here))
        self._number(row)
        return True

    def _gain(self, left: int, right: int) -> int:
        """Give how many crossings fall away if right comes before left."""
        place = self.place
        gain = 0
        for neighbours in (self.upper, self.lower):
            others = neighbours[right]
            if others:
                for first in neighbours[left]:
                    here = place[first]
                    for second in others:
                        there = place[second]
                        gain += (here > there) - (here < there)
        return gain


def count_crossings(
    layers: Sequence[Sequence[int]], lower: Layers, place: list[int]
) -> int:
    """Count the pairs of segments that cross, layer by layer."""
    total = 0
    for row in layers:
        ends: list[int] = []  # where the segments so far end, ascending
        for vertex in row:
            targets = [place[other] for other in lower[vertex]]
            for target in targets:
                total += len(ends) - bisect_right(ends, target)
            for target in targets:
                insort(ends, target)
    return total
