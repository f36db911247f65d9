"""What a run of the checks gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.checks.findings import Finding, Severity
from taskgraph.errors import InputError
from taskgraph.model import Id

if TYPE_CHECKING:
    from taskgraph.checks.baseline import BaselineEntry

__all__ = ["CheckResult", "CheckRun", "Skipped"]


class Skipped(NamedTuple):
    """A rule that could not speak about a task."""

    code: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the rules say about one task.

    Attributes
    ----------
    file : str
    task_id, task_name
        The task.
    findings : tuple of Finding
        The worst first, then by rule and by the ids of the subtasks.
    skipped : tuple of Skipped
        The rules that could not speak, by code.
    suppressed : int
        How many findings were accepted beforehand and left out.
    """

    file: str
    task_id: Id | None
    task_name: str
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: int = 0

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; ``None`` where there is none."""
        return max((finding.severity for finding in self.findings), default=None)


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What one run over any number of documents gives: all that a report needs.

    Attributes
    ----------
    results : tuple of CheckResult
        One for each task, in the order of the documents.
    unreadable : tuple of InputError
        The documents that could not be read.
    version : str
        The version of the tool.
    stale : tuple of BaselineEntry
        The entries of the baseline that no finding has any more.
    """

    results: tuple[CheckResult, ...]
    unreadable: tuple[InputError, ...] = ()
    version: str = ""
    stale: tuple[BaselineEntry, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; ``None`` where there is none."""
        found = (result.worst for result in self.results)
        return max((worst for worst in found if worst is not None), default=None)

    def first(self, most: int) -> tuple[CheckRun, int]:
        """Give the run with its first findings only, and how many are left out."""
        results, room, left_out = [], most, 0
        for result in self.results:
            kept = result.findings[:room]
            room -= len(kept)
            left_out += len(result.findings) - len(kept)
            results.append(replace(result, findings=kept))
        return replace(self, results=tuple(results)), left_out

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(
            finding.severity is severity
            for result in self.results
            for finding in result.findings
        )
