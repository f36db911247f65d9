"""How long a task, or a part of it, can take in the worst case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.analysis.concurrency import Bounds, bounds, upper_bound
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import Schedule, drags, makespan, schedule
from taskgraph.analysis.weights import Basis, Weights
from taskgraph.analysis.width import wide_antichain

if TYPE_CHECKING:
    from taskgraph.settings import Settings


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


def is_outweighed(premises: Premises, share: float) -> bool:
    """Tell whether one path shows that no subtask holds such a share of the longest.

    The path is a long one through the longest subtask; that the longest path does not show
    it is not said where it is False.
    """
    durations, graph = premises.worst_durations, premises.graph
    if not durations:
        return True
    seconds = durations.__getitem__
    longest = max(range(len(durations)), key=seconds)
    path = most = durations[longest]
    for neighbours in (graph.downstreams, graph.upstreams):
        node = longest
        while most > share * path and neighbours[node]:
            node = max(neighbours[node], key=seconds)
            path += durations[node]
    return most <= share * path


def worst_case_of(
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
        seconds=upper_bound(sum(counted), longest, limit, may_wait=may_wait),
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
    return worst_case_of(premises, todo, left.durations, left.nodes(Basis.NO_LIMIT))


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
            seconds=upper_bound(total, longest, limit, may_wait=whole.may_wait),
            longest_path=longest,
            may_wait=whole.may_wait,
            unlimited=tuple(other for other in whole.unlimited if other != node),
        )
    return bounds
