"""The two tables as DuckDB sees them, with a bound on its memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskgraph.errors import ConfigError
from taskgraph.history.store import RunStore
from taskgraph.history.tables import TABLES
from taskgraph.model.engine import SpanKind

if TYPE_CHECKING:
    import duckdb

__all__ = ["HEALTHY", "Limits", "open_database", "read_tables"]

HEALTHY = f"(span = '{SpanKind.ONE_RUN}' AND status = 'SUCCESSFUL' AND span_us IS NOT NULL)"
"""Whether a subtask is proven to have run once and did its work."""

# A page of a task list says less than the task's own response, however late it is: of
# several responses the latest with details counts, and the status of the latest of all.
# One that was asked for before the start is of the task that started next.
_CURRENT = """
CREATE TABLE current AS
WITH unstarted AS (
    SELECT part, row, origin, task_id, name, as_of FROM tasks
    WHERE start_time IS NULL AND task_id IS NOT NULL
), started AS (
    SELECT DISTINCT origin, task_id, name, start_time
    FROM tasks SEMI JOIN unstarted USING (origin, task_id, name)
    WHERE start_time IS NOT NULL
), starts AS (
    SELECT part, row, coalesce(
        min(start_time) FILTER (start_time >= as_of), max(start_time)
    ) AS later_start
    FROM unstarted JOIN started USING (origin, task_id, name)
    GROUP BY part, row
), keyed AS (
    SELECT
        part, row AS task_row, name AS task, as_of, status, is_detailed,
        start_time IS NULL AS is_unstarted, digest, document, place,
        origin, task_id, coalesce(start_time, later_start) AS start,
        CASE WHEN task_id IS NULL THEN hex(digest) || place END AS unnamed
    FROM tasks LEFT JOIN starts USING (part, row)
)
SELECT
    part, task_row, task, as_of,
    coalesce(first_value(status) OVER (
        PARTITION BY origin, task_id, start, unnamed
        ORDER BY
            as_of DESC NULLS LAST, is_unstarted, is_detailed DESC, digest, document, place
    ), status) AS last_status
FROM keyed
QUALIFY row_number() OVER (
    PARTITION BY origin, task_id, start, unnamed
    ORDER BY
        is_detailed DESC, as_of DESC NULLS LAST, is_unstarted, digest, document, place
) = 1
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What DuckDB may use at most; what does not fit goes to temporary files.

    Attributes
    ----------
    memory : str
        As DuckDB writes it, for example ``1GB``.
    threads : int
    """

    memory: str = "1GB"
    threads: int = 2

    def __post_init__(self) -> None:
        if self.memory.lstrip().startswith("-"):  # which the database takes for no limit
            raise ConfigError(f"the memory must not be negative: {self.memory}")


@contextmanager
def open_database(limits: Limits, store: RunStore) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of the store's files that lives as long as the context.

    Raises ConfigError if it may not use enough memory, or a file of the history is damaged.
    """
    import duckdb

    with _temporary_folder() as folder:
        settings: dict[str, Any] = {
            "memory_limit": limits.memory,
            "threads": limits.threads,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        try:
            connection = duckdb.connect(":memory:", config=settings)
        except duckdb.Error as error:
            message = (
                f"a database with {limits.memory!r} of memory cannot be opened: {error}"
            )
            raise ConfigError(message) from None
        try:
            connection.execute("SET enable_progress_bar = false")
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise ConfigError(f"{error}\n  hint: let it use more: --memory") from None
        except (duckdb.Error, RuntimeError) as error:
            if damage := _damage(store):
                raise ConfigError(damage) from None
            if isinstance(error, duckdb.IOException):
                raise ConfigError(f"{error}\n  hint: is the disk full?") from None
            raise
        finally:
            connection.close()


@contextmanager
def _temporary_folder() -> Iterator[str]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="taskgraph-")
    except OSError as error:
        raise ConfigError(
            f"no folder for temporary files can be made: {error.strerror}\n"
            "  hint: make room, or let TMPDIR name another place"
        ) from None
    with folder as name:
        yield name


def _damage(store: RunStore) -> str | None:
    """Look for a file of the history that cannot be read, and say what to do."""
    import pyarrow.parquet as pq

    for table in TABLES:
        for file in store.files(table):
            try:
                pq.read_table(file)
            except Exception as error:  # noqa: BLE001 - damage shows itself in many ways
                kind = (
                    "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
                )
                return (
                    f"{file}: {kind}, so the history cannot be read\n  hint: put back a "
                    f"copy of it, or delete {store.folder} and collect again"
                )
    return None


def read_tables(connection: duckdb.DuckDBPyConnection, store: RunStore) -> None:
    """Make the views ``tasks`` and ``subtasks`` and the table ``current``.

    ``current`` names the row of each task that counts: of several responses about one
    task, its origin, id and start time being the same, the latest that has details; and
    the status in the latest of all. A document that was seen twice has two equal rows, of
    which one counts.
    """
    for table in ("tasks", "subtasks"):
        create_view(connection, store, table)
    connection.execute(_CURRENT)


def create_view(
    connection: duckdb.DuckDBPyConnection, store: RunStore, table: str, name: str = ""
) -> None:
    """Make a view of all parts of a table, by its name or another one; it may be empty."""
    name = name or table
    if files := store.files(table):
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        parts = f"read_parquet([{listed}])"
    else:
        parts = f"{name}_without_parts"
        _create_empty(connection, table, parts)
    connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {parts}")


def _create_empty(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from taskgraph.history.tables import write_table

    connection.register("nothing", pq.read_table(pa.BufferReader(write_table(table, []))))
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM nothing")
    connection.unregister("nothing")
