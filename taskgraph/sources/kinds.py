"""The kinds of values that documents have: what they must be, and what is kept of them.

What is checked of a whole column of values costs a pass in C and not a call per value.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from taskgraph.model import Id
from taskgraph.sources.tally import Tally
from taskgraph.sources.times import parse_time, parse_times

__all__ = [
    "ANY",
    "FLAG",
    "ID",
    "IDS",
    "INTEGER",
    "LIST",
    "OBJECT",
    "OBJECTS",
    "TEXT",
    "TEXTS",
    "TIME",
    "WRONG",
    "Column",
    "Kind",
    "WrongValueError",
    "describe",
    "is_finite",
    "is_id",
    "list_kind",
]

Column: TypeAlias = Sequence[Any]

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_NULL = type(None)
WRONG = (ValueError, OverflowError)


class WrongValueError(ValueError):
    """A value is not of the kind that its field is.

    Parameters
    ----------
    message : str
        What it must be and what it is, without the name of the field.
    step : int or None
        Which item of the value is meant.
    """

    def __init__(self, message: str, step: int | None = None) -> None:
        super().__init__(message)
        self.step = step


class Kind(NamedTuple):
    """What the values of a field must be. ``null`` is as good as no value.

    Attributes
    ----------
    expected : str
        In words.
    types : frozenset of type
        How such values are parsed.
    convert : callable or None
        From one value of these types to what the model keeps; raises
        :class:`WrongValueError`.
    convert_column : callable or None
        The same for a whole column without nulls, faster; it may raise any exception of
        :data:`WRONG`.
    items : Kind or None
        What the items of a list must be.
    is_read_apart : bool
        Whoever reads the object that has the field reads these values on his own.
    is_free : bool
        Such values may hold anything that JSON has.
    """

    expected: str
    types: frozenset[type]
    convert: Callable[[Any], Any] | None = None
    convert_column: Callable[[Column], Column] | None = None
    items: Kind | None = None
    is_read_apart: bool = False
    is_free: bool = False

    def read(self, value: Any) -> Any:
        """Check and convert one value.

        Raises
        ------
        WrongValueError
        """
        if value is None:
            return None
        if type(value) not in self.types:
            raise WrongValueError(f"must be {self.expected}, not {describe(value)}")
        return value if self.convert is None else self.convert(value)

    def read_column(self, column: Column, tally: Tally) -> Column:
        """Check and convert many values, and count the texts in them.

        Raises
        ------
        ValueError, OverflowError
            If one of them is wrong, whichever it is.
        """
        found = set(map(type, column))
        if not (found <= self.types or found - {_NULL} <= self.types):
            raise ValueError(self.expected)
        if self.items is not None:
            self.items.check_items(column, tally)
            if _NULL in found:
                return [None if items is None else tuple(items) for items in column]
            return list(map(tuple, column))
        if not self.is_read_apart:
            tally.add_values(column, found)
        if self.convert_column is not None and _NULL not in found:
            return self.convert_column(column)
        if self.convert is None:
            return column
        convert = self.convert
        return [None if value is None else convert(value) for value in column]

    def check_items(self, lists: Column, tally: Tally) -> None:
        """Check that all items of lists are of this kind, and none is null.

        Raises
        ------
        ValueError, OverflowError
        """
        lists = list(filter(None, lists))
        items = list(chain.from_iterable(lists))
        found = set(map(type, items))
        if not found <= self.types:
            raise ValueError(self.expected)
        if found == {int}:
            array("q", items)  # raises OverflowError
            return
        tally.add_values(items, found)
        if items and self.convert_column is not None:
            self.convert_column(items)


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
        shown = value if len(value) <= 40 else f"{value[:39]}…"
        return f"the text {json.dumps(shown, ensure_ascii=False)}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of over 20 digits"
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE[str(value)]
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def _check_range(value: int) -> int:
    if not _SMALLEST <= value <= _LARGEST:
        raise WrongValueError(f"must fit in 64 bits, and is {describe(value)}")
    return value


def _check_ranges(column: Column) -> Column:
    array("q", column)  # raises OverflowError for what does not fit in 64 bits
    return column


def _check_id(value: Id) -> Id:
    if isinstance(value, int):
        return _check_range(value)
    if not value:
        raise WrongValueError("must be a whole number or a text, and is empty")
    return value


def _check_ids(column: Column) -> Column:
    if set(map(type, column)) == {int}:
        return _check_ranges(column)
    return [_check_id(value) for value in column]


def _list_of(kind: Kind, values: list[Any]) -> tuple[Any, ...]:
    found = []
    for step, value in enumerate(values):
        try:
            if value is None:
                raise WrongValueError(f"must be {kind.expected}, not null")
            found.append(kind.read(value))
        except WrongValueError as error:
            raise WrongValueError(str(error), step) from None
    return tuple(found)


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        example = "2025-01-16T11:43:38.273+08:00"
        raise WrongValueError(
            f"must be a time like {example}, not {describe(text)}"
        ) from None


def list_kind(kind: Kind, expected: str = "a list of ids") -> Kind:
    """Give the kind of lists of which every item is of a kind."""
    return Kind(
        expected, frozenset({list}), lambda values: _list_of(kind, values), items=kind
    )


ANY = Kind("a value", frozenset({bool, dict, float, int, list, str}), is_free=True)
FLAG = Kind("true or false", frozenset({bool}))
INTEGER = Kind("a whole number", frozenset({int}), _check_range, _check_ranges)
TEXT = Kind("a text", frozenset({str}))
ID = Kind("a whole number or a text", frozenset({int, str}), _check_id, _check_ids)
IDS = list_kind(ID)
TEXTS = list_kind(TEXT, "a list of texts")
TIME = Kind("a time", frozenset({str}), _time, parse_times)
OBJECT = Kind("an object", frozenset({dict}), is_free=True)
LIST = Kind("a list", frozenset({list}))
OBJECTS = LIST._replace(is_read_apart=True)


def is_id(value: object) -> TypeGuard[Id]:
    """Tell whether a value can be an id."""
    if type(value) is int:
        return _SMALLEST <= value <= _LARGEST
    return isinstance(value, str) and bool(value)


def is_finite(value: Any) -> bool:
    """Tell whether a value has no NaN and no infinity in it, which JSON does not have."""
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
