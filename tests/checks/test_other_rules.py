"""TG5xx and TG6xx: recovery and identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from taskgraph.checks.runner import check_document
from taskgraph.model.task import ApiError, Envelope, Origin, Subtask, Task
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


def failed(**fields: Any) -> Task:
    """Give a task whose third subtask failed and whose second may forbid rollback."""
    rows = subtasks(
        CHAIN, status="SUCCESSFUL", prohibit_rollback=False, prohibit_skip=False
    )
    rows = change(rows, 3, status="FAILED")
    rows = change(rows, 2, **fields)
    return task(rows, status="FAILED", finish_time=at(9))


# --- TG501 to TG504 --------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "cause", "place"),
    [
        ({"prohibit_rollback": True}, "the document says so", "/prohibitRollback"),
        (
            {"context": {"stringMap": {"prohibit_rollback": "true"}}},
            "the task itself forbids it",
            "/context/stringMap/prohibit_rollback",
        ),
    ],
)
def test_the_verdict_on_the_task_needs_no_flags_of_subtasks(
    says: dict[str, Any], cause: str, place: str
) -> None:
    rows = [row._replace(status="FAILED", attempts=2) for row in subtasks([(1, 2)])]
    shape = task(rows, status="FAILED")
    assert "TG501" in skipped(shape)
    (finding,) = found(replace(shape, **says), "TG501")
    assert cause in finding.message
    assert finding.pointer == place
    assert finding.hint.startswith("mend the cause and retry the failed subtasks")


def test_where_no_subtask_failed_none_is_advised_to_be_retried() -> None:
    rows = change(failed(prohibit_rollback=True).subtasks, 3, status="SUCCESSFUL")
    (finding,) = found(task(rows, status="FAILED", finish_time=at(9)), "TG501")
    assert finding.hint == "mend the cause and retry the task as a whole"


def test_what_blocks_a_rollback_is_named() -> None:
    assert codes(failed()) == []
    (finding,) = found(failed(prohibit_rollback=True), "TG501")
    assert finding.message == (
        "the task FAILED and cannot be rolled back: 2 'step 2' forbids it and has begun"
    )
    assert codes(failed(prohibit_rollback=True)) == ["TG501"]


@pytest.mark.parametrize("status", ["PENDING", "READY"])
def test_what_has_not_begun_blocks_nothing(status: str) -> None:
    shape = failed(prohibit_rollback=True, status=status)
    assert "TG501" not in codes(shape)


@pytest.mark.parametrize(
    "fields",
    [
        {"prohibit_rollback": True},
        {"context": {"stringMap": {"prohibit_rollback": "true"}}},
    ],
)
def test_the_task_itself_can_forbid_it(fields: Any) -> None:
    rows = failed().subtasks
    shape = task(rows, status="FAILED", finish_time=at(9), **fields)
    (finding,) = found(shape, "TG501")
    assert "the task itself forbids it" in finding.message


@pytest.mark.parametrize("context", [{}, {"stringMap": None}, {"stringMap": "true"}])
def test_a_context_without_the_flag_forbids_nothing(context: Any) -> None:
    shape = task(failed().subtasks, status="FAILED", finish_time=at(9), context=context)
    assert codes(shape) == []


def test_a_running_task_is_not_to_be_rolled_back() -> None:
    rows = failed(prohibit_rollback=True).subtasks
    assert "TG501" not in codes(task(rows))


def test_documents_without_flags_are_skipped() -> None:
    shape = task(subtasks(CHAIN))
    for code in ("TG501", "TG502", "TG503", "TG504"):
        assert "does not say" in skipped(shape)[code]


def test_a_failed_subtask_that_cannot_be_skipped_is_found() -> None:
    shape = failed()
    rows = change(change(shape.subtasks, 3, prohibit_skip=True), 2, prohibit_skip=True)
    (finding,) = found(task(rows, status="FAILED", finish_time=at(9)), "TG502")
    assert finding.subtasks == (3,)


MEND = "mend the cause"


@pytest.mark.parametrize(
    ("operation", "own", "blocked", "stuck"),
    [
        (
            "EXECUTE",
            "EXECUTE",
            f"{MEND} and retry the failed subtasks, or skip them where that is allowed",
            f"{MEND} and retry it, or roll the task back where that is allowed",
        ),
        (
            "ROLLBACK",
            "ROLLBACK",
            "skip the failed subtasks where that is allowed",
            f"{MEND} and roll the task back again where that is allowed",
        ),
        (
            "ROLLBACK",
            "RETRY",
            "skip the failed subtasks where that is allowed",
            f"{MEND} and roll the task back again where that is allowed",
        ),
        (
            None,
            None,
            f"{MEND}, and retry or skip the failed subtasks where that is allowed",
            f"{MEND}, and retry it or roll the task back where that is allowed",
        ),
    ],
)
def test_nothing_is_advised_that_the_engine_refuses(
    operation: str | None, own: str | None, blocked: str, stuck: str
) -> None:
    rows = [row._replace(operation=own) for row in failed(prohibit_rollback=True).subtasks]
    rows = change(rows, 3, prohibit_skip=True)
    for code, hint in (("TG501", blocked), ("TG502", stuck)):
        shape = task(rows, status="FAILED", operation=operation, finish_time=at(9))
        assert {finding.hint for finding in found(shape, code)} == {hint}


@pytest.mark.parametrize(
    ("operation", "status"),
    [(None, "SUCCESSFUL"), ("ROLLBACK", "SUCCESSFUL"), ("EXECUTE", "PAUSED")],
)
def test_no_retry_of_the_whole_is_advised_that_may_be_refused(
    operation: str | None, status: str
) -> None:
    rows = change(failed(prohibit_rollback=True).subtasks, 3, status=status)
    shape = task(rows, status="FAILED", operation=operation, finish_time=at(9))
    (finding,) = found(shape, "TG501")
    assert finding.hint == "the engine's own log tells what failed"


def fresh(**fields: Any) -> list[Subtask]:
    """Give a chain that has not begun, whose second subtask may forbid rollback."""
    return change(subtasks(CHAIN, prohibit_rollback=False), 2, **fields)


def test_work_after_the_point_of_no_return_is_told_with_its_share() -> None:
    (finding,) = found(task(fresh(prohibit_rollback=True)), "TG503")
    assert finding.severity is Severity.INFO
    assert finding.message == (
        "once 2 'step 2' begins the task cannot be rolled back, but 2 subtasks can "
        "still fail; 2 min of the worst case of 3 min (66.7 %) lie from there on"
    )


def test_a_share_makes_it_a_warning() -> None:
    shape = task(fresh(prohibit_rollback=True))
    for share, severity in ((0.66, Severity.WARNING), (0.67, Severity.INFO)):
        (finding,) = found(shape, "TG503", no_return=share)
        assert finding.severity is severity
    unbounded = task(change(fresh(prohibit_rollback=True), 3, timeout=0))
    (finding,) = found(unbounded, "TG503", no_return=0.99)
    assert finding.severity is Severity.WARNING
    assert "not counting what has no limit" in finding.message


def test_a_task_that_prohibits_rollback_itself_has_no_return_from_its_start() -> None:
    own = {"context": {"stringMap": {"prohibit_rollback": "true"}}}
    for rows in (fresh(prohibit_rollback=True), fresh(), subtasks(CHAIN)):
        (finding,) = found(task(rows, **own), "TG503", no_return=0.9)
        assert finding.severity is Severity.WARNING
        assert finding.subtasks == ()
        assert finding.message == (
            "the task itself prohibits rollback, from its start, but 3 subtasks can still "
            "fail; 3 min of the worst case of 3 min (100.0 %) lie from there on"
        )
        failed = change(rows, 1, status="FAILED")
        assert "TG503" not in codes(task(failed, status="FAILED", **own))
    assert "TG503" in codes(task(fresh(), prohibit_rollback=True))
    plan = task(
        change(subtasks(CHAIN, status=None), 2, prohibit_rollback=True),
        is_definition=True,
        status=None,
        prohibit_rollback=True,
    )
    assert "TG503" not in codes(plan)
    assert [f.severity for f in found(plan, "TG503", no_return=1)] == [Severity.WARNING]


def test_what_lacks_a_limit_before_the_point_of_no_return_is_no_worst_case() -> None:
    rows = change(fresh(prohibit_rollback=True), 1, timeout=0)
    (finding,) = found(task(rows), "TG503")
    assert finding.message.endswith(
        "; 2 min of the finite part of the worst case, 2 min (100.0 %), lie from there on"
    )


def test_a_share_of_nothing_is_all() -> None:
    rows = [row._replace(timeout=0) for row in fresh(prohibit_rollback=True)]
    (finding,) = found(task(rows), "TG503")
    assert "0 s of the finite part of the worst case, 0 s, lie" in finding.message


def test_nothing_comes_after_the_last_one() -> None:
    rows = change(fresh(), 3, prohibit_rollback=True)
    assert codes(task(rows)) == []


def beside(*gates: int, **fields: Any) -> list[Subtask]:
    """Give 1, then 2 before 3, of a minute each, and beside these 4 of 500 s."""
    rows = subtasks([(1, 2), (2, 3), (1, 4)], prohibit_rollback=False)
    for number in gates:
        rows = change(rows, number, prohibit_rollback=True)
    return change(change(rows, 4, timeout=500), 1, **fields)


def test_work_beside_the_point_of_no_return_can_fail_too() -> None:
    (finding,) = found(task(beside(3)), "TG503")
    assert finding.message == (
        "once 3 'step 3' begins the task cannot be rolled back, but 2 subtasks can still "
        "fail; 8 min 20 s of the worst case of 9 min 20 s (89.3 %) lie from there on"
    )
    rows = [row._replace(status="SUCCESSFUL") for row in beside(3)]
    (finding,) = found(task(change(rows, 4, status="RUNNING")), "TG503")
    assert finding.message.startswith(
        "3 'step 3' has begun: the task cannot be rolled back"
    )
    assert ", but 1 subtask can still fail; 8 min 20 s of" in finding.message
    assert "TG503" not in codes(task(rows))


def test_the_first_of_several_to_begin_is_the_point_of_no_return() -> None:
    (finding,) = found(task(beside(2, 4)), "TG503")
    assert finding.message == (
        "once one of 2 'step 2' and 4 'step 4' begins the task cannot be rolled back, but "
        "up to 3 subtasks can still fail; 8 min 20 s of the worst case of 9 min 20 s "
        "(89.3 %) lie from there on"
    )
    begun = change(beside(2, 4, status="SUCCESSFUL"), 4, status="SUCCESSFUL")
    (finding,) = found(task(begun), "TG503")
    assert finding.message.startswith("4 'step 4' has begun: the task cannot be rolled")
    assert ", but 2 subtasks can still fail; " in finding.message


def test_what_is_done_cannot_fail_any_more() -> None:
    rows = [row._replace(status="SUCCESSFUL") for row in fresh(prohibit_rollback=True)]
    assert "TG503" not in codes(task(rows))
    assert "TG503" not in codes(task(rows, status="SUCCESSFUL", prohibit_rollback=True))
    rows = change(rows, 3, status="RUNNING")
    (finding,) = found(task(rows), "TG503")
    assert finding.message.startswith(
        "2 'step 2' has begun: the task cannot be rolled back"
    )


def test_the_verdict_must_know_what_has_begun() -> None:
    shape = failed(prohibit_rollback=True)
    wrong = task(shape.subtasks, prohibit_rollback=False)
    assert "TG504" in codes(wrong)
    assert "TG504" not in codes(task(shape.subtasks, prohibit_rollback=True))
    assert "TG504" in skipped(task(shape.subtasks))
    assert "TG504" not in codes(
        task(fresh(prohibit_rollback=True), prohibit_rollback=False)
    )


def test_a_verdict_without_a_cause_is_legal() -> None:
    assert codes(task(fresh(), prohibit_rollback=True)) == ["TG503"]


# --- TG601 to TG604 --------------------------------------------------------------


def test_foreign_subtasks_are_grouped_by_their_task() -> None:
    rows = [row._replace(task_id=1) for row in subtasks([(1, 2), (2, 3), (3, 4)])]
    assert codes(task(rows)) == []
    rows = change(change(rows, 2, task_id=7), 4, task_id=7)
    rows = change(rows, 3, task_id="x")
    findings = found(task(rows), "TG601")
    assert [finding.subtasks for finding in findings] == [(2, 4), (3,)]


def test_an_id_written_as_text_is_the_same_id() -> None:
    assert codes(task([row._replace(task_id="1") for row in subtasks(CHAIN)])) == []


def test_series_ids_are_compared_between_different_subtasks() -> None:
    rows = [row._replace(series_id=int(row.id)) for row in subtasks(CHAIN)]
    assert codes(task(rows)) == []
    assert codes(task([*rows, rows[1]])) == ["TG104"]
    (finding,) = found(task(change(rows, 3, series_id=1)), "TG602")
    assert finding.subtasks == (1, 3)
    some = change(change(rows, 3, series_id=1), 2, series_id=None)
    assert found(task(some), "TG602")[0].subtasks == (1, 3)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\u3000"])
def test_blank_names_are_found(name: str) -> None:
    rows = change(subtasks(CHAIN), 2, name=name)
    assert codes(task(rows)) == ["TG603"]
    assert codes(task(subtasks(CHAIN), name=name)) == ["TG603"]


def test_where_no_subtask_has_a_name_the_dialect_has_none() -> None:
    rows = [row._replace(name="") for row in subtasks(CHAIN)]
    assert codes(task(rows)) == ["TG603"] * 3
    archive = task(rows, origin=Origin(dialect="diagnosis"))
    assert codes(archive) == []
    assert skipped(archive)["TG603"] == "the document has no names of subtasks"


@pytest.mark.parametrize(
    "fields",
    [
        {"successful": False},
        {"status": 500},
        {"error": ApiError(1007, "busy")},
        {"error": ApiError()},
    ],
)
def test_a_response_must_agree_with_itself(fields: Any) -> None:
    shape = task(subtasks(CHAIN), envelope=response(1, **fields))
    assert codes(shape) == ["TG604"]


@pytest.mark.parametrize(
    "envelope",
    [Envelope(), Envelope(successful=True), Envelope(status=201, successful=True)],
)
def test_a_response_that_agrees_is_right(envelope: Envelope) -> None:
    assert codes(task(subtasks(CHAIN), envelope=envelope)) == []
    assert "TG604" in skipped(task(subtasks(CHAIN)))


def test_a_fault_of_the_document_is_found_once() -> None:
    envelope = response(1, successful=False)
    analyses = [
        analysis(task(subtasks(CHAIN), id=identifier, envelope=envelope))
        for identifier in (1, 2, 3)
    ]
    results = check_document(analyses)
    assert [[f.code for f in result.findings] for result in results] == [["TG604"], [], []]
