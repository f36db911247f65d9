"""The findings as a code quality report of GitLab."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import PurePath
from typing import Any

from taskgraph.checks import CheckRun, Finding
from taskgraph.checks.baseline import fingerprints
from taskgraph.model import visible
from taskgraph.settings import Severity

__all__ = ["render_check_gitlab"]

_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}


def render_check_gitlab(run: CheckRun) -> str:
    """Write a run as the JSON array that GitLab's merge request widget reads.

    A document that could not be read is a blocker.
    """
    issues = [
        _issue(finding, fingerprint)
        for result in run.results
        for finding, fingerprint in zip(
            result.findings, fingerprints(result.findings), strict=True
        )
    ]
    issues += [
        _row(
            "unreadable",
            str(error),
            "blocker",
            (error.file, error.problems[0].line),
            "unreadable",
        )
        for error in run.unreadable
    ]
    seen: Counter[str] = Counter()
    for issue in issues:  # the same task may have been saved twice
        key = issue["fingerprint"]
        seen[key] += 1
        if seen[key] > 1:
            issue["fingerprint"] = _digest(f"{key} {seen[key]}")
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return _row(
        finding.name,
        f"{finding.code}: {finding.message}; {finding.hint}",
        _SEVERITIES[finding.severity],
        (finding.file, finding.line),
        # GitLab takes one fingerprint for one issue, also in different files and tasks.
        f"{finding.task_id} {fingerprint}",
    )


def _row(
    name: str, text: str, severity: str, place: tuple[str, int | None], identity: str
) -> dict[str, Any]:
    file, line = place
    path = PurePath(file).as_posix()
    return {
        "type": "issue",
        "check_name": name,
        "description": visible(text),
        "categories": ["Bug Risk"],
        "severity": severity,
        "fingerprint": _digest(f"{path}\0{identity}"),
        "location": {"path": path, "lines": {"begin": line or 1}},
    }


def _digest(text: str) -> str:
    from hashlib import blake2b

    data = text.encode("utf-8", "backslashreplace")
    return blake2b(data, digest_size=16).hexdigest()
