"""What the JSON of commands holds that tell of tasks: schedule, worst case, explanation.

Keys are written in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NotRequired,
    TypeAlias,
    TypeVar,
)

from pydantic import Field

from taskgraph.analysis.as_run import PartKind
from taskgraph.analysis.rollback import Refusal
from taskgraph.analysis.timetable import WindowVerdict
from taskgraph.analysis.weights import Basis, Unit, WeightKind
from taskgraph.model.declaration import Closed, Declaration, Rows
from taskgraph.model.engine import SpanKind
from taskgraph.model.task import Id
from taskgraph.reports.contract import (
    Count,
    File,
    Identifier,
    Ids,
    Moment,
    Pair,
    Pointer,
    SubtaskName,
    TaskId,
    about,
)

C = TypeVar("C")
F = TypeVar("F")

AsOf: TypeAlias = Annotated[str | None, about("The moment that is told of, in ISO 8601.")]
Unlimited: TypeAlias = Annotated[
    Ids, about("Those without a limit: no timeout, or 0, and none is assumed.")
]


def _names(kinds: type[Enum]) -> Any:
    """Let the schema list the names that a text may be."""
    return Field(json_schema_extra={"enum": [kind.name.lower() for kind in kinds]})


class NamedTask(Closed):
    """A task, and the document that it is from."""

    file: File
    pointer: Annotated[Pointer, about("Where in the document it stands.")]
    id: TaskId
    name: str
    status: Annotated[str | None, about("As the document has it.")]


class TaskHead(NamedTask):
    """A task, and how large it is."""

    subtask_count: Annotated[Count, about("All entries, repeated ids too.")]
    edge_count: Annotated[Count, about("Distinct edges.")]


class Report(Closed, Generic[F, C]):
    """What a command says of each of its tasks."""

    format: F
    version: Literal[1]
    tasks: Annotated[list[C], about("In the order in which they were read.")]
    errors: Annotated[
        list[str], about("What could not be read or analysed, a message each.")
    ]


# --- critical-path -----------------------------------------------------------------


class ScheduledSubtask(SubtaskName):
    """A subtask in the schedule; times are in the unit given, from the task's start."""

    duration: Count
    basis: Annotated[str, _names(Basis), about("Where the duration comes from.")]
    early_start: Count
    early_finish: Count
    late_start: Count
    late_finish: Count
    total_float: Annotated[
        Count, about("How much longer it may take without delaying the end.")
    ]
    free_float: Annotated[Count, about("The same without delaying any other subtask.")]
    drag: Annotated[Count, about("How much sooner the task would end if it took no time.")]
    is_critical: bool
    must_start_by: NotRequired[
        Annotated[
            int, about("To end in the window that was given, if nothing waits for a slot.")
        ]
    ]
    window_float: NotRequired[
        Annotated[
            int,
            about("Its float in the window likewise; negative where paths are too long."),
        ]
    ]


class ScheduleBefore(Closed):
    """The schedule without the changes that the user asked for."""

    makespan: Annotated[Count, about("In the unit given.")]
    critical_path: Ids


class AsRunPart(Closed):
    """A part of the wall time."""

    kind: Annotated[str, _names(PartKind)]
    microseconds: Annotated[int, about("Negative for an overlap.")]
    subtask: Annotated[
        Id | None, about("What runs or is waited for; null where it is neither.")
    ]
    begin: Moment
    attempts: Annotated[int | None, about("Those that the document counts in a run.")]
    span: Annotated[
        str | None,
        Field(
            description="What a run holds.",
            json_schema_extra={"enum": [*(kind.name.lower() for kind in SpanKind), None]},
        ),
    ]


class AsRunContent(Closed):
    """Where the time of a run went, by the clock; all in microseconds."""

    wall_microseconds: Annotated[int, about("From start to finish; the parts sum to it.")]
    ideal_microseconds: Annotated[
        Count, about("Had each started when its upstreams had finished.")
    ]
    path: Ids
    without_times: Annotated[Ids, about("Those between two of the path without times.")]
    parts: list[AsRunPart]
    differences: Annotated[
        dict[str, int], about("By kind; they sum to the wall time less the ideal one.")
    ]


class ScheduleFigures(TaskHead):
    """The schedule of a task as a whole."""

    by: Annotated[WeightKind, about("Which durations the schedule is of.")]
    unit: Annotated[Unit, about("Of every duration and time here.")]
    as_of: AsOf
    makespan: Annotated[Count, about("From the start to the end of the task.")]
    unknown: Annotated[
        str | None, about("Why the makespan means nothing; null where it does.")
    ]
    critical_path: Annotated[Ids, about("One of the longest paths, from its start.")]
    critical: Annotated[Ids, about("All without total float.")]
    near_critical: Annotated[Ids, about("All with some float, but no more than --within.")]
    path_count: Annotated[Count, about("How many longest paths there are.")]
    path_count_is_exact: Annotated[
        bool, about("If not, there are more than the number says.")
    ]


