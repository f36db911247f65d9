"""The task has no subtask.

What it does
------------
Finds a task whose list of subtasks is empty.

Why it is bad
-------------
There is nothing to run, and nothing to check: usually a query that left the subtasks out,
or a definition that was never filled in.

Example
-------
`"subtasks": []`

What to do
----------
Save the response that has the subtasks, or add them to the definition.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject, need

_ADD = "add its subtasks to the definition"
_SAVE = "save the response that has the subtasks"


def check(subject: Subject) -> Iterator[Fault]:
    """Report a task without subtasks."""
    if not subject.task.subtasks and not subject.lacks_subtasks:
        yield Fault(
            "the task has no subtask",
            _ADD if subject.task.is_definition else _SAVE,
            pointer=subject.pointer("subtasks"),
        )


RULE = Rule(
    check,
    "warning",
    need(
        "the subtasks",
        "the response leaves the nodes out, as obshell may",
        lambda subject: bool(subject.task.subtasks) or not subject.is_of_obshell,
    ),
)
