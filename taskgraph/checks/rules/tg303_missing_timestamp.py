"""A status says that something happened, and the time of it is missing.

What it does
------------
What is RUNNING, CANCELING, FAILED or SUCCESSFUL has started, and what is FAILED or
SUCCESSFUL has finished. This rule finds the times that are missing; one finding for all
missing starts and one for all missing ends. A document that tells no times of subtasks, a
list of tasks for example, is not looked at for theirs.

Why it is bad
-------------
Durations, waiting and the as-run path cannot be told without it.

Example
-------
`"status": "SUCCESSFUL"` without `finishTime`.

What to do
----------
Save the response again, with all its fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import STATUSES, TIMES, Fault, Rule
from taskgraph.checks.subject import KEYED_DIALECTS, Subject
from taskgraph.model.engine import BEGUN, ENDED
from taskgraph.model.task import Operation, Status, Subtask, Task
from taskgraph.model.words import listed

_TIMES = (("start_time", "start", BEGUN), ("finish_time", "finish", ENDED))
_HINT = "save the response again, with all its fields"


def check(subject: Subject) -> Iterator[Fault]:
    """Report the times that are missing."""
    task = subject.task
    for attribute, word, statuses in _TIMES:
        missing = task.status in statuses and getattr(task, attribute) is None
        if missing and _must_have_run(task, task):
            yield Fault(
                f"the task is {task.status}, but has no {word} time",
                _HINT,
                pointer=subject.pointer(),
                detail=attribute,
            )
        if subject.reports_times and not statuses.isdisjoint(subject.statuses):
            yield from _of_subtasks(subject, attribute, word, statuses)


def _of_subtasks(
    subject: Subject, attribute: str, word: str, statuses: frozenset[Status]
) -> Iterator[Fault]:
    subtasks = subject.task.subtasks
    positions = [
        position
        for position, subtask in enumerate(subtasks)
        if subtask.status in statuses
        and getattr(subtask, attribute) is None
        and _must_have_run(subject.task, subtask)
    ]
    if positions:
        shown = listed(sorted({str(subtasks[at].status) for at in positions}), word="or")
        verb = ("is", "has") if len(positions) == 1 else ("are", "have")
        what = f"{verb[0]} {shown}, but {verb[1]} no {word} time"
        yield Fault.of(subject, positions, what, _HINT, detail=attribute)


def _must_have_run(task: Task, item: Task | Subtask) -> bool:
    """Tell whether the task or a subtask of it cannot have its status without a run.

    OCP skips and cancels only what has run; of obshell that is not known, and a DAG that
    it cancels fails what was about to start.
    """
    if task.origin.dialect in KEYED_DIALECTS:
        return True
    return item.operation == Operation.EXECUTE and item.status != Status.FAILED


RULE = Rule(check, "warning", STATUSES, TIMES)
