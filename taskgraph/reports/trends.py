"""How runs changed over time, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taskgraph.history.trends import (
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
from taskgraph.model.words import counted
from taskgraph.reports.history_tables import (
    Column,
    Section,
    TableReport,
    kind_name,
    percent,
)

__all__ = [
    "HOST_COLUMNS",
    "TREND_NOTES",
    "change_text",
    "left_out",
    "marked",
    "runs_told",
    "trend_rows",
    "trends_report",
]

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
    sure = percent(min(change.confidence, 0.9999))
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


def trends_report(found: Trends) -> TableReport:
    """Report how runs changed: a table of kinds for each task, and one of its hosts."""
    facts, sections = [], list[Section[Any]]()
    notes = [*TREND_NOTES, "last: in the last of the periods."]
    for task in found.tasks:
        facts.append((task.task, f"{runs_told(task)}; periods of {task.days} days"))
        sections.append(Section(task.task, _kind_columns(task), task.kinds))
        if task.hosts:
            sections.append(Section(f"Hosts of {task.task}", HOST_COLUMNS, task.hosts))
    if found.left_out:
        notes.append(f"{left_out(found.left_out)}.")
    return TableReport("Runs over time", facts, sections, notes)


def left_out(count: int) -> str:
    """Say how many kinds of tasks are not told."""
    kinds = "kind" if count == 1 else "kinds"
    return f"{count} more {kinds} of tasks with fewer runs: choose them with --task"


def trend_rows(found: Trends) -> Iterator[dict[str, object]]:
    """Give a row for each kind and period."""
    for task in found.tasks:
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
