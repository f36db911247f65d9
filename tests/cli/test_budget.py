"""``taskgraph budget``: what the worst case assumes, and where that is configured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from taskgraph.api import load, load_all
from taskgraph.cli.schema import published
from taskgraph.config import read_config
from taskgraph.reports.json import budget_json
from taskgraph.reports.text.budget import budget_text
from taskgraph.reports.text.console import Style
from tests.conftest import RunCli

STOP = "samples/obproxy_stop.json"


def ask(run_cli: RunCli, *arguments: str | Path) -> dict[str, Any]:
    done = run_cli("budget", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    (task,) = json.loads(done.stdout)["tasks"]
    return dict(task)


@pytest.fixture
def fan(tmp_path: Path) -> Path:
    """Write twelve subtasks of 10 s side by side after one without a timeout."""
    first: dict[str, Any] = {"id": 0, "name": "start", "timeout": 0, "upstreams": []}
    first["downstreams"] = list(range(1, 13))
    rest = [
        {"id": i, "name": f"s{i}", "timeout": 10, "upstreams": [0], "downstreams": []}
        for i in range(1, 13)
    ]
    path = tmp_path / "fan.json"
    path.write_text(json.dumps({"id": 1, "name": "fan", "subtasks": [first, *rest]}))
    return path


def test_numbers_of_attempts_are_joined_as_every_list(
    run_cli: RunCli, fan: Path, tmp_path: Path
) -> None:
    config = tmp_path / "taskgraph.toml"
    config.write_text("[attempts]\ns1 = 2\ns2 = 3\ns3 = 4\n")
    text = run_cli("budget", fan, "--config", config).stdout
    assert "Attempts      2, 3 or 4 each for 1 's1', 2 's2' and 3 's3'" in text


def test_attempts_multiply_and_overhead_adds(run_cli: RunCli) -> None:
    task = ask(run_cli, STOP, "--attempts", "3", "--overhead", "2")
    assert task["budget_seconds"] == 3 * (8010 + 11 * 2)


def test_subtasks_without_a_timeout_are_named_or_assumed(
    run_cli: RunCli, fan: Path
) -> None:
    task = ask(run_cli, fan)
    assert task["budget_seconds"] is None
    assert task["unlimited"] == [0]
    assumed = ask(run_cli, fan, "--assume-timeout", "1m", "--concurrency", "0")
    assert assumed["budget_seconds"] == 70
    assert assumed["assumed"] == [0]
    assert "unbounded" in run_cli("budget", fan).stdout


def test_more_subtasks_than_slots_wait(run_cli: RunCli, fan: Path) -> None:
    # Twelve of 10 s in ten slots: 10 + (120 - 10) / 10 = 21 s by Graham's bound.
    bounds = ask(run_cli, fan)["concurrency"]
    assert bounds["may_wait"]
    assert bounds["limit"] == 10
    assert bounds["upper_bound_seconds"] == 21
    assert bounds["lower_bound_seconds"] == 12
    assert bounds["list_schedule_seconds"] == 20
    free = ask(run_cli, fan, "--concurrency", "12")["concurrency"]
    assert not free["may_wait"]
    assert free["upper_bound_seconds"] == 10
    assert "12 subtasks may want 10 slots" in run_cli("budget", fan).stdout
    assert ask(run_cli, fan)["slots"]["enough"] is None  # there is no bound
    bounded = ("--assume-timeout", "1m")
    text = run_cli("budget", fan, *bounded).stdout
    assert "12 cost no time, in any order" in text
    assert ask(run_cli, fan, *bounded)["slots"] == {
        "width": 12,
        "width_is_exact": True,
        "enough": 12,
        "tried": 12,
    }


def test_the_configuration_speaks_unless_the_command_line_does(
    run_cli: RunCli, fan: Path
) -> None:
    settings = 'concurrency = 3\nassume-timeout = "5s"\n[attempts]\n"s1*" = 2\n'
    (fan.parent / "taskgraph.toml").write_text(settings)
    task = ask(run_cli, fan)
    assert task["concurrency"]["limit"] == 3
    # s1, s10, s11 and s12 may run twice.
    assert task["total_timeout_seconds"] == 5 + 8 * 10 + 4 * 20
    assert ask(run_cli, fan, "--attempts", "1")["total_timeout_seconds"] == 125
    assert ask(run_cli, fan, "--isolated")["concurrency"]["limit"] == 10


def test_rolling_back_has_a_price(run_cli: RunCli) -> None:
    task = ask(run_cli, STOP)
    assert task["rollback"]["is_allowed"]
    assert not task["rollback"]["is_accepted_now"]
    # All that can run before 13175719 prohibits rollback: 30 + 1800 + 30 + 300.
    assert task["failing_late"]["subtask"] == 13175727
    assert task["failing_late"]["seconds"] == 2 * 2160


def test_many_tasks_end_in_a_table(run_cli: RunCli, fan: Path) -> None:
    said = run_cli("budget", STOP, fan).stdout.splitlines()
    table = said[said.index("") :]
    assert any(
        line.strip().startswith("2 h 13 min 30 s") and "Stop obproxy" in line
        for line in table
    )
    assert any("+ ∞" in line and "fan" in line for line in table)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--overhead", "soon"), "--overhead must be seconds or a duration"),
        (("--attempts", "0"), "--attempts must be a whole number from 1 on, not 0"),
        (("--concurrency", "-2"), "--concurrency must be a whole number from -1 on"),
        (("--workers", "few"), "--workers must be a whole number from 0 on, not 'few'"),
        (("--runs", "x"), "--runs is for --fit"),
        (("--attempts-seen",), "--attempts-seen is for --runs DIR"),
        (("--format", "diff"), "--format diff is for --fit"),
        (("--fit", "1"), "no timeouts fit 1 s"),
        (("--fit", "1h", "--runs", "/nowhere"), "holds no history"),
        (("--config", "/nowhere.toml"), "/nowhere.toml: does not exist"),
        (("--config", "x.toml", "--isolated"), "exclude each other"),
    ],
)
def test_mistakes_are_named(run_cli: RunCli, arguments: tuple[str, ...], said: str) -> None:
    done = run_cli("budget", STOP, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_time_after_the_point_of_no_return_assumes_the_same(run_cli: RunCli) -> None:
    # 1800 + 30 + 3600 + 30 + 300 + 30 + 60 s, and 2 s for each of the seven, three times.
    task = ask(run_cli, STOP, "--attempts", "3", "--overhead", "2")
    assert task["point_of_no_return"]["seconds_after"] == 3 * (5850 + 7 * 2)


def test_flags_that_are_absent_promise_nothing(run_cli: RunCli, tmp_path: Path) -> None:
    subtasks = [{"id": 1, "name": "a", "timeout": 1, "upstreams": []}]
    path = tmp_path / "silent.json"
    path.write_text(json.dumps({"id": 1, "name": "silent", "subtasks": subtasks}))
    assert "does not say what prohibits" in run_cli("budget", path).stdout


def test_timeouts_are_lowered_to_fit_a_window(run_cli: RunCli) -> None:
    assert "2 timeouts lowered" in run_cli("budget", STOP, "--fit", "1h").stdout
    done = run_cli("budget", STOP, "--fit", "1h", "--format", "json")
    content = json.loads(done.stdout)
    Draft202012Validator(published()["budget-fit"].make()).validate(content)
    assert (content["before"], content["after"], content["is_exact"]) == (8010, 3600, True)
    assert run_cli("budget", STOP, STOP, "--fit", "1h").returncode == 2
    assert run_cli("budget", STOP, "--fit", "1h", "--format", "diff").stdout.startswith(
        "---"
    )


def test_failing_late_is_not_known_where_what_it_rests_on_is_not(run_cli: RunCli) -> None:
    path = "samples/formats/ocp_diagnosis.zip"
    said = run_cli("budget", path).stdout
    assert "Failing late  not known: the document has no timeouts" in said
    assert ask(run_cli, path)["failing_late"] is None


@pytest.mark.parametrize(
    ("own", "project", "told", "seconds"),
    [
        ("", "", None, None),
        ("budget: 1h", "", "1 h, held", 3600),
        ("budget: 5m", "", "5 min, not held: 5 min more", 300),
        ("budget: 1h", "[budgets]\n'T*' = '8m'", "8 min, not held: 2 min more", 480),
        ("", "[budgets]\n'*' = '10m'", "10 min, held", 600),
    ],
)
def test_a_limit_stands_beside_the_worst_case(
    own: str, project: str, told: str | None, seconds: int | None, tmp_path: Path
) -> None:
    config = tmp_path / "taskgraph.toml"
    config.write_text(project)
    path = tmp_path / "t.task.yaml"
    path.write_text(f"name: Test\n{own}\nsubtasks:\n- name: a\n  timeout: 10m\n")
    (loaded,) = load_all(path, read_config(config).for_path(str(path)))
    text = budget_text([loaded.analysis], Style(100))
    facts = [line.partition("  ") for line in text.splitlines()]
    limits = [fact.strip() for label, _, fact in facts if label == "Limit"]
    assert limits == ([told] if told else [])
    assert budget_json(loaded.analysis)["limit_seconds"] == seconds
    codes = {finding.code for finding in loaded.checked.findings}
    assert ("TG405" in codes) == (told is not None and "not held" in told)


def test_without_a_bound_no_limit_is_held(tmp_path: Path) -> None:
    path = tmp_path / "t.task.yaml"
    path.write_text("name: T\nbudget: 1h\nsubtasks:\n- name: a\n")
    text = budget_text([load(path).analysis], Style(100))
    assert "1 h, not held: there is no bound" in text


def test_definitions_have_no_id_in_the_table(run_cli: RunCli, tmp_path: Path) -> None:
    rows = "name: {}\nsubtasks:\n  - name: One\n    timeout: 90m\n"
    path = tmp_path / "two.task.yaml"
    path.write_text("---\n".join(map(rows.format, ("First", "Second"))))
    said = run_cli("budget", path).stdout
    assert "None" not in said
    assert [line.split()[:5] for line in said.splitlines()[-4:] if "Second" in line] == [
        ["1", "h", "30", "min", "Second"]
    ]


A, GATE, C, LAST = range(2, 6)


@pytest.fixture
def gated(tmp_path: Path) -> Callable[..., Path]:
    """Write a running task: A (100 s) before a gate, C (500 s) beside both, and a last."""

    def write(**statuses: str) -> Path:
        rows = [
            (1, "Start", 30, [], [A, C], "SUCCESSFUL"),
            (A, "A", 100, [1], [GATE], "RUNNING"),
            (GATE, "Gate", 100, [A], [LAST], "PENDING"),
            (C, "C", 500, [1], [LAST], "RUNNING"),
            (LAST, "Last", 10, [GATE, C], [], "PENDING"),
        ]
        subtasks = [
            {
                "id": number,
                "name": name,
                "timeout": timeout,
                "upstreams": ups,
                "downstreams": downs,
                "status": statuses.get(name, status),
                "prohibitRollback": number == GATE,
            }
            for number, name, timeout, ups, downs, status in rows
        ]
        passed = statuses.get("Gate", "PENDING") != "PENDING"
        task = {"id": 1, "name": "gated", "status": "RUNNING", "subtasks": subtasks}
        path = tmp_path / "gated.json"
        path.write_text(json.dumps({**task, "prohibitRollback": passed}))
        return path

    return write


def test_a_subtask_fails_sooner_than_the_task_beside_it(
    run_cli: RunCli, gated: Callable[..., Path]
) -> None:
    said = " ".join(run_cli("budget", gated()).stdout.split())
    assert "2 'A' fails, the task 8 min 50 s after its start; rolling back takes" in said
    assert "2 'A' fails after" not in said


@pytest.mark.parametrize(
    "statuses", [{"A": "SUCCESSFUL"}, {"A": "SUCCESSFUL", "Gate": "RUNNING"}]
)
def test_what_is_done_or_refused_is_no_failing_late(
    run_cli: RunCli, gated: Callable[..., Path], statuses: dict[str, str]
) -> None:
    assert "Failing late" not in run_cli("budget", gated(**statuses)).stdout
    assert ask(run_cli, gated(**statuses))["failing_late"] is None


def test_rollback_is_promised_for_now_only(
    run_cli: RunCli, gated: Callable[..., Path], tmp_path: Path
) -> None:
    assert "Rollback      allowed if it failed now; " in run_cli("budget", gated()).stdout
    path = tmp_path / "own.task.yaml"
    one, two = "  - name: One\n", "  - name: Two\n    upstreams: [One]\n"
    flags = [
        f"    timeout: 1m\n    prohibitRollback: {flag}\n" for flag in ("false", "true")
    ]
    path.write_text(f"name: Own\nsubtasks:\n{one}{flags[0]}{two}{flags[1]}")
    said = run_cli("budget", path).stdout
    assert "Rollback      allowed if it fails before the point of no return" in said
    path.write_text(f"name: Own\nsubtasks:\n{one}{flags[0]}{two}{flags[0]}")
    assert "Rollback      allowed if it fails\n" in run_cli("budget", path).stdout
