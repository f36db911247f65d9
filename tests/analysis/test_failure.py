"""What failed by itself, what it blocks, and what the ways out are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.budget import worst_case_of
from taskgraph.analysis.rollback import Refusal
from taskgraph.analysis.weights import Basis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Status
from tests.analysis.dags import make_graph, timed_dags
from tests.analysis.documents import analyse, at, changed, ids
from tests.effort import examples

GROUPS = (
    *("done", "in_place", "untouched", "ready", "running"),
    *("canceling", "pending", "failed", "other"),
)


def ran(
    begin: float, end: float, status: str = "SUCCESSFUL", **fields: Any
) -> dict[str, Any]:
    once = {"status": status, "operation": "EXECUTE", "attempts": 1, "timeout": 100}
    return {**once, "start_time": at(begin), "finish_time": at(end), **fields}


WAITS = {"status": "PENDING", "timeout": 100, "operation": "EXECUTE", "attempts": 1}


def test_roots_come_in_the_order_of_their_failure():
    rows = {
        1: ran(0, 9, "FAILED"),
        2: ran(0, 5, "FAILED"),
        3: ran(0, 5, "FAILED", finish_time=None),
        4: ran(6, 7, "FAILED"),
        5: WAITS,
        6: WAITS,
        7: ran(0, 8),
        8: ran(0, 5),
        9: ran(0, 20, "RUNNING"),
    }
    graph = make_graph(rows, [(2, 4), (4, 5), (1, 5), (8, 6)], status="RUNNING")
    found = analyse(graph, as_of=at(20)).failure
    assert found is not None
    assert ids(graph, [root.node for root in found.roots]) == [2, 1, 3]
    assert [root.failed_at for root in found.roots] == [at(5), at(9), None]
    assert ids(graph, found.consequences) == [4]
    assert ids(graph, found.blocked) == [5]
    assert ids(graph, found.held) == [6]
    # After 5, when 2 failed: 1 until 9, 4 from 6 on, 7 until 8, and 9 still runs.
    assert ids(graph, found.ran_on) == [1, 4, 7, 9]
    assert ids(graph, found.finished.nodes) == [7, 8]
    assert found.finished.microseconds == 13_000_000


def test_finished_work_that_was_skipped_or_is_not_measured():
    rows = {
        1: ran(0, 4, "FAILED"),
        2: ran(0, 3, operation="SKIP"),
        3: ran(0, 2, start_time=None),
        4: ran(0, 7, attempts=2),
        5: ran(6, 5),
    }
    found = analyse(make_graph(rows)).failure
    assert found is not None
    assert found.finished.nodes == (2, 3, 4)
    assert found.finished.microseconds == 7_000_000
    assert found.finished.unsplit == (3,)
    assert found.finished.unmeasured == (2, 4)


def test_in_a_rollback_the_way_is_back():
    back = {"operation": "ROLLBACK"}
    rows = {
        1: ran(0, 1, **back),
        2: ran(1, 9, "FAILED", **back),
        3: ran(2, 3, "PENDING", **back),
        4: ran(0, 1, **back),
    }
    graph = make_graph(
        rows, [(1, 2), (2, 3), (4, 3)], status="FAILED", operation="ROLLBACK"
    )
    found = analyse(graph).failure
    assert found is not None
    assert ids(graph, [root.node for root in found.roots]) == [2]
    assert ids(graph, found.blocked) == [1]
    assert ids(graph, found.held) == [4]
    (row,) = analyse(graph).ways_out
    assert row.retry.refusals == (Refusal.ROLLING_BACK,)
    assert row.skip.is_accepted
    assert row.rollback.is_accepted
    assert ids(graph, row.skip.releases) == [1, 4]
    # What can be undone at once: 2, and 4, whose downstream is PENDING.
    assert ids(graph, row.rollback.releases) == [2, 4]
    assert row.rollback.worst_case is not None
    assert row.rollback.worst_case.seconds == 200
    assert row.skip.worst_case is not None
    assert row.skip.worst_case.seconds == 100


def test_other_failures_hold_what_a_retry_releases():
    rows = {1: ran(0, 5, "FAILED"), 2: ran(0, 6, "FAILED"), 3: WAITS, 4: WAITS}
    graph = make_graph(rows, [(1, 3), (1, 4), (2, 4)], status="FAILED")
    first, second = analyse(graph).ways_out
    assert ids(graph, first.retry.releases) == [3]  # 4 waits for both
    assert second.retry.releases == ()
    assert first.retry.is_held
    assert second.skip.is_held
    assert not first.rollback.is_held


def test_what_the_failure_alone_holds_goes_next_as_well():
    rows = {1: ran(0, 5, "FAILED"), 2: WAITS, 3: ran(0, 1), 4: WAITS, 5: WAITS}
    graph = make_graph(rows, [(1, 2), (3, 4), (2, 5), (4, 5)], status="FAILED")
    (row,) = analyse(graph).ways_out
    assert ids(graph, row.retry.releases) == [2, 4]
    assert ids(graph, row.skip.releases) == [2, 4]


def test_other_failures_hold_on_the_way_back_too():
    back = {"operation": "ROLLBACK"}
    rows = {
        1: ran(0, 1, **back),
        2: ran(1, 9, "FAILED", **back),
        3: ran(1, 9, "FAILED", **back),
        4: ran(0, 1, **back),
    }
    graph = make_graph(rows, [(1, 2), (4, 3)], status="FAILED", operation="ROLLBACK")
    first, second = analyse(graph).ways_out
    assert (ids(graph, first.skip.releases), first.skip.is_held) == ([1], True)
    assert (ids(graph, second.skip.releases), second.skip.is_held) == ([4], True)


@pytest.mark.parametrize("prohibits", [(False, False), (False, True), (False, None)])
def test_a_skip_on_the_way_back_rests_on_the_others_being_skipped(
    prohibits: tuple[bool | None, ...],
):
    back = {"operation": "ROLLBACK"}
    failed = [ran(1, 9, "FAILED", prohibit_skip=flag, **back) for flag in prohibits]
    rows = {1: ran(0, 1, **back), 2: failed[0], 3: failed[1], 4: ran(0, 1, **back)}
    edges = [(1, 2), (1, 3)]
    graph = make_graph(rows, edges, status="FAILED", operation="ROLLBACK")
    answers = analyse(graph)
    assert answers.failure is not None
    assert ids(graph, answers.failure.held) == [4]
    first, second = answers.ways_out
    bound = first.skip.worst_case
    assert (bound and bound.seconds) == (100 if prohibits[1] is False else None)
    assert second.skip.worst_case is not None  # where the engine accepts it at all
    assert first.retry.worst_case is None


@pytest.mark.parametrize("operation", [None, "EXECUTE"])
def test_no_bound_rests_on_a_retry_that_may_repeat(operation: str | None):
    rows = {1: ran(0, 5, "FAILED"), 2: WAITS}
    graph = make_graph(rows, [(1, 2)], status="FAILED", operation=operation)
    (row,) = analyse(graph).ways_out
    assert (row.retry.worst_case is None) == (operation is None)
    untold = changed(graph, lambda _: {"operation": None})
    (row,) = analyse(untold).ways_out
    if operation is None:
        assert row.skip.worst_case is None
        assert analyse(untold).blocked == frozenset()


def test_no_bound_rests_on_a_retry_that_the_engine_refuses():
    refused = ran(0, 5, "FAILED", operation="ROLLBACK")
    rows = {1: ran(0, 5, "FAILED"), 2: refused}
    graph = make_graph(rows, status="FAILED", operation="EXECUTE")
    first, second = analyse(graph).ways_out
    assert first.retry.worst_case is first.skip.worst_case is None
    assert second.skip.worst_case is not None


def test_refusals():
    rows = {
        1: ran(0, 5, "FAILED", prohibit_skip=True),
        2: ran(0, 5, "RUNNING", prohibit_rollback=True),
    }
    (row,) = analyse(make_graph(rows, status="RUNNING")).ways_out
    assert row.retry.is_accepted
    assert row.skip.refusals == (Refusal.PROHIBITS_SKIP,)
    assert row.rollback.refusals == (Refusal.TASK_NOT_FAILED, Refusal.BEGUN)


@st.composite
def stopped(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG in any mixture of states, some of them FAILED."""
    graph, timeouts = draw(timed_dags())
    states = [draw(st.sampled_from([*Status, "FAILED"])) for _ in timeouts]
    return changed(
        graph,
        lambda row: {"timeout": timeouts[row.id], "status": states[row.id]},
        operation="EXECUTE",
    )


