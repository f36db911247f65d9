"""Graphs of faulty tasks: what does not fit is kept, in an order of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Id, Subtask, Task

FAULTY = [
    Subtask(1, "a", upstreams=(9, 8), downstreams=(2, 2, 7)),
    Subtask(1, "b", upstreams=(9,), downstreams=(3, 7)),
    Subtask(2, "c", upstreams=(1, 1), downstreams=(1,)),
    Subtask(3, "d", upstreams=(), downstreams=(8, 8)),
]


def kept(graph: TaskGraph) -> list[tuple[str, str, Id]]:
    """Tell what does not fit by names, which the order of the subtasks cannot change."""
    names = [subtask.name for subtask in graph.task.subtasks]
    return [
        (names[at], side, other) for at, side, other in (*graph.unknown, *graph.repeated)
    ]


@given(st.permutations(FAULTY))
def test_what_does_not_fit_comes_in_the_order_of_the_ids(rows: list[Subtask]) -> None:
    found = kept(build_graph(Task(1, subtasks=tuple(rows))))
    assert found == kept(build_graph(Task(1, subtasks=tuple(FAULTY))))
    assert found[:3] == [
        ("a", "downstreams", 7),
        ("b", "downstreams", 7),
        ("a", "upstreams", 8),
    ]


@pytest.mark.slow
def test_a_huge_list_of_unknown_ids_is_ordinary() -> None:
    rows = (Subtask(0, "a", downstreams=tuple(range(1, 200_000))),)
    assert len(build_graph(Task(1, subtasks=rows)).unknown) == 199_999


def test_beside_an_unknown_id_neighbours_ascend_too() -> None:
    rows = (
        Subtask(1, upstreams=(), downstreams=(3, 9, 2)),
        Subtask(2, upstreams=(1,), downstreams=()),
        Subtask(3, upstreams=(1,), downstreams=()),
    )
    assert build_graph(Task(1, subtasks=rows)).downstreams == ((1, 2), (), ())


def test_the_order_of_lists_does_not_choose_among_subtasks_of_one_id() -> None:
    def chosen(first: tuple[int, ...], second: tuple[int, ...]) -> int | None:
        rows = (
            Subtask(id=1),
            Subtask(id=2),
            Subtask(id=3, upstreams=first, timeout=5),
            Subtask(id=3, upstreams=second, timeout=9),
        )
        return build_graph(Task(id=1, subtasks=rows)).subtasks[2].timeout

    orders = [(1, 2), (2, 1)]
    assert len({chosen(first, second) for first in orders for second in orders}) == 1


@pytest.mark.parametrize("states", [("SUCCESSFUL", "FAILED"), ("RUNNING", "SUCCESSFUL")])
def test_of_one_id_what_needs_attention_stands_for_all(states: tuple[str, str]) -> None:
    rows = [Subtask(1, name, state) for name, state in zip("ab", states, strict=True)]
    urgent = next(row for row in rows if row.status != "SUCCESSFUL")
    for order in (rows, rows[::-1]):
        (found,) = build_graph(Task(1, subtasks=tuple(order))).subtasks
        assert found == urgent
