"""What failed first, why, what it held up, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Literal, TypeAlias

from taskgraph.analysis.budget import WorstCase, worst_case_of, worst_cases_without
from taskgraph.analysis.premises import Premises
from taskgraph.analysis.progress import Standstill
from taskgraph.analysis.rollback import Refusal, Rollback
from taskgraph.analysis.weights import Basis, Weights
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    Ending,
    SpanKind,
    accepts_retry,
    ending,
    has_limit,
    is_in_flight,
    is_rolling_back,
    measured_span,
    tells_direction,
    tells_progress,
    was_retried,
)
from taskgraph.model.task import Operation, Status, Subtask


@dataclass(frozen=True, slots=True)
class RootFailure:
    """A subtask that failed by itself, and when, where the document has it."""

    node: int
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FinishedWork:
    """The finished work that a rollback would undo.

    Attributes
    ----------
    nodes : tuple of int
        The SUCCESSFUL subtasks that were not skipped, ascending.
    microseconds : int
        The sum of their measured times.
    unsplit : tuple of int
        Those whose measured time holds several runs and the time between.
    unmeasured : tuple of int
        Those without a measured time; they count 0.
    """

    nodes: tuple[int, ...]
    microseconds: int
    unsplit: tuple[int, ...]
    unmeasured: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in a task.

    Attributes
    ----------
    roots : tuple of RootFailure
        The FAILED subtasks that no other FAILED one lies before, the earliest first,
        those without a time last.
    consequences : tuple of int
        The other FAILED subtasks, ascending.
    blocked : tuple of int
        What waits for a failed subtask, ascending: descendants that never started. In a
        task that rolls back, ancestors that wait to be undone.
    held : tuple of int
        The other subtasks that have yet to be done, or undone, ascending: they do not wait
        for a failed subtask, but the engine begins nothing more while there is one.
    ran_on : tuple of int
        What was still at work after the first failure, or is at work now, ascending.
    finished : FinishedWork
    """

    roots: tuple[RootFailure, ...]
    consequences: tuple[int, ...]
    blocked: tuple[int, ...]
    held: tuple[int, ...]
    ran_on: tuple[int, ...]
    finished: FinishedWork


