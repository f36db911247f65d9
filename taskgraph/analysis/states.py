"""What a subtask's state and times prove, by the rules of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from taskgraph.model import Operation, Status, Subtask, Task

__all__ = [
    "MICROSECOND",
    "SECOND",
    "Span",
    "SpanKind",
    "has_begun",
    "has_limit",
    "is_in_flight",
    "is_rolled_back",
    "is_rolling_back",
    "measured_span",
    "ran_once",
    "timeout_seconds",
]

MICROSECOND: Final = timedelta(microseconds=1)
SECOND: Final = 1_000_000
"""Microseconds in a second."""

_NOT_BEGUN = frozenset({None, Status.PENDING, Status.READY})
_ROLLBACK = frozenset({Operation.ROLLBACK, Operation.ROLLBACK_SKIP})


def has_limit(subtask: Subtask) -> bool:
    """Tell whether the definition promises a limit: 0 arms no deadline."""
    return subtask.timeout is not None and subtask.timeout > 0


def timeout_seconds(subtask: Subtask) -> int:
    """Give the subtask's timeout, 0 where it has no limit."""
    return max(subtask.timeout or 0, 0)


def has_begun(subtask: Subtask) -> bool:
    """Tell whether the subtask's prohibition of rollback counts."""
    return subtask.status not in _NOT_BEGUN


def is_in_flight(subtask: Subtask) -> bool:
    """Tell whether the subtask is at work at the moment of the document."""
    return subtask.status in {Status.RUNNING, Status.CANCELING}


def is_rolling_back(task: Task) -> bool:
    """Tell whether the task walks, or walked, upstream."""
    return task.operation == Operation.ROLLBACK


def is_rolled_back(subtask: Subtask) -> bool:
    """Tell whether the subtask's work was undone, or given up undoing."""
    return subtask.status == Status.PENDING and subtask.operation in _ROLLBACK


def ran_once(subtask: Subtask) -> bool:
    """Tell whether the document proves that the subtask was started once only.

    A manual retry does not raise the counter of attempts, but it changes the operation.
    """
    return subtask.operation == Operation.EXECUTE and subtask.attempts == 1


class SpanKind(StrEnum):
    """What lies between the two times of a subtask."""

    ONE_RUN = "one run"
    RUNNING = "one run, not over"
    SEVERAL_RUNS = "several runs, split unknown"
    ROLLED_BACK = "runs and rollback, split unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first start of a subtask to its last end, or to the as-of time.

    Attributes
    ----------
    start, finish : datetime
    kind : SpanKind
    """

    start: datetime
    finish: datetime
    kind: SpanKind

    @property
    def microseconds(self) -> int:
        """The length, negative where the finish is before the start."""
        return (self.finish - self.start) // MICROSECOND


def measured_span(subtask: Subtask, as_of: datetime | None) -> Span | None:
    """Give the times of a subtask that count.

    A time counts only where the state says that it happened: PENDING and READY subtasks
    count where they were rolled back or are to run again, and what runs has no end yet,
    whatever the document shows: it counts until the as-of time, if it began before.

    Returns
    -------
    Span or None
        ``None`` where the subtask did not run or the document does not say when.
    """
    start, finish = subtask.start_time, subtask.finish_time
    if is_in_flight(subtask):
        finish = as_of
        if start and finish and finish < start:
            return None
    kind = _span_kind(subtask)
    if start is None or finish is None or kind is None:
        return None
    return Span(start, finish, kind)


def _span_kind(subtask: Subtask) -> SpanKind | None:
    """Tell what the times of a subtask hold, ``None`` where they mean nothing."""
    once = ran_once(subtask)
    if is_in_flight(subtask) and once:
        return SpanKind.RUNNING
    if is_rolled_back(subtask):
        return SpanKind.ROLLED_BACK
    if subtask.status in {None, Status.PENDING}:
        return None
    if once:
        return None if subtask.status == Status.READY else SpanKind.ONE_RUN
    return SpanKind.SEVERAL_RUNS
