"""A subtask was skipped: its work was not done, or not undone.

What it does
------------
Finds subtasks with the operation SKIP or ROLLBACK_SKIP.

Why it is bad
-------------
It is legal, but easily overlooked: a skipped subtask ends SUCCESSFUL without having done
its work, and one whose rollback was skipped ends PENDING without having undone it.

Example
-------
`"operation": "SKIP", "status": "SUCCESSFUL"`

What to do
----------
See that the work was done, or undone, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import OPERATIONS, Fault, Rule, Subject
from taskgraph.model.task import Operation

_EFFECTS = {
    Operation.SKIP: ("was skipped: its work was not done", "done"),
    Operation.ROLLBACK_SKIP: ("was skipped in the rollback: it was not undone", "undone"),
}


def check(subject: Subject) -> Iterator[Fault]:
    """Report each skipped subtask."""
    if subject.operations.isdisjoint(_EFFECTS):
        return
    for position, subtask in enumerate(subject.task.subtasks):
        for operation, (effect, by_hand) in _EFFECTS.items():
            if subtask.operation == operation:
                hint = f"see that the work was {by_hand} by hand"
                yield Fault.of(subject, [position], effect, hint, "operation")


RULE = Rule(check, "info", OPERATIONS)
