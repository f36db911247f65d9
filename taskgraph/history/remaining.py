"""What is left to be drawn of a task: all of it, or what a running one has not done yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from taskgraph.graph import TaskGraph
from taskgraph.history.pools import Basis, Pool
from taskgraph.model import Status, Subtask, Task
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    is_in_flight,
    is_rolling_back,
    ran_once,
    timeout_seconds,
)

__all__ = ["Plan", "is_under_way", "plan"]

_ENDLESS = 10**15  # thirty years in microseconds; of so many there are few on a path
_OVER = frozenset({Status.FAILED, Status.CANCELING})


class Plan(NamedTuple):
    """What one subtask is drawn from.

    Attributes
    ----------
    pool : Pool
    limit : int
        Microseconds after which a run is ended; 0 is no limit.
    """

    pool: Pool
    limit: int


def is_under_way(task: Task) -> bool:
    """Tell whether a task runs forward, so that what it has done is done."""
    return task.status == Status.RUNNING and not is_rolling_back(task)


def plan(graph: TaskGraph, pools: dict[str, Pool], as_of: datetime | None) -> list[Plan]:
    """Give for each node what to draw from.

    Parameters
    ----------
    graph : TaskGraph
    pools : dict of str to Pool
        By the name of the subtask. One that is not there takes its whole timeout.
    as_of : datetime or None
        The moment of the document, from which on a task under way is drawn: what is done
        takes no time, what has failed fails, and what runs for some time is drawn from
        the outcomes that took longer. ``None`` is the whole task, from its start.
    """
    whole = [_whole(subtask, pools) for subtask in graph.subtasks]
    if as_of is None or not is_under_way(graph.task):
        return whole
    pairs = zip(graph.subtasks, whole, strict=True)
    return [_rest(subtask, found, as_of) for subtask, found in pairs]


def _whole(subtask: Subtask, pools: dict[str, Pool]) -> Plan:
    limit = min(timeout_seconds(subtask) * SECOND, _ENDLESS)
    fixed = _fixed(limit, Basis.TIMEOUT if limit else Basis.NOTHING)
    return Plan(pools.get(subtask.name, fixed), limit)


def _rest(subtask: Subtask, whole: Plan, as_of: datetime) -> Plan:
    if subtask.status == Status.SUCCESSFUL:
        return Plan(_fixed(0, Basis.DONE), 0)
    if subtask.status in _OVER:
        return Plan(_fixed(0, Basis.FAILED, succeeded=False), 0)
    if not is_in_flight(subtask):
        return whole
    if not ran_once(subtask) or subtask.start_time is None:
        return Plan(_without_wait(whole.pool), whole.limit)  # since when is not known
    elapsed = max((as_of - subtask.start_time) // MICROSECOND, 0)
    limit = max(whole.limit - elapsed, 1) if whole.limit else 0
    pool = whole.pool
    longer = pool.spans > elapsed
    if pool.basis not in {Basis.OWN, Basis.OTHERS} or not longer.any():
        return Plan(_fixed(limit if whole.limit else 0, Basis.REST), limit)
    pool = replace(
        _without_wait(pool),
        spans=pool.spans[longer] - elapsed,
        succeeded=pool.succeeded[longer],
        single=pool.single[longer],
        cut=None if pool.cut is None else pool.cut[longer],
    )
    return Plan(pool, limit)


def _without_wait(pool: Pool) -> Pool:
    return replace(pool, waits=pool.waits[:0])


def _fixed(span: int, basis: Basis, *, succeeded: bool = True) -> Pool:
    import numpy as np

    return Pool(
        basis=basis,
        spans=np.array([span], np.int64),
        succeeded=np.array([succeeded]),
        single=np.array([True]),
        waits=np.array([], np.int64),
    )
