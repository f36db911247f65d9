"""What changed between two documents: as text, as Markdown for a review, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from taskgraph.analysis.attribution import Attribution, Contribution
from taskgraph.analysis.compare import BudgetChange, Comparison, FieldChange, Value
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.words import label, visible
from taskgraph.reports.markdown import escaped

if TYPE_CHECKING:
    from taskgraph.reports.contract import (
        BudgetDifference,
        Cause,
        Difference,
        EdgeEnds,
        FieldDifference,
        PairContent,
        SubtaskName,
    )

__all__ = [
    "Pair",
    "change_items",
    "change_lines",
    "diff_json",
    "diff_markdown",
    "diff_text",
]

_MOST = 20
Quote: TypeAlias = Callable[[str], str]
"""Makes a text from a document safe for the output."""
_Write: TypeAlias = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents of a task, or a task that only one side has, without comparison."""

    name: str
    before: TaskGraph | None
    after: TaskGraph | None
    comparison: Comparison | None = None


def diff_text(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair, a line each."""
    blocks = []
    for pair in pairs:
        lines = [f"  {line}" for line in change_lines(pair, visible)]
        blocks.append("\n".join([visible(pair.name), *(lines or ["  no change"])]))
    return "\n\n".join(blocks) + "\n"


def diff_markdown(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair as Markdown, to be a comment on a change."""
    blocks = ["## Changes of tasks"]
    for pair in pairs:
        blocks += [f"### {escaped(pair.name)}", change_items(pair) or "No change."]
    return "\n\n".join(blocks) + "\n"


def change_items(pair: Pair) -> str:
    """Give what changed as a list in Markdown; nothing where nothing did."""
    return "\n".join(
        f"{'  ' * line.startswith(' ')}- {line.strip()}"
        for line in change_lines(pair, escaped)
    )


def change_lines(pair: Pair, quote: Quote) -> list[str]:
    """Give what changed, a line each, the most important first.

    A line that explains the one before begins with spaces.
    """
    if pair.before is None:
        return ["the task is new"]
    if pair.after is None:
        return ["the task is gone"]
    comparison, before, after = pair.comparison, pair.before, pair.after
    assert comparison is not None  # both sides are there
    lines = []
    if comparison.budget is not None and comparison.budget.is_changed:
        lines.append(_budget(comparison.budget))
        attribution = comparison.budget.attribution
        lines += _causes(attribution, before, after, quote, format_duration)
    lines += [f"task: {_field(field, quote)}" for field in comparison.task]
    lines += _listed("added", [_name(after, node, quote) for node in comparison.added])
    lines += _listed("removed", [_name(before, node, quote) for node in comparison.removed])
    for row in comparison.changed:
        fields = "; ".join(_field(field, quote) for field in row.fields)
        lines.append(f"{_name(after, row.after, quote)}: {fields}")
    for title, graph, edges in (
        ("added edge", after, comparison.added_edges),
        ("removed edge", before, comparison.removed_edges),
    ):
        names = [f"{_id(graph, a, quote)} → {_id(graph, b, quote)}" for a, b in edges]
        lines += _listed(title, names)
    measured = comparison.makespan
    if measured is not None and measured.change:
        sides = f"{format_measured(measured.before)} → {format_measured(measured.after)}"
        lines.append(f"longest path of measured times: {sides}")
        lines += _causes(measured, before, after, quote, format_measured)
    if comparison.flaws:
        lines.append(f"time cannot be compared: {'; '.join(comparison.flaws)}")
    return lines


def _listed(title: str, names: list[str]) -> list[str]:
    shown = [f"{title} {name}" for name in names[:_MOST]]
    if len(names) > _MOST:
        shown.append(f"{title}: {len(names) - _MOST} more")
    return shown


def _budget(budget: BudgetChange) -> str:
    sides = " → ".join(
        f"{format_duration(side.seconds)}{'' if side.is_bounded else ' and unbounded'}"
        for side in (budget.before, budget.after)
    )
    change = budget.attribution.change
    return f"worst case: {sides}" + (
        f" ({_signed(change, format_duration)})" * bool(change)
    )


def _causes(
    change: Attribution, before: TaskGraph, after: TaskGraph, quote: Quote, write: _Write
) -> list[str]:
    lines = [
        f"  {_signed(cause.change, write)} by {_cause(cause, before, after, quote)}"
        for cause in change.contributions[:_MOST]
    ]
    if change.structure:
        lines.append(f"  {_signed(change.structure, write)} by edges or concurrency")
    return lines


def _cause(cause: Contribution, before: TaskGraph, after: TaskGraph, quote: Quote) -> str:
    if cause.after is not None:
        return _name(after, cause.after, quote)
    assert cause.before is not None  # a cause is on one side at least
    return f"{_name(before, cause.before, quote)}, which is gone"


def _signed(change: int, write: _Write) -> str:
    return f"{'+' if change > 0 else '-'}{write(abs(change))}"


def _name(graph: TaskGraph, node: int, quote: Quote) -> str:
    return quote(label(graph.subtasks[node]))


def _id(graph: TaskGraph, node: int, quote: Quote) -> str:
    return quote(str(graph.subtasks[node].id))


def _field(field: FieldChange, quote: Quote) -> str:
    values = " → ".join(_value(field.field, v, quote) for v in (field.before, field.after))
    return f"{field.field.replace('_', ' ')} {values}"


def _value(field: str, value: Value, quote: Quote) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in ("timeout", "budget") and isinstance(value, int):
        return format_duration(value)
    return quote(str(value))


def diff_json(pair: Pair) -> PairContent:
    """Give the changes of a pair for programs; durations in the unit that a key names."""
    comparison, before, after = pair.comparison, pair.before, pair.after
    if comparison is None or before is None or after is None:
        return {"name": pair.name, "status": "added" if before is None else "removed"}
    budget, measured = comparison.budget, comparison.makespan
    return {
        "name": pair.name,
        "status": "changed" if comparison.is_changed else "same",
        "is_structure_changed": comparison.is_structure_changed,
        "is_budget_changed": comparison.is_budget_changed,
        "matched_by_id": comparison.matched_by_id,
        "task": [_field_json(field) for field in comparison.task],
        "added": [_subtask_json(after, node) for node in comparison.added],
        "removed": [_subtask_json(before, node) for node in comparison.removed],
        "changed": [
            {
                **_subtask_json(after, row.after),
                "fields": [_field_json(field) for field in row.fields],
            }
            for row in comparison.changed
        ],
        "added_edges": [_edge_json(after, *edge) for edge in comparison.added_edges],
        "removed_edges": [_edge_json(before, *edge) for edge in comparison.removed_edges],
        "flaws": list(comparison.flaws),
        "budget_seconds": None if budget is None else _budget_json(budget, before, after),
        "measured_microseconds": (
            None if measured is None else _change_json(measured, before, after)
        ),
    }


def _subtask_json(graph: TaskGraph, node: int) -> SubtaskName:
    return {"id": graph.subtasks[node].id, "name": graph.subtasks[node].name}


def _edge_json(graph: TaskGraph, upstream: int, downstream: int) -> EdgeEnds:
    ends = graph.subtasks[upstream].id, graph.subtasks[downstream].id
    return {"upstream": ends[0], "downstream": ends[1]}


def _field_json(field: FieldChange) -> FieldDifference:
    return {"field": field.field, "before": field.before, "after": field.after}


def _budget_json(
    change: BudgetChange, before: TaskGraph, after: TaskGraph
) -> BudgetDifference:
    return {
        **_change_json(change.attribution, before, after),
        "was_bounded": change.before.is_bounded,
        "is_bounded": change.after.is_bounded,
    }


def _change_json(change: Attribution, before: TaskGraph, after: TaskGraph) -> Difference:
    causes: list[Cause] = []
    for cause in change.contributions:
        if cause.after is not None:
            subtask = _subtask_json(after, cause.after)
        else:
            assert cause.before is not None  # a cause is on one side at least
            subtask = _subtask_json(before, cause.before)
        causes.append({**subtask, "change": cause.change})
    return {
        "before": change.before,
        "after": change.after,
        "causes": causes,
        "by_structure": change.structure,
    }
