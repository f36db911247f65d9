"""taskgraph's own JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.model.task import Subtask, Task
from taskgraph.sources.reading import read_bytes
from tests.sources.native import write_task

TASK = Task(id=1, name="停止", subtasks=(Subtask(2, logs=("a",), extra={"x": 1.5}),))


def changed(**fields: Any) -> bytes:
    document = json.loads(write_task(TASK))
    document["task"] |= fields
    return json.dumps(document).encode()


def problems(data: bytes) -> dict[str | None, str]:
    with pytest.raises(InputError) as caught:
        read_bytes(data, "own.json")
    return {problem.pointer: problem.message for problem in caught.value.problems}


def test_what_it_looks_like() -> None:
    assert json.loads(write_task(TASK)) == {
        "format": "taskgraph/task",
        "version": 1,
        "dialect": "ocp",
        "task": {
            "id": 1,
            "name": "停止",
            "subtasks": [{"id": 2, "logs": ["a"], "extra": {"x": 1.5}}],
        },
    }
    assert "停止" in write_task(TASK)


def test_a_later_version_is_refused() -> None:
    document = json.loads(write_task(TASK)) | {"version": 2}
    found = problems(json.dumps(document).encode())
    assert found == {"/version": "is written in version 2 of taskgraph/task"}


def test_an_output_of_a_command_is_refused() -> None:
    found = problems(b'{"format": "taskgraph/budget", "version": 1, "tasks": []}')
    assert found == {"/format": "is an output of taskgraph budget, not a task"}


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"colour": 1}, "/task/colour", "colour is no field of taskgraph/task"),
        ({"naive_times": [[1]]}, "/task/naive_times/0", "must be a position and an attr"),
        ({"subtasks": [{"id": 2, "a": 1}]}, "/task/subtasks/0/a", "a is no field of"),
        ({"subtasks": [5]}, "/task/subtasks/0", "must be an object, not the number 5"),
        ({"creator": {"id": 1.5}}, "/task/creator/id", "must be a whole number or a text"),
        ({"envelope": {"error": {"code": []}}}, "/task/envelope/error/code", "a whole"),
        ({"extra": {"a": [float("nan")]}}, "/task/extra/a/0", "must be a finite number"),
        ({"budget": float("inf")}, "/task/budget", "a whole number, not Infinity"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    fields: dict[str, Any], pointer: str, message: str
) -> None:
    found = problems(changed(**fields))
    assert list(found) == [pointer]
    assert message in found[pointer]


def test_without_a_task_it_is_refused() -> None:
    assert problems(b'{"format": "taskgraph/task"}') == {"/task": "task is missing"}
