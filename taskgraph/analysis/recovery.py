"""What can still be done about a task: rolling it back, retrying, skipping."""

from __future__ import annotations

from dataclasses import dataclass

from taskgraph.analysis.schedule import schedule
from taskgraph.analysis.weights import has_limit, timeout_seconds
from taskgraph.graph import TaskGraph
from taskgraph.model import Status, Subtask

__all__ = ["PointOfNoReturn", "has_begun", "point_of_no_return"]

_NOT_BEGUN = frozenset({None, Status.PENDING, Status.READY})


def has_begun(subtask: Subtask) -> bool:
    """Tell whether the subtask's flag counts: it is neither PENDING nor READY."""
    return subtask.status not in _NOT_BEGUN


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
        The longest path of timeouts that begins with one of the nodes; its finite part
        where `unlimited` is not empty.
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


def point_of_no_return(graph: TaskGraph) -> PointOfNoReturn | None:
    """Find the point of no return in the definition of a task.

    Returns
    -------
    PointOfNoReturn or None
        ``None`` where no subtask prohibits rollback.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    timetable = schedule(graph, [timeout_seconds(subtask) for subtask in graph.subtasks])
    prohibiting = [bool(subtask.prohibit_rollback) for subtask in graph.subtasks]
    below = [False] * len(graph)  # a prohibiting ancestor exists
    for node in graph.order:
        if below[node] or prohibiting[node]:
            for downstream in graph.downstreams[node]:
                below[downstream] = True
    nodes = [node for node, flag in enumerate(prohibiting) if flag and not below[node]]
    if not nodes:
        return None
    after = [node for node, flag in enumerate(below) if flag or prohibiting[node]]
    subtasks = graph.subtasks
    return PointOfNoReturn(
        nodes=tuple(nodes),
        after=tuple(after),
        seconds_after=timetable.makespan - min(timetable.late_start[n] for n in nodes),
        unlimited=tuple(node for node in after if not has_limit(subtasks[node])),
        passed=any(sub.prohibit_rollback and has_begun(sub) for sub in subtasks),
    )
