"""``taskgraph history`` from end to end."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from jsonschema import Draft202012Validator

from benchmarks.history_archive import write_archive
from taskgraph.cli.main import main
from taskgraph.cli.schema import published
from tests.history.documents import FLEET, at, response, step, write

Run: TypeAlias = Callable[..., tuple[int, str, str]]

SCRIPT = "from taskgraph.cli.main import main; main()"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process; give the exit code and both outputs."""
    monkeypatch.setenv("COLUMNS", "110")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["history", *map(str, arguments)])
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents in ``in`` and what was collected in ``runs``."""
    folder = tmp_path_factory.mktemp("history")
    write_archive(folder / "in", 500, kinds=FLEET, form="jsonl", clean=True)
    with pytest.raises(SystemExit) as caught:
        main(["history", "collect", str(folder / "in"), "-o", str(folder / "runs"), "-j1"])
    assert not caught.value.code
    work = step(1, "Prepare", 0, 1, timeout=30)
    rest = step(2, "Stop obproxy", 2, 400, timeout=1800)
    write(folder, {"tonight.json": response(7, [work, rest], name="Stop obproxy")})
    return folder


def test_collect_says_what_it_did_and_then_has_nothing_to_do(
    tmp_path: Path, run: Run
) -> None:
    write(tmp_path / "in", {"a.json": response(1, [step(1, "a")]), "b.json": b"{"})
    command = ("collect", tmp_path / "in", "-o", tmp_path / "runs", "-j", "1")
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert "2 documents looked at, 0 files unchanged, 1 task and 1 subtask added" in err
    assert "1 document cannot be read" in err
    assert "rejects.jsonl says why" in err
    code, out, err = run(*command)
    assert code == 0
    assert "0 documents looked at, 2 files unchanged" in err
    assert "1 document cannot be read, or in part only, 0 of them looked at now" in err


def test_collect_passes_over_what_is_no_task_in_a_folder(tmp_path: Path, run: Run) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    others = {f"{number}.json": b'{"name": "x"}' for number in range(7)}
    write(folder, {"package.json": b'{"name": "x"}'} | others)
    command = ("collect", folder, "-o", tmp_path / "runs", "-j1")
    code, _, err = run(*command)
    assert (code, "cannot be read" in err) == (0, False)
    told = ", ".join(f"{folder}/{number}.json" for number in range(5))
    assert f"passed over, for there is no task in it: {told} and 3 more\n" in err
    code, _, err = run(*command)
    assert (code, "0 documents looked at, 9 files unchanged" in err) == (0, True)
    code, _, err = run("collect", folder / "package.json", "-o", tmp_path / "runs", "-j1")
    assert (code, "1 document cannot be read" in err) == (2, True)
    with tarfile.open(folder / "b.tar", "w") as archive:
        for _ in range(6):
            archive.add(folder / "package.json", "same.json")
    code, _, err = run(*command)
    assert f"in it: {', '.join([f'{folder}/b.tar!same.json'] * 5)} and 1 more\n" in err
    (folder / "a.json").unlink()
    code, _, err = run("collect", folder, "-o", tmp_path / "new", "-j1")
    assert (code, "no document holds a task" in err) == (2, True)


def test_collect_refuses_what_it_cannot_do(tmp_path: Path, run: Run) -> None:
    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    for options, message in (
        (("-o", "memory://runs"), "a history lies in a local folder"),
        (("-o", tmp_path / "runs", "--memory", "-1GB"), "must not be negative"),
        (("-o", folder / "a.json"), "is no folder"),
    ):
        code, _, err = run("collect", folder, "-j1", *options)
        assert (code, message in err, "Traceback" in err) == (2, True, False)


def test_rejects_are_read_again_where_that_is_asked_for(tmp_path: Path, run: Run) -> None:
    folder = write(tmp_path / "in", {"a.json": b"{"})
    command = ("collect", folder, "-o", tmp_path / "runs", "-j1")
    assert run(*command)[0] == 2
    assert run(*command)[0] == 0
    code, _, err = run(*command, "--retry-rejects")
    assert (code, "1 document cannot be read" in err) == (2, True)


def test_an_interrupted_collection_says_how_to_go_on(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    folder = write(tmp_path / "in", {"a.json": response(1, [step(1, "a")])})
    monkeypatch.setattr("taskgraph.history.store.RunStore.add", interrupt)
    code, _, err = run("collect", folder, "-o", tmp_path / "runs", "-j1")
    assert code == 130
    assert "the same command goes on from there" in err


@pytest.mark.uncovered
@pytest.mark.parametrize("command", ["stats", "report", "timeouts", "compare"])
def test_a_name_that_no_task_has_is_refused(folder: Path, run: Run, command: str) -> None:
    more = ("--since", "2023-01-02T00:00:00+08:00") if command == "compare" else ()
    code, text, said = run(command, "-r", folder / "runs", "--task", "nosuch*", *more)
    assert (code, text) == (2, "")
    assert "no task of the history has a name like 'nosuch*'" in said
    assert "hint: taskgraph history stats tells the names that there are" in said


@pytest.mark.parametrize("command", ["timeouts", "compare"])
def test_a_name_of_which_nothing_is_told_is_not_called_unknown(
    tmp_path: Path, run: Run, command: str
) -> None:
    write(tmp_path, {"a.json": response(1, [], name="Bare")})
    assert run("collect", tmp_path / "a.json", "-o", tmp_path / "runs", "-j1")[0] == 0
    more = ("--since", "2023-01-02T00:00:00+08:00") if command == "compare" else ()
    code, text, said = run(command, "-r", tmp_path / "runs", "--task", "Bare", *more)
    assert (code, text) == (2, "")
    assert "has a name like" not in said
    assert "does not tell this" in said or "on both sides" in said


@pytest.mark.uncovered
def test_stats_in_every_form(folder: Path, run: Run, tmp_path: Path) -> None:
    command = ("stats", "-r", folder / "runs")
    code, text, _ = run(*command)
    assert code == 0
    assert "重启 OBProxy" in text
    code, content, _ = run(*command, "--format", "json")
    found = json.loads(content)
    assert (found["format"], found["documents"]) == ("taskgraph/history-stats", 500)
    code, table, _ = run(*command, "--format", "csv", "--task", "Stop *")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["task"] for row in rows} == {"Stop obproxy"}
    for ending, mark in (("html", "<!doctype html>"), ("md", "# Runs of tasks")):
        file = tmp_path / f"stats.{ending}"
        assert run(*command, "-o", file)[0] == 0
        assert file.read_text("utf-8").startswith(mark)


def test_timeouts_and_their_patch(folder: Path, run: Run) -> None:
    tonight = folder / "tonight.json"
    command = ("timeouts", tonight, "-r", folder / "runs", "--share", "90")
    code, text, _ = run(*command)
    assert code == 0
    assert "lower" in text
    assert "2 changes; worst case: 30 min →" in " ".join(text.split())
    code, patch, _ = run(*command, "--format", "patch")
    operations = json.loads(patch)
    assert [one["op"] for one in operations] == ["test", "replace"] * 2
    code, _, err = run("timeouts", "-r", folder / "runs", "--format", "patch")
    assert code == 2
    assert "needs one FILE" in err


def test_a_patch_is_for_one_task_that_can_be_read(
    folder: Path, run: Run, tmp_path: Path
) -> None:
    work = step(1, "Prepare", 0, 1, timeout=3000)
    tasks = [json.loads(response(1, [work], name=name))["data"] for name in ("Stop", "x")]
    tasks[0]["name"] = "Stop obproxy"
    write(tmp_path, {"two.json": json.dumps(tasks).encode(), "bad.json": b"{"})
    options = ("-r", folder / "runs", "--share", "90", "--format", "patch")
    output = tmp_path / "patch.json"
    code, _, err = run("timeouts", tmp_path / "two.json", *options, "-o", output)
    assert (code, "holds 2 tasks; a patch is for one" in err) == (2, True)
    code, _, _ = run("timeouts", tmp_path / "bad.json", *options, "-o", output)
    assert code == 2
    assert not output.exists()
    two = ("timeouts", tmp_path / "two.json", *options)
    _, patch, _ = run(*two, "--task", "Stop *")
    assert [one["path"] for one in json.loads(patch)] == ["/0/subtasks/0/timeout"] * 2
    assert json.loads(run(*two, "--task", "x")[1]) == []
    code, _, err = run(*two, "--task", "nothing")
    assert (code, "has such a name" in err) == (2, True)


def test_the_budget_is_that_of_the_tasks_that_were_chosen(folder: Path, run: Run) -> None:
    command = ("timeouts", folder / "tonight.json", "-r", folder / "runs", "--share", "90")
    _, text, _ = run(*command, "--task", "Stop *")
    assert "Budget of" in text
    assert run(*command, "--task", "Restart *")[0] == 2
    _, table, _ = run(*command, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["file"] for row in rows} == {str(folder / "tonight.json")}
    code, _, err = run(*command[:1], *command[2:], "--task", "x", "--across-tasks")
    assert (code, "--across-tasks has none" in err) == (2, True)
    for margin in ("nan", "inf", "1e300"):
        code, _, err = run(*command, "--margin", margin)
        assert (code, "the margin must be" in err) == (2, True)


def test_the_budget_is_the_one_that_the_configuration_gives(
    folder: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = step(1, "Stop obproxy", timeout=1800)
    write(tmp_path, {"taskgraph.toml": b"attempts = 3\noverhead = 5\n"})
    task = write(tmp_path, {"a.json": response(1, [work], name="Stop obproxy")}) / "a.json"
    with pytest.raises(SystemExit):
        main(["budget", str(task), "--format", "json"])
    (budget,) = json.loads(capsys.readouterr().out)["tasks"]
    options = ("-r", folder / "runs", "--share", "90", "--format", "json")
    (review,) = json.loads(run("timeouts", task, *options)[1])["definitions"]
    assert review["before"] == budget["finite_seconds"] > 3 * 1800
    assert review["after"] < review["before"]


def test_odds(folder: Path, run: Run, tmp_path: Path) -> None:
    command = ("odds", folder / "tonight.json", "-r", folder / "runs", "--window", "2m")
    code, text, _ = run(*command)
    assert code == 0
    assert "Ends in it" in text
    assert text == run(*command)[1]
    assert text != run(*command, "--seed", "1")[1]
    _, content, _ = run(*command, "--format", "json", "--samples", "500")
    assert json.loads(content)["options"]["samples"] == 500
    assert run(*command, "-o", tmp_path / "odds.html")[0] == 0
    assert "<svg" in (tmp_path / "odds.html").read_text("utf-8")
    code, _, err = run("odds", folder / "tonight.json", "--window", "soon")
    assert code == 2
    assert "--window must be seconds or a duration" in err


@pytest.mark.uncovered
def test_the_odds_assume_what_the_configuration_says_and_the_command_line_before_it(
    folder: Path, run: Run, tmp_path: Path
) -> None:
    write(tmp_path, {"taskgraph.toml": b"attempts = 3\nconcurrency = 1\n"})
    steps = [step(1, "Stop obproxy"), step(2, "other", timeout=60)]
    file = write(tmp_path, {"a.json": response(1, steps)}) / "a.json"
    command = ("odds", file, "-r", folder / "runs", "--window", "60", "--format", "json")

    def assumed(*options: str) -> tuple[int, set[int]]:
        found = json.loads(run(*command, *options)[1])
        return found["slots"], {row["attempts"] for row in found["subtasks"]}

    assert assumed() == (1, {3})
    assert assumed("--attempts", "2") == (1, {2})
    assert assumed("--concurrency", "5") == (5, {3})


def test_what_is_asked_about_a_document_takes_what_other_commands_take(
    folder: Path, run: Run, tmp_path: Path
) -> None:
    own = write(tmp_path, {"taskgraph.toml": b"grace = 0\n"})
    file = write(own, {"a.json": response(1, [step(1, "Stop obproxy", timeout=1800)])})
    write(tmp_path, {"other.toml": b"[per-path-ignores]\n'nowhere/*' = ['TG1']\n"})
    command = (file / "a.json", "-r", folder / "runs", "--config", tmp_path / "other.toml")
    for name, *options in (("timeouts",), ("odds", "--window", "1h"), ("anomalies",)):
        code, _, err = run(name, *command, *options)
        assert (code, "other.toml: per-path-ignores" in err) == (0, True), name
        code, _, err = run(name, *command, *options, "--isolated")
        assert (code, "exclude each other" in err) == (2, True), name
    begun = step(1, "Stop obproxy", 2, None, timeout=1800, status="RUNNING")
    running = response(1, [begun], asked=3, status="RUNNING", finishTime=None)
    file = write(own, {"b.json": running})
    asked = ("odds", file / "b.json", "-r", folder / "runs", "--window", "60")
    code, text, _ = run(*asked, "--as-of", at(50))
    assert (code, text != run(*asked)[1]) == (0, True)


def test_odds_of_a_broken_task_and_of_several(
    folder: Path, run: Run, tmp_path: Path
) -> None:
    loop = step(1, "a", upstreams=[1], downstreams=[1])
    both = json.loads(response(1, [step(1, "a")]))["data"]
    two = json.dumps([both] * 2).encode()
    write(tmp_path, {"loop.json": response(1, [loop]), "two.json": two})
    options = ("-r", folder / "runs", "--window", "60")
    code, _, err = run("odds", tmp_path / "loop.json", *options)
    assert code == 1
    assert "cycle" in err
    code, _, err = run("odds", tmp_path / "two.json", *options)
    assert code == 2
    assert "holds 2 tasks" in err


def test_anomalies(folder: Path, run: Run) -> None:
    command = ("anomalies", folder / "tonight.json", "-r", folder / "runs")
    code, text, _ = run(*command)
    assert code == 0
    assert "slow" in text
    assert "'Stop obproxy' took 6 min 38 s" in " ".join(text.split())
    assert run(*command, "--fail-on-any")[0] == 1


def test_compare_and_report(folder: Path, run: Run) -> None:
    runs = ("-r", folder / "runs")
    code, text, _ = run("compare", *runs, "--since", "2023-01-02T00:00:00+08:00")
    assert code == 0
    assert "Stop obproxy" in text
    code, _, err = run("compare", *runs, "--since", "2023-01-02")
    assert code == 2
    assert "--since must be a time with its offset" in err
    assert run("compare", *runs)[0] == 2
    code, text, _ = run("report", *runs, "--task", "重启", "--format", "html")
    assert code == 0
    assert "<h1" in text
    assert "重启 OBProxy" in text
    assert "Stop obproxy" not in text


def test_every_json_is_as_its_published_schema_says(folder: Path, run: Run) -> None:
    schemas = published()
    file, runs = str(folder / "tonight.json"), ("-r", str(folder / "runs"))
    commands = {
        "history-stats": ("stats", *runs),
        "history-timeouts": ("timeouts", file, *runs, "--share", "90"),
        "history-patch": ("timeouts", file, *runs, "--share", "90"),
        "history-odds": ("odds", file, *runs, "--window", "2m"),
        "history-anomalies": ("anomalies", file, *runs),
        "history-trends": ("report", *runs),
        "history-compare": ("compare", *runs, "--base", runs[1]),
    }
    assert commands.keys() == {name for name in schemas if name.startswith("history-")}
    for name, command in commands.items():
        form = "patch" if name == "history-patch" else "json"
        content = json.loads(run(*command, "--format", form)[1])
        assert content
        Draft202012Validator(schemas[name].make()).validate(content)


def test_without_a_history_the_way_to_one_is_shown(run: Run, tmp_path: Path) -> None:
    for command in (("stats",), ("timeouts",), ("odds", "x.json", "--window", "1")):
        code, _, err = run(*command, "-r", tmp_path)
        assert code == 2
        assert "history collect" in err or "does not exist" in err


@pytest.mark.slow
def test_where_nothing_is_installed_one_message_says_what_to_install(
    folder: Path, tmp_path: Path
) -> None:
    for library in ("duckdb", "pyarrow", "fsspec", "numpy"):
        write(tmp_path / library, {f"{library}.py": _MISSING.encode()})
        tonight = str(folder / "tonight.json")
        runs = str(folder / "runs")
        command = {
            "fsspec": ["collect", "memory://x", "-o", str(tmp_path / "new")],
            "numpy": ["odds", tonight, "-r", runs, "--window", "60"],
            "pyarrow": ["collect", tonight, "-o", str(tmp_path / "new"), "-j1"],
        }.get(library, ["stats", "-r", runs])
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, "history", *command],
            env=os.environ
            | {"PYTHONPATH": f"{tmp_path / library}{os.pathsep}{os.getcwd()}"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert f"{library} is missing" in done.stderr
        assert "pip install '.[history]'" in done.stderr
        assert "Traceback" not in done.stderr


_MISSING = "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"


def test_to_know_the_command_costs_no_heavy_import() -> None:
    heavy = "{'dask', 'distributed', 'duckdb', 'fsspec', 'jinja2', 'numpy', 'pyarrow'}"
    script = f"import sys, taskgraph.cli.history; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "set()\n"


@pytest.mark.slow
def test_on_a_terminal_a_bar_shows_how_far_it_is(tmp_path: Path) -> None:
    write_archive(tmp_path / "in", 3000, kinds=FLEET, form="jsonl", clean=True)
    ours, theirs = pty.openpty()
    command = ["collect", str(tmp_path / "in"), "-o", str(tmp_path / "runs"), "-j1"]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "history", *command],
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out == b""
    assert "documents" in shown.decode()
    assert "/s" in shown.decode()
    assert "left" in shown.decode()
