"""What a rule is, what it says, and what a document must carry for one to speak."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from taskgraph.checks.subject import KEYED_DIALECTS, Rest, Subject
from taskgraph.errors import Problem
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import NOT_BEGUN
from taskgraph.model.task import Id
from taskgraph.model.words import ascending, label, labels, listed, percent
from taskgraph.settings import Severity
from taskgraph.sources.document import UNKNOWN_KEY

if TYPE_CHECKING:
    from taskgraph.analysis.budget import Budget

__all__ = [
    "AS_OF",
    "EDGES",
    "ENVELOPE",
    "KNOWN_ROLLBACK",
    "LAST_EVENT",
    "NAMES",
    "OPERATIONS",
    "ROLLBACK_FLAGS",
    "SOUND_GRAPH",
    "STATUSES",
    "SUBTASK_TIMES",
    "TIMEOUTS",
    "TIMES",
    "TIMESTAMP",
    "WHOLE_EDGES",
    "WHOLE_TIMEOUTS",
    "Fault",
    "Need",
    "Rule",
    "RuleDoc",
    "Severity",
    "Subject",
    "mistakes",
    "need",
    "of_worst_case",
    "reported",
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
    of_key: bool = False
    """About the key that the pointer ends with, not about its value."""
    detail: str = ""
    """What tells this fault from another one of the same rule about the same subtasks."""

    @classmethod
    def of(
        cls,
        subject: Subject,
        positions: Collection[int],
        what: str,
        hint: str,
        attribute: str = "",
        *,
        severity: Severity | None = None,
        detail: str = "",
    ) -> Fault:
        """Say what is wrong with subtasks, and point to a value of the first one by id."""
        subtasks = [subject.task.subtasks[position] for position in positions]
        return cls(
            f"{labels(subtasks)} {what}",
            hint,
            subtasks=ascending(subtask.id for subtask in subtasks),
            pointer=subject.first_pointer(positions, attribute),
            severity=severity,
            detail=detail,
        )

    @classmethod
    def of_rest(cls, subject: Subject, rest: Rest, what: str, hint: str) -> Fault:
        """Say what is wrong with what a list names beyond what is told one by one."""
        position, side, _ = rest.first
        owner = subject.task.subtasks[position]
        return cls(
            f"{label(owner)} names {what}",
            hint,
            subtasks=(owner.id,),
            edges=(subject.edge(rest.first),),
            pointer=subject.subtask_pointer(position, side),
            detail=f"more in {side}",
        )


class Need(NamedTuple):
    """Something that a document must carry for a rule to speak."""

    what: str
    reason_to_skip: Callable[[Subject], str]
    """Says why a rule cannot speak about a task; ``""`` where it can."""
    of_run: bool = False
    """Whether a definition may well lack it, so that this is not worth a word."""


class RuleDoc(NamedTuple):
    """The documentation of a rule, section by section."""

    summary: str
    what: str
    why: str
    example: str
    action: str


class Rule:
    """One rule; code, name and text come from the name and the docstring of its module.

    Parameters
    ----------
    check : callable
        Gives the faults of a task, in any order.
    severity : {"error", "warning", "info"}
        The default.
    *needs : Need
        Without one of them the rule is skipped, and counted as skipped.
    enabled : bool
        Whether the rule is on by default.
    follows : tuple of str
        The rules whose faults have it as a consequence: where one of them is found in a
        subtask, this one says nothing of it.
    follows_in_runs : bool
        Whether that holds in responses too. Who mends a definition wants one thing to do.
    across : bool
        Whether what it says counts only beside another task of the run with this name.

    Attributes
    ----------
    code : str
        Stable: ``TG103``.
    name : str
        Says the fault, in kebab case: ``one-sided-edge``.
    text : str or None
        The docstring; ``None`` where Python was told to drop it.
    """

    def __init__(
        self,
        check: Callable[[Subject], Iterable[Fault]],
        severity: Literal["error", "warning", "info"],
        *needs: Need,
        enabled: bool = True,
        follows: tuple[str, ...] = (),
        follows_in_runs: bool = True,
        across: bool = False,
    ) -> None:
        module = sys.modules[check.__module__]
        code, _, name = module.__name__.rpartition(".")[2].partition("_")
        self.code, self.name = code.upper(), name.replace("_", "-")
        self.text = module.__doc__
        self.check, self.severity, self.needs = check, Severity(severity), needs
        self.enabled, self.across = enabled, across
        self.follows, self.follows_in_runs = follows, follows_in_runs

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


def need(
    what: str, reason: str, is_met: Callable[[Subject], bool], *, of_run: bool = False
) -> Need:
    """Make a need for whose lack there is one reason only."""
    return Need(what, lambda subject: "" if is_met(subject) else reason, of_run)


def reported(attribute: str) -> Callable[[Subject], bool]:
    """Give what tells whether any subtask of a task has a value."""
    return lambda subject: subject.task.reports(attribute)


def of_worst_case(budget: Budget, part: int) -> str:
    """Say how much of the worst case a part is, or of what of that is finite."""
    seconds = budget.seconds
    whole = f"worst case of {format_duration(seconds)}"
    if not budget.is_bounded:
        whole = f"finite part of the worst case, {format_duration(seconds)}"
    share = f" ({percent(part, seconds)})" if seconds else ""
    return f"{format_duration(part)} of the {whole}{share}"


def _subtask_times(subject: Subject) -> str:
    if subject.reports_times:
        return ""
    if subject.statuses and subject.statuses <= NOT_BEGUN:
        return "no subtask has begun"
    return "the document has no times of subtasks"


def _has_times(subject: Subject) -> bool:
    task = subject.task
    own = task.start_time is not None or task.finish_time is not None
    return own or subject.reports_times


def _last_event(subject: Subject) -> str:
    """Where nothing has begun, the start of the task was the last event."""
    if subject.task.start_time is not None and subject.statuses <= NOT_BEGUN:
        return ""
    return _subtask_times(subject)


def _has_names(subject: Subject) -> bool:
    """Tell whether names are reported: where the keys are the API's, always."""
    task = subject.task
    return task.origin.dialect in KEYED_DIALECTS or any(
        subtask.name.strip() for subtask in task.subtasks
    )


