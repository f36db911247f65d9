"""A failed subtask cannot be skipped.

What it does
------------
Finds FAILED subtasks with `prohibitSkip`.

Why it is bad
-------------
The task goes on only if the subtask gets through; skipping it is no way out.

Example
-------
`"status": "FAILED", "prohibitSkip": true`

What to do
----------
Mend the cause and retry the subtask, or roll the task back where that is allowed. In a
task that is being rolled back no retry helps: there, roll it back again.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import STATUSES, Fault, Rule, Subject, need, reported
from taskgraph.model.engine import accepts_retry, tells_direction
from taskgraph.model.task import Status, Subtask


def check(subject: Subject) -> Iterator[Fault]:
    """Report each failed subtask that forbids to be skipped."""
    if Status.FAILED not in subject.statuses:
        return
    for position, subtask in enumerate(subject.task.subtasks):
        if subtask.status == Status.FAILED and subtask.prohibit_skip:
            what = "is FAILED and cannot be skipped"
            hint = _hint(subject, subtask)
            yield Fault.of(subject, [position], what, hint, "prohibit_skip")


def _hint(subject: Subject, subtask: Subtask) -> str:
    if subject.analysis.is_rolling_back or not accepts_retry(subtask):
        return "mend the cause and roll the task back again where that is allowed"
    if not tells_direction(subject.task):
        return "mend the cause, and retry it or roll the task back where that is allowed"
    return "mend the cause and retry it, or roll the task back where that is allowed"


RULE = Rule(
    check,
    "warning",
    STATUSES,
    need(
        "which subtasks forbid to be skipped",
        "the document does not say which subtasks forbid to be skipped",
        reported("prohibit_skip"),
    ),
)
