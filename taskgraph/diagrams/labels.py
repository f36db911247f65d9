"""What is written on the box of a subtask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from taskgraph.model import Subtask, format_duration
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import Span, SpanKind, measured_span

__all__ = [
    "join_words",
    "limit_text",
    "span_text",
    "subtask_facts",
]

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
    return f"{_SPANS[span.kind]} {format_measured(span.microseconds)}"


def limit_text(timeout: int | None) -> str:
    """Word a timeout; nothing where the document does not say."""
    if timeout is None:
        return ""
    if timeout == 0:
        return "no time limit"
    return f"timeout {format_duration(timeout)}"


def join_words(parts: Iterable[str]) -> str:
    """Join what there is with a middle dot."""
    return " · ".join(filter(None, parts))
