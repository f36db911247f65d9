"""The one place where pydantic looks at documents, and where its errors get our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain
from operator import itemgetter
from types import GenericAlias
from typing import Any, Required, TypeAlias, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, ValidationError, core_schema
from typing_extensions import TypedDict

from taskgraph.sources.document import Problems
from taskgraph.sources.fields import Time, Times, describe
from taskgraph.sources.positions import escape_token

__all__ = [
    "AT_ONCE",
    "OWN",
    "Unknown",
    "json_schema",
    "read_columns",
    "read_object",
    "read_rows",
    "without_wrong",
]

Unknown: TypeAlias = Callable[[str], str]
"""From a key that has no place in an object to what is wrong with it."""

# So many at once that a call costs nothing, and so few that bad ones end soon.
AT_ONCE = 1000
OWN = "x-*"
"""The field that holds those of a definition that begin with ``x-``; no step of a path."""

_OUTSIDE = frozenset({"greater_than_equal", "less_than_equal"})
_TIME = "a time like 2025-01-16T11:43:38.273+08:00"
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "duration": "a duration",
    "id": "a whole number or a text",
    "int_type": "a whole number",
    "list_type": "a list",
    "named": "a name, or an object with id and name",
    "not_finite": "a finite number",
    "string_too_short": _TIME,
    "string_type": "a text",
    "texts": "a list of texts",
    "tuple_type": "a list of ids",
    "value_error": _TIME,
}


@cache
def _adapter(declared: Any) -> TypeAdapter[Any]:
    return TypeAdapter(declared)


@cache
def _list_adapter(declared: Any) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[declared])


def read_object(
    declared: Any,
    value: Any,
    pointer: str,
    problems: Problems,
    unknown: Unknown = str,
) -> Any:
    """Read one value as it is declared.

    Parameters
    ----------
    declared : type
        A type that pydantic understands.
    value : object
        As it was parsed.
    pointer : str
        Where it stands.
    problems : Problems
        Gets what is wrong.
    unknown : callable, optional
        Says what is wrong with a key that has no place there.

    Returns
    -------
    object or None
        ``None`` where something is wrong.
    """
    try:
        return _adapter(declared).validate_python(value)
    except ValidationError as error:
        _note(error, pointer, 0, problems, unknown)
        return None


def read_rows(
    declared: Any,
    rows: list[Any],
    pointer: str,
    problems: Problems,
    unknown: Unknown = str,
    *,
    start: int = 0,
    context: dict[str, str] | None = None,
) -> list[Any]:
    """Read the items of a list as they are declared.

    Parameters
    ----------
    declared : type
        What each of them is.
    rows : list
    pointer : str
        Where the list stands.
    problems : Problems
    unknown : callable, optional
        See :func:`read_object`.
    start : int, optional
        The place of the first of the rows, where they are a part of the list.
    context : dict, optional
        What validators note of the rows.

    Returns
    -------
    list
        Without the rows of the parts in which something is wrong.
    """
    adapter, read = _list_adapter(declared), []
    for first in range(0, len(rows), AT_ONCE):
        part = rows[first : first + AT_ONCE]
        try:
            read += adapter.validate_python(part, context=context)
        except ValidationError as error:
            _note(error, pointer, start + first, problems, unknown)
    return read


@cache
def _column_adapter(declared: Any, keys: tuple[str, ...]) -> TypeAdapter[dict[str, Any]]:
    hints = get_type_hints(declared, include_extras=True)
    columns: dict[str, Any] = {}
    column: Any
    for key in keys:
        (value, *_) = get_args(hints[key])  # what stands in Required or Maybe
        column = Times if value == Time | None else GenericAlias(list, (value,))
        is_required = get_origin(hints[key]) is Required
        columns[key] = Required[column] if is_required else column
    make: Any = TypedDict
    return TypeAdapter(make("Columns", columns, total=False))


def read_columns(
    declared: Any, keys: tuple[str, ...], rows: list[dict[str, Any]]
) -> dict[str, list[Any]] | None:
    """Read rows that have the same keys, a column of values at a time.

    Parameters
    ----------
    declared : type
        What each row is.
    keys : tuple of str
        Those of its keys that are looked at.
    rows : list of dict
        At least one.

    Returns
    -------
    dict of str to list, or None
        ``None`` if they have not the same keys, or others, or if something is wrong.
    """
    present = tuple(rows[0])
    count = len(present)
    if count < 2 or set(map(len, rows)) != {count} or not _known(keys).issuperset(present):
        return None
    try:
        flat = list(chain.from_iterable(map(itemgetter(*present), rows)))
        columns = {key: flat[place::count] for place, key in enumerate(present)}
        return _column_adapter(declared, keys).validate_python(columns)
    except (KeyError, ValidationError):
        return None


@cache
def _known(keys: tuple[str, ...]) -> frozenset[str]:
    return frozenset(keys)


def without_wrong(declared: Any, value: Mapping[str, Any]) -> Any:
    """Read an object whose wrong fields are of no interest."""
    adapter = _adapter(declared)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
        fitting = {key: item for key, item in value.items() if key not in wrong}
        return adapter.validate_python(fitting)


def _note(
    error: ValidationError, pointer: str, start: int, problems: Problems, unknown: Unknown
) -> None:
    """Turn pydantic's errors into problems; those of rows are counted from a start on."""
    for detail in error.errors(include_url=False):
        place = list(detail["loc"])
        if OWN in place:
            place.remove(OWN)
        if start and isinstance(place[0], int):
            place[0] += start
        whole = "".join([pointer, *(f"/{escape_token(str(step))}" for step in place)])
        last: int | str = place[-1] if place else whole.rpartition("/")[2]
        is_item = isinstance(last, int) or (not place and last.isdecimal())
        name = f"item {last}" if is_item else str(last) or "the document"
        problems.add(_in_words(detail, name, unknown), whole)


def _in_words(detail: ErrorDetails, name: str, unknown: Unknown) -> str:
    """Say what one of pydantic's errors means."""
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return unknown(name)
    if kind == "spellings":
        usual = detail["ctx"]["usual"]
        return f"{usual} and {name} are one field: keep one of them"
    if kind == "missing":
        return f"{name} is missing"
    return f"{name} must {_expected(kind, value, detail)}"


def _expected(kind: str, value: Any, detail: ErrorDetails) -> str:
    """Say what a value must be, and what it is."""
    if kind in _OUTSIDE or (kind == "id" and type(value) is int):
        return f"fit in 64 bits, and is {describe(value)}"
    if kind == "id" and value == "":
        return "be a whole number or a text, and is empty"
    if kind == "position":
        return "be a position and an attribute"
    expected = _EXPECTED.get(kind)
    if kind == "duration" and type(value) in (int, str):
        expected = "a duration like 30, 30s, 30m or 1h30m"
    elif kind == "literal_error":
        expected = str(detail["ctx"]["expected"]).strip("'")
    return f"be {expected}, not {describe(value)}"


class _Plain(GenerateJsonSchema):
    """JSON Schema without the titles and defaults that say nothing, with short names."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name.partition("[")[0].lstrip("_"))

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema(declared: Any, title: str, description: str) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of what is declared."""
    schema = TypeAdapter(declared).json_schema(schema_generator=_Plain)
    head = {"$schema": _Plain.schema_dialect, "title": title, "description": description}
    return head | schema
