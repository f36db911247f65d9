"""What ran when, before anyone draws it.

For a task that ran, rows of measured times; for one that did not, the planned schedule
by timeouts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from taskgraph.analysis.as_run import as_run
from taskgraph.analysis.states import (
    MICROSECOND,
    SECOND,
    Span,
    SpanKind,
    has_limit,
    is_in_flight,
    measured_span,
)
from taskgraph.diagrams.labels import (
    format_elapsed,
    format_moment,
    join_words,
    limit_text,
    span_text,
    state_text,
)
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.palette import tone
from taskgraph.diagrams.scene import build_scene
from taskgraph.diagrams.selection import select
from taskgraph.errors import RenderError
from taskgraph.graph import TaskGraph
from taskgraph.model import Status, Subtask
from taskgraph.model.text import visible

if TYPE_CHECKING:
    from taskgraph.analysis.schedule import Schedule

__all__ = ["Row", "Timeline", "build_timeline"]

ROWS = 400
"""The rows of a timeline unless the user wants another number."""


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


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a timeline shows.

    Attributes
    ----------
    title, subtitle : str
    summary, notes : tuple of str
    rows : tuple of Row
        By start, then by finish, then by id.
    begin : datetime or None
        The moment of time 0; ``None`` for a plan.
    end : int
        The length of the timeline in microseconds.
    now : int or None
        The as-of moment, where it lies within the timeline of a task that runs.
    path : tuple of int
        The rows of the as-run path in order; empty for a plan.
    """

    title: str
    subtitle: str
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...] = ()

    @property
    def planned(self) -> bool:
        """Whether nothing has run yet."""
        return self.begin is None

    @property
    def description(self) -> str:
        """The timeline in words."""
        return ". ".join((self.subtitle, *self.summary)) + "."


def build_timeline(
    graph: TaskGraph,
    *,
    schedule: Schedule | None = None,
    as_of: datetime | None = None,
    options: DiagramOptions | None = None,
) -> Timeline:
    """Decide what a timeline of a task shows.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too, if anything has run.
    schedule : Schedule, optional
        By timeouts, in seconds; the plan of a task that has not run.
    as_of : datetime, optional
        Until when running subtasks have run; by default what the document says.
    options : DiagramOptions, optional
        ``focus``, ``around_failed``, ``critical_only`` and ``max_nodes`` choose the rows.

    Raises
    ------
    RenderError
        If nothing has run and there is no schedule.
    """
    options = options or DiagramOptions()
    moment = as_of or graph.task.as_of()
    spans = [measured_span(subtask, moment) for subtask in graph.subtasks]
    critical = None if schedule is None else frozenset(schedule.critical)
    selection = select(graph, options, critical)
    if any(spans):
        draft = _measured(graph, spans, moment)
    elif schedule is not None:
        draft = _planned(graph, schedule)
    else:
        reasons = "; ".join(graph.flaws) or "no schedule was computed"
        raise RenderError(f"nothing has run, and there is no plan to show: {reasons}")
    chosen = [node for node in selection.nodes if node in draft.rows]
    limit = ROWS if options.max_nodes is None else options.max_nodes
    kept = _most_telling(graph, draft, chosen, limit)
    ordered = sorted(kept, key=lambda n: (draft.rows[n].start, draft.rows[n].finish, n))
    place = {node: number for number, node in enumerate(ordered)}
    scene = build_scene(graph, options=DiagramOptions(collapse="auto", max_nodes=1))
    return Timeline(
        title=scene.title,
        subtitle=scene.subtitle,
        summary=(*scene.summary[:1], *draft.summary),
        notes=(*selection.notes, *_notes(graph, spans, draft, len(chosen) - len(kept))),
        rows=tuple(draft.rows[node] for node in ordered),
        begin=draft.begin,
        end=max(draft.end, 1),
        now=draft.now,
        path=tuple(place[node] for node in draft.path if node in place),
    )


@dataclass(slots=True)
class _Draft:
    """All rows that there could be, by node."""

    rows: dict[int, Row]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...]
    summary: tuple[str, ...]


def _measured(
    graph: TaskGraph, spans: Sequence[Span | None], moment: datetime | None
) -> _Draft:
    """Make the rows of what ran."""
    known = [span for span in spans if span is not None]
    starts = [span.start for span in known]
    run = as_run(graph, moment) if graph.is_sound else None
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
    summary = [f"{format_elapsed(length)} from {format_moment(begin)}"]
    if now is not None and moment is not None:
        summary.append(f"as of {format_moment(moment)}")
    return _Draft(rows, begin, length, now, path, tuple(summary))


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
        words.append(f"waited {format_elapsed((span.start - ready) // MICROSECOND)}")
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


def _planned(graph: TaskGraph, schedule: Schedule) -> _Draft:
    """Make the rows of the plan: every subtask takes as long as its timeout allows."""
    critical = frozenset(schedule.critical)
    rows = {}
    for node, subtask in enumerate(graph.subtasks):
        slack = schedule.total_float[node]
        words = [limit_text(subtask.timeout) or "no timeout known"]
        if slack:
            words.append(f"may slip {format_elapsed(slack * SECOND)}")
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
    length = format_elapsed(schedule.makespan * SECOND)
    summary = (f"not run yet: planned by timeouts, {length} at the longest",)
    return _Draft(rows, None, schedule.makespan * SECOND, None, (), summary)


def _names(subtask: Subtask) -> dict[str, str]:
    return {
        "name": visible(subtask.name).strip() or "(no name)",
        "id_text": visible(str(subtask.id)),
        "state": state_text(subtask),
        "tone": tone(subtask.status),
    }


def _most_telling(
    graph: TaskGraph, draft: _Draft, chosen: Iterable[int], limit: int
) -> list[int]:
    """Choose rows: what failed, runs or is on the path first, then what took longest."""

    def rank(node: int) -> tuple[bool, bool, int, int]:
        row = draft.rows[node]
        status = graph.subtasks[node].status
        dull = status not in (Status.FAILED, Status.RUNNING, Status.CANCELING)
        return (not row.marked, dull, row.start - row.finish, node)

    return sorted(chosen, key=rank)[:limit]


def _notes(
    graph: TaskGraph, spans: Sequence[Span | None], draft: _Draft, left_out: int
) -> Iterable[str]:
    if left_out:
        yield f"{left_out} shorter rows are left out."
    if draft.begin is not None:
        without = [s for s, span in zip(graph.subtasks, spans, strict=True) if not span]
        if without:
            counts = Counter(s.status or "status unknown" for s in without)
            listed = ", ".join(f"{counts[key]} {visible(key)}" for key in sorted(counts))
            yield f"Without times: {listed}."
