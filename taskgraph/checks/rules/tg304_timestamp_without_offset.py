"""Times are written without their offset from UTC.

What it does
------------
Finds times that do not say in which zone they are. They are read with the offset that most
other times of the document have, else as UTC; the finding says which. One finding for a
task.

Why it is bad
-------------
If the offset is not the one that was meant, times are hours off, and what ran before what
cannot be told.

Example
-------
`"startTime": "2025-03-04T09:30:00"`

What to do
----------
Write the offset: `2025-03-04T09:30:00+08:00`.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject
from taskgraph.model.words import ascending, counted, listed, shorten


def check(subject: Subject) -> Iterator[Fault]:
    """Report the times without an offset."""
    task = subject.task
    if not task.naive_times:
        return
    subtasks = task.subtasks
    owners = ascending(subtasks[at].id for at, _ in task.naive_times if at is not None)
    own = sorted(name.replace("_", " ") for at, name in task.naive_times if at is None)
    whose = [f"the {name} of the task" for name in own if name != "timestamp"]
    whose += ["the timestamp of the response"] * ("timestamp" in own)
    whose += [f"times of {shorten(str(owner))}" for owner in owners]
    count = sum(1 for _ in task.times())
    count += task.envelope is not None and task.envelope.timestamp is not None
    has_others = len(task.naive_times) < count
    like = "like other times of the document" if has_others else "as no time has an offset"
    offset = "" if task.assumed_offset in (None, "+00:00") else task.assumed_offset
    yield Fault(
        f"{counted(len(task.naive_times), 'time')} without an offset "
        f"({listed(whose)}): read as UTC{offset}, {like}",
        "write the offset, as in 2025-03-04T09:30:00+08:00",
        subtasks=owners,
        pointer=_pointer(subject),
    )


def _pointer(subject: Subject) -> str:
    """Point to the first such time: the task's own, else that of the smallest id."""
    own = sorted(name for at, name in subject.task.naive_times if at is None)
    if own:
        return "/timestamp" if own == ["timestamp"] else subject.pointer(own[0])
    at, name = min(
        ((at, name) for at, name in subject.task.naive_times if at is not None),
        key=lambda time: (subject.place(time[0]), time[1]),
    )
    return subject.subtask_pointer(at, name)


RULE = Rule(check, "warning")
