"""A subtask has no timeout.

What it does
------------
Finds subtasks whose timeout is absent or 0. Where no subtask of a response has a timeout,
the document does not report them, and the rule is skipped. Where a definition has a limit
(`budget`, or one of `[budgets]`), TG405 names such subtasks instead of this rule, as what
makes the worst case unbounded.

Why it is bad
-------------
Nothing promises that the subtask ends, so the worst case of the whole task is unbounded.

Example
-------
`"timeout": 0`

What to do
----------
Give the subtask a timeout. Where the engine itself writes 0, on the start and end nodes of
some tasks, ignore the rule for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import TIMEOUTS, Fault, Rule, Subject
from taskgraph.model.durations import format_duration


def check(subject: Subject) -> Iterator[Fault]:
    """Report each subtask without a timeout."""
    timeouts = subject.task.column("timeout")
    if all(timeouts):
        return
    unread, follows = subject.unread("timeout"), "the worst case is unbounded"
    if (assumed := subject.analysis.assumed_timeout) is not None:
        follows = f"the worst case assumes {format_duration(assumed)} for it"
    for position, timeout in enumerate(timeouts):
        if not timeout and position not in unread:
            what = "no timeout" if timeout is None else "a timeout of 0"
            what = f"has {what}: {follows}"
            hint = "give it a timeout in seconds"
            yield Fault.of(subject, [position], what, hint, "timeout")


RULE = Rule(check, "warning", TIMEOUTS, follows=("TG405",), follows_in_runs=False)
