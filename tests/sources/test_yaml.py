"""YAML: its values, its bounds, and where things stand in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.errors import InputError
from taskgraph.sources.document import DocumentText
from taskgraph.sources.opening import Source
from taskgraph.sources.places import escape_token, locate
from taskgraph.sources.reading import read_source
from taskgraph.sources.yaml_text import parse_yaml
from tests.sources.strategies import JSON
from tests.sources.test_places import every_pointer


def parse(text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return parse_yaml(DocumentText("a.yaml", data, syntax="yaml"))


def refusal(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("1:30", "1:30"), ("012", 12),
        ("0o17", 15), ("0xff", 255), ("+3", 3), ("-3", -3), ("1_000", "1_000"),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("'5'", "5"), ('"true"', "true"),
        ("!!str 5", "5"), ("! 5", "5"), ("2024-06-03", "2024-06-03"),
        ("|\n a\n b\n", "a\nb\n"),
        ("[1, {a: b}]", [1, {"a": "b"}]), ("{}", {}), ("1: x", {"1": "x"}), ("=", "="),
        ("&a k: 1\nb: *a", {"k": 1, "b": "k"}),
        ("-.inf", float("-inf")), ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("# nothing", None), ("---\na: 1\n...\n", {"a": 1}),
    ],
)  # fmt: skip
def test_values_are_those_of_the_core_schema(text: str, value: Any) -> None:
    assert parse(text) == value


def test_a_mapping_is_merged_and_its_own_keys_win() -> None:
    text = (
        "base: &b {a: 1, b: 2}\nmore: &m {b: 3, c: 4}\nx: {<<: [*b, *m], a: 5}\ny: {<<: *m}"
    )
    assert parse(text)["x"] == {"a": 5, "b": 2, "c": 4}
    assert parse(text)["y"] == {"b": 3, "c": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "/a at line 2, column 4: the key a stands twice"),
        ("a: &x [*x]", "line 1, column 8: the alias *x stands for itself"),
        ("a: *y", "line 1, column 4: is not valid YAML|the alias *y"),
        ("[" * 300, "nested more than 200 levels deep"),
        ("{a: " * 300, "nested more than 200 levels deep"),
        ("[a]: 1", "line 1, column 1: a key must be a text"),
        ("? {a: b}\n: 1", "a key must be a text"),
        ("&a x: 1\n*a : 2", "a key must be a text"),
        ("a: !!python/name:os.system x", "the tag tag:yaml.org,2002:python/name:os.system"),
        ("a: !!python/object/apply:os.system [x]", "line 1, column 4: the tag tag:yaml"),
        ("a: !secret {b: c}", "the tag !secret means nothing here"),
        ("a: !!set {b}", "the tag tag:yaml.org,2002:set means nothing here"),
        ("a: !!int '3'", "the tag tag:yaml.org,2002:int means nothing here"),
        ("a: [1", "is not valid YAML"),
        ("a: b: c", "line 1, column 5: is not valid YAML"),
        ("a\t: [\x07", "is not valid YAML"),
        ("9" * 5000, "a number of over 4,000 digits"),
        (b"a: \xff", "byte 0xff is not valid UTF-8"),
        ("<<: 5", "<< needs a mapping"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", "the key << stands twice"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str | bytes, message: str) -> None:
    assert any(part in refusal(text) for part in message.split("|"))


def test_aliases_may_not_multiply_without_bound() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "over 1,000,000 values" in refusal("\n".join(lines))


def test_a_huge_document_is_refused() -> None:
    assert "is YAML of more than 4 MiB" in refusal("# " + "x" * (4 << 20))


@given(JSON, st.booleans())
def test_values_stand_where_the_pointer_says(value: Any, is_flow: bool) -> None:
    text = yaml.safe_dump({"top": value}, allow_unicode=True, default_flow_style=is_flow)
    places = locate(text.encode(), [p for p, _ in every_pointer({"top": value})], "yaml")
    for pointer, found in every_pointer({"top": value}):
        assert pointer in places
        line, column = places[pointer]
        rest = text.splitlines()[line - 1][column - 1 :]
        if isinstance(found, int) and not isinstance(found, bool):
            assert rest.startswith(str(found))
        elif found in ([], {}):
            assert rest.startswith(json.dumps(found))


@given(JSON)
def test_json_is_yaml(value: Any) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)) == value


def test_a_pointer_that_leads_nowhere_gets_the_nearest_place() -> None:
    text = "# c\nbase: &b\n  a: 1\nx:\n  <<: *b\n  l:\n  - 1\n  - z: 2\n"
    pointers = ["", "/x/a", "/x/l/1/z", "/x/l/5", "/nope", "/base/a"]
    assert locate(text.encode(), pointers, "yaml", first_line=10) == {
        "": (11, 1), "/x/a": (14, 3), "/x/l/1/z": (17, 8), "/x/l/5": (16, 3),
        "/nope": (11, 1), "/base/a": (12, 6),
    }  # fmt: skip
    assert locate(b"[", ["/0"], "yaml") == {}


NOT_THE_LINES = ["\u2028", "\u2029", "\x85", "\r"]
"""What ends a line for the parser of YAML, and for no editor, no Git and no JSON here."""


@pytest.mark.parametrize("end", NOT_THE_LINES)
def test_lines_are_those_of_an_editor(end: str) -> None:
    text = f"a: 1 # é{end}b: 'x{end}y'\nc:\n  d: 2\n"
    assert locate(text.encode(), ["/b", "/c/d"], "yaml", first_line=5) == {
        "/b": (5, 13), "/c/d": (7, 6),
    }  # fmt: skip


def test_a_lone_carriage_return_ends_no_line_in_either_syntax() -> None:
    text = json.dumps({"a": 1, "c": [2]}, indent=1).replace(",", ",\r")
    for syntax in ("json", "yaml"):
        assert locate(text.encode(), ["/c/0"], syntax) == {"/c/0": (4, 3)}


@pytest.mark.parametrize("end", NOT_THE_LINES)
@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("c: [\nd\n- x\n", "line 5, column 1"),
        ("c:\n - !odd 1\n", "line 3, column 4"),
        ("c: 'x\n", "line 3, column 1"),
    ],
)
def test_what_is_wrong_stands_in_the_lines_of_an_editor(
    end: str, rest: str, place: str
) -> None:
    said = refusal(f"b: 'x{end}y'\n{rest}")
    assert place in said
    assert "the quotes of line" not in said or "the quotes of line 2" in said


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: 2 # see{}the list\nc: 3\n", "line 2, column 11"),
        ("a: 'it{}s' # or{}not\nc: 3\n", "line 1, column 15"),
        ("a: one{}two\nc: 3\n", "line 1, column 7"),
    ],
)
def test_a_separator_of_lines_in_a_line_is_named(end: str, text: str, place: str) -> None:
    said = refusal(text.format(*[end] * text.count("{}")))
    assert place in said
    assert "it has a line or paragraph separator of Unicode" in said
    assert "remove it" in said
    quoted = refusal(f"a: 'it{end}s'\nb: c: d\n")
    assert "separator" not in quoted


def test_a_key_with_a_slash_is_found() -> None:
    pointer = f"/{escape_token('a/b~c')}"
    assert locate(b"a/b~c: 1", [pointer], "yaml") == {pointer: (1, 8)}


ONE = "name: one\nsubtasks: [{name: a}]\n"
TWO = "name: two\nsubtasks: [{name: b}]\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{ONE}---\n{TWO}", [1, 3]),
        (f"---\n{ONE}---\n{TWO}---\n", [1, 4]),
        (f"# note\n%YAML 1.2\n---\n{ONE}...\n# note\n%YAML 1.2\n--- # more\n{TWO}", [1, 6]),
        (f"{ONE}...\n{TWO}...\n", [1, 3]),
        (f"---\n# nothing\n---\n{ONE}---\r\n{TWO}", [1, 6]),
    ],
)
def test_several_documents_in_one_file_are_several_tasks(
    text: str, lines: list[int]
) -> None:
    readings = list(read_source(Source("x.task.yaml", text.encode)))
    assert [reading.error for reading in readings] == [None, None]
    tasks = [task for reading in readings for task in reading.tasks]
    assert [task.name for task in tasks] == ["one", "two"]
    assert [task.origin.first_line for task in tasks] == lines


def test_a_bad_document_does_not_stop_the_others() -> None:
    text = f"{ONE}---\nname: [\n---\n{TWO}---\nname: three\nsubtasks: 5\n"
    one, bad, two, faulty = read_source(Source("x.task.yaml", text.encode))
    assert (one.tasks[0].name, two.tasks[0].name) == ("one", "two")
    assert bad.error is not None
    assert bad.error.problems[0].line == 5
    assert [(m.line, m.rule) for m in faulty.faulty[0].origin.mistakes] == [(10, "TG001")]


def test_a_mark_within_a_document_ends_none() -> None:
    text = "name: one\nsubtasks:\n  - name: a\n    description: |\n      ---\n      b\n"
    (reading,) = read_source(Source("x.task.yaml", text.encode))
    assert reading.tasks[0].subtasks[0].description == "---\nb\n"
    (other,) = read_source(Source("x.json", b'{"subtasks": [],\n"x":\n5}\n'.rstrip))
    assert other.error is None


def test_the_kind_tells_documents_on_standard_input() -> None:
    text = f"kind: task-definition\n{ONE}---\nkind: task-definition\n{TWO}"
    readings = list(read_source(Source("<stdin>", text.encode)))
    assert [reading.tasks[0].name for reading in readings] == ["one", "two"]
