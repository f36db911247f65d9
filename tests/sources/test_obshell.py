"""What obshell writes, as a task."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.engine import has_never_failed, is_rolled_back
from taskgraph.model.task import Subtask, Task
from taskgraph.sources.reading import read_bytes
from tests.engine.obshell import simulate_dag


def read(document: Any) -> Task:
    (task,) = read_bytes(json.dumps(document).encode(), "dag.json")
    return task


def sub_task(number: float, **fields: Any) -> dict[str, Any]:
    return {"task_id": number, "name": f"t{number}", "state": "SUCCEED", **fields}


def dag(*nodes: Any, **fields: Any) -> dict[str, Any]:
    rows = [
        {"node_id": i, "name": f"n{i}", "state": "SUCCEED", "sub_tasks": node}
        for i, node in enumerate(nodes, 1)
    ]
    return {"dag_id": 7, "name": "DAG", "state": "SUCCEED", "nodes": rows, **fields}


@pytest.fixture
def sample(samples: Path) -> Task:
    path = samples / "formats" / "obshell_dag.json"
    return read_bytes(path.read_bytes(), path.name)[0]


def test_each_sub_task_waits_for_the_whole_node_before(sample: Task) -> None:
    edges = {subtask.id: subtask.upstreams for subtask in sample.subtasks}
    assert edges == {1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (2, 3)}
    graph = build_graph(sample)
    assert graph.is_sound
    assert graph.one_sided == ()
    assert graph.edge_count == 6


def test_states_and_operators_are_those_of_the_model(sample: Task) -> None:
    assert (sample.status, sample.operation) == ("FAILED", "EXECUTE")
    assert [subtask.status for subtask in sample.subtasks] == [
        "SUCCESSFUL", "SUCCESSFUL", "FAILED", "PENDING", "PENDING",
    ]  # fmt: skip
    passed = read(dag([sub_task(1, operator="PASS")])).subtasks[0]
    assert passed.operation == "SKIP"
    assert read(dag([sub_task(1, state="NEW", operator="X")])).subtasks[0].status == "NEW"


def test_the_agent_and_the_logs_are_kept(sample: Task) -> None:
    deploy = sample.subtasks[2]
    assert deploy.host == "10.1.0.22:2886"
    assert deploy.logs[0] == "retry stage: 1"
    assert "-p*** failed" in deploy.logs[1]
    assert deploy.attempts == 2


@pytest.mark.parametrize(
    ("state", "has_start", "has_finish"),
    [
        ("PENDING", False, False),
        ("READY", False, False),
        ("RUNNING", True, False),
        ("FAILED", True, True),
        ("SUCCEED", True, True),
    ],
)
def test_a_time_counts_only_where_the_state_says_so(
    state: str, has_start: bool, has_finish: bool
) -> None:
    times = {
        "start_time": "2024-01-09T20:40:01.706073123+08:00",
        "end_time": "2024-01-09T20:40:30+08:00",
    }
    task = read(dag([sub_task(1, **times | {"state": state})], **times, state=state))
    items: list[Task | Subtask] = [task, task.subtasks[0]]
    for item in items:
        assert (item.start_time is not None) == has_start
        assert (item.finish_time is not None) == has_finish
    if has_start:
        assert task.start_time == datetime.fromisoformat("2024-01-09T20:40:01.706073+08:00")


@pytest.mark.parametrize("offset", ["", "+08:00"])
def test_what_was_cancelled_before_it_ran_has_no_start(offset: str) -> None:
    made, began, ended = (f"2024-01-09T20:{minute}:01{offset}" for minute in (40, 41, 42))
    ran = {"operator": "RUN", "start_time": began, "end_time": ended}
    failed = {"operator": "RUN", "state": "FAILED", "execute_times": 1, "end_time": ended}
    task = read(
        dag(
            [sub_task(1, **ran)],
            [
                sub_task(2, **failed, start_time=made),
                sub_task(3, **failed, start_time=ended),
            ],
            state="FAILED",
        )
    )
    assert [one.start_time is None for one in task.subtasks] == [False, True, False]


def test_what_began_before_its_dag_was_tried_again() -> None:
    began, again = "2024-01-09T20:40:01+08:00", "2024-01-09T20:59:00+08:00"
    done = sub_task(1, operator="RUN", start_time=began, end_time=began, execute_times=1)
    running = {"operator": "RUN", "state": "RUNNING"}
    once = read(dag([done], start_time=began, **running))
    assert has_never_failed(once)
    assert not has_never_failed(read(dag([done], start_time=again, **running)))


@pytest.mark.parametrize(
    "never", ["0001-01-01T00:00:00Z", "1970-01-01T08:00:00+08:00", None]
)
def test_no_time_yet_is_no_time(never: str | None) -> None:
    task = read(dag([sub_task(1, start_time=never, end_time=never)], start_time=never))
    assert list(task.times()) == []
    assert task.naive_times == ()


@pytest.mark.parametrize("operator", ["RUN", "RETRY", "ROLLBACK", "CANCEL"])
@pytest.mark.parametrize("state", ["RUNNING", "SUCCEED"])
def test_what_a_retry_has_undone_is_yet_to_be_done(state: str, operator: str) -> None:
    times = {"start_time": "2024-06-03T10:00:02Z", "end_time": "2024-06-03T10:00:03Z"}
    undone = sub_task(1, operator="ROLLBACK", execute_times=2, **times)
    document = dag([undone, sub_task(2, operator="RUN", execute_times=1)], operator="RUN")
    document["nodes"][0] |= {"state": state, "operator": operator}
    is_next = state == "RUNNING" and operator in {"RUN", "RETRY"}
    one, other = read(document).subtasks
    assert one.status == ("PENDING" if is_next else "SUCCESSFUL")
    assert (one.operation, other.status) == ("ROLLBACK", "SUCCESSFUL")
    assert None not in (one.start_time, one.finish_time)


def test_there_are_no_timeouts(sample: Task) -> None:
    assert {subtask.timeout for subtask in sample.subtasks} == {None}


@pytest.mark.parametrize("nodes", [{"nodes": None}, {}])
def test_a_dag_without_nodes_says_that_it_names_none(nodes: dict[str, None]) -> None:
    task = read({"data": {"dag_id": 4, "id": "9", "state": "READY", **nodes}})
    assert (task.subtasks, task.is_summary, task.id) == ((), True, "9")
    assert read(dag()).is_summary is False


def test_a_node_that_lists_no_sub_tasks_stands_for_them() -> None:
    document = dag([sub_task(1)], None, [sub_task(3)])
    task = read(document)
    assert [subtask.id for subtask in task.subtasks] == [1, "node 2", 3]
    assert task.subtasks[1].name == "n2"
    assert task.subtasks[2].upstreams == ("node 2",)
    assert task.origin.subtask_pointer(1) == "/nodes/1"


def test_the_details_of_one_node_have_no_edges(samples: Path) -> None:
    path = samples / "formats" / "obshell_node.json"
    (task,) = read_bytes(path.read_bytes(), path.name)
    assert [subtask.upstreams for subtask in task.subtasks] == [None, None]
    assert task.origin.subtask_pointer(1) == "/data/sub_tasks/1"


def test_one_sub_task_is_refused() -> None:
    with pytest.raises(InputError, match=r"is one sub-task of obshell.*\n.*dag/\{id\}"):
        read({"data": sub_task(1, execute_times=1)})


def test_parts_of_one_node_are_told_by_their_place() -> None:
    same = [sub_task(1, name="a"), sub_task(2, name="a")]
    task = read(dag(same, [sub_task(3)], [sub_task(4), sub_task(5)]))
    assert [s.parallel_index for s in task.subtasks] == [0, 1, -1, None, None]


def test_every_problem_has_its_place() -> None:
    document = dag([sub_task(1.5, task_logs="x"), {"name": "a"}], 5)
    document["nodes"][1] = 5
    with pytest.raises(InputError) as caught:
        read({"data": document})
    assert {problem.pointer for problem in caught.value.problems} == {
        "/data/nodes/0/sub_tasks/0/task_id",
        "/data/nodes/0/sub_tasks/0/task_logs",
        "/data/nodes/0/sub_tasks/1",
        "/data/nodes/1",
    }
    assert 'task_logs must be a list of texts, not the text "x"' in str(caught.value)


def test_far_too_many_edges_are_refused() -> None:
    rows = [sub_task(i) for i in range(1500)]
    with pytest.raises(InputError, match="make 2,250,000 edges"):
        read(dag(rows, rows))


@pytest.mark.uncovered
@pytest.mark.parametrize("seed", range(30))
def test_what_a_simulated_engine_writes_is_read(seed: int) -> None:
    history = simulate_dag(seed)
    for moment in history.moments:
        document = history.document(moment, Random(seed))
        task = read(document)
        assert task.is_summary or build_graph(task).is_sound
        names = {name for name, _ in history.nodes}
        assert {subtask.name for subtask in task.subtasks} <= names
        items: list[Task | Subtask] = [task, *task.subtasks]
        for item in items:
            if isinstance(item, Subtask) and is_rolled_back(item):
                assert task.operation == "EXECUTE"  # it is to run again
                continue
            assert item.finish_time is None or item.status in ("FAILED", "SUCCESSFUL")
            assert item.start_time is None or item.status not in ("PENDING", "READY")