@examples(150)
@given(stopped(), st.integers(0, 2))
def test_a_skip_counts_as_done(graph: TaskGraph, limit: int):
    answers = analyse(graph, concurrency=limit)
    left = answers.left
    todo = [node for node, basis in enumerate(left.basis) if basis is not Basis.DONE]
    for row in answers.ways_out:
        rest = [node for node in todo if node != row.node]
        bound = worst_case_of(answers, todo, left.durations).longest_path
        zeroed = [0 if n == row.node else d for n, d in enumerate(left.durations)]
        expected = worst_case_of(answers, todo, zeroed)
        assert row.retry.worst_case is not None
        assert row.skip.worst_case is not None
        assert row.retry.worst_case.longest_path == bound
        assert row.skip.worst_case.longest_path == expected.longest_path
        assert row.skip.worst_case.seconds == expected.seconds
        unlimited = {n for n in rest if not graph.subtasks[n].timeout}
        assert set(row.skip.worst_case.unlimited) == unlimited
    groups = [getattr(answers.tally, name) for name in GROUPS]
    assert sorted(node for group in groups for node in group) == list(range(len(graph)))
    assert answers.tally.whole == len(graph) - len(answers.tally.untouched)


@pytest.mark.parametrize("status", [None, "SOMETHING_NEW"])
def test_an_unknown_status_is_told_apart(status: str | None):
    answers = analyse(make_graph({1: {"status": status, "timeout": 5}}))
    assert answers.tally.other == (0,)
    assert answers.progress.latest_finish is None  # the document has no time at all


