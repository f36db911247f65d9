"""Where one run of a task departs from the others of its kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.errors import ConfigError
from taskgraph.history.database import (
    HEALTHY,
    WAS_RETRIED,
    WAS_SKIPPED,
    Limits,
    open_tables,
    register,
)
from taskgraph.history.defaults import LEAST_RUNS
from taskgraph.history.engines import needs_extras
from taskgraph.history.store import RunStore
from taskgraph.history.tables import SubtaskRow, since_epoch, subtask_rows
from taskgraph.model.engine import SECOND, SKIPS, SpanKind, was_retried
from taskgraph.model.task import Id, Status, Task, id_key

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_FARTHEST = 600.0
"""An exponent with which no floating point number overflows."""


class AnomalyKind(StrEnum):
    """How a subtask departs from its kind."""

    SLOW = "slow"
    FAST = "fast"
    WAITED = "waited long"
    FAILED = "failed"
    RETRIED = "retried"
    SKIPPED = "skipped"
    OUT_OF_ORDER = "out of order"
    NEW = "new"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class AnomalyOptions:
    """What counts as a departure.

    Attributes
    ----------
    share : float
        Of the runs like the others so many show no departure in their times, however
        many subtasks they have: each time is held against a bound that is the rarer.
    rare : float
        What at most so many of the others do is one.
    factor : float
        A time must besides be so many times the usual one (or a part of it as small).
    least_runs : int
        With fewer others nothing is said.
    least_seconds : int
        A time that differs by less is none, whatever the factor.
    """

    share: float = 0.99
    rare: float = 0.05
    factor: float = 2.0
    least_runs: int = LEAST_RUNS
    least_seconds: int = 2

    def __post_init__(self) -> None:
        if not 0.5 <= self.share < 1:
            raise ConfigError(f"the share must be from 0.5 to under 1, not {self.share}")
        if not 0 <= self.rare <= 0.5:
            raise ConfigError(f"rare must be from 0 to 0.5, not {self.rare}")
        if self.factor < 1 or self.least_runs < 1 or self.least_seconds < 0:
            raise ConfigError("the factor and the number of runs must be at least 1")


class Anomaly(NamedTuple):
    """One departure.

    Attributes
    ----------
    ids : tuple of ids
        The subtasks of this run that depart; empty for what is missing.
    name : str
        Of the subtask.
    value_us : int or None
        The time in question, where it is about one.
    usual_us, high_us : int or None
        What half of the others, and the `share` of them, do not exceed.
    others : int
        How many others there are: runs of subtasks of its name, and of the task where it
        is new, missing or out of order.
    alike : int
        How many of them do as this run does, or worse.
    attempts : int or None
        How often it was started.
    other_name : str
        For what is out of order, the subtask that otherwise comes first.
    is_running : bool
        It is not over, so that the time goes on.
    """

    kind: AnomalyKind
    ids: tuple[Id, ...]
    name: str
    others: int
    alike: int
    value_us: int | None = None
    usual_us: int | None = None
    high_us: int | None = None
    attempts: int | None = None
    other_name: str = ""
    is_running: bool = False


class _Compared(NamedTuple):
    """A time beside those of the others of its name."""

    place: int
    name: str
    value: int
    others: int
    low: int
    usual: int
    high: int
    lowest: int
    highest: int
    at_most: int
    at_least: int


def _tail_of(share: float, comparisons: int) -> float:
    """Give how rare each of so many times must be, so that all together are as rare.

    Of several times the largest is high more often than each of them (Šidák, 1967).
    """
    return 1 - float(share ** (1 / max(comparisons, 1)))


def _bounds(time: _Compared, share: float, tail: float) -> tuple[float, float]:
    """Give the times below and above which hardly any healthy run is.

    Where there are enough others, they show such times. But few others show none that are
    so rare, and a slow one among many others is no measure: there the time that the share
    of them does not reach is carried on, as if the logarithms of the times had the tails
    of an exponential distribution, which are longer than those of most measured times.
    """
    shown = max(1 - share, 1 / (time.others + 1))
    if shown == 0.5:  # one other run shows no tail
        return time.usual, time.usual
    steps = max(math.log(0.5 / tail) / math.log(0.5 / shown), 1.0)
    usual, low, high = (max(value, 1) for value in (time.usual, time.low, time.high))
    lowest, highest = (
        usual * math.exp(min(steps * math.log(bound / usual), _FARTHEST))
        for bound in (low, high)
    )
    if time.others * tail >= 1:
        return max(lowest, time.lowest), min(highest, time.highest)
    return lowest, highest


_ASKED = {"place": "int64", "name": "string", "other": "string", "value": "int64"}


class _Search:
    """Looks for departures of the given rows from those of so many other tasks.

    The database has a table ``others`` of the subtasks of those.
    """

    def __init__(
        self,
        connection: Connection,
        options: AnomalyOptions,
        others: int,
        rows: list[tuple[Id, SubtaskRow]],
    ) -> None:
        self.connection = connection
        self.options = options
        self.others = others
        self.rows = rows

    def _ask(self, query: str, values: dict[str, object] | None = None) -> list[Any]:
        return self.connection.execute(query, values or {}).fetchall()

    def _register(self, rows: list[tuple[object, ...]]) -> None:
        """Give the database rows of (place, name, text or number)."""
        register(self.connection, "asked", _ASKED, rows)

    def times(self) -> Iterator[Anomaly]:
        """Find runs that took, and waits that lasted, longer or shorter than usual."""
        one_run = (SpanKind.ONE_RUN, SpanKind.RUNNING)
        spans: list[tuple[object, ...]] = [
            (place, row.name, "", row.span_us)
            for place, (_, row) in enumerate(self.rows)
            if row.span in one_run and row.span_us is not None
        ]
        waits: list[tuple[object, ...]] = [
            (place, row.name, "", row.wait_us)
            for place, (_, row) in enumerate(self.rows)
            if row.wait_us is not None
        ]
        share = self.options.share
        tail = _tail_of(share, len(spans) + len(waits))
        for asked, query in ((spans, _SPANS), (waits, _WAITS)):
            self._register(asked)
            for row in self._ask(query, {"share": share, "tail": tail}):
                yield from self._time(_Compared(*row), tail, is_wait=query is _WAITS)

    def _time(self, time: _Compared, tail: float, *, is_wait: bool) -> Iterator[Anomaly]:
        options, value, usual = self.options, time.value, time.usual
        identifier, row = self.rows[time.place]
        low, high = _bounds(time, options.share, tail)
        is_slow = value > high and value >= usual * options.factor
        is_fast = value < low and value * options.factor <= usual
        if is_wait or row.status != Status.SUCCESSFUL:
            is_fast = False
        is_far = abs(value - usual) >= options.least_seconds * SECOND
        if time.others < options.least_runs or not (is_far and (is_slow or is_fast)):
            return
        kind, alike, bound = AnomalyKind.SLOW, time.at_least, time.high
        if not is_slow:
            kind, alike, bound = AnomalyKind.FAST, time.at_most, time.low
        elif is_wait:
            kind = AnomalyKind.WAITED
        yield Anomaly(
            kind,
            (identifier,),
            time.name,
            time.others,
            alike,
            value_us=value,
            usual_us=usual,
            high_us=bound,
            attempts=row.attempts,
            is_running=not is_wait and row.span == SpanKind.RUNNING,
        )

    def rates(self) -> Iterator[Anomaly]:
        """Find what failed, was retried or skipped and otherwise hardly ever is."""
        counts = {row[0]: row[1:] for row in self._ask(_RATES)}
        for identifier, row in self.rows:
            seen, failed, retried, skipped = counts.get(row.name, (0, 0, 0, 0))
            if seen < self.options.least_runs:
                continue
            for kind, applies, alike in (
                (AnomalyKind.FAILED, row.status == Status.FAILED, failed),
                (AnomalyKind.RETRIED, was_retried(row), retried),
                (AnomalyKind.SKIPPED, row.operation in SKIPS, skipped),
            ):
                if applies and alike <= seen * self.options.rare:
                    facts = (kind, (identifier,), row.name, seen, alike)
                    yield Anomaly(*facts, attempts=row.attempts)

    def order(self) -> Iterator[Anomaly]:
        """Find names whose first start comes before that of one that always was first.

        Only names that follow each other are compared, so that the work is linear.
        """
        firsts: dict[str, int] = {}
        ids: dict[str, list[Id]] = {}
        for identifier, row in self.rows:
            if row.offset_us is not None:
                firsts[row.name] = min(firsts.get(row.name, row.offset_us), row.offset_us)
                ids.setdefault(row.name, []).append(identifier)
        pairs = pairwise(sorted(firsts, key=lambda name: (firsts[name], name)))
        self._register([(0, a, b, 0) for a, b in pairs if firsts[a] < firsts[b]])
        for name, other, both, alike in self._ask(_ORDER):
            enough = both >= self.options.least_runs
            if enough and alike <= both * self.options.rare:
                own = tuple(sorted(ids[name], key=id_key))
                facts = (AnomalyKind.OUT_OF_ORDER, own, name, both, alike)
                yield Anomaly(*facts, other_name=other)

    def structure(self) -> Iterator[Anomaly]:
        """Find names that others do not have, and those that others have and this not."""
        held = dict(self._ask(_NAMES))
        ids: dict[str, list[Id]] = {}
        for identifier, row in self.rows:
            ids.setdefault(row.name, []).append(identifier)
        others, rare = self.others, self.others * self.options.rare
        for name, own in ids.items():
            count = held.get(name, 0)
            if count <= rare:
                these = tuple(sorted(own, key=id_key))
                yield Anomaly(AnomalyKind.NEW, these, name, others, count)
        for name, count in held.items():
            if name not in ids and others - count <= rare:
                yield Anomaly(AnomalyKind.MISSING, (), name, others, others - count)


_COMPARED = """
SELECT
    place, asked.name, asked.value, count(*),
    quantile_disc(others.{value}, 1 - $share::DOUBLE),
    quantile_disc(others.{value}, 0.5),
    quantile_disc(others.{value}, $share::DOUBLE),
    quantile_disc(others.{value}, $tail::DOUBLE),
    quantile_disc(others.{value}, 1 - $tail::DOUBLE),
    count(*) FILTER (others.{value} <= asked.value),
    count(*) FILTER (others.{value} >= asked.value)
