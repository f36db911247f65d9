"""The registry: what every rule promises, and how a rule is found."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime

import pytest

from taskgraph.checks.registry import RULES, find_rules, make_rule_set
from taskgraph.checks.rule import Rule
from taskgraph.errors import ConfigError
from taskgraph.settings import Severity
from tests.checks.build import check, settings, subtasks, task

BY_CODE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_codes_are_ascending_and_names_are_unique() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


@BY_CODE
def test_a_rule_is_named_and_documented(rule: Rule) -> None:
    assert re.fullmatch(r"TG[0-6]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    for section in rule.doc:
        assert section.strip()
        assert "---" not in section
    assert rule.doc.summary.endswith(".")
    assert "\n" not in rule.doc.summary


@BY_CODE
def test_the_module_is_named_like_the_rule(rule: Rule) -> None:
    name = f"{rule.code.lower()}_{rule.name.replace('-', '_')}"
    assert rule.check.__module__ == f"taskgraph.checks.rules.{name}"


@BY_CODE
def test_a_rule_is_found_by_code_and_by_name(rule: Rule) -> None:
    for name in (rule.code, rule.code.lower(), rule.name, f" {rule.name.upper()} "):
        assert find_rules(name) == (rule,)


def test_the_beginning_of_a_code_finds_all_that_begin_so() -> None:
    assert [rule.code for rule in find_rules("TG5")] == ["TG501", "TG502", "TG503", "TG504"]
    assert find_rules("all") == RULES


def test_only_one_rule_is_off_by_default() -> None:
    assert [rule.code for rule in RULES if not rule.enabled] == ["TG107"]
    assert len(make_rule_set(settings()).rules) == len(RULES) - 1
    assert len(make_rule_set(settings(select=("all",))).rules) == len(RULES)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TG999", "lists them"),
        ("TG49", "lists them"),
        ("one-sided-edges", "TG103 one-sided-edge"),
        ("x", "lists them"),
    ],
)
def test_an_unknown_rule_is_refused_with_the_nearest_one(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        find_rules(name)
    for options in (
        {"select": (name,)},
        {"ignore": (name,)},
        {"extend_select": (name,)},
        {"severity": ((name, Severity.INFO),)},
    ):
        with pytest.raises(ConfigError, match=hint):
            check(task(subtasks([(1, 2)])), **options)


@pytest.mark.parametrize(
    "fields",
    [
        {"near_timeout": 1.5},
        {"dominant_timeout": -0.1},
        {"no_return": 2},
        {"tolerance": -1},
        {"grace": -1},
    ],
)
def test_senseless_numbers_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(fields))):
        settings(**fields)


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ConfigError, match="as_of must have a UTC offset"):
        settings(as_of=datetime(2025, 1, 1))  # noqa: DTZ001


def test_severities_compare_by_how_bad_they_are() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert max(Severity) is Severity.ERROR
    assert Severity.WARNING >= Severity.WARNING > Severity.INFO
    assert Severity.WARNING <= Severity.WARNING <= Severity.ERROR
    assert sorted(["warning", "info"], key=Severity) == ["info", "warning"]
    assert f"{Severity.ERROR}" == "error"


def test_a_sound_document_is_checked_without_anything_heavy() -> None:
    heavy = ["networkx", "rich", "graphviz", "jinja2", "numpy", "taskgraph.diagrams"]
    program = f"""
import sys
from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.runner import run_checks
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.task import Subtask, Task

rows = (
    Subtask(1, "a", upstreams=(), downstreams=(2,), timeout=5),
    Subtask(2, "b", upstreams=(1,), downstreams=(), timeout=5),
)
result = run_checks(Analysis(build_graph(Task(7, "demo", subtasks=rows))))
assert result.findings == (), result
print(sorted(set({heavy}) & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
