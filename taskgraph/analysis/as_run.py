"""Where the time of a run went, by the clock, and who held the slots meanwhile.

From the last finish back along the upstream that finished last, each hop by hop, the
path accounts for the whole time: its parts sum to the wall time exactly, so a part where
one subtask started before the other had finished is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.weights import actual_weights
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    DISPATCH_SECONDS,
    MICROSECOND,
    SECOND,
    Span,
    SpanKind,
    has_ended,
    measured_span,
)
from taskgraph.model.task import Task


class PartKind(StrEnum):
    """What a part of the wall time is."""

    BEFORE = "before the first start"
    RUN = "run"
    DISPATCH = "dispatch"
    WAIT = "waiting"
    OVERLAP = "overlap"
    AFTER = "after the last finish"
    OTHER_PATH = "run time of another path"


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of the wall time.

    Attributes
    ----------
    kind : PartKind
    microseconds : int
        Negative for an overlap: the subtask started before the one before it finished, or
        finished before it started, which is a part of its own.
    node : int or None
        The subtask that runs or that is being waited for; ``None`` where it is neither.
    begin : datetime
        When the part begins; it ends `microseconds` later.
    span : SpanKind or None
        What a run holds: only ``ONE_RUN`` and ``RUNNING`` are a single run.
    attempts : int or None
        The attempts that the document counts within a run. A manual retry is not
        counted.
    """

    kind: PartKind
    microseconds: int
    node: int | None
    begin: datetime
    span: SpanKind | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The path that the clock saw. All durations are in microseconds.

    Attributes
    ----------
    begin, end : datetime
        The task's own start and finish; the first start and the last finish where it has
        none; for a task that is not known to be over, the end is the as-of time.
    path : tuple of int
        The subtasks of the path, the first to run first.
    parts : tuple of TimePart
        In order; they sum to `wall`.
    skipped_over : tuple of int
        The subtasks between two of the path that have no times, in order: their time is
        in the dispatch and the waiting before the next one.
    """

    begin: datetime
    end: datetime
    path: tuple[int, ...]
    parts: tuple[TimePart, ...]
    skipped_over: tuple[int, ...]

    @property
    def wall(self) -> int:
        """The wall time."""
        return (self.end - self.begin) // MICROSECOND

    def total(self, kind: PartKind) -> int:
        """Sum the parts of one kind."""
        return sum(part.microseconds for part in self.parts if part.kind is kind)


@dataclass(frozen=True, slots=True)
class AsRun(Trace):
    """The path that the clock saw, beside what was possible.

    Attributes
    ----------
    ideal : Schedule
        The schedule of the measured times: what the run would have taken if every
        subtask had started as soon as its upstreams had finished.
    """

    ideal: Schedule

    @property
    def differences(self) -> dict[PartKind, int]:
        """Why the wall time is not the ideal makespan.

        Returns
        -------
        dict of PartKind to int
            They sum to ``wall - ideal.makespan``; those that are 0 are left out.
            ``OTHER_PATH`` is negative: the longest path of measured times runs through
            other subtasks than the path that the clock saw, and is longer.
        """
        sums = {kind: self.total(kind) for kind in PartKind}
        sums[PartKind.OTHER_PATH] = sums.pop(PartKind.RUN) - self.ideal.makespan
        return {kind: value for kind, value in sums.items() if value}

    def outlasts(self, task: Task) -> bool:
        """Whether something went on after the end of the task, which has ended."""
        finish = task.finish_time if has_ended(task) else None
        return finish is not None and finish < self.end

    @property
    def ideal_exceeds_wall(self) -> bool:
        """Whether the measured times cannot all be true, or upstreams were not waited for.

        Clocks of several hosts and subtasks that started before an upstream's recorded
        finish make a path that is longer than the wall time.
        """
        return self.ideal.makespan > self.wall


def as_run(premises: Premises) -> AsRun | None:
    """Account for the wall time of a run.

    Up to :data:`~taskgraph.model.engine.DISPATCH_SECONDS` of the time from one subtask to
    the next are dispatch; the rest is waiting.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.

    Returns
    -------
    AsRun or None
        ``None`` where no subtask has times.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    premises.graph.require_sound()
    if (walked := trace(premises)) is None:
        return None
    durations = actual_weights(premises.graph, premises.as_of).durations
    return AsRun(
        walked.begin,
        walked.end,
        walked.path,
        walked.parts,
        walked.skipped_over,
        ideal=schedule(premises.graph, durations),
    )


