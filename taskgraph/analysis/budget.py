"""How long a task can take in the worst case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph.analysis.concurrency import Bounds, bounds
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.analysis.worst_case import WorstCase

if TYPE_CHECKING:
    from taskgraph.settings import Settings

__all__ = ["Budget", "budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The worst case in time, in seconds.

    Attributes
    ----------
    seconds : int
        The longest path of timeouts, or the bound of Graham where subtasks may have to
        wait for a slot. Where the budget is unbounded this is its finite part: subtasks
        without a limit count 0.
    total : int
        The sum of all durations.
    unlimited : tuple of int
        The nodes without a limit: their timeout is absent or 0 and none is assumed.
    assumed : tuple of int
        The nodes whose timeout is the assumed one.
    attempts : tuple of int
        By node, how many attempts its duration holds.
    shares : tuple of int
        How many seconds of the longest path each node holds: its duration where it is on
        the critical path, else 0. They sum to ``schedule.makespan``.
    bounds : Bounds
        The same under the limit of concurrency.
    schedule : Schedule
        The schedule of the worst-case durations, without that limit.
    settings : Settings
        What was assumed.
    """

    seconds: int
    total: int
    unlimited: tuple[int, ...]
    assumed: tuple[int, ...]
    attempts: tuple[int, ...]
    shares: tuple[int, ...]
    bounds: Bounds
    schedule: Schedule
    settings: Settings

    @property
    def is_bounded(self) -> bool:
        """Whether every subtask has a limit."""
        return not self.unlimited

    @property
    def worst_case(self) -> WorstCase:
        """The same, as that of any part of the task is told."""
        bounds = self.bounds
        return WorstCase(self.seconds, bounds.longest_path, bounds.may_wait, self.unlimited)


def budget(premises: Premises) -> Budget:
    """Compute the worst-case budget of a task.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    graph = premises.graph
    timetable = schedule(graph, premises.worst_durations)
    shares = [0] * len(graph)
    for node in timetable.critical_path:
        shares[node] = timetable.durations[node]
    limits = bounds(graph, timetable, premises.slots, premises.workers)
    return Budget(
        seconds=limits.upper,
        total=limits.total,
        unlimited=premises.unlimited,
        assumed=premises.assumed,
        attempts=premises.attempts,
        shares=tuple(shares),
        bounds=limits,
        schedule=timetable,
        settings=premises.settings,
    )
