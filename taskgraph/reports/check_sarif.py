"""The findings as SARIF 2.1.0, within the limits of GitHub's code scanning."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from taskgraph.checks.registry import RULES
from taskgraph.checks.result import CheckRun, Finding, Step
from taskgraph.checks.rule import Rule
from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Id
from taskgraph.model.words import visible
from taskgraph.reports.check_formats import fingerprinted, unshown
from taskgraph.reports.contract import to_json
from taskgraph.reports.rules import rule_sections
from taskgraph.settings import Severity

MOST_RESULTS = 25_000
"""More results in a run are refused by GitHub; it stores the worst 5,000."""
MOST_LOCATIONS = 1_000
"""More locations of one result are refused by GitHub, or not shown."""

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LINK = re.compile(r"\[(?=[^\]]*\]\()")
_INDEX = {rule.code: place for place, rule in enumerate(RULES)}


def render_check_sarif(run: CheckRun) -> str:
    """Write a run as a SARIF log with one run.

    Every rule is described, whether it found something or not. Where there are more
    results than GitHub takes, the worst ones stay, and a notification tells.
    """
    rows = [row for result in run.results for row in fingerprinted(result.findings)]
    rows.sort(key=lambda row: -row[0].severity.rank)  # stable: the order of the documents
    left_out = len(rows) - MOST_RESULTS
    content = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(run.version)},
                "invocations": [_invocation(run, left_out)],
                "columnKind": "unicodeCodePoints",
                "results": [_result(*row) for row in rows[:MOST_RESULTS]],
            }
        ],
    }
    return to_json(content, indent=2) + "\n"


def _driver(version: str) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "taskgraph", "rules": list(map(_rule, RULES))}
    if version:
        driver["version"] = version
    return driver


def _rule(rule: Rule) -> dict[str, Any]:
    doc, sections = rule.doc, tuple(rule_sections(rule))
    return {
        "id": rule.code,
        "name": rule.name.title().replace("-", ""),
        "shortDescription": _message(doc.summary),
        "fullDescription": _message(doc.what),
        "help": _message(
            "\n\n".join(f"{title}\n{text}" for title, text in sections),
            markdown="\n\n".join(f"## {title}\n\n{text}" for title, text in sections),
        ),
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.enabled},
        "properties": {"tags": [rule.name]},
    }


def _invocation(run: CheckRun, left_out: int) -> dict[str, Any]:
    notes = [_unreadable(error) for error in run.unreadable]
    if run.missing:
        notes.append({"level": "error", "message": _message(run.missing)})
    if asked := sum(len(result.left_out) for result in run.results):
        text = f"{unshown(asked)}, as was asked for."
        notes.append({"level": "note", "message": _message(text)})
    if left_out > 0:
        text = f"{unshown(left_out)}, none worse than these."
        notes.append({"level": "warning", "message": _message(text)})
    is_whole = not (run.unreadable or run.missing)
    invocation: dict[str, Any] = {"executionSuccessful": is_whole}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    return invocation


def _unreadable(error: InputError) -> dict[str, Any]:
    return {
        "level": "error",
        "message": _message(str(error)),
        "locations": [_location(error.file, error.problems[0])],
    }


def _result(finding: Finding, fingerprint: str) -> dict[str, Any]:
    location = _location(finding.file, finding)
    location["logicalLocations"] = [{"fullyQualifiedName": finding.pointer or "/"}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": _LEVELS[finding.severity],
        "message": _message(f"{_sentence(finding.message)} {_sentence(finding.hint)}"),
        "locations": [location],
        "partialFingerprints": {"taskgraphFinding/v1": fingerprint},
        "properties": {
            "task": finding.task_id,
            "subtasks": finding.subtasks[:MOST_LOCATIONS],
            "edges": [
                {"upstream": a, "downstream": b} for a, b in finding.edges[:MOST_LOCATIONS]
            ],
        },
    }
    if finding.path:
        result["codeFlows"] = [_code_flow(finding)]
    return result


def _message(text: str, markdown: str = "") -> dict[str, str]:
    """Give a message without placeholders, of which ``{0}`` would be one.

    Braces are doubled in both forms, with arguments or without (SARIF 2.1.0, 3.11.5).
    """
    forms = {"text": text} | ({"markdown": markdown} if markdown else {})
    return {key: form.replace("{", "{{").replace("}", "}}") for key, form in forms.items()}


def _sentence(text: str) -> str:
    """Write a text that no viewer takes for markup: ``[text](target)`` is a link."""
    shown = _LINK.sub(r"\\[", visible(text))
    return f"{shown[:1].upper()}{shown[1:]}."


def _code_flow(finding: Finding) -> dict[str, Any]:
    """Show a walk step by step; of a long one the beginning and the end."""
    names: dict[Id, str] = dict(zip(finding.subtasks, finding.subtask_names, strict=True))
    steps = finding.path
    if len(steps) > MOST_LOCATIONS:
        half = MOST_LOCATIONS // 2
        steps = steps[:half] + steps[-half:]
    locations = []
    for step in steps:
        location = _location(finding.file, step)
        name = f"{step.id} {names.get(step.id, '')}".strip()
        location["message"] = _message(visible(name))
        locations.append({"location": location})
    return {"threadFlows": [{"locations": locations}]}


def _location(file: str, at: Finding | Step | Problem) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if at.line is not None:
        physical["region"] = {"startLine": at.line, "startColumn": at.column or 1}
    return {"physicalLocation": physical}


def _uri(file: str) -> str:
    """Write a path as a URI: relative as it is, absolute with its scheme."""
    path = PurePath(file)
    try:
        name = path.as_posix().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no name that the operating system gave
        name = path.as_posix().encode("utf-8", "replace")
    encoded = quote(name, safe="/")
    return f"file://{encoded}" if path.is_absolute() else encoded
