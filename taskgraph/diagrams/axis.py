"""Round marks on a time axis."""

from __future__ import annotations

from datetime import datetime, timedelta

from taskgraph.model.durations import format_measured
from taskgraph.model.engine import SECOND

__all__ = ["marks"]

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_ROUND = (
    *(step * 1000 for step in _STEPS),
    *(step * SECOND for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(step * 3600 * SECOND for step in (1, 2, 3, 6, 12, 24, 48, 120, 240, 720, 2400)),
)
"""Steps in microseconds, from a millisecond to a hundred days."""


def marks(end: int, begin: datetime | None, most: int) -> list[tuple[int, str]]:
    """Choose marks for an axis from 0 to `end` microseconds.

    Parameters
    ----------
    end : int
    begin : datetime or None
        The moment of 0: the marks are times of day then, else durations.
    most : int
        At most so many, unless the axis is longer than some thousand days.

    Returns
    -------
    list of (int, str)
        Place and label, ascending.
    """
    step = next((step for step in _ROUND if end // step < most), -(-end // most))
    first = 0
    if begin is not None:
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -((begin - midnight) // timedelta(microseconds=1)) % step
    return [(place, _label(place, begin, step)) for place in range(first, end + 1, step)]


def _label(place: int, begin: datetime | None, step: int) -> str:
    if begin is None:
        return format_measured(place)
    moment = begin + timedelta(microseconds=place)
    if step >= 24 * 3600 * SECOND:
        return moment.strftime("%m-%d")
    if step >= 60 * SECOND:
        return moment.strftime("%H:%M")
    if step >= SECOND:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}"
