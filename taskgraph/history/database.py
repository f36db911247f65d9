"""The two tables as DuckDB sees them, with a bound on its memory."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4
from weakref import finalize

from taskgraph.errors import ConfigError
from taskgraph.history.defaults import MEMORY
from taskgraph.history.engines import Engine, InlineEngine
from taskgraph.history.store import RunStore, held
from taskgraph.history.tables import TABLES, columns_of
from taskgraph.model.engine import SpanKind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

T = TypeVar("T")

HEALTHY = f"(span = '{SpanKind.ONE_RUN}' AND status = 'SUCCESSFUL' AND span_us IS NOT NULL)"
"""Whether a subtask is proven to have run once and did its work."""
WAS_RETRIED = "(coalesce(operation = 'RETRY', false) OR coalesce(attempts > 1, false))"
"""See :func:`~taskgraph.model.engine.was_retried`."""
WAS_SKIPPED = "coalesce(operation IN ('SKIP', 'ROLLBACK_SKIP'), false)"
"""Whether it did not do, or undo, its work: see :data:`~taskgraph.model.engine.SKIPS`."""

# md5, since the versions of DuckDB on several machines may hash in different ways.
IN_BUCKET = "md5_number_lower(name) % $buckets::UBIGINT = $bucket::UBIGINT"
"""Tells the kinds that one worker looks at; see `map_shares`."""

# The types of columns as the database calls them.
_SQL = {"string": "TEXT", "digest": "BLOB", "bool": "BOOLEAN", "time": "TIMESTAMPTZ"}
_SQL |= {"int32": "INTEGER", "int64": "BIGINT", "uint64": "UBIGINT"}

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
    part, task_row, task, as_of, digest, place,
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
    """What DuckDB may use at most; what does not fit goes to temporary files."""

    memory: str = MEMORY
    """As DuckDB writes it."""

    def __post_init__(self) -> None:
        if self.memory.lstrip().startswith("-"):  # which the database takes for no limit
            raise ConfigError(f"the memory must not be negative: {self.memory}")


@contextmanager
def open_database(
    limits: Limits, store: RunStore, temporary: str = ""
) -> Iterator[Connection]:
    """Open a database of the store's files that lives as long as the context.

    What does not fit into its memory goes to a folder of its own: `temporary`, or one among
    the temporary files of the system.

    Raises ConfigError if it may not use enough memory, or a file of the history is damaged.
    """
    with (
        nullcontext(temporary) if temporary else _temporary_folder() as folder,
        closing(_connect(limits, folder)) as connection,
        _explained(store),
    ):
        yield connection


def _connect(limits: Limits, temporary: str) -> Connection:
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": limits.memory,
        "threads": 2,
        "temp_directory": temporary,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        connection = duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        message = f"a database with {limits.memory!r} of memory cannot be opened: {error}"
        raise ConfigError(message) from None
    connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    return connection


_INTERRUPTED = "Query interrupted"  # how the database tells of a signal, as RuntimeError


@contextmanager
def _explained(store: RunStore) -> Iterator[None]:
    """Say what the user can do where the database fails."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise ConfigError(f"{error}\n  hint: let it use more: --memory") from None
    except (duckdb.Error, RuntimeError) as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from None
        if damage := _damage(store):
            raise ConfigError(damage) from None
        if isinstance(error, duckdb.IOException):
            raise ConfigError(f"{error}\n  hint: is the disk full?") from None
        raise


_SPILLED = re.compile(r"taskgraph-[0-9a-f]{32}")
_HELD = ".lock"


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """Give a folder for what does not fit into memory; it is gone at the end.

    Those that processes left behind that were killed are removed: nobody holds them.
    """
    with ExitStack() as stack:
        try:
            place = tempfile.gettempdir()
            for name in filter(_SPILLED.fullmatch, os.listdir(place)):
                _remove_if_left(os.path.join(place, name))
            folder = os.path.join(place, f"taskgraph-{uuid4().hex}")
            os.mkdir(folder, 0o700)
            stack.callback(_remove, folder, os.getpid())
            stack.enter_context(held(os.path.join(folder, _HELD)))
        except OSError as error:
            raise ConfigError(
                f"no folder for temporary files can be made: {error.strerror}\n"
                "  hint: make room, or let TMPDIR name another place"
            ) from None
        yield folder


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: str) -> None:
    lock = os.path.join(folder, _HELD)
    if not os.path.exists(lock):  # it is being made
        return
    with suppress(OSError):
        with held(lock):
            pass
        shutil.rmtree(folder, ignore_errors=True)


