"""The values that the engine is known to write.

A status, operation, type or node type is kept as the plain string that the document
has, so that a value never seen before is kept too; the enumerations name the known ones
and compare equal to those strings.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "NODE_TYPES",
    "OPERATIONS",
    "STATUSES",
    "TASK_OPERATIONS",
    "TASK_STATUSES",
    "TASK_TYPES",
    "Operation",
    "Status",
    "is_known",
    "known_word",
    "known_words",
]


class Status(StrEnum):
    """The state of a task or a subtask."""

    PENDING = "PENDING"
    READY = "READY"
    RUNNING = "RUNNING"
    CANCELING = "CANCELING"
    FAILED = "FAILED"
    SUCCESSFUL = "SUCCESSFUL"


class Operation(StrEnum):
    """What the engine was last told to do with a task or a subtask."""

    EXECUTE = "EXECUTE"
    RETRY = "RETRY"
    ROLLBACK = "ROLLBACK"
    SKIP = "SKIP"
    ROLLBACK_SKIP = "ROLLBACK_SKIP"
    CANCEL = "CANCEL"


STATUSES = frozenset(Status)
TASK_STATUSES = frozenset({Status.RUNNING, Status.FAILED, Status.SUCCESSFUL})
OPERATIONS = frozenset(Operation)
TASK_OPERATIONS = OPERATIONS - {Operation.ROLLBACK_SKIP}
TASK_TYPES = frozenset({"MANUAL", "SCHEDULED", "SYS_SCHEDULED", "SYS_ONCE", "SYS_ONECE"})
"""The documentation spells one of them SYS_ONECE."""
NODE_TYPES = frozenset({"JAVA_TASK"})
_KNOWN = STATUSES | OPERATIONS | TASK_TYPES | NODE_TYPES | {None}


def is_known(word: str) -> bool:
    """Tell whether the engine is known to write a word."""
    return word in _KNOWN


def known_word(word: str | None) -> str | None:
    """Give a known word as the engine writes it, whatever the case of its letters.

    Examples
    --------
    >>> known_word("failed"), known_word("Suspended")
    ('FAILED', 'Suspended')
    """
    if word in _KNOWN or word is None:
        return word
    usual = word.upper()
    return usual if usual in _KNOWN else word


def known_words(words: list[str | None]) -> list[str | None]:
    """Do the same for many words, at once where all of them are as usual."""
    return words if _KNOWN.issuperset(words) else list(map(known_word, words))
