"""The task is RUNNING, but nothing in it runs or will.

What it does
------------
Finds a RUNNING task in which no subtask is READY, RUNNING or CANCELING, and in which
nothing has happened for more than `event-delay` seconds (60) before the moment that the
document describes. The message names the likely cause.

Why it is bad
-------------
Nobody is told: the task neither fails nor goes on, for good. An automatic retry is not
tried any more after a day, and of a subtask that was cancelled or could not be rolled back
it is not tried at all.

Example
-------
The task is RUNNING, subtask 3 was cancelled an hour ago and is FAILED, all others are
SUCCESSFUL or PENDING.

What to do
----------
Retry or skip the failed subtask. Where nothing failed, see whether the engine is switched
on and its server is up.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import AS_OF, LAST_EVENT, STATUSES, Fault, Rule, Subject
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import done_status
from taskgraph.model.task import Operation, Status, Subtask
from taskgraph.model.words import ascending, labels, plural

_NEVER_RETRIED = (
    (Operation.CANCEL, "cancelled", "retry or skip it"),
    (Operation.ROLLBACK, "not rolled back", "skip it"),
)


def check(subject: Subject) -> Iterator[Fault]:
    """Report a task in which nothing happens any more."""
    standing = subject.analysis.standstill
    if not standing.is_stalled or standing.idle is None:
        return
    failed = [sub for sub in subject.task.subtasks if sub.status == Status.FAILED]
    cause, hint = _cause(subject, failed)
    yield Fault(
        "the task is RUNNING, but nothing in it has happened for "
        f"{format_measured(standing.idle)}: {cause}",
        hint,
        subtasks=ascending(subtask.id for subtask in failed),
        pointer=subject.pointer("status"),
    )


def _cause(subject: Subject, failed: list[Subtask]) -> tuple[str, str]:
    """Say what most likely holds the task up, and what to do."""
    for operation, what, hint in _NEVER_RETRIED:
        stuck = [subtask for subtask in failed if subtask.operation == operation]
        if stuck:
            verb = plural(len(stuck), "was", "were")
            cause = f"{labels(stuck)} {verb} {what}, and the engine never retries that"
            return f"{cause} by itself", hint
    if failed:
        cause = f"{labels(failed)} FAILED, and the engine does not act on it"
        return cause, "see whether the engine is switched on; retry or skip the subtask"
    if subject.statuses == {done_status(subject.task)}:
        return (
            "all of it is over, but the engine does not end it",
            "see whether the engine is switched on and its server is up",
        )
    return (
        "no subtask is FAILED, but the engine does not go on",
        "see whether the engine is switched on and its server is up",
    )


RULE = Rule(check, "warning", STATUSES, LAST_EVENT, AS_OF)
