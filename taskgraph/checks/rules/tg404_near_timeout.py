"""A subtask used most of its timeout.

What it does
------------
Finds subtasks that provably ran once (operation EXECUTE, one attempt) and used at least
`near-timeout` (80 %) of their timeout, so far if they still run. What exceeds the
timeout by more than `thresholds.grace` (12 s) is left to TG403, and what the timeout ended
to TG408.

Why it is bad
-------------
The next run on a slower day is killed although nothing is wrong.

Example
-------
`"timeout": 60`, and it ran for 55 s.

What to do
----------
Give it more time, or find out why it takes so long.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import SUBTASK_TIMES, TIMEOUTS, Fault, Rule, Subject
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import SECOND, outlasts_poll, was_ended
from taskgraph.model.task import Status
from taskgraph.model.words import percent_used


def check(subject: Subject) -> Iterator[Fault]:
    """Report each run that came near its timeout."""
    thresholds = subject.settings.thresholds
    for run in subject.timed_runs:
        ran = run.microseconds
        if (
            run.time.total_seconds() >= thresholds.near_timeout * run.timeout
            and not outlasts_poll(run.subtask, ran, thresholds.grace)
            and not was_ended(run.subtask, ran)
        ):
            used = percent_used(ran, run.timeout * SECOND)
            verb = "has used" if run.subtask.status == Status.RUNNING else "used"
            yield Fault.of(
                subject,
                [run.position],
                f"{verb} {used} of its timeout: "
                f"{format_measured(run.time)} of {format_duration(run.timeout)}",
                "give it more time, or find out why it takes so long",
                "timeout",
            )


RULE = Rule(check, "warning", TIMEOUTS, SUBTASK_TIMES)
