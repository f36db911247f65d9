"""Findings that the options accept, by rule, task and subtask."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from taskgraph.checks.findings import Finding
from taskgraph.settings import Suppression

__all__ = ["fits", "without_suppressed"]


def fits(suppression: Suppression, finding: Finding) -> bool:
    """Tell whether task and subtasks fit; the rule is not looked at."""
    if not fnmatchcase(finding.task_name or "", suppression.task):
        return False
    if suppression.subtask == "*":
        return True
    names = finding.subtask_names
    return bool(names) and all(fnmatchcase(name, suppression.subtask) for name in names)


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
            fits(suppression, finding) for suppression in by_code.get(finding.code, ())
        )
    ]
