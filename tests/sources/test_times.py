"""Times of all forms, with and without an offset."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.model.task import Task
from taskgraph.sources.reading import read_bytes


def read(*times: str, **fields: Any) -> Task:
    rows = [{"id": i, "startTime": time} for i, time in enumerate(times)]
    (task,) = read_bytes(json.dumps({"data": {"subtasks": rows}, **fields}).encode())
    return task


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2024-06-03T17:37:58+08:00", 0),
        ("2024-06-03T17:37:58.01+08:00", 10_000),
        ("2024-06-03T17:37:58.123456789+08:00", 123_456),
        ("2024-06-03 09:37:58Z", 0),
        ("20240603T093758Z", 0),
    ],
)
def test_forms_of_a_time(text: str, microsecond: int) -> None:
    expected = datetime(2024, 6, 3, 9, 37, 58, microsecond, UTC)
    assert read(text).subtasks[0].start_time == expected


@pytest.mark.parametrize(
    "text", ["2024-06-03", "12:00", "soon", "2024-13-01T00:00:00Z", "2024-13-01T00:00:00z"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="startTime must be a time like"):
        read("2024-06-03T17:37:58Z", text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-03T09:37:58z",
        "2024-06-03T17:37:58+08:00[Asia/Shanghai]",
        " 20240603T093758Z ",
    ],
)
def test_other_spellings_are_read_and_told_once(text: str) -> None:
    task = read("2024-06-03T17:37:58Z", text, text, "")
    expected = datetime(2024, 6, 3, 9, 37, 58, tzinfo=UTC)
    assert [row.start_time for row in task.subtasks[1:]] == [expected, expected, None]
    assert set(task.unusual_times) == {text, ""}


def test_the_year_one_is_no_time_and_a_time_without_utc_is_refused() -> None:
    task = read("0001-01-01T00:00:00Z", "9999-12-31T23:59:59+08:00")
    assert task.subtasks[0].start_time is None
    assert task.subtasks[1].start_time is not None
    with pytest.raises(InputError, match="startTime must be a time"):
        read("9999-12-31T23:59:59-08:00")


def test_a_time_without_offset_gets_the_usual_one_and_is_told() -> None:
    aware = ["2024-06-03T17:00:00+08:00"] * 2 + ["2024-06-03T17:00:00+05:00"]
    task = read(*aware, "2024-06-03T17:00:00", timestamp="2024-06-03T18:00:00")
    assert task.subtasks[3].start_time == task.subtasks[0].start_time
    assert task.naive_times == ((None, "timestamp"), (3, "start_time"))
    assert task.assumed_offset == "+08:00"
    assert task.envelope is not None
    assert task.envelope.timestamp == datetime.fromisoformat("2024-06-03T18:00:00+08:00")


def test_where_no_time_has_an_offset_it_is_utc() -> None:
    (task,) = read_bytes(b'{"startTime": "2024-06-03T17:00:00", "subtasks": []}')
    assert task.start_time == datetime(2024, 6, 3, 17, tzinfo=UTC)
    assert (task.naive_times, task.assumed_offset) == (((None, "start_time"),), "+00:00")


def test_of_two_usual_offsets_the_smaller_is_taken() -> None:
    task = read(
        "2024-06-03T17:00:00+08:00", "2024-06-03T17:00:00-03:00", "2024-06-03T17:00:00"
    )
    start = task.subtasks[2].start_time
    assert start is not None
    assert start.utcoffset() == timedelta(hours=-3)


def test_aware_times_are_left_alone() -> None:
    task = read("2024-06-03T17:00:00+08:00")
    assert (task.naive_times, task.assumed_offset) == ((), None)
