"""What JSON of ours is made of: the contract with the programs that read it.

Keys are written in the order in which they stand here. Beside the pieces that several
documents share, here stand the differences of two documents and the configuration; what
commands say of a task is declared in ``task_contract``, the findings in ``check_json``, the
history in ``history_contract``, the baseline and the node-link graph beside their code.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, cast

from pydantic import Field

from taskgraph.model.declaration import Closed, Declaration
from taskgraph.model.task import Id
from taskgraph.model.words import in_json

C = TypeVar("C")


def declared(kind: type[C], item: object) -> C:
    """Take what a type declares from the attributes of the same names."""
    names = kind.__annotations__
    return cast("C", {name: getattr(item, name) for name in names})


def to_json(content: Any, indent: int | None = None) -> str:
    """Write JSON that can be encoded, whatever a document had in its texts."""
    return in_json(json.dumps(content, ensure_ascii=False, indent=indent))


def about(text: str) -> Any:
    """Let the schema say what a value is."""
    return Field(description=text)


Count: TypeAlias = Annotated[int, Field(ge=0)]
Pointer: TypeAlias = Annotated[
    str,
    Field(
        description="A JSON pointer (RFC 6901) into the document.",
        json_schema_extra={"pattern": r"^(/[\s\S]*)?$"},
    ),
]
Moment: TypeAlias = Annotated[str, about("ISO 8601, with the offset.")]
Identifier: TypeAlias = Annotated[Id, about("The id of a subtask.")]
Ids: TypeAlias = list[Identifier]
TaskId: TypeAlias = Annotated[Id | None, about("The id of the task.")]
File: TypeAlias = Annotated[str, about("The document, as the user named it.")]


class SubtaskName(Closed):
    """A subtask: its id, and its name as the document has it."""

    id: Identifier
    name: str


class EdgeEnds(Closed):
    """An edge, by the ids of its ends."""

    upstream: Identifier
    downstream: Identifier


# --- diff --------------------------------------------------------------------------


class FieldDifference(Closed):
    """A field that has another value."""

    field: str
    before: Id | bool | None
    after: Id | bool | None


class ChangedSubtask(SubtaskName):
    """A subtask of both sides that is not the same in both."""

    fields: list[FieldDifference]


class ChangedCopies(SubtaskName):
    """A subtask of both sides whose id others have too, which are not the same."""

    before: Annotated[Count, about("How many others the first side has.")]
    after: Annotated[Count, about("How many others the second side has.")]
    fields: Annotated[
        list[str], about("Which fields of theirs differ; empty where their number does.")
    ]


class TimeCause(SubtaskName):
    """A subtask that a change of time comes from."""

    change: Annotated[int, about("What it adds, in the unit of the change.")]


class Difference(Closed):
    """A time on both sides; the causes and the structure sum to the difference."""

    before: Count
    after: Count
    causes: Annotated[list[TimeCause], about("The largest change first.")]
    by_structure: Annotated[int, about("What edges and concurrency add to the change.")]


class BudgetDifference(Difference):
    """The finite worst case on both sides, in seconds."""

    was_bounded: bool
    is_bounded: bool
    lost_bounds: Annotated[
        list[SubtaskName], about("Subtasks without a limit that had one, or are new.")
    ]
    gained_bounds: Annotated[
        list[SubtaskName], about("Subtasks whose limit is new, or that are gone.")
    ]


class OneSided(Closed):
    """A task that only one side has."""

    name: str
    status: Literal["added", "removed"]


class BothSides(Closed):
    """A task that both sides have."""

    name: str
    status: Literal["changed", "same"]
    is_structure_changed: bool
    is_budget_changed: bool
    budget_verdict: Annotated[
        Literal["better", "same", "worse", "unknown"],
        about("Growth and a bound that is lost are worse; unknown without a worst case."),
    ]
    matched_by_id: Annotated[
        bool, about("Whether all subtasks of both have the same id in both.")
    ]
    task: Annotated[list[FieldDifference], about("What changed about the task itself.")]
    added: list[SubtaskName]
    removed: list[SubtaskName]
    changed: list[ChangedSubtask]
    changed_copies: list[ChangedCopies]
    added_edges: list[EdgeEnds]
    removed_edges: list[EdgeEnds]
    flaws: Annotated[list[str], about("Why times cannot be compared.")]
    budget_seconds: BudgetDifference | None
    measured_microseconds: Annotated[
        Difference | None, about("The longest path of measured times.")
    ]


PairContent: TypeAlias = OneSided | BothSides
Pair: TypeAlias = Annotated[PairContent, Field(discriminator="status")]


# --- config ------------------------------------------------------------------------


class AcceptedByConfig(Closed):
    """Findings that the configuration accepts; task and subtask are patterns of names."""

    rule: str
    task: str
    subtask: str


class OptionContent(Closed):
    """An option of the configuration."""

    key: str
    value: Annotated[
        Id | bool | float | list[str] | list[AcceptedByConfig] | None,
        about("Durations in seconds; null where nothing is set."),
    ]
    origin: Annotated[str, about("The file that it is from, or default.")]


class ConfigContent(Closed):
    """The configuration in force for a document."""

    format: Literal["taskgraph/config"]
    version: Literal[1]
    options: list[OptionContent]


CONFIG: Final[Declaration[ConfigContent]] = Declaration(
    "config", ConfigContent, "The configuration in force, as taskgraph config tells it"
)
