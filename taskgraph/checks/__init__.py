"""Rules about a task, and what they find."""

from __future__ import annotations

from taskgraph.checks.registry import RULES
from taskgraph.checks.result import (
    AnyRun,
    CheckResult,
    CheckRun,
    CheckTotals,
    Finding,
    Skipped,
    Step,
)
from taskgraph.checks.rule import Need, Rule, RuleDoc
from taskgraph.checks.runner import check_document, run_checks
from taskgraph.checks.selection import active_rules, find_rules, require_rules

__all__ = [
    "RULES",
    "AnyRun",
    "CheckResult",
    "CheckRun",
    "CheckTotals",
    "Finding",
    "Need",
    "Rule",
    "RuleDoc",
    "Skipped",
    "Step",
    "active_rules",
    "check_document",
    "find_rules",
    "require_rules",
    "run_checks",
]
