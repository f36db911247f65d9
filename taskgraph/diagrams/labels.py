"""What is written on the box of a subtask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from taskgraph.model import Operation, Status, Subtask, format_duration
from taskgraph.model.engine import SECOND, Span, SpanKind, measured_span
from taskgraph.model.text import visible

__all__ = [
    "format_elapsed",
    "format_moment",
    "join_words",
    "limit_text",
    "span_text",
    "state_text",
    "subtask_facts",
]

_ROLLING_BACK: dict[str, str] = {
    Status.PENDING: "rolled back",
    Status.SUCCESSFUL: "waits for rollback",
    Status.READY: "to be rolled back",
    Status.RUNNING: "rolling back",
    Status.FAILED: "in rollback",
}


def state_text(subtask: Subtask, *, blocked: bool = False) -> str:
    """Give the status word, and what the operation adds to it: ``PENDING, blocked``."""
    status = visible(subtask.status or "") or "status unknown"
    addition = "blocked" if blocked else _addition(subtask)
    return f"{status}, {addition}" if addition else status


def _addition(subtask: Subtask) -> str:
    status, operation = subtask.status, subtask.operation
    if operation == Operation.SKIP and status == Status.SUCCESSFUL:
        return "skipped"
    if operation == Operation.ROLLBACK_SKIP and status == Status.PENDING:
        return "rollback skipped"
    if operation == Operation.CANCEL and status == Status.FAILED:
        return "cancelled"
    if operation == Operation.ROLLBACK:
        return _ROLLING_BACK.get(status or "", "")
    return ""


_SPANS = {
    SpanKind.ONE_RUN: "ran",
    SpanKind.RUNNING: "running for",
    SpanKind.SEVERAL_RUNS: "all runs",
    SpanKind.ROLLED_BACK: "runs and rollback",
}


def subtask_facts(subtask: Subtask, as_of: datetime | None) -> tuple[str, ...]:
    """Give what is known of time and attempts, the most telling first."""
    facts = []
    span = measured_span(subtask, as_of)
    if span is not None:
        facts.append(span_text(span))
    facts.append(limit_text(subtask.timeout))
    if subtask.attempts is not None and subtask.attempts > 1:
        facts.append(f"{subtask.attempts} attempts")
    return tuple(filter(None, facts))


def span_text(span: Span) -> str:
    """Word what was measured; more than one run is never passed off as one."""
    if span.microseconds < 0:
        return "finish before start"
    return f"{_SPANS[span.kind]} {format_elapsed(span.microseconds)}"


def limit_text(timeout: int | None) -> str:
    """Word a timeout; nothing where the document does not say."""
    if timeout is None:
        return ""
    if timeout == 0:
        return "no time limit"
    return f"timeout {format_duration(timeout)}"


def format_elapsed(microseconds: int) -> str:
    """Word a measured time: milliseconds below ten seconds, whole seconds above."""
    if microseconds < 10 * SECOND:
        return f"{microseconds / SECOND:.3f}".rstrip("0").rstrip(".") + " s"
    return format_duration(round(microseconds / SECOND))


def format_moment(moment: datetime) -> str:
    """Word a time of day: milliseconds where there are any, and its offset."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(sep=" ", timespec=precision)


def join_words(parts: Iterable[str]) -> str:
    """Join what there is with a middle dot."""
    return " · ".join(filter(None, parts))
