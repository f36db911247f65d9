"""A key that stands twice is refused, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.sources.reading import read_bytes


def response(**fields: Any) -> dict[str, Any]:
    rows = [
        {"id": i, "name": f"n{i}", "upstreams": [str(i)], "note": {"a": ["停止" * 20]}}
        for i in range(200)
    ]
    page = {"contents": [{"name": "t", "context": {"a": {"b": "c"}}, "subtasks": rows}]}
    return {"successful": True, "data": page | {"page": {"size": "x"}}, **fields}


@pytest.mark.parametrize("second", ["null", "[]", '{"id": 1}'])
def test_a_key_twice_is_told_rather_than_what_comes_of_it(second: str) -> None:
    text = json.dumps(response())[:-1] + f', "data": {second}}}'
    with pytest.raises(InputError, match="stands twice"):
        read_bytes(text.encode())


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
    with pytest.raises(InputError, match="stands twice") as caught:
        read_bytes(text.encode())
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
