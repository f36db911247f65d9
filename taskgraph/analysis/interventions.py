"""What may be done about each failed subtask, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from taskgraph.analysis.budget import BudgetOptions
from taskgraph.analysis.recovery import Refusal
from taskgraph.analysis.rollback import rollback
from taskgraph.analysis.states import is_rolling_back
from taskgraph.analysis.weights import Basis, Weights, remaining_weights
from taskgraph.analysis.worst_case import WorstCase, worst_case_left
from taskgraph.graph import TaskGraph
from taskgraph.model import Operation, Status

__all__ = ["Action", "FailedSubtask", "Intervention", "interventions"]

Action: TypeAlias = Literal["retry", "skip", "rollback"]


@dataclass(frozen=True, slots=True)
class Intervention:
    """One thing that an operator may ask of the engine.

    Attributes
    ----------
    action : str
        ``retry`` or ``skip`` of the subtask, or ``rollback`` of the whole task.
    refusals : tuple of Refusal
        Why the engine refuses; empty where it accepts.
    releases : tuple of int
        The subtasks that can start next, ascending: those that only the failure holds
        up, and those that wait for this subtask alone, once it has succeeded or is
        skipped. For a rollback the first to be undone.
    held_by : tuple of int
        The other FAILED subtasks, ascending: while there is one, nothing that is PENDING
        starts. Empty where the way is back.
    worst_case : WorstCase
        How long the task can take from now until it is over, if the other failed
        subtasks are retried at once; for a rollback, until all is undone.
    """

    action: Action
    refusals: tuple[Refusal, ...]
    releases: tuple[int, ...]
    held_by: tuple[int, ...]
    worst_case: WorstCase

    @property
    def is_accepted(self) -> bool:
        """Whether the engine would do it."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class FailedSubtask:
    """A FAILED subtask and the ways out."""

    node: int
    retry: Intervention
    skip: Intervention
    rollback: Intervention


_DEFAULT = BudgetOptions()


def interventions(
    graph: TaskGraph, as_of: datetime | None = None, options: BudgetOptions = _DEFAULT
) -> tuple[FailedSubtask, ...]:
    """Tell for each FAILED subtask which of retry, skip and rollback the engine accepts.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    as_of : datetime, optional
        The moment; without it the one that the document describes.
    options : BudgetOptions
        Of these the concurrency, the assumed timeout and, for the rollback, the grace
        and the overhead count.

    Returns
    -------
    tuple of FailedSubtask
        By node; empty where nothing failed.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    failed = [n for n, sub in enumerate(graph.subtasks) if sub.status == Status.FAILED]
    if not failed:
        return ()
    left = remaining_weights(graph, as_of, options.assume_timeout)
    limit = options.limit(graph)
    undo = _rollback(graph, options)
    again = worst_case_left(graph, left, limit)
    backwards = is_rolling_back(graph.task)
    waiting = _Waiting(graph)
    rows = []
    for node in failed:
        others = () if backwards else tuple(n for n in failed if n != node)
        releases = waiting.released_by(node)
        subtask = graph.subtasks[node]
        rolls_back = subtask.operation == Operation.ROLLBACK
        retry = (Refusal.ROLLING_BACK,) if rolls_back else ()
        skip = (Refusal.PROHIBITS_SKIP,) if subtask.prohibit_skip else ()
        without = worst_case_left(graph, _without(left, node), limit)
        rows.append(
            FailedSubtask(
                node,
                Intervention("retry", retry, releases, others, again),
                Intervention("skip", skip, releases, others, without),
                undo,
            )
        )
    return tuple(rows)


def _rollback(graph: TaskGraph, options: BudgetOptions) -> Intervention:
    found = rollback(graph, options)
    refusals = found.obstacles
    if not found.has_failed:
        refusals = (Refusal.TASK_NOT_FAILED, *refusals)
    first = [step.node for step in found.steps]
    undone = set(first)
    ready = (n for n in first if undone.isdisjoint(graph.downstreams[n]))
    return Intervention("rollback", refusals, tuple(sorted(ready)), (), found.worst_case)


class _Waiting:
    """What waits for what, in the direction of the task."""

    def __init__(self, graph: TaskGraph) -> None:
        self.ahead: Sequence[Sequence[int]] = graph.downstreams
        behind: Sequence[Sequence[int]] = graph.upstreams
        waiting, passed = Status.PENDING, Status.SUCCESSFUL
        if is_rolling_back(graph.task):
            self.ahead, behind, waiting, passed = behind, self.ahead, passed, waiting
        status = [subtask.status for subtask in graph.subtasks]
        self.for_how_many = {
            node: sum(status[before] != passed for before in behind[node])
            for node, state in enumerate(status)
            if state == waiting
        }
        self.for_none = {node for node, count in self.for_how_many.items() if not count}

    def released_by(self, node: int) -> tuple[int, ...]:
        """Give what can start once this node is done, ascending."""
        alone = (other for other in self.ahead[node] if self.for_how_many.get(other) == 1)
        return tuple(sorted(self.for_none.union(alone)))


def _without(left: Weights, node: int) -> Weights:
    """Count a subtask as done."""
    durations, basis = list(left.durations), list(left.basis)
    durations[node], basis[node] = 0, Basis.DONE
    return replace(left, durations=tuple(durations), basis=tuple(basis))
