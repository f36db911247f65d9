"""What other dialects leave out or do otherwise is no fault of theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taskgraph.model import Origin
from tests.checks.build import codes, skipped, subtasks, task

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


@pytest.mark.parametrize("left", ["PENDING", "SUCCESSFUL"])
def test_how_obshell_ends_a_rollback_is_not_judged(left: str) -> None:
    rows = subtasks([(1, 2)], status=left, operation="ROLLBACK")
    shape = task(rows, status="SUCCESSFUL", operation="ROLLBACK", origin=OBSHELL)
    assert "TG203" not in codes(shape)
    assert ("TG203" in codes(replace(shape, origin=Origin()))) == (left == "SUCCESSFUL")
