"""What the findings are as JSON and as JSON Lines: the contract with who reads them."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from taskgraph.model import Id
from taskgraph.model.declaration import Closed, Declaration
from taskgraph.reports.contract import Count, EdgeEnds, Identifier, Pointer, SubtaskName
from taskgraph.settings import Severity

__all__ = [
    "CHECK",
    "CHECK_LINE",
    "CheckContent",
    "CheckLine",
    "CheckedTask",
    "FindingContent",
    "FindingHead",
    "FindingLine",
    "FoundTask",
    "PathStep",
    "ReadProblem",
    "SkippedRule",
    "StaleEntry",
    "Summary",
    "SummaryHead",
    "SummaryLine",
    "UnreadableContent",
    "UnreadableHead",
    "UnreadableLine",
]

Place: TypeAlias = Annotated[
    Annotated[int, Field(ge=1)] | None,
    Field(description="Counted from 1; null where the text is not at hand."),
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
    files: Annotated[
        Count, Field(description="The files that at least one task was read from.")
    ]
    unreadable: Count
    suppressed: Annotated[
        Count, Field(description="Findings that were accepted beforehand and left out.")
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
    message: Annotated[str, Field(description="One sentence that names the subtasks.")]
    hint: Annotated[str, Field(description="What to do.")]
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
        Field(
            description="The edges that it is about; for a cycle those without which "
            "there is none."
        ),
    ]
    path: Annotated[
        list[PathStep],
        Field(
            description="A walk along the edges that shows the fault; for a cycle it ends "
            "where it began."
        ),
    ]
    file: str
    pointer: Pointer
    line: Place
    column: Place
    of_document: Annotated[
        bool, Field(description="Whether it is about the whole document, not one task.")
    ]


class SkippedRule(Closed):
    """A rule that could not speak about the task."""

    code: Code
    name: RuleName
    reason: str


class CheckedTask(Closed):
    """What was found about a task."""

    file: str
    id: Annotated[Id | None, Field(description="The id of the task.")]
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
    """A document that could not be read."""

    file: str
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
        Field(description="Entries of the baseline that no finding has any more."),
    ]


class FoundTask(Closed):
    """The task that a finding is about."""

    id: Annotated[Id | None, Field(description="The id of the task.")]
    name: str


class FindingHead(Closed):
    """What a line for a finding begins with."""

    kind: Literal["finding"]
    task: FoundTask


class FindingLine(FindingHead, FindingContent):
    """A line for each finding."""


class UnreadableHead(Closed):
    """What a line for an unreadable document begins with."""

    kind: Literal["unreadable"]


class UnreadableLine(UnreadableHead, UnreadableContent):
    """A line for each document that could not be read."""


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
