"""What we write is checked as it is declared, rows as well as columns."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

import pytest
from pydantic import Field, ValidationError

from taskgraph.model.declaration import Closed, Declaration, Rows


class _Row(Closed):
    id: int
    name: str
    least: NotRequired[Annotated[int, Field(ge=0)]]


class _Listed(Closed):
    rows: list[_Row]


class _Table(Closed):
    rows: Rows[_Row]


_LISTED: Declaration[_Listed] = Declaration("rows", _Listed, "Rows")
_TABLE: Declaration[_Table] = Declaration("rows", _Table, "Rows")


def test_columns_are_given_in_the_order_of_the_declaration() -> None:
    columns = {"least": (0, 5), "name": ["a", "b"], "id": range(2)}
    rows = _TABLE.checked({"rows": Rows(columns)})["rows"]
    expected = {"id": [0, 1], "name": ["a", "b"], "least": [0, 5]}
    assert (list(rows.columns), rows.columns) == (list(expected), expected)
    assert len(rows) == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"id": [1, 2], "name": ["a", None]},
        {"id": [1, "2"], "name": ["a", "b"]},
        {"id": [1, True], "name": ["a", "b"]},
        {"id": [1, 2], "name": ["a", "b"], "least": [0, -1]},
        {"id": [1, 2], "name": ["a"]},
        {"id": [1, 2]},
        {"id": [1, 2], "name": ["a", "b"], "more": [1, 2]},
    ],
)
def test_columns_that_are_not_as_declared_are_refused(
    columns: dict[str, list[object]],
) -> None:
    with pytest.raises(ValidationError):
        _TABLE.checked({"rows": Rows(columns)})


def test_a_list_of_objects_will_do_and_is_what_the_schema_tells() -> None:
    content: Any = {"rows": [{"id": 1, "name": "a"}]}
    checked: Any = _TABLE.checked(content)
    assert checked == content
    with pytest.raises(ValidationError):
        _TABLE.checked({"rows": [{"id": "1", "name": "a"}]})
    listed, table = _LISTED.schema(), _TABLE.schema()
    assert table["properties"] == listed["properties"]
