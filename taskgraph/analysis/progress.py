"""How far a task is: what is where, whether it moves, and when it is over at the latest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.analysis.premises import Premises
from taskgraph.analysis.weights import Basis, Weights
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import moment_after
from taskgraph.model.engine import (
    MICROSECOND,
    NOT_BEGUN,
    POLL_SECONDS,
    SECOND,
    SECOND_TRIES,
    SKIPS,
    UNDER_WAY,
    is_being_cancelled,
    is_in_flight,
    is_repeating,
    is_rolled_back,
    outlasts_poll,
    timeout_seconds,
)
from taskgraph.model.task import STATUSES, Operation, Status, Subtask

if TYPE_CHECKING:
    from taskgraph.analysis.budget import WorstCase
    from taskgraph.analysis.schedule import Schedule


class Endless(StrEnum):
    """Why nothing promises that a task ends, whatever its timeouts are."""

    STALLED = "nothing in it moves any more"
    HANGING = "a cancel ends within seconds, or hangs"
    WAITING = "a subtask is FAILED, and what comes next waits for a person"
    UNKNOWN = "the state of a subtask is not known"
    UNCLAIMED = "no worker begins what is ready"
    OVERDUE = "a subtask runs on past its timeout"
    REPEATING = "a subtask that was retried in the rollback is run again and again"

    @property
    def is_lasting(self) -> bool:
        """Whether it stays so whatever is asked of other subtasks, or of the task."""
        return self in {Endless.HANGING, Endless.OVERDUE, Endless.UNCLAIMED}


@dataclass(frozen=True, slots=True)
class RunningSubtask:
    """A subtask at work and what is left of its timeout.

    Attributes
    ----------
    node : int
    seconds_left : int or None
        ``None`` where it has no limit.
    basis : Basis
        ``LEFT``, ``OVERDUE``, ``START_UNKNOWN`` (then all of the timeout counts as
        left), ``ASSUMED`` or ``NO_LIMIT``.
    """

    node: int
    seconds_left: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a task stands in time.

    Attributes
    ----------
    as_of : datetime or None
        The moment, ``None`` where neither the caller nor the document gives one.
    critical_path : tuple of int
        The critical path by timeouts.
    critical_seconds, critical_seconds_done : int
        The length of that path, and by how much what is left is shorter.
    left : Weights
        What remains of each subtask.
    worst_case : WorstCase
        How long the rest takes at most.
    endless : Endless or None
        Why that is no promise, ``None`` where it is one.
    latest_finish : datetime or None
        ``None`` without a moment, without a promise, or where a subtask that is not done
        has no limit.
    in_flight : tuple of RunningSubtask
        What runs, the nearest to its timeout first, those without a limit last.
    """

    as_of: datetime | None
    critical_path: tuple[int, ...]
    critical_seconds: int
    critical_seconds_done: int
    left: Weights
    worst_case: WorstCase
    endless: Endless | None
    latest_finish: datetime | None
    in_flight: tuple[RunningSubtask, ...]

    @property
    def lasting(self) -> Endless | None:
        """Why no retry, skip or rollback has a promised end, ``None`` where it has."""
        return self.endless if self.endless and self.endless.is_lasting else None

    @property
    def nearest(self) -> RunningSubtask | None:
        """The running subtask that is nearest to its timeout."""
        limited = (row for row in self.in_flight if row.seconds_left is not None)
        return next(limited, None)


def progress(
    premises: Premises,
    schedule: Schedule,
    left: Weights,
    rest: WorstCase,
    standing: Standstill,
) -> Progress:
    """Tell how far a task is.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.
    schedule : Schedule
        Of its worst-case durations.
    left : Weights
        What is left of each subtask.
    rest : WorstCase
        How long all of that takes.
    standing : Standstill
    """
    endless = _endless(premises, standing, left)
    return Progress(
        as_of=premises.as_of,
        critical_path=schedule.critical_path,
        critical_seconds=schedule.makespan,
        critical_seconds_done=max(schedule.makespan - rest.longest_path, 0),
        left=left,
        worst_case=rest,
        endless=endless,
        latest_finish=None if endless else _latest(premises, rest),
        in_flight=_in_flight(premises.graph, left),
    )


