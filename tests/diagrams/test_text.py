"""Texts in boxes: widths, breaking, shortening."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.text import ellipsize, is_measured, joined, text_width, wrap
from taskgraph.model.words import visible

shown = st.text(max_size=80).map(visible)


def test_a_chinese_character_takes_one_em() -> None:
    assert text_width("停止", 10) == pytest.approx(2 * text_width("停", 10))
    assert 10 <= text_width("停", 10) <= 11


def test_combining_marks_take_no_room() -> None:
    assert text_width("e\u0301", 10) == text_width("e", 10)


@given(shown, st.floats(40, 300), st.integers(1, 4))
def test_wrapped_lines_fit(text: str, room: float, lines: int) -> None:
    rows = wrap(text, room, 12, lines)
    assert 1 <= len(rows) <= lines
    assert all(text_width(row, 12) <= room for row in rows)


@given(shown, st.integers(1, 9))
def test_wrapping_loses_nothing_but_what_the_ellipsis_tells(text: str, lines: int) -> None:
    whole = "".join(wrap(text, 100, 12, lines)).replace(" ", "")
    wanted = text.replace(" ", "")
    if whole != wanted:
        assert whole.endswith("…")
        assert wanted.startswith(whole[:-1])


def test_lines_break_after_words_and_between_chinese_characters() -> None:
    assert wrap("Prevent obproxy from accepting", 120, 12, 3)[0] == "Prevent obproxy"
    assert wrap("停止进程并等待所有连接关闭", 80, 12, 3)[0] == "停止进程并等"


@given(shown, st.floats(30, 300), st.booleans())
def test_shortened_texts_fit_and_say_so(text: str, room: float, middle: bool) -> None:
    short = ellipsize(text, room, 12, middle=middle)
    assert text_width(short, 12) <= room
    assert short == text or "…" in short


def test_a_text_shortened_in_the_middle_keeps_both_ends() -> None:
    short = ellipsize("abc" * 30 + "xyz", 100, 12, middle=True)
    assert short.startswith("abc")
    assert short.endswith("xyz")


def test_parts_are_joined_as_long_as_they_fit() -> None:
    assert joined(["one", "", "two"], 100, 12) == ["one · two"]
    assert joined(["one", "a rather long second part"], 100, 12) == [
        "one",
        "a rather long second part",
    ]


def test_scripts_of_unknown_width_are_known_to_be() -> None:
    assert is_measured("Łódź 停止")
    assert not is_measured("إيقاف")


@pytest.mark.parametrize(
    ("text", "natural"),  # the widths in a bold face, DejaVu Sans, in ems
    [("שלום עולם", 5.0), ("Обновить узлы", 8.7), ("Διακοπή κόμβου", 9.3)],
)
def test_letters_of_other_alphabets_are_hardly_stretched(text: str, natural: float) -> None:
    assert text_width(text, 100) == pytest.approx(100 * natural, rel=0.15)
