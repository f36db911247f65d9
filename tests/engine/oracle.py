"""What a photograph deserves to be told, from what really happened.

Only errors and warnings: the simulator knows whether a task is stalled or a run was too
long, where a checker must infer it from what the document shows.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from tests.engine.photo import Photo
from tests.engine.plan import SECOND

Deserved: TypeAlias = dict[str, frozenset[int]]
"""The steps for each rule's code; empty where it is about the task as a whole."""

QUIET = 60 * SECOND
NEAR = 0.8
GRACE = 12 * SECOND
POLL = 11 * SECOND
POLL_WORK = 200  # milliseconds: of a poll besides its second of rest, and between clocks


def deserved(photo: Photo) -> Deserved:
    """Give the rules that may fire on a photograph, with the steps they may name."""
    steps, rows, task = photo.plan.steps, photo.rows, photo.task
    found: Deserved = {}
    if not photo.plan.is_connected:
        found["TG106"] = frozenset(range(len(steps)))
    failed = any(row.state == "FAILED" for row in rows)
    if task.state == "FAILED" and task.by_fault and not failed:
        found["TG203"] = frozenset()
    if _is_stalled(photo):
        found["TG204"] = frozenset(
            index for index, row in enumerate(rows) if row.state == "FAILED"
        )
    waiting = _overlooked(photo)
    if waiting:
        found["TG205"] = waiting
    unlimited = frozenset(i for i, step in enumerate(steps) if not step.timeout)
    if unlimited:
        found["TG401"] = unlimited
    found |= _long_runs(photo)
    found |= _stuck(photo)
    if task.state == "FAILED" and photo.forbids_rollback:
        found["TG501"] = frozenset(photo.blockers())
    stuck = frozenset(
        index
        for index, row in enumerate(rows)
        if row.state == "FAILED" and steps[index].forbids_skip
    )
    if stuck:
        found["TG502"] = stuck
    return found


def _is_quiet(photo: Photo) -> bool:
    """Whether the task runs and nothing at all has changed for a minute."""
    if photo.task.state != "RUNNING":
        return False
    return photo.timestamp - photo.last_change > QUIET or _seems_quiet(photo)


def _seems_quiet(photo: Photo) -> bool:
    """Whether the times tell of nothing for a minute, and no document could tell more.

    The engine may have been away and gone on a moment ago. And where a fault of the
    coordinator failed the task, what was at work ends after that: as if it had been asked
    for later.
    """
    times = [time for row in photo.rows for time in (row.start, row.finish)]
    last = max(time for time in (photo.task.start, *times) if time is not None)
    if photo.timestamp - last <= QUIET - POLL_WORK:
        return False
    journal, moment = photo.journal, photo.moment
    entries = (entry for entry in journal.task_entries if entry.moment <= moment)
    asked = any(a.accepted and 0 <= moment - a.moment <= QUIET for a in journal.actions)
    return not asked or any(entry.row.by_fault for entry in entries)


def _is_stalled(photo: Photo) -> bool:
    flying = ("READY", "RUNNING", "CANCELING")
    return _is_quiet(photo) and not any(row.state in flying for row in photo.rows)


def _overlooked(photo: Photo) -> frozenset[int]:
    """Give the steps that the engine should have started, and has not."""
    states = [row.state for row in photo.rows]
    if not _is_quiet(photo) or photo.task.operation == "ROLLBACK" or "FAILED" in states:
        return frozenset()
    limit = photo.plan.concurrency
    limit = 10 if limit < 0 else limit or len(states) + 1
    if sum(state in ("READY", "RUNNING") for state in states) >= limit:
        return frozenset()
    return frozenset(
        index
        for index, step in enumerate(photo.plan.steps)
        if states[index] == "PENDING"
        and all(states[up] == "SUCCESSFUL" for up in step.upstreams)
    )


def _stuck(photo: Photo) -> Deserved:
    """Give the steps that nobody picks up, and those whose cancel does not end."""
    ready, hanging = set(), set()
    seems_quiet = _seems_quiet(photo)
    for index, row in enumerate(photo.rows):
        waits = seems_quiet or photo.timestamp - photo.since(index) > QUIET - POLL_WORK
        if row.state == "READY" and photo.task.state == "RUNNING" and waits:
            ready.add(index)
        in_flight = row.state in ("RUNNING", "CANCELING")
        if in_flight and "CANCEL" in (row.operation, row.state[:6]):
            hanging.add(index)  # since when, no document tells
    found = {"TG208": frozenset(ready), "TG209": frozenset(hanging)}
    return {code: indexes for code, indexes in found.items() if indexes}


def _long_runs(photo: Photo) -> Deserved:
    """Give the steps whose only run used most of its timeout, or more than all.

    Only where the row still tells that there was one run. What the timeout ended did not
    come near it.
    """
    past = list(photo.runs())
    runs = Counter(run.step for run in past)
    ended = {run.step for run in past if run.how in ("deadline", "poll")}
    near, over, by_engine = set(), set(), set()
    for index, row in enumerate(photo.rows):
        limit = photo.plan.steps[index].timeout * SECOND
        tells = (row.operation, row.attempts) == ("EXECUTE", 1)
        if row.start is not None and runs[index] == 1 and limit and tells:
            used = (photo.timestamp if row.finish is None else row.finish) - row.start
            at_the_poll = limit + POLL - POLL_WORK <= used < limit + POLL
            if index in ended:
                by_engine.add(index)
            if used >= limit * NEAR and (index not in ended or at_the_poll):
                near.add(index)  # two clocks may put a poll a moment too early
            if used > limit + GRACE + POLL_WORK:
                over.add(index)
    found = {"TG404": frozenset(near), "TG403": frozenset(over)}
    found["TG408"] = frozenset(by_engine)
    return {code: indexes for code, indexes in found.items() if indexes}
