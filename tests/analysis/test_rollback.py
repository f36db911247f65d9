"""The way back: what forbids it, its order, its time, and how late it can begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.rollback import Refusal, rollback_obstacles
from taskgraph.analysis.schedule import schedule
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from tests.analysis.dags import SETTINGS, full_paths, longest, make_graph, timed_dags
from tests.analysis.documents import analyse, changed, ids
from tests.effort import examples


def telling(graph: TaskGraph) -> TaskGraph:
    """Build a graph of a document that says of all whether they prohibit rollback."""
    rows = graph.task.subtasks
    rows = tuple(r._replace(prohibit_rollback=bool(r.prohibit_rollback)) for r in rows)
    return build_graph(replace(graph.task, prohibit_rollback=False, subtasks=rows))


@st.composite
def definitions(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG with timeouts in which some subtasks prohibit rollback."""
    graph, timeouts = draw(timed_dags())
    flags = [draw(st.booleans()) for _ in timeouts]
    return telling(
        changed(
            graph,
            lambda row: {"timeout": timeouts[row.id], "prohibit_rollback": flags[row.id]},
        )
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
    assert found.can_fail == max(map(len, rests))
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


def test_of_a_task_that_prohibits_it_itself_the_start_is_the_point_of_no_return():
    rows: dict[int, dict[str, Any]] = {n: {"timeout": 60} for n in (1, 2, 3)}
    rows[2]["prohibit_rollback"] = True
    rows[1] |= {"status": "SUCCESSFUL"}
    own = {"context": {"stringMap": {"prohibit_rollback": "true"}}}
    answers = analyse(make_graph(rows, [(1, 2), (2, 3)], **own))
    found = answers.no_return
    assert found is not None
    assert found == (
        (), (0, 1, 2), answers.budget.seconds, answers.budget.unlimited, 2, True, True
    )  # fmt: skip
    waiting = make_graph({1: {"status": "PENDING"}}, status="PENDING", **own)
    assert not analyse(waiting).no_return.passed  # type: ignore[union-attr]


def test_the_verdict_of_the_response_follows_from_a_blocker():
    rows = {1: {"status": "RUNNING", "prohibit_rollback": True}}
    obstacles, _ = rollback_obstacles(analyse(make_graph(rows, prohibit_rollback=True)))
    assert obstacles == (Refusal.BEGUN,)


def test_a_verdict_without_the_flags_of_subtasks_has_no_known_cause():
    answers = analyse(make_graph({1: {"status": "RUNNING"}}, prohibit_rollback=True))
    assert rollback_obstacles(answers) == ((Refusal.VERDICT,), ())
    assert answers.prohibits_rollback is None
    assert answers.rollback.is_allowed is False


@st.composite
def begun(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG of which a part, closed to the upstream side, has left PENDING."""
    graph, timeouts = draw(timed_dags())
    starts = draw(st.sets(st.integers(0, len(graph) - 1)))
    part = starts | graph.ancestors(starts)
    return changed(
        graph,
        lambda row: {
            "timeout": timeouts[row.id],
            "status": "SUCCESSFUL" if row.id in part else "PENDING",
        },
        status="FAILED",
    )


@examples(150)
@given(begun())
def test_the_order_is_the_engines(graph: TaskGraph):
    found = analyse(graph).rollback
    assert not found.obstacles
    steps = {step.node: step for step in found.steps}
    order = list(steps)
    to_undo = {n for n, sub in enumerate(graph.subtasks) if sub.status == "SUCCESSFUL"}
    assert set(steps) == to_undo
    for node, step in steps.items():
        below = [steps[other] for other in graph.downstreams[node] if other in steps]
        assert all(order.index(other.node) < order.index(node) for other in below)
        assert step.start == max((other.finish for other in below), default=0)
        assert step.finish == step.start + (graph.subtasks[node].timeout or 0)
    assert found.worst_case.seconds == max((s.finish for s in found.steps), default=0)


def undo_seconds(answers: Analysis, nodes: set[int]) -> int:
    """The longest path within a set of nodes, by trying every path."""
    graph = answers.graph
    paths: list[tuple[int, ...]] = [(node,) for node in nodes]
    for path in paths:
        paths += [(*path, n) for n in graph.downstreams[path[-1]] if n in nodes]
    return longest(paths, list(answers.undo_durations))


def there_and_back(answers: Analysis, durations: Sequence[int], failing: int) -> int | None:
    """Run a task that fails at one subtask's end; ``None`` if it passed the point."""
    graph = answers.graph
    timetable = schedule(graph, durations)
    failed_at = timetable.early_finish[failing]
    never = graph.descendants([failing])
    starts = {n: at for n, at in enumerate(timetable.early_start) if n not in never}
    for node, start in starts.items():
        if start < failed_at and graph.subtasks[node].prohibit_rollback:
            return None
    ran = {failing, *graph.ancestors([failing])}
    ran |= {node for node, start in starts.items() if start < failed_at}
    if any(graph.subtasks[node].prohibit_rollback for node in ran):
        return None
    ended = max(timetable.early_finish[node] for node in ran)
    return ended + undo_seconds(answers, ran)


@examples(200)
@given(definitions(), SETTINGS, st.data())
def test_no_run_that_is_rolled_back_takes_longer(
    graph: TaskGraph, assumed: dict[str, Any], data: st.DataObject
):
    answers = analyse(graph, **{**assumed, "concurrency": 0})
    found = answers.rollback.fail_late
    full = answers.worst_durations
    durations = [data.draw(st.integers(0, most)) for most in full]
    for node in range(len(graph)):
        taken = there_and_back(answers, durations, node)
        if taken is not None and found is not None:
            assert taken <= found.at_most
    if found is not None:
        assert there_and_back(answers, full, found.node) == found.seconds
        assert found.seconds <= found.at_most
        ends = schedule(graph, full).early_finish
        others = [
            n for n in range(len(graph)) if there_and_back(answers, full, n) is not None
        ]
        assert ends[found.node] == max(ends[node] for node in others)


def test_quicker_subtasks_let_others_begin():
    # 1 Wait 50 -> 2 Cut over, which prohibits; beside them 3 Copy 100 -> 4 Check 100.
    rows = {
        1: {"timeout": 50},
        2: {"timeout": 10, "prohibit_rollback": True},
        3: {"timeout": 100},
        4: {"timeout": 100},
    }
    graph = make_graph(rows, [(1, 2), (3, 4)])
    found = analyse(telling(graph)).rollback.fail_late
    assert found is not None
    # At 50 Wait fails; Copy runs on until 100; both are undone, 100 more.
    assert ids(graph, found.begun) == [1, 3]
    assert (found.until_failed, found.undoing, found.seconds) == (100, 100, 200)
    # If Copy ends just before 50, Check runs from then on to 150, and 200 are undone.
    assert found.at_most == 150 + 200


def test_what_prohibits_from_the_start_leaves_no_way_back():
    graph = make_graph({1: {"timeout": 5, "prohibit_rollback": True}, 2: {"timeout": 5}})
    assert analyse(telling(graph)).rollback.fail_late is None
    graph = make_graph({1: {"timeout": 5}}, prohibit_rollback=True)
    assert analyse(graph).rollback.fail_late is None
    assert analyse(make_graph([])).rollback.fail_late is None


def test_a_rollback_is_one_attempt_of_each():
    rows = {1: {"timeout": 5, "attempts": 3, "status": "SUCCESSFUL"}}
    graph = telling(make_graph(rows, status="FAILED"))
    found = analyse(graph, attempts=4, grace=12, overhead=2).rollback
    assert found.worst_case.seconds == 5 + 12 + 2
    assert found.fail_late is not None
    assert found.fail_late.until_failed == 4 * (5 + 12 + 2)
    assert found.fail_late.undoing == 5 + 12 + 2
    assert found.fail_late.at_most == found.fail_late.seconds == 76 + 19


def test_without_a_limit_the_way_back_is_unbounded():
    rows = {
        1: {"timeout": 0, "status": "SUCCESSFUL"},
        2: {"timeout": 9, "status": "FAILED"},
    }
    graph = telling(make_graph(rows, [(1, 2)], status="FAILED"))
    found = analyse(graph).rollback
    assert not found.worst_case.is_bounded
    assert ids(graph, found.worst_case.unlimited) == [1]
    assert found.fail_late is not None
    assert ids(graph, found.fail_late.unlimited) == [1]
    assert analyse(graph, assume_timeout=1).rollback.worst_case.is_bounded


def test_slots_bound_the_way_there_and_back():
    rows = {node: {"timeout": 10, "status": "SUCCESSFUL"} for node in range(6)}
    rows[9] = {"timeout": 10, "status": "FAILED", "prohibit_rollback": False}
    edges = [(0, node) for node in range(1, 6)] + [(node, 9) for node in range(1, 6)]
    graph = telling(make_graph(rows, edges, status="FAILED"))
    found = analyse(graph, concurrency=2).rollback
    # The longest path is 30 and all of it 70: (70 + 30) / 2 = 50.
    assert found.worst_case.seconds == 50
    assert found.fail_late is not None
    # As listed: 10, then three rounds of 10 for five, then 10 for the last, which fails.
    assert found.fail_late.until_failed == 50
    assert found.fail_late.at_most == 100


def test_what_runs_in_a_failed_task_may_hold_the_workers_of_its_undoing():
    rows = {n: {"status": "RUNNING", "timeout": 600} for n in range(1, 21)}
    few = {n: rows[n] for n in range(1, 5)}
    for part, is_crowded in ((rows, True), (few, False)):
        found = analyse(make_graph(part, [], status="FAILED")).rollback
        assert found.is_crowded == is_crowded
    crowded = analyse(make_graph(rows, [], status="FAILED")).rollback.worst_case
    done = {n: {"status": "SUCCESSFUL", "timeout": 600} for n in range(1, 21)}
    idle = analyse(make_graph(done, [], status="FAILED")).rollback.worst_case
    assert crowded.seconds == idle.seconds + 600
