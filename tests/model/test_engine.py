"""What a state and an operation prove."""

from __future__ import annotations

from typing import Any

import pytest

from taskgraph.model.engine import (
    blocks_rollback,
    done_status,
    has_begun,
    has_limit,
    is_rolling_back,
    slots,
    stated_slots,
    timeout_seconds,
)
from taskgraph.model.task import Status, Subtask, Task


def task_of(operation: str | None, *subtasks: str | None) -> Task:
    """A task and its subtasks with their operations."""
    rows = (Subtask(id=n, operation=each) for n, each in enumerate(subtasks))
    return Task(id=1, operation=operation, subtasks=tuple(rows))


@pytest.mark.parametrize(
    ("operation", "subtasks", "expected"),
    [
        ("ROLLBACK", ["EXECUTE"], True),
        ("ROLLBACK", [], True),
        # The task has the last word: what it does now is not what it did before.
        ("EXECUTE", ["ROLLBACK", "EXECUTE"], False),
        ("RETRY", ["ROLLBACK", "ROLLBACK_SKIP"], False),
        # A list of tasks leaves the task's operation out.
        (None, ["EXECUTE", "ROLLBACK"], True),
        (None, ["ROLLBACK_SKIP", "EXECUTE"], True),
        (None, ["EXECUTE", "RETRY", "SKIP"], False),
        (None, [None, None], False),
        (None, [], False),
        # So do operations that say nothing of the direction.
        ("SKIP", ["ROLLBACK"], True),
        ("CANCEL", ["EXECUTE"], False),
        ("SOMETHING_NEW", ["ROLLBACK"], True),
    ],
)
def test_the_direction_of_a_task(
    operation: str | None, subtasks: list[str | None], expected: bool
):
    for rows in (subtasks, subtasks[::-1]):
        task = task_of(operation, *rows)
        assert is_rolling_back(task) is expected
        assert done_status(task) == ("PENDING" if expected else "SUCCESSFUL")


@pytest.mark.parametrize("status", [None, "SOMETHING_NEW", *Status])
def test_what_has_begun(status: str | None):
    begun = status in {"RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"}
    assert has_begun(Subtask(id=1, status=status)) is begun
    for flag in (None, False, True):
        subtask = Subtask(id=1, status=status, prohibit_rollback=flag)
        assert blocks_rollback(subtask) is (begun and flag is True)


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(None, 0), (0, 0), (-5, 0), (1, 1), (30, 30)]
)
def test_a_timeout_of_0_or_less_is_no_limit(timeout: int | None, seconds: int):
    subtask = Subtask(id=1, timeout=timeout)
    assert timeout_seconds(subtask) == seconds
    assert has_limit(subtask) is (seconds > 0)


@pytest.mark.parametrize(
    ("context", "stated"),
    [
        (None, None),
        ({}, None),
        ({"concurrency": 4}, 4),
        ({"concurrency": 0}, 0),
        ({"concurrency": "16"}, 16),
        ({"concurrency": -1}, 10),
        ({"concurrency": "-1"}, 10),
        ({"concurrency": True}, None),
        ({"concurrency": None}, None),
        ({"concurrency": "many"}, None),
        ({"concurrency": "９"}, None),
    ],
)
def test_the_document_says_how_many(context: dict[str, Any] | None, stated: int | None):
    task = Task(id=1, context=context)
    assert stated_slots(task) == stated
    assert slots(task) == (10 if stated is None else stated)
