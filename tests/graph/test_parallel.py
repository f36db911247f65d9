"""The parts of a split are found by name, index and neighbours."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from taskgraph.graph.parallel import parallel_groups
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.task import Id, Task
from tests.diagrams.tasks import fan, make_task, shuffled, stages, tasks


def groups(task: Task) -> list[list[Id]]:
    graph = build_graph(task)
    return [[graph.subtasks[node].id for node in group] for group in parallel_groups(graph)]


def part(index: int | None, name: str = "Stop") -> dict[str, Any]:
    return {"name": name, "parallel_index": index}


def test_parts_side_by_side_are_one_group() -> None:
    assert groups(fan(3)) == [[10, 11, 12]]


def test_parts_are_in_the_order_of_their_index() -> None:
    rows = {1: part(2), 2: part(0), 3: part(1)}
    assert groups(make_task(rows)) == [[2, 3, 1]]


def test_an_unsplit_subtask_is_in_no_group() -> None:
    assert groups(make_task({1: part(-1), 2: part(None)})) == []


def test_a_part_alone_is_a_group() -> None:
    assert groups(make_task({1: part(0), 2: part(3, "Start")})) == [[1], [2]]


def test_splits_one_after_the_other_stay_apart() -> None:
    assert [len(group) for group in groups(stages(4, 5, parallel=True))] == [4, 5]
    same = {n: part(n % 3) for n in range(6)}
    edges = [(a, b) for a in range(3) for b in range(3, 6)]
    assert groups(make_task(same, edges)) == [[0, 1, 2], [3, 4, 5]]


def test_a_serial_split_is_a_chain_with_a_rising_index() -> None:
    rows = {5: part(0), 4: part(1), 3: part(3), 2: part(0), 1: part(1, "Other")}
    edges = [(5, 4), (4, 3), (3, 2), (2, 1)]
    assert groups(make_task(rows, edges)) == [[1], [2], [5, 4, 3]]


def test_a_chain_with_a_branch_is_no_serial_split() -> None:
    rows = {1: part(0), 2: part(1), 3: {}}
    assert groups(make_task(rows, [(1, 2), (1, 3)])) == [[1], [2]]


@given(tasks(faulty=True))
def test_every_part_is_in_exactly_one_group(task: Task) -> None:
    graph = build_graph(task)
    found = [node for group in parallel_groups(graph) for node in group]
    split = [n for n, s in enumerate(graph.subtasks) if (s.parallel_index or 0) >= 0]
    indexed = [n for n in split if graph.subtasks[n].parallel_index is not None]
    assert sorted(found) == indexed
    assert groups(shuffled(task)) == groups(task)
