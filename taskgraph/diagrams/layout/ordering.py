"""The order within the layers, chosen so that few edges cross.

Sweeps that sort each layer by the mean or the median of the neighbours (Sugiyama, Tagawa
and Toda, 1981; Eades and Wormald, 1994), exchanges of neighbours in a layer (Gansner and
others, 1993) and sifting (Matuszewski, Schoenfeld and Molitor, 1999). All are bounded by
the size of the drawing: a large one gets a few sweeps from one start, a small one many
from several.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from taskgraph.diagrams.layout.layering import Layering

Layers: TypeAlias = list[list[int]]
Centre: TypeAlias = Callable[[list[int]], float]

_WORK = 100_000
"""Segments that all sweeps together may look at."""
_PAIRS = 200_000
"""Pairs of vertices of one layer that kicks may compare; a drawing of more has none."""
_EXCHANGED = 5000
"""Vertices of a drawing in which neighbours are exchanged; a larger one is only swept."""
_KICKS = 3
"""So many kicks for each vertex without gain end the search."""
_FAR = 6
"""Places that sifting looks to both sides."""
_KICKED = (3, 6)
"""Layers and vertices of each that a kick exchanges."""
_FEWEST_SWEEPS = 4
_MOST_SWEEPS = 10
_IDLE = 4  # sweeps without gain after which a search ends
_ROUNDS = 4


def order_layers(layering: Layering) -> Layers:
    """Order the vertices of every layer; the same for any order of the edges."""
    segments = sum(map(len, layering.lower))
    total = max(_FEWEST_SWEEPS, _WORK // (segments + 1))
    small = total >= 2 * _MOST_SWEEPS
    count = max(1, min(len(_STARTS), total // _MOST_SWEEPS))
    best: _Search | None = None
    for centre, order in _STARTS[:count]:
        search = _Search(layering, order(layering))
        search.sweep(min(_MOST_SWEEPS, total // count), centre, thorough=small)
        if best is None or search.fewest < best.fewest:
            best = search
        if not best.fewest:
            break
    assert best is not None  # there is always a start
    best.polish()
    return best.best


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
            rows, near = self.layers[1:], self.upper
            if turn % 2:
                rows, near = self.layers[-2::-1], self.lower
            for row in rows:
                self._sort_row(row, near, centre, reverse_ties)
            if thorough:
                self._settle(self._exchange, range(len(self.layers)))
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

    def _exchange(self, row: list[int]) -> bool:
        """Exchange neighbours in a layer where that removes crossings."""
        place = self.place
        improved = False
        for position in range(len(row) - 1):
            left, right = row[position], row[position + 1]
            if self._gains(right, (left,))[0] > 0:
                row[position], row[position + 1] = right, left
                place[left], place[right] = position + 1, position
                improved = True
        return improved

    def polish(self) -> None:
        """Improve the best order by local moves; a small one again and again."""
        self.layers = [row[:] for row in self.best]
        for row in self.layers:
            self._number(row)
        if len(self.place) > _EXCHANGED:
            return
        if sum(len(row) ** 2 for row in self.layers) > _PAIRS:
            self._settle(self._exchange, range(len(self.layers)))
            self._keep_if_better()
            return
        self._settle(self._sift_all, range(len(self.layers)))
        self._kick_about()
        self.best = self.layers

    def _kick_about(self) -> None:
        """Disturb an order here and there, settle it, and keep what is not worse.

        An iterated local search (Lourenco, Martin and Stutzle, 2003).
        """
        choose = _shares().__next__
        rows, place, lower = self.layers, self.place, self.lower
        wide = [number for number, row in enumerate(rows) if len(row) > 1]
        crossings = [count_crossings([row], lower, place) for row in rows]
        idle = work = 0
        while wide and sum(crossings) and idle < _KICKS * len(place) and work < _PAIRS:
            before = [row[:] for row in rows]
            first = wide[int(choose() * len(wide))]
            kicked = range(first, min(first + _KICKED[0], len(rows)))
            for row in rows[kicked.start : kicked.stop]:
                start = int(choose() * len(row))
                part = slice(start, start + _KICKED[1])
                row[part] = sorted(row[part], key=lambda _: choose())
                self._number(row)
            changed, cost = self._settle(self._sift_all, kicked)
            work += cost
            gaps = changed.union(number - 1 for number in changed if number)
            counted = {gap: count_crossings([rows[gap]], lower, place) for gap in gaps}
            gain = sum(crossings[gap] - count for gap, count in counted.items())
            idle = 0 if gain > 0 else idle + 1
            if gain >= 0:
                for gap, count in counted.items():
                    crossings[gap] = count
            else:
                for number in changed:
                    rows[number] = before[number]
                    self._number(before[number])

    def _settle(
        self, improve: Callable[[list[int]], bool], numbers: range
    ) -> tuple[set[int], int]:
        """Improve some layers and their neighbours until that brings nothing any more.

        Give the layers that changed, the first ones too, and how much was looked at.
        """
        rows = self.layers
        changed, todo = set(numbers), set(numbers)
        work = 0
        for _ in range(_ROUNDS):
            near = {number + step for number in todo for step in (-1, 0, 1)}
            near.intersection_update(range(len(rows)))
            todo = {number for number in sorted(near) if improve(rows[number])}
            work += sum(
                len(rows[number]) * (min(len(rows[number]), 2 * _FAR) + 8)
                for number in near
            )
            changed |= todo
            if not todo:
                break
        return changed, work

    def _sift_all(self, row: list[int]) -> bool:
        moves = [self._sift(row, vertex) for vertex in row[:]]
        return any(moves)

    def _sift(self, row: list[int], vertex: int) -> bool:
        """Move a vertex to where it crosses least."""
        here = self.place[vertex]
        start = max(here - _FAR, 0)
        gains = self._gains(vertex, row[start : here + _FAR + 1])
        total = most = 0
        target = here
        for place in range(here - 1, start - 1, -1):
            total += gains[place - start]
            if total > most:
                most, target = total, place
        total = 0
        for place in range(here + 1, start + len(gains)):
            total -= gains[place - start]
            if total > most:
                most, target = total, place
        if target == here:
            return False
        row.insert(target, row.pop(here))
        self._number(row)
        return True

    def _gains(self, vertex: int, others: Sequence[int]) -> list[int]:
        """Give how many crossings fall away if a vertex comes before each of others.

        As many more there are if it comes after.
        """
        place = self.place
        sides = []
        for neighbours in (self.upper, self.lower):
            ends = [place[end] for end in neighbours[vertex]]
            if ends:
                sides.append((neighbours, ends))
        gains = []
        for other in others:
            gain = 0
            for neighbours, ends in sides:
                for end in neighbours[other]:
                    there = place[end]
                    for here in ends:
                        if there > here:
                            gain += 1
                        elif there < here:
                            gain -= 1
            gains.append(gain)
        return gains


def _shares() -> Iterator[float]:
    """Give numbers from 0 to 1, as by chance but always the same (Park, Miller, 1988)."""
    number = 1
    while True:
        number = number * 48271 % 2147483647
        yield number / 2147483647


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
