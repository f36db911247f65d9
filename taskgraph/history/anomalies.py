"""Where one run of a task departs from the others of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from taskgraph.graph import TaskGraph
from taskgraph.history.anomaly import Anomaly, AnomalyKind, AnomalyOptions
from taskgraph.history.database import Limits, open_database, read_tables
from taskgraph.history.departures import Search
from taskgraph.history.extras import needs_extras
from taskgraph.history.rows import SubtaskRow, rows_of
from taskgraph.history.store import RunStore
from taskgraph.model import Id, Task, id_key
from taskgraph.model.engine import MICROSECOND

if TYPE_CHECKING:
    import duckdb

__all__ = ["Anomalies", "find_anomalies"]


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What is unusual about one run.

    Attributes
    ----------
    others : int
        Other runs of the same kind of task.
    options : AnomalyOptions
    found : tuple of Anomaly
    """

    others: int
    options: AnomalyOptions
    found: tuple[Anomaly, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are enough others to say anything."""
        return self.others >= self.options.least_runs


@needs_extras
def find_anomalies(
    graph: TaskGraph,
    store: RunStore,
    options: AnomalyOptions | None = None,
    *,
    limits: Limits | None = None,
) -> Anomalies:
    """Compare one run with all others of the same kind of task.

    The run itself is left out where it was collected.

    Parameters
    ----------
    graph : TaskGraph
    store : RunStore
    options : AnomalyOptions, optional
    limits : Limits, optional

    Raises
    ------
    ConfigError
        If nothing was collected there.
    """
    store.require()
    options = options or AnomalyOptions()
    rows = _rows(graph.task)
    with open_database(limits or Limits(), store) as connection:
        read_tables(connection, store)
        others = _select_others(connection, graph.task)
        if others < options.least_runs:
            return Anomalies(others, options, ())
        search = Search(connection, options, others, rows)
        found = [*search.times(), *search.rates(), *search.order(), *search.structure()]
    return Anomalies(others, options, tuple(sorted(found, key=_sort_key)))


def _rows(task: Task) -> list[tuple[Id, SubtaskRow]]:
    (rows,) = rows_of((task,), (0, 0), "", b"", "")
    ids = {str(subtask.id): subtask.id for subtask in task.subtasks}
    return [(ids[row.subtask_id], row) for row in rows.subtasks]


def _sort_key(anomaly: Anomaly) -> tuple[object, ...]:
    kinds = list(AnomalyKind)
    first = tuple(map(id_key, anomaly.ids))
    return kinds.index(anomaly.kind), first, anomaly.name, anomaly.other_name


def _select_others(connection: duckdb.DuckDBPyConnection, task: Task) -> int:
    """Make the table of the subtasks of all other tasks of the kind."""
    start = task.start_time and _microseconds(task.start_time)
    own = None if task.id is None else str(task.id)
    connection.execute(_OTHER_TASKS, {"task": task.name, "id": own, "start": start})
    connection.execute(_OTHERS)
    query = "SELECT count(*) FROM other_tasks"
    count: int = connection.execute(query).fetchall()[0][0]
    return count


def _microseconds(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


_OTHER_TASKS = """
CREATE TABLE other_tasks AS
SELECT tasks.part, tasks.row AS task_row
FROM tasks JOIN current ON tasks.part = current.part AND tasks.row = current.task_row
WHERE name = $task AND is_detailed
    AND NOT (
        task_id IS NOT DISTINCT FROM $id::TEXT
        AND coalesce(epoch_us(start_time) = $start::BIGINT, true)
    )
"""

_OTHERS = """
CREATE TABLE others AS
SELECT subtasks.* FROM subtasks SEMI JOIN other_tasks USING (part, task_row)
"""
