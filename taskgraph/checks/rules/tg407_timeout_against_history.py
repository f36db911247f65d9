"""A timeout does not fit the runs of the past.

What it does
------------
With past runs (`--runs DIR`, what `taskgraph history collect` wrote) it finds timeouts that
are shorter than healthy runs need, and those that are more than `timeout-multiple` (10)
times as long as `taskgraph history timeouts` advises. It says nothing of a subtask with too
few healthy runs in this kind of task for such an advice (299), or without a timeout.

Why it is bad
-------------
A timeout that is too short kills runs to which nothing is wrong; one that is far too long
hides a hang for hours, and they count in the worst case.

Example
-------
`"timeout": 86400`, where of 400 healthy runs the longest took 40 s.

What to do
----------
Take the timeout that the hint names. `taskgraph history timeouts FILE --format patch`
writes the change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from taskgraph.checks.rule import TIMEOUTS, Fault, Rule, Subject, need
from taskgraph.model.durations import format_duration, format_rounded
from taskgraph.model.words import counted, plural

if TYPE_CHECKING:
    from taskgraph.analysis.past import TimeoutNeed


def check(subject: Subject) -> Iterator[Fault]:
    """Report the timeouts that are too short or much too long, those alike together."""
    alike = defaultdict[tuple[str, int], list[int]](list)
    unread = subject.unread("name", "timeout")
    needs = {} if None in unread else subject.analysis.timeout_needs
    for position, subtask in enumerate(subject.task.subtasks if needs else ()):
        name = subject.task.unredacted(subtask.name)
        if name in needs and subtask.timeout and position not in unread:
            alike[name, subtask.timeout].append(position)
    for (name, timeout), positions in alike.items():
        what = _judge(needs[name], timeout, subject.settings.thresholds.timeout_multiple)
        if what:
            verb = plural(len(positions), "has", "have")
            advised = format_duration(needs[name].advised)
            yield Fault.of(
                subject,
                positions,
                f"{verb} a timeout of {format_duration(timeout)}, {what}",
                f"make it {advised}: taskgraph history timeouts writes the change",
                "timeout",
            )


def _judge(need: TimeoutNeed, timeout: int, times: int) -> str:
    """Say what is wrong with a timeout, with the evidence; nothing where it fits."""
    if need.limit_us is None or need.longest_us is None:
        ended = f"which ended {counted(need.cut, 'run')} that may have been healthy"
        return ended if need.is_short(timeout) else ""
    shown = (
        f"{counted(need.runs, 'healthy run')} took up to {format_rounded(need.limit_us)} "
        f"with few exceptions, the longest {format_rounded(need.longest_us)}"
    )
    if need.is_short(timeout):
        return f"less than healthy runs need: {shown}"
    if need.is_long(timeout, times):
        multiple = timeout // need.advised
        return f"{multiple:,} times what past runs advise: {shown}"
    return ""


RULE = Rule(
    check,
    "warning",
    TIMEOUTS,
    need(
        "past runs",
        "no past runs are given: --runs",
        lambda subject: subject.analysis.past is not None,
        of_run=True,
    ),
)
