"""Durations by timeout, by the clock, and by what is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.weights import (
    Basis,
    actual_weights,
    custom_weights,
    remaining_weights,
    timeout_weights,
)
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Envelope, Operation, Origin, Status
from tests.analysis.dags import SETTINGS, make_graph, named_dags
from tests.analysis.documents import analyse, answered, at, changed
from tests.effort import examples

ONCE = {"operation": "EXECUTE", "attempts": 1}
RUNNING = {"status": "RUNNING", "timeout": 100, **ONCE, "start_time": at(0)}


def left(seconds: float, **fields: Any) -> tuple[int, Basis]:
    graph = make_graph({1: {**RUNNING, **fields}})
    found = analyse(answered(graph, at(seconds))).left
    assert (found.unit, found.kind) == ("seconds", "remaining")
    return found.durations[0], found.basis[0]


def test_what_is_left_is_rounded_up_to_whole_seconds():
    assert left(0) == (100, Basis.LEFT)
    assert left(0.000001) == (100, Basis.LEFT)
    assert left(1) == (99, Basis.LEFT)
    assert left(99.5) == (1, Basis.LEFT)
    assert left(100) == (0, Basis.LEFT)


def test_what_is_overdue_counts_nothing():
    assert left(100.000001) == (0, Basis.OVERDUE)
    assert left(9999) == (0, Basis.OVERDUE)


def test_what_obshell_retries_is_undone_first_each_with_a_deadline_of_its_own():
    failed = {1: {"status": "FAILED", "timeout": 100, **ONCE}}
    for dialect, seconds in (("obshell", 200), ("ocp", 100)):
        graph = make_graph(failed, status="FAILED", origin=Origin(dialect=dialect))
        assert analyse(graph).left.durations == (seconds,)


@pytest.mark.parametrize(
    ("status", "operation", "seconds"),
    [
        ("RUNNING", "ROLLBACK", 200),
        ("READY", "ROLLBACK", 200),
        ("PENDING", "ROLLBACK", 100),
        ("RUNNING", "RETRY", 100),
    ],
)
def test_what_a_retry_undoes_runs_after_that(status: str, operation: str, seconds: int):
    row = {"status": status, "operation": operation, "timeout": 100, "attempts": 2}
    task: dict[str, Any] = {"status": "RUNNING", "origin": Origin(dialect="obshell")}
    again = make_graph({1: row}, operation="EXECUTE", **task)
    assert analyse(again).left.durations == (seconds,)
    if operation == "ROLLBACK" and status != "PENDING":
        back = make_graph({1: row}, operation="ROLLBACK", **task)
        assert analyse(back).left.durations == (100,)


def test_a_moment_before_the_start_leaves_all_of_it():
    assert left(-50) == (100, Basis.LEFT)


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": 2},
        {"attempts": None},
        {"operation": "RETRY"},
        {"operation": None},
        {"start_time": None},
    ],
)
def test_an_attempt_whose_start_is_unknown_has_its_whole_timeout(fields: dict[str, Any]):
    assert left(60, **fields) == (100, Basis.START_UNKNOWN)


def test_what_is_being_cancelled_runs():
    assert left(60, status="CANCELING") == (40, Basis.LEFT)


def test_the_rest_has_its_timeout():
    for status in ("PENDING", "READY", "FAILED", None, "SOMETHING_NEW"):
        assert left(60, status=status) == (100, Basis.TIMEOUT)
    assert left(60, status="SUCCESSFUL") == (0, Basis.DONE)
    assert left(60, timeout=0) == (0, Basis.NO_LIMIT)


def test_an_assumed_timeout_counts_down_as_well():
    graph = make_graph({1: {**RUNNING, "timeout": None}, 2: {"status": "PENDING"}})
    found = analyse(graph, as_of=at(60), assume_timeout=80).left
    assert found.durations == (20, 80)
    assert found.basis == (Basis.LEFT, Basis.ASSUMED)


def test_the_moment_is_the_documents_own():
    graph = make_graph({1: RUNNING}, envelope=Envelope(timestamp=at(30)))
    assert analyse(graph).left.durations == (70,)
    assert analyse(graph).left.as_of == at(30)
    # Without a timestamp of the response it is the latest time of the document.
    assert analyse(make_graph({1: RUNNING})).left.durations == (100,)
    without = make_graph({1: {**RUNNING, "start_time": None}})
    assert analyse(without).left.as_of is None


def test_in_a_rollback_what_is_pending_is_done():
    rows = {
        1: {"status": "SUCCESSFUL", "operation": "ROLLBACK", "timeout": 7},
        2: {**RUNNING, "operation": "ROLLBACK"},
        3: {"status": "PENDING", "operation": "ROLLBACK", "timeout": 9},
    }
    graph = make_graph(rows, operation="ROLLBACK")
    found = analyse(graph, as_of=at(60)).left
    assert found.durations == (7, 100, 0)
    assert found.basis == (Basis.TIMEOUT, Basis.START_UNKNOWN, Basis.DONE)


THREE_ATTEMPTS = {"attempts": 3, "grace": 12, "overhead": 2}


@pytest.mark.parametrize(
    ("status", "fields", "seconds", "basis"),
    [
        # 100 and 12 of grace for each attempt that may come, 2 to get to the subtask.
        ("PENDING", {}, 3 * 114, Basis.TIMEOUT),
        ("PENDING", {"attempts": None}, 3 * 114, Basis.TIMEOUT),
        ("READY", {}, 3 * 114, Basis.TIMEOUT),
        ("READY", {"attempts": 2}, 2 * 114, Basis.TIMEOUT),  # one is behind it
        ("READY", {"attempts": 3}, 112 + 2, Basis.TIMEOUT),
        ("READY", {"attempts": 7}, 112 + 2, Basis.TIMEOUT),
        (None, {}, 3 * 114, Basis.TIMEOUT),
        # What runs was got to; 60 of its first attempt are over.
        ("RUNNING", {}, 52 + 2 * 114, Basis.LEFT),
        ("CANCELING", {}, 52 + 2 * 114, Basis.LEFT),
        ("RUNNING", {"attempts": 2}, 112 + 114, Basis.START_UNKNOWN),
        ("RUNNING", {"attempts": 3}, 112, Basis.START_UNKNOWN),
        ("RUNNING", {"attempts": 7}, 112, Basis.START_UNKNOWN),
        ("RUNNING", {"start_time": at(-60)}, 2 * 114, Basis.OVERDUE),
        ("RUNNING", {"timeout": 0}, 2 * 2, Basis.NO_LIMIT),
        # What failed has used an attempt up, and can be retried by hand at least once.
        ("FAILED", {}, 2 * 114, Basis.TIMEOUT),
        ("FAILED", {"attempts": 2}, 112 + 2, Basis.TIMEOUT),
        ("FAILED", {"attempts": 3}, 112 + 2, Basis.TIMEOUT),
        ("FAILED", {"timeout": None}, 2 * 2, Basis.NO_LIMIT),
        ("SUCCESSFUL", {}, 0, Basis.DONE),
    ],
)
def test_what_is_left_of_three_attempts(
    status: str | None, fields: dict[str, Any], seconds: int, basis: Basis
):
    graph = make_graph({1: {**RUNNING, "status": status, **fields}})
    answers = analyse(graph, as_of=at(60), **THREE_ATTEMPTS)
    assert (answers.left.durations, answers.left.basis) == ((seconds,), (basis,))
    assert answers.remaining.seconds == seconds
    assert answers.remaining.is_bounded == (basis is not Basis.NO_LIMIT)


@pytest.mark.parametrize(
    ("status", "seconds", "basis"),
    [
        ("SUCCESSFUL", 112 + 2, Basis.TIMEOUT),
        ("FAILED", 112 + 2, Basis.TIMEOUT),
        ("READY", 112 + 2, Basis.TIMEOUT),
        ("RUNNING", 112, Basis.START_UNKNOWN),
        ("PENDING", 0, Basis.DONE),
    ],
)
@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_the_way_back_is_one_attempt(
    status: str, attempts: int, seconds: int, basis: Basis
):
    row = {**RUNNING, "status": status, "operation": "ROLLBACK", "attempts": attempts}
    answers = analyse(
        make_graph({1: row}, operation="ROLLBACK"), as_of=at(60), **THREE_ATTEMPTS
    )
    assert (answers.left.durations, answers.left.basis) == ((seconds,), (basis,))


@examples(200)
@given(named_dags(), SETTINGS)
def test_all_of_what_has_not_begun_is_left(graph: TaskGraph, assumed: dict[str, Any]):
    answers = analyse(graph, **assumed)
    assert answers.left.durations == answers.budget.schedule.durations
    assert answers.left.basis == answers.weigh("timeout").basis
    assert answers.remaining.seconds == answers.budget.seconds
    assert answers.remaining.longest_path == answers.longest_path
    assert answers.remaining.unlimited == answers.budget.unlimited
    assert answers.remaining.may_wait == answers.budget.bounds.may_wait
    assert answers.progress.critical_seconds_done == 0


@examples(200)
@given(named_dags(), SETTINGS, st.data(), st.sampled_from([None, *Operation]))
def test_no_more_is_left_than_the_whole(
    graph: TaskGraph, assumed: dict[str, Any], data: st.DataObject, operation: str | None
):
    states = st.fixed_dictionaries(
        {
            "status": st.sampled_from([None, *Status]),
            "operation": st.sampled_from(Operation),
            "attempts": st.none() | st.integers(1, 5),
            "start_time": st.none() | st.integers(0, 9).map(at),
        }
    )
    begun = changed(graph, lambda _: data.draw(states), operation=operation)
    answers = analyse(answered(begun, at(data.draw(st.integers(0, 20)))), **assumed)
    pairs = zip(answers.left.durations, answers.worst_durations, strict=True)
    assert all(left <= whole for left, whole in pairs)
    assert answers.remaining.seconds <= answers.budget.seconds
    progress = answers.progress
    assert 0 <= progress.critical_seconds_done <= progress.critical_seconds


def measured(**fields: Any) -> tuple[int, Basis]:
    times = {"start_time": at(10), "finish_time": at(12.000003)}
    graph = make_graph({1: {**ONCE, **times, **fields}})
    found = analyse(graph, as_of=at(20)).weigh("actual")
    assert (found.unit, found.kind) == ("microseconds", "actual")
    return found.durations[0], found.basis[0]


def test_a_finished_run_is_measured_to_the_microsecond():
    assert measured(status="SUCCESSFUL") == (2_000_003, Basis.ONE_RUN)
    assert measured(status="FAILED") == (2_000_003, Basis.ONE_RUN)


def test_several_runs_are_told_apart_from_one():
    for fields in ({"attempts": 2}, {"operation": "RETRY"}, {"operation": "SKIP"}):
        found = measured(**{"status": "SUCCESSFUL", **fields})
        assert found == (2_000_003, Basis.SEVERAL_RUNS)


def test_what_runs_is_measured_until_the_moment_whatever_finish_it_shows():
    assert measured(status="RUNNING") == (10_000_000, Basis.RUNNING)
    assert measured(status="RUNNING", finish_time=None) == (10_000_000, Basis.RUNNING)
    assert measured(status="RUNNING", attempts=2) == (10_000_000, Basis.SEVERAL_RUNS)
    assert measured(status="RUNNING", start_time=at(21)) == (0, Basis.NOT_MEASURED)


def test_a_time_counts_only_where_the_status_says_it_happened():
    for status in ("PENDING", "READY", None):
        assert measured(status=status) == (0, Basis.NOT_MEASURED)
    assert measured(status="READY", operation="RETRY") == (2_000_003, Basis.SEVERAL_RUNS)
    for operation in ("ROLLBACK", "ROLLBACK_SKIP"):
        found = measured(status="PENDING", operation=operation)
        assert found == (2_000_003, Basis.ROLLED_BACK)


def test_missing_and_impossible_times_count_nothing():
    assert measured(status="SUCCESSFUL", start_time=None) == (0, Basis.NOT_MEASURED)
    assert measured(status="SUCCESSFUL", finish_time=None) == (0, Basis.NOT_MEASURED)
    assert measured(status="SUCCESSFUL", finish_time=at(9)) == (0, Basis.REVERSED)


def test_custom_weights_are_given_in_seconds_over_any_base():
    rows = {"a": {"timeout": 5}, "b": {"timeout": 6}}
    graph = make_graph(rows)
    answers = analyse(graph)
    found = custom_weights(graph, answers.weigh("timeout"), {"b": 60})
    assert found.durations == (5, 60)
    assert found.nodes(Basis.GIVEN) == (1,)
    by_clock = custom_weights(graph, answers.weigh("actual"), {"b": 60})
    assert by_clock.durations == (0, 60 * 10**6)


@pytest.mark.parametrize(
    ("seconds", "message"),
    [({"z": 1}, "no subtask has the id z"), ({"a": -1}, "the duration of a is negative")],
)
def test_custom_weights_that_make_no_sense(seconds: dict[Any, int], message: str):
    graph = make_graph({"a": {}})
    with pytest.raises(ConfigError, match=message):
        custom_weights(graph, analyse(graph).weigh("timeout"), seconds)


def test_weigh_by_the_name_of_the_kind():
    graph = make_graph({1: RUNNING})
    answers = analyse(graph, as_of=at(5))
    assert answers.weigh("timeout") == answers.weigh("custom") == timeout_weights(answers)
    assert answers.weigh("actual") == actual_weights(graph, at(5))
    assert answers.weigh("remaining") == answers.left == remaining_weights(answers)
