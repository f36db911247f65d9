"""``taskgraph critical-path``: other durations, what-if, near-critical, as it ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from taskgraph.errors import ConfigError
from tests.conftest import RunCli

STOP = "samples/obproxy_stop.json"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """Write a task of two steps that took 10.5 s by the clock.

    It starts at 0 s; a runs from 1 s to 4 s, b from 6 s to 10.25 s; it ends at 10.5 s.
    """

    def at(seconds: str) -> str:
        return f"2025-01-16T11:00:{seconds}+08:00"

    common = {"status": "SUCCESSFUL", "operation": "EXECUTE", "runTime": 1, "timeout": 60}
    a = {"id": 1, "name": "a", "upstreams": [], "downstreams": [2], **common}
    a |= {"startTime": at("01"), "finishTime": at("04")}
    b = {"id": 2, "name": "b", "upstreams": [1], "downstreams": [], **common}
    b |= {"startTime": at("06"), "finishTime": at("10.25")}
    task = {"id": 9, "name": "two steps", "status": "SUCCESSFUL", "operation": "EXECUTE"}
    task |= {"startTime": at("00"), "finishTime": at("10.5"), "subtasks": [b, a]}
    path = tmp_path / "finished.json"
    path.write_text(json.dumps({"data": task, "timestamp": at("20")}))
    return path


def ask(run_cli: RunCli, *arguments: str | Path) -> dict[str, Any]:
    done = run_cli("critical-path", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    (task,) = json.loads(done.stdout)["tasks"]
    return dict(task)


def test_the_drag_on_a_chain_is_the_timeout(run_cli: RunCli) -> None:
    for subtask in ask(run_cli, STOP)["subtasks"]:
        assert subtask["drag"] == subtask["duration"]
        assert subtask["total_float"] == 0


def test_what_is_left_of_a_task_not_begun_is_all(run_cli: RunCli) -> None:
    task = ask(run_cli, STOP, "--by", "remaining")
    assert task["makespan"] == 8010
    assert task["as_of"] == "2025-01-16T11:43:38.311000+08:00"


def test_what_if_stands_beside_what_is(run_cli: RunCli, tmp_path: Path) -> None:
    task = ask(run_cli, STOP, "--set", "13175721=10m", "--skip", "13175719")
    assert task["before"]["makespan"] == 8010
    assert task["makespan"] == 8010 - 3000 - 1800
    file = tmp_path / "durations.json"
    file.write_text('{"13175721": "10m"}')
    assert ask(run_cli, STOP, "--durations", file)["makespan"] == 5010
    file = tmp_path / "durations.csv"
    file.write_text("id,seconds\n13175721,600\n13175719,1\n")
    assert ask(run_cli, STOP, "--durations", file)["makespan"] == 8010 - 3000 - 1799
    dropped = ask(run_cli, STOP, "--drop-edge", "13175727:13175719")
    assert dropped["makespan"] == 5850
    said = run_cli("critical-path", STOP, "--set", "13175721=10m").stdout
    assert "It was 2 h 13 min 30 s: with the changes 50 min shorter." in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "1317572=3"), "no subtask has the id or the name 1317572; did you mean"),
        (("--set", "13175721"), "--set takes ID=SECONDS"),
        (("--set", "13175721=soon"), "--set takes ID=SECONDS"),
        (("--skip", "nothing"), "no subtask has the id or the name nothing"),
        (("--drop-edge", "13175727"), "--drop-edge takes UPSTREAM:DOWNSTREAM"),
        (
            ("--drop-edge", "13175720:13175724"),
            "there is no edge from 13175720 to 13175724",
        ),
        (("--as-of", "yesterday"), "--as-of must be a time with its offset"),
        (("--as-of", "2025-01-16T11:43:38"), "--as-of must be a time with its offset"),
        (
            ("--as-of", "2025-01-16T11:43:38+09:00"),
            "which is before the document: it is the response of 2025-01-16 11:43:38.311",
        ),
        (("--durations", "/nowhere.csv"), "/nowhere.csv: does not exist"),
    ],
)
def test_mistakes_are_named(run_cli: RunCli, arguments: tuple[str, ...], said: str) -> None:
    done = run_cli("critical-path", STOP, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"1": "soon"}', "1 must be a duration like 30"),
        ("1,2,3\n", "line 1: must be an id or a name, a comma, and a duration"),
        ("id,seconds\n1,x\n", "line 2: must be seconds"),
        ("13175720,600\nStart node,60\n", "by its id and one by its name Start node"),
    ],
)
def test_a_bad_file_of_durations_is_named(
    run_cli: RunCli, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "d{x}.csv"  # a name like any other
    path.write_text(text)
    done = run_cli("critical-path", STOP, "--durations", path)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("name,duration\nStart nod,5\n13175720,5\nZ,3\n", (2, 4)),
        ('{"Start nod": 5,\n"13175720": 5, "Z": 3}', (1, 2)),
    ],
)
def test_every_name_that_no_subtask_has_is_told_with_its_line(
    tmp_path: Path, text: str, lines: tuple[int, int]
) -> None:
    path = tmp_path / "durations"
    path.write_text(text)
    first, second = (f"{path}: line {line}: no subtask has the id or" for line in lines)
    said = refused("--durations", str(path), "--skip", "Start-node", "--set", "Q=1")
    assert f"{first} the name Start nod; did you mean Start node?" in said
    assert f"{second} the name Z\n  hint: taskgraph show" in said
    assert "the name Start-node; did you mean Start node?" in said
    assert "the name Q\n" in said
    assert said.count("no subtask") == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--set=13175720=5 --set=13175720=6", "--set 13175720=5 and --set 13175720=6"),
        ("--set=13175720=5 --skip=13175720", "--set 13175720=5 and --skip 13175720"),
        ("--set=13175720=5|--skip=Start node", "13175720 has one of --set and --skip"),
        ("--set=13175720=5|--set=Start node =6", "by its id and one by its name Start"),
    ],
)
def test_two_times_of_one_subtask_are_refused(options: str, said: str) -> None:
    told = refused(*options.replace(" --", "|--").split("|"))
    assert said in told
    assert "hint: remove one of the two" in told


def test_a_skip_said_twice_is_one() -> None:
    twice = ["critical-path", STOP, "--skip", "13175720", "--skip", "Start node"]
    done = CliRunner().invoke(cli, twice)
    assert done.exit_code == 0


def refused(*options: str) -> str:
    done = CliRunner().invoke(cli, ["critical-path", STOP, *options])
    assert isinstance(done.exception, ConfigError)
    return str(done.exception)


def test_measured_times_account_for_the_clock(run_cli: RunCli, finished: Path) -> None:
    task = ask(run_cli, finished, "--by", "actual")
    # 3 s and 4.25 s of work: the longest path of measured times.
    assert task["makespan"] == 7_250_000
    ran = task["as_run"]
    assert ran["wall_microseconds"] == 10_500_000
    assert sum(part["microseconds"] for part in ran["parts"]) == 10_500_000
    kinds = [(part["kind"], part["microseconds"]) for part in ran["parts"]]
    assert kinds == [
        ("before", 1_000_000),
        ("run", 3_000_000),
        ("dispatch", 2_000_000),
        ("run", 4_250_000),
        ("after", 250_000),
    ]
    said = run_cli("critical-path", finished, "--by", "actual").stdout
    assert "As it ran: 10.500 s by the clock" in said
    assert "7.250 s; the rest is" in said


def test_near_critical_subtasks_are_named(run_cli: RunCli, tmp_path: Path) -> None:
    rows = [(1, 10, [], [2, 3, 4]), (2, 100, [1], [5]), (3, 95, [1], [5])]
    rows += [(4, 20, [1], [5]), (5, 1, [2, 3, 4], [])]
    subtasks = [
        {"id": i, "name": f"s{i}", "timeout": t, "upstreams": u, "downstreams": d}
        for i, t, u, d in rows
    ]
    path = tmp_path / "fan.json"
    path.write_text(json.dumps({"id": 1, "name": "fan", "subtasks": subtasks}))
    task = ask(run_cli, path, "--within", "5")
    assert task["critical_path"] == [1, 2, 5]
    assert task["near_critical"] == [3]
    assert task == ask(run_cli, path, "--within", "5s")
    said = run_cli("critical-path", path, "--within", "5").stdout
    assert "Near-critical within 5 s: 3 's3'" in said


@pytest.mark.parametrize(
    ("document", "window", "told"),
    [
        (
            "samples/three_hosts_failed.json",
            "1h",
            "6 min too long. 4 subtasks lie on paths",
        ),
        ("samples/three_hosts_failed.json", "2h", "with 54 min to spare.\n"),
        ("samples/obproxy_stop.json", "8010", "with 0 s to spare.\n"),
    ],
)
def test_a_window_is_met_or_not(
    run_cli: RunCli, document: str, window: str, told: str
) -> None:
    done = run_cli("critical-path", document, "--within-window", window)
    assert told in " ".join(done.stdout.split(" "))
    assert "must start by" in done.stdout


def test_a_window_is_not_promised_where_slots_are_short_or_a_limit_lacks(
    run_cli: RunCli, tmp_path: Path
) -> None:
    rows = [{"id": i, "name": "s", "timeout": 60, "upstreams": []} for i in range(40)]
    path = tmp_path / "wide.json"
    path.write_text(json.dumps({"id": 1, "name": "wide", "subtasks": rows}))
    said = run_cli("critical-path", path, "--within-window", "2m").stdout
    assert "It fits a window of 2 min only where slots are free in time: " in said
    rows[0]["timeout"] = 0
    path.write_text(json.dumps({"id": 1, "name": "wide", "subtasks": rows[:5]}))
    said = run_cli("critical-path", path, "--within-window", "2m").stdout
    assert "promises that it fits a window of 2 min: 0 's' has no limit." in said


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Write S (60 s, done), six of 100 s in two slots of which two run, E (10 s)."""
    parts = [*range(10, 16)]
    rows = [(1, "S", 60, [], parts), (99, "E", 10, parts, [])]
    rows += [(part, "H", 100, [1], [99]) for part in parts]
    began = "2025-03-04T10:00:00+08:00"
    subtasks = []
    for number, name, timeout, ups, downs in rows:
        row = {"id": number, "name": name, "timeout": timeout, "status": "PENDING"}
        if number in (1, 10, 11):
            row |= {"startTime": began, "status": "RUNNING", "operation": "EXECUTE"}
        subtasks.append({**row, "upstreams": ups, "downstreams": downs, "runTime": 1})
    subtasks[0] |= {"status": "SUCCESSFUL", "finishTime": "2025-03-04T10:00:02+08:00"}
    task = {"id": 1, "name": "CW", "status": "RUNNING", "operation": "EXECUTE"}
    task |= {"subtasks": subtasks, "startTime": began, "context": {"concurrency": 2}}
    path = tmp_path / "crowd.json"
    path.write_text(json.dumps({"data": task, "timestamp": "2025-03-04T10:00:30+08:00"}))
    return path


