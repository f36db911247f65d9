"""The task or a subtask has no name.

What it does
------------
Finds names that are absent, empty or white space only.

Why it is bad
-------------
People find a subtask by its name: in the diagram, in messages, in statistics over many
runs. Without one only the id tells them apart, and it changes from run to run.

Example
-------
`"name": " "`

What to do
----------
Give it a name that says what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import NAMES, Fault, Rule, Subject

_HINT = "give it a name that says what it does"


def check(subject: Subject) -> Iterator[Fault]:
    """Report each blank name."""
    unread = subject.unread("name")
    if not subject.task.name.strip() and None not in unread:
        yield Fault("the task has no name", _HINT, pointer=subject.pointer("name"))
    names = subject.task.column("name")
    if all(map(str.strip, names)):
        return
    for position, name in enumerate(names):
        if not name.strip() and position not in unread:
            yield Fault.of(subject, [position], "has no name", _HINT, "name")


RULE = Rule(check, "warning", NAMES)
