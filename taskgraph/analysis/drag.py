"""By how much each subtask delays the whole task (drag: Devaux, 1999).

The drag of a subtask is what the makespan would lose if that subtask took no time.

A subtask with float has none: some longest path does without it. A critical subtask v
runs from s to f. If another critical subtask runs at any moment between, a longest path
through that one does without v, and v has no drag either. So only the subtasks that are
alone on the critical paths for as long as they run, the bridges, can have drag, and no
two of them overlap.

For a bridge v, cut the graph into A, what finishes by s at the latest in the early
schedule, and the rest B. With an upstream of a node of A in A, a path enters B once. All
ancestors of v are in A, and v is in B: so a path from A to a node of B other than v
never meets v, and every path without v either makes one such step or lies in one of the
two sides. Seen with a source before and a sink behind all nodes, each is one step a -> b
from A to B without v, and the longest path over a step is shorter than the makespan by
the step's slack, late_start(b) - early_finish(a). Without v the makespan falls by the
least slack of those steps; with v taking no time, by no more than its duration:

    drag(v) = min(duration(v), min(slack(a, b) for the steps a -> b that pass v)).

A step passes the bridges that start from early_finish(a) on and before early_finish(b),
b itself excepted: bridges in a row. One sweep over them with a heap gives the minima.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappop, heappush

from taskgraph.analysis.schedule import Schedule
from taskgraph.graph.taskgraph import TaskGraph

__all__ = ["drags"]


def drags(graph: TaskGraph, schedule: Schedule) -> tuple[int, ...]:
    """Compute the drag of every subtask.

    Parameters
    ----------
    graph : TaskGraph
    schedule : Schedule
        The schedule of this graph.

    Returns
    -------
    tuple of int
        By node, in the unit of the schedule: the makespan less the makespan that the
        graph would have if this node's duration were 0.

    Notes
    -----
    Linear in nodes and edges, but for a sort of the bridges and a heap of the steps that
    pass one.
    """
    result = [0] * len(graph)
    bridges = _bridges(schedule)
    if not bridges:
        return tuple(result)
    steps = _steps(graph, schedule, bridges)
    for node, slack in zip(bridges, _least_slacks(steps, len(bridges)), strict=True):
        duration = schedule.durations[node]
        result[node] = duration if slack is None else min(duration, slack)
    return tuple(result)


def _bridges(schedule: Schedule) -> list[int]:
    """Give the critical nodes that no other overlaps, in the order of their starts."""
    starts, finishes = schedule.early_start, schedule.early_finish
    rows = [node for node in schedule.critical if schedule.durations[node]]
    rows.sort(key=starts.__getitem__)
    bridges = []
    free_from = 0  # when the last of the nodes so far finishes
    for place, node in enumerate(rows):
        alone = starts[node] >= free_from
        free_from = max(free_from, finishes[node])
        if alone and (place + 1 == len(rows) or starts[rows[place + 1]] >= free_from):
            bridges.append(node)
    return bridges


def _steps(
    graph: TaskGraph, schedule: Schedule, bridges: list[int]
) -> dict[tuple[int, int], int]:
    """Give the least slack of the steps that pass the bridges from one to before another.

    A step with at least the slack of the longest bridge bounds nothing, and neither does
    any step from or to a node with so much float.
    """
    count = len(bridges)
    bound = max(schedule.durations[node] for node in bridges)
    early_finish, late_start = schedule.early_finish, schedule.late_start
    first = _first_passed(schedule, bridges, bound)
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
            slack = schedule.makespan - early_finish[node]
            if slack < steps.get((begin, count), bound):
                steps[begin, count] = slack
    return steps


def _first_passed(schedule: Schedule, bridges: list[int], bound: int) -> list[int]:
    """Give the place of the first bridge that starts once each node has finished.

    It lies behind all places for the nodes with too much float.
    """
    starts = [schedule.early_start[node] for node in bridges]
    nothing = len(bridges) + 1
    first = [nothing] * len(schedule.durations)
    for place, node in enumerate(bridges):
        first[node] = place + 1
    early_finish = schedule.early_finish
    for node, slack in enumerate(schedule.total_float):
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
