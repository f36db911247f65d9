"""The point of no return and what forbids rollback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskgraph.analysis.recovery import Refusal, rollback_obstacles
from taskgraph.graph import TaskGraph
from tests.analysis.dags import full_paths, make_graph, timed_dags
from tests.analysis.documents import analyse, changed, ids


@st.composite
def definitions(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG with timeouts in which some subtasks prohibit rollback."""
    graph, timeouts = draw(timed_dags())
    flags = [draw(st.booleans()) for _ in timeouts]
    return changed(
        graph, lambda row: {"timeout": timeouts[row.id], "prohibit_rollback": flags[row.id]}
    )


@settings(max_examples=200)
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
    tails = [
        path[path.index(n) :] for path in full_paths(graph) for n in first if n in path
    ]
    seconds = [sum(graph.subtasks[n].timeout or 0 for n in tail) for tail in tails]
    assert found.seconds_after == max(seconds)
    assert found.unlimited == tuple(n for n in found.after if not graph.subtasks[n].timeout)
    assert not found.passed


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
    obstacles, blockers = rollback_obstacles(graph)
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
    obstacles, _ = rollback_obstacles(make_graph({1: {"status": "RUNNING"}}, **task))
    assert obstacles == ((Refusal.TASK_PROHIBITS,) if forbidden else ())


def test_the_verdict_of_the_response_follows_from_a_blocker():
    rows = {1: {"status": "RUNNING", "prohibit_rollback": True}}
    obstacles, _ = rollback_obstacles(make_graph(rows, prohibit_rollback=True))
    assert obstacles == (Refusal.BEGUN,)
