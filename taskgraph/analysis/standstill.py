"""Whether a task stands still, as far as its document proves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from taskgraph.analysis.premises import Premises
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    POLL_SECONDS,
    is_being_cancelled,
    is_rolled_back,
    timeout_seconds,
)
from taskgraph.model.task import Subtask
from taskgraph.model.vocabulary import STATUSES, Operation, Status

__all__ = ["Standstill", "standstill"]

_STATUS = attrgetter("status")
_START, _FINISH = attrgetter("start_time"), attrgetter("finish_time")
_NOT_BEGUN = frozenset({Status.PENDING, Status.READY})
_ASKED_FOR = frozenset({Operation.RETRY, Operation.SKIP, Operation.ROLLBACK_SKIP})
_ACTIVE = frozenset({Status.READY, Status.RUNNING, Status.CANCELING})


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
    statuses = frozenset(map(_STATUS, graph.subtasks))
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
        is_stalled=runs and is_idle and statuses.isdisjoint(_ACTIVE),
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
        subtask.operation in _ASKED_FOR and subtask.status in _ACTIVE
        for subtask in graph.subtasks
    ):
        return ()
    known = {Operation.EXECUTE, Operation.ROLLBACK}
    return _those(graph, lambda sub: sub.status == Status.READY and sub.operation in known)


def _last_event(graph: TaskGraph, statuses: frozenset[str | None]) -> datetime | None:
    """Give the latest time at which a subtask, or the task, is known to have moved.

    Where subtasks have moved and no times of theirs are told, nothing tells.
    """
    times = chain(map(_START, graph.subtasks), map(_FINISH, graph.subtasks))
    last: datetime | None = max(filter(None, times), default=None)
    started = graph.task.start_time
    if last is None:
        return started if statuses <= _NOT_BEGUN else None
    return last if started is None else max(last, started)


def _is_later_than_what_was_asked(graph: TaskGraph) -> bool:
    """Tell whether a subtask moved after the task was last told what to do.

    A task that runs again shows an old finish, and the moment at which it was made to run
    again is not in the document: it may have been just now. A retry or skip of one subtask,
    and anything else while one is FAILED, set a subtask in motion whose times tell. So does
    what has been undone, skipped or released since.
    """
    task, ended = graph.task, graph.task.finish_time
    if ended is None or task.operation == Operation.EXECUTE:
        return True
    if any(subtask.status == Status.FAILED for subtask in graph.subtasks):
        return True
    for node, subtask in enumerate(graph.subtasks):
        finish = subtask.finish_time
        if finish is None or finish <= ended:
            continue
        if task.operation != Operation.ROLLBACK:
            below = (graph.subtasks[other].start_time for other in graph.downstreams[node])
            is_released = any(start is not None and start > ended for start in below)
            if is_released or subtask.operation == Operation.SKIP:
                return True
        elif is_rolled_back(subtask):
            # A fault fails a task while a subtask is still being undone, which then ends as
            # if it belonged to what was asked for later.
            least = timedelta(seconds=timeout_seconds(subtask) or POLL_SECONDS)
            if finish - ended >= least:
                return True
    return False
