"""How many subtasks of a task are where, in the direction in which it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from taskgraph.analysis.premises import Premises
from taskgraph.model.engine import is_being_cancelled
from taskgraph.model.task import Subtask
from taskgraph.model.vocabulary import Operation, Status

__all__ = ["Tally", "tally"]

_FORWARD: Mapping[str | None, str] = {
    Status.READY: "ready",
    Status.RUNNING: "running",
    Status.CANCELING: "canceling",
    Status.FAILED: "failed",
    Status.SUCCESSFUL: "done",
    Status.PENDING: "pending",
}
_OF_PENDING: Mapping[str | None, str] = {
    Operation.ROLLBACK: "done",
    Operation.ROLLBACK_SKIP: "in_place",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """The nodes of a graph by what they are in. Each node is in one, ascending.

    Attributes
    ----------
    is_rolling_back : bool
    done : tuple of int
        What is done; in a task that rolls back, what was undone.
    in_place : tuple of int
        What a rollback has left in place, for its undoing was skipped.
    untouched : tuple of int
        What never began and so need not be undone; only in a rollback.
    ready, running, canceling, failed : tuple of int
        Running are those at work, and not those that are being cancelled.
    pending : tuple of int
        What has yet to be done, or undone.
    other : tuple of int
        Those with a status that the engine is not known to write, or none.
    skipped : tuple of int
        Those of `done` whose work was skipped.
    """

    is_rolling_back: bool
    done: tuple[int, ...]
    in_place: tuple[int, ...]
    untouched: tuple[int, ...]
    ready: tuple[int, ...]
    running: tuple[int, ...]
    canceling: tuple[int, ...]
    pending: tuple[int, ...]
    failed: tuple[int, ...]
    other: tuple[int, ...]
    skipped: tuple[int, ...]

    @property
    def whole(self) -> int:
        """How many there are to be done, or undone."""
        left = (self.ready, self.running, self.canceling, self.pending, self.failed)
        return sum(map(len, (self.done, self.in_place, *left, self.other)))


def tally(premises: Premises) -> Tally:
    """Sort the subtasks of a task, of a faulty graph too."""
    back = premises.is_rolling_back
    names = ("done", "in_place", "untouched", *_FORWARD.values(), "other")
    groups: dict[str, list[int]] = {name: [] for name in names}
    subtasks = premises.graph.subtasks
    for node, subtask in enumerate(subtasks):
        groups[_group(subtask, back=back)].append(node)
    done = () if back else tuple(groups["done"])
    return Tally(
        back,
        **{name: tuple(nodes) for name, nodes in groups.items()},
        skipped=tuple(n for n in done if subtasks[n].operation == Operation.SKIP),
    )


def _group(subtask: Subtask, *, back: bool) -> str:
    if is_being_cancelled(subtask):
        return "canceling"
    if back and subtask.status == Status.SUCCESSFUL:
        return "pending"
    if back and subtask.status == Status.PENDING:
        return _OF_PENDING.get(subtask.operation, "untouched")
    return _FORWARD.get(subtask.status, "other")