def _endless(premises: Premises, standing: Standstill, left: Weights) -> Endless | None:
    if standing.is_stalled:
        return Endless.STALLED
    subtasks = premises.graph.subtasks
    if any(map(is_being_cancelled, subtasks)):
        return Endless.HANGING
    if standing.unclaimed:
        return Endless.UNCLAIMED
    if any(_is_lost(premises, node) for node in left.nodes(Basis.OVERDUE)):
        return Endless.OVERDUE
    back = premises.is_rolling_back
    if any(is_repeating(subtask, back=back) for subtask in subtasks):
        return Endless.REPEATING
    if any(subtask.status == Status.FAILED for subtask in subtasks):
        return Endless.WAITING
    if any(subtask.status not in STATUSES for subtask in subtasks):
        return Endless.UNKNOWN
    return None


def _is_lost(premises: Premises, node: int) -> bool:
    """Tell whether even the engine's poll would have ended it by now."""
    start, moment = premises.graph.subtasks[node].start_time, premises.as_of
    if start is None or moment is None:
        return False
    ran, grace = (moment - start) // MICROSECOND, premises.settings.thresholds.grace
    return outlasts_poll(premises.graph.subtasks[node], ran, grace)


def _latest(premises: Premises, rest: WorstCase) -> datetime | None:
    moment, start = premises.as_of, premises.task.start_time
    if moment is None or not rest.is_bounded:
        return None
    if start is not None:
        moment = max(moment, start)
    return moment_after(moment, rest.seconds * SECOND)


def _in_flight(graph: TaskGraph, left: Weights) -> tuple[RunningSubtask, ...]:
    rows = []
    for node, subtask in enumerate(graph.subtasks):
        if is_in_flight(subtask) and not is_being_cancelled(subtask):
            basis = left.basis[node]
            seconds = None if basis is Basis.NO_LIMIT else left.durations[node]
            rows.append(RunningSubtask(node, seconds, basis))
    rows.sort(key=lambda row: (row.seconds_left is None, row.seconds_left or 0, row.node))
    return tuple(rows)


