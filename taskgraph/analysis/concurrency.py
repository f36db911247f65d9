"""How long a task takes when only so many of its subtasks may be in flight."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.width import Width, wide_antichain
from taskgraph.graph.taskgraph import TaskGraph

_MOST_STEPS = 500_000
"""So many subtasks and edges are gone through in about half a second."""


class ListSchedule(NamedTuple):
    """One run of the engine, step by step, with the given durations.

    Attributes
    ----------
    starts : tuple of int
        When each node starts.
    makespan : int
    peak : int
        The most subtasks in flight at one moment.
    """

    starts: tuple[int, ...]
    makespan: int
    peak: int


@dataclass(frozen=True)
class Bounds:
    """Between which times a task ends under a limit of concurrency.

    Attributes
    ----------
    limit : int
        How many subtasks may be in flight; 0 is unlimited.
    widest : tuple of int
        Subtasks, one more than the limit, that could be in flight together; empty where
        there are no such subtasks, and then nothing ever waits for a slot.
    upper : int
        No order in which the engine picks the subtasks takes longer: the bound of
        Graham (1966) where subtasks may wait for a slot, else the longest path.
    lower : int
        No order takes less if every subtask takes its whole duration.
    longest_path : int
    total : int
        The sum of all durations.
    workers : int
        How many can be at work at all; 0 is any number.
    """

    limit: int
    widest: tuple[int, ...]
    upper: int
    lower: int
    longest_path: int
    total: int
    workers: int
    graph: TaskGraph = field(repr=False, compare=False)
    durations: Sequence[int] = field(repr=False, compare=False)

    @cached_property
    def run(self) -> ListSchedule | None:
        """The engine's list schedule; ``None`` where nothing waits.

        It picks what became ready first, and of those the smallest id. One order of many:
        it bounds nothing.
        """
        if not self.widest:
            return None
        return list_schedule(self.graph, self.durations, self.limit, self.workers)

    @property
    def listed(self) -> int:
        """The makespan of the engine's list schedule."""
        return self.longest_path if self.run is None else self.run.makespan

    @property
    def may_wait(self) -> bool:
        """Whether subtasks may have to wait for a slot."""
        return bool(self.widest)


