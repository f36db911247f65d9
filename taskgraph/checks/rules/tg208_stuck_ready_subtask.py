"""A subtask is READY, and no worker begins it.

What it does
------------
Finds subtasks of a RUNNING task that are READY although nothing has happened for more than
`event-delay` seconds (60) before the moment that the document describes. Where one is
being retried or skipped the document does not say since when, and nothing is said.

Why it is bad
-------------
The engine picks up what is READY within a second. Either all its workers are busy, 16 for
manual and 32 for scheduled tasks, which all tasks share, or it picks up nothing any more.

Example
-------
Subtask 1 is SUCCESSFUL since three hours, and 2, which waits for it alone, is READY.

What to do
----------
See which other tasks hold the workers, and whether the engine is switched on and its server
is up.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import AS_OF, LAST_EVENT, STATUSES, Fault, Rule, Subject
from taskgraph.model.durations import format_measured
from taskgraph.model.words import counted, plural


def check(subject: Subject) -> Iterator[Fault]:
    """Report what is READY for long."""
    standing = subject.analysis.standstill
    if not standing.unclaimed or standing.idle is None:
        return
    workers = subject.analysis.workers
    busy = f"all its {counted(workers)} workers are busy" if workers else "it is busy"
    is_ready = plural(len(standing.unclaimed), "is", "are")
    yield Fault.of(
        subject,
        [subject.graph.positions[node] for node in standing.unclaimed],
        f"{is_ready} READY, but nothing has happened for "
        f"{format_measured(standing.idle)}: the engine is stuck, or {busy}",
        "see which other tasks hold the workers, and whether the engine's server is up",
        "status",
    )


RULE = Rule(check, "warning", STATUSES, LAST_EVENT, AS_OF)
