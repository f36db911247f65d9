"""The search for what one run does that others hardly ever do."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph.history.anomaly import Anomaly, AnomalyKind, AnomalyOptions
from taskgraph.history.database import HEALTHY
from taskgraph.history.rows import SubtaskRow
from taskgraph.model import Id, Operation, Status, id_key
from taskgraph.model.engine import SECOND, SpanKind

if TYPE_CHECKING:
    import duckdb

__all__ = ["Search"]


class Search:
    """Looks for departures of the given rows.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With a table ``others`` of the subtasks of the other tasks.
    options : AnomalyOptions
    others : int
        How many tasks they are of.
    rows : list of (id, SubtaskRow)
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
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
        import pyarrow as pa

        fields = [("place", pa.int64()), ("name", pa.string()), ("other", pa.string())]
        fields.append(("value", pa.int64()))
        columns = zip(*rows, strict=True) if rows else [()] * len(fields)
        arrays = [pa.array(c, kind) for c, (_, kind) in zip(columns, fields, strict=True)]
        table = pa.Table.from_arrays(arrays, names=[name for name, _ in fields])
        self.connection.register("asked", table)

    def times(self) -> list[Anomaly]:
        """Find runs that took, and waits that lasted, longer or shorter than usual."""
        found = []
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
        tail = _tail(self.options.share, len(spans) + len(waits))
        for asked, query in ((spans, _SPANS), (waits, _WAITS)):
            self._register(asked)
            for row in self._ask(query, {"share": self.options.share, "tail": tail}):
                found += self._time(_Compared(*row), tail, is_wait=query is _WAITS)
        return found

    def _time(self, found: _Compared, tail: float, *, is_wait: bool) -> list[Anomaly]:
        options = self.options
        if found.others < options.least_runs:
            return []
        identifier, row = self.rows[found.place]
        least = options.least_seconds * SECOND
        kind = None
        alike = 0
        low, high = _bounds(found, self.options.share, tail)
        if (
            found.value > high
            and found.value >= found.usual * options.factor
            and found.value - found.usual >= least
        ):
            kind = AnomalyKind.WAITED if is_wait else AnomalyKind.SLOW
            alike = found.at_least
        elif (
            not is_wait
            and row.status == Status.SUCCESSFUL
            and found.value < low
            and found.value * options.factor <= found.usual
            and found.usual - found.value >= least
        ):
            kind, alike = AnomalyKind.FAST, found.at_most
        if kind is None:
            return []
        bound = found.low if kind is AnomalyKind.FAST else found.high
        return [
            Anomaly(
                kind,
                (identifier,),
                found.name,
                found.others,
                alike,
                value_us=found.value,
                usual_us=found.usual,
                high_us=bound,
                attempts=row.attempts,
                is_running=not is_wait and row.span == SpanKind.RUNNING,
            )
        ]

    def rates(self) -> list[Anomaly]:
        """Find what failed, was retried or skipped and otherwise hardly ever is."""
        counts = {row[0]: row[1:] for row in self._ask(_RATES)}
        found = []
        for identifier, row in self.rows:
            seen, failed, retried, skipped = counts.get(row.name, (0, 0, 0, 0))
            if seen < self.options.least_runs:
                continue
            skips = {Operation.SKIP, Operation.ROLLBACK_SKIP}
            is_retried = row.operation == Operation.RETRY or (row.attempts or 0) > 1
            for kind, applies, alike in (
                (AnomalyKind.FAILED, row.status == Status.FAILED, failed),
                (AnomalyKind.RETRIED, is_retried, retried),
                (AnomalyKind.SKIPPED, row.operation in skips, skipped),
            ):
                if applies and alike <= seen * self.options.rare:
                    found.append(
                        Anomaly(
                            kind,
                            (identifier,),
                            row.name,
                            seen,
                            alike,
                            attempts=row.attempts,
                        )
                    )
        return found

    def order(self) -> list[Anomaly]:
        """Find names whose first start comes before that of one that always was first.

        Only names that follow each other are compared, so that the work is linear.
        """
        firsts: dict[str, int] = {}
        ids: dict[str, list[Id]] = {}
        for identifier, row in self.rows:
            if row.offset_us is not None:
                firsts[row.name] = min(firsts.get(row.name, row.offset_us), row.offset_us)
                ids.setdefault(row.name, []).append(identifier)
        ordered = sorted(firsts, key=lambda name: (firsts[name], name))
        pairs = pairwise(ordered)
        self._register([(0, a, b, 0) for a, b in pairs if firsts[a] < firsts[b]])
        found = []
        for name, other, both, alike in self._ask(_ORDER):
            enough = both >= self.options.least_runs
            if enough and alike <= both * self.options.rare:
                found.append(
                    Anomaly(
                        AnomalyKind.OUT_OF_ORDER,
                        tuple(sorted(ids[name], key=id_key)),
                        name,
                        both,
                        alike,
                        other_name=other,
                    )
                )
        return found

    def structure(self) -> list[Anomaly]:
        """Find names that others do not have, and those that others have and this not."""
        held = dict(self._ask(_NAMES))
        ids: dict[str, list[Id]] = {}
        for identifier, row in self.rows:
            ids.setdefault(row.name, []).append(identifier)
        rare = self.others * self.options.rare
        found = [
            Anomaly(
                AnomalyKind.NEW,
                tuple(sorted(own, key=id_key)),
                name,
                self.others,
                held.get(name, 0),
            )
            for name, own in ids.items()
            if held.get(name, 0) <= rare
        ]
        return found + [
            Anomaly(AnomalyKind.MISSING, (), name, self.others, self.others - count)
            for name, count in held.items()
            if name not in ids and self.others - count <= rare
        ]


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


def _tail(share: float, comparisons: int) -> float:
    """Give how rare each of so many times must be, so that all together are as rare.

    Of several times the largest is high more often than each of them (Šidák, 1967).
    """
    return 1 - float(share ** (1 / max(comparisons, 1)))


def _bounds(found: _Compared, share: float, tail: float) -> tuple[float, float]:
    """Give the times below and above which hardly any healthy run is.

    Where there are enough others, they show such times. But few others show none that are
    so rare, and a slow one among many others is no measure: there the time that the share
    of them does not reach is carried on, as if the logarithms of the times had the tails
    of an exponential distribution, which are longer than those of most measured times.
    """
    shown = max(1 - share, 1 / (found.others + 1))
    steps = max(math.log(0.5 / tail) / math.log(0.5 / shown), 1.0)
    usual, low, high = (max(value, 1) for value in (found.usual, found.low, found.high))
    lowest, highest = usual * (low / usual) ** steps, usual * (high / usual) ** steps
    if found.others * tail >= 1:
        return max(lowest, found.lowest), min(highest, found.highest)
    return lowest, highest


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

_RATES = """
SELECT
    name, count(*),
    count(*) FILTER (status = 'FAILED'),
    count(*) FILTER (operation = 'RETRY' OR attempts > 1),
    count(*) FILTER (operation IN ('SKIP', 'ROLLBACK_SKIP'))
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
