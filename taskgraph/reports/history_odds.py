"""The odds of one task, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taskgraph.history import Odds, OutcomeBasis, Quantile, SubtaskOdds
from taskgraph.model import format_duration, visible
from taskgraph.reports.history_tables import (
    Column,
    Histogram,
    Section,
    TableReport,
    counted,
    percent,
)

__all__ = ["odds_report"]

_SECOND = 1_000_000
_QUANTILES: tuple[Column[Quantile], ...] = (
    Column("of the runs", lambda one: one.share, "share"),
    Column("end within", lambda one: one.value, "us"),
    Column("from", lambda one: one.low, "us"),
    Column("to", lambda one: one.high, "us"),
)
_SUBTASKS: tuple[Column[SubtaskOdds], ...] = (
    Column("critical", lambda one: one.criticality, "share"),
    Column("fails", lambda one: one.failure, "share"),
    Column("id", lambda one: one.id, "word"),
    Column("name", lambda one: one.name),
    Column("runs", lambda one: one.runs, "count"),
    Column("drawn from", lambda one: one.basis),
)
_GUESSES = {
    OutcomeBasis.TIMEOUT: "counted as taking their timeout",
    OutcomeBasis.NOTHING: "counted as taking no time",
    OutcomeBasis.REST: "counted as running to their timeout",
}
_FEW = 20
"""Runs of which nobody should draw conclusions on one in twenty."""


def odds_report(odds: Odds) -> TableReport:
    """Report the odds of one task."""
    task, options = odds.task, odds.options
    low, high = percent(odds.low), percent(odds.high)
    rows = sorted(odds.subtasks, key=lambda row: -row.criticality)
    answer = f"{percent(odds.probability)} (from {low} to {high})"
    facts = [
        ("Window", f"{format_duration(options.window)}, {_since(odds)}"),
        ("Ends in it", "; ".join([answer, *_doubts(rows)])),
        ("Ends later", percent(odds.late)),
        ("Fails", percent(odds.failed)),
        ("Samples", f"{options.samples}, seed {options.seed}"),
    ]
    return TableReport(
        title=f"Odds of {task.name} {task.id if task.id is not None else ''}",
        facts=facts,
        sections=[
            Section("Makespan, where nothing fails", _QUANTILES, odds.quantiles),
            Section("What decides it", _SUBTASKS, rows),
        ],
        notes=_odds_notes(rows),
        histogram=Histogram(odds.bins, options.window * _SECOND),
    )


def _since(odds: Odds) -> str:
    """Say from when on the window counts, and what is done by then."""
    if odds.since is None:
        return "from its start, as if it began now"
    done = sum(row.basis is OutcomeBasis.DONE for row in odds.subtasks)
    subtasks = counted(len(odds.subtasks), "subtask")
    return f"from {odds.since.isoformat()} on, with {done} of {subtasks} done"


def _doubts(rows: Sequence[SubtaskOdds]) -> list[str]:
    """Say which subtasks the answer guesses; it is no surer than they are."""
    doubts = []
    total = counted(len(rows), "subtask")
    for basis, meaning in _GUESSES.items():
        if count := sum(row.basis is basis for row in rows):
            doubts.append(f"{count} of {total} without such runs: {meaning}")
    if few := _drawn_from_few(rows):
        doubts.append(f"{len(few)} of {total} drawn from fewer than {_FEW} runs")
    return doubts


def _drawn_from_few(rows: Sequence[SubtaskOdds]) -> list[SubtaskOdds]:
    return [row for row in rows if 0 < row.runs < _FEW]


def _odds_notes(rows: Sequence[SubtaskOdds]) -> list[str]:
    notes = [
        "The bounds are those of sampling alone, with 95 % confidence.",
        "Subtasks are drawn independently of each other; slots are not limited.",
    ]
    groups = {
        basis.value: [row for row in rows if row.basis is basis] for basis in _GUESSES
    }
    groups[f"fewer than {_FEW} runs to draw from"] = _drawn_from_few(rows)
    notes += [f"{what}: {_listed(group)}" for what, group in groups.items() if group]
    counts = {row.name: row.cut for row in rows}
    if cut := sum(counts.values()):
        notes.append(
            f"{counted(cut, 'run')} failed at a shorter timeout than the present one. They "
            "count as one of the healthy runs that took longer, or, where there is none, "
            "as lasting to the present timeout and failing there."
        )
    return notes


def _listed(rows: Iterable[SubtaskOdds]) -> str:
    names = sorted({row.name for row in rows})
    return ", ".join(repr(visible(name)) for name in names)
