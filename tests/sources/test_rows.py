"""Reading many rows at once gives what reading them one by one gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.errors import InputError
from taskgraph.model.task import Subtask, Subtasks
from taskgraph.sources.document import DocumentText, Problems
from taskgraph.sources.fields import describe
from taskgraph.sources.ocp import read_subtasks
from taskgraph.sources.reading import read_bytes

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, "x", "", True, 1.5, [], [1], ["a", None], {}, "2025-01-16T11:43Z"]
)
ROWS: st.SearchStrategy[list[Any]] = st.lists(
    st.dictionaries(
        st.sampled_from(
            ["id", "name", "timeout", "upstreams", "upstream", "startTime", "x", "y", "z"]
        ),
        VALUES,
        max_size=5,
    )
    | st.just({"id": 1, "name": "a"})
    | st.sampled_from([5, None, []]),
    max_size=12,
)


def read(rows: list[Any]) -> tuple[tuple[Subtask, ...], set[tuple[str | None, str]]]:
    """Read rows: what was made, where nothing is wrong, and what is wrong."""
    noted = Problems(DocumentText("a.json", b""))
    made, _ = read_subtasks(list(rows), "", noted)
    error = noted.error()
    problems = () if error is None else error.problems
    wrong = {(problem.pointer, problem.message) for problem in problems}
    assert len(wrong) == len(problems)
    return (() if wrong else made), wrong


@given(ROWS, st.integers(1, 5))
def test_in_whatever_groups_rows_are_read(rows: list[Any], at_once: int) -> None:
    made: list[Subtask] = []
    wrong = set()
    for position, row in enumerate(rows):
        subtasks, problems = read([row])
        made += subtasks
        wrong |= {
            (
                f"/{position}{(pointer or '').removeprefix('/0')}",
                message.replace("item 0 must be an", f"item {position} must be an"),
            )
            for pointer, message in problems
        }
    for size in (at_once, 1024):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("taskgraph.sources.ocp.AT_ONCE", size)
            assert read(rows) == (() if wrong else tuple(made), wrong)


def columns_are_as_rows(subtasks: Subtasks) -> bool:
    return all(
        [*subtasks.column(name)] == [getattr(row, name) for row in subtasks]
        for name in Subtask._fields
    )


KEYS = [
    "id name",
    "id timeout x",
    "id upstreams",
    "id",
    "id name timeout",
    "id y",
    "timeout id",
]
SAID = {"name": "a", "timeout": 5, "upstreams": [1], "x": [2], "y": None}


@given(st.lists(st.sampled_from(KEYS), max_size=5), st.integers(1, 3), st.integers(0, 3))
def test_columns_say_what_the_rows_say(keys: list[str], at_once: int, more: int) -> None:
    kinds = [kind for kind in keys for _ in range(at_once)] + [*keys[-1:]] * more
    rows = [
        {key: SAID.get(key, place) for key in kind.split()}
        for place, kind in enumerate(kinds)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("taskgraph.sources.ocp.AT_ONCE", at_once)
        made, _ = read_subtasks(rows, "", Problems(DocumentText("a.json", b"")))
    assert len(made) == len(kinds)
    assert columns_are_as_rows(made)


@pytest.mark.parametrize("name", ["a", "password=abc"])
@pytest.mark.parametrize("time", ["2025-01-16T11:43:00Z", "2025-01-16T11:43:00"])
def test_columns_change_with_the_rows(name: str, time: str) -> None:
    rows = [{"id": n, "name": name, "startTime": time} for n in range(3)]
    (task,) = read_bytes(json.dumps({"subtasks": rows}).encode())
    subtasks = task.subtasks
    assert isinstance(subtasks, Subtasks)
    assert columns_are_as_rows(subtasks)
    assert "abc" not in subtasks.column("name")[0]
    assert subtasks.column("start_time")[0].tzinfo is not None


def test_no_field_is_lost_where_rows_have_as_many() -> None:
    rows = [{"id": 1, "x": 2}, {"id": 2, "timeout": 3}, {"timeout": 4, "id": 5}]
    first, second, third = read(rows)[0]
    assert first == Subtask(1, extra={"x": 2})
    assert second == Subtask(2, timeout=3)
    assert third == Subtask(5, timeout=4)


def test_a_spelling_that_is_null_leaves_the_other() -> None:
    rows = [{"id": 1, "upstreams": None, "upstream": [2]}, {"id": 3, "upstream": [4]}]
    assert [subtask.upstreams for subtask in read(rows)[0]] == [(2,), (4,)]


def test_the_conflict_of_two_spellings_is_told_beside_what_else_is_wrong() -> None:
    wrong = read([{"id": [], "upstreams": [1], "upstream": [2], "x": float("nan")}])[1]
    assert wrong == {
        ("/0/id", "id must be a whole number or a text, not a list"),
        ("/0/upstream", "upstreams and upstream are one field: keep one of them"),
        ("/0/x", "x must be a finite number, not NaN"),
    }


def test_reading_stops_at_a_thousand_problems() -> None:
    with pytest.raises(InputError) as caught:
        read([5] * 3000)
    assert len(caught.value.problems) == 1000
    assert "reading stopped after 1,000 problems" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"), (True, "true"), (5, "the number 5"),
        (10**30, "a number of over 20 digits"),
        (float("-inf"), "-Infinity"),
        ("x" * 50, f'the text "{"x" * 39}…"'), ({}, "an object"),
    ],
)  # fmt: skip
def test_values_in_words(value: object, words: str) -> None:
    assert describe(value) == words
