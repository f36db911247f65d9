"""Durations and moments as people read and write them, the same in every output."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_MICROSECONDS = 1_000_000
_MICROSECOND = timedelta(microseconds=1)

LARGEST = 2**63 - 1
"""The engine's numbers have 64 bits."""
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


def as_shown(microseconds: int) -> int:
    """Cut a measured time to what `format_measured` writes of it.

    Examples
    --------
    >>> as_shown(61_900_000), as_shown(-59_900_700), as_shown(40)
    (61000000, -59900000, 40)
    """
    if microseconds < 0:
        return -as_shown(-microseconds)
    finest = 1 if microseconds < 1000 else 1000
    if microseconds >= 60 * _MICROSECONDS:
        finest = _MICROSECONDS
    return microseconds - microseconds % finest


def format_measured(time: timedelta | int) -> str:
    """Write a measured time in units: its milliseconds below a minute, else its seconds.

    What is finer is cut off, so that a time never looks as long as a limit that it has not
    reached; less than a millisecond is written exactly.

    Parameters
    ----------
    time : timedelta or int
        An integer counts microseconds; both may be negative.

    Examples
    --------
    >>> format_measured(17_839_000), format_measured(4_032_500_000)
    ('17.839 s', '1 h 7 min 12 s')
    >>> format_measured(60_000_000), format_measured(3_295_927), format_measured(40)
    ('1 min', '3.295 s', '0.000040 s')
    """
    microseconds = time // _MICROSECOND if isinstance(time, timedelta) else time
    if microseconds < 0:
        return f"-{format_measured(-microseconds)}"
    seconds, rest = divmod(as_shown(microseconds), _MICROSECONDS)
    if not rest:
        return format_duration(seconds)
    if microseconds < 1000:
        return f"0.{microseconds:06} s"
    return f"{seconds}.{rest // 1000:03} s"


def format_span(begin: datetime, end: datetime) -> str:
    """Write the time between two moments as `format_moment` shows them: both are cut.

    Below a minute it is written with its milliseconds.

    Examples
    --------
    >>> begin = datetime.fromisoformat("2025-01-16T11:43:38.900+08:00")
    >>> format_span(begin, begin + timedelta(seconds=59.9))
    '59.900 s'
    >>> format_span(begin, begin + timedelta(seconds=89.2))
    '1 min 30 s'
    """
    if abs(end - begin) < timedelta(minutes=1):
        return format_measured(end - begin)
    return format_measured(end.replace(microsecond=0) - begin.replace(microsecond=0))


def format_count(count: int, unit: str = "seconds") -> str:
    """Write a duration that counts some unit.

    Parameters
    ----------
    count : int
    unit : {"seconds", "microseconds"}
        What is counted.

    Examples
    --------
    >>> format_count(8010), format_count(15_361_000, "microseconds")
    ('2 h 13 min 30 s', '15.361 s')
    """
    return format_duration(count) if unit == "seconds" else format_measured(count)


def format_rounded(microseconds: int) -> str:
    """Write a time of many runs with the digits that matter.

    Examples
    --------
    >>> format_rounded(198_432), format_rounded(12_340_000), format_rounded(8_010_400_000)
    ('0.198 s', '12.3 s', '2 h 13 min 30 s')
    """
    for bound, digits in ((1, 3), (10, 2), (60, 1)):
        if 0 < abs(microseconds) < bound * _MICROSECONDS:
            return f"{microseconds / _MICROSECONDS:.{digits}f} s"
    return format_duration(round(microseconds / _MICROSECONDS))


def moment_after(moment: datetime, microseconds: int) -> datetime | None:
    """Give the moment so much later, where the calendar goes so far.

    Examples
    --------
    >>> moment_after(datetime.max, 1) is None
    True
    """
    try:
        return moment + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def format_moment(time: datetime, beside: datetime | None = None) -> str:
    """Write a moment to the second; its date and its offset only where they are news.

    Parameters
    ----------
    time : datetime
    beside : datetime, optional
        What the reader has been told before.

    Examples
    --------
    >>> told = datetime.fromisoformat("2025-01-16T11:43:38.311+08:00")
    >>> format_moment(told), format_moment(told + timedelta(hours=2), told)
    ('2025-01-16 11:43:38+08:00', '13:43:38')
    """
    text = time.isoformat(" ", "seconds")
    if beside is None or beside.utcoffset() != time.utcoffset():
        return text
    date, _, clock = text.partition(" ")
    return clock[:8] if time.date() == beside.date() else f"{date} {clock[:8]}"


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
    if not 0 <= total <= LARGEST:
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
    total, position, last = 0, 0, LARGEST
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
