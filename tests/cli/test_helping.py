"""What helps people along: suggestions, completion, a start, one task of many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner, Result

from taskgraph.cli.main import cli


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), prog_name="taskgraph")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["shwo", "x.json"], "did you mean 'taskgraph show'?"),
        (["chekc"], "did you mean 'taskgraph check'?"),
        (["criticalpath"], "did you mean 'taskgraph critical-path'?"),
        (["history", "stat"], "did you mean 'taskgraph history stats'?"),
        (["-"], "did you mean 'taskgraph show -'?"),
        (["frobnicate"], "there is no command 'frobnicate': show, check, "),
        (["check", "x.json", "--formt", "json"], "--format"),
        (["check", "x.json", "--format", "sarfi"], "Did you mean 'sarif'?"),
        (["diff", "a", "b", "--fail-on", "bugdet"], "Did you mean 'budget'?"),
    ],
)
def test_what_was_meant_is_told(given: list[str], meant: str) -> None:
    done = run(*given)
    assert done.exit_code == 2
    assert meant in done.output


def test_a_file_without_a_command_is_told_how(samples: Path) -> None:
    path = samples / "obproxy_stop.json"
    assert f"did you mean 'taskgraph show {path}'?" in run(path).output


def test_a_rule_that_does_not_exist_is_told(samples: Path) -> None:
    done = run("check", samples / "obproxy_stop.json", "--select", "no-timeuot")
    assert done.exit_code
    assert "did you mean TG401 no-timeout?" in f"{done.output}{done.exception}"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("sh", {"show"}),
        ("check --select TG10", {f"TG10{n}" for n in range(1, 10)}),
        ("check --select TG401,no-t", {"TG401,no-timeout"}),
        ("rules one-", {"one-sided-edge"}),
        ("check --format s", {"sarif"}),
        ("diff a b --format s", {"svg"}),
        ("history sta", {"stats"}),
    ],
)
def test_words_are_completed(words: str, offered: set[str]) -> None:
    *before, begun = words.split(" ")
    complete = BashComplete(cli, {}, "taskgraph", "_TASKGRAPH_COMPLETE")
    found = complete.get_completions(before, begun)
    assert {item.value for item in found} == offered


@pytest.mark.parametrize(
    "words", ["show x", "check --baseline x", "diff x", "diff a x", "show a -o x"]
)
def test_files_are_completed_by_the_shell(words: str) -> None:
    *before, begun = words.split(" ")
    complete = BashComplete(cli, {}, "taskgraph", "_TASKGRAPH_COMPLETE")
    (item,) = complete.get_completions(before, begun)
    assert (item.type, item.value) == ("file", "x")


def test_the_files_to_start_from_are_sound(tmp_path: Path) -> None:
    done = run("init", tmp_path / "tasks")
    assert done.exit_code == 0
    assert done.output.endswith(f"next: taskgraph check {tmp_path / 'tasks'}\n")
    assert run("check", tmp_path / "tasks").output == "no findings: 1 task in 1 file\n"
    before = {path: path.read_bytes() for path in (tmp_path / "tasks").iterdir()}
    assert len(before) == 2
    again = run("init", tmp_path / "tasks")
    assert again.exit_code
    assert "is there already" in str(again.exception)
    assert before == {path: path.read_bytes() for path in (tmp_path / "tasks").iterdir()}


def test_every_option_of_the_first_configuration_is_the_default_but_what_it_shows(
    tmp_path: Path,
) -> None:
    run("init", tmp_path)
    told = run("config", tmp_path, "--format", "json").output
    options = {row["key"]: row["value"] for row in json.loads(told)["options"]}
    assert options["budgets.*"] == 4 * 3600
    assert options["severity.no-timeout"] == "error"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    path = tmp_path / "several.json"
    rows = [
        {"id": number, "name": name, "status": "RUNNING", "subtasks": [
            {"id": number * 10, "name": f"step of {name}", "timeout": 60}
        ]} for number, name in ((1, "first"), (2, "second"))
    ]  # fmt: skip
    path.write_text(json.dumps(rows))
    return path


Commands = pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["check", "--verbose", "--select", "TG6"],
        ["critical-path"],
        ["budget"],
        ["explain"],
        ["render", "-f", "txt"],
        ["report", "-f", "markdown"],
    ],
    ids=lambda command: command[0],
)


@Commands
@pytest.mark.parametrize("wanted", ["2", "second"])
def test_one_task_of_several_is_chosen(
    command: list[str], wanted: str, several: Path
) -> None:
    done = run(*command, several, "--task", wanted)
    assert "first" not in done.output
    if command[0] != "check":
        assert "second" in done.output
    assert "2 tasks" not in done.output


@Commands
def test_a_task_that_is_nowhere_is_told(command: list[str], several: Path) -> None:
    done = run(*command, several, "--task", "3")
    assert done.exit_code == 2
    assert "--task 3: no document that was read holds a task" in done.stderr
    assert "without --task" in done.stderr
    assert "did you mean 'second'?" in run(*command, several, "--task", "Secnd").stderr


def test_one_task_of_both_sides_is_compared(several: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(several.read_text().replace("RUNNING", "FAILED"))
    done = run("diff", several, other, "--task", "2")
    assert done.output.startswith("second\n")
    assert "first" not in done.output
    assert run("diff", several, other, "--task", "3").exit_code == 2


@pytest.fixture
def split(tmp_path: Path) -> Path:
    rows = [{"id": 1, "name": "Start", "timeout": 10, "upstreams": []}]
    rows += [
        {"id": n, "name": "Stop host", "timeout": 10, "upstreams": [1]} for n in (2, 3)
    ]
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"id": 9, "name": "split", "subtasks": rows}))
    return path


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        (["--set", "Stop host=100"], 110),
        (["--set", "Stop host=100", "--set", "2=5"], 110),
        (["--set", "2=300", "--set", "Stop host=100"], 310),
        (["--skip", "Stop host"], 10),
        (["--set", "Start=50", "--drop-edge", "Start:3"], 60),
    ],
)
def test_a_name_stands_for_all_that_have_it(
    arguments: list[str], seconds: int, split: Path
) -> None:
    told = json.loads(run("critical-path", split, "--format", "json", *arguments).output)
    assert told["tasks"][0]["makespan"] == seconds


@pytest.mark.parametrize(
    "change", [["--set", "Stop host=100"], ["--skip", "Stop host"], ["--drop-edge", "1:2"]]
)
def test_what_another_task_has_is_no_mistake(
    change: list[str], split: Path, tmp_path: Path
) -> None:
    other, broken = tmp_path / "other.json", tmp_path / "broken.json"
    rows = [
        {"id": 7, "name": "Wait", "timeout": 60, "upstreams": [], "downstreams": [8]},
        {"id": 8, "name": "End", "timeout": 60, "upstreams": [7], "downstreams": []},
    ]
    other.write_text(json.dumps({"id": 8, "name": "other", "subtasks": rows}))
    alone = json.loads(run("critical-path", split, "-f", "json", *change).output)
    for files in ((split, other), (other, split)):
        done = run("critical-path", *files, "-f", "json", *change)
        told = {task["id"]: task for task in json.loads(done.stdout)["tasks"]}
        assert told[9]["makespan"] == alone["tasks"][0]["makespan"]
        assert told[8]["makespan"] == told[8]["before"]["makespan"]
    done = run("critical-path", other, *change)
    assert "no subtask has the id or the name" in str(done.exception)
    broken.write_text("{")
    done = run("critical-path", other, broken, *change)
    assert done.exit_code == 2
    assert "no subtask has the id or the name" in done.stderr
    assert "other" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "Stop hots=5"], "no subtask has the id or the name Stop hots; did you"),
        (["--drop-edge", "Start:Stop host"], "several subtasks are called Stop host"),
        (["--skip", "42"], "no subtask has the id or the name 42"),
    ],
)
def test_a_name_that_does_not_fit_is_told(
    arguments: list[str], message: str, split: Path
) -> None:
    assert message in str(run("critical-path", split, *arguments).exception)


def test_durations_are_for_names_too(split: Path, tmp_path: Path) -> None:
    table = tmp_path / "times.csv"
    table.write_text("name;seconds\nStop host;70\n3;20\n")
    told = run("critical-path", split, "--durations", table, "--format", "json").output
    assert json.loads(told)["tasks"][0]["makespan"] == 80
