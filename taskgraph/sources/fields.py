"""The values that documents have, declared once for pydantic.

What checks a value and what its JSON Schema says of it come from the same declaration.
What is wrong is put into words in :mod:`taskgraph.sources.validating`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from itertools import islice
from typing import Annotated, Any, TypeAlias, TypeGuard, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    Strict,
    TypeAdapter,
)
from pydantic import GetJsonSchemaHandler as JsonHandler
from pydantic_core import (
    PydanticCustomError,
    PydanticKnownError,
    ValidationError,
    core_schema,
)

from taskgraph.model import declaration
from taskgraph.model.declaration import rounded
from taskgraph.model.durations import LARGEST
from taskgraph.model.task import Id as ModelId
from taskgraph.model.words import shorten
from taskgraph.privacy.masking import mask_text

T = TypeVar("T")

_LONGEST_SHOWN = 40
_MOST_NOT_FINITE = 100  # that are told of one value
_SMALLEST = -LARGEST - 1
_SHORTEST = len("20250116T1143")  # a date alone is shorter
_TIME = rf"^(\s*|.{{{_SHORTEST},}})$"
_ZONE = re.compile(r"\[[^\[\]]*\]$")  # as Java writes it: 11:43+08:00[Asia/Shanghai]
unusual_times: ContextVar[list[str] | None] = ContextVar("unusual_times", default=None)
"""Where to note the times of a document that are written in another way than ISO 8601."""
_read = datetime.fromisoformat
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@dataclass(frozen=True)
class Told:
    """Gives a value one error of a kind of ours, whatever pydantic finds.

    A union would give one for each of its branches.
    """

    kind: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.custom_error_schema(
            handler(source), self.kind, custom_error_message=self.kind
        )


@dataclass(frozen=True)
class Apart:
    """Checks that a value is a list, and leaves its items to who reads them in parts.

    What the schema says of the items, and how many there must be: the reader tells of it.
    """

    item: Any
    at_least: int = 0

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_uncopied)

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, handler: JsonHandler
    ) -> dict[str, Any]:
        items: Any = TypeAdapter(self.item).core_schema
        bound = {"minItems": self.at_least} if self.at_least else {}
        return {"type": "array", "items": handler(items), **bound}


def _uncopied(value: Any) -> list[Any]:
    """Take a list as it is: pydantic would copy it, and the copy keep its items alive."""
    if not isinstance(value, list):
        raise PydanticKnownError("list_type")
    return value


def _finite(value: Any) -> Any:
    """Refuse every number in a value that JSON does not have: NaN and the infinities."""
    if not _is_finite(value):
        wrong = islice(_not_finite(value), _MOST_NOT_FINITE)
        kind = PydanticCustomError("not_finite", "not_finite")
        raise ValidationError.from_exception_data(
            "", [{"type": kind, "loc": place, "input": number} for place, number in wrong]
        )
    return value


def _is_finite(value: Any) -> bool:
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif isinstance(value, float) and not math.isfinite(value):
            return False
    return True


def _not_finite(value: Any) -> Iterator[tuple[tuple[int | str, ...], float]]:
    """Find NaN and the infinities in a value, with the steps to each, in their order."""
    stack: list[tuple[Any, Any]] = [((), value)]
    while stack:
        place, value = stack.pop()
        if isinstance(value, dict):
            stack += [((place, key), item) for key, item in value.items()][::-1]
        elif isinstance(value, list):
            stack += [((place, index), item) for index, item in enumerate(value)][::-1]
        elif isinstance(value, float) and not math.isfinite(value):
            steps: list[int | str] = []
            while place:
                place, step = place
                steps.append(step)
            yield tuple(reversed(steps)), value


def _listed(value: Any) -> Any:
    if type(value) is not list:
        raise PydanticCustomError("texts", "texts")
    return value


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 date and time; digits beyond the microsecond are cut off.

    Called for every time of a document, so it looks twice only in the years 1 and 9999. The
    time has no offset where the text has none. The year 1 is ``None``: so programs write
    that there is no time yet; so is a blank. What is no date and time, or so late that it
    has no UTC, is a ValueError.
    """
    try:
        time = _read(text)
    except ValueError:
        usual = _as_usual(text)
        if not usual:
            return None
        time = _read(usual)
    if 1 < time.year < 9999:
        return time
    if time.year == 1:
        return None
    try:
        return time if time.tzinfo is None else in_calendar(time)
    except OverflowError:
        raise ValueError(text) from None