@pytest.mark.parametrize(
    ("window", "by", "told", "margin"),
    [
        ("7m", "timeout", "fits a window of 7 min, with 0 s to spare. ", 0),
        ("419s", "timeout", "in time: waiting for them may make it 1 s too long. ", -1),
        ("335s", "timeout", "may make it 1 min 25 s too long. ", -85),
        ("334s", "timeout", "it is at least 1 s too long. The latest starts", -1),
        ("160s", "timeout", "at least 2 min 55 s too long. 8 subtasks lie on paths", -175),
        ("7m", "remaining", "fits a window of 7 min, with 1 min 30 s to spare. ", 90),
        ("274s", "remaining", "it is at least 1 s too long. ", -1),
    ],
)
def test_what_a_window_spares_or_lacks_counts_the_slots(
    run_cli: RunCli, crowd: Path, window: str, by: str, told: str, margin: int
) -> None:
    arguments = (crowd, "--by", by, "--within-window", window)
    said = " ".join(run_cli("critical-path", *arguments).stdout.split())
    assert told in said
    assert "The latest starts and the floats hold where slots are free: waiting" in said
    assert ask(run_cli, *arguments)["margin"] == margin


def test_more_at_work_than_there_are_slots_may_end_sooner(
    run_cli: RunCli, crowd: Path
) -> None:
    crowd.write_text(crowd.read_text().replace('"concurrency": 2', '"concurrency": 1'))
    task = ask(run_cli, crowd, "--by", "remaining", "--within-window", "500s")
    assert (task["verdict"], task["margin"]) == ("slots", -50)


