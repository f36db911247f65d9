"""The point of no return and what forbids rollback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.recovery import Refusal, rollback_obstacles
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.dags import full_paths, make_graph, timed_dags
from tests.analysis.documents import analyse, changed, ids
from tests.effort import examples


@st.composite
def definitions(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG with timeouts in which some subtasks prohibit rollback."""
    graph, timeouts = draw(timed_dags())
    flags = [draw(st.booleans()) for _ in timeouts]
    return changed(
        graph, lambda row: {"timeout": timeouts[row.id], "prohibit_rollback": flags[row.id]}
    )


@examples(200)
@given(definitions())
def test_the_point_of_no_return_equals_its_definition(graph: TaskGraph):
    found = analyse(graph).no_return
    prohibiting = {n for n, sub in enumerate(graph.subtasks) if sub.prohibit_rollback}
    if found is None:
        assert not prohibiting
        return
    first = {n for n in prohibiting if not graph.ancestors([n]) & prohibiting}
    assert found.nodes == tuple(sorted(first))
    assert found.after == tuple(sorted(first | graph.descendants(first)))
    # When one of them starts, what it waits for is done, and nothing else need be.
    rests = [set(range(len(graph))) - graph.ancestors([n]) for n in first]
    seconds = [
        sum(graph.subtasks[n].timeout or 0 for n in path if n in rest)
        for path in full_paths(graph)
        for rest in rests
    ]
    assert found.seconds_after == max(seconds)
    may_follow = set().union(*rests)
    assert set(found.unlimited) == {n for n in may_follow if not graph.subtasks[n].timeout}
    assert not found.passed


def test_a_branch_beside_the_gate_counts_too():
    rows: dict[int, dict[str, Any]] = {1: {"timeout": 10}, 3: {"timeout": 1000}}
    rows[2] = {"timeout": 10, "prohibit_rollback": True}
    found = analyse(make_graph(rows, [(1, 2), (1, 3)])).no_return
    assert found is not None
    assert found.seconds_after == 1000


def test_what_follows_waits_for_slots_too():
    rows = {n: {"timeout": 60, "prohibit_rollback": n == 1} for n in range(5)}
    graph = make_graph(rows, [(0, n) for n in range(1, 5)])
    assert analyse(graph, concurrency=1).no_return.seconds_after == 4 * 60  # type: ignore[union-attr]


def test_very_many_gates_are_bounded_by_the_whole():
    rows = {n: {"timeout": 60, "prohibit_rollback": n >= 100} for n in range(200)}
    graph = make_graph(rows, [(n, n + 100) for n in range(100)])
    found = analyse(graph, concurrency=0, workers=0).no_return
    assert found is not None
    assert len(found.nodes) == 100
    assert found.seconds_after == 120  # 60 s would do


@pytest.mark.parametrize(
    ("status", "passed"),
    [
        (None, False),
        ("PENDING", False),
        ("READY", False),
        ("RUNNING", True),
        ("CANCELING", True),
        ("FAILED", True),
        ("SUCCESSFUL", True),
    ],
)
def test_it_is_passed_once_a_subtask_that_prohibits_has_begun(
    status: str | None, passed: bool
):
    rows = {1: {"status": "SUCCESSFUL"}, 2: {"status": status, "prohibit_rollback": True}}
    graph = make_graph(rows, [(1, 2)])
    found = analyse(graph).no_return
    assert found is not None
    assert found.passed is passed
    obstacles, blockers = rollback_obstacles(analyse(graph))
    assert obstacles == ((Refusal.BEGUN,) if passed else ())
    assert ids(graph, blockers) == ([2] if passed else [])


@pytest.mark.parametrize(
    ("task", "forbidden"),
    [
        ({}, False),
        ({"prohibit_rollback": False}, False),
        ({"prohibit_rollback": True}, True),
        ({"context": {"stringMap": {"prohibit_rollback": "true"}}}, True),
        ({"context": {"stringMap": {"prohibit_rollback": "false"}}}, False),
        ({"context": {"stringMap": None}}, False),
    ],
)
def test_the_task_itself_may_prohibit_it(task: dict[str, Any], forbidden: bool):
    row = {"status": "RUNNING", "prohibit_rollback": False}
    obstacles, _ = rollback_obstacles(analyse(make_graph({1: row}, **task)))
    assert obstacles == ((Refusal.TASK_PROHIBITS,) if forbidden else ())


def test_the_verdict_of_the_response_follows_from_a_blocker():
    rows = {1: {"status": "RUNNING", "prohibit_rollback": True}}
    obstacles, _ = rollback_obstacles(analyse(make_graph(rows, prohibit_rollback=True)))
    assert obstacles == (Refusal.BEGUN,)


def test_a_verdict_without_the_flags_of_subtasks_has_no_known_cause():
    answers = analyse(make_graph({1: {"status": "RUNNING"}}, prohibit_rollback=True))
    assert rollback_obstacles(answers) == ((Refusal.VERDICT,), ())
    assert answers.prohibits_rollback is None
    assert answers.rollback.is_allowed is False
