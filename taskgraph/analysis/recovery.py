"""Whether a task can still be rolled back: the rules of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import Schedule
from taskgraph.graph import TaskGraph
from taskgraph.model.engine import blocks_rollback, prohibits_rollback

__all__ = ["PointOfNoReturn", "Refusal", "point_of_no_return", "rollback_obstacles"]


@dataclass(frozen=True, slots=True)
class PointOfNoReturn:
    """The first starts after which the engine refuses to roll back.

    Attributes
    ----------
    nodes : tuple of int
        The subtasks that prohibit rollback and have no ancestor that does, ascending.
    after : tuple of int
        Those nodes and all their descendants, ascending.
    seconds_after : int
        The longest path of worst-case durations that begins with one of the nodes; its
        finite part where `unlimited` is not empty.
    unlimited : tuple of int
        The nodes of `after` without a limit.
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
    ROLLING_BACK = "the subtask's operation is ROLLBACK"
    PROHIBITS_SKIP = "the subtask prohibits skipping"


def rollback_obstacles(graph: TaskGraph) -> tuple[tuple[Refusal, ...], tuple[int, ...]]:
    """Find what forbids rollback so far, whatever the task's status.

    Returns
    -------
    obstacles : tuple of Refusal
    blockers : tuple of int
        The subtasks that have begun and prohibit rollback, ascending.
    """
    blockers = tuple(
        node for node, subtask in enumerate(graph.subtasks) if blocks_rollback(subtask)
    )
    obstacles = [Refusal.BEGUN] if blockers else []
    # The task's own field is the engine's verdict: without a blocker it is the flag of
    # the task, which the newer documents do not show otherwise.
    if prohibits_rollback(graph.task) or (graph.task.prohibit_rollback and not blockers):
        obstacles.append(Refusal.TASK_PROHIBITS)
    return tuple(obstacles), blockers


def point_of_no_return(premises: Premises, schedule: Schedule) -> PointOfNoReturn | None:
    """Find the point of no return in the definition of a task.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.
    schedule : Schedule
        Of its worst-case durations: how long it takes from there on.

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
    return PointOfNoReturn(
        nodes=tuple(nodes),
        after=tuple(after),
        seconds_after=schedule.makespan - min(schedule.late_start[n] for n in nodes),
        unlimited=premises.unlimited_among(after),
        passed=any(map(blocks_rollback, graph.subtasks)),
    )