def in_calendar(time: datetime) -> datetime:
    """Give a time such that whatever comes before another one can be written too.

    In the last year that needs UTC: with an offset a time may be later than any that has
    that offset. Raises OverflowError where it is so late that it has no UTC.
    """
    return time.astimezone(UTC) if time.year == MAXYEAR else time


def _as_usual(text: str) -> str:
    """Write a time as ISO 8601 has it, and note that it was not: others write it so too."""
    usual = _ZONE.sub("", text.strip())
    if usual.endswith("z"):
        usual = f"{usual[:-1]}Z"
    seen = unusual_times.get()
    if seen is not None:
        seen.append(text)
    return usual


def parse_times(texts: list[str | None]) -> list[datetime | None]:
    """Read a column of times, faster than one by one; see :func:`parse_time`.

    What is not as usual in any of them is a ValueError: one by one, they are told apart.
    """
    told = [*filter(None, texts)]
    if not told:
        return [None] * len(texts)
    if min(map(len, told)) < _SHORTEST or "\n" in "".join(told):
        raise ValueError(texts)  # against the pattern of one
    times: list[datetime | None] = list(map(_read, told))
    if min(told) < "0002" or max(told) >= "9999":  # the years of which one may have no UTC
        return [parse_time(text) if text else None for text in texts]
    if len(times) == len(texts):
        return times
    following = iter(times)
    return [next(following) if text else None for text in texts]


Whole: TypeAlias = Annotated[int, Field(strict=True, ge=_SMALLEST, le=LARGEST)]
Text: TypeAlias = Annotated[str, Strict()]
Flag: TypeAlias = Annotated[bool, Strict()]
Id: TypeAlias = Annotated[
    Whole | Annotated[str, Field(strict=True, min_length=1)],
    Field(union_mode="left_to_right", description="A whole number or a text."),
    Told("id"),
]
# One wrong item of a list is told: a list of a million may not make a million errors.
Ids: TypeAlias = Annotated[tuple[Id, ...], Field(fail_fast=True)]
Texts: TypeAlias = Annotated[
    list[Text], Field(fail_fast=True), BeforeValidator(_listed), AfterValidator(tuple)
]
_TimeText: TypeAlias = Annotated[
    str,
    Field(
        strict=True,
        pattern=_TIME,
        description="A date and time as ISO 8601 has it.",
    ),
    Told("time"),
]
Time: TypeAlias = Annotated[_TimeText, AfterValidator(parse_time)]
Times: TypeAlias = Annotated[list[Text | None], AfterValidator(parse_times)]
"""A column of times, some of them left out."""
Duration: TypeAlias = Annotated[
    declaration.Duration, Told("duration"), BeforeValidator(rounded)
]
Free: TypeAlias = Annotated[Any, AfterValidator(_finite)]
Object: TypeAlias = Annotated[dict[str, Any], Strict(), AfterValidator(_finite)]
Maybe: TypeAlias = Annotated[T | None, Field(default=None)]
"""A field that may be left out; ``null`` is as good."""


def describe(value: object) -> str:
    """Say in a few words what a JSON value is.

    Examples
    --------
    >>> describe("30"), describe(True), describe([])
    ('the text "30"', 'true', 'a list')
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        shown = shorten(mask_text(value), _LONGEST_SHOWN)
        if shown.endswith("…") and " " in shown:
            shown = f"{shown.rpartition(' ')[0]} …"  # no part of an account, or of a host
        return f"the text {json.dumps(shown, ensure_ascii=False)}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of over 20 digits"
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE[str(value)]
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an object" if isinstance(value, Mapping) else "a list"


def is_id(value: object) -> TypeGuard[ModelId]:
    """Tell whether a value can be an id."""
    if type(value) is int:
        return _SMALLEST <= value <= LARGEST
    return isinstance(value, str) and bool(value)