EDGES = need(
    "edges",
    "the document has no edges",
    lambda subject: bool(subject.graph.reported_sides) or len(subject.graph) < 2,
)
WHOLE_EDGES = need(
    "edges that can all be read",
    "some edges cannot be read",
    lambda subject: (
        not (subject.lacks_subtasks or subject.unread("id", "upstreams", "downstreams"))
    ),
)
WHOLE_TIMEOUTS = need(
    "timeouts that can all be read",
    "some timeouts cannot be read",
    lambda subject: not subject.unread("timeout"),
)
SOUND_GRAPH = Need(
    "a sound graph: every edge known, no cycle",
    lambda subject: listed(subject.graph.flaws) or WHOLE_EDGES.reason_to_skip(subject),
)
OPERATIONS = need(
    "operations",
    "the document has no operations",
    lambda subject: not (subject.operations <= {None} and subject.task.subtasks),
    of_run=True,
)
TIMES = need("times", "the document has no times", _has_times, of_run=True)
AS_OF = need(
    "the moment that it describes",
    "the document is of no known moment",
    lambda subject: subject.analysis.as_of is not None,
    of_run=True,
)
TIMESTAMP = need(
    "a response with a timestamp",
    "the response has no timestamp",
    lambda subject: bool(subject.task.envelope and subject.task.envelope.timestamp),
    of_run=True,
)
SUBTASK_TIMES = Need("times of subtasks", _subtask_times, of_run=True)
LAST_EVENT = Need("the last event", _last_event, of_run=True)
ROLLBACK_FLAGS = need(
    "which subtasks forbid rollback",
    "the document does not say which subtasks forbid rollback",
    reported("prohibit_rollback"),
    of_run=True,
)
STATUSES = need(
    "statuses",
    "the document has no statuses",
    lambda subject: subject.task.status is not None or not subject.statuses <= {None},
    of_run=True,
)
_HAS_TIMEOUTS = reported("timeout")
TIMEOUTS = need(
    "a definition, or some subtask with a timeout",
    "the document has no timeouts",
    lambda subject: subject.task.is_definition or _HAS_TIMEOUTS(subject),
)
NAMES = need("names of subtasks", "the document has no names of subtasks", _has_names)
ENVELOPE = need(
    "the envelope of a response",
    "the document is no response",
    lambda subject: subject.task.envelope is not None,
    of_run=True,
)
KNOWN_ROLLBACK = need(
    "no rollback, or one by OCP",
    "what obshell writes while it rolls back is not known",
    lambda subject: not (subject.is_of_obshell and subject.analysis.is_rolling_back),
)
