"""A subtask ran outside of its task's own time.

What it does
------------
Finds subtasks that started before the task, and subtasks that finished after the finish of
a SUCCESSFUL task. Times may differ by `tolerance` (1 s). After a failure siblings run on,
and a RUNNING task can show the finish of an earlier try, so other ends are not compared.

Why it is bad
-------------
The engine starts the task first and ends it last. So a time is wrong, or the subtask is not
of this run.

Example
-------
The task started at 09:30:00, and one of its subtasks at 09:29:00.

What to do
----------
Save the response again. If it says the same, compare the clocks of the servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from taskgraph.checks.rule import SUBTASK_TIMES, Fault, Rule, Subject, need
from taskgraph.model.durations import format_measured
from taskgraph.model.task import Status
from taskgraph.model.words import plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report what started too early and what finished too late."""
    task = subject.task
    tolerance = timedelta(seconds=subject.settings.thresholds.tolerance)
    if task.start_time is not None:
        begin = task.start_time
        early = {
            position: begin - subtask.start_time
            for position, subtask in enumerate(task.subtasks)
            if subtask.start_time is not None and begin - subtask.start_time > tolerance
        }
        yield from _fault(subject, early, "start_time", "started", "before the task did")
    if task.finish_time is not None and task.status == Status.SUCCESSFUL:
        end = task.finish_time
        late = {
            position: subtask.finish_time - end
            for position, subtask in enumerate(task.subtasks)
            if subtask.finish_time is not None and subtask.finish_time - end > tolerance
        }
        yield from _fault(subject, late, "finish_time", "finished", "after the task did")


def _fault(
    subject: Subject, gaps: dict[int, timedelta], attribute: str, verb: str, when: str
) -> Iterator[Fault]:
    if gaps:
        up_to = plural(len(gaps), "", "up to ")
        yield Fault.of(
            subject,
            gaps,
            f"{verb} {up_to}{format_measured(max(gaps.values()))} {when}",
            "save the response again, or compare the clocks of the servers",
            attribute,
            detail=attribute,
        )


RULE = Rule(
    check,
    "warning",
    SUBTASK_TIMES,
    need(
        "the first start of the task",
        "obshell starts a task anew when it is retried",
        lambda subject: not subject.is_of_obshell,
    ),
)
