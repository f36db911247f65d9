"""Whether a key stands twice is told by counting quotes, where that is enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.sources import parsing, read_bytes


def response(**fields: Any) -> dict[str, Any]:
    rows = [
        {"id": i, "name": f"n{i}", "upstreams": [str(i)], "note": {"a": ["停止" * 20]}}
        for i in range(200)
    ]
    page = {"contents": [{"name": "t", "context": {"a": {"b": "c"}}, "subtasks": rows}]}
    return {"successful": True, "data": page | {"page": {"size": "x"}}, **fields}


@pytest.fixture
def repeated_refused(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often the document was parsed, and whether with a look for repeated keys."""
    calls: list[bool] = []
    real = parsing.parse_json

    def parse(document: Any, *, refuse_repeated: bool = True) -> Any:
        calls.append(refuse_repeated)
        return real(document, refuse_repeated=refuse_repeated)

    monkeypatch.setattr("taskgraph.sources.dialects.parse_json", parse)
    return calls


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_quotes_prove_that_nothing_was_lost(
    repeated_refused: list[bool], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(response(), indent=indent, ensure_ascii=ascii_only)
    (task,) = read_bytes(text.encode())
    assert len(task.subtasks) == 200
    assert repeated_refused == [False]


def test_every_sample_is_parsed_once(repeated_refused: list[bool], root: Path) -> None:
    files = sorted((root / "samples").rglob("*.json"))
    assert len(files) > 30
    for file in files:
        data = file.read_bytes()
        repeated_refused.clear()
        try:
            read_bytes(data, str(file))
        except InputError:
            continue
        assert repeated_refused == [b'\\"' in data], file


@pytest.mark.parametrize("second", ["null", "[]", '{"id": 1}'])
def test_a_key_twice_is_told_rather_than_what_comes_of_it(second: str) -> None:
    text = json.dumps(response())[:-1] + f', "data": {second}}}'
    with pytest.raises(InputError, match="has this key twice"):
        read_bytes(text.encode())


def test_a_quote_inside_a_text_asks_for_the_slow_look(repeated_refused: list[bool]) -> None:
    text = json.dumps(response(server='a"b'))
    read_bytes(text.encode())
    assert repeated_refused == [True]


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ('"name": "n5"', '"name": "n5", "name": "x"', "/data/contents/0/subtasks/5/name"),
        ('"id": 5,', '"id" : 4, "id" : 5,', "/data/contents/0/subtasks/5/id"),
        ('"successful"', '"successful": true, "successful"', "/successful"),
        ('"b": "c"', '"b": "c", "b": {}', "/data/contents/0/context/a/b"),
        ('"size": "x"', '"size": "x", "size": []', "/data/page/size"),
        ('"contents"', '"contents": [], "contents"', "/data/contents"),
    ],
)  # fmt: skip
def test_a_key_twice_is_found_all_the_same(old: str, new: str, pointer: str) -> None:
    text = json.dumps(response()).replace(old, new, 1)
    with pytest.raises(InputError, match="has this key twice") as caught:
        read_bytes(text.encode())
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
