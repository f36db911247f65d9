"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.model import Id
from taskgraph.settings import Severity

if TYPE_CHECKING:
    from taskgraph.checks.subject import Subject

__all__ = ["Fault", "Need", "Rule", "RuleDoc"]

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
