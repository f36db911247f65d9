"""What a rule is, and what a document must carry for one to speak."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.checks.subject import KEYED_DIALECTS, Subject
from taskgraph.model import Id, Status
from taskgraph.settings import Severity

if TYPE_CHECKING:
    from taskgraph.checks.subject import Subject

__all__ = [
    "AS_OF",
    "EDGES",
    "ENVELOPE",
    "KNOWN_ROLLBACK",
    "NAMES",
    "OPERATIONS",
    "ROLLBACK_FLAGS",
    "SOUND_GRAPH",
    "STATUSES",
    "SUBTASK_TIMES",
    "TIMEOUTS",
    "TIMES",
    "TIMESTAMP",
    "Fault",
    "Need",
    "Rule",
    "RuleDoc",
]

_SECTIONS = ("What it does", "Why it is bad", "Example", "What to do")


class Fault(NamedTuple):
    """What a rule says about one fault; the runner makes a finding of it."""

    message: str
    hint: str
    subtasks: tuple[Id, ...] = ()
    edges: tuple[tuple[Id, Id], ...] = ()
    pointer: str | None = None
    """``None`` is the task itself."""
    path: tuple[int, ...] = ()
    """The nodes of a walk that shows the fault."""
    severity: Severity | None = None
    """``None`` is the severity of the rule."""
    of_document: bool = False
    """About the whole document, not about one of its tasks."""
    detail: str = ""
    """What tells this fault from another one of the same rule about the same subtasks."""


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """Something that a document must carry for a rule to speak.

    Attributes
    ----------
    what : str
    reason_to_skip : callable
        Says why a rule cannot speak about a task; ``""`` where it can.
    """

    what: str
    reason_to_skip: Callable[[Subject], str]


class RuleDoc(NamedTuple):
    """The documentation of a rule, section by section."""

    summary: str
    what: str
    why: str
    example: str
    action: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    code : str
        Stable: ``TG103``.
    name : str
        Says the fault, in kebab case: ``one-sided-edge``.
    severity : Severity
        The default.
    check : callable
        Gives the faults of a task, in any order.
    text : str or None
        The docstring of the rule's module; ``None`` where Python was told to drop it.
    needs : tuple of Need
        Without one of them the rule is skipped, and counted as skipped.
    enabled : bool
        Whether the rule is on by default.
    """

    code: str
    name: str
    severity: Severity
    check: Callable[[Subject], Iterable[Fault]]
    text: str | None
    needs: tuple[Need, ...] = ()
    enabled: bool = True

    @property
    def doc(self) -> RuleDoc:
        """The documentation, read from the docstring."""
        summary, *rest = (self.text or "").strip().split("\n\n", 1)
        sections = dict.fromkeys(_SECTIONS, "")
        title, lines = "", list[str]()
        for line in [*"".join(rest).splitlines(), ""]:
            if line in sections:
                title, lines = line, []
            elif title and not (line and set(line) == {"-"}):
                lines.append(line)
                sections[title] = "\n".join(lines).strip()
        return RuleDoc(summary, *sections.values())


_NOT_BEGUN = frozenset({Status.PENDING, Status.READY})


def _edges(subject: Subject) -> str:
    if subject.graph.reported_sides or len(subject.graph) < 2:
        return ""
    return "the document has no edges"


def _sound(subject: Subject) -> str:
    return " and ".join(subject.graph.flaws)


def _subtask_times(subject: Subject) -> str:
    if subject.reports_times:
        return ""
    if subject.statuses and subject.statuses <= _NOT_BEGUN:
        return "no subtask has begun"
    return "the document has no times of subtasks"


def _times(subject: Subject) -> str:
    task = subject.task
    if subject.reports_times or task.start_time is not None or task.finish_time is not None:
        return ""
    return "the document has no times"


def _as_of(subject: Subject) -> str:
    return (
        "" if subject.analysis.as_of is not None else "the document is of no known moment"
    )


def _timestamp(subject: Subject) -> str:
    envelope = subject.task.envelope
    if envelope is None or envelope.timestamp is None:
        return "the response has no timestamp"
    return ""


def _operations(subject: Subject) -> str:
    if subject.operations <= {None} and subject.task.subtasks:
        return "the document has no operations"
    return ""


def _rollback_flags(subject: Subject) -> str:
    flags = (subtask.prohibit_rollback for subtask in subject.task.subtasks)
    if all(flag is None for flag in flags):
        return "the document does not say which subtasks forbid rollback"
    return ""


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
    if subject.analysis.is_rolling_back and subject.task.origin.dialect == "obshell":
        return "what obshell writes while it rolls back is not known"
    return ""


EDGES = Need("edges", _edges)
SOUND_GRAPH = Need("a sound graph: every edge known, no cycle", _sound)
OPERATIONS = Need("operations", _operations)
TIMES = Need("times", _times)
AS_OF = Need("the moment that it describes", _as_of)
TIMESTAMP = Need("a response with a timestamp", _timestamp)
SUBTASK_TIMES = Need("times of subtasks", _subtask_times)
ROLLBACK_FLAGS = Need("which subtasks forbid rollback", _rollback_flags)
STATUSES = Need("statuses", _statuses)
TIMEOUTS = Need("a definition, or some subtask with a timeout", _timeouts)
NAMES = Need("names of subtasks", _names)
ENVELOPE = Need("the envelope of a response", _envelope)
KNOWN_ROLLBACK = Need("no rollback, or one by OCP", _rollback)
