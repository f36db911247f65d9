"""The mistakes of form in a document, as faults of the task that they are in."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault
from taskgraph.checks.subject import Subject
from taskgraph.errors import Problem
from taskgraph.model.task import Id
from taskgraph.model.words import label
from taskgraph.settings import Severity
from taskgraph.sources.document import UNKNOWN_KEY

__all__ = ["mistakes"]

_NO_HINT = "taskgraph schema definition gives the JSON Schema of definitions"


def mistakes(subject: Subject, code: str) -> Iterator[Fault]:
    """Give the faults of one rule: as it was read, with the subtask that it is about."""
    for mistake in subject.task.origin.mistakes:
        if mistake.rule == code:
            yield _fault(subject, mistake)


def _fault(subject: Subject, mistake: Problem) -> Fault:
    """Say which subtask it is about, and nothing that moves when lines move."""
    pointer = mistake.pointer or ""
    position, below = subject.owner(pointer)
    steps = [step for step in below.split("/") if not step.isdecimal()]
    given = mistake.message.partition(", not ")[2]  # so that another wrong value is new
    message = mistake.message
    subtasks: tuple[Id, ...] = ()
    if position is not None:
        subtask = subject.task.subtasks[position]
        message, subtasks = f"{label(subtask)}: {message}", (subtask.id,)
    return Fault(
        message,
        mistake.hint or _NO_HINT,
        subtasks=subtasks,
        pointer=pointer,
        severity=Severity.WARNING if mistake.is_read else None,
        of_key=mistake.rule == UNKNOWN_KEY,
        detail="/".join([*steps, *filter(None, [given])]),
    )
