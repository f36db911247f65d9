"""What ran when, before anyone draws it.

For a task that ran, rows of measured times; for one that did not, the planned schedule
by timeouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypedDict

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.weights import Basis
from taskgraph.diagrams.collapsing import Cluster, Grouping, cluster_name, partitions
from taskgraph.diagrams.labels import (
    Caption,
    join_words,
    limit_text,
    missing,
    sizes,
    status_counts,
    subtask_facts,
    subtitle,
)
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.selection import select
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_measured, format_moment
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    Span,
    SpanKind,
    has_limit,
    is_in_flight,
    measured_span,
)
from taskgraph.model.statuses import (
    count_shown,
    count_statuses,
    look,
    shown_status,
    state_text,
)
from taskgraph.model.task import Subtask
from taskgraph.model.vocabulary import Status
from taskgraph.model.words import counted, name_of, title_of, visible

__all__ = ["Row", "Timeline", "build_timeline", "marks"]

ROWS = 400
"""The most rows of a timeline, unless the user wants another number."""
_FITTING = 66
"""Subtasks share rows, by default, until there are so few."""

_DAY = 24 * 3600 * SECOND
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_ROUND = (
    *(step * 1000 for step in _STEPS),
    *(step * SECOND for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(step * 3600 * SECOND for step in (1, 2, 3, 6, 12, 24, 48, 120, 240, 720, 2400)),
)
"""Steps of an axis in microseconds, from a millisecond to a hundred days."""


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
    pause : tuple of (int, int) or None
        The latest end of the first of several attempts by its timeout, and the earliest
        start of the last one: between them nobody knows what was work and what was not.
    ghost : tuple of (int, int) or None
        From when to when it may yet run, at most, if nothing waits for a slot; of a task
        that runs. What has not started has no other bar.
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
    pause: tuple[int, int] | None = None
    ghost: tuple[int, int] | None = None

    @property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """From when to when it ran, as far as one knows."""
        if self.pause is None:
            return ((self.start, self.finish),)
        return ((self.start, self.pause[0]), (self.pause[1], self.finish))

    @property
    def description(self) -> str:
        """Everything about the row in one text."""
        return join_words((self.name, self.id_text, self.state, self.note))


@dataclass(frozen=True, slots=True)
class Timeline(Caption):
    """What a timeline shows.

    Attributes
    ----------
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
    members : tuple of tuple of int
        The nodes of each row: several where they share it.
    bars : mapping of int to (int, int)
        By node, from when to when each subtask ran or is planned, in a shared row too.
    """

    rows: tuple[Row, ...]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...] = ()
    members: tuple[tuple[int, ...], ...] = ()
    bars: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def planned(self) -> bool:
        """Whether nothing has run yet."""
        return self.begin is None

    @property
    def path_name(self) -> str:
        """What the marked rows are on."""
        return "critical path" if self.planned else "as-run path"

    def shows_limit(self, row: Row) -> bool:
        """Tell whether the end of a row's timeout, or of its float, lies in the picture."""
        return row.limit is not None and row.limit <= self.end


