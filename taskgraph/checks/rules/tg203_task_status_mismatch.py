"""The status of the task contradicts those of its subtasks.

What it does
------------
Finds two contradictions:

- The task is SUCCESSFUL, but a subtask is not; or the task is SUCCESSFUL after a rollback,
  but a subtask is not PENDING.
- The task is FAILED, but no subtask is, and nothing was ever retried or skipped. Only a
  fault inside the engine's coordinator does that, so it is a warning, not an error.

Everything else that looks odd is legal: the engine lets siblings run on after a failure,
retries while the task is FAILED, and takes a moment to notice that all is done.

Why it is bad
-------------
A task that says SUCCESSFUL over unfinished work is believed. One that failed without a
failed subtask has its cause outside of the document.

Example
-------
The task is SUCCESSFUL and subtask 3 is FAILED.

What to do
----------
Save the response again. If a task failed without a failed subtask, look into the server's
log at the time of its finish.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import STATUSES, Fault, Rule, Severity, Subject
from taskgraph.model.engine import SECOND_TRIES
from taskgraph.model.task import STATUSES as KNOWN
from taskgraph.model.task import Operation, Status
from taskgraph.model.words import ascending, labels, listed, plural

_MANUAL = frozenset({Operation.CANCEL, *SECOND_TRIES})


def check(subject: Subject) -> Iterator[Fault]:
    """Report a contradiction between task and subtasks."""
    if subject.task.status == Status.SUCCESSFUL:
        yield from _unfinished(subject)
    elif subject.task.status == Status.FAILED and _failed_by_itself(subject):
        yield Fault(
            "the task is FAILED, but no subtask is, and none was retried",
            "only a fault inside the coordinator does that: look into the server's log",
            pointer=subject.pointer("status"),
            severity=Severity.WARNING,
        )


def _unfinished(subject: Subject) -> Iterator[Fault]:
    legal = _legal_ends(subject)
    wrong = (subject.statuses & KNOWN) - legal
    if wrong:
        subtasks = [sub for sub in subject.task.subtasks if sub.status in wrong]
        statuses = listed(sorted(filter(None, wrong)), word="or")
        verb = plural(len(subtasks), "is", "are")
        done = "SUCCESSFUL" if Status.SUCCESSFUL in legal else "SUCCESSFUL and rolled back"
        yield Fault(
            f"the task is {done}, but {labels(subtasks)} {verb} {statuses}",
            "save the response again: the statuses are not of one moment",
            subtasks=ascending(subtask.id for subtask in subtasks),
            pointer=subject.pointer("status"),
        )


def _legal_ends(subject: Subject) -> frozenset[Status]:
    """Give the statuses that a subtask of a SUCCESSFUL task can have.

    How obshell leaves the subtasks of a task that it rolled back is not known.
    """
    if not subject.analysis.is_rolling_back:
        return frozenset({Status.SUCCESSFUL})
    if subject.is_of_obshell:
        return frozenset({Status.SUCCESSFUL, Status.PENDING})
    return frozenset({Status.PENDING})


def _failed_by_itself(subject: Subject) -> bool:
    """Tell whether only the coordinator can have failed the task.

    After an automatic retry the task can stay FAILED while its subtasks go on, and a
    subtask of unknown status may be a failed one.
    """
    subtasks = subject.task.subtasks
    return (
        bool(subtasks)
        and Status.FAILED not in subject.statuses
        and subject.statuses <= KNOWN
        and subject.task.operation not in _MANUAL
        and subject.operations.isdisjoint(SECOND_TRIES)
        and all(subtask.attempts == 1 for subtask in subtasks)
    )


RULE = Rule(check, "error", STATUSES)
