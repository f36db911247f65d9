"""Whether a timeout was the cause of a failure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from taskgraph.analysis.states import (
    SECOND,
    SpanKind,
    has_limit,
    measured_span,
    timeout_seconds,
)
from taskgraph.model import Operation, Status, Subtask

__all__ = ["POLL_SECONDS", "Cause", "FailureCause", "failure_cause"]

POLL_SECONDS: Final = 10
"""The engine fails a subtask when more than this has passed since its timeout.

It arms no deadline for a timeout of 0, but versions of it fail such a subtask all the
same.
"""


class Cause(StrEnum):
    """How a failed subtask ended, as far as the document proves it."""

    TIMEOUT = "it ran until the engine ended it for its timeout"
    OVER_TIMEOUT = "it ended by itself after its timeout, before the engine noticed"
    WITHIN_TIMEOUT = "it ended before its timeout"
    NO_TIMEOUT = "its timeout is 0, which promises no limit"
    NOT_STATED = "the document gives it no timeout"
    ZERO_TIMEOUT = "its timeout is 0 and it ran long enough for the engine to end it"
    CANCELED = "it was cancelled"
    ROLLBACK = "its rollback failed: when that started is unknown"
    SEVERAL_RUNS = "it ran several times: when the last attempt started is unknown"
    NO_TIMES = "the document does not say how long it ran"


@dataclass(frozen=True, slots=True)
class FailureCause:
    """How a failed subtask ended.

    Attributes
    ----------
    cause : Cause
    ran : int or None
        How long it ran, in microseconds, where it ran once and its times are known.
    """

    cause: Cause
    ran: int | None


def failure_cause(subtask: Subtask) -> FailureCause | None:
    """Tell whether a failed subtask's timeout ended it.

    Parameters
    ----------
    subtask : Subtask

    Returns
    -------
    FailureCause or None
        ``None`` where the subtask is not FAILED.
    """
    if subtask.status != Status.FAILED:
        return None
    span = measured_span(subtask, None)
    ran = None
    if span is not None and span.kind is SpanKind.ONE_RUN and span.microseconds >= 0:
        ran = span.microseconds
    several = span is not None and span.kind is not SpanKind.ONE_RUN
    return FailureCause(_cause(subtask, ran, several=several), ran)


def _cause(subtask: Subtask, ran: int | None, *, several: bool) -> Cause:
    if subtask.operation == Operation.CANCEL:
        return Cause.CANCELED
    if subtask.operation == Operation.ROLLBACK:
        return Cause.ROLLBACK
    if subtask.timeout is None:
        return Cause.NOT_STATED
    if not has_limit(subtask):
        polled = ran is not None and ran > POLL_SECONDS * SECOND
        return Cause.ZERO_TIMEOUT if polled else Cause.NO_TIMEOUT
    if ran is None:
        return Cause.SEVERAL_RUNS if several else Cause.NO_TIMES
    over = ran - timeout_seconds(subtask) * SECOND
    if over > POLL_SECONDS * SECOND:
        return Cause.TIMEOUT
    return Cause.OVER_TIMEOUT if over > 0 else Cause.WITHIN_TIMEOUT
