"""How long each kind of task and subtask takes, and how often it goes wrong.

A kind of task is its name; a kind of subtask is that of its task and its own name. Times
count only where the document proves that they are one run: operation EXECUTE, one attempt.
What was retried, skipped or rolled back is counted, and its times are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph.history.database import (
    HEALTHY,
    IN_BUCKET,
    WAS_RETRIED,
    WAS_SKIPPED,
    Limits,
    map_shares,
    open_tables,
)
from taskgraph.history.engines import Engine, needs_extras
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SpanKind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


class Distribution(NamedTuple):
    """Values in order: the smallest one that at least so many per cent do not exceed.

    Without interpolation (the inverse of the empirical distribution function, type 1 of
    Hyndman and Fan, 1996), so that each is a value that was measured.
    """

    size: int = 0
    p5: int | None = None
    p25: int | None = None
    p50: int | None = None
    p75: int | None = None
    p95: int | None = None
    p99: int | None = None
    max: int | None = None


class KindStats(NamedTuple):
    """What the documents say about one kind.

    Attributes
    ----------
    subtask : str or None
        ``None`` for the task as a whole.
    seen : int
        How many there are in the documents, whatever became of them.
    runs : int
        How many of them are proven to have run once and are over, well or badly.
    failed, skipped, retried, rolled_back : int
        How many of those seen; one may be several of these. Of a task, those with such
        a subtask.
    run_us : Distribution
        Microseconds of the runs that did their work.
    wait_us : Distribution
        Microseconds from the end of the last upstream to the first start; of a task,
        from its creation to its start.
    timeout : int or None
        Seconds, in the latest document.
    used_ppm : Distribution
        How much of its timeout each of those runs used, in millionths.
    """

    task: str
    subtask: str | None
    seen: int
    runs: int
    failed: int
    skipped: int
    retried: int
    rolled_back: int
    run_us: Distribution
    wait_us: Distribution
    timeout: int | None
    used_ppm: Distribution


@dataclass(frozen=True, slots=True)
class Statistics:
    """What all documents say.

    Attributes
    ----------
    documents, rejects : int
        How many were looked at, and could not be read.
    responses : int
        Responses about tasks.
    tasks : int
        Distinct tasks; the latest response of each counts.
    kinds : tuple of KindStats
        By task, the task as a whole before its subtasks, those by name.
    """

    documents: int
    rejects: int
    responses: int
    tasks: int
    kinds: tuple[KindStats, ...]


@needs_extras
def statistics(
    store: RunStore, *, engine: Engine | None = None, limits: Limits | None = None
) -> Statistics:
    """Group all runs by kind: the same on every engine, since all numbers are whole.

    By default this process does it, in which DuckDB uses several threads; see `map_shares`.
    """
    kinds = map_shares(_group, store, engine, limits)
    kinds.sort(key=lambda kind: (kind.task, kind.subtask is not None, kind.subtask or ""))
    return Statistics(
        documents=store.count("documents"),
        rejects=store.count_rejects(),
        responses=store.count("tasks"),
        tasks=sum(kind.seen for kind in kinds if kind.subtask is None),
        kinds=tuple(kinds),
    )


@needs_extras
def task_names(store: RunStore, limits: Limits | None = None) -> frozenset[str]:
    """Give the names of all tasks that were collected.

    Raises ConfigError if nothing was collected.
    """
    with open_tables(store, limits) as connection:
        rows = connection.execute("SELECT DISTINCT name FROM tasks").fetchall()
    return frozenset(name for (name,) in rows)


def _group(connection: Connection, bucket: dict[str, int]) -> list[KindStats]:
    """Group the kinds of one bucket."""
    queries = (_TASKS, _SUBTASKS)
    return [
        _kind(row) for sql in queries for row in connection.execute(sql, bucket).fetchall()
    ]


def _kind(row: tuple[Any, ...]) -> KindStats:
    run, wait, timeout, used = row[8:]
    times = (_distribution(run), _distribution(wait), timeout, _distribution(used))
    return KindStats._make((*row[:8], *times))


def _distribution(summary: dict[str, Any]) -> Distribution:
    return Distribution(summary["size"], *(summary["values"] or ()))


def _summary(value: str, condition: str) -> str:
    known = f"FILTER ({condition} AND {value} IS NOT NULL)"
    return (
        f"{{'size': count(*) {known}, "
        f"'values': quantile_disc({value}, {list(SHARES)}) {known}}}"
    )


def _latest(value: str) -> str:
    """Give the latest known value; the greatest where several are as late."""
    return f"max({{'a': as_of, 'b': {value}}}) FILTER ({value} IS NOT NULL).b"


_TASKS = f"""
SELECT
    name, NULL, count(*),
    count(*) FILTER (ran_once AND span_us IS NOT NULL AND status = last_status),
    count(*) FILTER (last_status = 'FAILED'),
    count(*) FILTER (skipped > 0),
    count(*) FILTER (retried > 0 OR operation = 'RETRY'),
    count(*) FILTER (operation = 'ROLLBACK'),
    {_summary("span_us", "ran_once AND status = 'SUCCESSFUL' AND status = last_status")},
    {_summary("epoch_us(start_time) - epoch_us(create_time)", "start_time >= create_time")},
    NULL,
    {_summary("NULL::BIGINT", "false")}
FROM tasks JOIN current ON tasks.part = current.part AND tasks.row = current.task_row
WHERE {IN_BUCKET}
GROUP BY name
"""

_SUBTASKS = f"""
SELECT
    task, name, count(*),
    count(*) FILTER (span = '{SpanKind.ONE_RUN}'),
    count(*) FILTER (status = 'FAILED'),
    count(*) FILTER ({WAS_SKIPPED}),
    count(*) FILTER ({WAS_RETRIED}),
    count(*) FILTER (operation = 'ROLLBACK'),
    {_summary("span_us", HEALTHY)},
    {_summary("wait_us", "true")},
    {_latest("timeout")},
    {_summary("span_us // nullif(greatest(timeout, 0), 0)", HEALTHY)}
FROM (
    SELECT * FROM subtasks WHERE {IN_BUCKET}
) JOIN current USING (part, task_row)
GROUP BY task, name
"""
