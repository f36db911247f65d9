"""How runs changed, in words and tables: over time, and what the growth comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taskgraph.history.growth import Growth, Growths, StepGrowth
from taskgraph.history.ranks import smallest_level
from taskgraph.history.trending import (
    FAILED,
    RETRIED,
    SKIPPED,
    Change,
    HostTrend,
    KindTrend,
    TaskTrends,
    Trends,
)
from taskgraph.model.durations import format_moment, format_rounded
from taskgraph.model.words import counted, listed, plural, visible
from taskgraph.reports.comparison import signed
from taskgraph.reports.history_tables import (
    Column,
    TableReport,
    TitledTable,
    kind_name,
    share_text,
)

_TIMES = (
    "Times are of runs that provably ran once and did their work; of a split, of its "
    "longest part."
)
_SINCE = (
    "since: the strongest change in the row of all runs (Pettitt's test by ranks). Where "
    "nothing changes and no run depends on another, at most 5 of 100 kinds of tasks show "
    "one at all. Less than a tenth, or than half a second, is not told."
)
_PACE = "pace: half of the host's subtasks took no more of the usual time of their kind."
TREND_NOTES = (_TIMES, _SINCE, _PACE)


def marked(kind: KindTrend, mark: int) -> int:
    """Count the runs that have a mark."""
    return sum(1 for one in kind.marks if one & mark)


def runs_told(task: TaskTrends) -> str:
    """Say which runs are looked at."""
    first, last = task.runs[0].moment, task.runs[-1].moment
    runs = counted(len(task.runs), "run")
    if task.seen > len(task.runs):
        runs = f"the latest {len(task.runs):,} of {task.seen:,} runs"
    return f"{runs}, {format_moment(first)} to {format_moment(last, first)}"


def change_text(task: TaskTrends, change: Change) -> str:
    """Say since when, from what to what, and how sure that is."""
    run = task.runs[change.run]
    what = "slower" if change.after_us > change.before_us else "faster"
    before, after = format_rounded(change.before_us), format_rounded(change.after_us)
    sure = share_text(min(change.confidence, 0.9999))
    return f"{what} since {format_moment(run.moment)}: {before} → {after}, {sure} sure"


HOST_COLUMNS: tuple[Column[HostTrend], ...] = (
    Column("host", lambda one: one.host),
    Column("", lambda one: "worked on" if one.is_target else "ran them", "word"),
    Column("subtasks", lambda one: one.seen, "count"),
    Column("fail", lambda one: one.failed, "count"),
    Column("retry", lambda one: one.retried, "count"),
    Column("pace", lambda one: one.pace_ppm, "ppm"),
)


def _kind_columns(task: TaskTrends) -> tuple[Column[KindTrend], ...]:
    return (
        Column("kind", lambda one: kind_name(one.subtask)),
        Column("runs", lambda one: one.overall.size, "count"),
        Column("fail", lambda one: marked(one, FAILED), "count"),
        Column("retry", lambda one: marked(one, RETRIED), "count"),
        Column("skip", lambda one: marked(one, SKIPPED), "count"),
        Column("p50", lambda one: one.overall.p50, "us"),
        Column("p95", lambda one: one.overall.p95, "us"),
        Column("last p50", lambda one: one.periods[-1].p50, "us", is_extra=True),
        Column("last p95", lambda one: one.periods[-1].p95, "us", is_extra=True),
        Column("since", lambda one: one.change and change_text(task, one.change)),
    )


def trends_report(trends: Trends) -> TableReport:
    """Report how runs changed: a table of kinds for each task, and one of its hosts."""
    facts, sections = [], list[TitledTable[Any]]()
    notes = [*TREND_NOTES, "last: in the last of the periods."]
    for task in trends.tasks:
        facts.append((task.task, f"{runs_told(task)}; periods of {task.days} days"))
        sections.append(TitledTable(task.task, _kind_columns(task), task.kinds))
        if task.hosts:
            sections.append(TitledTable(f"Hosts of {task.task}", HOST_COLUMNS, task.hosts))
    if trends.left_out:
        notes.append(f"{left_out(trends.left_out)}.")
    return TableReport("Runs over time", facts, sections, notes)


def left_out(count: int) -> str:
    """Say how many kinds of tasks are not told."""
    kinds = plural(count, "kind", "kinds")
    return (
        f"{counted(count)} more {kinds} of tasks with fewer runs: choose them with --task"
    )


def trend_rows(trends: Trends) -> Iterator[dict[str, object]]:
    """Give a row for each kind and period."""
    for task in trends.tasks:
        for kind in task.kinds:
            for start, period in zip(task.starts, kind.periods, strict=True):
                yield {
                    "task": task.task,
                    "subtask": kind.subtask,
                    "start": start.date().isoformat(),
                    "days": task.days,
                    "size": period.size,
                    "p50_us": period.p50,
                    "p95_us": period.p95,
                }


# --- where the growth comes from -----------------------------------------------------


_LEVEL = 0.05
_MEANS = (
    "Means of successful runs, retried ones too. A subtask counts for what it holds of the "
    "path that the clock saw: its run, and the wait for its start."
)
_CHANCE = (
    "by chance: how seldom chance alone parts the runs so (Mann–Whitney, two-sided), with "
    "all subtasks of the task together (Holm); ≈ where there are too many runs to count "
    "every way. Runs must not depend on each other."
)


def growth_report(growths: Growths) -> TableReport:
    """Report which subtasks make tasks slower: a table for each kind of task."""
    facts: list[tuple[str, str]] = []
    sections: list[TitledTable[Any]] = []
    later = "later" if growths.since is None else f"from {format_moment(growths.since)} on"
    notes = [_MEANS, _CHANCE]
    for one in growths.tasks:
        runs = f"{counted(one.before, 'run')} before, {one.after:,} {later}"
        facts.append((one.task, f"{runs}: {_whole(one)}"))
        steps = [step for step in one.steps if step.before_us or step.after_us]
        sections.append(TitledTable(one.task, _STEPS, steps))
        notes += _doubts(one)
    if growths.lonely:
        names = listed([repr(visible(name)) for name in growths.lonely])
        notes.append(f"On one side only: {names}.")
    return TableReport("What the growth comes from", facts, sections, notes)


def _whole(one: Growth) -> str:
    before, after = format_rounded(one.before_us), format_rounded(one.after_us)
    change = _change(one.after_us - one.before_us)
    by_chance = _level(one.test.p, is_exact=one.test.is_exact)
    rest = _change(one.rest_us)
    return (
        f"{before} → {after} ({change}), by chance {by_chance}; outside of subtasks {rest}"
    )


def _doubts(one: Growth) -> list[str]:
    name = repr(visible(one.task))
    doubts = []
    if one.unknown:
        runs = counted(one.unknown, "run")
        doubts.append(f"{name}: {runs} left out, whose path an older version did not keep.")
    least = smallest_level(one.before, one.after) * len(one.steps)
    if least > _LEVEL:
        doubts.append(
            f"{name}: so few runs cannot prove anything of a subtask, whatever they show."
        )
    return doubts


def _change(microseconds: int) -> str:
    """Write a difference, of which less than a millisecond is none."""
    whole = int(microseconds / 1000) * 1000
    return signed(whole, format_rounded) if whole else "0 s"


def _level(p: float, *, is_exact: bool) -> str:
    """Write an error level.

    Examples
    --------
    >>> _level(0.04321, is_exact=True), _level(0.00001, is_exact=False)
    ('0.043', '≈ under 0.0001')
    """
    text = "under 0.0001" if p < 0.0001 else f"{p:.2g}"
    return text if is_exact else f"≈ {text}"


_STEPS: tuple[Column[StepGrowth], ...] = (
    Column("subtask", lambda step: step.subtask),
    Column("before", lambda step: step.before_us, "us"),
    Column("after", lambda step: step.after_us, "us"),
    Column("growth", lambda step: _change(step.growth_us), "us"),
    Column("by running", lambda step: _change(step.run_us), "us", is_extra=True),
    Column("by waiting", lambda step: _change(step.wait_us), "us", is_extra=True),
    Column("by chance", lambda step: _level(step.p, is_exact=step.is_exact), "count"),
)
