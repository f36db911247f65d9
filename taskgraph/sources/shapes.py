"""The shapes of the documents' objects: which fields they have, and of which kind.

A document holds many objects with the same keys in the same order, so objects are read
in groups, a column of values at a time. Only a column with something wrong in it is
walked by value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from taskgraph.sources.document import Problems
from taskgraph.sources.kinds import (
    TIME,
    WRONG,
    Column,
    Kind,
    WrongValueError,
    describe,
    is_finite,
)
from taskgraph.sources.positions import escape_token
from taskgraph.sources.times import are_naive

__all__ = ["Field", "Shape", "rows_of"]

Make: TypeAlias = Callable[[dict[str, Any], int], Iterable[Any]]
PointerOf: TypeAlias = Callable[[int], str]
Getter: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]

# Few enough for the processor's cache: each value is looked at several times.
_AT_ONCE = 1024
_NO_EXTRA: Mapping[str, Any] = MappingProxyType({})


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


def _check_finite(
    key: str, column: Column, pointer_of: PointerOf, problems: Problems
) -> None:
    """Note every number in the values that JSON does not have: NaN and the infinities."""
    for position, whole in enumerate(column):
        if is_finite(whole):
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
