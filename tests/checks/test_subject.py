"""The facts that several rules need."""

from __future__ import annotations

from taskgraph.checks.subject import Subject
from taskgraph.model.task import Origin, Task
from tests.checks.build import analysis, at, change, response, subtasks, task


def subject(of: Task) -> Subject:
    return Subject(analysis(of))


def test_without_any_time_nothing_tells_how_long_nothing_happened() -> None:
    assert analysis(task(subtasks([(1, 2)]), start_time=None)).standstill.idle is None


def test_times_of_subtasks_count_as_events_and_those_of_creation_do_not() -> None:
    rows = change(subtasks([(1, 2)]), 1, start_time=at(5), create_time=at(50))
    shape = subject(task(rows, envelope=response(60)))
    idle = shape.analysis.standstill.idle
    assert idle is not None
    assert idle.total_seconds() == 55
    assert shape.latest_time == at(50)


def test_pointers_lead_to_values_that_are_there() -> None:
    rows = change(subtasks([(1, 2)]), 1, timeout=None)
    shape = subject(task(rows, origin=Origin(pointer="/data")))
    assert shape.pointer("prohibit_rollback") == "/data/prohibitRollback"
    assert shape.subtask_pointer(0, "timeout") == "/data/subtasks/0"
    assert shape.subtask_pointer(1, "timeout") == "/data/subtasks/1/timeout"
    assert shape.subtask_pointer(1, "upstreams", 1) == "/data/subtasks/1/upstreams/0"
    assert shape.first_pointer([1, 0]) == "/data/subtasks/0"
