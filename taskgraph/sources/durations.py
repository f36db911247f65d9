"""A file with a duration for each subtask: a JSON object, or CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from taskgraph.errors import ConfigError
from taskgraph.model.durations import parse_duration

__all__ = ["read_durations"]


def read_durations(path: str) -> dict[str, int]:
    """Read durations in seconds by the id of the subtask.

    The file has a JSON object ``{"13175721": "10m", ...}``, or lines of CSV
    ``13175721,600``; a first line that has no duration is a heading.

    Raises ConfigError if the file cannot be read, or a line is no duration; it names that.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    return _object(text, path) if text.lstrip().startswith("{") else _table(text, path)


def _object(text: str, path: str) -> dict[str, int]:
    import jiter
    from pydantic import TypeAdapter, ValidationError

    from taskgraph.sources.fields import Duration

    adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Duration])
    try:
        content = jiter.from_json(text.encode(), catch_duplicate_keys=True)
        return adapter.validate_python(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        (key, *_) = wrong["loc"]
        raise _no_duration(path, f"the duration of {key}", wrong["input"]) from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from None


def _no_duration(path: str, place: str, value: object) -> ConfigError:
    expected = "must be seconds or a duration like 1h30m"
    return ConfigError(f"{path}: {place}: {expected}, not {value!r}")


def _table(text: str, path: str) -> dict[str, int]:
    durations = {}
    for place, identifier, value in _rows(text, path):
        try:
            durations[identifier] = parse_duration(value)
        except ValueError:
            raise _no_duration(path, place, value) from None
    return durations


def _rows(text: str, path: str) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if not row:
            continue
        if len(row) != 2:
            raise ConfigError(f"{path}: line {number}: must be an id and a duration")
        is_heading = number == 1 and not any(char.isdigit() for char in row[1])
        if not is_heading:
            rows.append((f"line {number}", row[0].strip(), row[1]))
    return rows
