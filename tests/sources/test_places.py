"""From JSON pointers to lines and columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.sources.places import escape_token, key_of, locate
from tests.conftest import RunCli

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=15,
)


def every_pointer(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, dict):
        for key, below in value.items():
            yield from every_pointer(below, f"{pointer}/{escape_token(key)}")
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from every_pointer(below, f"{pointer}/{position}")


@given(JSON, st.sampled_from([None, 2]), st.data())
def test_the_value_stands_where_the_pointer_says(
    value: Any, indent: int | None, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    values = dict(every_pointer(value))
    chosen = data.draw(st.lists(st.sampled_from(sorted(values)), max_size=5))
    places = locate(text.encode(), chosen)
    assert places.keys() == set(chosen)
    lines = text.split("\n")
    for pointer, (line, column) in places.items():
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == values[pointer]


@given(st.lists(JSON, max_size=5), st.sampled_from([None, 2]), st.data())
def test_who_names_the_item_gets_the_same_places(
    value: Any, indent: int | None, data: st.DataObject
) -> None:
    whole = {"é": {"data": value}}
    text = json.dumps(whole, indent=indent, ensure_ascii=False).encode()
    pointers = st.sampled_from([*dict(every_pointer(whole)), "/é/data/0/x", "/z"])
    item = data.draw(pointers)
    keys = pointers.filter(lambda pointer: not pointer[-1:].isdecimal()).map(key_of)
    chosen = data.draw(st.lists(pointers | keys, max_size=5))
    told = locate(text, chosen, first_line=3, item=item)
    assert told == locate(text, chosen, first_line=3)


ITEMS: tuple[Any, ...] = (
    {}, {"a": "}"}, {"a": "{"}, {"}": 1}, {"a": '"}'}, {"a": "\\"}, {'{"a': '"'},
    {"a": {"b": 1}}, {"a": [{}]}, {"a": [], "b": 1}, [{}], "}", ["{"], {"a": '}", "b": {'},
)  # fmt: skip


@pytest.mark.parametrize("item", ITEMS)
def test_items_may_hold_braces_quotes_and_escapes(item: Any) -> None:
    text = json.dumps([item, item, 1])
    assert locate(text.encode(), ["/2"]) == {"/2": (1, len(text) - 1)}


PLAIN = {"a": 1, "b": "c"}
ODD: tuple[Any, ...] = (
    {"a": "}, {"}, {"a": "},{", "b": "a"}, {"a": 1, "b": "}, {"}, {",": "}, {", ":a": "a"},
    {"a": [{"a": 1}, {"a": 2}]}, {"a": {"a": 1}}, {"a": [[1], []], "b": "[{"}, {"b": 1},
    {"a": '}, {"a'}, {"a": '"}, {"a'},
)  # fmt: skip


@pytest.mark.parametrize("comma", [",", ", ", " ,\n  "])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("item", [*ITEMS, *ODD])
def test_items_stand_where_their_texts_begin(
    item: Any, indent: int | None, comma: str
) -> None:
    for few in ([item], [PLAIN, item], [item, PLAIN, PLAIN]):
        text = '{"x": ['
        offsets: list[int] = []
        for each in few * 4:
            text += comma * bool(offsets)
            offsets.append(len(text))
            text += json.dumps(each, indent=indent)
        text += ']\n, "y": [{"a": 1}, {"a": 2}], "z": {}}'
        lines = [text[:offset].split("\n") for offset in offsets]
        for place in (len(lines) // 2, len(lines) - 1):
            expected = {f"/x/{place}": (len(lines[place]), len(lines[place][-1]) + 1)}
            assert locate(text.encode(), expected) == expected


def test_a_pointer_that_leads_nowhere_gets_the_nearest_place() -> None:
    text = b'{"a": {"b": [1,\n 2]}}'
    places = locate(text, ["/a/b/1", "/a/b/7/c", "/a/x/y", "/z", ""])
    assert places == {
        "/a/b/1": (2, 2), "/a/b/7/c": (1, 13), "/a/x/y": (1, 7), "/z": (1, 1), "": (1, 1)
    }  # fmt: skip


def test_what_follows_the_last_pointer_is_not_looked_at() -> None:
    assert locate(b'{"a": 1, "b": [1, !', ["/a"]) == {"/a": (1, 7)}


@pytest.mark.parametrize("text", [b"", b"  ", b"{", b'{"a" 1}', b"[1 2", b"x"])
def test_where_the_text_cannot_be_read_nothing_is_told(text: bytes) -> None:
    assert locate(text, ["/a", "/9"]) == {}


def test_a_key_of_another_spelling_is_pointed_to_as_it_stands(
    run_cli: RunCli, tmp_path: Path
) -> None:
    text = """{"subtasks": [
  {"id": 1, "downstream": [99], "upstream": []}
]}"""
    (tmp_path / "a.json").write_text(text)
    done = run_cli("check", tmp_path / "a.json", "--format", "json")
    findings = json.loads(done.stdout)["tasks"][0]["findings"]
    (finding,) = [found for found in findings if found["code"] == "TG102"]
    assert finding["pointer"] == "/subtasks/0/downstream/0"
    assert (finding["line"], finding["column"]) == (2, 28)
