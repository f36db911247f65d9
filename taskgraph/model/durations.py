"""Durations as people read them."""

from __future__ import annotations

__all__ = ["format_duration"]


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
