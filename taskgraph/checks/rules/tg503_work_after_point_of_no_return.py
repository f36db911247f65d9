"""Subtasks can still fail when the task cannot be rolled back any more.

What it does
------------
Finds the point of no return, the first start of a subtask that forbids rollback, and says
how many subtasks can still fail from there on, and how much of the worst case lies there,
done or not: all that need not be done by then, the work beside it too. Where the task
itself forbids rollback, that is all of it, from the start on. A task that is
SUCCESSFUL, is being rolled back, or FAILED beyond that point (TG501) is not looked at, and
neither is one in which all of that has succeeded, or nothing but that subtask itself is
left. With `no-return` set, so large a share is a warning; of a definition that alone is
told.

Why it is bad
-------------
It is legal, and often cannot be otherwise. But a failure there leaves only to go forward,
so whoever starts the task should know.

Example
-------
'Stop obproxy' forbids rollback, and 'Inactive agent modules' comes after it.

What to do
----------
Move what can fail to before that point. Where that is impossible, plan for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from taskgraph.checks.rule import (
    ROLLBACK_FLAGS,
    SOUND_GRAPH,
    WHOLE_TIMEOUTS,
    Fault,
    Need,
    Rule,
    Severity,
    Subject,
    need,
    of_worst_case,
)
from taskgraph.model.engine import has_begun
from taskgraph.model.task import Status
from taskgraph.model.words import UNCOUNTED, counted, labels, plural

if TYPE_CHECKING:
    from taskgraph.analysis.budget import Budget
    from taskgraph.analysis.rollback import PointOfNoReturn


def check(subject: Subject) -> Iterator[Fault]:
    """Report the work that comes after the point of no return."""
    task = subject.task
    if task.status == Status.SUCCESSFUL or subject.analysis.is_rolling_back:
        return
    if not (subject.analysis.prohibits_rollback or any(task.column("prohibit_rollback"))):
        return  # as for most, and nothing of rollbacks need be imported to say so
    budget, point = subject.analysis.budget, subject.analysis.no_return
    if point is None or (point.passed and task.status == Status.FAILED):
        return
    first = [subject.at(node) for node in point.nodes]
    itself = len(first) == 1 and first[0].status != Status.SUCCESSFUL
    if point.can_fail <= itself:
        return
    left = counted(point.can_fail, "subtask")
    hint = "move what can fail to before that point, or plan for going forward only"
    if point.is_start:
        begun = "the task itself prohibits rollback, from its start"
        hint = "plan for going forward only"
    elif point.passed:
        begun_first = [subtask for subtask in first if has_begun(subtask)] or first
        have = plural(len(begun_first), "has", "have")
        begun = f"{labels(begun_first)} {have} begun: the task cannot be rolled back"
    else:
        begun = f"once {'one of ' * (len(first) > 1)}{labels(first)} begins the task"
        begun += " cannot be rolled back"
        left = f"up to {left}" if len(first) > 1 else left
    share = point.seconds_after / budget.seconds if budget.seconds else 1.0
    limit = subject.settings.thresholds.no_return
    too_much = limit is not None and (bool(point.unlimited) or share >= limit)
    if task.is_definition and not too_much:
        return  # its author says so on purpose
    yield Fault(
        f"{begun}, but {left} can still fail{_amount(subject, budget, point)}",
        hint,
        subtasks=tuple(subtask.id for subtask in first),
        pointer=subject.pointer(),
        severity=Severity.WARNING if too_much else None,
    )


def _amount(subject: Subject, budget: Budget, point: PointOfNoReturn) -> str:
    if not subject.analysis.tells_worst_case:
        return ""
    end = UNCOUNTED if point.unlimited else ""
    comma = "" if budget.is_bounded else ","
    amount = of_worst_case(budget, point.seconds_after)
    return f"; {amount}{comma} lie from there on{end}"


def _flags(subject: Subject) -> str:
    own = subject.analysis.prohibits_rollback
    return "" if own else ROLLBACK_FLAGS.reason_to_skip(subject)


RULE = Rule(
    check,
    "info",
    Need(ROLLBACK_FLAGS.what, _flags, of_run=True),
    need(
        "flags that can all be read",
        "whether the task or some subtasks forbid rollback cannot be read",
        lambda subject: not subject.unread("prohibit_rollback", "prohibitRollback"),
    ),
    WHOLE_TIMEOUTS,
    SOUND_GRAPH,
)
