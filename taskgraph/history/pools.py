"""What the outcomes of the subtasks of one task are drawn from.

A pool is what past runs tell of one name, a prospect what of it may lie ahead of one node.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.database import Limits, open_tables, register
from taskgraph.history.store import RunStore
from taskgraph.history.tables import released
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    SpanKind,
    holds_slot,
    is_in_flight,
    ran_once,
    timeout_seconds,
)
from taskgraph.model.task import Status, Subtask

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

MOST_OUTCOMES = 100_000
"""Outcomes of one name that are taken: the latest ones."""
MOST_RUNS = 5_000
"""Runs of this kind of task that are taken: the latest ones."""
_ENDLESS = 10**15  # thirty years in microseconds; of so many there are few on a path


class OutcomeBasis(StrEnum):
    """Where the times of a subtask come from."""

    OWN = "runs in this kind of task"
    OTHERS = "runs in other kinds of tasks"
    TIMEOUT = "no runs: its whole timeout"
    NOTHING = "no runs and no timeout: counted as 0"
    DONE = "it is done"
    REST = "no run as long: the rest of its timeout"


_MEASURED = frozenset({OutcomeBasis.OWN, OutcomeBasis.OTHERS})
_GUESSED = frozenset({OutcomeBasis.NOTHING, OutcomeBasis.REST})


class MeasuredTimes(NamedTuple):
    """Measured times in microseconds, and which run of a task each is from."""

    values: Times
    runs: Times | None = None
    """The number of the run, from 0; ``None`` where each is from a run of its own, of which
    nothing else is known.
    """
    places: Times | None = None
    """Which of the subtasks of that name in its run it is, from 0: see `places_of`."""

    def only(self, chosen: Flags) -> MeasuredTimes:
        """Give some of them."""
        runs, places = (one if one is None else one[chosen] for one in self[1:])
        return MeasuredTimes(self.values[chosen], runs, places)

    def less(self, elapsed: int) -> MeasuredTimes:
        """Give what is left of those that are longer than a time."""
        longer = self.only(self.values > elapsed)
        return longer._replace(values=longer.values - elapsed)

    def count_runs(self) -> int:
        """Count the runs that they are from."""
        import numpy as np

        if self.runs is None:
            return len(self.values)
        return int(np.count_nonzero(np.bincount(self.runs)))

    def by_run(self, place: int, size: int) -> Times | None:
        """Give for so many runs where the time of a place stands; -1 is nowhere.

        ``None`` where nothing is known of the runs.
        """
        import numpy as np

        if self.runs is None or self.places is None:
            return None
        (at,) = np.nonzero(self.places == place)
        positions = np.full(size, -1, np.int64)
        positions[self.runs[at]] = at
        return positions


@dataclass(frozen=True, slots=True)
class Pool:
    """What happened to the subtasks of one name."""

    basis: OutcomeBasis
    spans: MeasuredTimes
    """From the first start to the last end, ascending."""
    succeeded: Flags
    """Whether its work was done in the end, for each span."""
    single: Flags
    """Whether the span is one run; else it has several attempts, as the engine or an
    operator made them, and what lies between.
    """
    waits: MeasuredTimes
    """From the end of the last upstream to the start, ascending."""
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
    names = sorted({subtask.name for subtask in graph.unredacted})
    task = graph.task.unredacted(graph.task.name)
    with open_tables(store, limits) as connection:
        types = {"number": "int64", "name": "string"}
        register(connection, "wanted", types, list(enumerate(names)))
        bounds = {"runs": MOST_RUNS, "most": MOST_OUTCOMES}
        connection.execute(_OUTCOMES, {"task": task} | bounds)
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
        succeeded, single, cut = (np.asarray(spans[key][part], np.bool_) for key in _FLAGS)
        pools[name] = Pool(
            basis=OutcomeBasis.OWN if spans["own"][part.start] else OutcomeBasis.OTHERS,
            spans=_column(spans, "span_us", part),
            succeeded=succeeded,
            single=single,
            waits=_column(waits, "wait_us", slice(*wait_cuts[number : number + 2])),
            cut=cut,
        )
    return pools


def _column(table: dict[str, Any], values: str, part: slice) -> MeasuredTimes:
    import numpy as np

    return MeasuredTimes(
        *(np.asarray(table[k][part], np.int64) for k in (values, "run", "place"))
    )


class Prospect(NamedTuple):
    """What one subtask is drawn from."""

    pool: Pool
    limit: int
    """Microseconds after which a run is ended; 0 is no limit."""
    attempts: int = 1
    """How often it may be started from now on."""
    place: int = 0
    """Which of the subtasks of its name it is: see `places_of`."""
    is_running: bool = False
    """Whether its pool is of those that took longer than it has run by now."""

    @property
    def runs(self) -> int:
        """How many runs of the past it is drawn from."""
        return self.pool.spans.count_runs() if self.pool.basis in _MEASURED else 0

    @property
    def redrawn(self) -> Flags:
        """Which outcomes were cut at a timeout that is shorter than the present one."""
        import numpy as np

        pool, limit = self.pool, self.limit
        if pool.cut is None:
            return np.zeros(len(pool.spans.values), np.bool_)
        is_redrawn: Flags = pool.cut & ((pool.spans.values < limit) if limit else True)
        return is_redrawn

    @property
    def is_least(self) -> bool:
        """Whether it counts as taking no time for want of runs and of a timeout."""
        return self.pool.basis in _GUESSED and not self.limit


def places_of(graph: TaskGraph) -> list[int]:
    """Give each its number among those of its name: parts by their index, then in order."""
    subtasks = graph.subtasks
    index = [-1 if one.parallel_index is None else one.parallel_index for one in subtasks]
    places, seen = [0] * len(graph), Counter[str]()
    for node in sorted(graph.order, key=index.__getitem__):
        places[node] = seen[subtasks[node].name]
        seen[subtasks[node].name] += 1
    return places


def look_ahead(
    analysis: Analysis, pools: dict[str, Pool], as_of: datetime | None, slots: int = 0
) -> list[Prospect]:
    """Give for each node what to draw from; a name without a pool takes its whole timeout.

    `as_of` is the moment of a document of a task that goes on by itself: what is done takes
    no time, and what runs, or waits, for some time is drawn from the outcomes that took
    longer. ``None`` is the whole task, from its start. Where others hold all of
    the `slots`, these explain a wait.
    """
    graph, assumed = analysis.graph, analysis.assumed_timeout or 0
    rows = zip(graph.unredacted, analysis.own_attempts, places_of(graph), strict=True)
    whole = [
        _whole(subtask, pools, assumed)._replace(attempts=count, place=place)
        for subtask, count, place in rows
    ]
    if as_of is None:
        return whole
    taken = sum(map(holds_slot, graph.subtasks))
    return [
        _rest(graph, node, one, as_of, is_full=0 < slots <= taken - holds_slot(subtask))
        for node, (subtask, one) in enumerate(zip(graph.subtasks, whole, strict=True))
    ]


def _whole(subtask: Subtask, pools: dict[str, Pool], assumed: int) -> Prospect:
    limit = min((timeout_seconds(subtask) or assumed) * SECOND, _ENDLESS)
    fixed = _fixed(limit, OutcomeBasis.TIMEOUT if limit else OutcomeBasis.NOTHING)
    return Prospect(pools.get(subtask.name, fixed), limit)


def _rest(
    graph: TaskGraph, node: int, whole: Prospect, as_of: datetime, *, is_full: bool
) -> Prospect:
    subtask, pool = graph.subtasks[node], whole.pool
    if subtask.status == Status.SUCCESSFUL:
        return Prospect(_fixed(0, OutcomeBasis.DONE), 0)
    if not is_in_flight(subtask):
        return whole._replace(
            pool=replace(pool, waits=_waits_left(graph, node, pool, as_of, is_full=is_full))
        )
    whole = whole._replace(attempts=whole.attempts - (subtask.attempts or 1) + 1)
    pool = replace(pool, waits=MeasuredTimes(pool.waits.values[:0]))
    if not ran_once(subtask) or subtask.start_time is None:  # since when is not known
        return whole._replace(pool=pool)
    elapsed = max((as_of - subtask.start_time) // MICROSECOND, 0)
    limit = max(whole.limit - elapsed, 1) if whole.limit else 0
    longer = pool.spans.values > elapsed
    if pool.basis not in _MEASURED or not longer.any():
        rest = _fixed(limit if whole.limit else 0, OutcomeBasis.REST)
        return whole._replace(pool=rest, limit=limit)
    pool = replace(
        pool,
        spans=pool.spans.less(elapsed),
        succeeded=pool.succeeded[longer],
        single=pool.single[longer],
        cut=None if pool.cut is None else pool.cut[longer],
    )
    return whole._replace(pool=pool, limit=limit, is_running=True)


def _waits_left(
    graph: TaskGraph, node: int, pool: Pool, as_of: datetime, *, is_full: bool
) -> MeasuredTimes:
    """Give how long it waits yet; what waits longer than ever may wait as long again.

    While all slots are taken, that it waits says nothing of how long it waits otherwise.
    """
    release = released(graph, node)
    if release is None:
        return pool.waits
    elapsed = max((as_of - release) // MICROSECOND, 0)
    if is_full:
        return pool.waits._replace(values=(pool.waits.values - elapsed).clip(0))
    left = pool.waits.less(elapsed)
    return left if len(left.values) else pool.waits


def _fixed(span: int, basis: OutcomeBasis) -> Pool:
    import numpy as np

    return Pool(
        basis=basis,
        spans=MeasuredTimes(np.array([span], np.int64)),
        succeeded=np.array([True]),
        single=np.array([True]),
        waits=MeasuredTimes(np.array([], np.int64)),
    )


_FLAGS = ("succeeded", "single", "cut")

# The runs are numbered from the latest on, by what does not depend on how they were
# collected. A subtask keeps its place among those of its name whatever became of it.
_OUTCOMES = f"""
CREATE OR REPLACE TABLE outcomes AS
WITH runs AS (
    SELECT part, task_row, task = $task AS own, row_number() OVER (
        PARTITION BY task = $task ORDER BY as_of DESC NULLS LAST, digest, place
    ) - 1 AS run
    FROM current
), placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY part, task_row, name
        ORDER BY coalesce(parallel_index, -1), start_time NULLS LAST, subtask_id
    ) - 1 AS place
    FROM subtasks SEMI JOIN wanted USING (name)
)
SELECT
    number, own, run, place, span_us, wait_us,
    status = 'SUCCESSFUL' AND operation <> 'SKIP' AS succeeded,
    span = '{SpanKind.ONE_RUN}' AS single,
    coalesce(
        single AND status = 'FAILED' AND timeout > 0 AND span_us // {SECOND} >= timeout,
        false
    ) AS cut
FROM placed JOIN wanted USING (name) JOIN runs USING (part, task_row)
WHERE status IN ('SUCCESSFUL', 'FAILED') AND operation IN ('EXECUTE', 'RETRY', 'SKIP')
    AND span IN ('{SpanKind.ONE_RUN}', '{SpanKind.SEVERAL_RUNS}') AND span_us IS NOT NULL
    AND (run < $runs OR NOT own)
QUALIFY (own OR NOT bool_or(own) OVER (PARTITION BY number))
    AND row_number() OVER (PARTITION BY number, own ORDER BY run, place) <= $most
"""

_SPANS = """
SELECT number, own, span_us, succeeded, single, cut, run, place FROM outcomes
ORDER BY number, span_us, run, place
"""

_WAITS = """
SELECT number, wait_us, run, place FROM outcomes WHERE wait_us IS NOT NULL
ORDER BY number, wait_us, run, place
"""
