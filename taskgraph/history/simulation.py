"""Many imagined runs of a DAG at once, block by block.

Each is drawn from the outcomes of one past run together, as far as it has them. The module
needs numpy, so that it is imported only where something is simulated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any, Final, TypeAlias

import numpy as np

from taskgraph.analysis.width import wide_antichain
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.pools import OutcomeBasis, Prospect
from taskgraph.model.engine import has_begun

Times: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Ends: TypeAlias = np.ndarray[Any, np.dtype[np.int8]]
RunWeights: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

_WELL: Final = 0
_CUT: Final = 1
"""It was ended by its timeout, so that it would have taken longer."""
_FAILED: Final = 2

_CELLS = 1_000_000
"""Nodes times samples of a block: its arrays stay in the processor's cache or near it."""
_SAMPLES = 10_000
_PLAYED = 200_000
"""Nodes times samples that can be played in a second or so."""
_LEAST_PLAYED = 100  # samples, however many nodes there are
_LEAST_BLOCK = 64  # samples at once, however many nodes there are


@dataclass(frozen=True, slots=True)
class Simulation:
    """What became of the imagined runs."""

    makespans: Times
    """Microseconds, of the samples in which nothing failed, ascending."""
    cut: Times
    """The same of those in which nothing failed but at its timeout: they are longer."""
    shares: RunWeights
    """How much of all samples each of those is, and of these: a past run's have its weight
    together, however many they are.
    """
    samples: int
    """All of them."""
    whole: int
    """How many past runs were drawn whole, each counting as much; 0 is none."""
    runs: int
    """How many runs all of it rests on: it is no surer than its least sure part."""
    critical: tuple[int, ...]
    """By node, in how many samples without a failure it lay on a longest path, if told."""
    failures: tuple[int, ...]
    """By node, in how many samples it failed."""


