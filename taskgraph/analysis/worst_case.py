"""How long a part of a task can take at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from taskgraph.analysis.concurrency import graham_bound
from taskgraph.analysis.drag import drags
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import makespan, schedule
from taskgraph.analysis.weights import Basis, Weights
from taskgraph.analysis.width import wide_antichain

__all__ = ["WorstCase", "worst_case", "worst_case_left", "worst_cases_without"]


class WorstCase(NamedTuple):
    """The longest that some nodes can take, in seconds.

    Attributes
    ----------
    seconds : int
        The longest path, or the bound of Graham (1966) where subtasks may wait for a
        slot. It is the finite part where `unlimited` is not empty.
    longest_path : int
    may_wait : bool
        Whether subtasks may have to wait for a slot.
    unlimited : tuple of int
        The nodes without a limit, ascending.
    """

    seconds: int
    longest_path: int
    may_wait: bool
    unlimited: tuple[int, ...]

    @property
    def is_bounded(self) -> bool:
        """Whether every one of the nodes has a limit."""
        return not self.unlimited


def worst_case(
    premises: Premises,
    nodes: Iterable[int],
    durations: Sequence[int],
    unlimited: Iterable[int] | None = None,
) -> WorstCase:
    """Bound how long some nodes take, in the order of the whole graph.

    Parameters
    ----------
    premises : Premises
    nodes : iterable of int
    durations : sequence of int
        By node of the whole graph.
    unlimited : iterable of int, optional
        The nodes of the whole graph whose duration is no bound; by default those that
        have no limit.
    """
    graph, limit = premises.graph, premises.slots
    kept = sorted(nodes)
    counted = [0] * len(graph)
    for node in kept:
        counted[node] = durations[node]
    longest = makespan(graph, counted)
    may_wait = bool(limit and wide_antichain(graph, limit, kept))
    beyond = premises.unlimited if unlimited is None else unlimited
    return WorstCase(
        seconds=graham_bound(sum(counted), longest, limit) if may_wait else longest,
        longest_path=longest,
        may_wait=may_wait,
        unlimited=tuple(sorted(set(kept).intersection(beyond))),
    )


def worst_case_left(premises: Premises, left: Weights) -> WorstCase:
    """Bound how long the rest of a task takes.

    Parameters
    ----------
    premises : Premises
    left : Weights
        The remaining weights.
    """
    todo = [node for node, basis in enumerate(left.basis) if basis is not Basis.DONE]
    return worst_case(premises, todo, left.durations, left.nodes(Basis.NO_LIMIT))


def worst_cases_without(
    premises: Premises, left: Weights, whole: WorstCase, nodes: Iterable[int]
) -> dict[int, WorstCase]:
    """Bound how long the rest of a task takes without one subtask, for each of some.

    What takes no time shortens the longest path by its drag, so all of them together
    take hardly longer than one.

    Parameters
    ----------
    premises : Premises
    left : Weights
        The remaining weights.
    whole : WorstCase
        Of all that is left.
    nodes : iterable of int
    """
    graph, limit = premises.graph, premises.slots
    durations = left.durations  # what is done has none
    drag = drags(graph, schedule(graph, durations))
    work = sum(durations)
    bounds = {}
    for node in nodes:
        longest = whole.longest_path - drag[node]
        total = work - durations[node]
        bounds[node] = WorstCase(
            seconds=graham_bound(total, longest, limit) if whole.may_wait else longest,
            longest_path=longest,
            may_wait=whole.may_wait,
            unlimited=tuple(other for other in whole.unlimited if other != node),
        )
    return bounds
