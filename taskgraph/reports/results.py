"""What belongs together in a report, and the numbers that come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.graph.parallel import splits
from taskgraph.model.durations import (
    format_duration,
    format_measured,
    format_moment,
    format_span,
)
from taskgraph.model.engine import SpanKind, has_ended, tells_progress
from taskgraph.model.statuses import shown_status
from taskgraph.model.task import Status
from taskgraph.model.words import OF_ITS_NAME, counted, id_list, percent

if TYPE_CHECKING:
    from taskgraph.analysis.analysis import Analysis
    from taskgraph.analysis.as_run import AsRun
    from taskgraph.analysis.budget import Budget, WorstCase
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.checks.result import CheckResult
    from taskgraph.graph.taskgraph import TaskGraph
    from taskgraph.model.task import Task
    from taskgraph.reports.comparison import Pair

WENT_ON = "what went on after its end"
CLOCKS_DIFFER = "clocks differ between hosts, or subtasks did not wait for their upstreams"
"""Why the path of measured times may be longer than the clock saw."""
_CROWDED = "undoing may wait for workers, which what runs holds until it notices"
UNSPLIT = (SpanKind.SEVERAL_RUNS, SpanKind.ROLLED_BACK)
"""What a measured time is that may hold several runs or a rollback, and pauses."""


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told of one task."""

    analysis: Analysis
    checked: CheckResult

    @property
    def graph(self) -> TaskGraph:
        """The graph of the task."""
        return self.analysis.graph

    @property
    def as_of(self) -> datetime | None:
        """The moment that it is told for, ``None`` where nobody gives one."""
        return self.analysis.as_of

    @property
    def sound(self) -> Analysis | None:
        """The analysis, where answers about graph and time apply.

        ``None`` where the graph is not sound; ``graph.flaws`` says why.
        """
        return self.analysis if self.analysis.is_sound else None

    @property
    def critical(self) -> frozenset[int]:
        """The nodes without float; none where the graph is not sound."""
        return frozenset(self.sound.budget.schedule.critical if self.sound else ())

    @property
    def gates(self) -> frozenset[int]:
        """The nodes at the point of no return."""
        point = self.sound and self.sound.no_return
        return frozenset(point.nodes if point else ())


@dataclass(frozen=True, slots=True)
class Postmortem:
    """The tasks that one report tells of, in the order in which they were read."""

    accounts: tuple[Account, ...]
    unreadable: tuple[str, ...] = ()
    """Why each of the other documents could not be read."""
    change: Pair | None = None
    """What changed, where there are two documents of one task."""
    version: str = ""
    """That of the tool."""

    @property
    def told(self) -> tuple[Account, ...]:
        """Those that are told in full: of two documents of one task only the second."""
        return self.accounts if self.change is None else self.accounts[-1:]


def whole_order(graph: TaskGraph) -> list[int]:
    """Give all nodes in topological order, those on and below a cycle last."""
    ordered = set(graph.order)
    return [*graph.order, *(node for node in range(len(graph)) if node not in ordered)]


def off_path(graph: TaskGraph, schedule: Schedule) -> list[int]:
    """Give the nodes that are not on the critical path, the tightest first."""
    on_path = set(schedule.critical_path)
    rest = (node for node in graph.order if node not in on_path)
    return sorted(rest, key=lambda node: (schedule.total_float[node], node))


def off_path_lines(graph: TaskGraph, schedule: Schedule) -> list[tuple[int, ...]]:
    """Give what :func:`off_path` gives, parts of a split together where all is the same."""
    split_of = {
        node: number for number, group in enumerate(splits(graph)) for node in group
    }
    lines: dict[object, list[int]] = {}
    for node in off_path(graph, schedule):
        same: object = node
        if node in split_of:
            same = (
                split_of[node],
                shown_status(graph.subtasks[node]),
                graph.subtasks[node].timeout or 0,
                schedule.early_start[node],
                schedule.early_finish[node],
                schedule.total_float[node],
                schedule.free_float[node],
            )
        lines.setdefault(same, []).append(node)
    return [tuple(line) for line in lines.values()]


def holders(budget: Budget) -> list[int]:
    """Give the nodes that hold a share of the worst case, the largest first."""
    shares = budget.shares
    held = (node for node, share in enumerate(shares) if share)
    return sorted(held, key=lambda node: (-shares[node], node))


class Figure(NamedTuple):
    """One of the numbers that come first; its texts may name ids of the document."""

    label: str
    value: str
    note: str = ""


def figures(account: Account) -> Iterator[Figure]:
    """Give the numbers that come first: progress, worst case, what is left, the clock."""
    sound, task = account.sound, account.graph.task
    if sound is not None:
        if not task.is_definition:
            yield Figure(*done_of(account))
        yield from _worst(sound, task)
        yield from likely_figure(sound)
        yield from slow_figure(sound)
        if sound.as_run is not None:
            yield clock_figure(task, sound.as_run)
        yield _no_return(account.graph, sound)
    count = len(account.checked.findings)
    worst = account.checked.worst
    yield Figure(
        "Findings", counted(count) if count else "none", f"worst: {worst}" if worst else ""
    )


