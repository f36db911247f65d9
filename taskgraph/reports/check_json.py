"""The findings as JSON for programs: versioned, with a published schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from taskgraph.checks import AnyRun, CheckResult, CheckRun, Finding
from taskgraph.checks.baseline import fingerprints
from taskgraph.errors import InputError

__all__ = [
    "FORMAT",
    "VERSION",
    "check_schema",
    "finding_json",
    "render_check_json",
    "summary_json",
    "to_json",
    "unreadable_json",
]

FORMAT = "taskgraph/check"
VERSION = 1


def render_check_json(run: CheckRun) -> str:
    """Write a run as JSON; :func:`check_schema` gives its schema.

    Returns
    -------
    str
        The same bytes for the same run.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "tool_version": run.version,
        "summary": summary_json(run),
        "tasks": [_result(result) for result in run.results],
        "unreadable": [unreadable_json(error) for error in run.unreadable],
        "stale_baseline": [entry._asdict() for entry in run.stale],
    }
    return to_json(content, indent=2) + "\n"


def check_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of what :func:`render_check_json` writes."""
    from importlib.resources import files

    text = (
        files("taskgraph.reports").joinpath("schemas/check.schema.json").read_text("utf-8")
    )
    schema: dict[str, Any] = json.loads(text)
    return schema


def to_json(content: Mapping[str, Any], indent: int | None = None) -> str:
    """Write JSON that can be encoded, whatever a document had in its texts."""
    text = json.dumps(content, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(content, indent=indent)
    return text


def summary_json(run: AnyRun) -> dict[str, int]:
    """Count what a run found."""
    totals = run.totals
    return {
        "tasks": totals.tasks,
        "files": totals.files,
        "unreadable": len(run.unreadable),
        "suppressed": totals.suppressed,
        **{f"{severity}s": count for severity, count in totals.severities.items()},
    }


def _result(result: CheckResult) -> dict[str, Any]:
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
        "skipped": [skipped._asdict() for skipped in result.skipped],
        "suppressed": result.suppressed,
    }


def finding_json(finding: Finding, fingerprint: str) -> dict[str, Any]:
    """Give a finding as JSON has it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": str(finding.severity),
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
        "path": [step._asdict() for step in finding.path],
        "file": finding.file,
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "of_document": finding.task_name is None,
    }


def unreadable_json(error: InputError) -> dict[str, Any]:
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
