"""Every rule, by code."""

from __future__ import annotations

from taskgraph.checks.rule import Rule
from taskgraph.checks.rules import (
    tg101_dependency_cycle,
    tg102_unknown_dependency,
    tg103_one_sided_edge,
    tg104_duplicate_subtask_id,
    tg105_duplicate_edge,
    tg106_disconnected_graph,
    tg108_edges_not_reported,
    tg109_empty_task,
    tg201_unknown_value,
    tg202_premature_subtask,
    tg203_task_status_mismatch,
    tg401_no_timeout,
    tg402_invalid_timeout,
    tg601_foreign_subtask,
    tg602_duplicate_series_id,
    tg603_blank_name,
    tg604_response_contradicts_itself,
)

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    tg101_dependency_cycle.RULE,
    tg102_unknown_dependency.RULE,
    tg103_one_sided_edge.RULE,
    tg104_duplicate_subtask_id.RULE,
    tg105_duplicate_edge.RULE,
    tg106_disconnected_graph.RULE,
    tg108_edges_not_reported.RULE,
    tg109_empty_task.RULE,
    tg201_unknown_value.RULE,
    tg202_premature_subtask.RULE,
    tg203_task_status_mismatch.RULE,
    tg401_no_timeout.RULE,
    tg402_invalid_timeout.RULE,
    tg601_foreign_subtask.RULE,
    tg602_duplicate_series_id.RULE,
    tg603_blank_name.RULE,
    tg604_response_contradicts_itself.RULE,
)
