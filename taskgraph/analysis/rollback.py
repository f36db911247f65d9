"""How a task would be rolled back, and how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from taskgraph.analysis.budget import (
    BudgetOptions,
    allowed_attempts,
    unlimited_nodes,
    worst_durations,
)
from taskgraph.analysis.recovery import (
    PointOfNoReturn,
    Refusal,
    point_of_no_return,
    rollback_obstacles,
)
from taskgraph.analysis.schedule import schedule
from taskgraph.analysis.subgraphs import reversed_graph, subgraph
from taskgraph.analysis.worst_case import WorstCase, worst_case
from taskgraph.graph import TaskGraph
from taskgraph.model import Status

__all__ = ["FailLate", "Rollback", "RollbackStep", "rollback"]


@dataclass(frozen=True, slots=True)
class RollbackStep:
    """One subtask of a rollback.

    Attributes
    ----------
    node : int
    start, finish : int
        In seconds from the start of the rollback, if every subtask takes its longest
        and none waits for a slot.
    """

    node: int
    start: int
    finish: int


@dataclass(frozen=True, slots=True)
class FailLate:
    """The worst case of failing late and rolling back, in seconds.

    Attributes
    ----------
    nodes : tuple of int
        The subtasks that can run before the point of no return, ascending: those that
        neither prohibit rollback nor have an ancestor that does.
    until_failed : int
        No run that may still be rolled back is at work for longer.
    undoing : int
        No rollback of those subtasks takes longer.
    unlimited : tuple of int
        The nodes among them without a limit: then these are the finite parts.
    """

    nodes: tuple[int, ...]
    until_failed: int
    undoing: int
    unlimited: tuple[int, ...]

    @property
    def seconds(self) -> int:
        """Both together."""
        return self.until_failed + self.undoing


@dataclass(frozen=True, slots=True)
class Rollback:
    """Whether and how a task can be rolled back.

    Attributes
    ----------
    obstacles : tuple of Refusal
        What forbids rollback by what has happened so far.
    blockers : tuple of int
        The subtasks that have begun and prohibit it, ascending.
    has_failed : bool
        Whether the task has FAILED: the engine rolls back no other.
    no_return : PointOfNoReturn or None
        ``None`` where no subtask prohibits rollback.
    steps : tuple of RollbackStep
        What a rollback as of now would undo, in its order: every subtask that is not
        PENDING, after all of its downstreams.
    worst_case : WorstCase
        How long that takes at most.
    fail_late : FailLate or None
        ``None`` where no failure can be rolled back: the task itself prohibits it, or a
        subtask that does is among the first to start.
    """

    obstacles: tuple[Refusal, ...]
    blockers: tuple[int, ...]
    has_failed: bool
    no_return: PointOfNoReturn | None
    steps: tuple[RollbackStep, ...]
    worst_case: WorstCase
    fail_late: FailLate | None

    @property
    def is_allowed(self) -> bool:
        """Whether nothing forbids rollback so far."""
        return not self.obstacles

    @property
    def is_accepted(self) -> bool:
        """Whether the engine would start a rollback now."""
        return self.is_allowed and self.has_failed


_DEFAULT = BudgetOptions()


def rollback(graph: TaskGraph, options: BudgetOptions = _DEFAULT) -> Rollback:
    """Tell whether and how a task can be rolled back.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    options : BudgetOptions
        What the worst case assumes. A rollback is taken to need one attempt for each
        subtask, with the same timeout as the work itself.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    no_return = point_of_no_return(graph)
    obstacles, blockers = rollback_obstacles(graph)
    prohibited = Refusal.TASK_PROHIBITS in obstacles
    begun = [n for n, sub in enumerate(graph.subtasks) if _is_to_undo(sub.status)]
    durations = _rollback_durations(graph, options)
    return Rollback(
        obstacles=obstacles,
        blockers=blockers,
        has_failed=graph.task.status == Status.FAILED,
        no_return=no_return,
        steps=_steps(graph, begun, durations),
        worst_case=worst_case(
            graph, begun, durations, options.limit(graph), unlimited_nodes(graph, options)
        ),
        fail_late=None if prohibited else _fail_late(graph, no_return, options),
    )


def _is_to_undo(status: str | None) -> bool:
    return status is not None and status != Status.PENDING


def _rollback_durations(graph: TaskGraph, options: BudgetOptions) -> tuple[int, ...]:
    return worst_durations(graph, options, repeat(1, len(graph)))


def _steps(
    graph: TaskGraph, nodes: Sequence[int], durations: Sequence[int]
) -> tuple[RollbackStep, ...]:
    """Walk upstream; a subtask's turn comes when all its downstreams are undone."""
    part = reversed_graph(subgraph(graph, nodes))
    timetable = schedule(part, [durations[node] for node in nodes])
    place = {node: at for at, node in enumerate(part.order)}
    starts, finishes = timetable.early_start, timetable.early_finish
    order = sorted(place, key=lambda node: (starts[node], place[node]))
    return tuple(RollbackStep(nodes[n], starts[n], finishes[n]) for n in order)


def _fail_late(
    graph: TaskGraph, no_return: PointOfNoReturn | None, options: BudgetOptions
) -> FailLate | None:
    """Bound how late a task can fail that may still be rolled back, and the way back.

    No subtask starts after a failure, and the failure must come before the first
    prohibiting subtask starts, at the time `deadline` at the latest. So every subtask
    starts by then, and ends no later than its duration after its latest start.
    """
    ahead = set(range(len(graph)))
    first: tuple[int, ...] = ()
    if no_return:
        ahead.difference_update(no_return.after)
        first = no_return.nodes
    begins_there = any(not graph.upstreams[node] for node in first)
    if not ahead or (begins_there and not options.first_wave_waits):
        return None
    nodes = sorted(ahead)
    forward = worst_durations(graph, options, allowed_attempts(graph, options))
    limit, unlimited = options.limit(graph), unlimited_nodes(graph, options)
    work = worst_case(graph, nodes, forward, limit, unlimited)
    undo = worst_case(graph, nodes, _rollback_durations(graph, options), limit, unlimited)
    until_failed = work.seconds
    if first and not worst_case(graph, [*nodes, *first], forward, limit).may_wait:
        timetable = schedule(graph, forward)
        starts = timetable.early_start
        deadline = min(starts[node] for node in first)
        until_failed = max(min(starts[node], deadline) + forward[node] for node in nodes)
    return FailLate(tuple(nodes), until_failed, undo.seconds, work.unlimited)
