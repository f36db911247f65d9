"""Which subtasks the change of a worst case, or of a makespan, comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.graph.taskgraph import TaskGraph

Bound: TypeAlias = Callable[[int, int], int]
"""From the sum of all durations and the longest path to the bound in question."""

Pairs: TypeAlias = tuple[tuple[int, int], ...]
"""The nodes of two graphs that are the same subtask."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A subtask that moves the bound.

    Attributes
    ----------
    before, after : int or None
        Its node in the two graphs, ``None`` where it is not there.
    change : int
        By how much the bound grows for it, never 0.
    """

    before: int | None
    after: int | None
    change: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """A change; the contributions and the structure sum to it.

    Attributes
    ----------
    before, after : int
        The bound in the two graphs.
    contributions : tuple of Contribution
        The largest change first, then by node of the second graph.
    structure : int
        The part of the added and removed edges, and of another limit of concurrency.
    """

    before: int
    after: int
    contributions: tuple[Contribution, ...]
    structure: int

    @property
    def change(self) -> int:
        """By how much the bound grows."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two sides: a graph, its durations, and what its bound is."""

    graph: TaskGraph
    durations: Sequence[int]
    bound: Bound


def attribute(
    before: Version, after: Version, pairs: Sequence[tuple[int, int]]
) -> Attribution:
    """Attribute the change of a bound to subtasks.

    Parameters
    ----------
    before, after : Version
    pairs : sequence of (int, int)
        The nodes that are the same in both.

    Raises
    ------
    AnalysisError
        Where a graph is not sound.

    Notes
    -----
    The change is followed step by step from one graph to the other: first each removed
    subtask loses its time, then the edges become the new ones, then each subtask, in
    topological order, gets its new duration, an added one instead of none. What the bound
    moves at a step is that subtask's contribution, so the contributions sum to the whole
    change exactly, and what did not change contributes nothing. The order decides where
    two need each other: of parallel subtasks that shrink, the last one in the order gets
    what only both together save.
    """
    counterpart = {other: node for node, other in pairs}
    kept, old = [0] * len(before.graph), [0] * len(after.graph)
    for node, other in pairs:
        kept[node] = old[other] = before.durations[node]
    removals = _steps(before, kept)
    middle = Version(after.graph, old, after.bound)
    changes = _steps(middle, after.durations)
    contributions = [Contribution(node, None, change) for node, change in removals.changes]
    contributions += [
        Contribution(counterpart.get(n), n, change) for n, change in changes.changes
    ]
    contributions.sort(key=_largest_first)
    return Attribution(
        before=removals.before,
        after=changes.after,
        contributions=tuple(contributions),
        structure=changes.before - removals.after,
    )


def _largest_first(contribution: Contribution) -> tuple[int, bool, int]:
    node = contribution.before if contribution.after is None else contribution.after
    return (-abs(contribution.change), contribution.after is None, node or 0)


class _Steps(NamedTuple):
    before: int
    after: int
    changes: tuple[tuple[int, int], ...]


def _steps(version: Version, durations: Sequence[int]) -> _Steps:
    """Change the durations of a graph one by one and see what the bound does."""
    graph, old = version.graph, version.durations
    first, total = schedule(graph, old), sum(old)
    begin = bound = version.bound(total, first.makespan)
    if tuple(durations) == first.durations:
        return _Steps(begin, bound, ())
    makespans = _makespans(graph, first, schedule(graph, durations))
    changes = []
    for node, makespan in zip(graph.order, makespans, strict=True):
        total += durations[node] - old[node]
        moved = version.bound(total, makespan)
        if moved != bound:
            changes.append((node, moved - bound))
        bound = moved
    return _Steps(begin, bound, tuple(changes))


def _makespans(graph: TaskGraph, old: Schedule, new: Schedule) -> list[int]:
    """Give the makespan after each node, in topological order, got its new duration.

    Meanwhile the longest path is always the longest over some edge a -> b from what has its
    new duration to what has its old one: the new head of a and the old tail of b. Each edge
    is such an edge from one position to another, so a sweep with a heap does.
    """
    place = {node: at for at, node in enumerate(graph.order)}
    over: list[tuple[int, int]] = []  # minus the length, and until which place
    end = len(graph)
    for node, upstreams in enumerate(graph.upstreams):
        if not upstreams:
            heappush(over, (old.late_start[node] - old.makespan, place[node]))
    makespans = []
    for at, node in enumerate(graph.order):
        head = new.early_finish[node]
        for downstream in graph.downstreams[node]:
            tail = old.makespan - old.late_start[downstream]
            heappush(over, (-head - tail, place[downstream]))
        if not graph.downstreams[node]:
            heappush(over, (-head, end))
        while over[0][1] <= at:
            heappop(over)
        makespans.append(-over[0][0])
    return makespans