def test_the_float_of_ties_is_that_in_the_window(run_cli: RunCli, crowd: Path) -> None:
    for window, told in (("160s", "-10 s"), ("170s", "0 s"), ("7m", "4 min 10 s")):
        said = run_cli("critical-path", crowd, "--within-window", window).stdout
        assert f"critical on the others: the float is {told}." in " ".join(said.split())
    said = " ".join(run_cli("critical-path", crowd).stdout.split())
    assert "critical on the others: the float is 0." in said


@pytest.mark.parametrize(
    ("document", "by", "told"),
    [
        ("formats/ocp_diagnosis.zip", "timeout", "the document has no timeouts"),
        ("formats/ocp_diagnosis.zip", "remaining", "the document has no timeouts"),
        ("formats/ocp_diagnosis.zip", "actual", "not of a successful run"),
        ("engine/ready_never_starts.json", "remaining", "no worker begins what is ready"),
        ("three_hosts_failed.json", "remaining", "a subtask is FAILED, and what comes"),
    ],
)
def test_no_window_fits_where_nothing_promises_an_end(
    run_cli: RunCli, document: str, by: str, told: str
) -> None:
    arguments = (f"samples/{document}", "--by", by, "--within-window", "100h")
    said = " ".join(run_cli("critical-path", *arguments).stdout.split())
    assert "It fits" not in said
    assert f"Nothing promises that it fits a window of 4 d 4 h: {told}" in said.replace(
        "what was measured is ", ""
    )
    task = ask(run_cli, *arguments)
    assert task["verdict"] == "no_promise"
    assert told in task["no_promise"]