class ScheduleBeside(Closed, total=False):
    """What stands beside a schedule where it was asked for."""

    before: ScheduleBefore
    as_run: AsRunContent
    margin: Annotated[
        int | None,
        about(
            "How much earlier than the window it ends, slots counted: by the least that it "
            "takes where it is too long, else by the most; null without a promise."
        ),
    ]
    spare: Annotated[
        int,
        about(
            "How much earlier than the window that was given it ends, or, negative, later, "
            "if nothing waits for a slot."
        ),
    ]
    waits: Annotated[
        Count, about("How much later than that it may end for want of a slot.")
    ]
    verdict: Annotated[
        str,
        _names(WindowVerdict),
        about("Whether it fits the window; slots: only where waits for them are short."),
    ]
    no_promise: Annotated[
        str | None, about("Why it need not end so soon; null where it must.")
    ]


class CriticalPathContent(ScheduleFigures, ScheduleBeside):
    """The schedule of a task."""

    subtasks: Annotated[Rows[ScheduledSubtask], about("By id, ascending.")]


# --- budget and show ---------------------------------------------------------------


class Share(SubtaskName):
    """What a subtask holds of the worst case."""

    seconds: Count


class ConcurrencyBounds(Closed):
    """When a task ends under the limit of concurrency, in seconds."""

    limit: Annotated[Count, about("Subtasks in flight at once; 0: any number.")]
    may_wait: Annotated[bool, about("Whether a subtask may wait for a slot.")]
    longest_path_seconds: Count
    lower_bound_seconds: Annotated[
        Count, about("No order takes less if all take their whole time.")
    ]
    list_schedule_seconds: Annotated[
        Count, about("The engine's own order; it bounds nothing.")
    ]
    upper_bound_seconds: Annotated[Count, about("No order takes longer.")]


class NoReturnContent(Closed):
    """The first starts after which the engine refuses to roll back."""

    subtasks: Annotated[Ids, about("Whose start it is; empty if it is the task's.")]
    after: Annotated[Ids, about("What cannot begin before it: they and all downstream.")]
    seconds_after: Annotated[
        Count, about("All that need not be done by then, at worst; the finite part.")
    ]
    unlimited_after: Annotated[
        Ids, about("What need not be done by then, after or beside it, and has no limit.")
    ]
    passed: Annotated[bool, about("Whether what prohibits rollback has begun.")]
    is_start: Annotated[
        bool, about("Whether it is the start of the task, which prohibits rollback itself.")
    ]


class BudgetFigures(Closed):
    """The worst case in time, in seconds."""

    unknown: Annotated[
        str | None, about("Why there is no worst case to tell; null where there is.")
    ]
    is_bounded: Annotated[bool, about("Whether every subtask has a limit.")]
    finite_seconds: Annotated[Count, about("The worst case if what has no limit counts 0.")]
    budget_seconds: Annotated[
        Count | None, about("The worst case; null where it is unbounded.")
    ]
    unlimited: Unlimited
    assumed: Annotated[Ids, about("Those with the assumed timeout.")]
    assumed_seconds: Annotated[
        Count | None, about("That timeout; null where nothing is assumed.")
    ]
    total_timeout_seconds: Annotated[Count, about("If one ran after the other.")]
    concurrency: ConcurrencyBounds
    shares: Annotated[
        Rows[Share], about("Who holds the longest path, the largest share first.")
    ]
    point_of_no_return: NoReturnContent | None


class RollbackContent(Closed):
    """The way back."""

    is_allowed: Annotated[
        bool | None,
        about("Whether nothing forbids it so far; null where that is not told."),
    ]
    is_accepted_now: Annotated[
        bool | None,
        about("Whether the engine would take it at this moment; null where not told."),
    ]
    refusals: list[Annotated[str, _names(Refusal)]]
    blockers: Annotated[Ids, about("Those that have begun and prohibit it.")]
    order: Annotated[Ids, about("The first to undo first.")]
    worst_case_seconds: Annotated[
        Count | None,
        about(
            "What undoing takes at most; null where nothing promises an end, or no time "
            "is known."
        ),
    ]
    no_promise: Annotated[
        str | None, about("Why nothing promises that it ends; null where it does.")
    ]
    unlimited: Unlimited


