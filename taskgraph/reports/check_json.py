"""The findings for programs: what their JSON and JSON Lines hold, and how they are written.

Keys are written in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from taskgraph.checks.result import AnyRun, CheckResult, CheckRun, Finding
from taskgraph.errors import InputError
from taskgraph.model.declaration import Closed, Declaration
from taskgraph.reports.check_formats import Reason, fingerprinted, gap_of
from taskgraph.reports.contract import (
    Count,
    EdgeEnds,
    Identifier,
    Pointer,
    SubtaskName,
    TaskId,
    about,
    declared,
    to_json,
)
from taskgraph.settings import Severity

Place: TypeAlias = Annotated[
    Annotated[int, Field(ge=1)] | None,
    about("Counted from 1; null where the text is not at hand."),
]
Code: TypeAlias = Annotated[
    str, Field(description="The code of a rule.", pattern="^TG[0-9]{3}$")
]
RuleName: TypeAlias = Annotated[
    str, Field(description="The name of a rule.", pattern="^[a-z]+(-[a-z]+)*$")
]


class Summary(Closed):
    """What a run of the checks found, counted."""

    tasks: Count
    files: Annotated[Count, about("The files of which at least one task was checked.")]
    unreadable: Annotated[Count, about("Documents not checked, or in part only.")]
    suppressed: Annotated[
        Count, about("Findings that were accepted beforehand and left out.")
    ]
    errors: Count
    warnings: Count
    infos: Count


class PathStep(Closed):
    """A subtask of a walk, and where it stands in the document."""

    id: Identifier
    pointer: Pointer
    line: Place
    column: Place


class FindingContent(Closed):
    """A fault of a task."""

    code: Code
    name: RuleName
    severity: Annotated[Severity, Field(strict=False)]
    message: Annotated[str, about("One sentence that names the subtasks.")]
    hint: Annotated[str, about("What to do.")]
    fingerprint: Annotated[
        str,
        Field(
            description="The same for the same finding in another run, with other ids and "
            "in another order.",
            pattern="^[0-9a-f]{32}$",
        ),
    ]
    subtasks: list[SubtaskName]
    edges: Annotated[
        list[EdgeEnds],
        about("The edges that it is about; for a cycle those without which there is none."),
    ]
    path: Annotated[
        list[PathStep],
        about(
            "A walk along the edges that shows the fault; for a cycle it ends "
            "where it began."
        ),
    ]
    file: str
    pointer: Pointer
    line: Place
    column: Place
    of_document: Annotated[
        bool, about("Whether it is about the whole document, not one task.")
    ]


class SkippedRule(Closed):
    """A rule that could not speak about the task."""

    code: Code
    name: RuleName
    reason: str


class CheckedTask(Closed):
    """What was found about a task."""

    file: str
    id: TaskId
    name: str
    findings: list[FindingContent]
    skipped: list[SkippedRule]
    suppressed: Count


class ReadProblem(Closed):
    """A thing that is wrong with a document."""

    message: str
    pointer: str | None
    line: Place
    column: Place


class UnreadableContent(Closed):
    """A document that could not be read or checked, or in part only."""

    file: str
    reason: Annotated[
        Reason,
        about("Whether it was read, in part, or its configuration is wrong."),
    ]
    hint: str
    problems: Annotated[list[ReadProblem], Field(min_length=1)]


class StaleEntry(Closed):
    """An entry of the baseline, as it stands there."""

    fingerprint: str
    code: str
    name: str
    task: str | None
    subtasks: list[str]


class CheckContent(Closed):
    """A run of the checks."""

    format: Literal["taskgraph/check"]
    version: Literal[1]
    tool_version: str
    summary: Summary
    tasks: list[CheckedTask]
    unreadable: list[UnreadableContent]
    stale_baseline: Annotated[
        list[StaleEntry],
        about("Entries of the baseline that were looked for, and that no finding has."),
    ]


class FoundTask(Closed):
    """The task that a finding is about."""

    id: TaskId
    name: str


class FindingHead(Closed):
    """What a line for a finding begins with."""

    kind: Literal["finding"]
    task: FoundTask


class FindingLine(FindingHead, FindingContent):
    """A line for each finding."""


class UnreadableHead(Closed):
    """What a line for a document that was not checked begins with."""

    kind: Literal["unreadable"]


class UnreadableLine(UnreadableHead, UnreadableContent):
    """A line for each document that could not be read or checked, or in part only."""


class SummaryHead(Closed):
    """What the last line begins with."""

    kind: Literal["summary"]
    version: Literal[1]
    tool_version: str


class SummaryLine(SummaryHead, Summary):
    """The last line."""


CheckLine: TypeAlias = FindingLine | UnreadableLine | SummaryLine


CHECK: Final[Declaration[CheckContent]] = Declaration(
    "check", CheckContent, "The findings, as taskgraph check --format json writes them"
)
CHECK_LINE: Final[Declaration[CheckLine]] = Declaration(
    "check-jsonl",
    Annotated[CheckLine, Field(discriminator="kind")],
    "A line of what taskgraph check --format jsonl writes",
)


# --- written as JSON -----------------------------------------------------------------


def render_check_json(run: CheckRun) -> str:
    """Write a run as JSON, as declared: the same bytes for the same run."""
    content: CheckContent = {
        "format": "taskgraph/check",
        "version": 1,
        "tool_version": run.version,
        "summary": summary_json(run),
        "tasks": [_result(result) for result in run.results],
        "unreadable": [unreadable_json(error, run) for error in run.unreadable],
        "stale_baseline": [
            {**declared(StaleEntry, entry), "subtasks": list(entry.subtasks)}
            for entry in run.stale
        ],
    }
    return to_json(CHECK.checked(content), indent=2) + "\n"


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
        "findings": [finding_json(*row) for row in fingerprinted(result.findings)],
        "skipped": [declared(SkippedRule, rule) for rule in result.skipped],
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
        "path": [declared(PathStep, step) for step in finding.path],
        "file": finding.file,
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "of_document": finding.task_name is None,
    }


def unreadable_json(error: InputError, run: AnyRun) -> UnreadableContent:
    """Say why a document was not checked, or not all of it."""
    return {
        "file": error.file,
        "reason": gap_of(error, run).reason,
        "hint": error.hint,
        "problems": [declared(ReadProblem, problem) for problem in error.problems],
    }


def stream_check_jsonl(run: AnyRun) -> Iterator[str]:
    """Write a line for each finding and each document not checked, and a summary last.

    Every line is an object whose ``kind`` says what it is: ``finding``, ``unreadable`` or
    ``summary``. Findings and such documents have the properties that they have in
    the JSON output, a finding also the ``task`` that it is about.
    """
    return (f"{to_json(CHECK_LINE.checked(line))}\n" for line in _json_lines(run))


def _json_lines(run: AnyRun) -> Iterator[CheckLine]:
    for result in run.results:
        task: FoundTask = {"id": result.task_id, "name": result.task_name}
        for row in fingerprinted(result.findings):
            yield {"kind": "finding", "task": task, **finding_json(*row)}
    for error in run.unreadable:
        yield {"kind": "unreadable", **unreadable_json(error, run)}
    yield {
        "kind": "summary",
        "version": 1,
        "tool_version": run.version,
        **summary_json(run),
    }