def simulate(
    graph: TaskGraph,
    prospects: list[Prospect],
    *,
    samples: int | None,
    seed: int,
    slots: int = 0,
    quick: bool = False,
) -> Simulation:
    """Draw the outcomes of all subtasks many times over.

    Each sample is a whole past run of this kind of task, so that what moves together stays
    together; what that run does not have is drawn from the others, with replacement.

    A subtask starts its wait after its last upstream has ended, and takes its time. A
    single run longer than the subtask's timeout is cut there and has failed. One that
    failed at a shorter timeout is known only to be longer: its time is drawn again from the
    healthy runs that were, each as likely (so does the estimator of Kaplan and Meier, 1958,
    hand on the weight of what is censored); where there is none, it lasts to the timeout
    and fails there, and without a timeout it fails when it did.

    The graph is sound, and each node has a prospect. The same seed gives the same samples.
    Linear in samples times the nodes and edges that are not done; where there may be more
    subtasks than slots, one sample is played after the other, and the first that is ready
    gets the next slot. Its own wait goes by meanwhile: it may have been for a slot. There
    fewer samples are drawn, if nobody says how many. Where it shall be `quick`, what is
    critical is not told.
    """
    source = np.random.Generator(np.random.PCG64(seed))
    past = _count_runs(prospects)
    ahead = _ahead(graph, prospects)
    draws = {node: _Draw(prospects[node], past) for node in ahead}
    weights = _run_weights(draws.values(), past)
    if slots and not wide_antichain(graph, slots):
        slots = 0
    if samples is None:
        played = max(_LEAST_PLAYED, _PLAYED // max(len(ahead), 1))
        samples = min(_SAMPLES, played) if slots else _SAMPLES
    runs = _share_out(weights, samples, source) if weights.any() else None
    size = max(_LEAST_BLOCK, _CELLS // max(len(graph), 1))
    blocks = []
    deciding = np.zeros(len(graph), np.int64)
    failures = np.zeros(len(graph), np.int64)
    for first in range(0, samples, size):
        block = _Block(graph, ahead, min(size, samples - first), slots, quick=quick)
        part = None if runs is None else runs[first : first + size]
        block.run(draws, source, failures, part)
        if not quick:
            deciding += block.critical()
        blocks.append((block.ends, block.makespans()))
    whole = min(_effective(weights), samples)
    counts = filter(None, (whole, *(one.runs for one in prospects)))
    ends, makespans = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    order = np.lexsort((makespans, ends))
    well, told = (int(np.searchsorted(ends[order], one)) for one in (_CUT, _FAILED))
    ordered = makespans[order]
    return Simulation(
        makespans=ordered[:well],
        cut=ordered[well:told],
        shares=_sample_shares(weights, runs, samples)[order][:told],
        samples=samples,
        whole=whole,
        runs=min(samples, min(counts, default=0)),
        critical=tuple(deciding.tolist()),
        failures=tuple(failures.tolist()),
    )


def _ahead(graph: TaskGraph, prospects: list[Prospect]) -> dict[int, list[int]]:
    """Give, in order, what is not done with all before it, and which upstreams are not."""
    ahead: dict[int, list[int]] = {}
    for node in graph.order:
        ups = [up for up in graph.upstreams[node] if up in ahead]
        if ups or prospects[node].pool.basis is not OutcomeBasis.DONE:
            ahead[node] = ups
    return ahead


def _share_out(weights: RunWeights, samples: int, source: np.random.Generator) -> Times:
    """Give each past run its share of the samples, as evenly as can be."""
    ends = np.cumsum(weights)
    places = (np.arange(samples) + source.random()) * (ends[-1] / samples)
    runs = np.searchsorted(ends, places, side="right")
    numbers: Times = np.minimum(runs, np.flatnonzero(weights)[-1])
    return numbers


def _sample_shares(weights: RunWeights, runs: Times | None, samples: int) -> RunWeights:
    """Give each sample its part of the weight of its run; they sum up to 1."""
    if runs is None:
        return np.full(samples, 1 / samples)
    drawn = np.bincount(runs, minlength=len(weights))
    parts = weights[runs] / drawn[runs]
    shares: RunWeights = parts / parts.sum()
    return shares


def _effective(weights: RunWeights) -> int:
    """Count runs that do not count alike as so many that do (Kish, 1965)."""
    return int(weights.sum() ** 2 / (weights**2).sum() + 1e-9) if weights.any() else 0


def _count_runs(prospects: list[Prospect]) -> int:
    """Tell up to which number there are past runs of this kind of task."""
    columns = (
        column.runs
        for one in prospects
        if one.pool.basis is OutcomeBasis.OWN
        for column in (one.pool.spans, one.pool.waits)
        if column.runs is not None
    )
    return max((int(runs.max(initial=-1)) for runs in columns), default=-1) + 1


def _run_weights(draws: Iterable[_Draw], size: int) -> RunWeights:
    """Tell how much each past run says about what is ahead; all 0 where none does.

    A run counts by the share of what is at work now that took longer in it than it has by
    now: where all is slow alike these are the slow runs, and where one thing has nothing
    to do with another they are nearly all. A run that has nothing of what is ahead does
    not count.
    """
    at_work, ahead = np.zeros(size), np.zeros(size)
    for draw in draws:
        if draw.spans_by_run is not None:
            counts = at_work if draw.is_running else ahead
            counts += draw.spans_by_run >= 0
    return at_work if at_work.any() else (ahead > 0).astype(np.float64)


class _Draw:
    """Draws outcomes of one subtask."""

    def __init__(self, prospect: Prospect, runs: int) -> None:
        pool, limit, place = prospect.pool, prospect.limit, prospect.place
        self.is_running = prospect.is_running
        is_own = pool.basis is OutcomeBasis.OWN
        self.waits = pool.waits.values
        self.waits_by_run = pool.waits.by_run(place, runs) if is_own else None
        self.spans = pool.spans.values
        self.spans_by_run = pool.spans.by_run(place, runs) if is_own else None
        self.ends = np.where(pool.succeeded, _WELL, _FAILED).astype(np.int8)
        self.attempts = prospect.attempts
        self.limit = limit
        self.healthy = self.spans[pool.single & pool.succeeded]
        self.first_longer: Times | None = None
        again = prospect.redrawn
        if again.any():
            firsts = np.searchsorted(self.healthy, self.spans, side="right")
            self.first_longer = np.where(again, firsts, len(self.healthy))
            if limit:
                none = again & (firsts == len(self.healthy))
                self.spans = np.where(none, limit, self.spans)
        late = np.zeros(len(self.spans), np.bool_) if pool.cut is None else pool.cut
        if limit:
            late = late | (pool.single & (self.spans > limit))
            self.spans = np.where(late, np.minimum(self.spans, limit), self.spans)
        self.ends[late] = _CUT
        self.is_safe = not self.ends.any()

    def waiting(
        self, source: np.random.Generator, size: int, runs: Times | None
    ) -> Times | int:
        """Draw how long it waits."""
        if not len(self.waits):
            return 0
        chosen = _choose(source, len(self.waits), size, runs, self.waits_by_run)
        return self.waits.take(chosen)

    def working(
        self, source: np.random.Generator, size: int, runs: Times | None
    ) -> tuple[Times, Ends | None]:
        """Draw how long it works, and how it ends in the end: ``None`` is well."""
        spans, ends = self._once(source, size, runs)
        if ends is None:
            return spans, None
        for _ in range(self.attempts - 1):
            (again,) = np.nonzero(ends)
            more, last = self._once(source, len(again), None)
            spans[again] += more
            ends[again] = _WELL if last is None else last
        return spans, ends

    def _once(
        self, source: np.random.Generator, size: int, runs: Times | None
    ) -> tuple[Times, Ends | None]:
        """Draw one attempt."""
        chosen = _choose(source, len(self.spans), size, runs, self.spans_by_run)
        spans = self.spans.take(chosen)
        if self.is_safe:
            return spans, None
        ends = self.ends.take(chosen)
        if self.first_longer is not None:
            first = self.first_longer.take(chosen)
            (places,) = np.nonzero(first < len(self.healthy))
            first = first[places]
            shares = source.random(len(places))
            chosen = first + (shares * (len(self.healthy) - first)).astype(np.int64)
            longer = self.healthy.take(chosen)
            late = (longer > self.limit) if self.limit else np.zeros(len(places), bool)
            spans[places] = np.where(late, self.limit, longer)
            ends[places] = np.where(late, _CUT, _WELL)
        return spans, ends


def _choose(
    source: np.random.Generator,
    count: int,
    size: int,
    runs: Times | None,
    by_run: Times | None,
) -> Times:
    """Take what the runs have; else draw places with replacement.

    Of so few places none is preferred in a noticeable way, and this is twice as fast as
    to draw whole numbers.
    """
    if runs is None or by_run is None:
        return (source.random(size) * count).astype(np.int64)
    chosen = by_run.take(runs)
    (missing,) = (chosen < 0).nonzero()
    if len(missing):
        chosen[missing] = (source.random(len(missing)) * count).astype(np.int64)
    return chosen


class _Block:
    """Some samples of all nodes."""

    def __init__(
        self,
        graph: TaskGraph,
        ahead: dict[int, list[int]],
        size: int,
        slots: int,
        *,
        quick: bool,
    ) -> None:
        self.graph = graph
        self.ahead = ahead
        self.size = size
        self.slots = slots
        self.quick = quick
        if slots:
            self.waits = np.zeros((len(graph), size), np.int64)
            self.spans = np.zeros((len(graph), size), np.int64)
            self.ranks = [
                node + len(graph) * (not has_begun(subtask))
                for node, subtask in enumerate(graph.subtasks)
            ]
            self.missing = [len(ahead.get(node, ())) for node in range(len(graph))]
            self.firsts = [node for node, ups in ahead.items() if not ups]
            self.decides = np.zeros((len(graph), size), np.bool_)
        self.released = np.zeros((len(graph), size), np.int64)
        self.finished = np.zeros((len(graph), size), np.int64)
        self.ends = np.zeros(size, np.int8)
        """How the samples end: as their worst subtask."""

    def run(
        self,
        draws: dict[int, _Draw],
        source: np.random.Generator,
        failures: Times,
        runs: Times | None,
    ) -> None:
        """Walk downstream; count the failures of each node."""
        released, finished = self.released, self.finished
        for node, ups in self.ahead.items():
            if len(ups) == 1:
                released[node] = finished[ups[0]]
            elif ups:
                finished[ups].max(axis=0, out=released[node])
            draw = draws[node]
            waits = draw.waiting(source, self.size, runs)
            spans, ends = draw.working(source, self.size, runs)
            np.add(released[node], waits, out=finished[node])
            finished[node] += spans
            if self.slots:
                self.waits[node], self.spans[node] = waits, spans
            if ends is not None:
                failures[node] += np.count_nonzero(ends)
                np.maximum(self.ends, ends, out=self.ends)
        if self.slots:
            for sample in np.flatnonzero(self.ends <= _CUT).tolist():
                self._play(sample)

    def _play(self, sample: int) -> None:
        """Go through one sample with the slots that there are.

        What takes no time needs none, and what has begun has its own before others. Who is
        next, by arrival and number, and whose slot is free next are single numbers: heaps
        of those take half the time that heaps of tuples do.
        """
        size, slots, downs_of = len(self.graph), self.slots, self.graph.downstreams
        waits, spans = self.waits[:, sample].tolist(), self.spans[:, sample].tolist()
        ranks, twice = self.ranks, 2 * size
        missing = self.missing.copy()
        released, finished = [0] * size, [0] * size
        gave_way: dict[int, int] = {}
        ready = [waits[node] * twice + ranks[node] for node in self.firsts]
        heapify(ready)
        taken: list[int] = []
        while ready:
            start, rank = divmod(heappop(ready), twice)
            node, end = rank % size, start
            if spans[node]:
                if len(taken) < slots:
                    end += spans[node]
                    heappush(taken, end * size + node)
                else:
                    free, other = divmod(taken[0], size)
                    if free > start:
                        end, gave_way[node] = free, other
                    end += spans[node]
                    heapreplace(taken, end * size + node)
            finished[node] = end
            for down in downs_of[node]:
                missing[down] -= 1
                if end > released[down]:
                    released[down] = end
                if not missing[down]:
                    heappush(ready, (released[down] + waits[down]) * twice + ranks[down])
        self.finished[:, sample] = finished
        if not self.quick:
            self.decides[self._causes(finished, released, gave_way), sample] = True

    def _causes(
        self, finished: list[int], released: list[int], gave_way: dict[int, int]
    ) -> list[int]:
        """Give what one sample's end waited for: upstreams, or who had the slot."""
        last = max(finished)
        stack = [node for node, end in enumerate(finished) if end == last]
        decides = set(stack)
        while stack:
            node = stack.pop()
            ups = self.graph.upstreams[node]
            causes = [up for up in ups if finished[up] == released[node]]
            if node in gave_way:
                causes = [gave_way[node]]
            stack += set(causes) - decides
            decides.update(causes)
        return list(decides)

    def makespans(self) -> Times:
        """Give how long the samples take."""
        longest: Times = self.finished.max(axis=0, initial=0)
        return longest

    def critical(self) -> Times:
        """Count for each node the samples without a failure that it decides."""
        graph, finished, ended_well = self.graph, self.finished, self.ends == _WELL
        counts = np.zeros(len(graph), np.int64)
        if self.slots:
            counts += self.decides[:, ended_well].sum(axis=1)
            return counts
        decides, end = np.zeros((len(graph), self.size), np.bool_), self.makespans()
        for node in reversed(graph.order):
            row = decides[node]
            np.equal(finished[node], end, out=row)
            for down in graph.downstreams[node]:
                row |= decides[down] & (self.released[down] == finished[node])
            row &= ended_well
            counts[node] = np.count_nonzero(row)
        return counts