class FailingLate(Closed):
    """Failing as late as can still be rolled back, and rolling back, in seconds."""

    subtask: Identifier
    until_failed_seconds: Count
    undoing_seconds: Count
    seconds: Annotated[Count, about("There and back.")]
    at_most_seconds: Annotated[Count, about("No run that is rolled back takes longer.")]
    unlimited: Unlimited


class SlotsContent(Closed):
    """How many slots cost no time."""

    width: Annotated[
        Count, about("Subtasks that can be in flight at once: with as many none waits.")
    ]
    width_is_exact: Annotated[bool, about("Otherwise it is at least so many.")]
    enough: Annotated[
        Count | None,
        about(
            "The smallest with which the engine's own order is as long as the longest path "
            "if all take their whole time; a larger one may cost time again."
        ),
    ]
    tried: Annotated[Count, about("No smaller one does, up to this.")]


class BudgetContent(TaskHead, BudgetFigures):
    """How long a task can take at worst, there and back."""

    limit_seconds: Annotated[
        Count | None, about("What the worst case may be; null where nothing says so.")
    ]
    slots: SlotsContent
    rollback: RollbackContent
    failing_late: Annotated[
        FailingLate | None,
        about(
            "Null where no failure can be rolled back any more, where what was retried, "
            "skipped, late or done lets nothing be told of it, or where that is not known."
        ),
    ]


class ForeseenContent(Closed):
    """A moment by which a share of the past runs alike would be done."""

    moment: str
    is_least: Annotated[bool, about("Whether it is that moment or a later one.")]


class ForecastContent(Closed):
    """When a running task is likely done, where nothing fails."""

    runs: Annotated[Count, about("The past runs alike that it rests on.")]
    needed: Annotated[Count, about("With fewer nothing is said.")]
    half: Annotated[
        ForeseenContent | None, about("By when half of what is alike would be done.")
    ]
    most: Annotated[ForeseenContent | None, about("By when nine of ten would be.")]
    failing: Annotated[float, about("The share of what is alike that fails.")]
    guessed: Annotated[Ids, about("Those without a past run as long.")]


class SlowContent(Closed):
    """A subtask that runs for longer than is usual in its kind."""

    subtask: Identifier
    ran_microseconds: Count
    usual_microseconds: Annotated[Count, about("Half of the past runs took no more.")]
    others: Annotated[Count, about("The past runs of subtasks of its name.")]
    shorter: Annotated[Count, about("Those of them that took less.")]


class ByPastRuns(Closed, total=False):
    """What past runs say, where they were given."""

    forecast: Annotated[
        ForecastContent | None,
        about("Null where the task is not under way or nothing promises an end."),
    ]
    slow: list[SlowContent]


class ShowContent(TaskHead, ByPastRuns):
    """What a task is, how far it is, and what is wrong with it."""

    as_of: AsOf
    statuses: Annotated[dict[str, Count], about("How many subtasks have each status.")]
    findings: Annotated[dict[str, Count], about("How many findings have each severity.")]
    flaws: Annotated[list[str], about("Why the graph is not sound: then nothing is timed.")]
    budget: BudgetFigures | None


# --- explain -----------------------------------------------------------------------


class ExplainSentence(Closed):
    """A claim, in words and as values."""

    claim: Annotated[str, about("What kind of claim it is, in kebab-case.")]
    text: str
    values: Annotated[
        dict[str, Id | list[Id]],
        about("What is claimed; durations in the unit that a key ends in."),
    ]


class ExplainSection(Closed):
    """Sentences about one thing."""

    key: str
    title: str
    sentences: list[ExplainSentence]


class ExplainContent(NamedTask):
    """What happened to a task and what may be done now."""

    verdict: list[ExplainSentence]
    brief: list[ExplainSection]
    sections: list[ExplainSection]


# --- the documents -----------------------------------------------------------------

_REPORTS: dict[str, tuple[Any, str]] = {
    "show": (ShowContent, "What taskgraph show says of tasks"),
    "critical-path": (
        CriticalPathContent,
        "The schedules that taskgraph critical-path computes",
    ),
    "budget": (BudgetContent, "The worst cases that taskgraph budget computes"),
    "explain": (ExplainContent, "What taskgraph explain says of tasks"),
    "diff": (Pair, "The changes that taskgraph diff tells"),
}


def _report(command: str, content: Any, text: str) -> Declaration[Any]:
    report: Any = Report  # for a type checker, types are no values
    return Declaration(command, report[Literal[f"taskgraph/{command}"], content], text)


REPORTS: Final[Mapping[str, Declaration[Any]]] = MappingProxyType(
    {command: _report(command, *row) for command, row in _REPORTS.items()}
)
"""What commands say of tasks, by the command."""