def marks(end: int, begin: datetime | None, most: int) -> list[tuple[int, str]]:
    """Choose round marks, as (place, label), for an axis from 0 to `end` microseconds.

    They are times of day where it is known when 0 was, else durations; at most so many,
    unless the axis is longer than some thousand days.
    """
    step = next((step for step in _ROUND if end // step < most), -(-end // most))
    first = 0
    if begin is not None:
        end = min(end, (datetime.max.replace(tzinfo=begin.tzinfo) - begin) // MICROSECOND)
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -((begin - midnight) // MICROSECOND) % step
    return [(place, _label(place, begin, step)) for place in range(first, end + 1, step)]


def _label(place: int, begin: datetime | None, step: int) -> str:
    if begin is None:
        return format_measured(place)
    moment = begin + timedelta(microseconds=place)
    if step >= _DAY or not (moment.hour or moment.minute or moment.second):
        return moment.strftime("%m-%d")
    if step >= 60 * SECOND:
        return moment.strftime("%H:%M")
    if step >= SECOND:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}"


def build_timeline(analysis: Analysis, options: DiagramOptions | None = None) -> Timeline:
    """Decide what a timeline of a task shows, of a faulty one too if anything has run.

    The schedule by timeouts is the plan of a task that has not run. The options ``focus``,
    ``around_failed``, ``critical_only`` and ``max_nodes`` choose the rows.

    Where nothing has run and there is no schedule it says why.
    """
    options = options or DiagramOptions()
    graph = analysis.graph
    spans = [measured_span(subtask, analysis.as_of) for subtask in graph.subtasks]
    selection = select(analysis, options)
    if any(spans):
        draft = _measured(analysis, spans)
    elif analysis.is_sound:
        draft = _planned(graph, analysis.schedule)
    else:
        reasons = "; ".join(graph.flaws)
        told = f"nothing has run, and there is no plan to show: {reasons}"
        draft = _Draft({}, None, 0, None, (), (told,))
    chosen = tuple(node for node in selection.nodes if node in draft.rows)
    clusters = _clusters(analysis, chosen, options)
    limit = ROWS if options.max_nodes is None else options.max_nodes
    hidden = {node for cluster in clusters for node in cluster.nodes}
    single = [node for node in chosen if node not in hidden]
    kept = _most_telling(graph, draft, single, limit)
    units: list[tuple[tuple[int, ...], Row]]
    units = [((node,), draft.rows[node]) for node in kept]
    units += [(cluster.nodes, _band(graph, draft, cluster)) for cluster in clusters]
    units.sort(key=lambda unit: (unit[1].start, unit[1].finish, unit[0]))
    place = {node: number for number, (nodes, _) in enumerate(units) for node in nodes}
    path = [place[node] for node in draft.path if node in place]
    return Timeline(
        title=title_of(graph.task),
        subtitle=subtitle(graph),
        summary=(sizes(graph), *draft.summary),
        notes=(*selection.notes, *_notes(graph, draft, len(single) - len(kept))),
        rows=tuple(row for _, row in units),
        begin=draft.begin,
        end=max(draft.end, 1),
        now=draft.now,
        path=tuple(number for number, _ in groupby(path)),
        members=tuple(nodes for nodes, _ in units),
        bars={node: (row.start, row.finish) for node, row in draft.rows.items()},
    )


@dataclass(slots=True)
class _Draft:
    """All rows that there could be, by node; the rest as in :class:`Timeline`."""

    rows: dict[int, Row]
    begin: datetime | None
    end: int
    now: int | None
    path: tuple[int, ...]
    summary: tuple[str, ...]


def _clusters(
    analysis: Analysis, chosen: tuple[int, ...], options: DiagramOptions
) -> tuple[Cluster, ...]:
    """Choose what shares a row, as the graph does, until the rows fit a page."""
    fits = options.collapse == "auto" and len(chosen) <= _FITTING
    found: tuple[Cluster, ...] = ()
    if fits or options.max_nodes is not None:
        return found
    for clusters in partitions(analysis, chosen, options):
        found = tuple(c for c in clusters if c.grouping is not Grouping.FRAME)
        if len(chosen) - sum(len(cluster.nodes) - 1 for cluster in found) <= _FITTING:
            break
    return found


def _band(graph: TaskGraph, draft: _Draft, cluster: Cluster) -> Row:
    """Make the row of several subtasks: from the first start to the last finish."""
    rows = [draft.rows[node] for node in cluster.nodes]
    subtasks = [graph.subtasks[node] for node in cluster.nodes]
    counts = count_shown(subtasks)
    longest = max(row.finish - row.start for row in rows)
    ghosts = [row.ghost for row in rows if row.ghost is not None]
    ahead = (min(g[0] for g in ghosts), max(g[1] for g in ghosts)) if ghosts else None
    begun = [row for row in rows if row.ghost is None or row.finish > row.start] or rows[:1]
    is_plan = graph.task.is_definition
    words = (counted(len(rows), "subtask"), "" if is_plan else status_counts(counts))
    return Row(
        name=cluster_name(cluster, subtasks),
        id_text=f"{rows[0].id_text} … {rows[-1].id_text}",
        state=counts[0][0] if not is_plan else "",
        tone="pending" if is_plan else look(counts[0][0]).tone,
        start=min(row.start for row in begun),
        finish=max(row.finish for row in begun),
        ready=None,
        limit=None,
        several=True,
        ghost=ahead,
        marked=any(row.marked for row in rows),
        note=join_words((*words, f"longest {format_measured(longest)}")),
    )


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


def _notes(graph: TaskGraph, draft: _Draft, left_out: int) -> Iterable[str]:
    yield from missing(graph)
    if left_out:
        yield f"{left_out} shorter rows are left out."
    if draft.begin is not None:
        rows = draft.rows
        without = [s for node, s in enumerate(graph.subtasks) if node not in rows]
        if without:
            yield f"Without times: {status_counts(count_statuses(without))}."


# What was measured --------------------------------------------------------------------


def _measured(analysis: Analysis, spans: Sequence[Span | None]) -> _Draft:
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
            rows[node] = replace(rows[node], ghost=ghost)
        else:
            rows[node] = _coming_row(analysis, node, ghost)
    length = (end - begin) // MICROSECOND
    summary = [f"{format_measured(length)} from {format_moment(begin)}"]
    now = None
    running = any(is_in_flight(subtask) for subtask in graph.subtasks)
    if running and moment is not None and begin <= moment <= end:
        now = (moment - begin) // MICROSECOND
        summary.append(f"as of {format_moment(moment)}")
    last = max((ghost[1] for ghost in ghosts.values()), default=0)
    return _Draft(rows, begin, max(length, last), now, path, tuple(summary))


def _ghosts(analysis: Analysis, begin: datetime) -> dict[int, tuple[int, int]]:
    """Give by node from when to when what is left may run at most, where an end is told."""
    moment = analysis.as_of
    runs = analysis.task.status == Status.RUNNING and not analysis.is_rolling_back
    if moment is None or not runs or not analysis.is_sound:
        return {}
    if analysis.progress.endless is not None or not analysis.tells_worst_case:
        return {}
    now, left = (moment - begin) // MICROSECOND, analysis.left
    plan = schedule(analysis.graph, left.durations)
    pairs = zip(plan.early_start, plan.early_finish, strict=True)
    return {
        node: (now + start * SECOND, now + finish * SECOND)
        for node, (start, finish) in enumerate(pairs)
        if left.basis[node] not in (Basis.DONE, Basis.NO_LIMIT) and finish > start
    }


def _coming_row(analysis: Analysis, node: int, ghost: tuple[int, int]) -> Row:
    subtask = analysis.graph.subtasks[node]
    return Row(
        **_names(subtask, analysis.targets.get(node, "")),
        start=ghost[0],
        finish=ghost[0],
        ready=None,
        limit=None,
        several=False,
        marked=False,
        note=limit_text(subtask.timeout),
        ghost=ghost,
    )


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
    words = subtask_facts(subtask, span)
    once = analysis.attempt_seconds[node] * SECOND
    pause = None
    if span.kind is SpanKind.SEVERAL_RUNS and 0 < 2 * once < finish - start:
        pause = (start + once, finish - once)
        apart = format_measured(finish - start - 2 * once)
        words = (*words, f"first and last at least {apart} apart")
    if ready is not None and ready < span.start:
        waited = format_measured((span.start - ready) // MICROSECOND)
        words = (*words, f"waited {waited}")
    else:
        ready = None
    return Row(
        **_names(subtask, analysis.targets.get(node, "")),
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


def _planned(graph: TaskGraph, schedule: Schedule) -> _Draft:
    """Make the rows of the plan: every subtask takes as long as its timeout allows."""
    critical = frozenset(schedule.critical)
    rows = {}
    for node, subtask in enumerate(graph.subtasks):
        slack = schedule.total_float[node]
        words = [limit_text(subtask.timeout) or "no timeout known"]
        if slack:
            words.append(f"may slip {format_measured(slack * SECOND)}")
        rows[node] = Row(
            **_names(subtask, "", is_plan=graph.task.is_definition),
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
    return _Draft(rows, None, schedule.makespan * SECOND, None, (), summary)


class _Names(TypedDict):
    name: str
    id_text: str
    state: str
    tone: str


def _names(subtask: Subtask, target: str, *, is_plan: bool = False) -> _Names:
    return {
        "name": join_words((name_of(subtask), target)),
        "id_text": visible(str(subtask.id)),
        "state": "" if is_plan else state_text(subtask),
        "tone": "pending" if is_plan else look(shown_status(subtask)).tone,
    }