def bounds(graph: TaskGraph, schedule: Schedule, limit: int, workers: int = 0) -> Bounds:
    """Bound the end of a task of which at most `limit` subtasks are in flight.

    The schedule is that of the graph without a limit; a limit of 0 is none, and so are 0
    workers.
    """
    durations = schedule.durations
    longest, total = schedule.makespan, sum(durations)
    widest = wide_antichain(graph, limit) if limit else ()
    lower = longest
    if widest:
        bounded = total - _work_beyond(graph, durations, limit)
        lower = max(longest, -(-bounded // limit))
    upper = upper_bound(total, longest, limit, may_wait=bool(widest))
    return Bounds(limit, widest, upper, lower, longest, total, workers, graph, durations)


class Enough(NamedTuple):
    """The smallest limit of concurrency that costs no time in the engine's order.

    Attributes
    ----------
    limit : int or None
        With so many slots the engine's list schedule is as long as the longest path, and
        with fewer it is longer; ``None`` where that is so with all that were tried.
    tried : int
        The largest limit that was tried.
    is_searched : bool
        Whether all were tried that the width and the workers allow; otherwise a bound of
        work was reached.
    """

    limit: int | None
    tried: int
    is_searched: bool


def enough(
    graph: TaskGraph,
    schedule: Schedule,
    widest: Width,
    workers: int = 0,
    most_steps: int = _MOST_STEPS,
) -> Enough:
    """Find the smallest limit with which the engine's list schedule loses no time.

    Limits are tried from 1 on, but not those that the sum of the work rules out. The
    makespan does not fall steadily with them (Graham, 1966): with a larger limit, or with
    shorter durations, the same order may take longer. Only as many slots as the graph is
    wide make sure that nothing ever waits for one.

    Parameters
    ----------
    graph : TaskGraph
    schedule : Schedule
        Of the same graph, without a limit.
    widest : Width
        More slots change nothing. Where that is only a bound, nothing is tried.
    workers : int
        How many can be at work whatever the limit is; 0 is any number.
    most_steps : int
        How many subtasks and edges are gone through at most.
    """
    durations, longest = schedule.durations, schedule.makespan
    total, steps = sum(durations), 0
    most = min(widest.size, workers) if workers else widest.size

    def has_room(limit: int) -> bool:
        return total - _work_beyond(graph, durations, limit) <= limit * longest

    # A further slot takes no more work than fits into the longest path.
    least = 1 + bisect_left(range(1, most + 1), True, key=has_room)
    for limit in range(least, most + 1):
        if limit == widest.size and widest.is_exact:
            return Enough(limit, limit, is_searched=True)  # nothing can ever wait
        steps += len(graph) + graph.edge_count
        if steps > most_steps or not widest.is_exact:
            return Enough(None, limit - 1, is_searched=False)
        if list_schedule(graph, durations, limit, workers).makespan <= longest:
            return Enough(limit, limit, is_searched=True)
    return Enough(None, most, is_searched=widest.is_exact)


def upper_bound(total: int, longest: int, limit: int, *, may_wait: bool) -> int:
    """Give the time that no list schedule exceeds (Graham, 1966), rounded down.

    Whenever a slot is free, everything that could run does, so a longest path gets
    shorter; at all other times `limit` subtasks or more are at work. Durations shorter
    than given do not break it. Schedules of integers end at integers.

    Parameters
    ----------
    total, longest : int
        The sum of the durations and the length of the longest path.
    limit : int
        At least 1 where anything may wait.
    may_wait : bool
        Whether subtasks may have to wait for a slot; else the longest path is the bound.
    """
    return (total + (limit - 1) * longest) // limit if may_wait else longest


def _work_beyond(graph: TaskGraph, durations: Sequence[int], limit: int) -> int:
    """Give the work that a first wave larger than the limit does beyond it.

    At each moment the subtasks beyond the limit are the first wave's shorter ones.
    """
    first = (durations[node] for node, ups in enumerate(graph.upstreams) if not ups)
    return sum(sorted(first, reverse=True)[limit:])


def list_schedule(
    graph: TaskGraph, durations: Sequence[int], limit: int, workers: int = 0
) -> ListSchedule:
    """Run the task as the engine does, every subtask for its whole duration.

    The engine hands all subtasks without upstreams to its workers when the task is
    submitted, whatever the limit; 0 is none, and so are 0 workers. Of those that are
    ready, the one that became ready first starts first, and of these the one with the
    smallest id. A shorter duration may make the makespan longer (Graham, 1966), so this
    is an example of a run, not a bound.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    graph.require_sound()
    waiting_for = [len(ups) for ups in graph.upstreams]
    starts = [0] * len(graph)
    first = [node for node, ups in enumerate(graph.upstreams) if not ups]
    at_once = workers or len(first)
    in_flight = [(durations[node], node) for node in first[:at_once]]  # until when, node
    heapify(in_flight)
    handed = first[: at_once - 1 : -1] if at_once < len(first) else []  # the next one last
    ready: list[tuple[int, int]] = []  # since when, node
    moment, peak = 0, len(in_flight)
    while in_flight:
        moment = in_flight[0][0]
        while in_flight and in_flight[0][0] == moment:
            for downstream in graph.downstreams[heappop(in_flight)[1]]:
                waiting_for[downstream] -= 1
                if not waiting_for[downstream]:
                    heappush(ready, (moment, downstream))
        while (handed and len(in_flight) < at_once) or (
            ready and not handed and (not limit or len(in_flight) < limit)
        ):
            node = handed.pop() if handed else heappop(ready)[1]
            starts[node] = moment
            heappush(in_flight, (moment + durations[node], node))
        peak = max(peak, len(in_flight))
    return ListSchedule(tuple(starts), moment, peak)
