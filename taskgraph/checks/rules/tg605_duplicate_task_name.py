"""Two definitions of one run name the same task.

What it does
------------
Finds definitions whose task has the name of one that was checked before, in the same file
or in another one.

Why it is bad
-------------
A task is known by its name: limits of the configuration, baselines, diffs and histories
would take the two for one.

Example
-------
`name: Upgrade OBServer` in `upgrade.task.yaml` and, after copying it, in `patch.task.yaml`.

What to do
----------
Give each task a name of its own, or remove the copy.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject


def check(subject: Subject) -> Iterator[Fault]:
    """Give what is to be said if another definition has the name."""
    if subject.task.is_definition:
        yield Fault(
            "another definition names this task too",
            "give each task a name of its own, or remove the copy",
            pointer=subject.pointer("name"),
        )


RULE = Rule(check, "info", across=True)
