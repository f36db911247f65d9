"""A subtask needed more than one attempt.

What it does
------------
Finds subtasks whose `runTime`, the engine's counter of attempts, is over 1, and those with
the operation RETRY: a retry of one subtask by hand does not raise the counter.

Why it is bad
-------------
It is legal, but a sign of trouble that the final status hides. And the times of such a
subtask span every attempt and the waiting between them.

Example
-------
`"runTime": 3, "status": "SUCCESSFUL"`

What to do
----------
Look into the log of the first attempt for what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import OPERATIONS, Fault, Rule, Subject
from taskgraph.model.engine import was_retried
from taskgraph.model.task import Operation
from taskgraph.model.words import counted

_HINT = "look into the log of the first attempt for what went wrong"


def check(subject: Subject) -> Iterator[Fault]:
    """Report each subtask that was retried."""
    started = {*subject.task.column("attempts")}
    if started <= {None, 0, 1} and Operation.RETRY not in subject.operations:
        return
    for position, subtask in enumerate(subject.task.subtasks):
        if was_retried(subtask):
            attempts = subtask.attempts or 1
            times, attribute = "was retried", "operation"
            if subtask.attempts == 1:  # the engine counts a retry of its own
                times += " by hand"
            elif attempts > 1:
                times, attribute = f"is at attempt {counted(attempts)}", "attempts"
            yield Fault.of(subject, [position], times, _HINT, attribute)


RULE = Rule(check, "info", OPERATIONS)
