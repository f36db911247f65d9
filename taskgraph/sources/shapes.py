"""The shapes of the documents' objects: which fields they have, and of which kind.

A document holds many objects with the same keys in the same order, so objects are read
in groups, a column of values at a time: what is checked of a column costs a pass in C
and not a call per value. Only a column with something wrong in it is walked by value.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from taskgraph.model import Id
from taskgraph.sources.document import Problems
from taskgraph.sources.positions import escape_token
from taskgraph.sources.tally import Tally
from taskgraph.sources.times import are_naive, parse_time, parse_times

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
    "Column",
    "Field",
    "Kind",
    "Shape",
    "WrongValueError",
    "describe",
    "is_id",
    "list_kind",
    "rows_of",
]

Column: TypeAlias = Sequence[Any]
Make: TypeAlias = Callable[[dict[str, Any], int], Iterable[Any]]
PointerOf: TypeAlias = Callable[[int], str]
Getter: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_NULL = type(None)
# Few enough for the processor's cache: each value is looked at several times.
_AT_ONCE = 1024
WRONG = (ValueError, OverflowError)
_NO_EXTRA: Mapping[str, Any] = MappingProxyType({})


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


class Field:
    """A field of a shape.

    Parameters
    ----------
    kind : Kind
    *keys : str
        How documents spell it; the first is the usual one.
    required : bool
    default : object
        What stands for no value.
    """

    __slots__ = ("default", "keys", "kind", "required")

    def __init__(
        self, kind: Kind, *keys: str, required: bool = False, default: object = None
    ) -> None:
        self.kind = kind
        self.keys = keys
        self.required = required
        self.default = default


class _Plan(NamedTuple):
    """How rows with the same known keys are read.

    Attributes
    ----------
    fields : tuple of (str, Field, tuple of str)
        Attribute, field, and the keys that the rows have for it.
    absent : tuple of (str, object)
        The attributes for which they have none, and their defaults.
    missing : tuple of str
        The keys of those that are required.
    spellings : tuple of (str, str)
        The attributes whose key is not the usual one, and that key.
    getter : callable or None
        From a row to its values, where there are several keys.
    """

    fields: tuple[tuple[str, Field, tuple[str, ...]], ...]
    absent: tuple[tuple[str, object], ...]
    missing: tuple[str, ...]
    spellings: tuple[tuple[str, str], ...]
    getter: Getter | None


class Shape:
    """The fields that objects of one sort have; others are kept as they are.

    Parameters
    ----------
    fields : mapping of str to Field
        By the attributes of the model.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)
        self.keys = frozenset(key for field in self.fields.values() for key in field.keys)
        self._plan_of = lru_cache(maxsize=64)(self._plan)

    def read(
        self, row: Mapping[str, Any], pointer: str, problems: Problems
    ) -> dict[str, Any]:
        """Read one object: the attributes, and ``extra`` with every other field."""
        columns = self._columns([row], lambda _position: pointer, problems)
        return {attribute: column[0] for attribute, column in columns.items()}

    def read_all(
        self,
        rows: Sequence[Any],
        pointer_of: PointerOf,
        problems: Problems,
        make: Make,
    ) -> tuple[Any, ...]:
        """Read many objects.

        Parameters
        ----------
        rows : sequence
            What should be objects.
        pointer_of : callable
            From the position of a row to its pointer.
        problems : Problems
            Gets what is wrong.
        make : callable
            From columns, by attribute, and their length, to one value per row.

        Returns
        -------
        tuple
            What ``make`` gave, in the order of the rows; without those that are no
            objects.
        """
        made: list[Any] = []
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            made += self._read_some(part, _From(pointer_of, start), problems, make)
        return tuple(made)

    def _read_some(
        self, rows: Sequence[Any], pointer_of: PointerOf, problems: Problems, make: Make
    ) -> Iterable[Any]:
        if set(map(type, rows)) == {dict} and len(set(map(len, rows))) == 1:
            with suppress(KeyError):  # as many keys, and not the same
                return make(self._columns(rows, pointer_of, problems), len(rows))
        groups: dict[tuple[str, ...], list[int]] = {}
        for position, row in enumerate(rows):
            if type(row) is dict:
                known = tuple(key for key in row if key in self.keys)
                groups.setdefault(known, []).append(position)
            else:
                field = pointer_of(position).rpartition("/")[2]
                what = f"item {field} must be an object, not {describe(row)}"
                problems.add(what, pointer_of(position))
        made: dict[int, Any] = {}
        for positions in groups.values():
            alike = [rows[position] for position in positions]
            columns = self._columns(alike, _Chosen(pointer_of, positions), problems)
            made.update(zip(positions, make(columns, len(positions)), strict=True))
        return [made[position] for position in sorted(made)]

    def _columns(
        self,
        rows: Sequence[Mapping[str, Any]],
        pointer_of: PointerOf,
        problems: Problems,
    ) -> dict[str, Column]:
        """Read rows that have the same known keys, at least one.

        Raises
        ------
        KeyError
            If they do not.
        """
        keys = tuple([key for key in rows[0] if key in self.keys])
        plan = self._plan_of(keys)
        values = dict(zip(keys, _transposed(plan.getter, keys, rows), strict=True))
        extras = self._extras(len(keys), rows)
        problems.tally.texts += sum(map(len, rows))
        columns: dict[str, Column] = {
            attribute: [default] * len(rows) for attribute, default in plan.absent
        }
        for key in plan.missing:
            for position in range(len(rows)):
                problems.add(f"{key} is missing", f"{pointer_of(position)}/{key}")
        problems.spellings.update(plan.spellings)
        for attribute, field, present in plan.fields:
            column: Column = []
            for key in present:
                more = self._column(field, key, values[key], pointer_of, problems)
                if field.kind.is_free:
                    _check_finite(key, more, pointer_of, problems)
                if column:
                    _check_alike(present, column, more, pointer_of, problems)
                    more = _filled(column, more)
                column = more
            if field.kind is TIME and are_naive(column):
                problems.has_naive_times = True
            if field.default is not None and None in column:
                column = [field.default if value is None else value for value in column]
            columns[attribute] = column
        for position, extra in enumerate(extras):
            if extra:
                problems.tally.add_values(list(extra.values()), {dict})
                for key, value in extra.items():
                    _check_finite(key, [value], _From(pointer_of, position), problems)
        columns["extra"] = extras
        return columns

    def _plan(self, keys: tuple[str, ...]) -> _Plan:
        """Say once how all rows with the same known keys are read."""
        fields, absent, missing = [], [], []
        for attribute, field in self.fields.items():
            present = tuple(key for key in field.keys if key in keys)
            if present:
                fields.append((attribute, field, present))
            else:
                absent.append((attribute, field.default))
                if field.required:
                    missing.append(field.keys[0])
        getter = itemgetter(*keys) if len(keys) > 1 else None
        unusual = tuple((name, keys[0]) for name, f, keys in fields if keys[0] != f.keys[0])
        return _Plan(tuple(fields), tuple(absent), tuple(missing), unusual, getter)

    @staticmethod
    def _column(
        field: Field,
        key: str,
        column: Column,
        pointer_of: PointerOf,
        problems: Problems,
    ) -> Column:
        kind = field.kind
        try:
            read = kind.read_column(column, problems.tally)
            if not (field.required and None in column):
                return read
        except WRONG:
            pass
        values: list[Any] = []
        for position, value in enumerate(column):
            try:
                if value is None and field.required:
                    raise WrongValueError(f"must be {kind.expected}, not null")
                values.append(kind.read(value))
            except WrongValueError as error:
                values.append(None)
                pointer = f"{pointer_of(position)}/{escape_token(key)}"
                if error.step is None:
                    problems.add(f"{key} {error}", pointer)
                else:
                    problems.add(f"item {error.step} {error}", f"{pointer}/{error.step}")
        return values

    def _extras(self, known: int, rows: Sequence[Mapping[str, Any]]) -> Column:
        """Give what each row has beside its known fields.

        Raises
        ------
        KeyError
            If a row has another number of known fields.
        """
        if set(map(len, rows)) == {known}:
            return [_NO_EXTRA] * len(rows)
        extras = [
            {key: value for key, value in row.items() if key not in self.keys}
            for row in rows
        ]
        for row, extra in zip(rows, extras, strict=True):
            if len(row) - len(extra) != known:
                raise KeyError
        return extras


