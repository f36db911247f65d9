"""Reading objects by columns gives what reading them one by one gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.errors import InputError
from taskgraph.model import Subtask
from taskgraph.sources import shapes
from taskgraph.sources.document import Document, Problems
from taskgraph.sources.kinds import describe
from taskgraph.sources.ocp import SUBTASK_FIELDS
from taskgraph.sources.shapes import Shape, rows_of

SHAPE = Shape(SUBTASK_FIELDS)
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


def problems() -> Problems:
    return Problems(Document("a.json", b""))


def read(rows: list[Any]) -> tuple[tuple[Subtask, ...], set[tuple[str | None, str]], int]:
    """Read rows: what was made, what is wrong, and how many texts were counted."""
    noted = problems()
    made = SHAPE.read_all(rows, lambda position: f"/{position}", noted, rows_of(Subtask))
    wrong = {(problem.pointer, problem.message) for problem in noted._found}
    assert len(wrong) == len(noted._found)
    return made, wrong, noted.tally.texts


@given(ROWS, st.integers(1, 5))
def test_in_whatever_groups_rows_are_read(rows: list[Any], at_once: int) -> None:
    singles = [read([row]) for row in rows]
    made: list[Subtask] = []
    wrong = set()
    for position, (subtasks, found, _) in enumerate(singles):
        made += subtasks
        wrong |= {
            (
                f"/{position}{(pointer or '').removeprefix('/0')}",
                message.replace("item 0 must be an", f"item {position} must be an"),
            )
            for pointer, message in found
        }
    for size in (at_once, 1024):
        before, shapes._AT_ONCE = shapes._AT_ONCE, size
        try:
            together = read(rows)
        finally:
            shapes._AT_ONCE = before
        assert together[0] == tuple(made)
        assert together[1] == wrong


def test_no_field_is_lost_where_rows_have_as_many() -> None:
    rows = [{"id": 1, "x": 2}, {"id": 2, "timeout": 3}, {"timeout": 4, "id": 5}]
    first, second, third = read(rows)[0]
    assert first == Subtask(1, extra={"x": 2})
    assert second == Subtask(2, timeout=3)
    assert third == Subtask(5, timeout=4)


def test_keys_and_texts_are_counted() -> None:
    rows = [{"id": "a", "upstreams": ["b", "c"], "x": {"y": ["z", 1, None]}, "name": "n"}]
    assert read(rows)[2] == len(
        ["id", "a", "upstreams", "b", "c", "x", "y", "z", "name", "n"]
    )


def test_a_spelling_that_is_null_leaves_the_other() -> None:
    rows = [{"id": 1, "upstreams": None, "upstream": [2]}, {"id": 3, "upstream": [4]}]
    assert [subtask.upstreams for subtask in read(rows)[0]] == [(2,), (4,)]


def test_reading_stops_at_a_thousand_problems() -> None:
    with pytest.raises(InputError) as caught:
        read([5] * 3000)
    assert len(caught.value.problems) == 1000
    assert "reading stopped after 1000 problems" in caught.value.hint


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
