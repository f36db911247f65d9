"""A subtask FAILED because its timeout ended it.

What it does
------------
Finds FAILED subtasks that provably ran once (operation EXECUTE, one attempt) and whose run
was as long as one that the engine ends: from their timeout to a second more, which is how
late the deadline comes by the times of the document; or 11 s and more past it, when a poll
ends what the deadline did not. What ran longer than the timeout and `thresholds.grace`
(12 s) gives TG403, and what ended in between ended by itself, so that TG404 speaks.

Why it is bad
-------------
The work was not wrong, it was stopped. A retry with the same timeout most likely ends in
the same way.

Example
-------
`"timeout": 60`, FAILED, started at 09:30:00 and finished at 09:31:00.4.

What to do
----------
See in the subtask's log whether it hung or needs more time; `taskgraph history timeouts`
tells what healthy runs took.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import SUBTASK_TIMES, TIMEOUTS, Fault, Rule, Subject
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import outlasts_poll, was_ended


def check(subject: Subject) -> Iterator[Fault]:
    """Report each run that the engine ended."""
    grace = subject.settings.thresholds.grace
    for run in subject.timed_runs:
        ran = run.microseconds
        if was_ended(run.subtask, ran) and not outlasts_poll(run.subtask, ran, grace):
            yield Fault.of(
                subject,
                [run.position],
                f"was ended by its timeout: it ran {format_measured(run.time)} of "
                f"{format_duration(run.timeout)}",
                "see in its log whether it hung or needs more time",
                "timeout",
            )


RULE = Rule(check, "warning", TIMEOUTS, SUBTASK_TIMES)