def _check_alike(
    keys: Sequence[str],
    column: Column,
    other: Column,
    pointer_of: PointerOf,
    problems: Problems,
) -> None:
    """Note the rows that say two things in two spellings of one field."""
    for position, (one, two) in enumerate(zip(column, other, strict=True)):
        if one is not None and two is not None and one != two:
            message = f"{' and '.join(keys)} are one field: keep one of them"
            problems.add(message, f"{pointer_of(position)}/{keys[-1]}")


def _filled(column: Column, other: Column) -> Column:
    """Take another column's values where one has none."""
    return [b if a is None else a for a, b in zip(column, other, strict=True)]


class _From:
    """The pointers of the rows from one on, by their distance from it."""

    def __init__(self, pointer_of: PointerOf, start: int) -> None:
        self.pointer_of = pointer_of
        self.start = start

    def __call__(self, position: int) -> str:
        return self.pointer_of(self.start + position)


class _Chosen:
    """The pointers of some of the rows, by their position among those."""

    def __init__(self, pointer_of: PointerOf, positions: list[int]) -> None:
        self.pointer_of = pointer_of
        self.positions = positions

    def __call__(self, position: int) -> str:
        return self.pointer_of(self.positions[position])


def _transposed(
    getter: Getter | None, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[Column]:
    """Give the columns of rows that have these keys.

    Going over the rows only once makes a difference: they lie all over the memory.
    """
    if getter is None:
        return [[row[key] for row in rows] for key in keys]
    flat = list(chain.from_iterable(map(getter, rows)))
    return [flat[place :: len(keys)] for place in range(len(keys))]


def is_id(value: object) -> TypeGuard[Id]:
    """Tell whether a value can be an id."""
    if type(value) is int:
        return _SMALLEST <= value <= _LARGEST
    return isinstance(value, str) and bool(value)


def _check_finite(
    key: str, column: Column, pointer_of: PointerOf, problems: Problems
) -> None:
    """Note every number in the values that JSON does not have: NaN and the infinities."""
    for position, whole in enumerate(column):
        if _is_finite(whole):
            continue
        stack = [(f"{pointer_of(position)}/{escape_token(key)}", key, whole)]
        while stack:
            place, field, value = stack.pop()
            if isinstance(value, dict):
                stack += [(f"{place}/{escape_token(k)}", k, v) for k, v in value.items()]
            elif isinstance(value, list):
                stack += [(f"{place}/{i}", f"item {i}", v) for i, v in enumerate(value)]
            elif isinstance(value, float) and not math.isfinite(value):
                wrong = f"{field} must be a finite number, not {describe(value)}"
                problems.add(wrong, place)


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


def rows_of(model: Any) -> Make:
    """Give the function that makes named tuples from columns by attribute."""
    names, defaults = model._fields, model._field_defaults

    def make(columns: Mapping[str, Column], count: int) -> Iterable[Any]:
        whole = (
            columns[name] if name in columns else repeat(defaults.get(name), count)
            for name in names
        )
        return map(tuple.__new__, repeat(model), zip(*whole, strict=True))

    return make
