"""A time lies after the response that tells it.

What it does
------------
Compares every time with the response's own `timestamp`. They may differ by `tolerance`
(1 s). One finding for a task.

Why it is bad
-------------
A response cannot know the future: a time or the timestamp is wrong, so how long something
has been running cannot be told.

Example
-------
The response is of 09:30:00, and a subtask in it finished at 09:45:00.

What to do
----------
Save the response again. If it says the same, compare the clocks of the servers; see also
whether an offset from UTC is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from taskgraph.checks.rule import TIMESTAMP, Fault, Rule, Subject
from taskgraph.model.durations import format_measured
from taskgraph.model.task import TIMES
from taskgraph.model.words import ascending, counted, label, listed, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report the times that lie in the future."""
    task = subject.task
    assert task.envelope is not None
    assert task.envelope.timestamp is not None  # the rule needs it
    now = task.envelope.timestamp
    tolerance = timedelta(seconds=subject.settings.thresholds.tolerance)
    last = subject.latest_time
    if last is None or last - now <= tolerance:
        return
    latest = now + tolerance  # earlier than the last one, so there is such a time
    own = _future(task, latest)
    positions = [at for at, sub in enumerate(task.subtasks) if _future(sub, latest)]
    positions.sort(key=subject.place)
    owners = [task.subtasks[at] for at in positions]
    whose = ["the task"] * bool(own) + [label(owner) for owner in owners]
    times = [time for time in task.times() if time > latest]
    up_to = plural(len(times), "", "up to ")
    if own:
        pointer = subject.pointer(own[0])
    else:
        first = positions[0]
        pointer = subject.subtask_pointer(first, _future(owners[0], latest)[0])
    yield Fault(
        f"{counted(len(times), 'time')} of {listed(whose)} "
        f"{plural(len(times), 'lies', 'lie')} {up_to}{format_measured(max(times) - now)} "
        "after the response",
        "save the response again, or compare the clocks of the servers",
        subtasks=ascending(owner.id for owner in owners),
        pointer=pointer,
    )


def _future(item: object, latest: datetime) -> list[str]:
    """Give the attributes whose time lies in the future."""
    times = ((attribute, getattr(item, attribute)) for attribute in TIMES)
    return [attribute for attribute, time in times if time is not None and time > latest]


RULE = Rule(check, "warning", TIMESTAMP)
