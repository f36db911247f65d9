"""The tables: their columns, the rows that a task gives, and how they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.as_run import PartKind, trace
from taskgraph.checks.result import CheckResult
from taskgraph.checks.runner import check_document
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.engine import (
    ENDED,
    MICROSECOND,
    SKIPS,
    has_run,
    is_rolling_back,
    is_untouched,
    measured_span,
    was_retried,
)
from taskgraph.model.task import Operation, Origin, Status, Task
from taskgraph.settings import Severity

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
        rows = [
            tuple(encodable(one) if isinstance(one, str) else one for one in row)
            for row in rows
        ]
        content = _table_of(_schema_of(table), rows)
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


def encodable(text: str) -> str:
    """Spell out what has no UTF-8: half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def rows_of(
    tasks: tuple[Task, ...],
    first: tuple[int, int],
    document: str,
    digest: bytes,
    origin: str,
) -> Iterator[tuple[TaskRow, list[SubtaskRow]]]:
    """Give the rows of every task of one document, each with those of its subtasks.

    `first` is the part and the number of the first row; the others follow. `document` is
    the name of what was read, which may hold several documents.
    """
    # Without the text nothing looks for lines and columns, which are not wanted here.
    bare = [replace(task, origin=replace(task.origin, data=b"")) for task in tasks]
    analyses = [Analysis(build_graph(task)) for task in bare]
    results = check_document(analyses)
    part, number = first
    for row, (analysis, result) in enumerate(zip(analyses, results, strict=True), number):
        place = place_of(analysis.task.origin, document)
        task = _task_row(analysis, result, (part, row), (document, place, digest, origin))
        yield task, subtask_rows(analysis, (part, row))


def place_of(origin: Origin, document: str) -> str:
    """Give the place of a task in what was read: member of an archive, line, pointer."""
    line = f":{origin.first_line}" if origin.first_line > 1 else ""
    return f"{origin.file.removeprefix(document)}{line}{origin.pointer}"


def _task_row(
    analysis: Analysis,
    result: CheckResult,
    key: tuple[int, int],
    source: tuple[str, str, bytes, str],
) -> TaskRow:
    graph, task = analysis.graph, analysis.task
    severities = Counter(finding.severity for finding in result.findings)
    return TaskRow(
        *(*key, *source),
        dialect=task.origin.dialect,
        task_id=None if task.id is None else str(task.id),
        name=task.name,
        type=task.type,
        status=task.status,
        operation=task.operation,
        create_time=task.create_time,
        start_time=task.start_time,
        finish_time=task.finish_time,
        as_of=task.as_of(),
        span_us=_task_span(task),
        ran_once=task.operation == Operation.EXECUTE
        and all(map(is_untouched, task.subtasks)),
        subtasks=len(task.subtasks),
        edges=graph.edge_count,
        failed=sum(subtask.status == Status.FAILED for subtask in task.subtasks),
        retried=sum(map(was_retried, task.subtasks)),
        skipped=sum(subtask.operation in SKIPS for subtask in task.subtasks),
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARNING],
        infos=severities[Severity.INFO],
        is_detailed=bool(graph.reported_sides)
        or any(subtask.start_time is not None for subtask in task.subtasks),
    )


def _task_span(task: Task) -> int | None:
    """Measure a task that has ended; the old finish of a running one means nothing."""
    if task.status not in ENDED or task.start_time is None or task.finish_time is None:
        return None
    span = (task.finish_time - task.start_time) // MICROSECOND
    return span if span >= 0 else None


def subtask_rows(analysis: Analysis, key: tuple[int, int]) -> list[SubtaskRow]:
    """Give the rows of the subtasks of one task, in its order."""
    graph, as_of, targets = analysis.graph, analysis.as_of, analysis.targets
    task_start = graph.task.start_time
    waits = _waits(graph)
    path = _path(analysis)
    rows = []
    for node, subtask in enumerate(graph.subtasks):
        span = measured_span(subtask, as_of)
        length = offset = None
        if span is not None:
            length = span.microseconds if span.microseconds >= 0 else None
            if task_start is not None:
                offset = (span.start - task_start) // MICROSECOND
        rows.append(
            SubtaskRow(
                *key,
                subtask_id=str(subtask.id),
                name=subtask.name,
                parallel_index=subtask.parallel_index,
                status=subtask.status,
                operation=subtask.operation,
                attempts=subtask.attempts,
                timeout=subtask.timeout,
                start_time=subtask.start_time,
                finish_time=subtask.finish_time,
                span=None if span is None else span.kind.value,
                span_us=length,
                offset_us=offset,
                wait_us=waits[node],
                executor=subtask.executor,
                target=targets.get(node),
                path_us=path.get((node, True)),
                path_wait_us=path.get((node, False)),
            )
        )
    return rows


def _path(analysis: Analysis) -> Counter[tuple[int | None, bool]]:
    """Sum up the path of a run that is over: by node, what it ran and what it waited."""
    sums: Counter[tuple[int | None, bool]] = Counter()
    if analysis.graph.flaws or analysis.task.status not in ENDED:
        return sums
    if (walked := trace(analysis)) is not None:
        for part in walked.parts:
            sums[part.node, part.kind is PartKind.RUN] += part.microseconds
    return sums


def _waits(graph: TaskGraph) -> list[int | None]:
    """Measure from when each subtask could start to when it did.

    That is known where all upstreams have done their work, which what was skipped did not:
    it keeps its old finish. It is no wait where the start comes first: clocks differ, or an
    upstream ran again later.
    """
    waits: list[int | None] = [None] * len(graph)
    if is_rolling_back(graph.task) or graph.flaws:
        return waits
    for node, subtask in enumerate(graph.subtasks):
        began = subtask.start_time
        if began is None or not has_run(subtask):
            continue
        release = released(graph, node)
        if release is not None and release <= began:
            waits[node] = (began - release) // MICROSECOND
    return waits


def released(graph: TaskGraph, node: int) -> datetime | None:
    """Tell from when on a subtask could start: all upstreams had done their work."""
    ups = [graph.subtasks[up] for up in graph.upstreams[node]]
    if not ups:
        return graph.task.start_time
    ends = [
        up.finish_time
        for up in ups
        if up.status == Status.SUCCESSFUL
        and up.operation not in SKIPS
        and up.finish_time is not None
    ]
    return max(ends) if len(ends) == len(ups) else None