_FORWARD: Mapping[str | None, str] = {
    Status.READY: "ready",
    Status.RUNNING: "running",
    Status.CANCELING: "canceling",
    Status.FAILED: "failed",
    Status.SUCCESSFUL: "done",
    Status.PENDING: "pending",
}
_OF_PENDING: Mapping[str | None, str] = {
    Operation.ROLLBACK: "done",
    Operation.ROLLBACK_SKIP: "in_place",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """The nodes of a graph by what they are in. Each node is in one, ascending.

    Attributes
    ----------
    is_rolling_back : bool
    done : tuple of int
        What is done; in a task that rolls back, what was undone.
    in_place : tuple of int
        What a rollback has left in place, for its undoing was skipped.
    untouched : tuple of int
        What never began and so need not be undone; only in a rollback.
    ready, running, canceling, failed : tuple of int
        Running are those at work, and not those that are being cancelled.
    pending : tuple of int
        What has yet to be done, or undone.
    other : tuple of int
        Those with a status that the engine is not known to write, or none.
    skipped : tuple of int
        Those of `done` whose work was skipped.
    """

    is_rolling_back: bool
    done: tuple[int, ...]
    in_place: tuple[int, ...]
    untouched: tuple[int, ...]
    ready: tuple[int, ...]
    running: tuple[int, ...]
    canceling: tuple[int, ...]
    pending: tuple[int, ...]
    failed: tuple[int, ...]
    other: tuple[int, ...]
    skipped: tuple[int, ...]

    @property
    def whole(self) -> int:
        """How many there are to be done, or undone."""
        left = (self.ready, self.running, self.canceling, self.pending, self.failed)
        return sum(map(len, (self.done, self.in_place, *left, self.other)))


def tally(premises: Premises) -> Tally:
    """Sort the subtasks of a task, of a faulty graph too."""
    back = premises.is_rolling_back
    names = ("done", "in_place", "untouched", *_FORWARD.values(), "other")
    groups: dict[str, list[int]] = {name: [] for name in names}
    subtasks = premises.graph.subtasks
    for node, subtask in enumerate(subtasks):
        groups[_group(subtask, back=back)].append(node)
    done = () if back else tuple(groups["done"])
    return Tally(
        back,
        **{name: tuple(nodes) for name, nodes in groups.items()},
        skipped=tuple(n for n in done if subtasks[n].operation == Operation.SKIP),
    )


def _group(subtask: Subtask, *, back: bool) -> str:
    if is_being_cancelled(subtask):
        return "canceling"
    if back and subtask.status == Status.SUCCESSFUL:
        return "pending"
    if back and subtask.status == Status.PENDING:
        return _OF_PENDING.get(subtask.operation, "untouched")
    return _FORWARD.get(subtask.status, "other")


class Standstill(NamedTuple):
    """What of a task has not moved for longer than the settings' `event-delay`.

    Attributes
    ----------
    quiet : datetime.timedelta or None
        Since when no time of the document tells of an event; ``None`` where it has none.
    idle : datetime.timedelta or None
        The same where it proves that nothing has happened since: a task that was just made
        to run again shows its old times.
    is_stalled : bool
        The task is RUNNING, and nothing in it is READY, RUNNING or CANCELING.
    unclaimed : tuple of int
        What is READY, and no worker begins it, ascending.
    hanging : tuple of int
        What is being cancelled, and does not end, ascending.
    """

    quiet: timedelta | None
    idle: timedelta | None
    is_stalled: bool
    unclaimed: tuple[int, ...]
    hanging: tuple[int, ...]


def standstill(premises: Premises) -> Standstill:
    """Tell what stands still; a faulty graph will do.

    A status never seen before may mean that something moves.
    """
    graph, moment = premises.graph, premises.as_of
    statuses = frozenset(graph.values("status"))
    last = _last_event(graph, statuses)
    quiet = None if moment is None or last is None else moment - last
    idle = quiet if _is_later_than_what_was_asked(graph) else None
    is_quiet, is_idle = (
        time is not None and time.total_seconds() > premises.settings.thresholds.event_delay
        for time in (quiet, idle)
    )
    runs = premises.task.status == Status.RUNNING and statuses <= STATUSES
    return Standstill(
        quiet,
        idle,
        is_stalled=runs and is_idle and statuses.isdisjoint(UNDER_WAY),
        unclaimed=_unclaimed(graph) if runs and is_idle else (),
        hanging=_those(graph, is_being_cancelled) if is_quiet else (),
    )


def _those(graph: TaskGraph, test: Callable[[Subtask], bool]) -> tuple[int, ...]:
    return tuple(node for node, subtask in enumerate(graph.subtasks) if test(subtask))


def _unclaimed(graph: TaskGraph) -> tuple[int, ...]:
    """Give what is READY since the last event.

    When a retry or a skip was asked for, nothing tells until it has started; with the last
    FAILED subtask others became READY too.
    """
    if any(
        subtask.operation in SECOND_TRIES and subtask.status in UNDER_WAY
        for subtask in graph.subtasks
    ):
        return ()
    known = {Operation.EXECUTE, Operation.ROLLBACK}
    return _those(graph, lambda sub: sub.status == Status.READY and sub.operation in known)


def _last_event(graph: TaskGraph, statuses: frozenset[str | None]) -> datetime | None:
    """Give the latest time at which a subtask, or the task, is known to have moved.

    Where subtasks have moved and no times of theirs are told, nothing tells.
    """
    times = chain(graph.values("start_time"), graph.values("finish_time"))
    last: datetime | None = max(filter(None, times), default=None)
    started = graph.task.start_time
    if last is None:
        return started if statuses <= NOT_BEGUN else None
    return last if started is None else max(last, started)


def _is_later_than_what_was_asked(graph: TaskGraph) -> bool:
    """Tell whether a subtask moved after the task was last told what to do.

    A task that runs again shows an old finish, and the moment at which it was made to run
    again is not in the document: it may have been just now. A retry or skip of one subtask,
    and anything else while one is FAILED, set a subtask in motion whose times tell, or
    those of what it released, unless a skip left the old ones. So does what has been
    undone, skipped or released since.
    """
    task, ended = graph.task, graph.task.finish_time
    if ended is None:
        return True

    def is_since(moment: datetime | None) -> bool:
        return moment is not None and moment > ended

    def has_released(node: int) -> bool:
        below = graph.downstreams[node]
        return any(is_since(graph.subtasks[other].start_time) for other in below)

    is_told = SKIPS.isdisjoint(graph.values("operation")) or any(
        is_since(subtask.finish_time) or has_released(node)
        for node, subtask in enumerate(graph.subtasks)
        if subtask.operation in SECOND_TRIES
    )
    has_failed = any(subtask.status == Status.FAILED for subtask in graph.subtasks)
    if is_told and (has_failed or task.operation == Operation.EXECUTE):
        return True
    for node, subtask in enumerate(graph.subtasks):
        finish = subtask.finish_time
        if finish is None or finish <= ended:
            continue
        if task.operation != Operation.ROLLBACK:
            if has_released(node) or subtask.operation == Operation.SKIP:
                return True
        elif is_rolled_back(subtask):
            # A fault fails a task while a subtask is still being undone, which then ends as
            # if it belonged to what was asked for later.
            least = timedelta(seconds=timeout_seconds(subtask) or POLL_SECONDS)
            if finish - ended >= least:
                return True
    return False
