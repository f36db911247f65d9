"""The commands as real processes, on the stop response and on documents that go wrong."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RunCli

STOP = "obproxy_stop.json"
CRITICAL_PATH = [13175720, 13175728, 13175723, 13175727, 13175719, 13175726]
CRITICAL_PATH += [13175721, 13175729, 13175722, 13175725, 13175724]


@pytest.fixture
def shuffled(samples: Path, tmp_path: Path) -> Path:
    """Write the stop response with its subtasks in another order, under its own name."""
    document = json.loads((samples / STOP).read_text())
    random.Random(7).shuffle(document["data"]["subtasks"])
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / STOP).write_text(json.dumps(document, indent=2))
    return tmp_path


def test_check_finds_nothing_wrong_with_the_stop_response(run_cli: RunCli) -> None:
    done = run_cli("check", f"samples/{STOP}")
    assert done.returncode == 0
    assert not done.stderr
    assert "1 info: 1 task in 1 file" in done.stdout


def test_critical_path_of_the_stop_response(run_cli: RunCli) -> None:
    done = run_cli("critical-path", f"samples/{STOP}", "--format", "json")
    (task,) = json.loads(done.stdout)["tasks"]
    assert done.returncode == 0
    assert (task["subtask_count"], task["edge_count"]) == (11, 10)
    assert task["critical_path"] == CRITICAL_PATH
    assert task["makespan"] == 8010


def test_budget_of_the_stop_response(run_cli: RunCli) -> None:
    done = run_cli("budget", f"samples/{STOP}", "--format", "json")
    (task,) = json.loads(done.stdout)["tasks"]
    assert task["budget_seconds"] == 8010
    assert task["shares"][0] == {
        "id": 13175721,
        "name": "Inactive agent modules",
        "seconds": 3600,
    }
    no_return = task["point_of_no_return"]
    assert no_return["subtasks"] == [13175719]
    assert no_return["seconds_after"] == 5850
    assert not no_return["passed"]


def test_budget_says_it_in_words(run_cli: RunCli) -> None:
    said = run_cli("budget", f"samples/{STOP}").stdout
    assert "Worst case    2 h 13 min 30 s" in said
    assert "the start of 13175719 'Stop obproxy'" in said
    assert "1 h 37 min 30 s" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("show",),
        ("show", "--format", "json"),
        ("check",),
        ("check", "--format", "json"),
        ("critical-path",),
        ("critical-path", "--format", "json"),
        ("budget",),
        ("budget", "--format", "json"),
        ("render",),
        ("render", "--format", "dot"),
    ],
)
def test_shuffled_subtasks_give_the_same_bytes(
    run_cli: RunCli, shuffled: Path, arguments: tuple[str, ...]
) -> None:
    command, *options = arguments
    as_it_is = run_cli(command, f"samples/{STOP}", *options)
    as_shuffled = run_cli(command, f"samples/{STOP}", *options, cwd=shuffled)
    assert as_it_is.returncode == 0
    assert as_shuffled.stdout == as_it_is.stdout


def test_a_bad_file_does_not_hide_the_others(run_cli: RunCli, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"data": {"id": 1, "subtasks": [')
    done = run_cli("budget", bad, f"samples/{STOP}", tmp_path / "missing.json")
    assert done.returncode == 2
    assert "2 h 13 min 30 s" in done.stdout
    assert "bad.json" in done.stderr
    assert "missing.json: does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_standard_input_is_a_document(run_cli: RunCli, samples: Path) -> None:
    done = run_cli("show", "-", input=(samples / STOP).read_bytes())
    assert done.returncode == 0
    assert "<stdin>" in done.stdout
    assert "0 of 11 done" in done.stdout


def test_a_cycle_is_refused_by_the_analyses_and_still_drawn(
    run_cli: RunCli, tmp_path: Path
) -> None:
    subtasks = [
        {"id": 1, "name": "a", "upstreams": [2], "downstreams": [2], "timeout": 5},
        {"id": 2, "name": "b", "upstreams": [1], "downstreams": [1], "timeout": 5},
    ]
    path = tmp_path / "cycle.json"
    path.write_text(json.dumps({"id": 9, "name": "loop", "subtasks": subtasks}))
    refused = run_cli("critical-path", path)
    assert refused.returncode == 1
    assert "cycle" in refused.stderr
    shown = run_cli("show", path)
    assert shown.returncode == 1
    assert "the dependencies form a cycle" in shown.stdout
    assert "TG101" in shown.stdout
    drawn = run_cli("render", path)
    assert drawn.returncode == 0
    assert drawn.stdout.startswith("<svg")


def test_output_goes_to_a_file_as_a_whole_or_not_at_all(
    run_cli: RunCli, tmp_path: Path
) -> None:
    target = tmp_path / "stop.svg"
    done = run_cli("render", f"samples/{STOP}", "-o", target)
    assert done.returncode == 0
    assert not done.stdout
    assert target.read_text().startswith("<svg")
    refused = run_cli("render", f"samples/{STOP}", "-o", tmp_path / "no" / "stop.svg")
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["stop.svg"]


def test_the_ending_of_the_output_chooses_the_form(run_cli: RunCli, tmp_path: Path) -> None:
    target = tmp_path / "stop.dot"
    run_cli("render", f"samples/{STOP}", "-o", target)
    assert target.read_text().startswith("digraph")


def test_two_tasks_do_not_fit_one_file(run_cli: RunCli, tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    done = run_cli("render", f"samples/{STOP}", f"samples/{STOP}", "-o", target)
    assert done.returncode == 2
    assert "2 tasks" in done.stderr
    assert not target.exists()
    for form in ("svg", "mermaid", "json", "graphml", "gexf", "trace"):
        done = run_cli("render", f"samples/{STOP}", f"samples/{STOP}", "--format", form)
        assert (done.returncode, done.stdout) == (2, ""), form
        assert "standard output: 2 tasks would be written to one file" in done.stderr


def test_texts_and_dot_of_several_tasks_follow_each_other(run_cli: RunCli) -> None:
    for form in ("txt", "dot"):
        one = run_cli("render", f"samples/{STOP}", "--format", form)
        two = run_cli("render", f"samples/{STOP}", f"samples/{STOP}", "--format", form)
        assert (two.returncode, two.stdout) == (0, 2 * one.stdout)


@pytest.mark.parametrize("width", ["40", "200"])
def test_text_keeps_to_the_width_of_the_terminal(
    run_cli: RunCli, tmp_path: Path, width: str
) -> None:
    subtasks = [{"id": 1, "name": "停止代理" * 20, "status": "RUNNING", "timeout": 30}]
    path = tmp_path / "wide.json"
    path.write_text(json.dumps({"id": 9, "name": "停止", "subtasks": subtasks}))
    done = run_cli("show", path, env={"COLUMNS": width})
    longest = max(
        sum(2 if ord(char) > 0x2E80 else 1 for char in line)
        for line in done.stdout.splitlines()
    )
    assert longest <= int(width)
    assert "停止代理" in done.stdout


@pytest.mark.parametrize("view", ["graph", "timeline"])
def test_text_pictures_keep_to_the_width_of_the_terminal_and_files_to_theirs(
    run_cli: RunCli, tmp_path: Path, view: str
) -> None:
    times = {"startTime": "2025-01-16T11:00:00Z", "finishTime": "2025-01-16T11:01:00Z"}
    subtasks = [
        {"id": n, "name": f"Stop agent {n}", "status": "SUCCESSFUL", "timeout": 90}
        | {"upstreams": [n - 1] if n else [], "executor": f"10.0.0.{n}", **times}
        for n in range(4)
    ]
    path = tmp_path / "narrow.json"
    path.write_text(json.dumps({"id": 9, "name": "Stop", "subtasks": subtasks}))
    command = ("render", "--format", "txt", "--view", view, path)
    sides = {width: run_cli(*command, env={"COLUMNS": width}) for width in ("60", "200")}
    longest = {
        width: max(map(len, done.stdout.splitlines())) for width, done in sides.items()
    }
    assert longest["60"] <= 60 < longest["200"] <= 200
    piped = run_cli(*command).stdout
    written = tmp_path / "stop.txt"
    run_cli(*command, "-o", written, env={"COLUMNS": "60"})
    assert written.read_text() == piped


def test_standard_output_is_utf_8_whatever_the_encoding_of_the_terminal(
    run_cli: RunCli, tmp_path: Path
) -> None:
    path = tmp_path / "wide.json"
    path.write_text(json.dumps({"id": 9, "name": "停止", "subtasks": []}))
    done = run_cli("show", path, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "停止" in done.stdout


def test_names_cannot_steer_the_terminal(run_cli: RunCli, tmp_path: Path) -> None:
    name = "a\x1b[31mred\u202egnp.exe\nb"
    subtasks = [{"id": "x\x07", "name": name, "timeout": 3, "upstreams": []}]
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps({"id": 9, "name": name, "subtasks": subtasks}))
    for command in ("show", "check", "critical-path", "budget"):
        said = run_cli(command, path).stdout
        assert not set("\x1b\x07\u202e") & set(said), command


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("show", "--help"), ("check", "--help")]
)
def test_help_has_examples(run_cli: RunCli, arguments: tuple[str, ...]) -> None:
    done = run_cli(*arguments)
    assert "taskgraph" in done.stdout + done.stderr
    assert "Example" in done.stdout + done.stderr


def test_wrong_usage_is_2(run_cli: RunCli) -> None:
    for arguments in (("check",), ("nonsense",), ("show", "--nonsense", "x")):
        assert run_cli(*arguments).returncode == 2


def test_a_sound_document_is_checked_without_heavy_imports() -> None:
    program = (
        "import sys\n"
        "from taskgraph.cli.main import main\n"
        "try:\n"
        "    main(['check', 'samples/obproxy_stop.json'])\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code\n"
        "heavy = {'networkx', 'graphviz', 'jinja2', 'rich', 'taskgraph.diagrams'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_a_document_is_not_overwritten_by_what_is_told_of_it(
    run_cli: RunCli, samples: Path, tmp_path: Path
) -> None:
    document = tmp_path / "in.json"
    document.write_bytes((samples / STOP).read_bytes())
    for arguments in (("show", document, "-f", "json", "-o", document),
                      ("check", document, "-o", f"sarif={document}"),
                      ("render", document, "-o", document)):  # fmt: skip
        done = run_cli(*arguments)
        assert done.returncode == 2
        assert "would be overwritten" in done.stderr
    assert document.read_bytes() == (samples / STOP).read_bytes()


def test_an_unknown_form_of_an_output_is_refused(run_cli: RunCli, tmp_path: Path) -> None:
    done = run_cli("check", f"samples/{STOP}", "-o", f"yaml={tmp_path / 'x'}")
    assert done.returncode == 2
    assert "there is no form yaml" in done.stderr


@pytest.mark.parametrize("command", ["show", "explain"])
def test_a_broken_graph_is_told_by_the_exit_code_too(
    run_cli: RunCli, samples: Path, command: str
) -> None:
    broken = run_cli(command, samples / "rules" / "TG101.json")
    assert broken.returncode == 1
    assert "can never finish" in broken.stdout.replace("\n", " ")
    listed = run_cli(command, samples / "formats" / "ocp_task_list.json")
    assert listed.returncode == 0  # that a list leaves the edges out is no fault


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_streams_that_fail_are_told(root: Path) -> None:
    command = f"{sys.executable} -m taskgraph check"
    for line, said in (
        (f"{command} samples/{STOP} > /dev/full", "standard output cannot be written"),
        (f"{command} --help > /dev/full", "standard output cannot be written"),
        (f"{command} samples/{STOP} >&-", "standard output is closed"),
        (f"{command} - <&-", "is empty"),
    ):
        done = subprocess.run(
            ["bash", "-c", line], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, line
        assert said in done.stderr, line


def test_messages_cannot_steer_the_terminal(run_cli: RunCli, tmp_path: Path) -> None:
    error = {"code": 1, "message": "no\x1b[31m\r\ntaskgraph: all is well"}
    path = tmp_path / "a\x1b]0;b\x07\nc.json"
    path.write_text(json.dumps({"successful": False, "error": error, "traceId": "\x1b[2J"}))
    done = run_cli("check", path)
    assert done.returncode == 2
    assert not set("\x1b\x07\r") & set(done.stderr)
    assert len(done.stderr.splitlines()) == 2


def test_long_tables_end_where_nobody_reads_on(run_cli: RunCli, tmp_path: Path) -> None:
    subtasks = [
        {"id": i, "name": f"s{i}", "timeout": 1, "upstreams": [i - 1] if i else []}
        for i in range(1000)
    ]
    path = tmp_path / "long.json"
    path.write_text(json.dumps({"id": 1, "name": "long", "subtasks": subtasks}))
    for command in ("critical-path", "budget"):
        said = run_cli(command, path).stdout
        assert "… and 800 more: --format json has all of them" in said


def test_what_no_task_can_change_is_told_once(run_cli: RunCli, samples: Path) -> None:
    for more in ("--format", "graphml"), ("--view", "timeline", "--format", "dot"):
        done = run_cli("render", "--around-failed", *more, samples)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1


def test_what_cannot_be_drawn_is_named_and_stops_nothing(
    run_cli: RunCli, samples: Path
) -> None:
    cyclic, sound = samples / "rules" / "TG101.json", samples / "obproxy_stop.json"
    done = run_cli("render", "--format", "trace", cyclic)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{cyclic}: nothing has run" in done.stderr
    focus = ("--focus", str(CRITICAL_PATH[0]))
    done = run_cli("render", "--format", "txt", *focus, cyclic, sound)
    assert done.returncode == 2
    assert f"{cyclic}: " in done.stderr
    assert done.stdout == run_cli("render", "--format", "txt", *focus, sound).stdout
