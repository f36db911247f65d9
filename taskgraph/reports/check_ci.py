"""The findings for CI systems: annotations of GitHub, code quality of GitLab, JUnit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from taskgraph.checks.result import CheckResult, CheckRun, Finding
from taskgraph.errors import InputError, Problem
from taskgraph.model.words import commandless, visible
from taskgraph.reports.check_formats import (
    Gap,
    closing_lines,
    fingerprinted,
    gap_of,
    place,
    title,
    unshown,
)
from taskgraph.settings import Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_check_github(run: CheckRun) -> str:
    """Write a run as workflow commands, the worst first, and a closing count.

    GitHub shows ten annotations of each severity per step, so the worst come first.
    """
    findings = [finding for result in run.results for finding in result.findings]
    findings.sort(key=lambda finding: -finding.severity.rank)  # stable
    unread = [
        _line("error", error.file, error.problems[0], gap_of(error, run).reason, str(error))
        for error in run.unreadable
    ]
    lines = [*unread, *map(_command, findings), *closing_lines(run)]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    text = f"{finding.message}\nhint: {finding.hint}"
    title = f"{finding.code} {finding.name}"
    return _line(_COMMANDS[finding.severity], finding.file, finding, title, text)


def _line(command: str, file: str, at: Finding | Problem, title: str, text: str) -> str:
    properties = {"title": title, "file": PurePath(file).as_posix()}
    if at.line is not None:
        properties |= {"line": str(at.line), "col": str(at.column or 1)}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    shown = "\n".join(map(visible, text.split("\n")))
    return f"::{command} {listed}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


# --- GitLab --------------------------------------------------------------------------


_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render_check_gitlab(run: CheckRun) -> str:
    """Write a run as the JSON array that GitLab's merge request widget reads.

    A document that could not be read or checked, or in part only, is a blocker.
    """
    issues = [
        _issue(finding, fingerprint)
        for result in run.results
        for finding, fingerprint in fingerprinted(result.findings)
    ]
    for error in run.unreadable:
        place = error.file, error.problems[0].line
        identity = f"{PurePath(error.file).name} {error.problems[0].message}"
        told = "; ".join(map(str.strip, str(error).split("\n")))
        reason = gap_of(error, run).reason
        issues.append(_row(reason, told, "blocker", place, identity))
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
        "fingerprint": _digest(identity),  # and not the path: folders are moved
        "location": {"path": path, "lines": {"begin": line or 1}},
    }


def _digest(text: str) -> str:
    from hashlib import blake2b

    data = text.encode("utf-8", "backslashreplace")
    return blake2b(data, digest_size=16).hexdigest()


# --- JUnit ---------------------------------------------------------------------------


def render_check_junit(run: CheckRun) -> str:
    """Write a run as JUnit XML.

    A task is a test suite. Each finding in it is a test case, one that failed if it is
    as bad as the task's `fail_on`, else one that passed with the finding as its output;
    and one stands for all other rules, which passed unless findings were too many to be
    shown: it names those that could not speak. A document that could not be read or checked
    is a test suite with an error, and so is that no document holds a task that is meant.
    """
    root = Element("testsuites", name="taskgraph check")
    for result in run.results:
        root.append(_suite(title(result), list(_cases(result))))
    for error in run.unreadable:
        root.append(_suite(error.file, [_unreadable_case(error, gap_of(error, run))]))
    if run.missing:
        case = _case("taskgraph check", "a document holds a task")
        SubElement(case, "error", type="no-task", message=visible(run.missing))
        root.append(_suite("taskgraph check", [case]))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, 'unicode')}\n"


def _suite(name: str, cases: list[Element]) -> Element:
    counts = {"failures": "failure", "errors": "error"}
    suite = Element("testsuite", name=visible(name), tests=str(len(cases)))
    for attribute, tag in counts.items():
        count = sum(case.find(tag) is not None for case in cases)
        suite.set(attribute, str(count))
    suite.extend(cases)
    return suite


def _case(file: str, name: str) -> Element:
    return Element("testcase", classname=visible(file), name=visible(name), time="0")


def _cases(result: CheckResult) -> Iterator[Element]:
    for finding in result.findings:
        case = _case(result.file, f"{finding.code} {finding.name}{_at(finding)}")
        if result.is_failure(finding.severity):
            outcome = SubElement(
                case,
                "failure",
                type=str(finding.severity),
                message=visible(finding.message),
            )
        else:
            outcome = SubElement(case, "system-out")
        outcome.text = (
            f"{finding.severity}: {visible(finding.message)}\n"
            f"hint: {visible(finding.hint)}\n"
            f"{commandless(visible(finding.file))}{_at(finding)}"
        )
        yield case
    case = _case(result.file, "every other rule")
    if result.left_out:
        failed = any(map(result.is_failure, result.left_out))
        outcome = SubElement(case, "failure" if failed else "system-out")
        outcome.text = unshown(len(result.left_out))
    elif result.skipped:
        rows = (f"{skipped.code}: {skipped.reason}" for skipped in result.skipped)
        SubElement(case, "system-out").text = "\n".join(["skipped:", *map(visible, rows)])
    yield case


def _at(finding: Finding) -> str:
    where = place(finding)
    return f" at {where}" if where else ""


def _unreadable_case(error: InputError, gap: Gap) -> Element:
    case = _case(error.file, gap.asked)
    message = visible(str(error.problems[0]))
    outcome = SubElement(case, "error", type=gap.reason, message=message)
    lines = map(visible, str(error).splitlines())
    outcome.text = "\n".join(map(commandless, lines))
    return case
