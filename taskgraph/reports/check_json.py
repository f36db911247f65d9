"""The findings as JSON for programs: versioned, with a published schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from taskgraph.checks import AnyRun, CheckResult, CheckRun, Finding
from taskgraph.checks.baseline import fingerprints
from taskgraph.errors import InputError
from taskgraph.reports.check_contract import (
    CHECK,
    CheckContent,
    CheckedTask,
    FindingContent,
    Summary,
    UnreadableContent,
)
from taskgraph.settings import Severity

__all__ = [
    "finding_json",
    "render_check_json",
    "summary_json",
    "to_json",
    "unreadable_json",
]


def render_check_json(run: CheckRun) -> str:
    """Write a run as JSON, as ``check_contract`` declares it.

    Returns
    -------
    str
        The same bytes for the same run.
    """
    content: CheckContent = {
        "format": "taskgraph/check",
        "version": 1,
        "tool_version": run.version,
        "summary": summary_json(run),
        "tasks": [_result(result) for result in run.results],
        "unreadable": [unreadable_json(error) for error in run.unreadable],
        "stale_baseline": [
            {
                "fingerprint": entry.fingerprint,
                "code": entry.code,
                "name": entry.name,
                "task": entry.task,
                "subtasks": list(entry.subtasks),
            }
            for entry in run.stale
        ],
    }
    return to_json(CHECK.checked(content), indent=2) + "\n"


def to_json(content: Mapping[str, Any], indent: int | None = None) -> str:
    """Write JSON that can be encoded, whatever a document had in its texts."""
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(content, indent=indent)
    return text


def summary_json(run: AnyRun) -> Summary:
    """Count what a run found."""
    totals = run.totals
    counts = totals.severities
    return {
        "tasks": totals.tasks,
        "files": totals.files,
        "unreadable": len(run.unreadable),
        "suppressed": totals.suppressed,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "infos": counts[Severity.INFO],
    }


def _result(result: CheckResult) -> CheckedTask:
    return {
        "file": result.file,
        "id": result.task_id,
        "name": result.task_name,
        "findings": [
            finding_json(finding, fingerprint)
            for finding, fingerprint in zip(
                result.findings, fingerprints(result.findings), strict=True
            )
        ],
        "skipped": [
            {"code": rule.code, "name": rule.name, "reason": rule.reason}
            for rule in result.skipped
        ],
        "suppressed": result.suppressed,
    }


def finding_json(finding: Finding, fingerprint: str) -> FindingContent:
    """Give a finding as JSON has it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "fingerprint": fingerprint,
        "subtasks": [
            {"id": identifier, "name": name}
            for identifier, name in zip(
                finding.subtasks, finding.subtask_names, strict=True
            )
        ],
        "edges": [{"upstream": a, "downstream": b} for a, b in finding.edges],
        "path": [
            {
                "id": step.id,
                "pointer": step.pointer,
                "line": step.line,
                "column": step.column,
            }
            for step in finding.path
        ],
        "file": finding.file,
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "of_document": finding.task_name is None,
    }


def unreadable_json(error: InputError) -> UnreadableContent:
    """Say why a document could not be read."""
    return {
        "file": error.file,
        "hint": error.hint,
        "problems": [
            {
                "message": problem.message,
                "pointer": problem.pointer,
                "line": problem.line,
                "column": problem.column,
            }
            for problem in error.problems
        ],
    }
