"""How long each subtask takes: by its timeout, by the clock, by what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from taskgraph.analysis.states import (
    MICROSECOND,
    SECOND,
    SpanKind,
    has_limit,
    is_in_flight,
    is_rolling_back,
    measured_span,
    ran_once,
    timeout_seconds,
)
from taskgraph.errors import ConfigError
from taskgraph.graph import TaskGraph
from taskgraph.model import Id, Status, Subtask

__all__ = [
    "Basis",
    "Unit",
    "WeightKind",
    "Weights",
    "actual_weights",
    "custom_weights",
    "remaining_weights",
    "timeout_weights",
    "weigh",
]

WeightKind: TypeAlias = Literal["timeout", "actual", "remaining", "custom"]
Unit: TypeAlias = Literal["seconds", "microseconds"]


class Basis(StrEnum):
    """Where the duration of one subtask comes from."""

    TIMEOUT = "its timeout"
    ASSUMED = "the assumed timeout: it has none"
    NO_LIMIT = "no limit, counted as 0"
    DONE = "done"
    LEFT = "what is left of its timeout"
    START_UNKNOWN = "its whole timeout: when this attempt started is unknown"
    OVERDUE = "overdue, counted as 0"
    ONE_RUN = "measured"
    RUNNING = "measured so far"
    SEVERAL_RUNS = "several runs, split unknown"
    ROLLED_BACK = "runs and rollback, split unknown"
    REVERSED = "it finished before it started, counted as 0"
    NOT_MEASURED = "not measured, counted as 0"
    GIVEN = "given"


_OF_SPAN = {
    SpanKind.ONE_RUN: Basis.ONE_RUN,
    SpanKind.RUNNING: Basis.RUNNING,
    SpanKind.SEVERAL_RUNS: Basis.SEVERAL_RUNS,
    SpanKind.ROLLED_BACK: Basis.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True)
class Weights:
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


def timeout_weights(graph: TaskGraph, assume_timeout: int | None = None) -> Weights:
    """Weigh each subtask with its timeout, in seconds.

    Parameters
    ----------
    graph : TaskGraph
    assume_timeout : int, optional
        The timeout of the subtasks that have none; 0 without it.
    """
    rows = [_timeout(subtask, assume_timeout) for subtask in graph.subtasks]
    return _weights("timeout", "seconds", rows)


def remaining_weights(
    graph: TaskGraph, as_of: datetime | None = None, assume_timeout: int | None = None
) -> Weights:
    """Weigh each subtask with what is left of its timeout, in whole seconds, rounded up.

    What is done takes 0. What runs takes what is left of its timeout, or all of it where
    several attempts were started or may have been: the document has the start of the
    first only. What is overdue takes 0. The rest takes its timeout. In a task that
    rolls back, what is PENDING is done, and the start of a rollback is unknown.

    Parameters
    ----------
    graph : TaskGraph
    as_of : datetime, optional
        The moment; without it the one that the document describes.
    assume_timeout : int, optional
        The timeout of the subtasks that have none; 0 without it.
    """
    moment = as_of or graph.task.as_of()
    done = Status.PENDING if is_rolling_back(graph.task) else Status.SUCCESSFUL
    rows = []
    for subtask in graph.subtasks:
        if subtask.status == done:
            rows.append((0, Basis.DONE))
        else:
            row = _timeout(subtask, assume_timeout)
            if row[1] is not Basis.NO_LIMIT and is_in_flight(subtask):
                row = _left(subtask, row[0], moment)
            rows.append(row)
    return _weights("remaining", "seconds", rows, moment)


def actual_weights(graph: TaskGraph, as_of: datetime | None = None) -> Weights:
    """Weigh each subtask with its measured time, in microseconds.

    Parameters
    ----------
    graph : TaskGraph
    as_of : datetime, optional
        Until when to measure what is still running; without it the moment that the
        document describes.
    """
    moment = as_of or graph.task.as_of()
    rows = []
    for subtask in graph.subtasks:
        span = measured_span(subtask, moment)
        if span is None:
            rows.append((0, Basis.NOT_MEASURED))
        elif span.microseconds < 0:
            rows.append((0, Basis.REVERSED))
        else:
            rows.append((span.microseconds, _OF_SPAN[span.kind]))
    return _weights("actual", "microseconds", rows, moment)


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
    return replace(base, kind="custom", durations=tuple(durations), basis=tuple(basis))


def weigh(graph: TaskGraph, kind: WeightKind, as_of: datetime | None = None) -> Weights:
    """Weigh each subtask by the kind's name; ``custom`` starts from the timeouts."""
    if kind == "actual":
        return actual_weights(graph, as_of)
    if kind == "remaining":
        return remaining_weights(graph, as_of)
    return timeout_weights(graph)


def _timeout(subtask: Subtask, assume_timeout: int | None) -> Weight:
    if has_limit(subtask):
        return timeout_seconds(subtask), Basis.TIMEOUT
    if assume_timeout is None:
        return 0, Basis.NO_LIMIT
    return assume_timeout, Basis.ASSUMED


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
