"""How far a task is: what of it is where, and when all is over at the latest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from taskgraph.analysis.budget import WorstCase
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.standstill import Standstill
from taskgraph.analysis.weights import Basis, Weights
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import moment_after
from taskgraph.model.engine import (
    SECOND,
    is_being_cancelled,
    is_in_flight,
    is_repeating,
    timeout_seconds,
)
from taskgraph.model.task import Subtask
from taskgraph.model.vocabulary import STATUSES, Operation, Status

__all__ = ["Endless", "Progress", "RunningSubtask", "Tally", "progress", "tally"]


class Endless(StrEnum):
    """Why nothing promises that a task ends, whatever its timeouts are."""

    STALLED = "nothing in it moves any more"
    HANGING = "a cancel ends within seconds, or hangs"
    WAITING = "a subtask is FAILED, and what comes next waits for a person"
    UNKNOWN = "the state of a subtask is not known"
    UNCLAIMED = "no worker begins what is ready"
    OVERDUE = "a subtask runs on past its timeout"
    REPEATING = "a subtask that was retried in the rollback is run again and again"


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
    def critical_share(self) -> float | None:
        """The part of the longest path that is behind, ``None`` where it has no time."""
        if not self.critical_seconds:
            return None
        return self.critical_seconds_done / self.critical_seconds

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
    """Tell how far a task is whose graph is sound.

    The schedule is that of the worst case; `rest` is how long all takes that is left.
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
    promised = timeout_seconds(premises.graph.subtasks[node])
    grace = premises.settings.thresholds.grace
    return (moment - start).total_seconds() > promised + grace


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
