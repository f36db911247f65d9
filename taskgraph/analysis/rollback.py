"""Whether and how a task can be rolled back, and how long that takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from taskgraph.analysis.budget import Budget, WorstCase, worst_case_of
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.schedule import schedule
from taskgraph.analysis.width import wide_antichain
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import BEGUN, IN_FLIGHT, blocks_rollback
from taskgraph.model.task import Status

_MOST_GATES = 64
"""For each of so many what follows is bounded for itself: each is a pass over the graph."""


class PointOfNoReturn(NamedTuple):
    """The first starts after which the engine refuses to roll back.

    Attributes
    ----------
    nodes : tuple of int
        The subtasks that prohibit rollback and have no ancestor that does, ascending; empty
        where `is_start`.
    after : tuple of int
        Those nodes and all their descendants, ascending; every node where `is_start`.
    seconds_after : int
        How long the task can take from the start of one of the nodes to its end: all that
        need not be done by then, at worst. Its finite part where `unlimited` is not empty.
    unlimited : tuple of int
        What need not be done by then, after or beside the nodes, and has no limit.
    can_fail : int
        How many of those that need not be done by then have not been done so far, the
        largest number over the nodes. These can still fail, the node itself among them.
    passed : bool
        Whether a subtask that prohibits rollback has begun, or the task where `is_start`.
    is_start : bool
        Whether it is the start of the task, which prohibits rollback itself.
    """

    nodes: tuple[int, ...]
    after: tuple[int, ...]
    seconds_after: int
    unlimited: tuple[int, ...]
    can_fail: int
    passed: bool
    is_start: bool = False


class Refusal(StrEnum):
    """Why the engine refuses an action."""

    TASK_NOT_FAILED = "the task has not failed"
    BEGUN = "a subtask that prohibits rollback has begun"
    TASK_PROHIBITS = "the task itself prohibits rollback"
    VERDICT = "the document says so, and not why"
    ROLLING_BACK = "the subtask's operation is ROLLBACK"
    PROHIBITS_SKIP = "the subtask prohibits skipping"


def rollback_obstacles(premises: Premises) -> tuple[tuple[Refusal, ...], tuple[int, ...]]:
    """Find what forbids rollback so far, whatever the task's status.

    Returns
    -------
    obstacles : tuple of Refusal
    blockers : tuple of int
        The subtasks that have begun and prohibit rollback, ascending.
    """
    graph = premises.graph
    begun = graph.nodes_of(BEGUN) if any(premises.task.column("prohibit_rollback")) else ()
    blockers = tuple(node for node in begun if blocks_rollback(graph.subtasks[node]))
    obstacles = [Refusal.BEGUN] if blockers else []
    if premises.prohibits_rollback:
        obstacles.append(Refusal.TASK_PROHIBITS)
    if premises.prohibits_rollback is None and premises.task.prohibit_rollback:
        obstacles.append(Refusal.VERDICT)
    return tuple(obstacles), blockers


def point_of_no_return(premises: Premises) -> PointOfNoReturn | None:
    """Find the point of no return in the definition of a sound task.

    Returns
    -------
    PointOfNoReturn or None
        ``None`` where neither the task nor a subtask prohibits rollback.
    """
    if premises.prohibits_rollback:
        return _from_the_start(premises)
    graph = premises.graph
    prohibiting = [*map(bool, graph.values("prohibit_rollback"))]
    if not any(prohibiting):
        return None
    below = [False] * len(graph)  # a prohibiting ancestor exists
    for node in graph.order:
        if below[node] or prohibiting[node]:
            for downstream in graph.downstreams[node]:
                below[downstream] = True
    nodes = [node for node, flag in enumerate(prohibiting) if flag and not below[node]]
    after = [node for node, flag in enumerate(below) if flag or prohibiting[node]]
    done, worst, can_fail = set(graph.nodes_of({Status.SUCCESSFUL})), [], 0
    for rest in _from_there_on(premises, nodes):
        worst.append(worst_case_of(premises, rest, premises.worst_durations))
        can_fail = max(can_fail, len(rest - done))
    return PointOfNoReturn(
        nodes=tuple(nodes),
        after=tuple(after),
        seconds_after=max(each.seconds for each in worst),
        unlimited=tuple(sorted({node for each in worst for node in each.unlimited})),
        can_fail=can_fail,
        passed=any(map(blocks_rollback, graph.subtasks)),
    )


def _from_the_start(premises: Premises) -> PointOfNoReturn:
    graph, task = premises.graph, premises.task
    nodes = range(len(graph))
    worst = worst_case_of(premises, nodes, premises.worst_durations)
    return PointOfNoReturn(
        nodes=(),
        after=tuple(nodes),
        seconds_after=worst.seconds,
        unlimited=worst.unlimited,
        can_fail=len(graph) - len(graph.nodes_of({Status.SUCCESSFUL})),
        passed=not task.is_definition
        and (task.status in BEGUN or bool(graph.nodes_of(BEGUN))),
        is_start=True,
    )


def _from_there_on(premises: Premises, gates: Iterable[int]) -> Iterator[set[int]]:
    """Give what can follow the start of each of some subtasks.

    When one starts, its ancestors are done, and of everything else nothing need be: the
    branches beside it count too. Those that wait for the same subtasks leave the same
    ones. Where very many wait for different ones, the whole task bounds what follows.
    """
    graph = premises.graph
    groups = {graph.upstreams[node]: node for node in gates}
    everything = set(range(len(graph)))
    if len(groups) > _MOST_GATES:
        yield everything
        return
    for node in groups.values():
        yield everything - graph.ancestors([node])


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
    """Failing as late as can still be rolled back, and rolling back, in seconds.

    The case told is the one in which every subtask takes its longest. Another run may
    take longer: where some subtasks are quicker, others have begun by the time of the
    failure. `at_most` holds for all of them.

    Attributes
    ----------
    node : int
        The last subtask to end, and so to fail, before one that prohibits rollback
        starts; of several the one with the smallest id.
    begun : tuple of int
        What has begun by then, ascending.
    until_failed : int
        From the start of the task until the last of those has ended: only then does the
        engine let the task fail.
    undoing : int
        How long their rollback takes at most.
    at_most : int
        No run that is rolled back takes longer, there and back.
    unlimited : tuple of int
        The nodes before the point of no return without a limit: then all of these are
        the finite parts.
    """

    node: int
    begun: tuple[int, ...]
    until_failed: int
    undoing: int
    at_most: int
    unlimited: tuple[int, ...]

    @property
    def seconds(self) -> int:
        """There and back."""
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
    is_told : bool
        Whether the document says of each subtask and of the task if they prohibit it, or
        gives the engine's verdict that nothing does so far.
    has_failed : bool
        Whether the task has FAILED: the engine rolls back no other.
    no_return : PointOfNoReturn or None
        ``None`` where neither the task nor a subtask prohibits rollback.
    steps : tuple of RollbackStep
        What a rollback as of now would undo, in its order: every subtask that is not
        PENDING, after all of its downstreams.
    worst_case : WorstCase
        How long that takes at most.
    is_crowded : bool
        Whether that may have to wait for workers which what runs now holds until it
        notices: no deadline ends it any more.
    fail_late : FailLate or None
        ``None`` where no failure can be rolled back: the task itself prohibits it, or a
        subtask that does is among the first to start. Also where the document does not tell
        timeouts, or what prohibits rollback.
    """

    obstacles: tuple[Refusal, ...]
    blockers: tuple[int, ...]
    is_told: bool
    has_failed: bool
    no_return: PointOfNoReturn | None
    steps: tuple[RollbackStep, ...]
    worst_case: WorstCase
    is_crowded: bool
    fail_late: FailLate | None

    @property
    def is_allowed(self) -> bool | None:
        """Whether nothing forbids rollback so far, ``None`` where that is not told."""
        if self.obstacles:
            return False
        return True if self.is_told else None

    @property
    def is_accepted(self) -> bool | None:
        """Whether the engine would start one now, ``None`` where that is not told."""
        return self.is_allowed if self.has_failed else False

    @property
    def may_still_fail(self) -> bool:
        """Whether a failure that nothing so far keeps from being rolled back is ahead."""
        return not self.has_failed and not self.obstacles


