"""A definition lacks what it must have.

What it does
------------
Finds a task without `subtasks`, a subtask that has neither a name nor an id, and a list of
tasks that is empty.

Why it is bad
-------------
Nothing can name a subtask without a name, so it has no place in the graph.

Example
-------
`- timeout: 40m` in `subtasks`

What to do
----------
Add the key. Where only one name is waited for that no subtask has, the hint says it.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject, mistakes
from taskgraph.model.words import shorten


def check(subject: Subject) -> Iterator[Fault]:
    """Report each key that is missing."""
    faults = [*mistakes(subject, "TG003")]
    names = {str(reference.id) for reference in subject.graph.unknown}
    if len(faults) == 1 == len(names) and not faults[0].subtasks:
        (name,) = names
        hint = f"name it '{shorten(name)}', which others name and no subtask is called"
        faults = [faults[0]._replace(hint=hint)]
    yield from faults


RULE = Rule(check, "error")
