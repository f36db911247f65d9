"""Whether a task can still be rolled back: the rules of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from taskgraph.analysis.premises import Premises
from taskgraph.analysis.worst_case import WorstCase, worst_case
from taskgraph.model.engine import blocks_rollback

__all__ = ["PointOfNoReturn", "Refusal", "point_of_no_return", "rollback_obstacles"]

_MOST_GATES = 64
"""For each of so many what follows is bounded for itself: each is a pass over the graph."""


class PointOfNoReturn(NamedTuple):
    """The first starts after which the engine refuses to roll back.

    Attributes
    ----------
    nodes : tuple of int
        The subtasks that prohibit rollback and have no ancestor that does, ascending.
    after : tuple of int
        Those nodes and all their descendants, ascending.
    seconds_after : int
        How long the task can take from the start of one of the nodes to its end: all that
        need not be done by then, at worst. Its finite part where `unlimited` is not empty.
    unlimited : tuple of int
        What may follow and has no limit.
    passed : bool
        Whether a subtask that prohibits rollback has begun.
    """

    nodes: tuple[int, ...]
    after: tuple[int, ...]
    seconds_after: int
    unlimited: tuple[int, ...]
    passed: bool


class Refusal(StrEnum):
    """Why the engine refuses an action."""

    TASK_NOT_FAILED = "the task has not failed"
    BEGUN = "a subtask that prohibits rollback has begun"
    TASK_PROHIBITS = "the task itself prohibits rollback"
    VERDICT = "the document says so, and not why"
    ROLLING_BACK = "the subtask's operation is ROLLBACK"
    PROHIBITS_SKIP = "the subtask prohibits skipping"


def rollback_obstacles(premises: Premises) -> tuple[tuple[Refusal, ...], tuple[int, ...]]:
    """Find what forbids rollback so far, whatever the task's status.

    Returns
    -------
    obstacles : tuple of Refusal
    blockers : tuple of int
        The subtasks that have begun and prohibit rollback, ascending.
    """
    subtasks = premises.graph.subtasks
    blockers = tuple(n for n, subtask in enumerate(subtasks) if blocks_rollback(subtask))
    obstacles = [Refusal.BEGUN] if blockers else []
    if premises.prohibits_rollback:
        obstacles.append(Refusal.TASK_PROHIBITS)
    if premises.prohibits_rollback is None and premises.task.prohibit_rollback:
        obstacles.append(Refusal.VERDICT)
    return tuple(obstacles), blockers


def point_of_no_return(premises: Premises) -> PointOfNoReturn | None:
    """Find the point of no return in the definition of a sound task.

    Returns
    -------
    PointOfNoReturn or None
        ``None`` where no subtask prohibits rollback.
    """
    graph = premises.graph
    prohibiting = [bool(subtask.prohibit_rollback) for subtask in graph.subtasks]
    if not any(prohibiting):
        return None
    below = [False] * len(graph)  # a prohibiting ancestor exists
    for node in graph.order:
        if below[node] or prohibiting[node]:
            for downstream in graph.downstreams[node]:
                below[downstream] = True
    nodes = [node for node, flag in enumerate(prohibiting) if flag and not below[node]]
    after = [node for node, flag in enumerate(below) if flag or prohibiting[node]]
    rest = _from_there_on(premises, nodes)
    return PointOfNoReturn(
        nodes=tuple(nodes),
        after=tuple(after),
        seconds_after=max(worst.seconds for worst in rest),
        unlimited=tuple(sorted({node for worst in rest for node in worst.unlimited})),
        passed=any(map(blocks_rollback, graph.subtasks)),
    )


def _from_there_on(premises: Premises, gates: Iterable[int]) -> list[WorstCase]:
    """Bound what can follow the start of each of some subtasks.

    When one starts, its ancestors are done, and of everything else nothing need be: the
    branches beside it count too. Those that wait for the same subtasks leave the same
    ones. Where very many wait for different ones, the whole task bounds what follows.
    """
    graph, durations = premises.graph, premises.worst_durations
    groups = {graph.upstreams[node]: node for node in gates}
    done = [graph.ancestors([node]) for node in list(groups.values())[:_MOST_GATES]]
    if len(groups) > _MOST_GATES:
        done = [set()]
    everything = range(len(graph))
    return [
        worst_case(premises, [n for n in everything if n not in ended], durations)
        for ended in done
    ]
