"""What to draw the outcomes of the subtasks of one task from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.database import Limits, open_tables, register
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SECOND, SpanKind

if TYPE_CHECKING:
    import numpy

    Times: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
    Flags: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.bool_]]

__all__ = [
    "MOST_OUTCOMES",
    "MOST_RUNS",
    "Column",
    "OutcomeBasis",
    "Pool",
    "read_pools",
]

MOST_OUTCOMES = 100_000
"""Outcomes of one name that are taken: the latest ones."""
MOST_RUNS = 5_000
"""Runs of this kind of task that are taken: the latest ones."""


class OutcomeBasis(StrEnum):
    """Where the times of a subtask come from."""

    OWN = "runs in this kind of task"
    OTHERS = "runs in other kinds of tasks"
    TIMEOUT = "no runs: its whole timeout"
    NOTHING = "no runs and no timeout: counted as 0"
    DONE = "it is done"
    FAILED = "it has failed"
    REST = "no run as long: the rest of its timeout"


class Column(NamedTuple):
    """Measured times in microseconds, and which run of a task each is from."""

    values: Times
    runs: Times | None = None
    """The number of the run, from 0; ``None`` where each is from a run of its own, of which
    nothing else is known.
    """
    places: Times | None = None
    """Which of the subtasks of that name in its run it is, from 0: see `prospects`."""

    def only(self, chosen: Flags) -> Column:
        """Give some of them."""
        runs, places = (one if one is None else one[chosen] for one in self[1:])
        return Column(self.values[chosen], runs, places)

    def less(self, elapsed: int) -> Column:
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
    spans: Column
    """From the first start to the last end, ascending."""
    succeeded: Flags
    """Whether its work was done in the end, for each span."""
    single: Flags
    """Whether the span is one run; else it has several attempts, as the engine or an
    operator made them, and what lies between.
    """
    waits: Column
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
    names = sorted({subtask.name for subtask in graph.subtasks})
    with open_tables(store, limits) as connection:
        types = {"number": "int64", "name": "string"}
        register(connection, "wanted", types, list(enumerate(names)))
        bounds = {"runs": MOST_RUNS, "most": MOST_OUTCOMES}
        connection.execute(_OUTCOMES, {"task": graph.task.name} | bounds)
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
        flags = (np.asarray(spans[key][part], np.bool_) for key in _FLAGS)
        succeeded, single, cut = flags
        pools[name] = Pool(
            basis=OutcomeBasis.OWN if spans["own"][part.start] else OutcomeBasis.OTHERS,
            spans=_column(spans, "span_us", part),
            succeeded=succeeded,
            single=single,
            waits=_column(waits, "wait_us", slice(*wait_cuts[number : number + 2])),
            cut=cut,
        )
    return pools


def _column(table: dict[str, Any], values: str, part: slice) -> Column:
    import numpy as np

    return Column(*(np.asarray(table[k][part], np.int64) for k in (values, "run", "place")))


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
