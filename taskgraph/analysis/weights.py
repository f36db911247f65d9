"""How long each subtask takes: by its timeout, by the clock, by what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias, get_args

from taskgraph.analysis.premises import Premises
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    done_status,
    is_in_flight,
    is_undone_for_retry,
    measured_span,
    ran_once,
    retry_undoes_apart,
)
from taskgraph.model.task import Id, Status, Subtask

WeightKind: TypeAlias = Literal["timeout", "actual", "remaining", "custom"]
Unit: TypeAlias = Literal["seconds", "microseconds"]


class Basis(StrEnum):
    """Where the duration of one subtask comes from; what was measured has a `SpanKind`."""

    TIMEOUT = "its timeout"
    ASSUMED = "the assumed timeout: it has none"
    NO_LIMIT = "no limit, not counted"
    DONE = "done"
    LEFT = "what is left of its timeout"
    START_UNKNOWN = "its whole timeout: when this attempt started is unknown"
    OVERDUE = "overdue, counted as 0"
    ONE_RUN = "measured"
    RUNNING = "measured so far"
    SEVERAL_RUNS = "perhaps several runs, split unknown"
    ROLLED_BACK = "runs and rollback, split unknown"
    REVERSED = "it finished before it started, counted as 0"
    NOT_MEASURED = "not measured, counted as 0"
    GIVEN = "given"


class Weights(NamedTuple):
    """A duration for each node of a graph.

    Attributes
    ----------
    kind : str
        ``timeout``, ``actual``, ``remaining`` or ``custom``.
    unit : str
        ``seconds``, or ``microseconds`` for measured times.
    durations : tuple of int
        By node, 0 or more.
    basis : tuple of Basis
        By node, where the duration comes from.
    as_of : datetime or None
        The moment that the weights describe, where they depend on one.
    """

    kind: WeightKind
    unit: Unit
    durations: tuple[int, ...]
    basis: tuple[Basis, ...]
    as_of: datetime | None = None

    def nodes(self, *bases: Basis) -> tuple[int, ...]:
        """Give the nodes whose duration comes from one of the bases, ascending."""
        return tuple(node for node, basis in enumerate(self.basis) if basis in bases)


Weight: TypeAlias = tuple[int, Basis]


def timeout_weights(premises: Premises) -> Weights:
    """Weigh each subtask with the longest that it may take, in seconds.

    That is its timeout, times its attempts and with the overhead, as far as the settings
    say so: the durations of the worst case.
    """
    basis = [Basis.TIMEOUT] * len(premises.graph)
    without = Basis.NO_LIMIT if premises.assumed_timeout is None else Basis.ASSUMED
    for node in premises.limitless:
        basis[node] = without
    return Weights("timeout", "seconds", premises.worst_durations, tuple(basis))


def remaining_weights(premises: Premises) -> Weights:
    """Weigh each subtask with what is left of it at most, in whole seconds, rounded up.

    What is done takes 0. What runs takes what is left of its timeout, or all of it where
    several attempts were started or may have been: the document has the start of the
    first only. What is overdue takes 0. To that come the attempts that the settings
    allow beyond. The rest takes all attempts that are left, at least one, and what failed
    again for being undone, where that has a deadline of its own; what a retry is undoing,
    or is to undo, runs after that. In a task that rolls
    back, what is PENDING is done, the start of a rollback is unknown, and there is one
    attempt.
    """
    moment, back = premises.as_of, premises.is_rolling_back
    done = done_status(premises.task)
    undoes = retry_undoes_apart(premises.task)
    weights, overhead = timeout_weights(premises), premises.settings.overhead
    rows: list[Weight] = []
    limits = zip(premises.attempt_seconds, weights.basis, premises.attempts, strict=True)
    for subtask, (once, basis, most) in zip(premises.graph.subtasks, limits, strict=True):
        if subtask.status == done:
            rows.append((0, Basis.DONE))
            continue
        further = 0 if back else most - (subtask.attempts or 1)
        further += is_undone_for_retry(subtask, premises.task)
        if is_in_flight(subtask):
            current = (once, basis)
            if basis is not Basis.NO_LIMIT:
                current = _left(subtask, once, moment)
            rows.append((current[0] + further * (once + overhead), current[1]))
            continue
        if subtask.status != Status.FAILED:
            further += 1  # the attempt that is counted has not begun
        count = max(further, 1) + (undoes and subtask.status == Status.FAILED)
        rows.append((count * (once + overhead), basis))
    return _weights("remaining", "seconds", rows, moment)


def actual_weights(graph: TaskGraph, as_of: datetime | None) -> Weights:
    """Weigh each subtask with its measured time, in microseconds.

    Parameters
    ----------
    graph : TaskGraph
    as_of : datetime or None
        Until when to measure what is still running.
    """
    rows = []
    for subtask in graph.subtasks:
        span = measured_span(subtask, as_of)
        if span is None:
            rows.append((0, Basis.NOT_MEASURED))
        elif span.microseconds < 0:
            rows.append((0, Basis.REVERSED))
        else:
            rows.append((span.microseconds, Basis[span.kind.name]))  # which are alike
    return _weights("actual", "microseconds", rows, as_of)


def custom_weights(graph: TaskGraph, base: Weights, seconds: Mapping[Id, int]) -> Weights:
    """Replace the durations of some subtasks.

    Parameters
    ----------
    graph : TaskGraph
    base : Weights
        The durations of all others.
    seconds : mapping of id to int
        The new durations, in seconds whatever the unit of the base.

    Raises
    ------
    ConfigError
        Where an id is no subtask of the graph, or a duration is negative.
    """
    durations, basis = list(base.durations), list(base.basis)
    scale = SECOND if base.unit == "microseconds" else 1
    for identifier, value in seconds.items():
        if identifier not in graph.index:
            raise ConfigError(f"no subtask has the id {identifier}")
        if value < 0:
            raise ConfigError(f"the duration of {identifier} is negative: {value}")
        node = graph.index[identifier]
        durations[node], basis[node] = value * scale, Basis.GIVEN
    return base._replace(kind="custom", durations=tuple(durations), basis=tuple(basis))


def weigh(premises: Premises, kind: WeightKind) -> Weights:
    """Weigh each subtask by the kind's name; ``custom`` starts from the timeouts.

    Raises ConfigError if there is no such kind.
    """
    if kind not in get_args(WeightKind):
        kinds = ", ".join(get_args(WeightKind))
        raise ConfigError(f"no durations by {kind!r}: choose from {kinds}")
    if kind == "actual":
        return actual_weights(premises.graph, premises.as_of)
    if kind == "remaining":
        return remaining_weights(premises)
    return timeout_weights(premises)


def _left(subtask: Subtask, timeout: int, moment: datetime | None) -> Weight:
    """Take the time since the start of what runs off its timeout."""
    if not ran_once(subtask) or subtask.start_time is None or moment is None:
        return timeout, Basis.START_UNKNOWN
    elapsed = max((moment - subtask.start_time) // MICROSECOND, 0)
    left = timeout * SECOND - elapsed
    if left < 0:
        return 0, Basis.OVERDUE
    return -(-left // SECOND), Basis.LEFT


def _weights(
    kind: WeightKind, unit: Unit, rows: list[Weight], as_of: datetime | None = None
) -> Weights:
    durations = tuple(duration for duration, _ in rows)
    return Weights(kind, unit, durations, tuple(basis for _, basis in rows), as_of)