def test_a_retry_within_a_rollback_fits_no_window(run_cli: RunCli, tmp_path: Path) -> None:
    first = {"id": 1, "name": "a", "timeout": 60, "upstreams": [], "runTime": 2}
    first |= {"status": "RUNNING", "operation": "RETRY", "downstreams": []}
    first |= {"startTime": "2025-03-04T10:00:00+08:00"}
    task = {"id": 1, "name": "t", "status": "RUNNING", "operation": "ROLLBACK"}
    path = tmp_path / "repeating.json"
    path.write_text(json.dumps({**task, "subtasks": [first]}))
    answer = ask(run_cli, path, "--by", "remaining", "--within-window", "1h")
    assert answer["verdict"] == "no_promise"
    assert "run again and again" in answer["no_promise"]
    assert ask(run_cli, path, "--within-window", "1h")["verdict"] == "fits"


def test_what_is_left_of_a_rollback_is_walked_upstream(run_cli: RunCli) -> None:
    task = ask(run_cli, "samples/half_rolled_back.json", "--by", "remaining")
    starts = {row["id"]: row["early_start"] for row in task["subtasks"]}
    assert starts[204] < starts[202] < starts[201]


def test_several_runs_are_no_single_one(run_cli: RunCli) -> None:
    said = run_cli(
        "critical-path", "samples/half_rolled_back.json", "--by", "actual"
    ).stdout
    assert "204 'Copy data' (several runs, split unknown)" in said
    assert "201 'Start node' (perhaps several runs, split unknown)" in said


def test_dropping_an_edge_changes_no_duration(run_cli: RunCli) -> None:
    task = ask(run_cli, STOP, "--drop-edge", "13175727:13175719")
    assert task["by"] == "timeout"
    said = run_cli("critical-path", STOP, "--drop-edge", "13175727:13175719").stdout
    assert "The critical path was: 13175720 -> 13175728 ->" in said


def test_dropping_an_edge_changes_no_target(run_cli: RunCli, tmp_path: Path) -> None:
    hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    parts = [
        {"id": n + 2, "name": "Copy", "parallelIdx": n, "timeout": 60 + n, "upstreams": [1]}
        for n in range(3)
    ]
    first = {"id": 1, "name": "Start", "timeout": 5, "upstreams": []}
    task = {"id": 9, "name": "three", "subtasks": [first, *parts]}
    path = tmp_path / "three.json"
    path.write_text(json.dumps({**task, "context": {"listMap": {"hosts": hosts}}}))
    for changes in ((), ("--drop-edge", "1:2")):
        said = run_cli("critical-path", path, *changes).stdout
        assert all(f"Copy on {host}" in said for host in hosts), changes


@pytest.mark.parametrize("width", ["40", "60", "80", "100", "140"])
def test_narrow_terminals_keep_ids_names_and_numbers(run_cli: RunCli, width: str) -> None:
    said = run_cli("critical-path", STOP, env={"COLUMNS": width}).stdout
    assert "13175721" in said
    assert " 1 h " in said.replace("\n", " ")
    assert max(map(len, said.splitlines())) <= int(width)


def test_parts_of_a_split_that_do_not_differ_share_a_row(
    run_cli: RunCli, tmp_path: Path
) -> None:
    states = {3: "FAILED"}
    parts = [
        {"id": n, "name": "Stop", "parallelIdx": n, "timeout": 60, "upstreams": []}
        | {"downstreams": [], "status": states.get(n, "SUCCESSFUL")}
        for n in range(6)
    ]
    task = {"id": 9, "name": "six", "status": "FAILED", "operation": "EXECUTE"}
    path = tmp_path / "six.json"
    path.write_text(json.dumps({"data": {**task, "subtasks": parts}}))
    told = run_cli("critical-path", path).stdout
    assert "4 × Stop" in told
    assert "1, 2, 4 and 5" in told
    assert told.count("FAILED") == 2  # the task, and the part with a row of its own
    told = run_cli("report", path, "--format", "markdown").stdout
    assert "4 × Stop" in told
