"""A status, operation or type that the engine is not known to write.

What it does
------------
Compares the status, operation and type of the task, and the status, operation and node
type of every subtask, with the values that are known. One finding for each unknown value,
however many subtasks have it. In a task that has run, a subtask without a status is
reported too: the engine always writes one.

Why it is bad
-------------
The value may be misspelt, or come from a newer version. It is kept and shown, but what it
means is not known: rules that depend on it say nothing about these subtasks.

Example
-------
`"status": "SUCCEEDED"` where the engine writes `SUCCESSFUL`.

What to do
----------
Correct the value. If a newer version of the engine really writes it, ignore the rule and
report the value.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Need, Rule, Subject
from taskgraph.model.task import (
    NODE_TYPES,
    OPERATIONS,
    STATUSES,
    TASK_OPERATIONS,
    TASK_STATUSES,
    TASK_TYPES,
)
from taskgraph.model.words import plural, shorten

_OF_TASK = (("status", TASK_STATUSES), ("operation", TASK_OPERATIONS), ("type", TASK_TYPES))
_OF_OBSHELL_TASK = (("status", STATUSES), *_OF_TASK[1:])
_OF_SUBTASKS = (("status", STATUSES), ("operation", OPERATIONS), ("node_type", NODE_TYPES))


def check(subject: Subject) -> Iterator[Fault]:
    """Report each unknown value."""
    for attribute, known in _OF_OBSHELL_TASK if subject.is_of_obshell else _OF_TASK:
        value = getattr(subject.task, attribute)
        if value is not None and value not in known:
            yield Fault(
                f"the task has the {attribute} {shorten(value)!r}, which is not known",
                _hint(known),
                pointer=subject.pointer(attribute),
                detail=f"{attribute}={value}",
            )
    present = (subject.statuses, subject.operations, {*subject.task.column("node_type")})
    for (attribute, known), values in zip(_OF_SUBTASKS, present, strict=True):
        if values - known - {None}:
            yield from _of_subtasks(subject, attribute, known)
    if None in subject.statuses and {subject.task.status, *subject.statuses} != {None}:
        yield from _without_status(subject)


def _without_status(subject: Subject) -> Iterator[Fault]:
    rows = enumerate(subject.task.subtasks)
    positions = [position for position, subtask in rows if subtask.status is None]
    what = f"{plural(len(positions), 'has', 'have')} no status"
    hint = "save the response again; no engine leaves a status out"
    yield Fault.of(subject, positions, what, hint, "status", detail="status=")


def _of_subtasks(
    subject: Subject, attribute: str, known: frozenset[str]
) -> Iterator[Fault]:
    by_value: dict[str, list[int]] = {}
    for position, subtask in enumerate(subject.task.subtasks):
        value = getattr(subtask, attribute)
        if value is not None and value not in known:
            by_value.setdefault(value, []).append(position)
    noun = attribute.replace("_", " ")
    for value, positions in by_value.items():
        verb = plural(len(positions), "has", "have")
        yield Fault.of(
            subject,
            positions,
            f"{verb} the {noun} {shorten(value)!r}, which is not known",
            _hint(known),
            attribute,
            detail=f"{attribute}={value}",
        )


def _hint(known: frozenset[str]) -> str:
    return f"known: {', '.join(sorted(known))}"


def _values(subject: Subject) -> str:
    task = subject.task
    if task.is_definition and task.status is None and subject.statuses <= {None}:
        return "a definition has no states"
    return ""


RULE = Rule(check, "warning", Need("what an engine wrote", _values, of_run=True))
