"""What may be done about each failed subtask, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from taskgraph.analysis.budget import WorstCase, worst_cases_without
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.rollback import Refusal, Rollback
from taskgraph.analysis.weights import Weights
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import accepts_retry
from taskgraph.model.vocabulary import Status

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
        The subtasks that can start once it has succeeded or is skipped, ascending: those
        that wait for this one alone and, where nothing else is FAILED, those that wait
        for none and are held by the failure. For a rollback the first to be undone.
    is_held : bool
        Whether those still may not start because other subtasks are FAILED.
    worst_case : WorstCase
        How long the task can take from now until it is over, if the other failed
        subtasks are retried at once; for a rollback, until all is undone.
    """

    action: Action
    refusals: tuple[Refusal, ...]
    releases: tuple[int, ...]
    is_held: bool
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


def interventions(
    premises: Premises, left: Weights, rest: WorstCase, undo: Rollback
) -> tuple[FailedSubtask, ...]:
    """Tell for each FAILED subtask which of retry, skip and rollback the engine accepts.

    The graph is sound; `rest` is how long all takes that is left.
    """
    graph = premises.graph
    failed = [n for n, sub in enumerate(graph.subtasks) if sub.status == Status.FAILED]
    if not failed:
        return ()
    without = worst_cases_without(premises, left, rest, failed)
    held = len(failed) > 1 and not premises.is_rolling_back
    waiting = _Waiting(graph, backwards=premises.is_rolling_back)
    rolling_back = _roll_back(graph, undo)
    rows = []
    for node in failed:
        releases = waiting.for_only(node)
        if len(failed) == 1 and not premises.is_rolling_back:
            releases = tuple(sorted((*releases, *waiting.for_none())))
        subtask = graph.subtasks[node]
        retry = () if accepts_retry(subtask) else (Refusal.ROLLING_BACK,)
        skip = (Refusal.PROHIBITS_SKIP,) if subtask.prohibit_skip else ()
        rows.append(
            FailedSubtask(
                node,
                Intervention("retry", retry, releases, is_held=held, worst_case=rest),
                Intervention(
                    "skip", skip, releases, is_held=held, worst_case=without[node]
                ),
                rolling_back,
            )
        )
    return tuple(rows)


def _roll_back(graph: TaskGraph, undo: Rollback) -> Intervention:
    refusals = undo.obstacles
    if not undo.has_failed:
        refusals = (Refusal.TASK_NOT_FAILED, *refusals)
    first = [step.node for step in undo.steps]
    undone = set(first)
    ready = (n for n in first if undone.isdisjoint(graph.downstreams[n]))
    return Intervention(
        "rollback",
        refusals,
        tuple(sorted(ready)),
        is_held=False,
        worst_case=undo.worst_case,
    )


class _Waiting:
    """What waits for what, in the direction of the task."""

    def __init__(self, graph: TaskGraph, *, backwards: bool) -> None:
        self.ahead: Sequence[Sequence[int]] = graph.downstreams
        behind: Sequence[Sequence[int]] = graph.upstreams
        waiting, passed = Status.PENDING, Status.SUCCESSFUL
        if backwards:
            self.ahead, behind, waiting, passed = behind, self.ahead, passed, waiting
        status = [subtask.status for subtask in graph.subtasks]
        self.for_how_many = {
            node: sum(status[before] != passed for before in behind[node])
            for node, state in enumerate(status)
            if state == waiting
        }

    def for_only(self, node: int) -> tuple[int, ...]:
        """Give what waits for this node alone, ascending."""
        return tuple(
            other for other in self.ahead[node] if self.for_how_many.get(other) == 1
        )

    def for_none(self) -> tuple[int, ...]:
        """Give what waits for no other subtask, ascending."""
        return tuple(node for node, count in self.for_how_many.items() if not count)
