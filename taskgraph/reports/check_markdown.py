"""The findings as Markdown: a summary for a merge request or a job page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from taskgraph.checks import CheckResult, CheckRun, Finding
from taskgraph.errors import InputError
from taskgraph.model import visible
from taskgraph.reports.check_text import closing_lines
from taskgraph.settings import Severity

__all__ = ["escape_markdown", "render_check_markdown"]

_ICONS = {Severity.ERROR: "🛑", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}
_MARKUP = re.compile(r"[&<>\\`*_{}\[\]()|~!]")
# What hosts turn into links and mentions by themselves is cut in two by a comment.
_AUTOMATIC = re.compile(r"(?<=[@#])|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Make a text from a document show as it is, on one line, also within a table."""
    parts = _AUTOMATIC.split(visible(text))
    return "<!-- -->".join(_MARKUP.sub(_reference, part) for part in parts)


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def render_check_markdown(run: CheckRun) -> str:
    """Write a run as a page: the count, then a table for each task with findings."""
    count, *rest = closing_lines(run)
    parts = [f"## taskgraph check\n\n**{escape_markdown(count)}**\n"]
    parts += [_unreadable(error) for error in run.unreadable]
    parts += ["".join(_table(result)) for result in run.results if result.findings]
    if rest:
        lines = "".join(f"- {escape_markdown(line.strip())}\n" for line in rest)
        parts.append(
            f"<details><summary>More about this run</summary>\n\n{lines}\n</details>\n"
        )
    return "\n".join(parts)


def _unreadable(error: InputError) -> str:
    problems = "".join(f"- {escape_markdown(str(problem))}\n" for problem in error.problems)
    return f"### {escape_markdown(error.file)} cannot be read\n\n{problems}"


def _table(result: CheckResult) -> Iterator[str]:
    identifier = "" if result.task_id is None else f" {result.task_id}"
    title = f"{result.file}: task{identifier} {result.task_name}".strip()
    yield f"### {escape_markdown(title)}\n\n"
    yield "| severity | rule | where | what |\n|---|---|---|---|\n"
    for finding in result.findings:
        what = f"{escape_markdown(finding.message)}<br>*{escape_markdown(finding.hint)}*"
        rule = f"{finding.code} {finding.name}"
        severity = f"{_ICONS[finding.severity]} {finding.severity}"
        yield f"| {severity} | {rule} | {escape_markdown(_place(finding))} | {what} |\n"


def _place(finding: Finding) -> str:
    if finding.line is None:
        return finding.pointer
    return f"{finding.line}:{finding.column}"