def done_of(account: Account) -> tuple[str, str]:
    """Say what is counted as progress, and how much of how much there is of it."""
    tally = account.analysis.tally
    word = "Done" if tells_progress(account.graph.task) else "Successful"
    word = "Undone" if tally.is_rolling_back else word
    return word, f"{len(tally.done):,} of {tally.whole:,}"


def clock_figure(task: Task, run: AsRun) -> Figure:
    """Say how long a task ran, or runs so far; and since when, where that is not its start.

    obshell puts the start of a DAG anew, and clocks differ.
    """
    word = "Running for" if task.status == Status.RUNNING else "So far"
    word = "Ran" if has_ended(task) else word
    notes, start = [], task.start_time or run.begin
    if format_moment(run.begin) != format_moment(start):
        notes.append(f"since {format_moment(run.begin, start)}")
    if run.outlasts(task):
        notes.append(f"with {WENT_ON}")
    return Figure(word, format_span(run.begin, run.end), ", ".join(notes))


def _worst(sound: Analysis, task: Task) -> Iterator[Figure]:
    budget = sound.budget
    if sound.unknown is not None:
        yield Figure("Worst case", "not known", sound.unknown)
        return
    if budget.is_bounded:
        each = sound.stand_in
        note = "" if each is None else f"with {each} where there is no timeout"
        yield Figure("Worst case", format_duration(budget.seconds), note)
    else:
        count = len(budget.unlimited)
        note = f"{counted(count)} without a timeout, else {format_duration(budget.seconds)}"
        yield Figure("Worst case", "unbounded", note)
    if task.status == Status.RUNNING and sound.progress.endless is not None:
        yield Figure("Left at worst", "no promise", sound.progress.endless)
    if task.status == Status.RUNNING and sound.progress.latest_finish is not None:
        left = format_duration(sound.progress.worst_case.seconds)
        note = f"over by {format_moment(sound.progress.latest_finish)}{late_text(sound)}"
        yield Figure("Left at worst", left, note)


def no_end_text(why: str) -> str:
    """Say why nobody can tell how long a task takes yet."""
    return f"nothing promises an end: {why}"


def endless_undoing(sound: Analysis) -> str | None:
    """Say why nothing promises that a rollback as of now ends; ``None`` where it does."""
    if lasting := sound.progress.lasting:
        return str(lasting)
    return _CROWDED if sound.rollback.is_crowded else None


def undoing(sound: Analysis) -> WorstCase | None:
    """Give what a rollback as of now takes at most; ``None`` where nobody can tell."""
    is_untold = bool(sound.rollback.steps) and sound.unknown is not None
    return None if is_untold or endless_undoing(sound) else sound.rollback.worst_case


def likely_figure(sound: Analysis) -> Iterator[Figure]:
    """Say when a running task is likely done by past runs, or that these are too few."""
    forecast = sound.forecast
    if forecast is None:
        return
    past = counted(forecast.runs, "past run")
    if forecast.half is None or forecast.most is None:
        why = f"{past} alike, all of which would fail"
        if forecast.guessed:
            subtasks = [sound.graph.subtasks[node] for node in forecast.guessed]
            why = f"no past run as long of {id_list(subtasks)}"
        elif forecast.runs < forecast.needed:
            why = f"{past} alike, {counted(forecast.needed)} are needed"
        yield Figure("Likely done", "not known", why)
        return
    half, most = (
        f"by {format_moment(one.moment, sound.as_of)}{' or later' * one.is_least}"
        for one in (forecast.half, forecast.most)
    )
    note = f"half of what is alike; 9 of 10 {most}; {past}, where nothing fails"
    if forecast.failing:
        note += f" ({percent(forecast.failing, 1)} fail)"
    yield Figure("Likely done", half, note)


def slow_figure(sound: Analysis) -> Iterator[Figure]:
    """Name the running subtasks that are slow for their kind."""
    if slow := sound.slow:
        first, *rest = slow
        note = (
            f"runs for {format_measured(first.ran)}, longer than {first.shorter:,} of "
            f"{counted(first.others, 'past run')} {OF_ITS_NAME}; "
            f"usual {format_measured(first.usual)}"
        )
        if rest:
            others = id_list([sound.graph.subtasks[one.node] for one in rest], "and")
            note += f"; also {others}"
        yield Figure("Slow", id_list([sound.graph.subtasks[first.node]]), note)


def late_text(sound: Analysis) -> str:
    """Say behind a latest finish by how much that is later than the worst case."""
    if not sound.seconds_late:
        return ""
    return f", {format_duration(sound.seconds_late)} later than worst case and start allow"


def _no_return(graph: TaskGraph, sound: Analysis) -> Figure:
    gate = sound.no_return
    if gate is None and not sound.tells_rollback:
        note = "the document does not say what prohibits rollback"
        return Figure("Point of no return", "not known", note)
    if gate is None:
        return Figure("Point of no return", "none", "every subtask allows rollback")
    if gate.is_start:
        return Figure("Point of no return", "the start", "the task prohibits rollback")
    names = id_list([graph.subtasks[node] for node in gate.nodes], "or")
    state = "passed" if gate.passed else "not passed yet"
    return Figure("Point of no return", state, f"the start of {names}")
