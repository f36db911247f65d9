"""How long a task can take in the worst case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from taskgraph.analysis.concurrency import Bounds, bounds, task_concurrency
from taskgraph.analysis.schedule import Schedule, makespan, schedule
from taskgraph.analysis.states import has_limit
from taskgraph.graph import TaskGraph

__all__ = [
    "Budget",
    "BudgetOptions",
    "allowed_attempts",
    "budget",
    "longest_path",
    "unlimited_nodes",
    "worst_durations",
]


@dataclass(frozen=True, slots=True)
class BudgetOptions:
    """What the worst case assumes.

    Attributes
    ----------
    attempts : int
        How often each subtask may be started. What a subtask has already used up, its
        attempts so far, is the least.
    attempts_by_name : mapping of str to int
        The same for the subtasks of one name, before `attempts`.
    grace : int
        Seconds that the engine may take to notice a missed deadline, per attempt; it
        polls, so that is up to 12.
    overhead : int
        Seconds that the engine may take to get to a subtask, once per subtask; it polls
        twice, so that is up to 2.
    concurrency : int or None
        How many subtasks may be in flight, 0 for any number; ``None`` for what the
        document's context says, else the engine's 10.
    first_wave_waits : bool
        Whether that holds for the subtasks without upstreams too. The engine starts all
        of them when the task is submitted.
    assume_timeout : int or None
        The timeout of the subtasks that have none.
    """

    attempts: int = 1
    attempts_by_name: Mapping[str, int] = field(default_factory=dict)
    grace: int = 0
    overhead: int = 0
    concurrency: int | None = None
    first_wave_waits: bool = False
    assume_timeout: int | None = None

    def limit(self, graph: TaskGraph) -> int:
        """Give how many subtasks of the graph's task may be in flight."""
        if self.concurrency is None:
            return task_concurrency(graph.task)
        return self.concurrency


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
    options : BudgetOptions
    """

    seconds: int
    total: int
    unlimited: tuple[int, ...]
    assumed: tuple[int, ...]
    attempts: tuple[int, ...]
    shares: tuple[int, ...]
    bounds: Bounds
    schedule: Schedule
    options: BudgetOptions

    @property
    def is_bounded(self) -> bool:
        """Whether every subtask has a limit."""
        return not self.unlimited


_DEFAULT = BudgetOptions()


def budget(graph: TaskGraph, options: BudgetOptions = _DEFAULT) -> Budget:
    """Compute the worst-case budget of a task.

    The duration of a subtask is ``attempts * (timeout + grace) + overhead``. How long
    people wait before they retry is no part of it.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    options : BudgetOptions

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    attempts = allowed_attempts(graph, options)
    timetable = schedule(graph, worst_durations(graph, options, attempts))
    shares = [0] * len(graph)
    for node in timetable.critical_path:
        shares[node] = timetable.durations[node]
    limits = bounds(
        graph,
        timetable,
        options.limit(graph),
        first_wave_waits=options.first_wave_waits,
    )
    limitless = tuple(node for node, sub in enumerate(graph.subtasks) if not has_limit(sub))
    is_assumed = options.assume_timeout is not None
    return Budget(
        seconds=limits.upper,
        total=limits.total,
        unlimited=() if is_assumed else limitless,
        assumed=limitless if is_assumed else (),
        attempts=attempts,
        shares=tuple(shares),
        bounds=limits,
        schedule=timetable,
        options=options,
    )


def longest_path(graph: TaskGraph, options: BudgetOptions = _DEFAULT) -> tuple[int, int]:
    """Give the least that the budget can be, and the most that one subtask can hold of it.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    options : BudgetOptions

    Returns
    -------
    (int, int)
        Seconds: the longest path of worst-case durations, and the longest of these. It
        takes a fraction of the time of the budget.
    """
    durations = worst_durations(graph, options, allowed_attempts(graph, options))
    return makespan(graph, durations), max(durations, default=0)


def worst_durations(
    graph: TaskGraph, options: BudgetOptions, attempts: Iterable[int]
) -> tuple[int, ...]:
    """Give the longest that each subtask may take for its attempts, in seconds, by node.

    The grace belongs to a deadline: a subtask without a limit has none.
    """
    grace, overhead = options.grace, options.overhead
    assumed = options.assume_timeout or 0
    limits = [sub.timeout if has_limit(sub) else assumed for sub in graph.subtasks]
    return tuple(
        [
            count * (limit + grace if limit else 0) + overhead
            for count, limit in zip(attempts, limits, strict=True)
        ]
    )


def allowed_attempts(graph: TaskGraph, options: BudgetOptions) -> tuple[int, ...]:
    """Give how often each subtask may be started, by node."""
    usual, by_name = options.attempts, options.attempts_by_name
    allowed = [by_name.get(subtask.name, usual) for subtask in graph.subtasks]
    started = [subtask.attempts or 1 for subtask in graph.subtasks]
    return tuple(map(max, allowed, started))


def unlimited_nodes(graph: TaskGraph, options: BudgetOptions) -> tuple[int, ...]:
    """Give the nodes without a limit, own or assumed, ascending."""
    if options.assume_timeout is not None:
        return ()
    return tuple(node for node, sub in enumerate(graph.subtasks) if not has_limit(sub))
