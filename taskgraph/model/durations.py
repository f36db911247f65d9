"""Durations as people read them."""

from __future__ import annotations

import re

__all__ = ["format_duration", "parse_duration"]

_LARGEST = 2**63 - 1
_UNITS = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1, "": 1}
_PARTS = re.compile(r"(\d{1,12}) *(d|h|min|m|s|) *", re.ASCII)


def format_duration(seconds: int) -> str:
    """Write a duration in units: ``2 h 13 min 30 s``.

    Parameters
    ----------
    seconds : int
        May be negative.

    Examples
    --------
    >>> format_duration(8010)
    '2 h 13 min 30 s'
    >>> format_duration(604800)
    '7 d'
    >>> format_duration(0)
    '0 s'
    """
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def parse_duration(value: object) -> int:
    """Read a duration as people write it, in seconds.

    Parameters
    ----------
    value : int or str
        Seconds, or a text like ``30``, ``30s``, ``30m``, ``1h30m`` or ``2 h 13 min``: each
        unit at most once, the larger ones first.

    Raises
    ------
    ValueError
        If it is no such duration, is negative or does not fit in 64 bits.

    Examples
    --------
    >>> parse_duration("1h30m"), parse_duration(30)
    (5400, 30)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        total = value
    elif isinstance(value, str):
        total = _sum(value.strip(" "))
    else:
        raise ValueError(value)
    if not 0 <= total <= _LARGEST:
        raise ValueError(value)
    return total


def _sum(text: str) -> int:
    total, position, last = 0, 0, _LARGEST
    while position < len(text):
        match = _PARTS.match(text, position)
        if match is None or _UNITS[match[2]] >= last:
            raise ValueError(text)
        if not match[2] and match.span() != (0, len(text)):
            raise ValueError(text)  # 1h30 could be minutes or seconds
        last = _UNITS[match[2]]
        total += int(match[1]) * last
        position = match.end()
    if not text:
        raise ValueError(text)
    return total
