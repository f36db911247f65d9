"""What to draw the outcomes of the subtasks of one task from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.database import Limits, open_tables, register
from taskgraph.history.store import RunStore
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    SpanKind,
    is_in_flight,
    is_rolling_back,
    ran_once,
    timeout_seconds,
)
from taskgraph.model.task import Subtask, Task
from taskgraph.model.vocabulary import Status

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

__all__ = [
    "MOST_OUTCOMES",
    "OutcomeBasis",
    "Pool",
    "Prospect",
    "is_under_way",
    "look_ahead",
    "read_pools",
]

MOST_OUTCOMES = 100_000
"""Outcomes of one name that are taken: the latest ones."""


class OutcomeBasis(StrEnum):
    """Where the times of a subtask come from."""

    OWN = "runs in this kind of task"
    OTHERS = "runs in other kinds of tasks"
    TIMEOUT = "no runs: its whole timeout"
    NOTHING = "no runs and no timeout: counted as 0"
    DONE = "it is done"
    FAILED = "it has failed"
    REST = "no run as long: the rest of its timeout"


@dataclass(frozen=True, slots=True)
class Pool:
    """What happened to the subtasks of one name."""

    basis: OutcomeBasis
    spans: Times
    """Microseconds from the first start to the last end, ascending."""
    succeeded: Flags
    """Whether its work was done in the end, for each span."""
    single: Flags
    """Whether the span is one run; else it has several attempts, as the engine or an
    operator made them, and what lies between.
    """
    waits: Times
    """Microseconds from the end of the last upstream to the start, ascending."""
    cut: Flags | None = None
    """Whether the run failed at its timeout, so that it would have taken longer; ``None``
    is nowhere.
    """


def read_pools(
    store: RunStore, graph: TaskGraph, limits: Limits | None = None
) -> dict[str, Pool]:
    """Give the outcomes for each name of a subtask that has any.

    The outcomes in tasks of the same kind count; where there are none, those of all
    kinds. What was skipped had failed. What was cancelled or rolled back says nothing.
    """
    names = sorted({subtask.name for subtask in graph.subtasks})
    with open_tables(store, limits) as connection:
        types = {"number": "int64", "name": "string"}
        register(connection, "wanted", types, list(enumerate(names)))
        connection.execute(_OUTCOMES, {"task": graph.task.name, "most": MOST_OUTCOMES})
        spans = connection.execute(_SPANS).fetchnumpy()
        waits = connection.execute(_WAITS).fetchnumpy()
    return _split(names, spans, waits)


def _split(
    names: list[str], spans: dict[str, Any], waits: dict[str, Any]
) -> dict[str, Pool]:
    """Cut the columns, which are sorted by name, into pools."""
    import numpy as np

    numbers = np.arange(len(names) + 1)
    cuts = np.searchsorted(np.asarray(spans["number"]), numbers)
    wait_cuts = np.searchsorted(np.asarray(waits["number"]), numbers)
    pools = {}
    for number, name in enumerate(names):
        part = slice(cuts[number], cuts[number + 1])
        if part.start == part.stop:
            continue
        wait_part = slice(wait_cuts[number], wait_cuts[number + 1])
        pools[name] = Pool(
            basis=OutcomeBasis.OWN if spans["own"][part.start] else OutcomeBasis.OTHERS,
            spans=np.asarray(spans["span_us"][part], np.int64),
            succeeded=np.asarray(spans["succeeded"][part], np.bool_),
            single=np.asarray(spans["single"][part], np.bool_),
            waits=np.asarray(waits["wait_us"][wait_part], np.int64),
            cut=np.asarray(spans["cut"][part], np.bool_),
        )
    return pools


_OUTCOMES = f"""
CREATE TABLE outcomes AS
SELECT
    number, task = $task AS own, span_us, wait_us,
    status = 'SUCCESSFUL' AND operation <> 'SKIP' AS succeeded,
    span = '{SpanKind.ONE_RUN}' AS single,
    coalesce(
        single AND status = 'FAILED' AND timeout > 0 AND span_us // {SECOND} >= timeout,
        false
    ) AS cut
FROM subtasks JOIN wanted USING (name) JOIN current USING (part, task_row)
WHERE status IN ('SUCCESSFUL', 'FAILED') AND operation IN ('EXECUTE', 'RETRY', 'SKIP')
    AND span IN ('{SpanKind.ONE_RUN}', '{SpanKind.SEVERAL_RUNS}') AND span_us IS NOT NULL
