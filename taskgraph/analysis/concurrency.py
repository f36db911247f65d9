"""How long a task takes when only so many of its subtasks may be in flight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.width import wide_antichain
from taskgraph.graph import TaskGraph

__all__ = [
    "Bounds",
    "ListSchedule",
    "bounds",
    "graham_bound",
    "list_schedule",
]


@dataclass(frozen=True, slots=True)
class ListSchedule:
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


@dataclass(frozen=True, slots=True)
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
    run : ListSchedule or None
        The engine's list schedule, which picks what became ready first, and of those the
        smallest id. One order of many: it bounds nothing. ``None`` where nothing waits.
    longest_path : int
    total : int
        The sum of all durations.
    """

    limit: int
    widest: tuple[int, ...]
    upper: int
    lower: int
    run: ListSchedule | None
    longest_path: int
    total: int

    @property
    def listed(self) -> int:
        """The makespan of the engine's list schedule."""
        return self.longest_path if self.run is None else self.run.makespan

    @property
    def may_wait(self) -> bool:
        """Whether subtasks may have to wait for a slot."""
        return bool(self.widest)


def bounds(
    graph: TaskGraph, schedule: Schedule, limit: int, *, first_wave_waits: bool = False
) -> Bounds:
    """Bound the end of a task under a limit of concurrency.

    Parameters
    ----------
    graph : TaskGraph
    schedule : Schedule
        The schedule of this graph without a limit.
    limit : int
        0 is unlimited.
    first_wave_waits : bool
        Whether the limit holds for the subtasks without upstreams too. The engine starts
        all of them when the task is submitted.
    """
    durations = schedule.durations
    longest, total = schedule.makespan, sum(durations)
    widest = wide_antichain(graph, limit) if limit else ()
    if not widest:
        return Bounds(limit, (), longest, longest, None, longest, total)
    beyond = 0 if first_wave_waits else _work_beyond(graph, durations, limit)
    return Bounds(
        limit=limit,
        widest=widest,
        upper=graham_bound(total, longest, limit),
        lower=max(longest, -(-(total - beyond) // limit)),
        run=list_schedule(graph, durations, limit, first_wave_waits=first_wave_waits),
        longest_path=longest,
        total=total,
    )


def graham_bound(total: int, longest: int, limit: int) -> int:
    """Give the time that no list schedule exceeds (Graham, 1966), rounded down.

    Whenever a slot is free, everything that could run does, so a longest path gets
    shorter; at all other times `limit` subtasks or more are at work. Durations shorter
    than given do not break it. Schedules of integers end at integers.

    Parameters
    ----------
    total, longest : int
        The sum of the durations and the length of the longest path.
    limit : int
        At least 1.
    """
    return (total + (limit - 1) * longest) // limit


def _work_beyond(graph: TaskGraph, durations: Sequence[int], limit: int) -> int:
    """Give the work that a first wave larger than the limit does beyond it.

    At each moment the subtasks beyond the limit are the first wave's shorter ones.
    """
    first = (durations[node] for node, ups in enumerate(graph.upstreams) if not ups)
    return sum(sorted(first, reverse=True)[limit:])


def list_schedule(
    graph: TaskGraph,
    durations: Sequence[int],
    limit: int,
    *,
    first_wave_waits: bool = False,
) -> ListSchedule:
    """Run the task as the engine does, every subtask for its whole duration.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    durations : sequence of int
        By node, 0 or more.
    limit : int
        0 is unlimited.
    first_wave_waits : bool
        Whether the limit holds for the subtasks without upstreams too.

    Notes
    -----
    Of the subtasks that are ready, the one that became ready first starts first, and of
    those the one with the smallest id. A shorter duration may make the makespan longer
    (Graham, 1966), so this is an example of a run, not a bound.
    """
    graph.require_sound()
    run = _Run(graph, durations)
    first = [node for node, ups in enumerate(graph.upstreams) if not ups]
    if first_wave_waits:
        run.ready.extend((0, node) for node in first)
        heapify(run.ready)
        run.fill(limit, 0)
    else:
        run.start(first, 0)
    makespan = 0
    while run.in_flight:
        makespan = run.in_flight[0][0]
        run.finish(makespan)
        run.fill(limit, makespan)
    return ListSchedule(tuple(run.starts), makespan, run.peak)


class _Run:
    """What is ready and what is in flight."""

    def __init__(self, graph: TaskGraph, durations: Sequence[int]) -> None:
        self.downstreams = graph.downstreams
        self.durations = durations
        self.waiting_for = [len(ups) for ups in graph.upstreams]
        self.starts = [0] * len(graph)
        self.ready: list[tuple[int, int]] = []  # since when, node
        self.in_flight: list[tuple[int, int]] = []  # until when, node
        self.peak = 0

    def start(self, nodes: Iterable[int], moment: int) -> None:
        for node in nodes:
            self.starts[node] = moment
            heappush(self.in_flight, (moment + self.durations[node], node))
        self.peak = max(self.peak, len(self.in_flight))

    def fill(self, limit: int, moment: int) -> None:
        """Start what is ready while there are slots."""
        while self.ready and (not limit or len(self.in_flight) < limit):
            self.start((heappop(self.ready)[1],), moment)

    def finish(self, moment: int) -> None:
        """End what ends at the moment; what it releases becomes ready."""
        while self.in_flight and self.in_flight[0][0] == moment:
            _, node = heappop(self.in_flight)
            for downstream in self.downstreams[node]:
                self.waiting_for[downstream] -= 1
                if not self.waiting_for[downstream]:
                    heappush(self.ready, (moment, downstream))
