"""Something finished before it started.

What it does
------------
Compares the start and the finish of the task and of every subtask. The engine writes the
first start and the last finish, so this holds after any number of attempts.

Why it is bad
-------------
One of the two times is wrong, so nothing that is computed from them can be right.

Example
-------
`"startTime": "2025-03-04T09:31:00+08:00", "finishTime": "2025-03-04T09:30:00+08:00"`

What to do
----------
Save the response again. If it says the same, the server's clock was set back in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import TIMES, Fault, Rule, Subject
from taskgraph.model.durations import format_measured

_HINT = "save the response again, or see whether the server's clock was set back"


def check(subject: Subject) -> Iterator[Fault]:
    """Report each finish that lies before its start."""
    task = subject.task
    start, finish = task.start_time, task.finish_time
    if start is not None and finish is not None and finish < start:
        yield Fault(
            f"the task finished {format_measured(start - finish)} before it started",
            _HINT,
            pointer=subject.pointer("finish_time"),
        )
    for position, subtask in enumerate(task.subtasks if subject.reports_times else ()):
        start, finish = subtask.start_time, subtask.finish_time
        if start is not None and finish is not None and finish < start:
            what = f"finished {format_measured(start - finish)} before it started"
            yield Fault.of(subject, [position], what, _HINT, "finish_time")


RULE = Rule(check, "error", TIMES)
