"""The findings as JSON, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from taskgraph.checks.result import AcceptedEntry, CheckResult, CheckRun
from taskgraph.checks.runner import check_document
from taskgraph.errors import InputError, Problem
from taskgraph.reports.check_json import CHECK, render_check_json
from tests.checks.build import analysis, read_for_rules

UNREADABLE = InputError(
    "x.json", [Problem("is empty"), Problem("bad", "/a", 1, 2)], "fix it"
)


@pytest.fixture(scope="module")
def run(samples: Path) -> CheckRun:
    """Everything that breaks a rule, and a document that cannot be read."""
    results: list[CheckResult] = []
    for path in sorted((samples / "rules").glob("TG???.json")):
        results += check_document([analysis(task) for task in read_for_rules(path)])
    stale = (AcceptedEntry("0" * 32, "TG401", "no-timeout", "demo", ("a",)),)
    return CheckRun(tuple(results), (UNREADABLE,), "1.2.3", stale)


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(CHECK.schema())


def test_the_output_is_as_its_schema_says(run: CheckRun) -> None:
    validator().validate(json.loads(render_check_json(run)))


def test_the_schema_is_strict_enough_to_tell(run: CheckRun) -> None:
    content = json.loads(render_check_json(run))
    for task in content["tasks"]:
        for finding in task["findings"]:
            for key in list(finding):
                value = finding.pop(key)
                assert not validator().is_valid(content), key
                finding[key] = value
            break
        break
    content["version"] = 2
    assert not validator().is_valid(content)


def test_the_summary_counts_what_is_listed(run: CheckRun) -> None:
    content = json.loads(render_check_json(run))
    severities = [f["severity"] for task in content["tasks"] for f in task["findings"]]
    summary = content["summary"]
    assert summary["tasks"] == len(run.results)
    assert summary["unreadable"] == 1
    for severity in ("error", "warning", "info"):
        assert summary[f"{severity}s"] == severities.count(severity) > 0
    assert content["tool_version"] == "1.2.3"


def test_half_of_a_surrogate_pair_can_be_written() -> None:
    text = render_check_json(CheckRun((CheckResult("a.json", 1, "\ud83d"),)))
    assert json.loads(text.encode())["tasks"][0]["name"] == "\ud83d"


def test_names_stay_readable() -> None:
    assert "停止" in render_check_json(CheckRun((CheckResult("a.json", 1, "停止"),)))
