"""The rows of a timeline: what was measured, or what is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from taskgraph.analysis import Analysis
from taskgraph.diagrams.labels import (
    join_words,
    limit_text,
    span_text,
)
from taskgraph.graph import TaskGraph
from taskgraph.model import Subtask
from taskgraph.model.durations import format_measured, format_moment
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    Span,
    SpanKind,
    has_limit,
    is_in_flight,
)
from taskgraph.model.statuses import look, state_text
from taskgraph.model.words import name_of, visible

if TYPE_CHECKING:
    from taskgraph.analysis.schedule import Schedule

__all__ = ["Draft", "Row", "measured_rows", "planned_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One subtask. Times are microseconds from the start of the timeline.

    Attributes
    ----------
    name, id_text, state, tone : str
        As on a box of the graph.
    start, finish : int
    ready : int or None
        When it could have started; ``None`` where it started at once or nobody knows.
    limit : int or None
        When its timeout ends; ``None`` without one, and where the start of the last
        attempt is not known.
    several : bool
        More than one run lies between start and finish, nobody knows how.
    marked : bool
        On the as-run path, or on a critical path of the plan.
    note : str
        Durations and attempts in words.
    """

    name: str
    id_text: str
    state: str
    tone: str
    start: int
    finish: int
    ready: int | None
    limit: int | None
    several: bool
    marked: bool
    note: str

    @property
    def description(self) -> str:
        """Everything about the row in one text."""
        return join_words((self.name, self.id_text, self.state, self.note))


@dataclass(slots=True)
class Draft:
    """All rows that there could be, by node."""

    rows: dict[int, Row]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...]
    summary: tuple[str, ...]


def measured_rows(analysis: Analysis, spans: Sequence[Span | None]) -> Draft:
    """Make the rows of what ran."""
    graph, moment = analysis.graph, analysis.as_of
    known = [span for span in spans if span is not None]
    starts = [span.start for span in known]
    run = analysis.as_run if analysis.is_sound else None
    path = run.path if run is not None else ()
    begin = min(starts) if run is None else min(*starts, run.begin)
    last = max(max(span.finish, span.start) for span in known)
    end = last if run is None else max(last, run.end)
    on_path = frozenset(path)
    rows = {}
    for node, span in enumerate(spans):
        if span is not None:
            ready = _ready(graph, node, spans)
            rows[node] = _measured_row(
                graph.subtasks[node], span, begin, ready, node in on_path
            )
    running = any(is_in_flight(subtask) for subtask in graph.subtasks)
    now = None
    if running and moment is not None and begin <= moment <= end:
        now = (moment - begin) // MICROSECOND
    length = (end - begin) // MICROSECOND
    summary = [f"{format_measured(length)} from {format_moment(begin)}"]
    if now is not None and moment is not None:
        summary.append(f"as of {format_moment(moment)}")
    return Draft(rows, begin, length, now, path, tuple(summary))


def _ready(graph: TaskGraph, node: int, spans: Sequence[Span | None]) -> datetime | None:
    """Give when the last upstream finished, if all of them have times."""
    before = [spans[upstream] for upstream in graph.upstreams[node]]
    finishes = [span.finish for span in before if span is not None]
    return max(finishes) if finishes and len(finishes) == len(before) else None


def _measured_row(
    subtask: Subtask, span: Span, begin: datetime, ready: datetime | None, marked: bool
) -> Row:
    start = (span.start - begin) // MICROSECOND
    single = span.kind in (SpanKind.ONE_RUN, SpanKind.RUNNING)
    limit = None
    if single and has_limit(subtask):
        limit = start + (subtask.timeout or 0) * SECOND
    waited = ready is not None and ready < span.start
    attempts = subtask.attempts or 1
    words = [span_text(span), limit_text(subtask.timeout)]
    if attempts > 1:
        words.append(f"{attempts} attempts")
    if waited and ready is not None:
        words.append(f"waited {format_measured((span.start - ready) // MICROSECOND)}")
    return Row(
        **_names(subtask),
        start=start,
        finish=max(start, (span.finish - begin) // MICROSECOND),
        ready=max(0, (ready - begin) // MICROSECOND) if waited and ready else None,
        limit=limit,
        several=not single,
        marked=marked,
        note=join_words(words),
    )


def planned_rows(graph: TaskGraph, schedule: Schedule) -> Draft:
    """Make the rows of the plan: every subtask takes as long as its timeout allows."""
    critical = frozenset(schedule.critical)
    rows = {}
    for node, subtask in enumerate(graph.subtasks):
        slack = schedule.total_float[node]
        words = [limit_text(subtask.timeout) or "no timeout known"]
        if slack:
            words.append(f"may slip {format_measured(slack * SECOND)}")
        rows[node] = Row(
            **_names(subtask),
            start=schedule.early_start[node] * SECOND,
            finish=schedule.early_finish[node] * SECOND,
            ready=None,
            limit=schedule.late_finish[node] * SECOND if slack else None,
            several=False,
            marked=node in critical,
            note=join_words(words),
        )
    length = format_measured(schedule.makespan * SECOND)
    summary = (f"not run yet: planned by timeouts, {length} at the longest",)
    return Draft(rows, None, schedule.makespan * SECOND, None, (), summary)


def _names(subtask: Subtask) -> dict[str, str]:
    return {
        "name": name_of(subtask),
        "id_text": visible(str(subtask.id)),
        "state": state_text(subtask),
        "tone": look(subtask.status).tone,
    }
