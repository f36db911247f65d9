"""Hold what the odds say against runs to come whose distribution is known.

    python -m benchmarks.calibration [--trials 200] [--photographs 4]

Archives of 20, 50 and 200 runs are drawn of one DAG, whose subtasks take lognormal times:
independent of each other, or with a factor that a whole run has in common (sigma 0.3); with
3 slots, 10 or any number. From each archive come the odds, of a task at its start and of
some that are photographed at random moments. Told is how many of the runs to come end
within the p50, p90 and p99 that were said (a value that was only said to be the least
counts apart), and how often the interval of the probability holds the true one.
"""

from __future__ import annotations

import argparse
import heapq
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.history.chances import Odds, OddsOptions, odds_of_pools
from taskgraph.history.pools import MeasuredTimes, OutcomeBasis, Pool
from taskgraph.model.task import Subtask, Task
from taskgraph.settings import Settings

SHARES = (0.5, 0.9, 0.99)
_SECOND = 1_000_000
_FRESH = 4000  # runs that stand for all runs to come
_SAMPLES = 400
_BEGAN = datetime(2025, 1, 16, tzinfo=UTC)
_MEDIANS = (5, 20, *(30,) * 6, 20, 40, 30, 10)
_UPSTREAMS = ((), (0,), *((1,),) * 6, (0,), (2, 3, 4, 5, 6, 7), (8,), (9, 10))
_DOWNSTREAMS = [
    [down for down, ups in enumerate(_UPSTREAMS) if node in ups]
    for node in range(len(_MEDIANS))
]


class Run(NamedTuple):
    """When each subtask could start, did, and ended, in microseconds."""

    released: list[int]
    started: list[int]
    ended: list[int]

    @property
    def makespan(self) -> int:
        """When the last one ended."""
        return max(self.ended)


@dataclass(frozen=True, slots=True)
class World:
    """How the runs go."""

    common: float = 0.0
    """The sigma of what a whole run has in common."""
    slots: int = 0
    own: float = 0.4
    """The sigma of what each subtask has of its own."""

    def run(self, source: np.random.Generator) -> Run:
        """Let the engine run one task."""
        size = len(_MEDIANS)
        factor = source.normal(0, self.common) if self.common else 0.0
        spans = np.array(_MEDIANS) * np.exp(factor + source.normal(0, self.own, size))
        waits = source.uniform(0, 1, size)
        return _play(
            (spans * _SECOND).astype(int).tolist(),
            (waits * _SECOND).astype(int).tolist(),
            self.slots or size,
        )


def _play(spans: list[int], waits: list[int], slots: int) -> Run:
    size = len(spans)
    run = Run([0] * size, [0] * size, [0] * size)
    missing = list(map(len, _UPSTREAMS))
    ready = [(waits[node], node) for node in range(size) if not missing[node]]
    busy: list[int] = []
    while ready:
        start, node = heapq.heappop(ready)
        if len(busy) == slots:
            start = max(start, heapq.heappop(busy))
        run.started[node], run.ended[node] = start, start + spans[node]
        heapq.heappush(busy, run.ended[node])
        for down in _DOWNSTREAMS[node]:
            run.released[down] = max(run.released[down], run.ended[node])
            missing[down] -= 1
            if not missing[down]:
                heapq.heappush(ready, (run.released[down] + waits[down], down))
    return run


def pools_of(runs: list[Run], *, apart: bool = False) -> dict[str, Pool]:
    """Give what a history would hold of these runs; apart, nobody knows what is of one."""
    released, started, ended = (np.array(part).T for part in zip(*runs, strict=True))
    numbers, flags = np.arange(len(runs)), np.ones(len(runs), np.bool_)

    def column(values: Any) -> MeasuredTimes:
        order = np.argsort(values, kind="stable")
        return MeasuredTimes(values[order], *() if apart else (numbers[order], numbers * 0))

    return {
        f"{node}": Pool(
            OutcomeBasis.OWN,
            column(ended[node] - started[node]),
            flags,
            flags,
            column(started[node] - released[node]),
        )
        for node in range(len(_MEDIANS))
    }


