"""What lies ahead of each subtask of one task: what its outcome is drawn from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.pools import Column, OutcomeBasis, Pool
from taskgraph.history.rows import released
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    is_in_flight,
    is_rolling_back,
    ran_once,
    timeout_seconds,
)
from taskgraph.model.task import Subtask, Task
from taskgraph.model.vocabulary import Status

__all__ = ["Prospect", "is_under_way", "look_ahead", "places_of"]

_ENDLESS = 10**15  # thirty years in microseconds; of so many there are few on a path
_OVER = frozenset({Status.FAILED, Status.CANCELING})
_MEASURED = frozenset({OutcomeBasis.OWN, OutcomeBasis.OTHERS})
_GUESSED = frozenset({OutcomeBasis.NOTHING, OutcomeBasis.REST})


class Prospect(NamedTuple):
    """What one subtask is drawn from."""

    pool: Pool
    limit: int
    """Microseconds after which a run is ended; 0 is no limit."""
    attempts: int = 1
    """How often it may be started from now on."""
    place: int = 0
    """Which of the subtasks of its name it is: see `places_of`."""
    is_running: bool = False
    """Whether its pool is of those that took longer than it has run by now."""

    @property
    def runs(self) -> int:
        """How many runs of the past it is drawn from."""
        return self.pool.spans.count_runs() if self.pool.basis in _MEASURED else 0

    @property
    def is_least(self) -> bool:
        """Whether it counts as taking no time for want of runs and of a timeout."""
        return self.pool.basis in _GUESSED and not self.limit


def is_under_way(task: Task) -> bool:
    """Tell whether a task runs forward, so that what it has done is done."""
    return task.status == Status.RUNNING and not is_rolling_back(task)


def places_of(graph: TaskGraph) -> list[int]:
    """Give each its number among those of its name: parts by their index, then in order."""
    subtasks = graph.subtasks
    index = [-1 if one.parallel_index is None else one.parallel_index for one in subtasks]
    places, seen = [0] * len(graph), Counter[str]()
    for node in sorted(graph.order, key=index.__getitem__):
        places[node] = seen[subtasks[node].name]
        seen[subtasks[node].name] += 1
    return places


def look_ahead(
    analysis: Analysis, pools: dict[str, Pool], as_of: datetime | None, slots: int = 0
) -> list[Prospect]:
    """Give for each node what to draw from; a name without a pool takes its whole timeout.

    `as_of` is the moment of the document, from which on a task under way is drawn: what is
    done takes no time, what has failed fails, and what runs, or waits, for some time is
    drawn from the outcomes that took longer. ``None`` is the whole task, from its start.
    Where all slots, which are told, are taken, these explain a wait.
    """
    graph, assumed = analysis.graph, analysis.settings.assume_timeout or 0
    rows = zip(graph.subtasks, analysis.own_attempts, places_of(graph), strict=True)
    whole = [
        _whole(subtask, pools, assumed)._replace(attempts=count, place=place)
        for subtask, count, place in rows
    ]
    if as_of is None or not is_under_way(analysis.task):
        return whole
    is_full = 0 < slots <= sum(map(is_in_flight, graph.subtasks))
    return [
        _rest(graph, node, one, as_of, is_full=is_full) for node, one in enumerate(whole)
    ]


def _whole(subtask: Subtask, pools: dict[str, Pool], assumed: int) -> Prospect:
    limit = min((timeout_seconds(subtask) or assumed) * SECOND, _ENDLESS)
    fixed = _fixed(limit, OutcomeBasis.TIMEOUT if limit else OutcomeBasis.NOTHING)
    return Prospect(pools.get(subtask.name, fixed), limit)


def _rest(
    graph: TaskGraph, node: int, whole: Prospect, as_of: datetime, *, is_full: bool
) -> Prospect:
    subtask, pool = graph.subtasks[node], whole.pool
    if subtask.status == Status.SUCCESSFUL:
        return Prospect(_fixed(0, OutcomeBasis.DONE), 0)
    if subtask.status in _OVER:
        return Prospect(_fixed(0, OutcomeBasis.FAILED, succeeded=False), 0)
    if not is_in_flight(subtask):
        return whole._replace(
            pool=replace(pool, waits=_waits_left(graph, node, pool, as_of, is_full=is_full))
        )
    whole = whole._replace(attempts=whole.attempts - (subtask.attempts or 1) + 1)
    pool = replace(pool, waits=Column(pool.waits.values[:0]))
    if not ran_once(subtask) or subtask.start_time is None:  # since when is not known
        return whole._replace(pool=pool)
    elapsed = max((as_of - subtask.start_time) // MICROSECOND, 0)
    limit = max(whole.limit - elapsed, 1) if whole.limit else 0
    longer = pool.spans.values > elapsed
    if pool.basis not in _MEASURED or not longer.any():
        rest = _fixed(limit if whole.limit else 0, OutcomeBasis.REST)
        return whole._replace(pool=rest, limit=limit)
    pool = replace(
        pool,
        spans=pool.spans.less(elapsed),
        succeeded=pool.succeeded[longer],
        single=pool.single[longer],
        cut=None if pool.cut is None else pool.cut[longer],
    )
    return whole._replace(pool=pool, limit=limit, is_running=True)


def _waits_left(
    graph: TaskGraph, node: int, pool: Pool, as_of: datetime, *, is_full: bool
) -> Column:
    """Give how long it waits yet; what waits longer than ever may wait as long again.

    While all slots are taken, that it waits says nothing of how long it waits otherwise.
    """
    release = released(graph, node)
    if release is None:
        return pool.waits
    elapsed = max((as_of - release) // MICROSECOND, 0)
    if is_full:
        return pool.waits._replace(values=(pool.waits.values - elapsed).clip(0))
    left = pool.waits.less(elapsed)
    return left if len(left.values) else pool.waits


def _fixed(span: int, basis: OutcomeBasis, *, succeeded: bool = True) -> Pool:
    import numpy as np

    return Pool(
        basis=basis,
        spans=Column(np.array([span], np.int64)),
        succeeded=np.array([succeeded]),
        single=np.array([True]),
        waits=Column(np.array([], np.int64)),
    )
