"""JSON is written row by row, in whatever form the rows come."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taskgraph.model.declaration import Rows
from taskgraph.reports.json import pretty_pieces

VALUES = [
    st.text(alphabet='ab",\\%{}:\n\ud800中', max_size=4),
    st.integers(),
    st.booleans(),
    st.none() | st.integers() | st.text(max_size=3),
]
KEYS = ["id", "name", 'odd "%s" key', "more"]


@given(st.data(), st.integers(0, 4), st.integers(1, 4))
def test_columns_are_written_as_the_objects_would_be(
    data: st.DataObject, count: int, width: int
) -> None:
    columns: dict[str, list[Any]] = {
        key: data.draw(st.lists(data.draw(st.sampled_from(VALUES)), min_size=count,
                                max_size=count))
        for key in KEYS[:width]
    }  # fmt: skip
    objects = [
        dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
    ]
    written = "".join(pretty_pieces({"rows": Rows(columns)}, "\n", depth=2))
    assert json.loads(written) == {"rows": objects}
    plain = "".join(pretty_pieces({"rows": objects}, "\n", depth=2))
    assert json.loads(written) == json.loads(plain)
    if "\\ud800" not in plain:  # which is written so wherever one half is in a row
        assert written == plain


def test_many_rows_are_written_on_as_many_lines() -> None:
    count = 2500
    columns = {"id": [*range(count)], "name": [f'a","{n}' for n in range(count)]}
    lines = "".join(pretty_pieces(Rows(columns), "\n", depth=1)).splitlines()
    assert [json.loads(line.strip(",")) for line in lines[1:-1]] == [
        {"id": n, "name": f'a","{n}'} for n in range(count)
    ]
