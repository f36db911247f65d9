"""Whether a schedule promises that a task ends within a window."""

from __future__ import annotations

from enum import StrEnum

from taskgraph.analysis.premises import Premises
from taskgraph.analysis.progress import Endless
from taskgraph.analysis.weights import Basis, WeightKind, Weights
from taskgraph.model.task import Status


class Verdict(StrEnum):
    """What is said of a task and a window."""

    FITS = "it fits"
    SLOTS = "it fits where slots are free in time"
    TOO_LONG = "it is too long"
    NO_PROMISE = "nothing promises that it fits"


class NoPromise(StrEnum):
    """Why durations do not bound the time of a task; `Endless` has further reasons."""

    NO_TIMEOUTS = "the document has no timeouts"
    NO_LIMIT = "not everything has a limit"
    FAILED = "the task is FAILED, and what comes next waits for a person"
    NO_SUCCESS = "what was measured is not of a successful run"
    NOT_MEASURED = "the times of some subtasks are not known"


def no_promise(
    premises: Premises, by: WeightKind, weights: Weights, endless: Endless | None
) -> NoPromise | Endless | None:
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
    is_settled = {Basis.DONE, Basis.GIVEN}.issuperset(weights.basis) and weights.basis
    if not premises.tells_worst_case and not is_settled:
        return NoPromise.NO_TIMEOUTS
    if Basis.NO_LIMIT in weights.basis:
        return NoPromise.NO_LIMIT
    if by == "timeout" or task.is_definition or task.status == Status.SUCCESSFUL:
        return None
    if endless is None and task.status == Status.FAILED:
        return NoPromise.FAILED
    return endless
