"""Durations and moments as people read and write them, the same in every output."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

__all__ = [
    "format_duration",
    "format_exactly",
    "format_measured",
    "format_moment",
    "format_rounded",
    "format_seconds",
    "like_written",
    "parse_duration",
]

_MICROSECONDS = 1_000_000
_MICROSECOND = timedelta(microseconds=1)

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


def format_measured(time: timedelta | int) -> str:
    """Write a measured time in units, to the millisecond; less than one exactly.

    Parameters
    ----------
    time : timedelta or int
        An integer counts microseconds; both may be negative.

    Examples
    --------
    >>> format_measured(17_839_000), format_measured(4_032_500_000)
    ('17.839 s', '1 h 7 min 12.500 s')
    >>> format_measured(60_000_000), format_measured(3_295_927), format_measured(40)
    ('1 min', '3.296 s', '0.000040 s')
    """
    microseconds = time // _MICROSECOND if isinstance(time, timedelta) else time
    if microseconds < 0:
        return f"-{format_measured(-microseconds)}"
    if microseconds > 1000:
        microseconds = (microseconds + 500) // 1000 * 1000
    if not microseconds % _MICROSECONDS:
        return format_duration(microseconds // _MICROSECONDS)
    minutes, rest = divmod(microseconds, 60 * _MICROSECONDS)
    exact = format_seconds(rest, "microseconds")
    return f"{format_duration(60 * minutes)} {exact}" if minutes else exact


def format_seconds(count: int, unit: str = "seconds") -> str:
    """Write a duration in seconds alone, so that a column of them can be compared.

    Parameters
    ----------
    count : int
    unit : {"seconds", "microseconds"}
        What is counted.

    Examples
    --------
    >>> format_seconds(8010), format_seconds(15_361_000, "microseconds")
    ('8010 s', '15.361 s')
    """
    if unit == "seconds":
        return f"{count} s"
    whole, rest = divmod(abs(count), _MICROSECONDS)
    digits = f"{rest:06}"
    fraction = digits[:3] if digits.endswith("000") else digits
    return f"{'-' * (count < 0)}{whole}.{fraction} s"


def format_rounded(microseconds: int) -> str:
    """Write a time of many runs in seconds alone, with the digits that matter.

    Examples
    --------
    >>> format_rounded(198_432), format_rounded(12_340_000), format_rounded(8_010_400_000)
    ('0.198 s', '12.3 s', '8010 s')
    """
    for bound, digits in ((1, 3), (10, 2), (60, 1)):
        if 0 < abs(microseconds) < bound * _MICROSECONDS:
            return f"{microseconds / _MICROSECONDS:.{digits}f} s"
    return format_seconds(round(microseconds / _MICROSECONDS))


def format_exactly(count: int, unit: str = "seconds") -> str:
    """Write a duration to calculate with, and from a minute on to read as well.

    Parameters
    ----------
    count : int
    unit : {"seconds", "microseconds"}
        What is counted.

    Examples
    --------
    >>> format_exactly(8010), format_exactly(30)
    ('8010 s (2 h 13 min 30 s)', '30 s')
    """
    exact = format_seconds(count, unit)
    whole = abs(count) if unit == "seconds" else abs(count) // _MICROSECONDS
    if whole < 60:
        return exact
    return f"{exact} ({'-' * (count < 0)}{format_duration(whole)})"


def format_moment(time: datetime) -> str:
    """Write a moment to the millisecond: ``2025-01-16 11:43:38.311+08:00``."""
    return time.isoformat(" ", "milliseconds" if time.microsecond else "seconds")


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


def like_written(written: object, seconds: int) -> int | str:
    """Write a duration for a file in the style of another one there: the only short style.

    Examples
    --------
    >>> like_written("1h", 5430), like_written("60", 35), like_written(60, 35)
    ('1h30m30s', '35', 35)
    """
    if not isinstance(written, str):
        return seconds
    if written.strip().isdecimal():
        return str(seconds)
    return format_duration(seconds).replace("min", "m").replace(" ", "")


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
