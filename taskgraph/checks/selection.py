"""Which rules are used, with which severity, and which findings are accepted."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from taskgraph.checks.registry import RULES
from taskgraph.checks.result import Finding
from taskgraph.checks.rule import Need, Rule
from taskgraph.errors import ConfigError
from taskgraph.settings import Settings, Severity, Suppression

__all__ = [
    "ActiveRule",
    "RuleSet",
    "find_rules",
    "fits",
    "make_rule_set",
    "require_rules",
    "without_suppressed",
]

_ALL = "all"


class ActiveRule(NamedTuple):
    """A rule that is used, with the severity that the options give it."""

    rule: Rule
    severity: Severity | None
    """``None`` where the options do not name one."""


class RuleSet(NamedTuple):
    """The rules that a run applies, and what they share."""

    rules: tuple[ActiveRule, ...]
    needs: tuple[Need, ...]
    """Each need of the rules, once."""
    suppressions: dict[str, list[Suppression]]
    """By the code of the rule."""


def find_rules(selector: str) -> tuple[Rule, ...]:
    """Give the rules that a code, the beginning of one, a name, or ``all`` fits.

    Raises
    ------
    ConfigError
        If there is none.
    """
    chosen = tuple(rule for rule in RULES if _specificity(selector, rule))
    if not chosen:
        hint = _suggestion(_normal(selector))
        raise ConfigError(f"no rule is called {selector!r}{hint}")
    return chosen


def require_rules(selectors: Iterable[str]) -> None:
    """Refuse selectors that fit no rule.

    Raises
    ------
    ConfigError
    """
    for selector in selectors:
        find_rules(selector)


def make_rule_set(settings: Settings) -> RuleSet:
    """Give the rules that the settings ask for, and what they need.

    Raises ConfigError if a selector fits no rule.
    """
    return _rule_set(
        settings.select,
        settings.extend_select,
        settings.ignore,
        settings.severity,
        settings.suppress,
    )


@lru_cache(maxsize=256)
def _rule_set(
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    ignore: tuple[str, ...],
    severities: tuple[tuple[str, Severity], ...],
    suppressions: tuple[Suppression, ...],
) -> RuleSet:
    named = [selector for selector, _ in severities] + [row.rule for row in suppressions]
    require_rules((*select, *extend_select, *ignore, *named))
    chosen = []
    for rule in RULES:
        asked = max(_best((*select, *extend_select), rule), not select and rule.enabled)
        if asked > _best(ignore, rule):
            chosen.append(ActiveRule(rule, _severity(severities, rule)))
    needs = dict.fromkeys(need for active in chosen for need in active.rule.needs)
    accepted: dict[str, list[Suppression]] = {}
    for suppression in suppressions:
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
    if wanted == _ALL:
        return 1
    code = _normal(rule.code)
    return len(wanted) if len(wanted) >= 2 and code.startswith(wanted) else 0


def _normal(selector: str) -> str:
    return selector.strip().lower().replace("_", "-")


def _suggestion(wanted: str) -> str:
    from taskgraph.sources.nearest import nearest_text

    rules = {name: rule for rule in RULES for name in (rule.name, rule.code.lower())}
    near = nearest_text(wanted, rules, 0.6)
    if near is None or wanted.removeprefix("tg").isdigit():
        return "; `taskgraph rules` lists them"
    rule = rules[near]
    return f"; did you mean {rule.code} {rule.name}?"


def fits(suppression: Suppression, finding: Finding) -> bool:
    """Tell whether task and subtasks fit; the rule is not looked at."""
    if not fnmatchcase(finding.task_name or "", suppression.task):
        return False
    if suppression.subtask == "*":
        return True
    names = finding.subtask_names
    return bool(names) and all(fnmatchcase(name, suppression.subtask) for name in names)


def without_suppressed(
    findings: Iterable[Finding], by_code: dict[str, list[Suppression]]
) -> list[Finding]:
    """Leave out the findings that are accepted, by the code of their rule."""
    return [
        finding
        for finding in findings
        if not any(
            fits(suppression, finding) for suppression in by_code.get(finding.code, ())
        )
    ]
