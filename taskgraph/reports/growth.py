"""What the growth of the wall clock comes from, in words and tables."""

from __future__ import annotations

from typing import Any

from taskgraph.history.growth import Growth, Growths, StepGrowth
from taskgraph.history.ranks import smallest_level
from taskgraph.model.durations import format_moment, format_rounded
from taskgraph.model.words import counted, listed, visible
from taskgraph.reports.comparison import signed
from taskgraph.reports.history_tables import Column, Section, TableReport

__all__ = ["growth_report"]

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


def growth_report(found: Growths) -> TableReport:
    """Report which subtasks make tasks slower: a table for each kind of task."""
    facts: list[tuple[str, str]] = []
    sections: list[Section[Any]] = []
    later = "later" if found.since is None else f"from {format_moment(found.since)} on"
    notes = [_MEANS, _CHANCE]
    for one in found.tasks:
        runs = f"{counted(one.before, 'run')} before, {one.after:,} {later}"
        facts.append((one.task, f"{runs}: {_whole(one)}"))
        steps = [step for step in one.steps if step.before_us or step.after_us]
        sections.append(Section(one.task, _COLUMNS, steps))
        notes += _doubts(one)
    if found.lonely:
        names = listed([repr(visible(name)) for name in found.lonely])
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


_COLUMNS: tuple[Column[StepGrowth], ...] = (
    Column("subtask", lambda step: step.subtask),
    Column("before", lambda step: step.before_us, "us"),
    Column("after", lambda step: step.after_us, "us"),
    Column("growth", lambda step: _change(step.growth_us), "us"),
    Column("by running", lambda step: _change(step.run_us), "us", is_extra=True),
    Column("by waiting", lambda step: _change(step.wait_us), "us", is_extra=True),
    Column("by chance", lambda step: _level(step.p, is_exact=step.is_exact), "count"),
)
