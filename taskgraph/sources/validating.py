"""The one place where pydantic looks at documents, and where its errors get our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from types import GenericAlias
from typing import Any, NamedTuple, Required, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, ValidationError, core_schema
from typing_extensions import TypedDict

from taskgraph.errors import ConfigError, InputError
from taskgraph.model.durations import parse_duration
from taskgraph.privacy.masking import mask_error
from taskgraph.sources.document import (
    INVALID_VALUE,
    MISSING_KEY,
    NEGATIVE_TIMEOUT,
    UNKNOWN_KEY,
    DocumentText,
    Problems,
    negative_timeout,
)
from taskgraph.sources.fields import Free, Time, Times, describe
from taskgraph.sources.parsing import parse_json
from taskgraph.sources.places import escape_token


class Keys(NamedTuple):
    """What a dialect does about keys that are not declared.

    `unknown` says of a key that has no place in an object what is wrong with it; `own` is a
    field of pydantic's that the document does not have: it holds several others; `near`
    says of a wrong value, and of what it must be, which right one is the nearest.
    """

    unknown: Callable[[str], str] = str
    own: str | None = None
    near: Callable[..., str] = lambda _kind, _value, **_: ""


AT_ONCE = 1000
"""Rows: so many that a call costs nothing, and so few that bad ones end soon."""
_ANY_KEYS = Keys()
_OUTSIDE = frozenset({"greater_than_equal", "less_than_equal"})
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "duration": "a duration",
    "id": "a whole number or a text",
    "int_type": "a whole number",
    "list_type": "a list",
    "named": "a name, or an object with id and name",
    "not_finite": "a finite number",
    "string_type": "a text",
    "texts": "a list of texts",
    "tuple_type": "a list of ids",
    "time": "a time",
    "value_error": "a time",  # nothing else is made of a text by a function
}
_EXAMPLES = {
    "a duration": "30, 30s, 30m or 1h30m",
    "a time": "2025-01-16T11:43:38.273+08:00",
}


@cache
def _adapter(declared: Any) -> TypeAdapter[Any]:
    return TypeAdapter(declared)


def read_object(
    declared: Any,
    value: Any,
    pointer: str,
    problems: Problems,
    keys: Keys = _ANY_KEYS,
) -> Any:
    """Read a value as it is declared; ``None``, and problems, where something is wrong."""
    read, wrong = errors_of(declared, value)
    for detail in wrong:
        note(detail, detail["loc"], pointer, problems, keys)
    return read


def errors_of(
    declared: Any, value: Any, context: dict[str, str] | None = None
) -> tuple[Any, list[ErrorDetails]]:
    """Read a value as it is declared; or give everything that is wrong, to be told."""
    try:
        return _adapter(declared).validate_python(value, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def read_file(declared: Any, text: str, file: str, hint: str) -> Any:
    """Read JSON that people write for taskgraph and that is no document of a task.

    Raises ConfigError with everything that is wrong, the places, and what to do.
    """
    document = DocumentText(file, text.encode())
    problems = Problems(document)
    problems.hint = hint
    try:
        content = parse_json(document)
        read_object(Free, content, "", problems)
        read = read_object(declared, content, "", problems)
    except InputError as error:
        wrong: InputError | None = document.error(error.problems, hint)
    else:
        wrong = problems.error()
    if wrong is not None:
        raise ConfigError(str(mask_error(wrong))) from None
    return read


def read_rows(
    declared: Any,
    rows: list[Any],
    pointer: str,
    problems: Problems,
    keys: Keys = _ANY_KEYS,
    *,
    start: int = 0,
    context: dict[str, str] | None = None,
) -> list[Any]:
    """Read the items of a list as they are declared, but for parts that hold a wrong one.

    `start` is the place of the first of the rows, where they are a part of the list at the
    pointer; validators note in the context what they saw of the rows.
    """
    read: list[Any] = []
    adapter = _adapter(GenericAlias(list, (declared,)))
    for first in range(0, len(rows), AT_ONCE):
        part = rows[first : first + AT_ONCE]
        try:
            read += adapter.validate_python(part, context=context)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                place, *below = detail["loc"]
                row = f"{pointer}/{start + first + int(place)}"
                note(detail, below, row, problems, keys)
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
    return TypeAdapter(make("Columns", columns, total=False, extra_items=Free))


def read_columns(
    declared: Any,
    keys: tuple[str, ...],
    rows: list[dict[str, Any]],
    usual: Mapping[str, str],
) -> dict[str, list[Any]] | None:
    """Read rows that have the same keys, a column of values at a time.

    Only the columns of the given keys are checked; `usual` has the names of columns that
    are called otherwise in the rows. ``None`` if they have not the same keys, or if
    something is wrong.
    """
    present = tuple(rows[0])
    count = len(present)
    if count < 2 or set(map(len, rows)) != {count}:
        return None
    try:
        flat = list(chain.from_iterable(map(itemgetter(*present), rows)))
        columns = {
            usual.get(key, key): flat[place::count] for place, key in enumerate(present)
        }
        return _column_adapter(declared, keys).validate_python(columns)
    except (KeyError, ValidationError):
        return None


def without_wrong(declared: Any, value: dict[str, Any]) -> Any:
    """Read an object whose wrong values are of no interest: they are made null."""
    adapter = _adapter(declared)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            *above, last = detail["loc"]
            place: Any = value
            for step in above:
                place = place[step]
            place[last] = None
    try:
        return adapter.validate_python(value)
    except ValidationError:  # there are more than are told
        return adapter.validate_python({})


def note(
    detail: ErrorDetails,
    place: Sequence[int | str],
    pointer: str,
    problems: Problems,
    keys: Keys,
) -> None:
    """Turn an error of pydantic's into a problem; its place is one below a pointer."""
    if place and place[0] == keys.own:
        place = place[1:]
    whole = "".join([pointer, *(f"/{escape_token(str(step))}" for step in place)])
    last = place[-1] if place else whole.rpartition("/")[2]
    is_item = isinstance(last, int) or (not place and last.isdecimal())
    above = whole.split("/")[-2] if is_item else ""
    name = f"item {last}" if is_item else str(last) or "the document"
    name += f" of {above}" * (above != "" and not above.isdecimal())
    kind = detail["type"]
    rule, hint = INVALID_VALUE, ""
    if kind == "extra_forbidden":
        message, rule = keys.unknown(name), UNKNOWN_KEY
    elif kind == "spellings":
        usual = detail["ctx"]["usual"]
        message = f"{usual} and {name} are one field: keep one of them"
    elif kind == "missing":
        message, rule = f"{name} is missing", MISSING_KEY
    else:
        message = f"{name} must {_expected(kind, detail['input'], detail)}"
        hint = keys.near(kind, detail["input"], is_item=is_item)
        below_0 = negative(detail["input"]) if kind == "duration" else None
        if name == "timeout" and below_0:
            message, hint = negative_timeout(below_0)
            rule = NEGATIVE_TIMEOUT
    problems.add(message, whole, hint, rule)


def negative(value: Any) -> int | None:
    """Read a duration below 0, in seconds; every other value is ``None``."""
    if type(value) is int:
        return value if value < 0 else None
    if type(value) is not str or not value.strip().startswith("-"):
        return None
    try:
        return -parse_duration(value.strip().removeprefix("-")) or None
    except ValueError:
        return None


def _expected(kind: str, value: Any, detail: ErrorDetails) -> str:
    """Say what a value must be, and what it is."""
    if kind in _OUTSIDE or (kind == "id" and type(value) is int):
        return f"fit in 64 bits, and is {describe(value)}"
    if kind == "id" and value == "":
        return "be a whole number or a text, and is empty"
    if kind == "position":
        return "be a position and an attribute"
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"]).strip("'")
    else:
        expected = _EXPECTED[kind]
    is_near = type(value) is str or (kind == "duration" and type(value) is int)
    if is_near and expected in _EXAMPLES:
        expected += f" like {_EXAMPLES[expected]}"
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
