"""A list with one bad task among good ones gives the good ones, and tells of the bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import Reading, read_bytes, read_source
from tests.conftest import RunCli


def task(number: int, **fields: Any) -> dict[str, Any]:
    row = {"id": 1, "name": "a", "timeout": 30, "upstreams": [], "downstreams": []}
    return {"id": number, "name": f"t{number}", "subtasks": [row | fields]}


def dag(number: int, **fields: Any) -> dict[str, Any]:
    node = {"node_id": 1, "sub_tasks": [{"task_id": 1, "name": "a"} | fields]}
    return {"dag_id": number, "name": "d", "nodes": [node]}


def defined(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "name": "d", "subtasks": [{"name": "a"} | fields]}


def read(document: Any, file: str, **options: Any) -> Reading:
    data = json.dumps(document).encode()
    (reading,) = read_source(Source(file, lambda: data), ReadOptions(**options))
    return reading


OCP = [task(1), task(2, timeout="30"), task(3)]
OBSHELL = [dag(1), dag(2, execute_times="1"), dag(3)]
DEFINED = [defined(1), defined(2, timeout="soon", status="x"), defined(3)]


@pytest.mark.parametrize(
    ("document", "file", "pointers"),
    [
        (OCP, "a.json", ["/1/subtasks/0/timeout"]),
        ({"data": OCP}, "a.json", ["/data/1/subtasks/0/timeout"]),
        (
            {"data": {"contents": OCP, "page": {}}, "successful": True},
            "a.json",
            ["/data/contents/1/subtasks/0/timeout"],
        ),
        ([{"data": row} for row in OCP], "a.json", ["/1/data/subtasks/0/timeout"]),
        (OBSHELL, "a.json", ["/1/nodes/0/sub_tasks/0/execute_times"]),
        (
            {"data": {"contents": OBSHELL}},
            "a.json",
            ["/data/contents/1/nodes/0/sub_tasks/0/execute_times"],
        ),
        (DEFINED, "a.task.json", ["/1/subtasks/0/timeout", "/1/subtasks/0/status"]),
        (
            {"tasks": DEFINED},
            "a.task.json",
            ["/tasks/1/subtasks/0/timeout", "/tasks/1/subtasks/0/status"],
        ),
    ],
)
def test_the_good_ones_are_given(document: Any, file: str, pointers: list[str]) -> None:
    reading = read(document, file)
    assert [found.id for found in reading.tasks] == [1, 3]
    assert reading.error is not None
    assert [problem.pointer for problem in reading.error.problems] == pointers
    assert all(problem.line == 1 for problem in reading.error.problems)
    with pytest.raises(InputError):
        read_bytes(json.dumps(document).encode(), file)


@pytest.mark.parametrize(
    "bad", [5, None, {"id": 2}, {"x": 1}, {"seriesId": 1, "upstreams": []}]
)
def test_what_is_no_task_at_all_is_told_of_too(bad: Any) -> None:
    reading = read([task(1), bad, task(3), bad], "a.json")
    assert [found.id for found in reading.tasks] == [1, 3]
    assert reading.error is not None
    assert [problem.pointer for problem in reading.error.problems] == ["/1", "/3"]
    assert reading.error.problems[1].column is not None
    assert reading.error.problems[1].column > 100


FAILED = {"successful": False, "error": {"code": 5, "message": "boom"}}
BAD = [
    (FAILED, "/error", "is an error response 5: boom"),
    (FAILED | {"data": None}, "/error", "is an error response 5: boom"),
    ({"successful": True}, "", "is a response without data"),
    ({"successful": True, "data": []}, "/data", "is a list without tasks"),
    ({}, "", "holds no task"),
    ({"seriesId": 1, "upstreams": []}, "", "is one subtask, not a task"),
    ([], "", "is a list without tasks"),
    ([task(1)], "", "must be an object, not a list"),
    (["data", dag(1)], "", "must be an object, not a list"),
    (None, "", "must be an object, not null"),
    (5, "", "must be an object, not the number 5"),
    ("data", "", 'must be an object, not the text "data"'),
]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("good", [[task(1), task(3)], [dag(1), dag(3)], [task(1), dag(3)]])
@pytest.mark.parametrize(("bad", "below", "reason"), BAD)
def test_an_item_of_a_list_is_told_of_by_itself(
    bad: Any, below: str, reason: str, good: list[Any], place: int
) -> None:
    bare, responses = [*good], [{"data": value} for value in good]
    for items in (bare, responses, [good[0], responses[1]]):
        items.insert(place, bad)
        reading = read(items, "a.json")
        assert [found.id for found in reading.tasks] == [1, 3]
        assert reading.error is not None
        (problem,) = reading.error.problems
        assert problem.pointer == f"/{place}{below}"
        assert reason in problem.message
        assert problem.line is not None


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bad", [None, 5, {}, [], {"dag": 1}])
@pytest.mark.parametrize("make", [task, dag])
def test_so_is_one_in_a_response(bad: Any, make: Any, place: int) -> None:
    items = [make(1), make(3)]
    items.insert(place, bad)
    for response, above in (
        ({"data": items}, "/data"),
        ({"data": {"contents": items}}, "/data/contents"),
        ([FAILED, {"data": items}], "/1/data"),
    ):
        reading = read(response, "a.json")
        assert [found.id for found in reading.tasks] == [1, 3]
        assert reading.error is not None
        assert reading.error.problems[-1].pointer == f"{above}/{place}"


def test_a_dag_that_has_nodes_alone_is_told_by_the_others() -> None:
    alone = {"id": 2, "nodes": [{"id": 1, "sub_tasks": [{"task_id": 1}]}]}
    for items in ([dag(1), alone], [alone, {"data": dag(1)}]):
        assert {found.id for found in read(items, "a.json").tasks} == {1, 2}


def test_a_list_of_what_are_no_tasks_is_refused_once() -> None:
    reading = read({"data": {"contents": [{"id": n} for n in range(50)]}}, "a.json")
    assert not reading.tasks
    assert reading.error is not None
    assert [problem.pointer for problem in reading.error.problems] == ["/data/contents/0"]


def test_where_a_response_itself_is_wrong_nothing_in_it_is_believed() -> None:
    reading = read({"data": [task(1), task(2)], "timestamp": "soon"}, "a.json")
    assert not reading.tasks
    assert reading.error is not None
    reading = read([{"data": task(1)}, {"data": task(2), "duration": "x"}], "a.json")
    assert [found.id for found in reading.tasks] == [1]


def test_far_too_many_problems_do_not_hide_the_good_ones() -> None:
    bad = [task(n, timeout="x") for n in range(2, 1500)]
    reading = read([task(1), *bad], "a.json")
    assert [found.id for found in reading.tasks] == [1]
    assert reading.error is not None
    assert len(reading.error.problems) == 1000
    assert "reading stopped after 1,000 problems" in reading.error.hint


def test_hosts_are_masked_in_both() -> None:
    rows = [task(1, executor="10.0.0.1"), task(2, timeout="10.0.0.1")]
    reading = read(rows, "a.json", redact=True)
    assert "10.0.0.1" not in str(reading)


@pytest.mark.parametrize("command", ["check", "budget", "show", "explain", "critical-path"])
def test_commands_show_the_others_and_exit_with_2(
    run_cli: RunCli, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"data": {"contents": OCP}}), encoding="utf-8")
    done = run_cli(command, file)
    assert done.returncode == 2
    assert "/data/contents/1/subtasks/0/timeout at line 1" in done.stderr
    if command == "check":
        assert "2 tasks in 1 file\n1 file could be read in part only" in done.stdout
    else:
        assert "t1" in done.stdout
        assert "t3" in done.stdout
        assert "t2" not in done.stdout
