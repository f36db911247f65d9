"""Many imagined runs of a DAG at once, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Any, TypeAlias

from taskgraph.analysis.width import wide_antichain
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.draws import CUT, WELL, Draw, count_runs, run_weights
from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.prospects import Prospect
from taskgraph.model.engine import has_begun

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Weights: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

__all__ = ["Simulation", "simulate"]

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
    import numpy as np

    source = np.random.Generator(np.random.PCG64(seed))
    past = count_runs(prospects)
    ahead = _ahead(graph, prospects)
    draws = {node: Draw(prospects[node], past) for node in ahead}
    weights = run_weights(draws.values(), past)
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
    return Simulation(
        makespans=np.sort(makespans[ends == WELL]),
        cut=np.sort(makespans[ends == CUT]),
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


def _share_out(weights: Weights, samples: int, source: numpy.random.Generator) -> Times:
    """Give each past run its share of the samples, as evenly as can be."""
    import numpy as np

    ends = np.cumsum(weights)
    places = (np.arange(samples) + source.random()) * (ends[-1] / samples)
    runs = np.searchsorted(ends, places, side="right")
    numbers: Times = np.minimum(runs, np.flatnonzero(weights)[-1])
    return numbers


def _effective(weights: Weights) -> int:
    """Count runs that do not count alike as so many that do (Kish, 1965)."""
    return int(weights.sum() ** 2 / (weights**2).sum() + 1e-9) if weights.any() else 0


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
        import numpy as np

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
        draws: dict[int, Draw],
        source: numpy.random.Generator,
        failures: Times,
        runs: Times | None,
    ) -> None:
        """Walk downstream; count the failures of each node."""
        import numpy as np

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
            for sample in np.flatnonzero(self.ends <= CUT).tolist():
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
        import numpy as np

        if not len(self.graph):
            return np.zeros(self.size, np.int64)
        longest: Times = self.finished.max(axis=0)
        return longest

    def critical(self) -> Times:
        """Count for each node the samples without a failure that it decides."""
        import numpy as np

        graph, finished = self.graph, self.finished
        counts = np.zeros(len(graph), np.int64)
        if not len(graph):
            return counts
        if self.slots:
            counts += self.decides[:, self.ends == WELL].sum(axis=1)
            return counts
        decides = np.zeros((len(graph), self.size), np.bool_)
        end = finished.max(axis=0)
        ended_well = self.ends == WELL
        for node in reversed(graph.order):
            row = decides[node]
            np.equal(finished[node], end, out=row)
            for down in graph.downstreams[node]:
                row |= decides[down] & (self.released[down] == finished[node])
            row &= ended_well
            counts[node] = np.count_nonzero(row)
        return counts
