"""The findings as JUnit XML, the form in which CI systems show test results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from taskgraph.checks import CheckResult, CheckRun, Finding
from taskgraph.errors import InputError
from taskgraph.model import visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["render_check_junit"]


def render_check_junit(run: CheckRun) -> str:
    """Write a run as JUnit XML.

    A task is a test suite. Each finding in it is a test case, one that failed if it is
    as bad as the task's `fail_on`, else one that passed with the finding as its output;
    each rule that could not speak is a skipped one; and one stands for all other rules,
    which passed unless findings were too many to be shown. A document that could not be
    read is a test suite with an error.
    """
    from xml.etree.ElementTree import Element, indent, tostring

    root = Element("testsuites", name="taskgraph check")
    for result in run.results:
        root.append(_suite(_title(result), list(_cases(result))))
    for error in run.unreadable:
        root.append(_suite(error.file, [_unreadable(error)]))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, 'unicode')}\n"


def _title(result: CheckResult) -> str:
    identifier = "" if result.task_id is None else f" {result.task_id}"
    return f"{result.file}: task{identifier} {result.task_name}".strip()


def _suite(name: str, cases: list[Element]) -> Element:
    from xml.etree.ElementTree import Element

    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite = Element("testsuite", name=visible(name), tests=str(len(cases)))
    for attribute, tag in counts.items():
        count = sum(case.find(tag) is not None for case in cases)
        suite.set(attribute, str(count))
    suite.extend(cases)
    return suite


def _case(file: str, name: str) -> Element:
    from xml.etree.ElementTree import Element

    return Element("testcase", classname=visible(file), name=visible(name), time="0")


def _cases(result: CheckResult) -> Iterator[Element]:
    from xml.etree.ElementTree import SubElement

    for finding in result.findings:
        case = _case(result.file, f"{finding.code} {finding.name}{_place(finding)}")
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
            f"{visible(finding.file)}{_place(finding)}"
        )
        yield case
    for skipped in result.skipped:
        case = _case(result.file, f"{skipped.code} {skipped.name}")
        SubElement(case, "skipped").text = visible(skipped.reason)
        yield case
    case = _case(result.file, "every other rule")
    if result.left_out:
        failed = any(map(result.is_failure, result.left_out))
        outcome = SubElement(case, "failure" if failed else "system-out")
        outcome.text = f"{len(result.left_out)} more findings are not shown"
    yield case


def _place(finding: Finding) -> str:
    if finding.line is None:
        return f" at {finding.pointer}" if finding.pointer else ""
    return f" at {finding.line}:{finding.column}"


def _unreadable(error: InputError) -> Element:
    from xml.etree.ElementTree import SubElement

    case = _case(error.file, "is readable")
    message = visible(str(error.problems[0]))
    outcome = SubElement(case, "error", type="unreadable", message=message)
    outcome.text = "\n".join(map(visible, str(error).splitlines()))
    return case