QUALIFY (own OR NOT bool_or(own) OVER (PARTITION BY number))
    AND row_number() OVER (
        PARTITION BY number, own
        ORDER BY as_of DESC NULLS LAST, start_time DESC, span_us, succeeded, wait_us, cut
    ) <= $most
"""

_SPANS = """
SELECT number, own, span_us, succeeded, single, cut FROM outcomes
ORDER BY number, span_us, succeeded, single, cut
"""

_WAITS = """
SELECT number, wait_us FROM outcomes WHERE wait_us IS NOT NULL
ORDER BY number, wait_us
"""


_ENDLESS = 10**15  # thirty years in microseconds; of so many there are few on a path
_OVER = frozenset({Status.FAILED, Status.CANCELING})


class Prospect(NamedTuple):
    """What one subtask is drawn from."""

    pool: Pool
    limit: int
    """Microseconds after which a run is ended; 0 is no limit."""
    attempts: int = 1
    """How often it may be started from now on."""


def is_under_way(task: Task) -> bool:
    """Tell whether a task runs forward, so that what it has done is done."""
    return task.status == Status.RUNNING and not is_rolling_back(task)


def look_ahead(
    analysis: Analysis, pools: dict[str, Pool], as_of: datetime | None
) -> list[Prospect]:
    """Give for each node what to draw from; a name without a pool takes its whole timeout.

    `as_of` is the moment of the document, from which on a task under way is drawn: what is
    done takes no time, what has failed fails, and what runs for some time is drawn from the
    outcomes that took longer. ``None`` is the whole task, from its start.
    """
    subtasks, assumed = analysis.graph.subtasks, analysis.settings.assume_timeout or 0
    pairs = zip(subtasks, analysis.attempts, strict=True)
    whole = [_whole(subtask, count, assumed, pools) for subtask, count in pairs]
    if as_of is None or not is_under_way(analysis.task):
        return whole
    return [_rest(*pair, as_of) for pair in zip(subtasks, whole, strict=True)]


def _whole(
    subtask: Subtask, attempts: int, assumed: int, pools: dict[str, Pool]
) -> Prospect:
    limit = min((timeout_seconds(subtask) or assumed) * SECOND, _ENDLESS)
    fixed = _fixed(limit, OutcomeBasis.TIMEOUT if limit else OutcomeBasis.NOTHING)
    return Prospect(pools.get(subtask.name, fixed), limit, attempts)


def _rest(subtask: Subtask, whole: Prospect, as_of: datetime) -> Prospect:
    if subtask.status == Status.SUCCESSFUL:
        return Prospect(_fixed(0, OutcomeBasis.DONE), 0)
    if subtask.status in _OVER:
        return Prospect(_fixed(0, OutcomeBasis.FAILED, succeeded=False), 0)
    if not is_in_flight(subtask):
        return whole
    attempts = whole.attempts - (subtask.attempts or 1) + 1
    if not ran_once(subtask) or subtask.start_time is None:  # since when is not known
        return Prospect(_without_wait(whole.pool), whole.limit, attempts)
    elapsed = max((as_of - subtask.start_time) // MICROSECOND, 0)
    limit = max(whole.limit - elapsed, 1) if whole.limit else 0
    pool = whole.pool
    longer = pool.spans > elapsed
    if pool.basis not in {OutcomeBasis.OWN, OutcomeBasis.OTHERS} or not longer.any():
        rest = _fixed(limit if whole.limit else 0, OutcomeBasis.REST)
        return Prospect(rest, limit, attempts)
    pool = replace(
        _without_wait(pool),
        spans=pool.spans[longer] - elapsed,
        succeeded=pool.succeeded[longer],
        single=pool.single[longer],
        cut=None if pool.cut is None else pool.cut[longer],
    )
    return Prospect(pool, limit, attempts)


def _without_wait(pool: Pool) -> Pool:
    return replace(pool, waits=pool.waits[:0])


def _fixed(span: int, basis: OutcomeBasis, *, succeeded: bool = True) -> Pool:
    import numpy as np

    return Pool(
        basis=basis,
        spans=np.array([span], np.int64),
        succeeded=np.array([succeeded]),
        single=np.array([True]),
        waits=np.array([], np.int64),
    )
