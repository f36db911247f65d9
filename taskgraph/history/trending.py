"""How the runs of a kind of task changed over time, subtask by subtask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.history.database import (
    HEALTHY,
    WAS_RETRIED,
    WAS_SKIPPED,
    Limits,
    open_tables,
)
from taskgraph.history.engines import needs_extras
from taskgraph.history.pools import MOST_RUNS
from taskgraph.history.ranks import change_point, holm
from taskgraph.history.store import RunStore
from taskgraph.history.tables import EPOCH, since_epoch
from taskgraph.model.engine import MICROSECOND, SECOND

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

    from taskgraph.history.ranks import Numbers

FAILED, RETRIED, SKIPPED = 1, 2, 4
"""What may be marked in a run, as bits."""
MOST_TASKS = 20
"""Kinds of tasks that are looked at: those with the most runs."""
_CONFIDENCE = 0.95
_FACTOR = 1.1
_DAY = 86_400 * SECOND
_MOST_PERIODS = 60
_PERIODS = tuple(days * _DAY for days in (7, 28, 364, 36_400))
_MONDAY = 4 * _DAY
"""The first Monday after 1970 began."""


class TrendRun(NamedTuple):
    """One run of a task: its id, its document and the place there, when, how it ended."""

    id: str | None
    file: str
    moment: datetime
    status: str | None


class Change(NamedTuple):
    """Since when a step takes longer, or less long.

    Attributes
    ----------
    run : int
        The first run after the change.
    before_us, after_us : int
        What half of the runs before, and from then on, do not exceed.
    confidence : float
        That there is a change at all, with all that were looked for in this task together.
    """

    run: int
    before_us: int
    after_us: int
    confidence: float


class Period(NamedTuple):
    """The runs of some weeks: how many, and what half and 95 % of them do not exceed."""

    size: int
    p50: int | None = None
    p95: int | None = None


class KindTrend(NamedTuple):
    """The runs of one kind of subtask, one after the other.

    Attributes
    ----------
    subtask : str or None
        ``None`` for the task as a whole.
    spans_us : tuple of int or None
        For each run what the healthy subtask took, of the parts of a split the longest.
    marks : tuple of int
        For each run what happened, of `FAILED`, `RETRIED` and `SKIPPED`.
    overall : Period
        All runs.
    periods : tuple of Period
        One for each of the task's `starts`.
    change : Change or None
        Where none is sure enough, or it is too small to matter, none.
    """

    subtask: str | None
    spans_us: tuple[int | None, ...]
    marks: tuple[int, ...]
    overall: Period
    periods: tuple[Period, ...]
    change: Change | None


class HostTrend(NamedTuple):
    """The subtasks of one host.

    Attributes
    ----------
    is_target : bool
        They work on it; else it is the server that ran them.
    pace_ppm : int or None
        What the healthy ones took of the usual time of their kind, in millionths: half of
        them no more than that.
    """

    host: str
    is_target: bool
    seen: int
    failed: int
    retried: int
    pace_ppm: int | None


class TaskTrends(NamedTuple):
    """The latest runs of one kind of task.

    Attributes
    ----------
    seen : int
        How many runs there are.
    runs : tuple of TrendRun
        Those that are looked at, the oldest first.
    starts : tuple of datetime
        When the periods begin, in UTC.
    days : int
        How long each of them is.
    kinds : tuple of KindTrend
        The task as a whole, then its subtasks in the order in which they usually start.
    hosts : tuple of HostTrend
        The slowest first.
    """

    task: str
    seen: int
    runs: tuple[TrendRun, ...]
    starts: tuple[datetime, ...]
    days: int
    kinds: tuple[KindTrend, ...]
    hosts: tuple[HostTrend, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """How the runs of some kinds of tasks changed.

    Attributes
    ----------
    tasks : tuple of TaskTrends
        The kinds with the most runs first.
    left_out : int
        Kinds of tasks with fewer runs that were not looked at.
    """

    tasks: tuple[TaskTrends, ...]
    left_out: int


@needs_extras
def read_trends(
    store: RunStore,
    choose: Callable[[str], bool] | None = None,
    *,
    limits: Limits | None = None,
) -> Trends:
    """Tell how the runs of each kind of task, of a chosen name, changed over time.

    Raises ConfigError if nothing was collected there.
    """
    with open_tables(store, limits) as connection:
        connection.execute(_RUNS, {"most": MOST_RUNS})
        every = connection.execute(_TASKS).fetchall()
        kinds = [row for row in every if choose is None or choose(row[0])]
        tasks = [_task(connection, *row) for row in kinds[:MOST_TASKS]]
    return Trends(tuple(tasks), max(0, len(kinds) - MOST_TASKS))


def _task(connection: Connection, task: str, seen: int) -> TaskTrends:
    """Look at the runs of one kind of task."""
    asked = {"task": task}
    rows = connection.execute(_RUNS_OF, asked).fetchall()
    runs = tuple(TrendRun(*row[:4]) for row in rows)
    connection.execute(_PARTS, asked)
    names = [name for (name,) in connection.execute(_NAMES).fetchall()]
    spans, marks = _grids(connection, names, len(runs))
    whole = [(-1 if span is None else span, mark) for *_, span, mark in rows]
    spans[0], marks[0] = zip(*whole, strict=True)
    moments = [since_epoch(run.moment) for run in runs]
    places, starts, days = _periods(moments)
    changes = _changes(spans)
    kinds = tuple(
        KindTrend(
            subtask=name,
            spans_us=tuple(None if span < 0 else span for span in spans[row].tolist()),
            marks=tuple(marks[row].tolist()),
            overall=_period(spans[row]),
            periods=tuple(
                _period(spans[row][first:last])
                for first, last in zip(places, [*places[1:], len(runs)], strict=True)
            ),
            change=changes[row],
        )
        for row, name in enumerate([None, *names])
    )
    hosts = tuple(HostTrend(*row) for row in connection.execute(_HOSTS).fetchall())
    return TaskTrends(task, seen, runs, starts, days, kinds, hosts)


def _grids(connection: Connection, names: list[str], runs: int) -> tuple[Numbers, Numbers]:
    """Give the times, -1 for none, and the marks: by kind, the first left free, and run."""
    import numpy as np

    cells = connection.execute(_CELLS).fetchnumpy()
    numbers = {name: row for row, name in enumerate(names, 1)}
    rows = np.array([numbers[name] for name in cells["name"]], np.int64)
    columns = np.asarray(cells["run"], np.int64)
    spans = np.full((len(names) + 1, runs), -1, np.int64)
    marks = np.zeros((len(names) + 1, runs), np.int64)
    spans[rows, columns] = np.asarray(cells["span_us"], np.int64)
    marks[rows, columns] = np.asarray(cells["mark"], np.int64)
    return spans, marks


def _changes(spans: Numbers) -> list[Change | None]:
    """Look for a change in each row; those that are told are sure together."""
    import numpy as np

    columns = [np.nonzero(row >= 0)[0] for row in spans]
    rows = [row for row, runs in enumerate(columns) if len(runs) > 1]
    points = [change_point(spans[row][columns[row]]) for row in rows]
    changes: list[Change | None] = [None] * len(spans)
    for row, point, p in zip(rows, points, holm([one.p for one in points]), strict=True):
        times = spans[row][columns[row]]
        before, after = _quantile(times[: point.at], 50), _quantile(times[point.at :], 50)
        low, high = sorted((before, after))
        if p <= 1 - _CONFIDENCE and high >= low * _FACTOR and high - low >= SECOND // 2:
            run = int(columns[row][point.at])
            changes[row] = Change(run, before, after, 1 - p)
    return changes


def _period(spans: Numbers) -> Period:
    times = spans[spans >= 0]
    if not len(times):
        return Period(0)
    return Period(len(times), _quantile(times, 50), _quantile(times, 95))


def _quantile(times: Numbers, percent: int) -> int:
    """Give the smallest of some times that so many per cent do not exceed."""
    import numpy as np

    place = -(-len(times) * percent // 100) - 1
    return int(np.partition(times, place)[place])


def _periods(moments: list[int]) -> tuple[list[int], tuple[datetime, ...], int]:
    """Part the time into as short periods as there is room for, from weeks on.

    Gives the first run of each, when each begins, and how many days it has. Periods
    without a run are left out.
    """
    length = next(
        one for one in _PERIODS if (moments[-1] - moments[0]) // one < _MOST_PERIODS
    )
    numbers = [(moment - _MONDAY) // length for moment in moments]
    places = [at for at, one in enumerate(numbers) if not at or one != numbers[at - 1]]
    starts = tuple(
        EPOCH + (numbers[place] * length + _MONDAY) * MICROSECOND for place in places
    )
    return places, starts, length // _DAY


# One that has no time at all has no place among the others.
_RUNS = f"""
CREATE OR REPLACE TABLE runs AS
SELECT *, row_number() OVER (PARTITION BY task ORDER BY back DESC) - 1 AS run
FROM (
    SELECT
        tasks.part, tasks.row AS task_row, name AS task, task_id,
        tasks.document || tasks.place AS file, last_status,
        coalesce(start_time, create_time, tasks.as_of) AS moment,
        CASE WHEN ran_once AND status = 'SUCCESSFUL' AND status = last_status
            THEN span_us END AS span_us,
        (last_status = 'FAILED')::INT * {FAILED}
            + (retried > 0 OR operation IS NOT DISTINCT FROM 'RETRY')::INT * {RETRIED}
            + (skipped > 0)::INT * {SKIPPED} AS mark,
        row_number() OVER (
            PARTITION BY name ORDER BY moment DESC, tasks.digest, tasks.place
        ) AS back,
        count(*) OVER (PARTITION BY name) AS seen
    FROM tasks JOIN current ON tasks.part = current.part AND tasks.row = current.task_row
    WHERE is_detailed AND moment IS NOT NULL
)
WHERE back <= $most
"""

_TASKS = "SELECT task, max(seen) FROM runs GROUP BY task ORDER BY max(seen) DESC, task"

_RUNS_OF = """
SELECT task_id, file, moment, last_status, span_us, coalesce(mark, 0)
FROM runs WHERE task = $task ORDER BY run
"""

_PARTS = f"""
CREATE OR REPLACE TABLE parts_of_runs AS
SELECT
    run, name, offset_us, CASE WHEN {HEALTHY} THEN span_us END AS span_us,
    coalesce(status = 'FAILED', false) AS failed,
    {WAS_RETRIED} AS retried,
    {WAS_SKIPPED} AS skipped,
    coalesce(target, executor) AS host, target IS NOT NULL AS is_target
FROM subtasks JOIN (
    SELECT part, task_row, run FROM runs WHERE task = $task
) USING (part, task_row)
"""

_NAMES = """
SELECT name FROM parts_of_runs GROUP BY name
ORDER BY quantile_disc(offset_us, 0.5) NULLS LAST, name
"""

_CELLS = f"""
SELECT
    name, run, coalesce(max(span_us), -1) AS span_us,
    bool_or(failed)::INT * {FAILED} + bool_or(retried)::INT * {RETRIED}
        + bool_or(skipped)::INT * {SKIPPED} AS mark
FROM parts_of_runs GROUP BY name, run
"""

_HOSTS = """
WITH usual AS (
    SELECT name, greatest(quantile_disc(span_us, 0.5), 1) AS usual_us
    FROM parts_of_runs GROUP BY name
)
SELECT
    host, is_target, count(*), count(*) FILTER (failed), count(*) FILTER (retried),
    quantile_disc(span_us * 1000000 // usual_us, 0.5)
FROM parts_of_runs JOIN usual USING (name)
WHERE host IS NOT NULL
GROUP BY host, is_target
ORDER BY 6 DESC NULLS LAST, host, is_target
"""
