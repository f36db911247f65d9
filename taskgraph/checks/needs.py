"""What a document must carry for a rule to speak."""

from __future__ import annotations

from taskgraph.checks.rule import Need
from taskgraph.checks.subject import KEYED_DIALECTS, Subject

__all__ = [
    "EDGES",
    "ENVELOPE",
    "KNOWN_ROLLBACK",
    "NAMES",
    "STATUSES",
    "TIMEOUTS",
]


def _edges(subject: Subject) -> str:
    if subject.graph.reported_sides or len(subject.graph) < 2:
        return ""
    return "the document has no edges"


def _statuses(subject: Subject) -> str:
    if subject.task.status is None and subject.statuses <= {None}:
        return "the document has no statuses"
    return ""


def _timeouts(subject: Subject) -> str:
    task = subject.task
    if task.is_definition or any(sub.timeout is not None for sub in task.subtasks):
        return ""
    return "the document has no timeouts"


def _names(subject: Subject) -> str:
    task = subject.task
    if task.origin.dialect in KEYED_DIALECTS:
        return ""
    if any(subtask.name.strip() for subtask in task.subtasks):
        return ""
    return "the document has no names of subtasks"


def _envelope(subject: Subject) -> str:
    return "" if subject.task.envelope is not None else "the document is no response"


def _rollback(subject: Subject) -> str:
    if subject.was_rolled_back and subject.task.origin.dialect == "obshell":
        return "what obshell writes while it rolls back is not known"
    return ""


EDGES = Need("edges", _edges)
STATUSES = Need("statuses", _statuses)
TIMEOUTS = Need("a definition, or some subtask with a timeout", _timeouts)
NAMES = Need("names of subtasks", _names)
ENVELOPE = Need("the envelope of a response", _envelope)
KNOWN_ROLLBACK = Need("no rollback, or one by OCP", _rollback)
