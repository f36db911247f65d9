"""The task failed, and the engine would refuse to roll it back.

What it does
------------
Looks at a FAILED task for what forbids a rollback: a subtask with `prohibitRollback` that
has begun (is neither PENDING nor READY), or the task itself.

Why it is bad
-------------
The way back is closed. What is left is to get the failed subtasks through.

Example
-------
The task is FAILED, and subtask 3 with `"prohibitRollback": true` is SUCCESSFUL.

What to do
----------
Mend the cause and retry the failed subtasks, or skip them where that is allowed. In a
rollback that failed no retry helps: there, skip them.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import ROLLBACK_FLAGS, STATUSES, Fault, Need, Rule, Subject
from taskgraph.model.engine import (
    FORWARD,
    accepts_retry,
    prohibits_rollback,
    tells_direction,
)
from taskgraph.model.task import Status
from taskgraph.model.words import ascending, labels, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report what forbids the rollback of a failed task."""
    task = subject.task
    if task.status != Status.FAILED:
        return
    pointer = subject.pointer("prohibit_rollback")
    blockers = subject.rollback_blockers
    if blockers:
        verb = plural(len(blockers), "forbids it and has", "forbid it and have")
        cause = f"{labels(blockers)} {verb} begun"
    elif subject.analysis.prohibits_rollback:
        cause = "the task itself forbids it"
        if prohibits_rollback(task):
            pointer = f"{task.origin.pointer}/context/stringMap/prohibit_rollback"
    elif task.prohibit_rollback:
        cause = "the document says so, and not whether the task or a subtask forbids it"
    else:
        return
    yield Fault(
        f"the task FAILED and cannot be rolled back: {cause}",
        _hint(subject),
        subtasks=ascending(blocker.id for blocker in blockers),
        pointer=pointer,
    )


def _hint(subject: Subject) -> str:
    """Advise what the engine may accept, and nothing that it refuses."""
    task = subject.task
    if Status.FAILED not in subject.statuses:
        if task.operation in FORWARD and not subject.analysis.tally.other:
            return "mend the cause and retry the task as a whole"
        return "the engine's own log tells what failed"
    failed = (subtask for subtask in task.subtasks if subtask.status == Status.FAILED)
    if subject.analysis.is_rolling_back or not any(map(accepts_retry, failed)):
        return "skip the failed subtasks where that is allowed"
    if not tells_direction(task):
        return "mend the cause, and retry or skip the failed subtasks where that is allowed"
    return (
        "mend the cause and retry the failed subtasks, or skip them where that is allowed"
    )


def _flags(subject: Subject) -> str:
    task = subject.task
    if task.prohibit_rollback is not None or prohibits_rollback(task):
        return ""
    return ROLLBACK_FLAGS.reason_to_skip(subject)


RULE = Rule(check, "warning", STATUSES, Need("what forbids a rollback", _flags))
