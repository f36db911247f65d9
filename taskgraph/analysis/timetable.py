"""A schedule with all that explains it, and whether it promises an end in a window."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.analysis.premises import Premises, StandIn, Unknown
from taskgraph.analysis.progress import Endless
from taskgraph.analysis.weights import Basis, WeightKind, Weights
from taskgraph.model.engine import SECOND
from taskgraph.model.task import Status

if TYPE_CHECKING:
    from taskgraph.analysis.as_run import AsRun
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.analysis.whatif import WhatIf
    from taskgraph.graph.taskgraph import TaskGraph


class WindowVerdict(StrEnum):
    """What is said of a task and a window."""

    FITS = "it fits"
    SLOTS = "it fits where slots are free in time"
    TOO_LONG = "it is too long"
    NO_PROMISE = "nothing promises that it fits"


class NoPromise(StrEnum):
    """Why durations do not bound a task's time; `Endless` and `Unknown` tell others."""

    NO_LIMIT = "not everything has a limit"
    FAILED = "the task is FAILED, and what comes next waits for a person"
    NO_SUCCESS = "what was measured is not of a successful run"
    NOT_MEASURED = "the times of some subtasks are not known"


class Timetable(NamedTuple):
    """A schedule with all that explains it.

    Attributes
    ----------
    graph : TaskGraph
        The one that was scheduled: turned round for what is left of a rollback, and
        without the edges that the user dropped.
    weights : Weights
        The durations, and where each comes from.
    schedule : Schedule
        Of those durations.
    drags : tuple of int
        By node, in the unit of the weights.
    targets : mapping of int to str
        What the parts of splits work on, by node, as the whole graph tells it.
    within : int or None
        How many seconds of float count as near-critical.
    window : int or None
        How many seconds the whole may take, where that is asked.
    waits : int
        How many seconds waiting for a slot may add to the schedule at most, which knows
        no slots; counted where a window is asked for.
    sure_waits : int
        How many of those it adds in every order, if all take their whole time.
    no_promise : NoPromise or Endless or Unknown or None
        Why it need not end when the schedule says; ``None`` where it must, or where no
        window is asked for.
    what_if : WhatIf or None
        The schedule beside the one without the user's changes.
    as_run : AsRun or None
        What the clock saw.
    stand_in : StandIn or None
        What stands for the timeouts that are missing.
    unknown : Unknown or None
        Why its length means nothing.
    """

    graph: TaskGraph
    weights: Weights
    schedule: Schedule
    drags: tuple[int, ...]
    targets: Mapping[int, str]
    within: int | None = None
    window: int | None = None
    waits: int = 0
    sure_waits: int = 0
    no_promise: NoPromise | Endless | Unknown | None = None
    what_if: WhatIf | None = None
    as_run: AsRun | None = None
    stand_in: StandIn | None = None
    unknown: Unknown | None = None

    @property
    def within_units(self) -> int:
        """`within` in the unit of the weights."""
        return self._units(self.within or 0)

    @property
    def spare(self) -> int | None:
        """How much earlier than the window the schedule ends, which knows no slots.

        Negative where a path is too long. Late starts and total floats count to the end of
        the task; that much later, or more, they count to the end of the window. So a
        subtask of a path that is too long has a negative float, as in project scheduling
        with an imposed finish date.
        """
        if self.window is None:
            return None
        return self._units(self.window) - self.schedule.makespan

    @property
    def verdict(self) -> WindowVerdict | None:
        """Whether it fits the window, ``None`` where none is asked for."""
        if self.spare is None:
            return None
        if self.spare < self.sure_waits:
            return WindowVerdict.TOO_LONG
        if self.no_promise is not None:
            return WindowVerdict.NO_PROMISE
        return WindowVerdict.SLOTS if self.waits > self.spare else WindowVerdict.FITS

    @property
    def margin(self) -> int | None:
        """How much earlier than the window it ends by the bound of the verdict.

        That is the least that it takes where it is too long, and else the most; ``None``
        without a window, and where nothing promises an end.
        """
        if self.spare is None or self.verdict is WindowVerdict.NO_PROMISE:
            return None
        is_too_long = self.verdict is WindowVerdict.TOO_LONG
        return self.spare - (self.sure_waits if is_too_long else self.waits)

    def _units(self, seconds: int) -> int:
        return seconds * (SECOND if self.weights.unit == "microseconds" else 1)


def unknown(premises: Premises, by: WeightKind, weights: Weights) -> Unknown | None:
    """Say why the length of a schedule means nothing, ``None`` where it does.

    What nobody gave a timeout takes 0 s; that is told where all of it is done, and of what
    is left where the user gave a duration. Parameters as for :func:`no_promise`.
    """
    is_measured = by == "actual" and weights.basis
    if is_measured or _is_settled(weights) or Basis.GIVEN in weights.basis:
        return None
    return premises.unknown


def _is_settled(weights: Weights) -> bool:
    return bool(weights.basis) and {Basis.DONE, Basis.GIVEN}.issuperset(weights.basis)


def no_promise(
    premises: Premises, by: WeightKind, weights: Weights, endless: Endless | None
) -> NoPromise | Endless | Unknown | None:
    """Say why a task need not end when its schedule says, ``None`` where it must.

    Parameters
    ----------
    premises : Premises
        Of a sound graph.
    by : {"timeout", "actual", "remaining"}
        What the durations were before the changes of the user.
    weights : Weights
        With those changes.
    endless : Endless or None
        Why the task itself need not end.
    """
    task = premises.task
    if by == "actual":
        if task.status != Status.SUCCESSFUL:
            return NoPromise.NO_SUCCESS
        begun = (sub.status != Status.PENDING for sub in premises.graph.subtasks)
        pairs = zip(begun, weights.basis, strict=True)
        unknown = {Basis.NOT_MEASURED, Basis.REVERSED}
        is_known = not any(is_told and basis in unknown for is_told, basis in pairs)
        return None if is_known else NoPromise.NOT_MEASURED
    if premises.unknown is not None and not _is_settled(weights):
        return premises.unknown
    if Basis.NO_LIMIT in weights.basis:
        return NoPromise.NO_LIMIT
    if by == "timeout" or task.is_definition or task.status == Status.SUCCESSFUL:
        return None
    if endless is None and task.status == Status.FAILED:
        return NoPromise.FAILED
    return endless
