"""When each subtask starts and ends, and by how much it delays the whole task.

The critical path method (Kelley and Walker, 1959) with the durations on the nodes: a
subtask starts once all its upstreams have finished, and nothing waits for a slot.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from operator import sub
from typing import Final

from taskgraph.graph.taskgraph import TaskGraph

PATH_COUNT_LIMIT: Final = 10**18
"""Up to here the number of critical paths is told exactly."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The early and the late schedule of a graph.

    All tuples by node have one entry per node of the graph; their unit is that of the
    durations, and time 0 is the start of the task.

    Attributes
    ----------
    durations : tuple of int
    early_start, early_finish : tuple of int
        The earliest times at which each subtask can start and finish.
    late_start, late_finish : tuple of int
        The latest times that leave the makespan as it is.
    total_float : tuple of int
        How much longer each subtask may take without moving the makespan.
    free_float : tuple of int
        How much longer each subtask may take without moving any other subtask.
    makespan : int
        The length of the longest path.
    critical : tuple of int
        All nodes without total float, in topological order.
    critical_path : tuple of int
        One longest path from a node without upstreams to one without downstreams; at
        every choice the node with the smallest id.
    path_count : int
        The number of such longest paths, at most `PATH_COUNT_LIMIT`.
    has_more_paths : bool
        Whether there are more than `path_count`.
    """

    durations: tuple[int, ...]
    early_start: tuple[int, ...]
    early_finish: tuple[int, ...]
    late_start: tuple[int, ...]
    late_finish: tuple[int, ...]
    total_float: tuple[int, ...]
    free_float: tuple[int, ...]
    makespan: int
    critical: tuple[int, ...]
    critical_path: tuple[int, ...]
    path_count: int
    has_more_paths: bool

    def near_critical(self, within: int) -> tuple[int, ...]:
        """Give the nodes whose total float is more than 0 and at most `within`.

        Returns
        -------
        tuple of int
            By float, then by node.
        """
        slacks = [(slack, node) for node, slack in enumerate(self.total_float)]
        return tuple(node for slack, node in sorted(slacks) if 0 < slack <= within)


def schedule(graph: TaskGraph, durations: Sequence[int]) -> Schedule:
    """Compute the early and late schedule.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    durations : sequence of int
        How long each node takes, in any one unit, 0 or more.

    Returns
    -------
    Schedule

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ValueError
        Where the durations do not fit the graph.

    Notes
    -----
    Linear in nodes and edges.
    """
    graph.require_sound()
    if len(durations) != len(graph):
        raise ValueError(f"{len(durations)} durations for {len(graph)} nodes")
    if min(durations, default=0) < 0:
        raise ValueError("a duration is negative")
    early_start, early_finish = _early(graph, durations)
    end = max(early_finish, default=0)
    late_start, late_finish, free = _late(graph, durations, early_start, early_finish, end)
    total_float = list(map(sub, late_start, early_start))
    critical = [node for node in graph.order if not total_float[node]]
    path, total = _critical_paths(graph, critical, total_float, early_start, early_finish)
    return Schedule(
        durations=tuple(durations),
        early_start=tuple(early_start),
        early_finish=tuple(early_finish),
        late_start=tuple(late_start),
        late_finish=tuple(late_finish),
        total_float=tuple(total_float),
        free_float=tuple(free),
        makespan=end,
        critical=tuple(critical),
        critical_path=path,
        path_count=min(total, PATH_COUNT_LIMIT),
        has_more_paths=total > PATH_COUNT_LIMIT,
    )


def makespan(graph: TaskGraph, durations: Sequence[int]) -> int:
    """Give the length of the longest path of a sound graph, and nothing else."""
    finishes = [0] * len(graph)
    upstreams = graph.upstreams
    for node in graph.order:
        start = 0
        for upstream in upstreams[node]:
            if finishes[upstream] > start:
                start = finishes[upstream]
        finishes[node] = start + durations[node]
    return max(finishes, default=0)


def _early(graph: TaskGraph, durations: Sequence[int]) -> tuple[list[int], list[int]]:
    """Walk downstream: a node starts when its last upstream finishes."""
    starts = [0] * len(graph)
    finishes = [0] * len(graph)
    upstreams = graph.upstreams
    for node in graph.order:
        start = 0
        for upstream in upstreams[node]:
            finish = finishes[upstream]
            if finish > start:
                start = finish
        starts[node] = start
        finishes[node] = start + durations[node]
    return starts, finishes


def _late(
    graph: TaskGraph,
    durations: Sequence[int],
    early_start: list[int],
    early_finish: list[int],
    end: int,
) -> tuple[list[int], list[int], list[int]]:
    """Walk upstream: a node finishes before its first downstream has to start."""
    starts = [0] * len(graph)
    finishes = [0] * len(graph)
    free = [0] * len(graph)
    downstreams = graph.downstreams
    for node in reversed(graph.order):
        latest = earliest = end
        for downstream in downstreams[node]:
            start = starts[downstream]
            if start < latest:
                latest = start
            start = early_start[downstream]
            if start < earliest:
                earliest = start
        finishes[node] = latest
        starts[node] = latest - durations[node]
        free[node] = earliest - early_finish[node]
    return starts, finishes, free


def _critical_paths(
    graph: TaskGraph,
    critical: list[int],
    total_float: list[int],
    early_start: list[int],
    early_finish: list[int],
) -> tuple[tuple[int, ...], int]:
    """Find the critical path that is smallest by ids, and count all of them.

    A critical path goes on from a critical node to any critical downstream that starts
    as it finishes. Counts stop growing just above the limit: sums of huge integers would
    cost more than the whole schedule.
    """
    ceiling = PATH_COUNT_LIMIT + 1
    counts = [0] * len(graph)
    following = [-1] * len(graph)
    downstreams, upstreams = graph.downstreams, graph.upstreams
    for node in reversed(critical):
        if not downstreams[node]:
            counts[node] = 1
            continue
        finish = early_finish[node]
        count, smallest = 0, -1
        for downstream in reversed(downstreams[node]):
            if not total_float[downstream] and early_start[downstream] == finish:
                count += counts[downstream]
                smallest = downstream
        counts[node] = min(count, ceiling)
        following[node] = smallest
    starts = [node for node in critical if not upstreams[node]]
    path = []
    node = min(starts, default=-1)
    while node >= 0:
        path.append(node)
        node = following[node]
    return tuple(path), sum(counts[start] for start in starts)


def drags(graph: TaskGraph, plan: Schedule) -> tuple[int, ...]:
    """Compute by how much each subtask delays the whole (drag: Devaux, 1999).

    Returns
    -------
    tuple of int
        By node, in the unit of the graph's schedule: the makespan less the makespan that
        the graph would have if this node's duration were 0.

    Notes
    -----
    A subtask with float has none: some longest path does without it. A critical subtask v
    runs from s to f. If another critical subtask runs at any moment between, a longest
    path through that one does without v, and v has no drag either. So only the subtasks
    that are alone on the critical paths for as long as they run, the bridges, can have
    drag, and no two of them overlap.

    For a bridge v, cut the graph into A, what finishes by s at the latest in the early
    schedule, and the rest B. With an upstream of a node of A in A, a path enters B once.
    All ancestors of v are in A, and v is in B: so a path from A to a node of B other than
    v never meets v, and every path without v either makes one such step or lies in one of
    the two sides. Seen with a source before and a sink behind all nodes, each is one step
    a -> b from A to B without v, and the longest path over a step is shorter than the
    makespan by the step's slack, late_start(b) - early_finish(a). Without v the makespan
    falls by the least slack of those steps; with v taking no time, by no more than its
    duration:

        drag(v) = min(duration(v), min(slack(a, b) for the steps a -> b that pass v)).

    A step passes the bridges that start from early_finish(a) on and before
    early_finish(b), b itself excepted: bridges in a row. One sweep over them with a heap
    gives the minima, linear in nodes and edges but for sorting the bridges and for that
    heap.
    """
    result = [0] * len(graph)
    bridges = _bridges(plan)
    if not bridges:
        return tuple(result)
    steps = _steps(graph, plan, bridges)
    for node, slack in zip(bridges, _least_slacks(steps, len(bridges)), strict=True):
        duration = plan.durations[node]
        result[node] = duration if slack is None else min(duration, slack)
    return tuple(result)


def _bridges(plan: Schedule) -> list[int]:
    """Give the critical nodes that no other overlaps, in the order of their starts."""
    rows = [node for node in plan.critical if plan.durations[node]]
    rows.sort(key=plan.early_start.__getitem__)
    starts = [plan.early_start[node] for node in rows]
    # Until when those so far run: before each node, and with it.
    until = [*accumulate((plan.early_finish[node] for node in rows), max, initial=0)]
    turns = zip(rows, starts, until, until[1:], [*starts[1:], plan.makespan], strict=False)
    return [node for node, start, free, end, then in turns if free <= start and end <= then]


def _steps(
    graph: TaskGraph, plan: Schedule, bridges: list[int]
) -> dict[tuple[int, int], int]:
    """Give the least slack of the steps that pass the bridges from one to before another.

    A step with at least the slack of the longest bridge bounds nothing, and neither does
    any step from or to a node with so much float.
    """
    count = len(bridges)
    bound = max(plan.durations[node] for node in bridges)
    early_finish, late_start = plan.early_finish, plan.late_start
    first = _first_passed(plan, bridges, bound)
    last = first.copy()
    for node in bridges:
        last[node] -= 1  # the step to a bridge does not pass it
    steps: dict[tuple[int, int], int] = {}
    for node in graph.order:
        if first[node] > count:
            continue
        stop, latest = last[node], late_start[node]
        for upstream in graph.upstreams[node]:
            begin = first[upstream]
            if begin < stop:
                slack = latest - early_finish[upstream]
                if slack < steps.get((begin, stop), bound):
                    steps[begin, stop] = slack
        if not graph.upstreams[node] and stop and latest < steps.get((0, stop), bound):
            steps[0, stop] = latest
        begin = first[node]
        if begin < count and not graph.downstreams[node]:
            slack = plan.makespan - early_finish[node]
            if slack < steps.get((begin, count), bound):
                steps[begin, count] = slack
    return steps


def _first_passed(plan: Schedule, bridges: list[int], bound: int) -> list[int]:
    """Give the place of the first bridge that starts once each node has finished.

    It lies behind all places for the nodes with too much float.
    """
    starts = [plan.early_start[node] for node in bridges]
    nothing = len(bridges) + 1
    first = [nothing] * len(plan.durations)
    for place, node in enumerate(bridges):
        first[node] = place + 1
    early_finish = plan.early_finish
    for node, slack in enumerate(plan.total_float):
        if slack < bound and first[node] == nothing:
            first[node] = bisect_left(starts, early_finish[node])
    return first


def _least_slacks(steps: dict[tuple[int, int], int], count: int) -> list[int | None]:
    """Give the least slack of the steps that pass each bridge, ``None`` without one."""
    if not steps:
        return [None] * count
    waiting = sorted(((*places, slack) for places, slack in steps.items()), reverse=True)
    passing: list[tuple[int, int]] = []
    least: list[int | None] = []
    for place in range(count):
        while waiting and waiting[-1][0] == place:
            _, stop, slack = waiting.pop()
            heappush(passing, (slack, stop))
        while passing and passing[0][1] <= place:
            heappop(passing)
        least.append(passing[0][0] if passing else None)
    return least
