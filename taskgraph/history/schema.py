"""The columns of the Parquet files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from taskgraph.history.rows import SubtaskRow, TaskRow

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLUMNS", "TABLES", "write_table"]

TABLES = ("documents", "tasks", "subtasks")

_KEYS = {"part": "uint64", "row": "int32", "task_row": "int32"}
_COUNTS = ("subtasks", "edges", "failed", "retried", "skipped")
_FINDINGS = ("errors", "warnings", "infos")
_TIMES = dict.fromkeys(("create_time", "start_time", "finish_time", "as_of"), "time")
_SPANS = dict.fromkeys(("span_us", "offset_us", "wait_us"), "int64")
_OTHERS = {
    "digest": "digest",
    "ran_once": "bool",
    "is_detailed": "bool",
    "parallel_index": "int64",
    "attempts": "int64",
    "timeout": "int64",
    **dict.fromkeys((*_COUNTS, *_FINDINGS), "int32"),
}
_TYPES = _KEYS | _TIMES | _SPANS | _OTHERS

COLUMNS: dict[str, tuple[str, ...]] = {
    "documents": ("part", "name", "container", "stamp", "digest", "outcome", "reason"),
    "tasks": TaskRow._fields,
    "subtasks": SubtaskRow._fields,
}


@cache
def _schema(table: str) -> Any:
    import pyarrow as pa

    types = {
        "bool": pa.bool_(),
        "digest": pa.binary(16),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "text": pa.string(),
        "time": pa.timestamp("us", tz="UTC"),
        "uint64": pa.uint64(),
    }
    return pa.schema([(name, types[_TYPES.get(name, "text")]) for name in COLUMNS[table]])


def write_table(table: str, rows: Sequence[tuple[object, ...]]) -> bytes:
    """Write rows as a Parquet file.

    Parameters
    ----------
    table : {"documents", "tasks", "subtasks"}
    rows : sequence of tuple
        In the order of `COLUMNS`.

    Returns
    -------
    bytes
        The same for the same rows and the same version of the library.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(table)
    try:
        arrays = _arrays(schema, rows)
    except UnicodeEncodeError:  # a file's name that is no UTF-8, half of a surrogate pair
        arrays = _arrays(schema, [tuple(map(_encodable, row)) for row in rows])
    sink = pa.BufferOutputStream()
    content = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(content, sink, compression="zstd", store_schema=False)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _arrays(schema: Any, rows: Sequence[tuple[object, ...]]) -> list[Any]:
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    pairs = zip(columns, schema, strict=True)
    return [pa.array(column, field.type) for column, field in pairs]


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
