"""What changed between two documents: as text, as Markdown for a review, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskgraph.analysis.attribution import Attribution, Contribution
from taskgraph.analysis.compare import BudgetChange, Comparison, FieldChange, Value
from taskgraph.graph import TaskGraph
from taskgraph.model import format_duration, visible

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

__all__ = ["Pair", "change_lines", "diff_json", "diff_markdown", "diff_text"]

_MOST = 20
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents of a task, or a task that only one side has.

    Attributes
    ----------
    name : str
        What the two sides have in common.
    before, after : TaskGraph or None
    comparison : Comparison or None
        ``None`` where one side is missing.
    """

    name: str
    before: TaskGraph | None
    after: TaskGraph | None
    comparison: Comparison | None = None


def diff_text(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair, a line each."""
    blocks = []
    for pair in pairs:
        lines = [f"  {line}" for line in change_lines(pair, _plain)]
        blocks.append("\n".join([visible(pair.name), *(lines or ["  no change"])]))
    return "\n\n".join(blocks) + "\n"


def diff_markdown(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair as Markdown, to be a comment on a change."""
    blocks = ["## Changes of tasks"]
    for pair in pairs:
        lines = [
            f"{'  ' * line.startswith(' ')}- {line.strip()}"
            for line in change_lines(pair, _code)
        ]
        blocks.append(f"### {_escaped(pair.name)}")
        blocks.append("\n".join(lines) if lines else "No change.")
    return "\n\n".join(blocks) + "\n"


def _plain(text: str) -> str:
    return visible(text)


def _code(text: str) -> str:
    """Give a text as Markdown code, in a fence that the text does not hold."""
    text = visible(text).replace("|", "\\|")
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if fence != "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _escaped(text: str) -> str:
    return "".join(
        f"\\{char}" if char in "\\`*_{}[]<>()#+-!|&" else char for char in visible(text)
    )


def change_lines(pair: Pair, quote: Any) -> list[str]:
    """Give what changed, a line each, the most important first.

    Parameters
    ----------
    pair : Pair
    quote : callable
        Makes a text from a document safe for the output.

    Returns
    -------
    list of str
        A line that explains the one before begins with spaces.
    """
    if pair.before is None:
        return ["the task is new"]
    if pair.after is None:
        return ["the task is gone"]
    found, before, after = pair.comparison, pair.before, pair.after
    assert found is not None  # both sides are there
    lines = []
    if found.budget is not None and found.budget.is_changed:
        lines += _budget(found, before, after, quote)
    lines += [f"task: {_field(field, quote)}" for field in found.task]
    lines += _listed("added", [_name(after, node, quote) for node in found.added])
    lines += _listed("removed", [_name(before, node, quote) for node in found.removed])
    for row in found.changed:
        fields = "; ".join(_field(field, quote) for field in row.fields)
        lines.append(f"{_name(after, row.after, quote)}: {fields}")
    for title, graph, edges in (
        ("added edge", after, found.added_edges),
        ("removed edge", before, found.removed_edges),
    ):
        names = [f"{_id(graph, a, quote)} → {_id(graph, b, quote)}" for a, b in edges]
        lines += _listed(title, names)
    if found.makespan is not None and found.makespan.change:
        lines += _measured(found.makespan, before, after, quote)
    if found.flaws:
        lines.append(f"time cannot be compared: {'; '.join(found.flaws)}")
    return lines


def _listed(title: str, names: list[str]) -> list[str]:
    shown = [f"{title} {name}" for name in names[:_MOST]]
    if len(names) > _MOST:
        shown.append(f"{title}: {len(names) - _MOST} more")
    return shown


def _budget(
    found: Comparison, before: TaskGraph, after: TaskGraph, quote: Any
) -> list[str]:
    assert found.budget is not None  # the caller asked
    old, new = found.budget.before, found.budget.after
    sides = [
        f"{format_duration(side.seconds)}{'' if side.is_bounded else ' and unbounded'}"
        for side in (old, new)
    ]
    line = f"worst case: {sides[0]} → {sides[1]}"
    if found.budget.attribution.change:
        line += f" ({_signed(found.budget.attribution.change)})"
    return [line, *_causes(found.budget.attribution, before, after, quote, 1)]


def _measured(
    change: Attribution, before: TaskGraph, after: TaskGraph, quote: Any
) -> list[str]:
    sides = f"{_seconds(change.before)} → {_seconds(change.after)}"
    line = f"longest path of measured times: {sides}"
    return [line, *_causes(change, before, after, quote, _MICRO)]


def _causes(
    change: Attribution, before: TaskGraph, after: TaskGraph, quote: Any, scale: int
) -> list[str]:
    lines = [
        f"  {_signed(cause.change, scale)} by {_cause(cause, before, after, quote)}"
        for cause in change.contributions[:_MOST]
    ]
    if change.structure:
        lines.append(f"  {_signed(change.structure, scale)} by edges or concurrency")
    return lines


def _cause(cause: Contribution, before: TaskGraph, after: TaskGraph, quote: Any) -> str:
    if cause.after is not None:
        return _name(after, cause.after, quote)
    assert cause.before is not None  # a cause is on one side at least
    return f"{_name(before, cause.before, quote)}, which is gone"


def _signed(change: int, scale: int = 1) -> str:
    size = _seconds(abs(change)) if scale == _MICRO else format_duration(abs(change))
    return f"{'+' if change > 0 else '−'}{size}"


def _seconds(microseconds: int) -> str:
    return f"{microseconds // _MICRO}.{microseconds % _MICRO // 1000:03} s"


def _name(graph: TaskGraph, node: int, quote: Any) -> str:
    subtask = graph.subtasks[node]
    return (
        f"{quote(str(subtask.id))} {quote(subtask.name)}"
        if subtask.name
        else quote(str(subtask.id))
    )


def _id(graph: TaskGraph, node: int, quote: Any) -> str:
    return str(quote(str(graph.subtasks[node].id)))


def _field(field: FieldChange, quote: Any) -> str:
    values = " → ".join(_value(field.field, v, quote) for v in (field.before, field.after))
    return f"{field.field.replace('_', ' ')} {values}"


def _value(field: str, value: Value, quote: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in ("timeout", "budget") and isinstance(value, int):
        return format_duration(value)
    return str(quote(str(value)))


def diff_json(pair: Pair) -> PairContent:
    """Give the changes of a pair for programs; durations in the unit that a key names."""
    found, before, after = pair.comparison, pair.before, pair.after
    if found is None or before is None or after is None:
        return {"name": pair.name, "status": "added" if before is None else "removed"}
    return {
        "name": pair.name,
        "status": "changed" if found.is_changed else "same",
        "is_structure_changed": found.is_structure_changed,
        "is_budget_changed": found.is_budget_changed,
        "matched_by_id": found.matched_by_id,
        "task": [_field_json(field) for field in found.task],
        "added": [_subtask_json(after, node) for node in found.added],
        "removed": [_subtask_json(before, node) for node in found.removed],
        "changed": [
            {
                **_subtask_json(after, row.after),
                "fields": [_field_json(field) for field in row.fields],
            }
            for row in found.changed
        ],
        "added_edges": [_edge_json(after, *edge) for edge in found.added_edges],
        "removed_edges": [_edge_json(before, *edge) for edge in found.removed_edges],
        "flaws": list(found.flaws),
        "budget_seconds": (
            None if found.budget is None else _budget_json(found.budget, before, after)
        ),
        "measured_microseconds": (
            None if found.makespan is None else _change_json(found.makespan, before, after)
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
