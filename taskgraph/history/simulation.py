"""Many imagined runs of a DAG at once, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, TypeAlias

from taskgraph.analysis.width import wide_antichain
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.pools import Prospect
from taskgraph.model.engine import has_begun

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

__all__ = ["Simulation", "redrawn", "simulate"]

_CELLS = 1_000_000
"""Nodes times samples of a block: its arrays stay in the processor's cache or near it."""
_LEAST_BLOCK = 64  # samples at once, however many nodes there are


@dataclass(frozen=True, slots=True)
class Simulation:
    """What became of the imagined runs."""

    makespans: Times
    """Microseconds, of the samples in which nothing failed, ascending."""
    samples: int
    """All of them."""
    critical: tuple[int, ...]
    """By node, in how many samples without a failure it lay on a longest path."""
    failures: tuple[int, ...]
    """By node, in how many samples it failed."""


def simulate(
    graph: TaskGraph,
    prospects: list[Prospect],
    *,
    samples: int,
    seed: int,
    slots: int = 0,
) -> Simulation:
    """Draw the outcome of every subtask many times over.

    A subtask starts a drawn wait after its last upstream has ended, and takes a drawn time.
    A single run longer than the subtask's timeout is cut there and has failed. One that
    failed at a shorter timeout is known only to be longer: its time is drawn again from the
    healthy runs that were, each as likely (so does the estimator of Kaplan and Meier, 1958,
    hand on the weight of what is censored); where there is none, it lasts to the timeout
    and fails there, and without a timeout it fails when it did.

    The graph is sound, and each node has a prospect, which is drawn from with replacement.
    The same seed gives the same samples. Linear in samples times nodes and edges; where
    there may be more subtasks than slots, one sample is played after the other, and the
    first that is ready gets the next slot. Its own wait goes by meanwhile: it may have been
    for a slot.
    """
    import numpy as np

    source = np.random.Generator(np.random.PCG64(seed))
    draws = [_Draw(prospect) for prospect in prospects]
    if slots and not wide_antichain(graph, slots):
        slots = 0
    block = max(_LEAST_BLOCK, _CELLS // max(len(graph), 1))
    makespans = []
    critical = np.zeros(len(graph), np.int64)
    failures = np.zeros(len(graph), np.int64)
    for first in range(0, samples, block):
        size = min(block, samples - first)
        passed = _Block(graph, size, slots)
        passed.run(draws, source, failures)
        makespans.append(passed.makespans())
        critical += passed.critical()
    return Simulation(
        makespans=np.sort(np.concatenate(makespans)),
        samples=samples,
        critical=tuple(critical.tolist()),
        failures=tuple(failures.tolist()),
    )


class _Draw:
    """Draws outcomes of one subtask."""

    def __init__(self, prospect: Prospect) -> None:
        import numpy as np

        pool, limit, attempts = prospect
        self.waits = pool.waits
        self.spans = pool.spans
        self.succeeded = pool.succeeded
        self.attempts = attempts
        self.limit = limit
        self.healthy = pool.spans[pool.single & pool.succeeded]
        self.first_longer: Times | None = None
        again = redrawn(prospect)
        if again.any():
            firsts = np.searchsorted(self.healthy, pool.spans, side="right")
            self.first_longer = np.where(again, firsts, len(self.healthy))
            if limit:
                none = again & (firsts == len(self.healthy))
                self.spans = np.where(none, limit, self.spans)
        if limit:
            late = pool.single & (pool.spans > limit)
            if late.any():
                self.spans = np.where(late, limit, self.spans)
                self.succeeded = self.succeeded & ~late
        self.is_safe = bool(self.succeeded.all())

    def waiting(self, source: numpy.random.Generator, size: int) -> Times | int:
        """Draw how long it waits."""
        if not len(self.waits):
            return 0
        return self.waits.take(_choose(source, len(self.waits), size))

    def working(
        self, source: numpy.random.Generator, size: int
    ) -> tuple[Times, Flags | None]:
        """Draw how long it works, and where it fails for good: ``None`` is nowhere."""
        import numpy as np

        spans, failed = self._once(source, size)
        if failed is None:
            return spans, None
        for _ in range(self.attempts - 1):
            (again,) = np.nonzero(failed)
            more, fails = self._once(source, len(again))
            spans[again] += more
            failed[again] = False if fails is None else fails
        return spans, failed

    def _once(
        self, source: numpy.random.Generator, size: int
    ) -> tuple[Times, Flags | None]:
        """Draw one attempt."""
        import numpy as np

        chosen = _choose(source, len(self.spans), size)
        spans = self.spans.take(chosen)
        if self.is_safe:
            return spans, None
        failed = ~self.succeeded.take(chosen)
        if self.first_longer is not None:
            first = self.first_longer.take(chosen)
            (places,) = np.nonzero(first < len(self.healthy))
            first = first[places]
            shares = source.random(len(places))
            chosen = first + (shares * (len(self.healthy) - first)).astype(np.int64)
            longer = self.healthy.take(chosen)
            late = (longer > self.limit) if self.limit else np.zeros(len(places), bool)
            spans[places] = np.where(late, self.limit, longer)
            failed[places] = late
        return spans, failed


def redrawn(prospect: Prospect) -> Flags:
    """Tell which outcomes were cut at a timeout that is shorter than the present one."""
    import numpy as np

    pool, limit = prospect.pool, prospect.limit
    if pool.cut is None:
        return np.zeros(len(pool.spans), np.bool_)
    is_redrawn: Flags = pool.cut & ((pool.spans < limit) if limit else True)
    return is_redrawn


def _choose(source: numpy.random.Generator, count: int, size: int) -> Times:
    """Draw places with replacement.

    Of so few places none is preferred in a noticeable way, and this is twice as fast as
    to draw whole numbers.
    """
    import numpy as np

    return (source.random(size) * count).astype(np.int64)


class _Block:
    """Some samples of all nodes."""

    def __init__(self, graph: TaskGraph, size: int, slots: int) -> None:
        import numpy as np

        self.graph = graph
        self.size = size
        self.slots = slots
        if slots:
            self.waits = np.zeros((len(graph), size), np.int64)
            self.spans = np.zeros((len(graph), size), np.int64)
            self.later = [not has_begun(subtask) for subtask in graph.subtasks]
            self.decides = np.zeros((len(graph), size), np.bool_)
        self.released = np.zeros((len(graph), size), np.int64)
        self.finished = np.zeros((len(graph), size), np.int64)
        self.failed = np.zeros(size, np.bool_)

    def run(
        self, draws: list[_Draw], source: numpy.random.Generator, failures: Times
    ) -> None:
        """Walk downstream; count the failures of each node."""
        import numpy as np

        released, finished = self.released, self.finished
        for node in self.graph.order:
            ups = self.graph.upstreams[node]
            if len(ups) == 1:
                released[node] = finished[ups[0]]
            elif ups:
                finished[list(ups)].max(axis=0, out=released[node])
            draw = draws[node]
            waits = draw.waiting(source, self.size)
            spans, failed = draw.working(source, self.size)
            finished[node] = released[node] + waits + spans
            if self.slots:
                self.waits[node], self.spans[node] = waits, spans
            if failed is not None:
                failures[node] += int(failed.sum())
                self.failed |= failed
        if self.slots:
            for sample in np.flatnonzero(~self.failed).tolist():
                self._play(sample)

    def _play(self, sample: int) -> None:
        """Go through one sample with the slots that there are.

        What takes no time needs none, and what has begun has its own before others.
        """
        graph = self.graph
        waits, spans = self.waits[:, sample].tolist(), self.spans[:, sample].tolist()
        later = self.later
        missing = list(map(len, graph.upstreams))
        released, finished = [0] * len(graph), [0] * len(graph)
        gave_way: dict[int, int] = {}
        ready = [
            (waits[node], later[node], node) for node in graph.order if not missing[node]
        ]
        heapify(ready)
        taken: list[tuple[int, int]] = []
        while ready:
            start, _, node = heappop(ready)
            if spans[node]:
                if len(taken) == self.slots:
                    end, other = heappop(taken)
                    if end > start:
                        start, gave_way[node] = end, other
                heappush(taken, (start + spans[node], node))
            finished[node] = start + spans[node]
            for down in graph.downstreams[node]:
                missing[down] -= 1
                released[down] = max(released[down], finished[node])
                if not missing[down]:
                    arrives = released[down] + waits[down]
                    heappush(ready, (arrives, later[down], down))
        self.finished[:, sample] = finished
        last = max(finished)
        stack = [node for node, end in enumerate(finished) if end == last]
        decides = set(stack)
        while stack:
            node = stack.pop()
            ups = graph.upstreams[node]
            causes = [up for up in ups if finished[up] == released[node]]
            if node in gave_way:
                causes = [gave_way[node]]
            stack += set(causes) - decides
            decides.update(causes)
        self.decides[list(decides), sample] = True

    def makespans(self) -> Times:
        """Give how long the samples without a failure take."""
        import numpy as np

        if not len(self.graph):
            return np.zeros(self.size, np.int64)
        longest: Times = self.finished.max(axis=0)
        return longest[~self.failed]

    def critical(self) -> Times:
        """Count for each node the samples without a failure that it decides."""
        import numpy as np

        graph, finished = self.graph, self.finished
        counts = np.zeros(len(graph), np.int64)
        if not len(graph):
            return counts
        if self.slots:
            counts += self.decides.sum(axis=1)
            return counts
        decides = np.zeros((len(graph), self.size), np.bool_)
        end = finished.max(axis=0)
        for node in reversed(graph.order):
            row = decides[node]
            np.equal(finished[node], end, out=row)
            for down in graph.downstreams[node]:
                row |= decides[down] & (self.released[down] == finished[node])
            row &= ~self.failed
            counts[node] = np.count_nonzero(row)
        return counts
