"""The rows that a timeline could have: what was measured, or what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.weights import Basis
from taskgraph.diagrams.scene import join_words, limit_text, state_and_tone, subtask_facts
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import (
    format_duration,
    format_measured,
    format_moment,
    format_span,
)
from taskgraph.model.engine import (
    DEADLINE_SECONDS,
    MICROSECOND,
    SECOND,
    Span,
    SpanKind,
    goes_on,
    has_begun,
    has_limit,
    is_being_cancelled,
    is_in_flight,
    least_attempts,
    measured_span,
    runs_forward,
)
from taskgraph.model.words import counted, name_of, visible


@dataclass(frozen=True, slots=True)
class Row:
    """One subtask. Times are microseconds from the start of the timeline."""

    name: str
    id_text: str
    status: str
    """Empty in a definition; what else the state of a box says is in the note."""
    tone: str
    """As on a box of the graph."""
    start: int
    finish: int
    ready: int | None = None
    """When it could have started; ``None`` where it started at once or nobody knows."""
    limit: int | None = None
    """When its timeout ends; ``None`` without one, and where the start of the last attempt
    is not known.
    """
    several: bool = False
    """More than one run lies between start and finish, nobody knows how."""
    marked: bool = False
    """On the as-run path, or on a critical path of the plan."""
    note: str = ""
    """What the state has beside the status, durations and attempts, in words."""
    pause: tuple[int, int] | None = None
    """The latest end of the first of several attempts by its timeout, and the earliest
    start of the last one: between them nobody knows what was work and what was not. Of what
    is yet to run again, that is all up to its finish.
    """
    ghost: tuple[int, int] | None = None
    """From when to when it may yet run, at most, if nothing waits for a slot; of a task
    that runs. What has not started has no other bar.
    """
    is_coming: bool = False
    """It has not begun, in a task that runs."""
    density: tuple[int, ...] = ()
    """Of several in one row: how many ran at once, in equal parts of its time."""

    @property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """From when to when it ran, as far as one knows."""
        if self.pause is None:
            return ((self.start, self.finish),)
        first, last = (self.start, self.pause[0]), (self.pause[1], self.finish)
        return (first, last) if last[0] < last[1] else (first,)

    @property
    def description(self) -> str:
        """Everything about the row in one text."""
        return join_words((self.name, self.id_text, self.status, self.note))


@dataclass(slots=True)
class Draft:
    """All rows that there could be, by node; the rest as a timeline has it."""

    rows: dict[int, Row]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...]
    summary: tuple[str, ...]


def draft_rows(analysis: Analysis) -> Draft:
    """Make a row for each subtask that has run, or else for each that is planned."""
    graph = analysis.graph
    spans = [measured_span(subtask, analysis.as_of) for subtask in graph.subtasks]
    if any(spans):
        return _measured(analysis, spans)
    if analysis.is_sound:
        return _planned(analysis) if len(graph) else Draft({}, None, 0, None, (), ())
    return Draft({}, None, 0, None, (), (without_times(graph),))


def without_times(graph: TaskGraph) -> str:
    """Say why neither times nor a plan of a graph can be shown."""
    waits = len(graph) and not any(map(has_begun, graph.subtasks))
    times = "nothing has run" if waits else "the document has no times of runs"
    return f"{times}, and there is no plan to show: {'; '.join(graph.flaws)}"


# What was measured --------------------------------------------------------------------


def _measured(analysis: Analysis, spans: Sequence[Span | None]) -> Draft:
    graph, moment = analysis.graph, analysis.as_of
    known = [span for span in spans if span is not None]
    begin = min(span.start for span in known)
    end = max(max(span.finish, span.start) for span in known)
    path: tuple[int, ...] = ()
    if analysis.is_sound and (run := analysis.as_run) is not None:
        path, begin, end = run.path, min(begin, run.begin), max(end, run.end)
    marked = frozenset(path)
    rows = {
        node: _measured_row(
            analysis, node, span, begin, _ready(graph, node, spans), marked=node in marked
        )
        for node, span in enumerate(spans)
        if span is not None
    }
    ghosts = _ghosts(analysis, begin)
    for node, ghost in ghosts.items():
        if node in rows:
            note = join_words((rows[node].note, *_added(analysis, node)))
            rows[node] = replace(rows[node], ghost=ghost, note=note)
        else:
            names, beside = _names(analysis, node)
            coming = ghost[0], ghost[0]
            note = join_words((beside, *_limits(analysis, node)))
            rows[node] = Row(*names, *coming, note=note, ghost=ghost, is_coming=True)
    length = (end - begin) // MICROSECOND
    summary = [f"{format_span(begin, end)} from {format_moment(begin)}"]
    now = None
    running = any(is_in_flight(subtask) for subtask in graph.subtasks)
    if running and moment is not None and begin <= moment <= end:
        now = (moment - begin) // MICROSECOND
        summary.append(f"as of {format_moment(moment)}")
    last = max((ghost[1] for ghost in ghosts.values()), default=0)
    return Draft(rows, begin, max(length, last), now, path, tuple(summary))


def _added(analysis: Analysis, node: int) -> Iterable[str]:
    """Name what is left at most of a run beyond its own timeout."""
    yield _assumed(analysis, node)
    attempts = analysis.attempts[node]
    if attempts > least_attempts(analysis.graph.subtasks[node]):
        yield f"up to {counted(attempts, 'attempt')}"


def _limits(analysis: Analysis, node: int) -> Iterable[str]:
    """Name what the planned time of a subtask is made of."""
    limit = limit_text(analysis.graph.subtasks[node].timeout) or "no timeout known"
    assumed, attempts = _assumed(analysis, node), analysis.attempts[node]
    yield f"{limit}, {assumed}" if assumed else limit
    if attempts > 1:
        yield counted(attempts, "attempt")


def _assumed(analysis: Analysis, node: int) -> str:
    stand_in = analysis.stand_in
    if stand_in is None or has_limit(analysis.graph.subtasks[node]):
        return ""
    return f"{stand_in} assumed"


def _ghosts(analysis: Analysis, begin: datetime) -> dict[int, tuple[int, int]]:
    """Give by node from when to when what is left may run at most, where an end is told."""
    moment = analysis.as_of
    if moment is None or not runs_forward(analysis.task) or not analysis.is_sound:
        return {}
    if analysis.progress.endless is not None or not analysis.tells_worst_case:
        return {}
    now, left = (moment - begin) // MICROSECOND, analysis.left
    plan = analysis.schedule_left
    pairs = zip(plan.early_start, plan.early_finish, strict=True)
    return {
        node: (now + start * SECOND, now + finish * SECOND)
        for node, (start, finish) in enumerate(pairs)
        if left.basis[node] not in (Basis.DONE, Basis.NO_LIMIT) and finish > start
    }


def _ready(graph: TaskGraph, node: int, spans: Sequence[Span | None]) -> datetime | None:
    """Give when the last upstream finished, if all of them have times."""
    before = [spans[upstream] for upstream in graph.upstreams[node]]
    finishes = [span.finish for span in before if span is not None]
    return max(finishes) if finishes and len(finishes) == len(before) else None


def _measured_row(
    analysis: Analysis,
    node: int,
    span: Span,
    begin: datetime,
    ready: datetime | None,
    *,
    marked: bool,
) -> Row:
    subtask = analysis.graph.subtasks[node]
    start = (span.start - begin) // MICROSECOND
    finish = max(start, (span.finish - begin) // MICROSECOND)
    single = span.kind in (SpanKind.ONE_RUN, SpanKind.RUNNING)
    limited = single and has_limit(subtask)
    names, beside = _names(analysis, node)
    words = (beside, *subtask_facts(subtask, span))
    once = (analysis.attempt_seconds[node] + DEADLINE_SECONDS) * SECOND
    is_again = goes_on(subtask) and not is_in_flight(subtask)  # its last run is to come
    first, last = start + once, finish if is_again else finish - once
    pause = None
    is_limited = bool(analysis.attempt_seconds[node]) and not is_being_cancelled(subtask)
    if span.kind is SpanKind.SEVERAL_RUNS and is_limited and first < last:
        pause = (first, last)
        apart = f"first and last at least {format_measured(last - first)} apart"
        words = (*words, "" if is_again else apart)
    if ready is not None and ready < span.start:
        waited = format_measured((span.start - ready) // MICROSECOND)
        words = (*words, f"waited {waited}")
    else:
        ready = None
    return Row(
        *names,
        start=start,
        finish=finish,
        ready=None if ready is None else max(0, (ready - begin) // MICROSECOND),
        limit=start + (subtask.timeout or 0) * SECOND if limited else None,
        several=not single,
        marked=marked,
        note=join_words(words),
        pause=pause,
    )


# What is planned ----------------------------------------------------------------------


def _planned(analysis: Analysis) -> Draft:
    """Make the rows of the plan: every subtask takes as long as its timeout allows."""
    graph, schedule = analysis.graph, analysis.schedule
    critical = frozenset(schedule.critical)
    rows = {}
    for node in range(len(graph)):
        slack, (names, beside) = schedule.total_float[node], _names(analysis, node)
        words = [beside, *_limits(analysis, node)]
        if slack:
            words.append(f"may slip {format_measured(slack * SECOND)}")
        rows[node] = Row(
            *names,
            start=schedule.early_start[node] * SECOND,
            finish=schedule.early_finish[node] * SECOND,
            limit=schedule.late_finish[node] * SECOND if slack else None,
            marked=node in critical,
            note=join_words(words),
        )
    length = format_measured(schedule.makespan * SECOND)
    budget = analysis.budget
    how = "without waits for slots" if budget.bounds.may_wait else "at the longest"
    if budget.unlimited:
        how = f"but for {len(budget.unlimited):,} without a timeout"
    begun = any(map(has_begun, graph.subtasks))
    when = "without times of runs" if begun else "not run yet"
    summary = [f"{when}: planned by timeouts, {length} {how}"]
    if analysis.stand_in is not None:
        summary.append(f"{analysis.stand_in} where there is no timeout")
    settings = analysis.settings
    each = (("grace", settings.grace), ("overhead", settings.overhead))
    summary += [f"{name} {format_duration(n)} per attempt" for name, n in each if n]
    return Draft(rows, None, schedule.makespan * SECOND, None, (), tuple(summary))


def _names(analysis: Analysis, node: int) -> tuple[tuple[str, str, str, str], str]:
    """Give name, id, status and tone, and what its state says beside the status."""
    subtask = analysis.graph.subtasks[node]
    name = join_words((name_of(subtask), analysis.targets.get(node, "")))
    state, tone = state_and_tone(analysis, node)
    status, _, beside = state.partition(", ")
    return (name, visible(str(subtask.id)), status, tone), beside
