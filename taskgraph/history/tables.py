"""The tables: their columns, and how these are written in Parquet files."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from taskgraph.model.engine import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "COLUMNS",
    "EPOCH",
    "TABLES",
    "SubtaskRow",
    "TaskRow",
    "columns_of",
    "encodable",
    "since_epoch",
    "write_table",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TaskRow(NamedTuple):
    """One response about a task; the columns of the table ``tasks``."""

    part: int
    row: int
    """The key of the row; the part is that of the file."""
    document: str
    """The name of what was read."""
    place: str
    """Where the task stands in it: member of an archive, line, JSON pointer."""
    digest: bytes
    """Of what was read."""
    origin: str
    """What the user calls the installation that wrote the documents."""
    dialect: str
    task_id: str | None
    name: str
    type: str | None
    status: str | None
    operation: str | None
    create_time: datetime | None
    start_time: datetime | None
    finish_time: datetime | None
    as_of: datetime | None
    span_us: int | None
    """Microseconds from start to finish, where the task has ended."""
    ran_once: bool
    """Nothing of the task was ever retried, skipped, cancelled or rolled back."""
    subtasks: int
    edges: int
    failed: int
    retried: int
    skipped: int
    errors: int
    warnings: int
    infos: int
    is_detailed: bool
    """The document has edges or times of subtasks; a page of a task list has none."""


class SubtaskRow(NamedTuple):
    """One subtask of such a response; the columns of the table ``subtasks``."""

    part: int
    task_row: int
    """The key of the task's row."""
    subtask_id: str
    name: str
    parallel_index: int | None
    status: str | None
    operation: str | None
    attempts: int | None
    timeout: int | None
    start_time: datetime | None
    finish_time: datetime | None
    span: str | None
    """What lies between the two times: see :class:`~taskgraph.model.engine.SpanKind`."""
    span_us: int | None
    """Microseconds from the first start to the last end, or to the as-of time."""
    offset_us: int | None
    """Microseconds from the start of the task to the first start."""
    wait_us: int | None
    """Microseconds from the end of the last upstream, or from the start of the task, to the
    first start.
    """
    executor: str | None = None
    """The server whose worker ran it."""
    target: str | None = None
    """What it works on, where the document tells."""
    path_us: int | None = None
    """Microseconds that it ran on the path that the clock saw, if it is on it."""
    path_wait_us: int | None = None
    """Microseconds that this path waited for its start; less than 0 is an overlap."""


TABLES = ("documents", "tasks", "subtasks")

# The types of columns that are no text, as Arrow calls them, or as `_schema_of` does.
_COUNTS = ("subtasks", "edges", "failed", "retried", "skipped")
_FINDINGS = ("errors", "warnings", "infos")
_SPANS = ("span_us", "offset_us", "wait_us")
_PATHS = ("path_us", "path_wait_us")
_TYPES = {
    "part": "uint64",
    "digest": "digest",
    **dict.fromkeys(("row", "task_row", *_COUNTS, *_FINDINGS), "int32"),
    **dict.fromkeys(("parallel_index", "attempts", "timeout", *_SPANS, *_PATHS), "int64"),
    **dict.fromkeys(("ran_once", "is_detailed"), "bool"),
    **dict.fromkeys(("create_time", "start_time", "finish_time", "as_of"), "time"),
}

COLUMNS: dict[str, tuple[str, ...]] = {
    "documents": ("part", "name", "container", "stamp", "digest", "outcome", "reason"),
    "tasks": TaskRow._fields,
    "subtasks": SubtaskRow._fields,
}


def since_epoch(moment: datetime) -> int:
    """Give a moment in microseconds, as the database counts them."""
    return (moment - EPOCH) // MICROSECOND


def columns_of(table: str) -> dict[str, str]:
    """Give the columns of a table, each with the name of its type."""
    return {column: _TYPES.get(column, "string") for column in COLUMNS[table]}


@cache
def _schema_of(table: str) -> Any:
    """Give the columns of a table in a Parquet file."""
    import pyarrow as pa

    special = {"time": pa.timestamp("us", tz="UTC"), "digest": pa.binary(16)}
    columns = columns_of(table).items()
    return pa.schema([(k, special.get(v) or pa.type_for_alias(v)) for k, v in columns])


def write_table(table: str, rows: Sequence[tuple[object, ...]]) -> bytes:
    """Write rows, in the order of `COLUMNS`, as a Parquet file.

    The same rows give the same bytes in the same version of the library.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = _table_of(_schema_of(table), rows)
    except UnicodeEncodeError:  # a file's name that is no UTF-8, half of a surrogate pair
        encodable_rows = [tuple(map(_encodable, row)) for row in rows]
        content = _table_of(_schema_of(table), encodable_rows)
    sink = pa.BufferOutputStream()
    pq.write_table(content, sink, compression="zstd", store_schema=False)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _table_of(schema: Any, rows: Sequence[tuple[object, ...]]) -> Any:
    """Make a table of Arrow's from rows, of which there may be none."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    pairs = zip(columns, schema, strict=True)
    arrays = [pa.array(column, field.type) for column, field in pairs]
    return pa.Table.from_arrays(arrays, schema=schema)


def _encodable(value: object) -> object:
    return encodable(value) if isinstance(value, str) else value


def encodable(text: str) -> str:
    """Spell out what has no UTF-8: half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()