def _damage(store: RunStore) -> str | None:
    """Look for a file of the history that cannot be read, and say what to do."""
    import pyarrow.parquet as pq

    for table in TABLES:
        for file in store.files(table):
            try:
                pq.read_table(file)
            except Exception as error:  # noqa: BLE001 - damage shows itself in many ways
                is_gone = isinstance(error, FileNotFoundError)
                kind = "missing" if is_gone else "damaged"
                return (
                    f"{file}: is {kind}, so the history cannot be read\n  hint: put back a "
                    f"copy of it, or delete {store.folder} and collect again"
                )
    return None


class OpenStore(RunStore):
    """A store whose database is opened once, for all that one process asks it."""

    @cached_property
    def connection(self) -> Connection:
        """The database, with the tables of `open_tables`."""
        stack = ExitStack()
        connection = _connect(Limits(), stack.enter_context(_temporary_folder()))
        stack.callback(connection.close)
        finalize(self, stack.close)
        _show_tables(connection, self)
        return connection


@contextmanager
def open_tables(store: RunStore, limits: Limits | None = None) -> Iterator[Connection]:
    """Open a database that has what was collected; see `open_database`.

    There are the views ``tasks`` and ``subtasks`` and the table ``current``. That names the
    row of each task that counts: of several responses about one task, its origin, id and
    start time being the same, the latest that has details; and the status in the latest of
    all. A document that was seen twice has two equal rows, of which one counts.

    The tables of an earlier question may still be there.

    Raises ConfigError if nothing was collected.
    """
    store.require()
    if isinstance(store, OpenStore):
        with _explained(store):
            yield store.connection
    else:
        with open_database(limits or Limits(), store) as connection:
            _show_tables(connection, store)
            yield connection


def _show_tables(connection: Connection, store: RunStore) -> None:
    for table in ("tasks", "subtasks"):
        create_view(connection, store, table)
    connection.execute(_CURRENT)


def map_shares(
    function: Callable[[Connection, dict[str, int]], list[T]],
    store: RunStore,
    engine: Engine | None,
    limits: Limits | None,
) -> list[T]:
    """Let each worker of an engine look at its kinds, and put all results together.

    The function gets a database with what was collected, and the values of `IN_BUCKET`.
    Every worker must be able to read the store's folder, and has the limits for itself.

    Raises ConfigError if nothing was collected.
    """
    store.require()
    if engine is None:
        engine = InlineEngine()
    else:
        store = RunStore(store.folder.resolve())  # which another process can open
    work = partial(_work, function, store, limits, engine.workers)
    shares = engine.map(work, range(engine.workers))
    return [result for results in shares for result in results]


def _work(
    function: Callable[[Connection, dict[str, int]], list[T]],
    store: RunStore,
    limits: Limits | None,
    buckets: int,
    bucket: int,
) -> list[T]:
    with open_tables(store, limits) as connection:
        return function(connection, {"bucket": bucket, "buckets": buckets})


def create_view(connection: Connection, store: RunStore, table: str) -> None:
    """Make a view of all parts of a table, which may be empty, instead of an earlier one.

    What older versions collected lacks the later columns: nothing is known there.
    """
    empty = f"{table}_without_parts"
    register(connection, empty, columns_of(table), [])
    query = f"SELECT * FROM {empty}"
    if files := store.files(table):
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        read = f"read_parquet([{listed}], union_by_name = true)"
        query += f" UNION ALL BY NAME SELECT * FROM {read}"
    connection.execute(f"CREATE OR REPLACE VIEW {table} AS {query}")


def register(
    connection: Connection,
    name: str,
    types: Mapping[str, str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Make a table of rows, with columns of these types, instead of one of that name.

    Arrow would do it faster, but looks for pandas first, which takes longer to import than
    all rows of a question take.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    values = dict(zip(types, map(list, columns), strict=True))
    listed = (f"unnest(${name}::{_SQL[kind]}[]) AS {name}" for name, kind in types.items())
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(listed)}", values
    )
