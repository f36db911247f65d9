"""What a status is called and how it looks, and what an operation adds to it.

The one table that every output takes its order, its signs and its words from; colours
hang on the tones, and each kind of surroundings has its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from taskgraph.model.task import Operation, Status, Subtask
from taskgraph.model.words import visible

UNKNOWN: Final = "unknown"
"""The tone of a status that is absent or was never seen before."""


class StatusLook(NamedTuple):
    """How every output shows a status.

    Attributes
    ----------
    rank : int
        Its place where the worst comes first.
    tone : str
        The name under which colours and drawn icons are kept.
    sign : str
        Its icon in one character.
    word : str
        Its name within a sentence.
    """

    rank: int
    tone: str
    sign: str
    word: str


_STATE = attrgetter("operation", "status")
DEFINITION = "definition"  # in place of a status, where tasks are told one by one
_NO_STATUS = "status unknown"
_UNKNOWN = StatusLook(1, UNKNOWN, "?", _NO_STATUS)
_LOOKS: Final[Mapping[str, StatusLook]] = {
    Status.FAILED: StatusLook(0, "failed", "✗", "failed"),
    Status.CANCELING: StatusLook(2, "canceling", "■", "canceling"),
    Status.RUNNING: StatusLook(3, "running", "▶", "running"),
    Status.READY: StatusLook(4, "ready", "⚑", "ready"),
    Status.PENDING: StatusLook(5, "pending", "○", "pending"),
    Status.SUCCESSFUL: StatusLook(6, "successful", "✓", "successful"),
}
SKIPPED: Final = "SKIPPED"
ROLLED_BACK: Final = "ROLLED BACK"
"""What is shown in the place of a status whose work was not done, or was undone."""
_NOT_DONE: Final[Mapping[str, StatusLook]] = {
    SKIPPED: StatusLook(6, "skipped", "»", "skipped"),
    ROLLED_BACK: StatusLook(5, "undone", "↶", "rolled back"),
}
URGENT: Final = (Status.FAILED, Status.CANCELING, Status.RUNNING)
"""The statuses of what is looked for first, where not all can be shown."""
SIGNS: Final[Mapping[str, str]] = {
    row.tone: row.sign for row in (*_LOOKS.values(), *_NOT_DONE.values(), _UNKNOWN)
}
"""The sign of each tone."""

_ADDITIONS: Final[Mapping[tuple[str, str], str]] = {
    (Operation.SKIP, Status.SUCCESSFUL): "skipped",
    (Operation.ROLLBACK_SKIP, Status.PENDING): "rollback skipped",
    (Operation.CANCEL, Status.FAILED): "cancelled",
    (Operation.CANCEL, Status.RUNNING): "being cancelled",
    (Operation.ROLLBACK, Status.PENDING): "rolled back",
    (Operation.ROLLBACK, Status.SUCCESSFUL): "waits for rollback",
    (Operation.ROLLBACK, Status.READY): "to be rolled back",
    (Operation.ROLLBACK, Status.RUNNING): "rolling back",
    (Operation.ROLLBACK, Status.FAILED): "in rollback",
}


def look(status: str | None) -> StatusLook:
    """Tell how to show a status, one never seen before too: its word is its own."""
    known = _LOOKS.get(status or "") or _NOT_DONE.get(status or "")
    return known or _UNKNOWN._replace(word=status_name(status).lower())


def status_name(status: str | None) -> str:
    """Name a status as the document has it, safe to show, or say that it has none."""
    return visible(status or "") or _NO_STATUS


def severity_key(status: str | None) -> tuple[int, str]:
    """Sort statuses by this to have what needs attention first."""
    return (look(status).rank, status or "")


def shown_status(subtask: Subtask) -> str | None:
    """Give the status as pictures show it.

    What was skipped or undone is not done, and what a cancel was asked for is CANCELING.
    """
    return _shown(subtask.operation, subtask.status)


def _shown(operation: str | None, status: str | None) -> str | None:
    if (operation, status) == (Operation.SKIP, Status.SUCCESSFUL):
        return SKIPPED
    if (operation, status) == (Operation.CANCEL, Status.RUNNING):
        return Status.CANCELING
    undone = (operation, status) == (Operation.ROLLBACK, Status.PENDING)
    return ROLLED_BACK if undone else status


def count_shown(subtasks: Iterable[Subtask]) -> tuple[tuple[str, int], ...]:
    """Sum up many subtasks: how many have which status by name, the worst first.

    They are counted as :func:`shown_status` gives them.
    """
    counter: Counter[str] = Counter()
    for state, count in Counter(map(_STATE, subtasks)).items():
        counter[status_name(_shown(*state))] += count
    return tuple((name, counter[name]) for name in sorted(counter, key=severity_key))


def addition(subtask: Subtask, *, blocked: bool = False, overdue: bool = False) -> str:
    """Say what is not in :func:`shown_status`: ``cancelled``, ``waits for rollback``.

    Parameters
    ----------
    subtask : Subtask
    blocked : bool
        It cannot start because of a failure, which says more than its operation.
    overdue : bool
        It runs longer than its timeout, which says more too.
    """
    if shown_status(subtask) != subtask.status:
        return ""
    return _addition(subtask, blocked=blocked, overdue=overdue)


def state_text(subtask: Subtask, *, blocked: bool = False, overdue: bool = False) -> str:
    """Say what status and operation mean together: ``PENDING, rolled back``.

    Parameters
    ----------
    subtask : Subtask
    blocked, overdue : bool
        See :func:`addition`.
    """
    more = _addition(subtask, blocked=blocked, overdue=overdue)
    name = status_name(subtask.status)
    return f"{name}, {more}" if more else name


def _addition(subtask: Subtask, *, blocked: bool, overdue: bool) -> str:
    if blocked or overdue:
        return "blocked" if blocked else "overdue"
    return _ADDITIONS.get((subtask.operation or "", subtask.status or ""), "")
