"""The times of a document, as aware datetimes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from operator import attrgetter
from typing import Any

from taskgraph.model import Subtask, Task

__all__ = ["SHORTEST_TIME", "parse_time", "parse_times", "with_offsets"]

SHORTEST_TIME = len("20250116T1143")
"""A date alone is shorter."""
_read = datetime.fromisoformat
_EDGES = frozenset({1, 9999})  # the years in which a time may have no UTC
_ATTRIBUTES = ("create_time", "start_time", "finish_time")
_YEAR, _OFFSET = attrgetter("year"), attrgetter("tzinfo")
_TIMES = attrgetter(*_ATTRIBUTES)


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 date and time; digits beyond the microsecond are cut off.

    Called for every time of a document, so it looks twice only in the years 1 and 9999.

    Returns
    -------
    datetime or None
        Without an offset where the text has none. ``None`` for the year 1, which is how
        programs write that there is no time yet.

    Raises
    ------
    ValueError
        If the text is no date and time, or so late that it has no UTC.
    """
    time = _read(text)
    if 1 < time.year < 9999:
        return time
    if time.year == 1:
        return None
    try:
        time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
    return time


def parse_times(texts: list[str | None]) -> list[datetime | None]:
    """Read a column of times, faster than one by one; see :func:`parse_time`."""
    times = list(map(_read, filter(None, texts)))
    if not _EDGES.isdisjoint(map(_YEAR, times)):
        return [None if text is None else parse_time(text) for text in texts]
    if len(times) == len(texts):
        return [*times]
    following = iter(times)
    return [None if text is None else next(following) for text in texts]


def _are_naive(task: Task) -> bool:
    """Tell whether any time of a task's subtasks has no offset, without a loop."""
    times = chain.from_iterable(map(_TIMES, task.subtasks))
    return None in map(_OFFSET, filter(None, times))


def with_offsets(task: Task) -> Task:
    """Read the times without an offset with the one that the document's others have.

    Returns
    -------
    Task
        With aware times only. ``naive_times`` and ``assumed_offset`` say what was done.
    """
    envelope = task.envelope
    timestamp = None if envelope is None else envelope.timestamp
    own = [getattr(task, name) for name in _ATTRIBUTES]
    is_naive = None in map(_OFFSET, filter(None, [*own, timestamp]))
    if not is_naive and not _are_naive(task):
        return task
    times = [*task.times(), *filter(None, [timestamp])]
    zone = _usual_offset(times)
    naive: list[tuple[int | None, str]] = []
    changes: dict[str, Any] = {}
    if envelope is not None and timestamp is not None and timestamp.tzinfo is None:
        naive.append((None, "timestamp"))
        envelope = replace(envelope, timestamp=timestamp.replace(tzinfo=zone))
    for name in _naive_attributes(task):
        naive.append((None, name))
        changes[name] = getattr(task, name).replace(tzinfo=zone)
    subtasks = list(task.subtasks)
    for position, subtask in enumerate(subtasks):
        names = _naive_attributes(subtask)
        if names:
            naive += [(position, name) for name in names]
            aware: dict[str, Any] = {
                name: getattr(subtask, name).replace(tzinfo=zone) for name in names
            }
            subtasks[position] = subtask._replace(**aware)
    return replace(
        task,
        subtasks=tuple(subtasks),
        envelope=envelope,
        naive_times=tuple(naive),
        assumed_offset=datetime(2000, 1, 1, tzinfo=zone).isoformat()[19:],
        **changes,
    )


def _naive_attributes(item: Task | Subtask) -> list[str]:
    found = ((name, getattr(item, name)) for name in _ATTRIBUTES)
    return [name for name, time in found if time is not None and time.tzinfo is None]


def _usual_offset(times: Iterable[datetime]) -> tzinfo:
    """Give the offset that most times have, the smallest where several do; else UTC."""
    zones = {time.utcoffset(): time.tzinfo for time in times if time.tzinfo is not None}
    counts = Counter(time.utcoffset() for time in times if time.tzinfo is not None)
    if not counts:
        return UTC
    offset = min(counts, key=lambda found: (-counts[found], found or timedelta()))
    return zones[offset]