def trace(premises: Premises) -> Trace | None:
    """Follow the path that the clock saw, in a sound graph."""
    graph, moment = premises.graph, premises.as_of
    spans = [measured_span(subtask, moment) for subtask in graph.subtasks]
    path, skipped_over = _walk_back(graph, spans)
    if not path:
        return None
    begin, end = _window(graph.task, [span for span in spans if span], moment)
    hops = [(node, span) for node in path if (span := spans[node])]
    parts = []
    at = begin
    for place, (node, span) in enumerate(hops):
        gap = (span.start - at) // MICROSECOND
        if place:
            parts += _between(node, at, gap)
        else:
            parts += _before(node, begin, span.start, min(s.start for s in spans if s))
        attempts = graph.subtasks[node].attempts
        ran, back = max(span.microseconds, 0), min(span.microseconds, 0)
        parts.append(TimePart(PartKind.RUN, ran, node, span.start, span.kind, attempts))
        if back:
            parts.append(TimePart(PartKind.OVERLAP, back, None, span.start))
        at = span.finish
    parts.append(TimePart(PartKind.AFTER, (end - at) // MICROSECOND, None, at))
    return Trace(begin, end, path, tuple(parts), skipped_over)


def _before(node: int, begin: datetime, start: datetime, first: datetime) -> list[TimePart]:
    """Split the time before the path: from the first start of all on its first waits."""
    parts = [TimePart(PartKind.BEFORE, (first - begin) // MICROSECOND, node, begin)]
    if start > first:
        waited = (start - first) // MICROSECOND
        parts.append(TimePart(PartKind.WAIT, waited, node, first))
    return parts


def _between(node: int, begin: datetime, gap: int) -> list[TimePart]:
    """Split the time from one subtask's finish to the next one's start."""
    if gap < 0:
        return [TimePart(PartKind.OVERLAP, gap, node, begin)]
    dispatch = min(gap, DISPATCH_SECONDS * SECOND)
    parts = [TimePart(PartKind.DISPATCH, dispatch, node, begin)]
    if gap > dispatch:
        later = begin + dispatch * MICROSECOND
        parts.append(TimePart(PartKind.WAIT, gap - dispatch, node, later))
    return parts


def _walk_back(
    graph: TaskGraph, spans: Sequence[Span | None]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Follow the upstream that finished last, from the last finish of all.

    What has no times is given apart from the path.

    Of several that finished at one moment the one with the smallest id counts. Of several
    last ones, as all are that are at work, none counts that has another one downstream; of
    the others it is the one that began first, and then the one with the smallest id. The
    finish of a subtask without times is that of its upstream that finished last.
    """
    finishes: list[datetime | None] = [None] * len(graph)
    before = [-1] * len(graph)
    for node in graph.order:
        latest = None
        for upstream in graph.upstreams[node]:
            finish = finishes[upstream]
            if finish is not None and (latest is None or finish > latest):
                latest, before[node] = finish, upstream
        span = spans[node]
        finishes[node] = span.finish if span else latest
    node = _last_of_all(graph, spans)
    path: list[int] = []
    skipped: list[int] = []
    while node >= 0:
        (path if spans[node] else skipped).append(node)
        node = before[node]
    return tuple(reversed(path)), tuple(reversed(skipped))


def _last_of_all(graph: TaskGraph, spans: Sequence[Span | None]) -> int:
    """Give the node from which the path is followed back, -1 where nothing has times."""
    finish = max((span.finish for span in spans if span), default=None)
    precedes = [False] * len(graph)  # one that finished last is downstream of it
    lasts: list[tuple[datetime, int]] = []
    for node in reversed(graph.order):
        span = spans[node]
        is_last = span is not None and span.finish == finish
        if span is not None and is_last and not precedes[node]:
            lasts.append((span.start, node))
        if is_last or precedes[node]:
            for upstream in graph.upstreams[node]:
                precedes[upstream] = True
    return min(lasts)[1] if lasts else -1


def _window(
    task: Task, spans: Sequence[Span], moment: datetime | None
) -> tuple[datetime, datetime]:
    """Give the start and the end of the run, and no less than the spans fill.

    A task that runs, or may run, may show an old finish; after one that FAILED subtasks may
    run on; clocks differ a little; and obshell puts the start of a DAG anew when it is
    cancelled.
    """
    end = task.finish_time if has_ended(task) else moment
    begin, last = min(span.start for span in spans), max(span.finish for span in spans)
    return (
        begin if task.start_time is None else min(begin, task.start_time),
        last if end is None else max(end, last),
    )


_SINGLE = frozenset({SpanKind.ONE_RUN, SpanKind.RUNNING})


class Occupancy(NamedTuple):
    """When all slots were taken.

    Attributes
    ----------
    seconds : float
        For how long in all, at least: what ran several times is not counted, since nothing
        tells when it ran.
    holders : tuple of int
        The nodes at work at one of these moments, ascending.
    """

    seconds: float
    holders: tuple[int, ...]


def occupancy(
    premises: Premises, begin: datetime, end: datetime, until: datetime | None
) -> Occupancy:
    """Sweep over the starts and finishes between two moments.

    Parameters
    ----------
    premises : Premises
    begin, end : datetime
    until : datetime or None
        Until when what still runs has run.
    """
    limit, events = premises.slots, list[tuple[datetime, bool, int]]()
    for node, subtask in enumerate(premises.graph.subtasks):
        span = measured_span(subtask, until)
        if span is not None and span.kind in _SINGLE:
            start, finish = max(span.start, begin), min(span.finish, end)
            if start < finish:
                events += [(start, True, node), (finish, False, node)]
    events.sort()  # at one moment the finishes first: a slot is handed over
    taken, since = timedelta(), begin
    flying: set[int] = set()
    holders: set[int] = set()
    for moment, starts, node in events:
        if limit and len(flying) >= limit and moment > since:
            taken += moment - since
            holders |= flying
        since = moment
        (flying.add if starts else flying.remove)(node)
    return Occupancy(taken.total_seconds(), tuple(sorted(holders)))
