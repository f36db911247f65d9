"""Durations and moments, written exactly, for every report."""

from __future__ import annotations

from datetime import datetime

from taskgraph.model import format_duration

__all__ = ["amount", "clock", "moment", "seconds", "spoken"]

_MICROSECONDS = 1_000_000


def seconds(count: int) -> str:
    """Write a duration exactly and as people say it: ``8010 s (2 h 13 min 30 s)``."""
    words = format_duration(count)
    return words if abs(count) < 60 else f"{count} s ({words})"


def amount(count: int, unit: str) -> str:
    """Write a duration exactly, in seconds: ``30 s``, or ``15.361 s`` of microseconds."""
    if unit == "seconds":
        return f"{count} s"
    whole, rest = divmod(abs(count), _MICROSECONDS)
    return f"{'-' * (count < 0)}{whole}.{_fraction(rest)} s"


def spoken(count: int, unit: str) -> str:
    """Write a duration exactly, and from a minute on also as people say it."""
    if unit == "seconds":
        return seconds(count)
    exact = amount(count, unit)
    whole = count // _MICROSECONDS
    return exact if whole < 60 else f"{exact} ({format_duration(whole)})"


def clock(microseconds: int) -> str:
    """Write a measured duration exactly, as people say it.

    Examples
    --------
    >>> clock(17_839_000), clock(4_032_500_000), clock(60_000_000)
    ('17.839 s', '1 h 7 min 12.500 s', '1 min')
    """
    if microseconds < 0:
        return f"-{clock(-microseconds)}"
    if not microseconds % _MICROSECONDS:
        return format_duration(microseconds // _MICROSECONDS)
    minutes, rest = divmod(microseconds, 60 * _MICROSECONDS)
    exact = amount(rest, "microseconds")
    return f"{format_duration(60 * minutes)} {exact}" if minutes else exact


def moment(time: datetime) -> str:
    """Write a moment exactly: ``2025-01-16 11:43:38.311+08:00``."""
    if not time.microsecond:
        return time.isoformat(" ", "seconds")
    return time.isoformat(
        " ", "microseconds" if time.microsecond % 1000 else "milliseconds"
    )


def _fraction(microseconds: int) -> str:
    digits = f"{microseconds:06}"
    return digits[:3] if digits.endswith("000") else digits
