"""What every JSON of ``taskgraph history`` holds: the contract with programs that read it.

Keys are written in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from taskgraph.analysis.past import NoForecast
from taskgraph.analysis.progress import Endless
from taskgraph.history.advising import TimeoutVerdict
from taskgraph.history.departures import AnomalyKind
from taskgraph.history.pools import OutcomeBasis
from taskgraph.model.declaration import Closed, Declaration
from taskgraph.model.task import Id
from taskgraph.reports.contract import Count, File, Identifier, SubtaskName, TaskId, about


def _values(*kinds: type[Enum]) -> Any:
    """Let the schema list what a text may be."""
    values = [kind.value for one in kinds for kind in one]
    return Field(json_schema_extra={"enum": values})


Microseconds: TypeAlias = Annotated[int | None, about("In microseconds.")]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1, description="From 0 to 1.")]


class RunOfTask(Closed):
    """A task, and the document that it is from."""

    file: File
    id: TaskId
    name: str


# --- stats -------------------------------------------------------------------------


class DistributionContent(Closed):
    """Measured values: those that so many per cent of all do not exceed."""

    size: Annotated[Count, about("How many there are.")]
    p5: int | None
    p25: int | None
    p50: int | None
    p75: int | None
    p95: int | None
    p99: int | None
    max: int | None


class KindContent(Closed):
    """What the documents say about one kind of task or subtask."""

    task: str
    subtask: Annotated[str | None, about("null for the task as a whole.")]
    seen: Annotated[Count, about("Whatever became of them.")]
    runs: Annotated[Count, about("Proven to have run once, and over, well or badly.")]
    failed: Count
    skipped: Count
    retried: Count
    rolled_back: Count
    run_us: Annotated[
        DistributionContent, about("Microseconds of the runs that did their work.")
    ]
    wait_us: Annotated[
        DistributionContent,
        about("Microseconds from the last upstream's end to the start."),
    ]
    timeout: Annotated[int | None, about("Seconds, in the latest document that has one.")]
    used_ppm: Annotated[
        DistributionContent, about("How much of its timeout a run used, in millionths.")
    ]


class StatsOutput(Closed):
    """How long each kind of task and subtask takes, and how often it fails."""

    format: Literal["taskgraph/history-stats"]
    version: Literal[1]
    documents: Annotated[Count, about("How many were looked at.")]
    rejects: Annotated[Count, about("How many could not be read.")]
    responses: Annotated[Count, about("Responses about tasks.")]
    tasks: Annotated[Count, about("Distinct tasks.")]
    kinds: Annotated[
        list[KindContent], about("By task, the task before its subtasks, those by name.")
    ]


# --- timeouts ----------------------------------------------------------------------


class AdviceOptionsContent(Closed):
    """What the advice promises."""

    share: Annotated[Share, about("Of the healthy runs that must pass.")]
    confidence: Annotated[Share, about("Of that promise.")]
    margin: Annotated[float, Field(ge=0, description="On top, as a share of the limit.")]
    across_tasks: Annotated[bool, about("Kinds of tasks are taken together.")]


class AdviceContent(Closed):
    """The advice on the timeout of one kind of subtask."""

    task: Annotated[str | None, about("null for all kinds of tasks.")]
    subtask: str
    verdict: Annotated[str, _values(TimeoutVerdict)]
    timeout: Annotated[int | None, about("Seconds, at present; null and 0 are no limit.")]
    advised: Annotated[int | None, about("Seconds; null where there are too few runs.")]
    is_next_step: Annotated[
        bool, about("Too many runs were cut to know how long is enough.")
    ]
    runs: Annotated[Count, about("Healthy runs that were measured.")]
    needed: Annotated[Count, about("How many the promise needs.")]
    cut: Annotated[Count, about("Runs that the timeout may have killed though healthy.")]
    hung: Annotated[Count, about("Failed at the timeout, healthy runs being long over.")]
    unknown: Annotated[Count, about("Retried or skipped: what ended them is not known.")]
    retried: Annotated[Count, about("Subtasks with several attempts.")]
    limit_us: Annotated[
        Microseconds, about("What passes the share of runs, in microseconds.")
    ]
    longest_us: Annotated[Microseconds, about("The longest healthy run, in microseconds.")]
    confidence: Annotated[float | None, about("With which the limit keeps the promise.")]
    would_kill: Annotated[int | None, about("Healthy runs longer than the advice.")]
    frees: Annotated[int | None, about("Seconds less in the worst case of an attempt.")]


class ReviewContent(RunOfTask):
    """What the advice means for one task."""

    changes: Annotated[Count, about("How many timeouts it changes.")]
    before: Annotated[
        int | None,
        about(
            "Seconds at worst if what has no limit counts 0; null if the graph is unsound, "
            "or the document has no timeouts."
        ),
    ]
    after: Annotated[int | None, about("The same with the advice.")]
    was_bounded: Annotated[bool | None, about("Whether every subtask has a limit.")]
    is_bounded: Annotated[bool | None, about("The same with the advice.")]
    advice: Annotated[list[AdviceContent], about("On its own timeouts.")]


class TimeoutsOutput(Closed):
    """Which timeouts are too long or too short for the runs that were measured."""

    format: Literal["taskgraph/history-timeouts"]
    version: Literal[1]
    options: AdviceOptionsContent
    advice: Annotated[list[AdviceContent], about("By task and subtask.")]
    definitions: Annotated[list[ReviewContent], about("The tasks that were asked about.")]


class PatchOperationContent(Closed):
    """One operation of a JSON Patch (RFC 6902)."""

    op: Literal["test", "replace", "add"]
    path: Annotated[str, about("A JSON pointer (RFC 6901).")]
    value: int | str | None


# --- odds --------------------------------------------------------------------------


class OddsOptionsContent(Closed):
    """How a task was simulated."""

    window: Annotated[int, about("Seconds that the task may take.")]
    samples: Annotated[
        Annotated[int, Field(ge=1)] | None, about("null where there are no odds.")
    ]
    seed: int


class QuantileContent(Closed):
    """A makespan that a share of the runs does not exceed, in microseconds."""

    share: Share
    value: int
    low: Annotated[int | None, about("With 95 % confidence no less; null where none is.")]
    high: Annotated[int | None, about("With 95 % confidence no more; null where none is.")]
    is_least: Annotated[
        bool,
        about("It is at least that: runs were cut, or too few show it, or are guessed."),
    ]


class SubtaskOddsContent(SubtaskName):
    """What the samples say about one subtask."""

    criticality: Annotated[Share, about("Of the samples in which it decides the makespan.")]
    failure: Annotated[Share, about("Of the samples in which it fails.")]
    basis: Annotated[str, _values(OutcomeBasis), about("What it was drawn from.")]
    runs: Annotated[Count, about("The past runs that it was drawn from.")]
    cut: Annotated[Count, about("Outcomes in them that a shorter timeout had ended.")]
    attempts: Annotated[Count, about("How often it is started at most when it fails.")]


class OddsOutput(Closed):
    """The odds that a task ends within a window of time."""

    format: Literal["taskgraph/history-odds"]
    version: Literal[1]
    task: RunOfTask
    options: OddsOptionsContent
    since: Annotated[
        str | None, about("From when a running task goes on, in ISO 8601; else null.")
    ]
    slots: Annotated[Count, about("How many subtasks are in flight at most; 0 is any.")]
    no_forecast: Annotated[
        Annotated[str, _values(Endless, NoForecast)] | None,
        about("Why there are no odds, and so no figures; null where there are."),
    ]
    runs: Annotated[Count, about("How many whole runs of the past the answer rests on.")]
    probability: Annotated[Share | None, about("That it ends in time, and well.")]
    low: Annotated[Share | None, about("A bound of that, with 95 % confidence.")]
    high: Annotated[Share | None, about("A bound of that, with 95 % confidence.")]
    late: Annotated[Share | None, about("That it ends well, after the window.")]
    failed: Annotated[Share | None, about("That a subtask fails.")]
    quantiles: list[QuantileContent]
    subtasks: Annotated[list[SubtaskOddsContent], about("As in the task.")]
    bins: Annotated[
        list[Annotated[list[int], Field(min_length=3, max_length=3)]],
        about("Makespans as (from, to, samples), in microseconds."),
    ]


# --- anomalies ---------------------------------------------------------------------


class AnomalyOptionsContent(Closed):
    """What counts as a departure."""

    share: Annotated[Share, about("Of like runs that show no departure.")]
    rare: Annotated[Share, about("What at most so many others do is one.")]
    factor: Annotated[float, about("Of the usual time, at least.")]
    least_runs: Annotated[Count, about("With fewer others nothing is said.")]
    least_seconds: Annotated[Count, about("Smaller differences are none.")]


class AnomalyContent(Closed):
    """One departure."""

    kind: Annotated[str, _values(AnomalyKind)]
    ids: Annotated[list[Id], about("The subtasks; none for what is missing.")]
    name: Annotated[str, about("Of the subtask.")]
    others: Annotated[
        Count,
        about(
            "How many others there are: runs of subtasks of its name, and of the task "
            "where it is new, missing or out of order."
        ),
    ]
    alike: Annotated[Count, about("How many of them do the same, or worse.")]
    value_us: Annotated[Microseconds, about("The time in question, in microseconds.")]
    usual_us: Annotated[Microseconds, about("What half of the others do not exceed.")]
    high_us: Annotated[Microseconds, about("What the share of the others do not exceed.")]
    attempts: Annotated[int | None, about("How often it was started.")]
    other_name: Annotated[str, about("What otherwise comes first.")]
    is_running: Annotated[bool, about("It is not over.")]


class RunContent(Closed):
    """One run, and where it departs from its kind."""

    task: RunOfTask
    others: Annotated[Count, about("Other runs of the same kind of task.")]
    options: AnomalyOptionsContent
    found: list[AnomalyContent]


class AnomaliesOutput(Closed):
    """Where runs depart from their kind."""

    format: Literal["taskgraph/history-anomalies"]
    version: Literal[1]
    runs: list[RunContent]


# --- budget --fit ------------------------------------------------------------------


class LoweredContent(Closed):
    """A timeout that becomes shorter."""

    node: Annotated[Count, about("Its place among the subtasks, by id.")]
    id: Identifier
    name: str
    before: Annotated[Count, about("Seconds.")]
    after: Annotated[Count, about("Seconds.")]
    runs: Annotated[Count, about("Healthy runs that are known.")]
    longer: Annotated[Count, about("Those that took longer than the new timeout.")]


class FitOutput(Closed):
    """Timeouts with which the worst case fits a window."""

    format: Literal["taskgraph/budget-fit"]
    version: Literal[1]
    task: RunOfTask
    window: Annotated[Count, about("Seconds.")]
    before: Annotated[Count, about("The worst case in seconds, as it is.")]
    after: Annotated[Count, about("The worst case in seconds, with the new timeouts.")]
    by_runs: Annotated[
        bool, about("At the least risk by past runs; else by the fewest changes.")
    ]
    lowered: list[LoweredContent]
    cost: Annotated[
        float, about("How many subtasks a run loses in the mean, or how many changes.")
    ]
    proven: Annotated[float, about("No other timeouts cost less than this.")]
    is_exact: Annotated[bool, about("Nothing cheaper fits.")]


# --- compare -----------------------------------------------------------------------


class TestContent(Closed):
    """A test by ranks (Mann–Whitney), two-sided."""

    p: Annotated[Share, about("How seldom chance alone parts the runs so.")]
    is_exact: Annotated[bool, about("Counted, not approximated.")]


class StepGrowthContent(Closed):
    """What a kind of subtask adds to the wall clock, in microseconds."""

    subtask: str
    before_us: Annotated[int, about("Of the path that the clock saw, in the mean.")]
    after_us: int
    run_us: Annotated[int, about("The growth by running.")]
    wait_us: Annotated[int, about("The growth by waiting for its start.")]
    p: Annotated[Share, about("Of all subtasks together (Holm).")]
    is_exact: bool


class GrowthContent(Closed):
    """How much longer a kind of task takes, in the mean of its successful runs."""

    task: str
    before: Annotated[Count, about("Runs that are compared.")]
    after: Count
    unknown: Annotated[Count, about("Runs whose path an older version did not keep.")]
    before_us: Annotated[int, about("The mean wall clock, in microseconds.")]
    after_us: int
    test: TestContent
    steps: Annotated[
        list[StepGrowthContent], about("With the rest they sum to the whole growth.")
    ]
    rest_us: Annotated[int, about("Outside of all subtasks, in microseconds.")]


class CompareOutput(Closed):
    """Which subtasks the growth of the wall clock comes from."""

    format: Literal["taskgraph/history-compare"]
    version: Literal[1]
    since: Annotated[str | None, about("When the later runs begin.")]
    tasks: list[GrowthContent]
    lonely: Annotated[list[str], about("Kinds of tasks with runs on one side only.")]


# --- report ------------------------------------------------------------------------


class TrendRunContent(Closed):
    """One run of a task."""

    id: str | None
    file: Annotated[str, about("The document, and the place in it.")]
    moment: Annotated[str, about("When it started, else was made or asked for.")]
    status: str | None


class ChangeContent(Closed):
    """Since when a step takes longer, or less long."""

    run: Annotated[Count, about("The first run after the change, from 0.")]
    before_us: Annotated[int, about("What half of the runs before do not exceed.")]
    after_us: Annotated[int, about("The same of this run and those after it.")]
    confidence: Annotated[Share, about("That there is a change, all kinds together.")]


class PeriodContent(Closed):
    """Healthy runs, in microseconds."""

    size: Count
    p50: int | None
    p95: int | None


class KindTrendContent(Closed):
    """The runs of a kind of subtask, one after the other."""

    subtask: Annotated[str | None, about("null for the task as a whole.")]
    spans_us: Annotated[
        list[int | None], about("By run; null where there is no healthy one.")
    ]
    marks: Annotated[list[int], about("By run, as a sum: 1 failed, 2 retried, 4 skipped.")]
    overall: PeriodContent
    periods: Annotated[list[PeriodContent], about("By start.")]
    change: ChangeContent | None


class HostTrendContent(Closed):
    """The subtasks of a host."""

    host: str
    is_target: Annotated[bool, about("They work on it; else it is what ran them.")]
    seen: Count
    failed: Count
    retried: Count
    pace_ppm: Annotated[
        int | None, about("Of the usual time of their kind, in millionths: the median.")
    ]


class TaskTrendsContent(Closed):
    """The latest runs of a kind of task."""

    task: str
    seen: Annotated[Count, about("How many runs there are.")]
    runs: Annotated[list[TrendRunContent], about("The oldest first.")]
    starts: Annotated[list[str], about("When each period begins, in ISO 8601.")]
    days: Annotated[Count, about("How long a period is.")]
    kinds: list[KindTrendContent]
    hosts: Annotated[list[HostTrendContent], about("The slowest first.")]


class TrendsOutput(Closed):
    """How runs changed over time."""

    format: Literal["taskgraph/history-trends"]
    version: Literal[1]
    tasks: list[TaskTrendsContent]
    left_out: Annotated[Count, about("Kinds of tasks with fewer runs.")]


_OUTPUTS: dict[str, tuple[Any, str]] = {
    "budget-fit": (FitOutput, "Timeouts with which the worst case fits a window"),
    "history-stats": (StatsOutput, "How long tasks and subtasks take, and how they fail"),
    "history-timeouts": (TimeoutsOutput, "The advice on timeouts"),
    "history-patch": (
        list[PatchOperationContent],
        "What the advice changes in a document, as a JSON Patch",
    ),
    "history-odds": (OddsOutput, "The odds that a task ends within a window"),
    "history-compare": (CompareOutput, "What the growth of the wall clock comes from"),
    "history-trends": (TrendsOutput, "How runs changed over time"),
    "history-anomalies": (AnomaliesOutput, "Where runs depart from others of their kind"),
}
HISTORY_OUTPUTS: Final[Mapping[str, Declaration[Any]]] = MappingProxyType(
    {name: Declaration(name, kind, text) for name, (kind, text) in _OUTPUTS.items()}
)
"""What the commands of ``taskgraph history`` write, by the name of the document."""
