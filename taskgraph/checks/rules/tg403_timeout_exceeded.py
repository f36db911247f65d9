"""A subtask ran longer than its timeout allows.

What it does
------------
Finds subtasks that provably ran once (operation EXECUTE, one attempt) and ran, or run as of
the moment that the document describes, for more whole seconds than their timeout and
`thresholds.grace` (12 s). The engine polls: it notices a missed deadline 11 to 12 s late.

It stops looking `watch-period` (two days) after the task was created. A deadline beyond
that gives a warning, not an error: the engine does not enforce it.

Why it is bad
-------------
The timeout did not protect: the budget that is computed from it does not hold, and a
subtask that hangs is not noticed.

Example
-------
`"timeout": 60`, started at 09:30:00 and finished at 09:35:00.

What to do
----------
Look for a restart of the server in that time: after one the engine does not look for a
minute. Otherwise the subtask, or the engine, hangs.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import SUBTASK_TIMES, TIMEOUTS, Fault, Rule, Severity
from taskgraph.checks.subject import Subject, TimedRun
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import outlasts_poll
from taskgraph.model.task import Status


def check(subject: Subject) -> Iterator[Fault]:
    """Report each run that was too long."""
    grace = subject.settings.thresholds.grace
    for run in subject.timed_runs:
        if outlasts_poll(run.subtask, run.microseconds, grace):
            yield _fault(subject, run)


def _fault(subject: Subject, run: TimedRun) -> Fault:
    is_running = run.subtask.status == Status.RUNNING
    verb = "has been running for" if is_running else "ran for"
    watched = _is_watched(subject, run)
    unwatched = "" if watched else "; the engine did not look any more"
    limit = format_duration(run.timeout)
    return Fault.of(
        subject,
        [run.position],
        f"{verb} {format_measured(run.time)}, over its timeout of {limit}{unwatched}",
        "look for a restart of the server in that time, or for what made it hang",
        "timeout",
        severity=None if watched else Severity.WARNING,
    )


def _is_watched(subject: Subject, run: TimedRun) -> bool:
    """Tell whether the engine still looked at the task when the deadline passed."""
    created = subject.task.create_time or subject.task.start_time
    start, thresholds = run.subtask.start_time, subject.settings.thresholds
    if created is None or start is None:
        return True
    allowed = run.timeout + thresholds.grace
    return (start - created).total_seconds() + allowed <= thresholds.watch_period


RULE = Rule(check, "error", TIMEOUTS, SUBTASK_TIMES)
