"""Every rule, by code, which of them are used, and which findings are accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from taskgraph.checks.result import Finding
from taskgraph.checks.rule import Need, Rule
from taskgraph.checks.rules.tg001_invalid_value import RULE as TG001
from taskgraph.checks.rules.tg002_unknown_key import RULE as TG002
from taskgraph.checks.rules.tg003_missing_key import RULE as TG003
from taskgraph.checks.rules.tg101_dependency_cycle import RULE as TG101
from taskgraph.checks.rules.tg102_unknown_dependency import RULE as TG102
from taskgraph.checks.rules.tg103_one_sided_edge import RULE as TG103
from taskgraph.checks.rules.tg104_duplicate_subtask_id import RULE as TG104
from taskgraph.checks.rules.tg105_duplicate_edge import RULE as TG105
from taskgraph.checks.rules.tg106_disconnected_graph import RULE as TG106
from taskgraph.checks.rules.tg107_redundant_edge import RULE as TG107
from taskgraph.checks.rules.tg108_edges_not_reported import RULE as TG108
from taskgraph.checks.rules.tg109_empty_task import RULE as TG109
from taskgraph.checks.rules.tg110_broken_parallel_group import RULE as TG110
from taskgraph.checks.rules.tg201_unknown_value import RULE as TG201
from taskgraph.checks.rules.tg202_premature_subtask import RULE as TG202
from taskgraph.checks.rules.tg203_task_status_mismatch import RULE as TG203
from taskgraph.checks.rules.tg204_stalled_task import RULE as TG204
from taskgraph.checks.rules.tg205_runnable_but_pending import RULE as TG205
from taskgraph.checks.rules.tg206_skipped_subtask import RULE as TG206
from taskgraph.checks.rules.tg207_retried_subtask import RULE as TG207
from taskgraph.checks.rules.tg208_stuck_ready_subtask import RULE as TG208
from taskgraph.checks.rules.tg209_hanging_cancel import RULE as TG209
from taskgraph.checks.rules.tg301_finish_before_start import RULE as TG301
from taskgraph.checks.rules.tg302_started_before_upstream_finished import RULE as TG302
from taskgraph.checks.rules.tg303_missing_timestamp import RULE as TG303
from taskgraph.checks.rules.tg304_timestamp_without_offset import RULE as TG304
from taskgraph.checks.rules.tg305_outside_task_window import RULE as TG305
from taskgraph.checks.rules.tg306_future_timestamp import RULE as TG306
from taskgraph.checks.rules.tg307_unusual_timestamp import RULE as TG307
from taskgraph.checks.rules.tg401_no_timeout import RULE as TG401
from taskgraph.checks.rules.tg402_invalid_timeout import RULE as TG402
from taskgraph.checks.rules.tg403_timeout_exceeded import RULE as TG403
from taskgraph.checks.rules.tg404_near_timeout import RULE as TG404
from taskgraph.checks.rules.tg405_budget_exceeded import RULE as TG405
from taskgraph.checks.rules.tg406_dominant_timeout import RULE as TG406
from taskgraph.checks.rules.tg407_timeout_against_history import RULE as TG407
from taskgraph.checks.rules.tg408_ended_by_timeout import RULE as TG408
from taskgraph.checks.rules.tg501_rollback_blocked import RULE as TG501
from taskgraph.checks.rules.tg502_skip_blocked import RULE as TG502
from taskgraph.checks.rules.tg503_work_after_point_of_no_return import RULE as TG503
from taskgraph.checks.rules.tg504_rollback_flag_mismatch import RULE as TG504
from taskgraph.checks.rules.tg601_foreign_subtask import RULE as TG601
from taskgraph.checks.rules.tg602_duplicate_series_id import RULE as TG602
from taskgraph.checks.rules.tg603_blank_name import RULE as TG603
from taskgraph.checks.rules.tg604_response_contradicts_itself import RULE as TG604
from taskgraph.checks.rules.tg605_duplicate_task_name import RULE as TG605
from taskgraph.errors import ConfigError
from taskgraph.model.task import Task
from taskgraph.model.words import nearest_text
from taskgraph.settings import Settings, Severity, Suppression

# fmt: off
RULES: tuple[Rule, ...] = (
    TG001, TG002, TG003,
    TG101, TG102, TG103, TG104, TG105, TG106, TG107, TG108, TG109, TG110,
    TG201, TG202, TG203, TG204, TG205, TG206, TG207, TG208, TG209,
    TG301, TG302, TG303, TG304, TG305, TG306, TG307,
    TG401, TG402, TG403, TG404, TG405, TG406, TG407, TG408,
    TG501, TG502, TG503, TG504,
    TG601, TG602, TG603, TG604, TG605,
)
# fmt: on


class ActiveRule(NamedTuple):
    """A rule that is used, with the severity that the options give it."""

    rule: Rule
    severity: Severity | None
    """``None`` where the options do not name one."""


@dataclass(frozen=True, eq=False, slots=True)
class RuleSet:
    """The rules that a run applies, and what they share; one for equal settings."""

    rules: tuple[ActiveRule, ...]
    needs: tuple[Need, ...]
    """Each need of the rules, once."""
    suppressions: dict[str, list[Suppression]]
    """By the code of the rule."""


def find_rules(selector: str) -> tuple[Rule, ...]:
    """Give the rules that a code, the beginning of one, a name, or ``all`` fits.

    Raises ConfigError if there is none.
    """
    chosen = tuple(rule for rule in RULES if _specificity(selector, rule))
    if not chosen:
        hint = _suggestion(_normal(selector))
        raise ConfigError(f"no rule is called {selector!r}{hint}")
    return chosen


def require_rules(selectors: Iterable[str]) -> None:
    """Raise ConfigError for a selector that fits no rule."""
    for selector in selectors:
        find_rules(selector)


@lru_cache(maxsize=256)
def make_rule_set(settings: Settings) -> RuleSet:
    """Give the rules that the settings ask for, and what they need.

    Raises ConfigError if a selector fits no rule.
    """
    selected, severities = (*settings.select, *settings.extend_select), settings.severity
    named = [selector for selector, _ in severities]
    named += [row.rule for row in settings.suppress]
    require_rules((*selected, *settings.ignore, *named))
    chosen = []
    for rule in RULES:
        asked = max(_best(selected, rule), not settings.select and rule.enabled)
        if asked > _best(settings.ignore, rule):
            chosen.append(ActiveRule(rule, _severity(severities, rule)))
    needs = dict.fromkeys(need for active in chosen for need in active.rule.needs)
    accepted: dict[str, list[Suppression]] = {}
    for suppression in settings.suppress:
        for rule in RULES:
            if _specificity(suppression.rule, rule):
                accepted.setdefault(rule.code, []).append(suppression)
    return RuleSet(tuple(chosen), tuple(needs), accepted)


def _severity(severities: tuple[tuple[str, Severity], ...], rule: Rule) -> Severity | None:
    best, chosen = 1, None
    for selector, severity in severities:
        specificity = _specificity(selector, rule)
        if specificity >= best:
            best, chosen = specificity, severity
    return chosen


def _best(selectors: Iterable[str], rule: Rule) -> int:
    return max((_specificity(selector, rule) for selector in selectors), default=0)


def _specificity(selector: str, rule: Rule) -> int:
    """Say how narrowly a selector names a rule; 0 where it does not."""
    wanted = _normal(selector)
    if wanted == rule.name:
        return len(rule.code)
    if wanted == "all":
        return 1
    code = _normal(rule.code)
    return len(wanted) if len(wanted) >= 2 and code.startswith(wanted) else 0


def _normal(selector: str) -> str:
    return selector.strip().lower().replace("_", "-")


def _suggestion(wanted: str) -> str:
    rules = {name: rule for rule in RULES for name in (rule.name, rule.code.lower())}
    near = nearest_text(wanted, rules, 0.6)
    if near is None or wanted.removeprefix("tg").isdigit():
        return "; `taskgraph rules` lists them"
    rule = rules[near]
    return f"; did you mean {rule.code} {rule.name}?"


def fits(suppression: Suppression, finding: Finding, task: Task) -> bool:
    """Tell whether task and subtasks fit; the rule is not looked at."""
    if not fnmatchcase(task.unredacted(finding.task_name or ""), suppression.task):
        return False
    if suppression.subtask == "*":
        return True
    names = [*map(task.unredacted, finding.subtask_names)]
    return bool(names) and all(fnmatchcase(name, suppression.subtask) for name in names)


def without_suppressed(
    findings: Iterable[Finding], by_code: dict[str, list[Suppression]], task: Task
) -> list[Finding]:
    """Leave out the findings of a task that are accepted, by the code of their rule."""
    return [
        finding
        for finding in findings
        if not any(
            fits(suppression, finding, task)
            for suppression in by_code.get(finding.code, ())
        )
    ]
