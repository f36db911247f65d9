"""When each subtask starts and ends, at the earliest and at the latest.

The critical path method (Kelley and Walker, 1959) with the durations on the nodes: a
subtask starts once all its upstreams have finished, and nothing waits for a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from taskgraph.graph.taskgraph import TaskGraph

__all__ = ["PATH_COUNT_LIMIT", "Schedule", "makespan", "schedule"]

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
    late_start, late_finish, free_float = _late(
        graph, durations, early_start, early_finish, end
    )
    total_float = [
        late - early for late, early in zip(late_start, early_start, strict=True)
    ]
    critical = [node for node in graph.order if not total_float[node]]
    paths = _critical_paths(graph, critical, total_float, early_start, early_finish)
    return Schedule(
        durations=tuple(durations),
        early_start=tuple(early_start),
        early_finish=tuple(early_finish),
        late_start=tuple(late_start),
        late_finish=tuple(late_finish),
        total_float=tuple(total_float),
        free_float=tuple(free_float),
        makespan=end,
        critical=tuple(critical),
        critical_path=paths.smallest,
        path_count=min(paths.total, PATH_COUNT_LIMIT),
        has_more_paths=paths.total > PATH_COUNT_LIMIT,
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


class _Paths(NamedTuple):
    smallest: tuple[int, ...]
    total: int


def _critical_paths(
    graph: TaskGraph,
    critical: list[int],
    total_float: list[int],
    early_start: list[int],
    early_finish: list[int],
) -> _Paths:
    """Count the critical paths and find the one that is smallest by ids.

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
    return _Paths(tuple(path), sum(counts[start] for start in starts))
