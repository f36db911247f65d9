"""The findings as annotations of a GitHub Actions log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from taskgraph.checks import CheckRun, Finding
from taskgraph.model import visible
from taskgraph.reports.check_text import closing_lines
from taskgraph.settings import Severity

__all__ = ["render_check_github"]

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_check_github(run: CheckRun) -> str:
    """Write a run as workflow commands, the worst first, and a closing count.

    GitHub shows ten annotations of each severity per step, so the worst come first.
    """
    findings = [finding for result in run.results for finding in result.findings]
    findings.sort(key=lambda finding: -finding.severity.rank)  # stable
    return "".join(
        f"{line}\n" for line in [*_unreadable(run), *map(_command, findings)]
    ) + ("".join(f"{line}\n" for line in closing_lines(run)))


def _unreadable(run: CheckRun) -> Iterator[str]:
    for error in run.unreadable:
        problem = error.problems[0]
        yield _line(
            "error", error.file, problem.line, problem.column, "unreadable", str(error)
        )


def _command(finding: Finding) -> str:
    text = f"{finding.message}\nhint: {finding.hint}"
    title = f"{finding.code} {finding.name}"
    command = _COMMANDS[finding.severity]
    return _line(command, finding.file, finding.line, finding.column, title, text)


def _line(
    command: str, file: str, line: int | None, column: int | None, title: str, text: str
) -> str:
    properties = {"title": title, "file": PurePath(file).as_posix()}
    if line is not None:
        properties |= {"line": str(line), "col": str(column or 1)}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    shown = "\n".join(map(visible, text.split("\n")))
    return f"::{command} {listed}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
