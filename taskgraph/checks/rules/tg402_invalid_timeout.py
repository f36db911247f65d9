"""A subtask has a negative timeout.

What it does
------------
Finds timeouts below 0.

Why it is bad
-------------
It means nothing, and the engine never writes it. Critical path and budget count such a
subtask as one without a limit.

Example
-------
`"timeout": -30`

What to do
----------
Write the timeout in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import TIMEOUTS, Fault, Rule, Subject
from taskgraph.sources.document import negative_timeout


def check(subject: Subject) -> Iterator[Fault]:
    """Report each negative timeout."""
    timeouts = subject.task.column("timeout")
    if min(filter(None, timeouts), default=0) >= 0:
        return
    for position, timeout in enumerate(timeouts):
        if timeout and timeout < 0:
            told = negative_timeout(timeout)
            yield Fault.of(subject, [position], *told, "timeout")


RULE = Rule(check, "error", TIMEOUTS)
