"""A cancel does not end.

What it does
------------
Finds subtasks that are CANCELING, or RUNNING with operation CANCEL, in a document whose
last event is more than `event-delay` seconds (60) before the moment that it describes.
When the cancel was asked for it does not say: that may have been just now.

Why it is bad
-------------
A cancel ends FAILED within seconds, or never: it sends an interrupt, which may not stop the
work. Until then the subtask holds one of the workers, and nothing more is to be expected of
it.

Example
-------
The last event was ten minutes ago, and subtask 3 is CANCELING.

What to do
----------
See on its server what the subtask does, and stop it there.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import AS_OF, STATUSES, SUBTASK_TIMES, Fault, Rule, Subject
from taskgraph.model.durations import format_measured
from taskgraph.model.words import plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report each cancel that takes too long."""
    standing = subject.analysis.standstill
    if not standing.hanging or standing.quiet is None:
        return
    is_asked = plural(len(standing.hanging), "is being", "are being")
    yield Fault.of(
        subject,
        [subject.graph.positions[node] for node in standing.hanging],
        f"{is_asked} cancelled, and the document tells of nothing in the last "
        f"{format_measured(standing.quiet)}: a cancel ends within seconds, or hangs",
        "see on its server what it does, and stop it there",
        "status",
    )


RULE = Rule(check, "warning", STATUSES, SUBTASK_TIMES, AS_OF)
