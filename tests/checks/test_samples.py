"""Every rule has a document that breaks it, with what is found, and one that does not."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import taskgraph
from taskgraph.api import load_all
from taskgraph.checks.baseline import fingerprints
from taskgraph.checks.registry import RULES
from taskgraph.checks.result import CheckResult
from taskgraph.checks.runner import TaskNames, check_document, run_checks
from taskgraph.model.task import Task
from taskgraph.reports.check_json import finding_json
from taskgraph.settings import Settings, Severity
from tests.checks.build import analysis, read_for_rules, settings

CODES = [rule.code for rule in RULES]


def options(expected: dict[str, Any]) -> Settings:
    return settings(**expected.get("options", {}))


def expectation(samples: Path, code: str) -> dict[str, Any]:
    text = (samples / "rules" / f"{code}.expected").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def checked(path: Path, expected: dict[str, Any]) -> tuple[CheckResult, ...]:
    chosen, needs = options(expected), expected.get("past")
    tasks = read_for_rules(path)
    results = check_document([analysis(task, chosen, needs) for task in tasks])
    names = TaskNames(str)
    return tuple(map(names.apply, results))


@pytest.mark.parametrize("code", CODES)
def test_a_breaking_document_gives_exactly_what_is_expected(
    samples: Path, code: str
) -> None:
    expected = expectation(samples, code)
    results = checked(samples / "rules" / f"{code}.json", expected)
    findings = [
        dict(finding_json(finding, fingerprint))
        for result in results
        for finding, fingerprint in zip(
            result.findings, fingerprints(result.findings), strict=True
        )
    ]
    for finding in findings:
        assert Path(str(finding.pop("file"))).name == f"{code}.json"
    assert findings == expected["findings"]
    assert {finding["code"] for finding in findings} == {code}


@pytest.mark.parametrize("code", CODES)
def test_a_passing_document_is_looked_at_and_gives_nothing(
    samples: Path, code: str
) -> None:
    expected = expectation(samples, code)
    for result in checked(samples / "rules" / f"{code}.ok.json", expected):
        assert result.findings == ()
        if code != "TG103":  # declares its edges on one side, on purpose
            assert code not in {skipped.code for skipped in result.skipped}


def test_there_is_no_sample_without_a_rule(samples: Path) -> None:
    names = {path.name.split(".")[0] for path in (samples / "rules").iterdir()}
    assert names == set(CODES)


def test_the_stop_response_has_no_error_and_no_warning(samples: Path) -> None:
    result = taskgraph.check(taskgraph.load(samples / "obproxy_stop.json"))
    assert result.worst in {None, Severity.INFO}


@pytest.mark.parametrize("code", [code for code in CODES if code >= "TG1"])
def test_the_order_of_the_subtasks_has_no_say(samples: Path, code: str) -> None:
    chosen = options(expectation(samples, code))
    shuffle = random.Random(code).shuffle
    for loaded in load_all(samples / "rules" / f"{code}.json", chosen):
        before = run_checks(loaded.analysis)
        rows = list(loaded.task.subtasks)
        shuffle(rows)
        shuffled = Task(
            **{
                name: getattr(loaded.task, name)
                for name in type(loaded.task).__dataclass_fields__
                if name not in {"subtasks", "origin", "naive_times"}
            },
            subtasks=tuple(rows),
            naive_times=tuple(
                (None if at is None else rows.index(loaded.task.subtasks[at]), attribute)
                for at, attribute in loaded.task.naive_times
            ),
        )
        after = run_checks(analysis(shuffled, chosen))
        placeless = {"file": "", "pointer": "", "line": None, "column": None, "path": ()}
        assert [f._replace(**placeless) for f in after.findings] == [  # type: ignore[arg-type]
            f._replace(**placeless)  # type: ignore[arg-type]
            for f in before.findings
        ]
        assert after.skipped == before.skipped
