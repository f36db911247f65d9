"""A file with a duration for each subtask: a JSON object, or CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from taskgraph.errors import ConfigError
from taskgraph.model import parse_duration

__all__ = ["read_durations"]


def read_durations(path: str) -> dict[str, int]:
    """Read durations by the id of the subtask.

    Parameters
    ----------
    path : str
        A file with a JSON object ``{"13175721": "10m", ...}``, or with lines of CSV
        ``13175721,600``; a first line that has no duration is a heading.

    Returns
    -------
    dict of str to int
        Seconds, by id.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a line is no duration; the message names it.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    if text.lstrip().startswith("{"):
        pairs = _object(text, path)
    else:
        pairs = _rows(text, path)
    durations = {}
    for place, identifier, value in pairs:
        try:
            durations[identifier] = parse_duration(value)
        except ValueError:
            raise ConfigError(
                f"{path}: {place}: must be seconds or a duration like 1h30m, not {value!r}"
            ) from None
    return durations


def _object(text: str, path: str) -> list[tuple[str, str, object]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from None
    return [(f"the duration of {key}", key, value) for key, value in content.items()]


def _rows(text: str, path: str) -> list[tuple[str, str, object]]:
    found: list[tuple[str, str, object]] = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if not row:
            continue
        if len(row) != 2:
            raise ConfigError(f"{path}: line {number}: must be an id and a duration")
        is_heading = number == 1 and not any(char.isdigit() for char in row[1])
        if not is_heading:
            found.append((f"line {number}", row[0].strip(), row[1]))
    return found