def rollback(
    premises: Premises, budget: Budget, no_return: PointOfNoReturn | None
) -> Rollback:
    """Tell whether and how a task can be rolled back.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.
    budget : Budget
        Its worst case on the way there.
    no_return : PointOfNoReturn or None

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    graph = premises.graph
    graph.require_sound()
    obstacles, blockers = rollback_obstacles(premises)
    prohibited = not {Refusal.TASK_PROHIBITS, Refusal.VERDICT}.isdisjoint(obstacles)
    begun = graph.nodes_of({*graph.task.column("status")} - {None, Status.PENDING})
    holding = _holding(premises, begun)
    return Rollback(
        obstacles=obstacles,
        blockers=blockers,
        is_told=premises.tells_rollback or graph.task.prohibit_rollback is False,
        has_failed=graph.task.status == Status.FAILED,
        no_return=no_return,
        steps=_steps(graph, begun, premises.undo_durations),
        worst_case=_undoing(premises, begun, holding),
        is_crowded=bool(holding),
        fail_late=_fail_late(premises, no_return, budget)
        if premises.tells_fail_late and not prohibited
        else None,
    )


def _undoing(premises: Premises, begun: Sequence[int], running: Sequence[int]) -> WorstCase:
    """Bound the undoing of some subtasks, and what may hold their workers until then."""
    worst = worst_case_of(premises, begun, premises.undo_durations)
    if not running:
        return worst
    held = worst_case_of(premises, running, premises.worst_durations)
    return worst._replace(
        seconds=worst.seconds + max(premises.worst_durations[node] for node in running),
        may_wait=True,
        unlimited=tuple(sorted({*worst.unlimited, *held.unlimited})),
    )


def _holding(premises: Premises, begun: Sequence[int]) -> list[int]:
    """Give what holds workers that the undoing of some subtasks may wait for.

    What runs in a FAILED task is made to wait for its undoing, and yet holds its worker
    until it notices. That matters where the workers may not do for both.
    """
    running = premises.graph.nodes_of(IN_FLIGHT)
    is_crowded = 0 < premises.workers < len(begun) + len(running)
    return running if is_crowded and not premises.is_rolling_back else []


def _steps(
    graph: TaskGraph, nodes: Sequence[int], durations: Sequence[int]
) -> tuple[RollbackStep, ...]:
    """Walk upstream; a subtask's turn comes when all its downstreams are undone."""
    part = graph.part(nodes).reversed()
    timetable = schedule(part, [durations[node] for node in nodes])
    place = {node: at for at, node in enumerate(part.order)}
    starts, finishes = timetable.early_start, timetable.early_finish
    order = sorted(place, key=lambda node: (starts[node], place[node]))
    return tuple(RollbackStep(nodes[n], starts[n], finishes[n]) for n in order)


