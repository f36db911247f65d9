"""A file with a duration for each subtask: a JSON object, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from taskgraph.errors import ConfigError
from taskgraph.model.durations import parse_duration
from taskgraph.sources.fields import describe
from taskgraph.sources.opening import read_text

_EXPECTED = (
    'a duration for each id or name: {"13175721": "10m"}, or lines like 13175721,600'
)
_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


class GivenDuration(NamedTuple):
    """A duration in seconds, and the line that it stands in."""

    seconds: int
    line: int


def read_durations(path: str) -> dict[str, GivenDuration]:
    """Read durations by the id or the name of the subtask.

    The file has a JSON object ``{"13175721": "10m", ...}``, or lines of CSV
    ``13175721,600``, also with semicolons, tabs or bars; a first line that has no
    duration is a heading.

    Raises ConfigError if the file cannot be read, or a line is no duration; it names that.
    """
    text = read_text(path)
    return _object(text, path) if text.lstrip().startswith("{") else _table(text, path)


def _object(text: str, path: str) -> dict[str, GivenDuration]:
    from taskgraph.sources.fields import Duration
    from taskgraph.sources.places import escape_token, locate
    from taskgraph.sources.validating import read_file

    durations: dict[str, int] = read_file(dict[str, Duration], text, path, _EXPECTED)
    pointers = {name: f"/{escape_token(name)}" for name in durations}
    places = locate(text.encode(), pointers.values())
    return {
        name: GivenDuration(seconds, places[pointers[name]][0])
        for name, seconds in durations.items()
    }


def _table(text: str, path: str) -> dict[str, GivenDuration]:
    durations: dict[str, GivenDuration] = {}
    for number, identifier, value in _rows(text, path):
        if identifier in durations:
            before = durations[identifier].line
            what = f"{identifier} has a duration in line {before} already"
            raise _refusal(path, number, what, "remove one of the two")
        try:
            durations[identifier] = GivenDuration(parse_duration(value), number)
        except ValueError:
            what = f"must be seconds or a duration like 1h30m, not {describe(value)}"
            raise _refusal(path, number, what, _EXPECTED) from None
    if not durations:
        raise ConfigError(f"{path}: holds no duration\n  hint: {_EXPECTED}")
    return durations


def _refusal(path: str, line: int, what: str, hint: str) -> ConfigError:
    return ConfigError(f"{path}: line {line}: {what}\n  hint: {hint}")


def _rows(text: str, path: str) -> Iterator[tuple[int, str, str]]:
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for row in filter(None, reader):
            number = reader.line_num
            if len(row) != 2:
                what = f"must be an id or a name, {_SEPARATORS[separator]}, and a duration"
                raise _refusal(path, number, what, _EXPECTED)
            is_heading = number == 1 and not any(char.isdigit() for char in row[1])
            if not is_heading:
                yield number, row[0].strip(), row[1].strip()
    except csv.Error:
        raise _refusal(path, reader.line_num, "is no line of CSV", _EXPECTED) from None


def _separator(text: str) -> str:
    """Tell what separates the columns: spreadsheets write a semicolon or a tab too."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in ";\t|" if mark in first and "," not in first), ",")