FROM asked JOIN others USING (name)
WHERE {condition} AND others.{value} IS NOT NULL
GROUP BY place, asked.name, asked.value
"""
_SPANS = _COMPARED.format(value="span_us", condition=HEALTHY)
_WAITS = _COMPARED.format(value="wait_us", condition="true")

_RATES = f"""
SELECT
    name, count(*),
    count(*) FILTER (status = 'FAILED'),
    count(*) FILTER ({WAS_RETRIED}),
    count(*) FILTER ({WAS_SKIPPED})
FROM others GROUP BY name
"""

# How many of the tasks that started both started them in this order.
_ORDER = """
WITH firsts AS (
    SELECT part, task_row, name, min(offset_us) AS first
    FROM others SEMI JOIN (
        SELECT name FROM asked UNION SELECT other FROM asked
    ) USING (name)
    WHERE offset_us IS NOT NULL GROUP BY ALL
)
SELECT asked.name, asked.other, count(*), count(*) FILTER (a.first <= b.first)
FROM asked
JOIN firsts AS a ON a.name = asked.name
JOIN firsts AS b ON b.name = asked.other AND a.part = b.part AND a.task_row = b.task_row
GROUP BY ALL
"""

_NAMES = """
SELECT name, count(DISTINCT (part, task_row)) FROM others GROUP BY name
"""


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What is unusual about one run.

    Attributes
    ----------
    task : Task
        The run; two are equal by what was found alone.
    others : int
        Other runs of the same kind of task.
    """

    task: Task = field(compare=False, repr=False)
    others: int
    options: AnomalyOptions
    found: tuple[Anomaly, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are enough others to say anything."""
        return self.others >= self.options.least_runs


@needs_extras
def find_anomalies(
    analysis: Analysis,
    store: RunStore,
    options: AnomalyOptions | None = None,
    *,
    limits: Limits | None = None,
) -> Anomalies:
    """Compare one run with all others of the same kind of task.

    The run itself is left out where it was collected.

    Raises ConfigError if nothing was collected there.
    """
    options = options or AnomalyOptions()
    task = analysis.task
    rows = list(zip(analysis.graph.ids, subtask_rows(analysis, (0, 0)), strict=True))
    if task.origin.redacted:
        rows = [(i, row._replace(name=task.unredacted(row.name))) for i, row in rows]
    with open_tables(store, limits) as connection:
        others = _select_others(connection, task)
        if others < options.least_runs:
            return Anomalies(task, others, options, ())
        search = _Search(connection, options, others, rows)
        departures = [
            *search.times(),
            *search.rates(),
            *search.order(),
            *search.structure(),
        ]
    departures.sort(key=_sort_key)
    if task.origin.redacted is not None:
        departures = list(_redacted(departures, task))
    return Anomalies(task, others, options, tuple(departures))


def _redacted(found: Iterable[Anomaly], task: Task) -> Iterator[Anomaly]:
    """Name subtasks as they are shown; what is missing has no name there."""
    from taskgraph.privacy.redaction import redact_text

    shown = {task.unredacted(name): name for name in {*task.column("name")}}
    for one in found:
        name, other = (
            shown[name] if name in shown else redact_text(name)
            for name in (one.name, one.other_name)
        )
        yield one._replace(name=name, other_name=other)


def _sort_key(anomaly: Anomaly) -> tuple[object, ...]:
    kinds = list(AnomalyKind)
    first = tuple(map(id_key, anomaly.ids))
    return kinds.index(anomaly.kind), first, anomaly.name, anomaly.other_name


def _select_others(connection: Connection, task: Task) -> int:
    """Make the table of the subtasks of all other tasks of the kind."""
    start = task.start_time and since_epoch(task.start_time)
    own = None if task.id is None else str(task.unredacted(task.id))
    kind = task.unredacted(task.name)
    connection.execute(_OTHER_TASKS, {"task": kind, "id": own, "start": start})
    connection.execute(_OTHERS)
    query = "SELECT count(*) FROM other_tasks"
    count: int = connection.execute(query).fetchall()[0][0]
    return count


_OTHER_TASKS = """
CREATE OR REPLACE TABLE other_tasks AS
SELECT tasks.part, tasks.row AS task_row
FROM tasks JOIN current ON tasks.part = current.part AND tasks.row = current.task_row
WHERE name = $task AND is_detailed
    AND NOT (
        task_id IS NOT DISTINCT FROM $id::TEXT
        AND coalesce(epoch_us(start_time) = $start::BIGINT, true)
    )
"""

_OTHERS = """
CREATE OR REPLACE TABLE others AS
SELECT subtasks.* FROM subtasks SEMI JOIN other_tasks USING (part, task_row)
"""