def failure(premises: Premises) -> Failure | None:
    """Tell what failed and what that held up.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.

    Returns
    -------
    Failure or None
        ``None`` where no subtask is FAILED. A FAILED task may have none: only a fault in
        the engine's coordinator does that.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    graph = premises.graph
    graph.require_sound()
    failed = graph.nodes_of({Status.FAILED})
    if not failed:
        return None
    beyond = _beyond(graph, failed)
    roots = [_root(graph, node) for node in failed if node not in beyond]
    roots.sort(key=earliest_first)
    waiting = _waiting(graph)
    return Failure(
        roots=tuple(roots),
        consequences=tuple(node for node in failed if node in beyond),
        blocked=tuple(node for node in waiting if node in beyond),
        held=tuple(node for node in waiting if node not in beyond),
        ran_on=_ran_on(graph, roots[0], premises.as_of),
        finished=_finished_work(graph, premises.as_of),
    )


def blocked(premises: Premises) -> frozenset[int]:
    """Give what has not started and cannot, because something before it failed.

    Of a faulty graph too; nothing in a task that rolls back, or may do so.
    """
    subtasks = premises.graph.subtasks
    if premises.is_rolling_back or not tells_direction(premises.task):
        return frozenset()
    beyond = _beyond(premises.graph, premises.graph.nodes_of({Status.FAILED}))
    return frozenset(n for n in beyond if subtasks[n].status == Status.PENDING)


def held_up(
    premises: Premises, standing: Standstill, overdue: Iterable[int]
) -> tuple[int, ...] | None:
    """Give what waits for something that hangs, ascending; all that waits in a stall.

    Of a faulty graph too, where a cycle never begins. ``None`` where nothing hangs.
    """
    waiting = tuple(_waiting(premises.graph))
    if standing.is_stalled:
        return waiting
    cyclic = frozenset(chain.from_iterable(premises.graph.cycles))
    stuck = (*cyclic, *standing.hanging, *standing.unclaimed, *overdue)
    beyond = _beyond(premises.graph, stuck) - cyclic
    return tuple(node for node in waiting if node in beyond) if stuck else None


def _beyond(graph: TaskGraph, nodes: Iterable[int]) -> set[int]:
    """Give all that lies ahead of the nodes, in the direction of the task."""
    ahead = graph.upstreams if is_rolling_back(graph.task) else graph.downstreams
    stack = [other for node in nodes for other in ahead[node]]
    seen = set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += ahead[node]
    return seen


def _waiting(graph: TaskGraph) -> list[int]:
    """Give what has yet to be done, or undone where the task rolls back."""
    status = Status.SUCCESSFUL if is_rolling_back(graph.task) else Status.PENDING
    return graph.nodes_of({status})


def _root(graph: TaskGraph, node: int) -> RootFailure:
    span = measured_span(graph.subtasks[node], None)
    return RootFailure(node, span.finish if span else graph.subtasks[node].finish_time)


def earliest_first(root: RootFailure) -> tuple[bool, datetime | None, int]:
    """Give the key by which failures stand in order; those without a moment come last."""
    return (root.failed_at is None, root.failed_at, root.node)


def _ran_on(
    graph: TaskGraph, first: RootFailure, moment: datetime | None
) -> tuple[int, ...]:
    """Give what was at work after the first failure."""
    nodes = []
    for node, subtask in enumerate(graph.subtasks):
        if node == first.node:
            continue
        span = measured_span(subtask, moment)
        ended = span.finish if span and span.kind is SpanKind.ONE_RUN else None
        ended_later = ended and first.failed_at and ended > first.failed_at
        if is_in_flight(subtask) or ended_later:
            nodes.append(node)
    return tuple(nodes)


def _finished_work(graph: TaskGraph, moment: datetime | None) -> FinishedWork:
    nodes, unsplit, unmeasured = [], [], []
    total = 0
    for node, subtask in enumerate(graph.subtasks):
        if subtask.status != Status.SUCCESSFUL or subtask.operation == Operation.SKIP:
            continue
        nodes.append(node)
        span = measured_span(subtask, moment)
        if span is None or span.microseconds < 0:
            unmeasured.append(node)
            continue
        total += span.microseconds
        if span.kind is not SpanKind.ONE_RUN:
            unsplit.append(node)
    return FinishedWork(tuple(nodes), total, tuple(unsplit), tuple(unmeasured))


class Cause(StrEnum):
    """How a failed subtask ended, as far as the document proves it."""

    TIMEOUT = "it ran until its deadline ended it"
    OVER_TIMEOUT = "it ended by itself after its deadline, which the engine missed"
    POLLED = "it ran until the engine, which had missed its deadline, ended it"
    WITHIN_TIMEOUT = "it ended before its timeout"
    NO_TIMEOUT = "its timeout is 0, which promises no limit"
    NOT_STATED = "the document gives it no timeout"
    ZERO_TIMEOUT = "its timeout is 0 and it ran long enough for the engine to end it"
    CANCELED = "it was cancelled"
    ROLLBACK = "its rollback failed: when that started is unknown"
    SEVERAL_RUNS = "it ran several times: when the last attempt started is unknown"
    RUNS_UNKNOWN = "whether it ran several times is unknown"
    NO_TIMES = "the document does not say how long it ran"


_BY_ENDING = {
    Ending.WITHIN: Cause.WITHIN_TIMEOUT,
    Ending.DEADLINE: Cause.TIMEOUT,
    Ending.LATE: Cause.OVER_TIMEOUT,
    Ending.POLLED: Cause.POLLED,
}


@dataclass(frozen=True, slots=True)
class FailureCause:
    """How a failed subtask ended.

    Attributes
    ----------
    cause : Cause
    ran : int or None
        How long it ran, in microseconds, where it ran once and its times are known.
    """

    cause: Cause
    ran: int | None


def failure_cause(subtask: Subtask) -> FailureCause | None:
    """Tell whether a failed subtask's timeout ended it.

    Parameters
    ----------
    subtask : Subtask

    Returns
    -------
    FailureCause or None
        ``None`` where the subtask is not FAILED.
    """
    if subtask.status != Status.FAILED:
        return None
    span = measured_span(subtask, None)
    ran = None
    if span is not None and span.kind is SpanKind.ONE_RUN and span.microseconds >= 0:
        ran = span.microseconds
    is_split = span is not None and span.kind is not SpanKind.ONE_RUN
    return FailureCause(_cause(subtask, ran, is_split=is_split), ran)


def _cause(subtask: Subtask, ran: int | None, *, is_split: bool) -> Cause:
    if subtask.operation == Operation.CANCEL:
        return Cause.CANCELED
    if subtask.operation == Operation.ROLLBACK:
        return Cause.ROLLBACK
    if subtask.timeout is None:
        return Cause.NOT_STATED
    if ran is None:
        if not has_limit(subtask):
            return Cause.NO_TIMEOUT
        if not is_split:
            return Cause.NO_TIMES
        return Cause.SEVERAL_RUNS if was_retried(subtask) else Cause.RUNS_UNKNOWN
    how = ending(subtask, ran)
    if not has_limit(subtask):
        return Cause.ZERO_TIMEOUT if how is Ending.POLLED else Cause.NO_TIMEOUT
    return _BY_ENDING[how]


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
    worst_case : WorstCase or None
        How long the task can take from now until it is over, if the other failed subtasks
        are retried at once, or skipped where the task rolls back. ``None`` where the engine
        refuses that, where a retry would repeat for good, and where the document does not
        tell whether it would. For a rollback, until all is undone.
    """

    action: Action
    refusals: tuple[Refusal, ...]
    releases: tuple[int, ...]
    is_held: bool
    worst_case: WorstCase | None

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

    Parameters
    ----------
    premises : Premises
        Of a sound graph.
    left : Weights
        What is left of each subtask.
    rest : WorstCase
        How long all of that takes.
    undo : Rollback

    Returns
    -------
    tuple of FailedSubtask
        By node; empty where nothing failed.
    """
    graph, back = premises.graph, premises.is_rolling_back
    failed = graph.nodes_of({Status.FAILED})
    if not failed:
        return ()
    retries, skips = _bounds(premises, left, rest, failed)
    is_held = len(failed) > 1
    ahead = graph.upstreams if back else graph.downstreams
    waiting = _for_how_many(graph, back=back)
    free = [node for node, count in waiting.items() if not count]
    rolling_back = _roll_back(graph, undo)
    rows = []
    for node in failed:
        released = [other for other in ahead[node] if waiting.get(other) == 1]
        if not is_held:
            released = sorted((*released, *free))
        subtask, releases = graph.subtasks[node], tuple(released)
        retry = () if accepts_retry(subtask) else (Refusal.ROLLING_BACK,)
        skip = (Refusal.PROHIBITS_SKIP,) if subtask.prohibit_skip else ()
        rows.append(
            FailedSubtask(
                node,
                Intervention("retry", retry, releases, is_held, retries),
                Intervention("skip", skip, releases, is_held, skips.get(node)),
                rolling_back,
            )
        )
    return tuple(rows)


def _bounds(
    premises: Premises, left: Weights, rest: WorstCase, failed: list[int]
) -> tuple[WorstCase | None, dict[int, WorstCase]]:
    """Bound the time after a retry and, by node, after a skip.

    Each rests on what the engine does with all else that failed, if it is asked at once.
    """
    task, subtasks = premises.task, premises.graph.subtasks
    if not tells_direction(task):
        return None, {}
    if premises.is_rolling_back:
        stays = {node for node in failed if subtasks[node].prohibit_skip is not False}
        rows = enumerate(left.basis)
        todo = {node for node, basis in rows if basis is not Basis.DONE}.difference(failed)
        undo = worst_case_of(premises, todo, left.durations, left.nodes(Basis.NO_LIMIT))
        return None, {node: undo for node in failed if stays <= {node}}
    stays = {node for node in failed if not accepts_retry(subtasks[node])}
    skips = worst_cases_without(premises, left, rest, failed)
    retry = rest if tells_progress(task) and not stays else None
    return retry, {node: skips[node] for node in failed if stays <= {node}}


def _for_how_many(graph: TaskGraph, *, back: bool) -> dict[int, int]:
    """Give what waits, in the direction of the task, and for how many subtasks each."""
    behind, waits, passed = graph.upstreams, Status.PENDING, Status.SUCCESSFUL
    if back:
        behind, waits, passed = graph.downstreams, passed, waits
    status = [subtask.status for subtask in graph.subtasks]
    return {
        node: sum(status[before] != passed for before in behind[node])
        for node, state in enumerate(status)
        if state == waits
    }


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