def test_the_running_subtask_that_is_nearest_to_its_timeout():
    running = {"status": "RUNNING", "operation": "EXECUTE", "attempts": 1}
    rows = {
        1: {**running, "timeout": 100, "start_time": at(0)},
        2: {**running, "timeout": 80, "start_time": at(10)},
        3: {**running, "timeout": 0, "start_time": at(0)},
        4: {**running, "timeout": 30, "start_time": at(0)},
        5: {"status": "SUCCESSFUL", "timeout": 500},
    }
    graph = make_graph(rows, [(5, 1)])
    found = analyse(graph, as_of=at(40)).progress
    assert [(row.node, row.seconds_left, row.basis) for row in found.in_flight] == [
        (3, 0, Basis.OVERDUE),
        (1, 50, Basis.LEFT),
        (0, 60, Basis.LEFT),
        (2, None, Basis.NO_LIMIT),
    ]
    assert found.nearest == found.in_flight[0]
    assert found.latest_finish is None  # one of them has no limit
    assert ids(graph, found.critical_path) == [5, 1]
    assert (found.critical_seconds_done, found.critical_seconds) == (540, 600)
    assumed = analyse(graph, as_of=at(40), assume_timeout=70).progress
    assert assumed.latest_finish == at(40 + 60)


def test_slots_bound_the_latest_finish():
    rows = {node: {"status": "PENDING", "timeout": 10} for node in range(4)}
    graph = make_graph(rows, context={"concurrency": 2})
    # (40 + 10) / 2 under the limit of the document, 10 without one.
    assert analyse(graph, as_of=at(0)).progress.latest_finish == at(25)
    unlimited = analyse(graph, as_of=at(0), concurrency=0)
    assert unlimited.progress.latest_finish == at(10)


def test_a_task_that_takes_no_time_has_no_share():
    found = analyse(make_graph({1: {"timeout": 0}})).progress
    assert (found.critical_seconds_done, found.critical_seconds) == (0, 0)
    assert found.nearest is None
