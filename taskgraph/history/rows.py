"""From a task to its rows in the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.as_run import PartKind, trace
from taskgraph.checks.result import CheckResult
from taskgraph.checks.runner import check_document
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.history.tables import SubtaskRow, TaskRow
from taskgraph.model.engine import (
    MICROSECOND,
    is_rolled_back,
    is_rolling_back,
    measured_span,
    ran_once,
)
from taskgraph.model.task import Origin, Subtask, Task
from taskgraph.model.vocabulary import Operation, Status
from taskgraph.settings import Severity

__all__ = [
    "SKIPS",
    "Rows",
    "is_retried",
    "place_of",
    "released",
    "rows_of",
    "subtask_rows",
]

SKIPS = frozenset({Operation.SKIP, Operation.ROLLBACK_SKIP})
"""The operations of what did not do, or undo, its work."""
_ENDED = frozenset({Status.SUCCESSFUL, Status.FAILED})


class Rows(NamedTuple):
    """The rows of one task."""

    task: TaskRow
    subtasks: list[SubtaskRow]


def rows_of(
    tasks: tuple[Task, ...],
    first: tuple[int, int],
    document: str,
    digest: bytes,
    origin: str,
) -> Iterator[Rows]:
    """Give the rows of every task of one document.

    `first` is the part and the number of the first row; the others follow. `document` is
    the name of what was read, which may hold several documents.
    """
    # Without the text nothing looks for lines and columns, which are not wanted here.
    bare = [replace(task, origin=_without_text(task.origin)) for task in tasks]
    analyses = [Analysis(build_graph(task)) for task in bare]
    results = check_document(analyses)
    for number, (analysis, result) in enumerate(zip(analyses, results, strict=True)):
        graph = analysis.graph
        key = (first[0], first[1] + number)
        source = (document, place_of(graph.task.origin, document), digest, origin)
        as_of = graph.task.as_of()
        task = _task_row(graph, result, key, source, as_of)
        yield Rows(task, subtask_rows(analysis, key))


def _without_text(origin: Origin) -> Origin:
    return replace(origin, data=b"")


def place_of(origin: Origin, document: str) -> str:
    """Give the place of a task in what was read: member of an archive, line, pointer."""
    line = f":{origin.first_line}" if origin.first_line > 1 else ""
    return f"{origin.file.removeprefix(document)}{line}{origin.pointer}"


def _task_row(
    graph: TaskGraph,
    result: CheckResult,
    key: tuple[int, int],
    source: tuple[str, str, bytes, str],
    as_of: datetime | None,
) -> TaskRow:
    task = graph.task
    document, place, digest, label = source
    severities = Counter(finding.severity for finding in result.findings)
    retried = sum(is_retried(subtask) for subtask in task.subtasks)
    skipped = sum(subtask.operation in SKIPS for subtask in task.subtasks)
    return TaskRow(
        *key,
        document=document,
        place=place,
        digest=digest,
        origin=label,
        dialect=task.origin.dialect,
        task_id=None if task.id is None else str(task.id),
        name=task.name,
        type=task.type,
        status=task.status,
        operation=task.operation,
        create_time=task.create_time,
        start_time=task.start_time,
        finish_time=task.finish_time,
        as_of=as_of,
        span_us=_task_span(task),
        ran_once=task.operation == Operation.EXECUTE
        and all(map(_is_untouched, task.subtasks)),
        subtasks=len(task.subtasks),
        edges=graph.edge_count,
        failed=sum(subtask.status == Status.FAILED for subtask in task.subtasks),
        retried=retried,
        skipped=skipped,
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARNING],
        infos=severities[Severity.INFO],
        is_detailed=bool(graph.reported_sides)
        or any(subtask.start_time is not None for subtask in task.subtasks),
    )


def is_retried(subtask: Subtask | SubtaskRow) -> bool:
    """Tell whether a subtask was started more than once."""
    return subtask.operation == Operation.RETRY or (subtask.attempts or 0) > 1


def _is_untouched(subtask: Subtask) -> bool:
    """Tell whether nothing shows a second attempt or a hand; some dialects count none."""
    return subtask.operation in {Operation.EXECUTE, None} and (subtask.attempts or 1) == 1


def _task_span(task: Task) -> int | None:
    """Measure a task that has ended; the old finish of a running one means nothing."""
    if task.status not in _ENDED or task.start_time is None or task.finish_time is None:
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
        length = None if span is None else span.microseconds
        offset = None
        if span is not None and task_start is not None:
            offset = (span.start - task_start) // MICROSECOND
        reversed_clock = length is not None and length < 0
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
                span_us=None if reversed_clock else length,
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
    if analysis.graph.flaws or analysis.task.status not in _ENDED:
        return sums
    if (found := trace(analysis)) is not None:
        for part in found.parts:
            sums[part.node, part.kind is PartKind.RUN] += part.microseconds
    return sums


def _waits(graph: TaskGraph) -> list[int | None]:
    """Measure from when each subtask could start to when it did.

    That is known where all upstreams have done their work, and it is no wait where the
    start comes first: clocks differ, or an upstream ran again later.
    """
    waits: list[int | None] = [None] * len(graph)
    if is_rolling_back(graph.task) or graph.flaws:
        return waits
    for node, subtask in enumerate(graph.subtasks):
        began = subtask.start_time
        if began is None or not _has_run(subtask):
            continue
        release = released(graph, node)
        if release is not None:
            wait = (began - release) // MICROSECOND
            waits[node] = wait if wait >= 0 else None
    return waits


def released(graph: TaskGraph, node: int) -> datetime | None:
    """Tell from when on a subtask could start: all upstreams had done their work."""
    ups = graph.upstreams[node]
    if not ups:
        return graph.task.start_time
    return _latest([_end(graph.subtasks[up]) for up in ups])


def _end(subtask: Subtask) -> datetime | None:
    return subtask.finish_time if subtask.status == Status.SUCCESSFUL else None


def _has_run(subtask: Subtask) -> bool:
    if is_rolled_back(subtask) or subtask.status in {Status.PENDING, None}:
        return False
    return subtask.status != Status.READY or not ran_once(subtask)


def _latest(times: list[datetime | None]) -> datetime | None:
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None
