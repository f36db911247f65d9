"""Which timeouts to lower so that the worst case of a task fits a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.history.database import HEALTHY, open_tables
from taskgraph.history.engines import needs_extras
from taskgraph.history.program import Program
from taskgraph.history.store import RunStore
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import SECOND
from taskgraph.model.task import Id, Task

__all__ = ["Fit", "Lowered", "fit"]


class Lowered(NamedTuple):
    """A timeout that becomes shorter.

    Attributes
    ----------
    node : int
    id : int or str
    name : str
    before, after : int
        Seconds.
    runs : int
        Healthy runs that are known of it; 0 without a history.
    longer : int
        How many of them took longer than the new timeout.
    """

    node: int
    id: Id
    name: str
    before: int
    after: int
    runs: int = 0
    longer: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """Timeouts with which the worst case fits a window.

    Attributes
    ----------
    task : Task
        As it is.
    window : int
        Seconds.
    before, after : Budget
    by_runs : bool
        The risk is the least by the history; else the changes are the fewest.
    lowered : tuple of Lowered
        In the order of the nodes.
    cost : float
        The risk: how many subtasks of a run are cut for that, in the mean, at most; or how
        many changes there are.
    proven : float
        No other timeouts cost less than this.
    """

    task: Task = field(compare=False, repr=False)
    window: int
    before: Budget = field(repr=False)
    after: Budget = field(repr=False)
    by_runs: bool
    lowered: tuple[Lowered, ...]
    cost: float
    proven: float

    @property
    def is_exact(self) -> bool:
        """Whether nothing cheaper fits."""
        return self.cost - self.proven <= 1e-6 * max(1.0, self.cost)


@needs_extras
def fit(analysis: Analysis, window: int, store: RunStore | None = None) -> Fit:
    """Lower timeouts so that the worst case fits a window.

    Parameters
    ----------
    analysis : Analysis
        With what the worst case assumes: attempts, grace, overhead, slots.
    window : int
        Seconds.
    store : RunStore, optional
        Past runs: only timeouts with healthy ones are lowered, none below what half of
        them took, at the least risk. Without it the fewest timeouts are lowered, as evenly
        as possible.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        If something has no limit, nothing fits, or nothing was collected there.
    """
    analysis.graph.require_sound()
    before, task, file = analysis.budget, analysis.task, analysis.task.origin.file
    if before.unlimited:
        raise ConfigError(
            f"{file}: a subtask without a timeout makes the worst case unbounded, so that "
            "no window fits\n  hint: give it one, or assume one: --assume-timeout"
        )
    known = None if store is None else _past(store, task)
    if before.seconds <= window:
        return Fit(task, window, before, before, store is not None, (), 0.0, 0.0)
    program = Program(analysis, window, known)
    if (least := program.worst(program.floors)) > window:
        low = "at one second" if store is None else "at the least that past runs allow"
        raise ConfigError(
            f"{file}: no timeouts fit {format_duration(window)}: with every one {low} the "
            f"worst case is {format_duration(least)}"
        )
    choose = program.fewest_changes if store is None else program.least_risk
    timeouts, cost, proven = choose()
    after = _with(analysis, timeouts)
    lowered = tuple(_lowered(program, node, timeouts[node]) for node in sorted(timeouts))
    return Fit(task, window, before, after, store is not None, lowered, cost, proven)


def _lowered(program: Program, node: int, after: int) -> Lowered:
    subtask = program.subtasks[node]
    past = program.known.get(subtask.name, [])
    return Lowered(
        node=node,
        id=subtask.id,
        name=subtask.name,
        before=program.timeout(node),
        after=after,
        runs=sum(count for _, count in past),
        longer=sum(count for seconds, count in past if seconds > after),
    )


def _with(analysis: Analysis, timeouts: Mapping[int, int]) -> Budget:
    """Give the worst case with other timeouts."""
    task = changed_task(analysis.task, analysis.graph, timeouts)
    return Analysis(build_graph(task), analysis.settings, analysis.past).budget


def changed_task(task: Task, graph: TaskGraph, timeouts: Mapping[int, int]) -> Task:
    """Give a task with other timeouts, by node."""
    new = {graph.subtasks[node].id: seconds for node, seconds in timeouts.items()}
    return replace(
        task,
        subtasks=tuple(
            sub._replace(timeout=new.get(sub.id, sub.timeout)) for sub in task.subtasks
        ),
    )


def _past(store: RunStore, task: Task) -> dict[str, list[tuple[int, int]]]:
    """Give for each name how many healthy runs took so many seconds, rounded up."""
    store.require()
    found: dict[str, list[tuple[int, int]]] = {}
    with open_tables(store) as connection:
        rows = connection.execute(_SECONDS, {"task": task.name}).fetchall()
    for name, seconds, count in rows:
        found.setdefault(name, []).append((seconds, count))
    return found


_SECONDS = f"""
SELECT name, greatest((span_us + {SECOND} - 1) // {SECOND}, 1) AS seconds, count(*)
FROM subtasks JOIN current USING (part, task_row)
WHERE task = $task AND {HEALTHY}
GROUP BY ALL ORDER BY name, seconds
"""
