"""The task says that it can be rolled back, and a subtask says that it cannot.

What it does
------------
The task-level `prohibitRollback` of a response is the engine's verdict. It is true as soon
as a subtask that forbids rollback has begun (is neither PENDING nor READY). This rule finds
a verdict of false although there is such a subtask. A verdict of true without one is legal.

Why it is bad
-------------
Whoever trusts the verdict plans for a rollback that the engine will refuse.

Example
-------
The task has `"prohibitRollback": false`, and subtask 3 with `"prohibitRollback": true` is
RUNNING.

What to do
----------
Save the response again: the flags and the statuses are not of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import ROLLBACK_FLAGS, STATUSES, Fault, Rule, Subject, need
from taskgraph.model.words import ascending, labels, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report a verdict that a subtask contradicts."""
    blockers = subject.rollback_blockers
    if subject.task.prohibit_rollback is not False or not blockers:
        return
    verb = plural(len(blockers), "forbids it and has", "forbid it and have")
    yield Fault(
        f"the task says that it can be rolled back, but {labels(blockers)} {verb} begun",
        "save the response again: flags and statuses are not of one moment",
        subtasks=ascending(blocker.id for blocker in blockers),
        pointer=subject.pointer("prohibit_rollback"),
    )


RULE = Rule(
    check,
    "error",
    STATUSES,
    ROLLBACK_FLAGS,
    need(
        "the verdict on rollback",
        "the task does not say whether it can be rolled back",
        lambda subject: subject.task.prohibit_rollback is not None,
    ),
)
