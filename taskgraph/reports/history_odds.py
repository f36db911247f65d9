"""The odds of one task, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

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

Plain: TypeAlias = Mapping[str, Any]

_SECOND = 1_000_000
_QUANTILES = (
    Column("share", "of the runs", "share"),
    Column("value", "end within", "us"),
    Column("low", "from", "us"),
    Column("high", "to", "us"),
)
_SUBTASKS = (
    Column("criticality", "critical", "share"),
    Column("failure", "fails", "share"),
    Column("id", "id", "word"),
    Column("name", "name"),
    Column("runs", "runs", "count"),
    Column("basis", "drawn from"),
)
_DONE = "it is done"
_GUESSES = {
    "no runs: its whole timeout": "counted as taking their timeout",
    "no runs and no timeout: counted as 0": "counted as taking no time",
    "no run as long: the rest of its timeout": "counted as running to their timeout",
}
_FEW = 20
"""Runs of which nobody should draw conclusions on one in twenty."""


def odds_report(task: Plain, found: Plain) -> TableReport:
    """Report the odds of one task.

    Parameters
    ----------
    task : mapping
        ``file``, ``id`` and ``name``.
    found : mapping
    """
    options = found["options"]
    low, high = percent(found["low"]), percent(found["high"])
    rows = sorted(found["subtasks"], key=lambda row: -row["criticality"])
    answer = f"{percent(found['probability'])} (from {low} to {high})"
    facts = [
        ("Window", f"{format_duration(options['window'])}, {_since(found)}"),
        ("Ends in it", "; ".join([answer, *_doubts(rows)])),
        ("Ends later", percent(found["late"])),
        ("Fails", percent(found["failed"])),
        ("Samples", f"{options['samples']}, seed {options['seed']}"),
    ]
    return TableReport(
        kind="history-odds",
        title=f"Odds of {task['name']} {task['id'] if task['id'] is not None else ''}",
        facts=facts,
        sections=[
            Section("Makespan, where nothing fails", _QUANTILES, found["quantiles"]),
            Section("What decides it", _SUBTASKS, rows),
        ],
        notes=_odds_notes(rows),
        content={"task": task, **found},
        histogram=Histogram(found["bins"], options["window"] * _SECOND),
        rows=_odds_rows(task, found, rows),
    )


def _since(found: Plain) -> str:
    """Say from when on the window counts, and what is done by then."""
    if found["since"] is None:
        return "from its start, as if it began now"
    done = sum(row["basis"] == _DONE for row in found["subtasks"])
    subtasks = counted(len(found["subtasks"]), "subtask")
    return f"from {found['since']} on, with {done} of {subtasks} done"


def _doubts(rows: Sequence[Plain]) -> list[str]:
    """Say which subtasks the answer guesses; it is no surer than they are."""
    doubts = []
    total = counted(len(rows), "subtask")
    for basis, meaning in _GUESSES.items():
        if count := sum(row["basis"] == basis for row in rows):
            doubts.append(f"{count} of {total} without such runs: {meaning}")
    few = [row["runs"] for row in rows if 0 < row["runs"] < _FEW]
    if few:
        doubts.append(f"{len(few)} of {total} drawn from fewer than {_FEW} runs")
    return doubts


def _odds_notes(rows: Sequence[Plain]) -> list[str]:
    notes = [
        "The bounds are those of sampling alone, with 95 % confidence.",
        "Subtasks are drawn independently of each other; slots are not limited.",
    ]
    groups = [(basis, [r for r in rows if r["basis"] == basis]) for basis in _GUESSES]
    few = [row for row in rows if 0 < row["runs"] < _FEW]
    groups.append((f"fewer than {_FEW} runs to draw from", few))
    notes += [f"{what}: {_listed(found)}" for what, found in groups if found]
    counts = {row["name"]: row["cut"] for row in rows}
    if cut := sum(counts.values()):
        notes.append(
            f"{counted(cut, 'run')} failed at a shorter timeout than the present one. They "
            "count as one of the healthy runs that took longer, or, where there is none, "
            "as lasting to the present timeout and failing there."
        )
    return notes


def _listed(rows: Iterable[Plain]) -> str:
    names = sorted({row["name"] for row in rows})
    return ", ".join(repr(visible(name)) for name in names)


def _odds_rows(task: Plain, found: Plain, subtasks: Sequence[Plain]) -> list[Plain]:
    """Give the answer, the quantiles and the subtasks as rows of one table."""
    answer = {key: found["options"][key] for key in ("window", "samples", "seed")}
    answer |= {
        key: found[key] for key in ("since", "probability", "low", "high", "late", "failed")
    }
    return [
        {"row": "odds", "file": task["file"], "id": task["id"], "name": task["name"]}
        | answer,
        *({"row": "quantile", **one} for one in _in_us(found["quantiles"])),
        *({"row": "subtask", **one} for one in subtasks),
    ]


def _in_us(quantiles: Sequence[Plain]) -> list[Plain]:
    """Keep times and probabilities in columns of their own."""
    return [
        {"share": one["share"]}
        | {f"{key}_us": one[key] for key in ("value", "low", "high")}
        for one in quantiles
    ]
