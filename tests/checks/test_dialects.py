"""What other dialects leave out or do otherwise is no fault of theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from taskgraph.api import load
from taskgraph.model.task import Origin
from tests.checks.build import at, change, codes, response, skipped, subtasks, task

OBSHELL = Origin(dialect="obshell")


@pytest.mark.parametrize("status", ["PENDING", "READY", "RUNNING", "FAILED", "SUCCESSFUL"])
def test_a_dag_of_obshell_can_be_in_any_state(status: str) -> None:
    rows = subtasks([(1, 2)], status="FAILED" if status == "FAILED" else "PENDING")
    if status == "SUCCESSFUL":
        rows = [row._replace(status=status) for row in rows]
    shape = task(rows, status=status, origin=OBSHELL)
    assert "TG201" not in codes(shape)
    assert ("TG201" in codes(replace(shape, origin=Origin()))) == (
        status in {"PENDING", "READY"}
    )


def test_obshell_may_leave_the_nodes_out() -> None:
    shape = task([], origin=OBSHELL)
    assert codes(shape) == []
    assert "TG109" in skipped(shape)


def test_one_stage_of_obshell_holds_unconnected_subtasks() -> None:
    rows = subtasks([], ids=[1, 2])
    assert "TG106" in codes(task(rows))
    assert "TG106" not in codes(task(rows, origin=OBSHELL))


def test_a_retry_of_obshell_starts_the_task_anew() -> None:
    rows = subtasks([(1, 2)], start_time=at(-100), finish_time=at(-50), status="FAILED")
    rows = [row._replace(timeout=600) for row in rows]
    rows = change(
        change(rows, 1, status="SUCCESSFUL"), 2, start_time=at(-49), finish_time=at(-40)
    )
    shape = task(rows, envelope=response(30))
    assert codes(shape) == ["TG305"]
    assert codes(replace(shape, origin=OBSHELL)) == []
    late = replace(shape, origin=OBSHELL, envelope=response(90))
    assert codes(late) == ["TG204"]


def test_what_obshell_passes_need_not_have_run() -> None:
    rows = subtasks([(1, 2)], status="SUCCESSFUL", operation="SKIP")
    rows = change(rows, 1, start_time=at(1), finish_time=at(2))
    fields: dict[str, Any] = {
        "status": "SUCCESSFUL",
        "operation": "SKIP",
        "start_time": None,
    }
    shape = task(rows, finish_time=at(3), origin=OBSHELL, **fields)
    assert "TG303" not in codes(shape)
    assert "TG303" in codes(replace(shape, origin=Origin()))


@pytest.mark.parametrize("left", ["PENDING", "SUCCESSFUL"])
def test_how_obshell_ends_a_rollback_is_not_judged(left: str) -> None:
    rows = subtasks([(1, 2)], status=left, operation="ROLLBACK")
    shape = task(rows, status="SUCCESSFUL", operation="ROLLBACK", origin=OBSHELL)
    assert "TG203" not in codes(shape)
    assert ("TG203" in codes(replace(shape, origin=Origin()))) == (left == "SUCCESSFUL")


def test_a_node_of_obshell_is_sent_to_its_own_dag(samples: Path) -> None:
    loaded = load(samples / "formats" / "obshell_node.json")
    hints = {one.code: one.hint for one in loaded.checked.findings}
    assert hints["TG108"].endswith("the order: GET /api/v1/task/dag/{id}")
    assert "upstreams" not in hints["TG108"]
