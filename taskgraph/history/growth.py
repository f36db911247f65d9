"""Which subtasks made a kind of task slower, or faster, between two groups of runs.

The path that the clock saw accounts for all of a run's time, so the mean of what each
subtask holds of it, and the rest, sum to the mean of the whole: in both groups, and in the
difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from taskgraph.errors import ConfigError
from taskgraph.history.database import Limits, open_tables
from taskgraph.history.engines import needs_extras
from taskgraph.history.ranks import RankTest, holm, rank_test
from taskgraph.history.store import RunStore


class StepGrowth(NamedTuple):
    """What a kind of subtask adds to the wall clock. All but `p` are microseconds.

    Attributes
    ----------
    before_us, after_us : int
        What it holds of the path that the clock saw, in the mean of all runs: 0 where it
        is not on it, and with what the path waited for its start.
    run_us, wait_us : int
        The growth by running, and by waiting; their sum is the whole growth.
    p : float
        How seldom chance alone parts the runs so, with all subtasks together.
    is_exact : bool
        That is counted, not approximated.
    """

    subtask: str
    before_us: int
    after_us: int
    run_us: int
    wait_us: int
    p: float
    is_exact: bool

    @property
    def growth_us(self) -> int:
        """What it adds to the mean; less than 0 where it became faster."""
        return self.run_us + self.wait_us


class Growth(NamedTuple):
    """How much longer a kind of task takes, in the mean of its successful runs.

    Attributes
    ----------
    before, after : int
        How many runs are compared.
    unknown : int
        Runs that are not: collected by a version that did not keep their path.
    before_us, after_us : int
        The mean wall clock.
    test : RankTest
        Of the whole.
    steps : tuple of StepGrowth
        The largest growth first. Together with `rest_us` they sum to the whole.
    rest_us : int
        What lies outside of all subtasks, and less than a microsecond of each.
    """

    task: str
    before: int
    after: int
    unknown: int
    before_us: int
    after_us: int
    test: RankTest
    steps: tuple[StepGrowth, ...]
    rest_us: int


@dataclass(frozen=True, slots=True)
class Growths:
    """The kinds of tasks that have runs on both sides.

    Attributes
    ----------
    since : datetime or None
        When the later runs begin; ``None`` where they are from another history.
    tasks : tuple of Growth
        By name.
    lonely : tuple of str
        Kinds with runs on one side only.
    """

    since: datetime | None
    tasks: tuple[Growth, ...]
    lonely: tuple[str, ...]


@dataclass
class _Side:
    """The runs of one kind on one side: the wall clock of each, and what steps hold."""

    walls: list[int] = field(default_factory=list)
    unknown: int = 0
    steps: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)

    def held(self, name: str) -> list[int]:
        """Give for each run what a step holds of it."""
        values = [0] * len(self.walls)
        for run, ran, waited in self.steps.get(name, ()):
            values[run] = ran + waited
        return values

    def means(self, name: str) -> tuple[int, int]:
        """Give the mean of what a step ran, and of what was waited for it."""
        rows = self.steps.get(name, ())
        count = len(self.walls)
        return sum(row[1] for row in rows) // count, sum(row[2] for row in rows) // count


@needs_extras
def growths(
    store: RunStore,
    since: datetime | None,
    base: RunStore | None = None,
    choose: Callable[[str], bool] | None = None,
    *,
    limits: Limits | None = None,
) -> Growths:
    """Attribute the growth of the wall clock to subtasks, of tasks of the chosen names.

    The later runs are those from an aware moment on, or the earlier ones are in `base`.

    Raises ConfigError if nothing was collected, no moment and no other history is given, or
    both are, or no kind of task has runs on both sides.
    """
    if (since is None) == (base is None):
        raise ConfigError("give the moment that parts the runs, or another history")
    before, after = _sides(store, since, limits)
    if base is not None:
        _, before = _sides(base, None, limits)
    names = sorted(name for name in before | after if choose is None or choose(name))
    both = [name for name in names if name in before and name in after]
    growths = [_growth(name, before[name], after[name]) for name in both]
    lonely = tuple(name for name in names if name not in both)
    if not growths:
        raise ConfigError(
            "no kind of task has successful runs, with their paths, on both sides\n"
            "  hint: taskgraph history report shows when runs were; what an older version "
            "collected is collected anew into another folder"
        )
    return Growths(since, tuple(growths), lonely)


def _sides(
    store: RunStore, since: datetime | None, limits: Limits | None
) -> tuple[dict[str, _Side], dict[str, _Side]]:
    """Read the runs before a moment, and from it on, by kind; without one all are later."""
    sides: tuple[dict[str, _Side], dict[str, _Side]] = {}, {}
    places: dict[tuple[int, int], tuple[_Side, int]] = {}
    with open_tables(store, limits) as connection:
        for part, row, task, moment, span, is_known in connection.execute(_RUNS).fetchall():
            is_later = since is None or moment >= since
            side = sides[is_later].setdefault(task, _Side())
            if not is_known:
                side.unknown += 1
                continue
            places[part, row] = side, len(side.walls)
            side.walls.append(span)
        for part, row, name, ran, waited in connection.execute(_STEPS).fetchall():
            if (place := places.get((part, row))) is not None:
                side, run = place
                side.steps.setdefault(name, []).append((run, ran, waited))
    before, after = (
        {name: side for name, side in part.items() if side.walls} for part in sides
    )
    return before, after


def _growth(task: str, before: _Side, after: _Side) -> Growth:
    walls = sum(before.walls) // len(before.walls), sum(after.walls) // len(after.walls)
    names = sorted({*before.steps, *after.steps})
    tests = [rank_test(before.held(name), after.held(name)) for name in names]
    steps = []
    for name, test, p in zip(names, tests, holm([t.p for t in tests]), strict=True):
        (ran, waited), (runs, waits) = before.means(name), after.means(name)
        means, growth = (ran + waited, runs + waits), (runs - ran, waits - waited)
        steps.append(StepGrowth(name, *means, *growth, p, test.is_exact))
    steps.sort(key=lambda step: (-abs(step.growth_us), step.subtask))
    return Growth(
        task=task,
        before=len(before.walls),
        after=len(after.walls),
        unknown=before.unknown + after.unknown,
        before_us=walls[0],
        after_us=walls[1],
        test=rank_test(before.walls, after.walls),
        steps=tuple(steps),
        rest_us=walls[1] - walls[0] - sum(step.growth_us for step in steps),
    )


_RUNS = """
SELECT
    part, row, name, coalesce(start_time, create_time, as_of) AS moment, span_us,
    (part, row) IN (
        SELECT (part, task_row) FROM subtasks WHERE path_us IS NOT NULL
    ) AS is_known
FROM tasks SEMI JOIN (
    SELECT part, task_row AS row FROM current WHERE last_status = 'SUCCESSFUL'
) USING (part, row)
WHERE is_detailed AND status = 'SUCCESSFUL' AND span_us IS NOT NULL AND moment IS NOT NULL
ORDER BY name, moment, digest, place
"""

_STEPS = """
SELECT
    part, task_row, name, sum(coalesce(path_us, 0))::BIGINT,
    sum(coalesce(path_wait_us, 0))::BIGINT
FROM subtasks WHERE path_us IS NOT NULL OR path_wait_us IS NOT NULL
GROUP BY part, task_row, name
"""
