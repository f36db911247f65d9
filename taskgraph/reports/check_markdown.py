"""The findings as Markdown: a summary for a merge request or a job page."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks import CheckResult, CheckRun, Finding
from taskgraph.errors import InputError
from taskgraph.reports.check_text import closing_lines
from taskgraph.reports.markdown import escaped
from taskgraph.settings import Severity

__all__ = ["render_check_markdown"]

_ICONS = {Severity.ERROR: "🛑", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}


def render_check_markdown(run: CheckRun) -> str:
    """Write a run as a page: the count, then a table for each task with findings."""
    count, *rest = closing_lines(run)
    parts = [f"## taskgraph check\n\n**{escaped(count)}**\n"]
    parts += [_unreadable(error) for error in run.unreadable]
    parts += ["".join(_table(result)) for result in run.results if result.findings]
    if rest:
        lines = "".join(f"- {escaped(line.strip())}\n" for line in rest)
        parts.append(
            f"<details><summary>More about this run</summary>\n\n{lines}\n</details>\n"
        )
    return "\n".join(parts)


def _unreadable(error: InputError) -> str:
    problems = "".join(f"- {escaped(str(problem))}\n" for problem in error.problems)
    return f"### {escaped(error.file)} cannot be read\n\n{problems}"


def _table(result: CheckResult) -> Iterator[str]:
    identifier = "" if result.task_id is None else f" {result.task_id}"
    title = f"{result.file}: task{identifier} {result.task_name}".strip()
    yield f"### {escaped(title)}\n\n"
    yield "| severity | rule | where | what |\n|---|---|---|---|\n"
    for finding in result.findings:
        what = f"{escaped(finding.message)}<br>*{escaped(finding.hint)}*"
        rule = f"{finding.code} {finding.name}"
        severity = f"{_ICONS[finding.severity]} {finding.severity}"
        yield f"| {severity} | {rule} | {escaped(_place(finding))} | {what} |\n"


def _place(finding: Finding) -> str:
    if finding.line is None:
        return finding.pointer
    return f"{finding.line}:{finding.column}"
