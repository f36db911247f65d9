"""The measured outcomes of the subtasks of one task, to draw from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from taskgraph.graph import TaskGraph
from taskgraph.history.database import Limits, open_database, read_tables
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SECOND, SpanKind

if TYPE_CHECKING:
    import duckdb
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

__all__ = ["MOST_OUTCOMES", "Basis", "Pool", "read_pools"]

MOST_OUTCOMES = 100_000
"""Outcomes of one name that are taken: the latest ones."""


class Basis(StrEnum):
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
    """What happened to the subtasks of one name.

    Attributes
    ----------
    basis : Basis
    spans : array of int64
        Microseconds from the first start to the last end, ascending.
    succeeded : array of bool
        Whether its work was done in the end, for each span.
    single : array of bool
        Whether the span is one run; else it has several attempts, as the engine or an
        operator made them, and what lies between.
    waits : array of int64
        Microseconds from the end of the last upstream to the start, ascending.
    cut : array of bool or None
        Whether the run failed at its timeout, so that it would have taken longer;
        ``None`` is nowhere.
    """

    basis: Basis
    spans: Times
    succeeded: Flags
    single: Flags
    waits: Times
    cut: Flags | None = None


def read_pools(
    store: RunStore, graph: TaskGraph, limits: Limits | None = None
) -> dict[str, Pool]:
    """Give the outcomes for each name of a subtask that has any.

    The outcomes in tasks of the same kind count; where there are none, those of all
    kinds. What was skipped had failed. What was cancelled or rolled back says nothing.

    Parameters
    ----------
    store : RunStore
    graph : TaskGraph
    limits : Limits, optional
    """
    names = sorted({subtask.name for subtask in graph.subtasks})
    with open_database(limits or Limits(), store) as connection:
        read_tables(connection, store)
        _register(connection, names)
        connection.execute(_OUTCOMES, {"task": graph.task.name, "most": MOST_OUTCOMES})
        spans = connection.execute(_SPANS).fetchnumpy()
        waits = connection.execute(_WAITS).fetchnumpy()
    return _split(names, spans, waits)


def _register(connection: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    import pyarrow as pa

    table = pa.table({"number": range(len(names)), "name": pa.array(names, pa.string())})
    connection.register("wanted", table)


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
            basis=Basis.OWN if spans["own"][part.start] else Basis.OTHERS,
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