def _fail_late(
    premises: Premises, no_return: PointOfNoReturn | None, budget: Budget
) -> FailLate | None:
    """Find the last failure before a subtask that prohibits rollback starts."""
    graph = premises.graph
    ahead = set(range(len(graph)))
    first: tuple[int, ...] = ()
    if no_return:
        ahead.difference_update(no_return.after)
        first = no_return.nodes
    if not ahead or any(not graph.upstreams[node] for node in first):
        return None
    nodes = sorted(ahead)
    longest, undoing = premises.worst_durations, premises.undo_durations
    may_wait = budget.bounds.may_wait and (
        len(ahead) == len(graph)
        or bool(wide_antichain(graph, premises.slots, {*nodes, *first}))
    )
    run = budget.bounds.run if may_wait else None
    starts = run.starts if run else budget.schedule.early_start
    finishes = [start + longest[node] for node, start in enumerate(starts)]
    deadline = min((starts[node] for node in first), default=max(finishes))
    last = max((n for n in nodes if finishes[n] <= deadline), key=finishes.__getitem__)
    begun = graph.ancestors([last]) | {last}
    begun.update(node for node in nodes if starts[node] < finishes[last])
    work = worst_case_of(premises, nodes, longest) if first else budget.worst_case
    until_failed = work.seconds
    if not may_wait:
        until_failed = max(min(starts[node], deadline) + longest[node] for node in nodes)
    whole = work if undoing is longest else worst_case_of(premises, nodes, undoing)
    return FailLate(
        node=last,
        begun=tuple(sorted(begun)),
        until_failed=max(finishes[node] for node in begun),
        undoing=(
            whole if begun == ahead else worst_case_of(premises, begun, undoing)
        ).seconds,
        at_most=until_failed + whole.seconds,
        unlimited=work.unlimited,
    )
