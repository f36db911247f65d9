"""Whether a schedule promises that a task ends within a window."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from taskgraph.analysis.progress import Endless
from taskgraph.analysis.weights import Basis, WeightKind, Weights
from taskgraph.model.task import Status

if TYPE_CHECKING:
    from taskgraph.analysis.analysis import Analysis


class Verdict(StrEnum):
    """What is said of a task and a window."""

    FITS = "it fits"
    SLOTS = "it fits where slots are free"
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
    analysis: Analysis, by: WeightKind, weights: Weights
) -> NoPromise | Endless | None:
    """Say why a task need not end when its schedule says, ``None`` where it must.

    Parameters
    ----------
    analysis : Analysis
        Of a sound graph.
    by : {"timeout", "actual", "remaining"}
        What the durations were before the changes of the user.
    weights : Weights
        With those changes.
    """
    task = analysis.task
    if by == "actual":
        if task.status != Status.SUCCESSFUL:
            return NoPromise.NO_SUCCESS
        begun = (sub.status != Status.PENDING for sub in analysis.graph.subtasks)
        pairs = zip(begun, weights.basis, strict=True)
        unknown = {Basis.NOT_MEASURED, Basis.REVERSED}
        is_known = not any(is_told and basis in unknown for is_told, basis in pairs)
        return None if is_known else NoPromise.NOT_MEASURED
    is_settled = {Basis.DONE, Basis.GIVEN}.issuperset(weights.basis) and weights.basis
    if not analysis.tells_worst_case and not is_settled:
        return NoPromise.NO_TIMEOUTS
    if Basis.NO_LIMIT in weights.basis:
        return NoPromise.NO_LIMIT
    if by == "timeout" or task.is_definition or task.status == Status.SUCCESSFUL:
        return None
    if analysis.progress.endless is None and task.status == Status.FAILED:
        return NoPromise.FAILED
    return analysis.progress.endless
