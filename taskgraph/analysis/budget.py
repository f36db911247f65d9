"""How long a task can take in the worst case."""

from __future__ import annotations

from dataclasses import dataclass

from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.weights import has_limit, timeout_seconds
from taskgraph.graph import TaskGraph

__all__ = ["Budget", "budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The worst case in time, in seconds.

    Attributes
    ----------
    seconds : int
        The longest path of timeouts. Where the budget is unbounded this is its finite
        part: subtasks without a limit count 0.
    total : int
        The sum of all timeouts.
    unlimited : tuple of int
        The nodes without a limit: their timeout is absent or 0.
    shares : tuple of int
        How many of the `seconds` each node holds: its timeout where it is on the
        critical path, else 0. They sum to `seconds`.
    schedule : Schedule
        The schedule with the timeouts as durations.
    """

    seconds: int
    total: int
    unlimited: tuple[int, ...]
    shares: tuple[int, ...]
    schedule: Schedule

    @property
    def is_bounded(self) -> bool:
        """Whether every subtask has a limit."""
        return not self.unlimited


def budget(graph: TaskGraph) -> Budget:
    """Compute the worst-case budget of a task.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    timetable = schedule(graph, [timeout_seconds(subtask) for subtask in graph.subtasks])
    durations = timetable.durations
    shares = [0] * len(graph)
    for node in timetable.critical_path:
        shares[node] = durations[node]
    unlimited = [node for node, sub in enumerate(graph.subtasks) if not has_limit(sub)]
    return Budget(
        seconds=timetable.makespan,
        total=sum(durations),
        unlimited=tuple(unlimited),
        shares=tuple(shares),
        schedule=timetable,
    )
