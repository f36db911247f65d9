"""The task can take longer than it may.

What it does
------------
Compares the worst case by timeouts with a limit: the last of the configured ones whose
pattern fits the task's name, or the one that the definition states where that is lower or
the only one. With `raise-budgets` the definition's own decides, also where it is higher. A
worst case without bound is over every limit.

Why it is bad
-------------
The task may not fit the window that it is meant for.

Example
-------
A limit of 1 h, and timeouts of 30 min, 30 min and 5 min one after the other.

What to do
----------
Shorten the timeouts on the critical path, or run subtasks side by side. Where that path
fits and only waiting for slots makes it longer, let more of them be in flight.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from taskgraph.checks.rule import (
    SOUND_GRAPH,
    WHOLE_TIMEOUTS,
    Fault,
    Need,
    Rule,
    Subject,
    need,
)
from taskgraph.model.durations import format_duration
from taskgraph.model.words import labels, plural

if TYPE_CHECKING:
    from taskgraph.analysis.budget import Budget
    from taskgraph.analysis.concurrency import Bounds


def check(subject: Subject) -> Iterator[Fault]:
    """Report a worst case that is over the limit."""
    limit = subject.analysis.limit
    assert limit is not None  # the rule needs one
    budget = subject.analysis.budget
    allowed = f"the limit is {format_duration(limit)}"
    own = subject.task.budget
    if own is not None and own > limit:
        allowed += f" (of the configuration: its own {format_duration(own)} is above that)"
    if not budget.is_bounded:
        subtasks = [subject.at(node) for node in budget.unlimited]
        verb = plural(len(subtasks), "has", "have")
        yield Fault(
            f"the worst case has no bound, as {labels(subtasks)} {verb} no timeout; "
            f"{allowed}",
            f"give every subtask a timeout{_rest(budget, limit)}",
            subtasks=tuple(subtask.id for subtask in subtasks),
            pointer=subject.node_pointer(budget.unlimited[0], "timeout"),
        )
    elif budget.seconds > limit:
        path = [subject.at(node).id for node in budget.schedule.critical_path]
        yield Fault(
            f"the worst case is {format_duration(budget.seconds)}; {allowed}, "
            f"{format_duration(budget.seconds - limit)} less",
            _hint(budget.bounds, limit),
            subtasks=tuple(path),
            pointer=subject.pointer(),
        )


def _rest(budget: Budget, limit: int) -> str:
    """Say what else there is to do where timeouts alone do not suffice."""
    if budget.seconds <= limit:
        return ""
    rest, more = format_duration(budget.seconds), format_duration(budget.seconds - limit)
    hint = _hint(budget.bounds, limit)
    return f"; the rest is {rest} already, {more} over the limit: {hint}"


def _hint(bounds: Bounds, limit: int) -> str:
    if bounds.longest_path > limit:
        return "shorten timeouts on the critical path, or run subtasks side by side"
    longest, flight = format_duration(bounds.longest_path), f"{bounds.limit:,} in flight"
    return f"allow more than {flight}: without waiting it is {longest}; or shorten timeouts"


RULE = Rule(
    check,
    "error",
    need(
        "a budget limit",
        "no budget limit is set for it",
        lambda subject: subject.analysis.limit is not None,
        of_run=True,
    ),
    need(
        "a limit that can be read",
        "the budget, or the name that the limit goes by, cannot be read",
        lambda subject: None not in subject.unread("budget", "name"),
    ),
    Need(
        "a worst case: a definition, or timeouts, or what stands for them",
        lambda subject: str(subject.analysis.unknown or ""),
    ),
    WHOLE_TIMEOUTS,
    SOUND_GRAPH,
)