def graph_of(run: Run | None = None, moment: int = 0) -> TaskGraph:
    """Give the task before its start, or as a photograph of a run shows it."""
    rows = []
    for node, ups in enumerate(_UPSTREAMS):
        row: dict[str, Any] = {"status": "PENDING"}
        if run is not None and run.started[node] <= moment:
            row = {"status": "RUNNING", "start_time": _time(run.started[node])}
            if run.ended[node] <= moment:
                row |= {"status": "SUCCESSFUL", "finish_time": _time(run.ended[node])}
        rows.append(
            Subtask(
                id=node,
                name=f"{node}",
                upstreams=ups,
                operation="EXECUTE",
                attempts=1,
                **row,
            )
        )
    task = Task(id=1, subtasks=tuple(rows), operation="EXECUTE")
    if run is not None:
        task = replace(task, start_time=_BEGAN, status="RUNNING")
    return build_graph(task)


def _time(moment: int) -> datetime:
    return _BEGAN + timedelta(microseconds=moment)


def _photograph(world: World, source: np.random.Generator, last: int) -> tuple[Run, int]:
    """Look at runs at moments that have nothing to do with them, until one is under way."""
    while True:
        run, moment = world.run(source), int(source.uniform(0, last))
        if moment < run.makespan:
            return run, moment


@dataclass
class Tally:
    """What came of many archives."""

    covered: dict[float, list[float]] = field(
        default_factory=lambda: {s: [] for s in SHARES}
    )
    held: list[bool] = field(default_factory=list)

    def add(self, found: Odds, makespans: Any) -> None:
        """Note how many of the makespans end within what was said."""
        for one in found.quantiles:
            if one.share in self.covered and not one.is_least:
                self.covered[one.share].append(float((makespans <= one.value).mean()))

    def said(self, share: float) -> str:
        """Say how many of a hundred runs ended within what was told for a share."""
        values = self.covered[share]
        return f"{100 * np.mean(values):5.1f}" if values else "   >="


def calibrate(
    world: World,
    size: int,
    trials: int,
    *,
    photographs: int = 1,
    apart: bool = False,
    seed: int = 1,
) -> tuple[Tally, Tally]:
    """Tell how the odds of archives of some size come true, at the start and under way."""
    source = np.random.default_rng(seed)
    makespans = np.array([world.run(source).makespan for _ in range(_FRESH)])
    fresh, photos = Tally(), Tally()
    settings = Settings(concurrency=world.slots or None)
    for _ in range(trials):
        pools = pools_of([world.run(source) for _ in range(size)], apart=apart)
        truth = source.uniform(0.02, 0.98)
        window = int(np.quantile(makespans, truth) / _SECOND)
        options = OddsOptions(window, _SAMPLES)
        found = odds_of_pools(Analysis(graph_of(), settings), pools, options)
        fresh.add(found, makespans)
        true = float((makespans <= window * _SECOND).mean())
        fresh.held.append(found.low <= true <= found.high)
        for _ in range(photographs):
            run, moment = _photograph(world, source, int(makespans.max()))
            now = settings.model_copy(update={"as_of": _time(moment)})
            analysis = Analysis(graph_of(run, moment), now)
            found = odds_of_pools(analysis, pools, options)
            photos.add(found, np.array([run.makespan - moment]))
    return fresh, photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--photographs", type=int, default=4, help="from each archive")
    parser.add_argument("--slots", type=int, nargs="+", default=[0, 3, 10])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 200])
    parser.add_argument("--apart", action="store_true", help="draw each subtask by itself")
    options = parser.parse_args()
    heads = "p50   p90   p99"
    print(f"common slots runs |  {heads} interval | under way  {heads}")
    for common, slots, size in product((0.0, 0.3), options.slots, options.sizes):
        fresh, photos = calibrate(
            World(common, slots),
            size,
            options.trials,
            photographs=options.photographs,
            apart=options.apart,
        )
        said, later = (" ".join(map(t.said, SHARES)) for t in (fresh, photos))
        held = 100 * float(np.mean(fresh.held))
        line = f"{common:6} {slots or 'any':>5} {size:4} | {said} {held:7.1f}  |"
        print(f"{line}          {later}", flush=True)


if __name__ == "__main__":
    main()
