"""Findings that the options accept, by rule, task and subtask."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from taskgraph.checks.findings import Finding

__all__ = ["Suppression", "without_suppressed"]


class Suppression(NamedTuple):
    """Accepts findings of some rules about some subtasks.

    Attributes
    ----------
    rule : str
        A selector, as in ``CheckOptions``.
    task, subtask : str
        Patterns of names as in a shell. A finding is accepted if the name of its task
        and the names of all its subtasks fit; with a `subtask` other than ``*`` it must
        be about one at least.
    """

    rule: str
    task: str = "*"
    subtask: str = "*"

    def fits(self, finding: Finding) -> bool:
        """Tell whether task and subtasks fit; the rule is not looked at."""
        if not fnmatchcase(finding.task_name or "", self.task):
            return False
        if self.subtask == "*":
            return True
        names = finding.subtask_names
        return bool(names) and all(fnmatchcase(name, self.subtask) for name in names)


def without_suppressed(
    findings: Iterable[Finding], by_code: dict[str, list[Suppression]]
) -> list[Finding]:
    """Leave out the findings that are accepted.

    Parameters
    ----------
    findings : iterable of Finding
    by_code : dict of str to list of Suppression
        The suppressions of each rule, by its code.
    """
    return [
        finding
        for finding in findings
        if not any(
            suppression.fits(finding) for suppression in by_code.get(finding.code, ())
        )
    ]
