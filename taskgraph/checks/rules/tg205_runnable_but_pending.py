"""A subtask could run, and the engine does not start it.

What it does
------------
Finds subtasks that are PENDING although every upstream is SUCCESSFUL, more than
`event-delay` seconds (60) after the last event. The rule speaks only where nothing explains
the waiting: the document says how many subtasks may be in flight, fewer are, nothing is
FAILED or CANCELING, and no subtask was ever retried, skipped or rolled back. Where nothing
is in flight at all, TG204 speaks instead.

Why it is bad
-------------
The engine looks once a second. What it does not start after a minute it may never start:
the coordinator hangs, or the edges in the document are not those in the engine.

Example
-------
Subtask 1 is SUCCESSFUL since ten minutes, 2 is RUNNING, and 3, whose only upstream is 1, is
still PENDING.

What to do
----------
See whether the coordinator of the task is alive, in the server's log.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import (
    AS_OF,
    EDGES,
    SOUND_GRAPH,
    STATUSES,
    SUBTASK_TIMES,
    Fault,
    Rule,
    Subject,
    need,
)
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import holds_slot, stated_slots
from taskgraph.model.task import Operation, Status
from taskgraph.model.words import plural

_STATUSES = frozenset({Status.PENDING, Status.READY, Status.RUNNING, Status.SUCCESSFUL})
_EXECUTE = Operation.EXECUTE


def check(subject: Subject) -> Iterator[Fault]:
    """Report the subtasks that nothing keeps from running."""
    if not _may_start_more(subject):
        return
    idle = subject.analysis.standstill.idle
    if idle is None or idle.total_seconds() <= subject.settings.thresholds.event_delay:
        return
    subtasks, upstreams = subject.graph.subtasks, subject.graph.upstreams
    waiting = [
        subject.graph.positions[node]
        for node, subtask in enumerate(subtasks)
        if subtask.status == Status.PENDING
        and all(subtasks[up].status == Status.SUCCESSFUL for up in upstreams[node])
    ]
    if waiting:
        verb = plural(len(waiting), "is", "are")
        yield Fault.of(
            subject,
            waiting,
            f"{verb} PENDING though every upstream is SUCCESSFUL, and nothing has happened "
            f"for {format_measured(idle)}",
            "see in the server's log whether the coordinator of the task is alive",
            "status",
        )


def _may_start_more(subject: Subject) -> bool:
    """Tell whether the engine has a free slot and no reason to wait."""
    task, statuses = subject.task, subject.statuses
    if task.status != Status.RUNNING or task.operation != _EXECUTE:
        return False
    if not statuses <= _STATUSES:
        return False
    if subject.operations != {_EXECUTE} or set(subject.task.column("attempts")) != {1}:
        return False
    limit = stated_slots(subject.task)
    taken = sum(map(holds_slot, task.subtasks))
    return limit is not None and taken > 0 and (limit == 0 or taken < limit)


RULE = Rule(
    check,
    "warning",
    EDGES,
    SOUND_GRAPH,
    STATUSES,
    SUBTASK_TIMES,
    AS_OF,
    need(
        "the concurrency of the task",
        "the document does not say how many subtasks may be in flight",
        lambda subject: stated_slots(subject.task) is not None,
    ),
)
