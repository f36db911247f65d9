"""TG2xx: statuses and operations, judged by what the engine can do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from taskgraph.model.task import Origin, Subtask, Task
from taskgraph.settings import Severity
from tests.checks.build import (
    analysis,
    at,
    change,
    codes,
    found,
    response,
    skipped,
    subtasks,
    task,
)

CHAIN = [(1, 2), (2, 3)]
FAN = [(1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5)]


def with_statuses(
    *statuses: str, edges: Any = CHAIN, operation: str = "EXECUTE"
) -> list[Subtask]:
    """Give subtasks with these statuses, by id."""
    rows = subtasks(edges, operation=operation)
    rows.sort(key=lambda row: str(row.id))
    return [row._replace(status=s) for row, s in zip(rows, statuses, strict=True)]


# --- TG201 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"status": "DONE"}, "the status 'DONE'"),
        ({"operation": "UNDO"}, "the operation 'UNDO'"),
        ({"node_type": "PYTHON_TASK"}, "the node type 'PYTHON_TASK'"),
    ],
)
def test_an_unknown_value_is_one_finding_and_no_other(fields: Any, what: str) -> None:
    rows = [row._replace(**fields) for row in subtasks(CHAIN)]
    assert codes(task(rows)) == ["TG201"]
    (finding,) = found(task(rows), "TG201")
    assert what in finding.message
    assert finding.subtasks == (1, 2, 3)


@pytest.mark.parametrize(
    "fields", [{"status": "PENDING"}, {"operation": "ROLLBACK_SKIP"}, {"type": "CRON"}]
)
def test_unknown_values_of_the_task_are_found(fields: Any) -> None:
    assert "TG201" in codes(task(subtasks(CHAIN), **fields))


def test_documented_values_are_known() -> None:
    for kind in ("MANUAL", "SCHEDULED", "SYS_SCHEDULED", "SYS_ONECE"):
        assert codes(task(subtasks(CHAIN), type=kind)) == []
    for operation in ("EXECUTE", "RETRY", "SKIP", "CANCEL"):
        assert "TG201" not in codes(task(subtasks(CHAIN), operation=operation))


# --- TG202 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"]
)
@pytest.mark.parametrize("above", ["PENDING", "READY", "RUNNING", "CANCELING", "FAILED"])
def test_below_what_is_not_done_nothing_has_begun(above: str, status: str) -> None:
    shape = task(with_statuses(above, status, "PENDING"))
    (finding,) = found(shape, "TG202")
    assert finding.edges == ((1, 2),)
    assert (
        finding.message
        == f"2 'step 2' is {status} although its upstream 1 'step 1' is {above}"
    )


def test_a_running_front_is_legal() -> None:
    for front in ("READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"):
        assert found(task(with_statuses("SUCCESSFUL", front, "PENDING")), "TG202") == []


def test_one_wrong_status_above_many_is_one_finding() -> None:
    rows = with_statuses("PENDING", "SUCCESSFUL", "RUNNING", "FAILED", "PENDING", edges=FAN)
    (finding,) = found(task(rows), "TG202")
    assert finding.subtasks == (1, 2, 3, 4)
    assert "its downstreams" in finding.message


def test_one_wrong_status_below_many_is_one_finding() -> None:
    rows = with_statuses("SUCCESSFUL", "RUNNING", "RUNNING", "FAILED", "READY", edges=FAN)
    (finding,) = found(task(rows), "TG202")
    assert finding.subtasks == (2, 3, 4, 5)
    assert "its upstreams" in finding.message


def test_a_rollback_walks_upstream() -> None:
    rows = with_statuses("SUCCESSFUL", "SUCCESSFUL", "PENDING", operation="ROLLBACK")
    assert codes(task(rows, operation="ROLLBACK")) == []
    wrong = with_statuses("PENDING", "SUCCESSFUL", "PENDING", operation="ROLLBACK")
    (finding,) = found(task(wrong, operation="ROLLBACK"), "TG202")
    assert "1 'step 1' is PENDING although its downstream 2 'step 2' is SUCCESSFUL" in (
        finding.message
    )


def test_what_obshell_does_in_a_rollback_is_not_judged() -> None:
    rows = with_statuses("RUNNING", "SUCCESSFUL", "SUCCESSFUL", operation="ROLLBACK")
    shape = task(rows, operation="ROLLBACK", origin=Origin(dialect="obshell"))
    assert found(shape, "TG202") == []
    assert "obshell" in skipped(shape)["TG202"]


# --- TG203 -----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["PENDING", "READY", "RUNNING", "CANCELING", "FAILED"])
def test_a_successful_task_has_done_everything(status: str) -> None:
    rows = with_statuses("SUCCESSFUL", "SUCCESSFUL", status)
    (finding,) = found(task(rows, status="SUCCESSFUL"), "TG203")
    assert finding.severity is Severity.ERROR
    assert finding.subtasks == (3,)


def test_a_rolled_back_task_is_successful_with_everything_pending() -> None:
    rows = with_statuses("PENDING", "PENDING", "PENDING", operation="ROLLBACK")
    fields: dict[str, Any] = {"status": "SUCCESSFUL", "finish_time": at(9)}
    assert codes(task(rows, operation="ROLLBACK", **fields)) == []
    listed = task(change(rows, 1, operation="EXECUTE"), operation=None, **fields)
    assert codes(listed) == []
    wrong = change(rows, 1, status="SUCCESSFUL")
    assert "TG203" in codes(task(wrong, operation="ROLLBACK", **fields))


@pytest.mark.parametrize(
    "rows",
    [
        with_statuses("SUCCESSFUL", "FAILED", "PENDING"),
        with_statuses("SUCCESSFUL", "FAILED", "READY", edges=[(1, 2), (1, 3)]),
        with_statuses("SUCCESSFUL", "FAILED", "RUNNING", edges=[(1, 2), (1, 3)]),
        with_statuses("SUCCESSFUL", "FAILED", "CANCELING", edges=[(1, 2), (1, 3)]),
        change(
            with_statuses("SUCCESSFUL", "READY", "PENDING"),
            2,
            attempts=2,
            operation="RETRY",
        ),
        change(with_statuses("SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL"), 2, attempts=2),
        change(with_statuses("SUCCESSFUL", "RUNNING", "PENDING"), 2, operation="RETRY"),
    ],
)
def test_what_the_engine_leaves_behind_after_a_failure_is_legal(
    rows: list[Subtask],
) -> None:
    found_codes = codes(task(rows, status="FAILED", finish_time=at(9)))
    assert not {"TG202", "TG203"} & set(found_codes)


@pytest.mark.parametrize("last", ["RUNNING", "PENDING", "SUCCESSFUL"])
def test_a_failed_task_without_a_failure_is_a_warning(last: str) -> None:
    """The coordinator can do that, so it is no error."""
    (finding,) = found(
        task(with_statuses("SUCCESSFUL", "SUCCESSFUL", last), status="FAILED"), "TG203"
    )
    assert finding.severity is Severity.WARNING
    assert "server's log" in finding.hint


def test_a_running_task_with_a_failure_or_all_done_is_legal() -> None:
    for last in ("FAILED", "SUCCESSFUL"):
        assert found(task(with_statuses("SUCCESSFUL", "SUCCESSFUL", last)), "TG203") == []


# --- TG204, TG205 ----------------------------------------------------------------


def stalled(seconds: float, **fields: Any) -> Task:
    """Give a task whose last subtask failed at 10 s, seen some time later."""
    rows = with_statuses("SUCCESSFUL", "FAILED", "PENDING")
    rows = change(rows, 1, start_time=at(1), finish_time=at(5))
    rows = change(rows, 2, start_time=at(6), finish_time=at(10), **fields)
    return task(rows, envelope=response(10 + seconds))


def test_a_task_in_which_nothing_ever_began_is_stalled() -> None:
    """The engine makes the first subtasks ready as it takes a task."""
    shape = task(subtasks([(1, 2)]), envelope=response(61))
    assert codes(shape) == ["TG204"]
    assert codes(replace(shape, envelope=response(60))) == []
    assert codes(replace(shape, start_time=None)) == []
    assert codes(replace(shape, operation="RETRY", finish_time=at(9))) == []


def test_a_task_in_which_nothing_happens_is_stalled_after_a_minute() -> None:
    assert codes(stalled(60)) == []
    assert codes(stalled(60.5)) == ["TG204"]
    assert codes(stalled(60.5), event_delay=120) == []


@pytest.mark.parametrize(
    ("operation", "cause"),
    [
        ("CANCEL", "2 'step 2' was cancelled, and the engine never retries that by itself"),
        (
            "ROLLBACK",
            "2 'step 2' was not rolled back, and the engine never retries that by itself",
        ),
        ("EXECUTE", "2 'step 2' FAILED, and the engine does not act on it"),
    ],
)
def test_the_likely_cause_is_told(operation: str, cause: str) -> None:
    (finding,) = found(stalled(600, operation=operation), "TG204")
    assert cause in finding.message
    assert finding.subtasks == (2,)


def test_without_a_failure_the_engine_is_named() -> None:
    shape = stalled(600, status="SUCCESSFUL")
    (finding,) = found(shape, "TG204")
    assert "the engine does not go on" in finding.message


@pytest.mark.parametrize("status", ["READY", "RUNNING", "CANCELING", "SOMETHING"])
def test_what_is_in_flight_is_not_stalled(status: str) -> None:
    assert "TG204" not in codes(stalled(600, status=status))


def test_of_a_cancel_it_is_not_said_that_it_came_long_ago() -> None:
    """It may have been asked for just now, of what has been at work for long."""
    (finding,) = found(stalled(600, status="CANCELING"), "TG209")
    assert "the document tells of nothing in the last 10 min:" in finding.message
    assert "nothing has happened" not in finding.message


def test_a_task_that_was_touched_again_at_an_unknown_time_is_not_judged() -> None:
    """After a fault of the coordinator a retry sets no subtask in motion at first."""
    touched: dict[str, Any] = {"operation": "RETRY", "finish_time": at(11)}
    again = replace(stalled(600, status="SUCCESSFUL"), **touched)
    assert "TG204" not in codes(again)
    assert "TG204" in codes(replace(stalled(600), **touched))
    touched["finish_time"] = at(4)  # 1 finished after it, and 2 started after that
    assert "TG204" in codes(replace(stalled(600, status="SUCCESSFUL"), **touched))


@pytest.mark.parametrize("operation", ["EXECUTE", "RETRY"])
def test_a_skip_of_which_no_time_tells_is_not_called_a_stall(operation: str) -> None:
    """It may have been asked for a moment ago; what was released after it proves more."""
    skip: dict[str, Any] = {"status": "SUCCESSFUL", "operation": "SKIP"}
    shape = replace(stalled(600, **skip), operation=operation, finish_time=at(11))
    assert "TG204" not in codes(shape)
    assert analysis(shape).progress.endless is None
    later = change(shape.subtasks, 2, finish_time=at(12))
    assert "TG204" in codes(replace(shape, subtasks=tuple(later)))
    other = change(later, 1, operation="SKIP")  # before the task ended
    assert "TG204" in codes(replace(shape, subtasks=tuple(other)))
    beside = change(stalled(600).subtasks, 1, operation="SKIP")
    assert "TG204" not in codes(replace(shape, subtasks=tuple(beside)))
    assert "TG204" in codes(replace(shape, finish_time=None))


def test_what_began_after_a_skip_proves_a_stall_again() -> None:
    rows = with_statuses("SUCCESSFUL", "SUCCESSFUL", "PENDING")
    rows = change(rows, 1, operation="SKIP", start_time=at(1), finish_time=at(5))
    rows = change(rows, 2, start_time=at(20), finish_time=at(30))
    shape = task(rows, envelope=response(600), finish_time=at(6))
    assert "TG204" in codes(shape)
    assert "TG204" not in codes(replace(shape, finish_time=at(40)))


def waiting(concurrency: Any, seconds: float = 600, **fields: Any) -> Task:
    """Give a task in which 2 runs and 3 could."""
    rows = with_statuses("SUCCESSFUL", "RUNNING", "PENDING", edges=[(1, 2), (1, 3)])
    rows = change(rows, 1, start_time=at(1), finish_time=at(5))
    rows = [row._replace(timeout=10_000) for row in rows]
    rows = change(rows, 2, start_time=at(6), **fields)
    return task(rows, envelope=response(6 + seconds), context={"concurrency": concurrency})


@pytest.mark.parametrize("concurrency", [0, 2, 10, "10"])
def test_a_subtask_that_could_run_is_found(concurrency: Any) -> None:
    assert codes(waiting(concurrency)) == ["TG205"]
    assert codes(waiting(concurrency, seconds=60)) == []


def test_a_full_house_explains_the_waiting() -> None:
    assert codes(waiting(1)) == []


@pytest.mark.parametrize("concurrency", [None, "many", True, 2.5])
def test_without_a_stated_concurrency_it_is_skipped(concurrency: Any) -> None:
    assert codes(waiting(concurrency)) == []
    assert "how many subtasks" in skipped(waiting(concurrency))["TG205"]


def test_only_a_task_that_executes_starts_more() -> None:
    assert codes(replace(waiting(10), operation="RETRY")) == []
    assert "TG205" not in codes(replace(waiting(10), status="FAILED"))


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": 2},
        {"operation": "RETRY"},
        {"status": "CANCELING"},
        {"status": "FAILED"},
    ],
)
def test_anything_unusual_keeps_it_silent(fields: Any) -> None:
    assert "TG205" not in codes(waiting(10, **fields))


# --- TG206, TG207 ----------------------------------------------------------------


def test_skips_are_told_in_both_directions() -> None:
    rows = change(with_statuses("SUCCESSFUL", "SUCCESSFUL", "PENDING"), 2, operation="SKIP")
    assert "was not done" in found(task(rows), "TG206")[0].message
    back = with_statuses("SUCCESSFUL", "PENDING", "PENDING", operation="ROLLBACK")
    back = change(back, 2, operation="ROLLBACK_SKIP")
    assert "not undone" in found(task(back, operation="ROLLBACK"), "TG206")[0].message


def test_attempts_and_manual_retries_are_told() -> None:
    rows = change(with_statuses("SUCCESSFUL", "SUCCESSFUL", "RUNNING"), 2, attempts=3)
    rows = change(
        rows, 1, operation="RETRY", attempts=None
    )  # by whom, the counter would tell
    rows = change(rows, 3, operation="RETRY", attempts=1)
    messages = [finding.message for finding in found(task(rows), "TG207")]
    assert messages == [
        "1 'step 1' was retried",
        "2 'step 2' is at attempt 3",
        "3 'step 3' was retried by hand",
    ]


# --- skipping --------------------------------------------------------------------


def test_a_definition_has_no_states_to_judge() -> None:
    rows = [
        row._replace(status=None, operation=None, attempts=None) for row in subtasks(CHAIN)
    ]
    shape = task(
        rows, is_definition=True, status=None, operation=None, type=None, start_time=None
    )
    assert codes(shape) == []
    # nor is it worth a word that it has none
    assert not {f"TG20{n}" for n in range(1, 10)} & skipped(shape).keys()
