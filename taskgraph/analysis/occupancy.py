"""Who held the slots while a subtask waited, as far as the times prove it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from taskgraph.analysis.premises import Premises
from taskgraph.model.engine import SpanKind, measured_span

__all__ = ["Occupancy", "occupancy"]

_SINGLE = frozenset({SpanKind.ONE_RUN, SpanKind.RUNNING})


class Occupancy(NamedTuple):
    """When all slots were taken.

    Attributes
    ----------
    seconds : float
        For how long in all, at least: what ran several times is not counted, since nothing
        tells when it ran.
    holders : tuple of int
        The nodes at work at one of these moments, ascending.
    """

    seconds: float
    holders: tuple[int, ...]


def occupancy(
    premises: Premises, begin: datetime, end: datetime, until: datetime | None
) -> Occupancy:
    """Sweep over the starts and finishes between two moments.

    Parameters
    ----------
    premises : Premises
    begin, end : datetime
    until : datetime or None
        Until when what still runs has run.
    """
    limit, events = premises.slots, list[tuple[datetime, bool, int]]()
    for node, subtask in enumerate(premises.graph.subtasks):
        span = measured_span(subtask, until)
        if span is not None and span.kind in _SINGLE:
            start, finish = max(span.start, begin), min(span.finish, end)
            if start < finish:
                events += [(start, True, node), (finish, False, node)]
    events.sort()  # at one moment the finishes first: a slot is handed over
    taken, since = timedelta(), begin
    flying: set[int] = set()
    holders: set[int] = set()
    for moment, starts, node in events:
        if limit and len(flying) >= limit and moment > since:
            taken += moment - since
            holders |= flying
        since = moment
        (flying.add if starts else flying.remove)(node)
    return Occupancy(taken.total_seconds(), tuple(sorted(holders)))
