"""What changed between two documents, for programs."""

from __future__ import annotations

from taskgraph.analysis.compare import Attribution, BudgetChange, FieldChange
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.reports.comparison import Pair
from taskgraph.reports.contract import (
    BudgetDifference,
    Cause,
    Difference,
    EdgeEnds,
    FieldDifference,
    PairContent,
    SubtaskName,
)

__all__ = ["diff_json"]


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
        "budget_verdict": comparison.verdict,
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
        "lost_bounds": [_subtask_json(after, node) for node in change.lost],
        "gained_bounds": [_subtask_json(before, node) for node in change.gained],
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
