"""The timeline as text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.diagrams.axis import marks
from taskgraph.diagrams.terminal import columns, fit, packed
from taskgraph.diagrams.timeline import Row, Timeline
from taskgraph.model.statuses import SIGNS

__all__ = ["render_timeline_text"]

_NARROWEST = 60
_MARK_ROOM = 14  # columns from one mark of the axis to the next, at least


def render_timeline_text(timeline: Timeline, width: int = 100) -> str:
    """Write a timeline in lines of text, without colours.

    Parameters
    ----------
    timeline : Timeline
    width : int
        The columns of the terminal; at least 60 are used.

    Returns
    -------
    str
        It ends in a line feed. ``█`` ran or will run, ``▒`` several runs, ``·`` waited
        or may slip, ``|`` the time limit or the latest finish, ``¦`` as of; ``*`` marks
        the as-run path or the critical path.
    """
    width = max(width, _NARROWEST)
    names = min(width // 3, max((columns(row.name) for row in timeline.rows), default=0))
    chart = width - names - 5
    left = " " * (names + 4)
    lines = [timeline.title]
    lines += packed((timeline.subtitle, *timeline.summary), " · ", width)
    lines += [*timeline.notes, ""]
    lines.append(left + _axis(timeline, chart))
    for row in timeline.rows:
        sign = "*" if row.marked else " "
        lines.append(
            f"{SIGNS[row.tone]} {fit(row.name, names)}{sign} {_bar(timeline, row, chart)}"
        )
        lines.append(f"{left}{row.note}")
    lines += ["", *packed(_key(timeline), "   ", width), ""]
    return "\n".join(fit(line, width).rstrip() for line in lines)


def _place(timeline: Timeline, time: int, chart: int) -> int:
    return min(chart - 1, time * chart // timeline.end)


def _axis(timeline: Timeline, chart: int) -> str:
    cells = [" "] * (chart + _MARK_ROOM)
    most = max(2, chart // _MARK_ROOM)
    for time, label in marks(timeline.end, timeline.begin, most):
        place = _place(timeline, time, chart)
        if place + len(label) <= chart:
            cells[place : place + len(label)] = label
    return "".join(cells)


def _bar(timeline: Timeline, row: Row, chart: int) -> str:
    cells = [" "] * chart
    start = _place(timeline, row.start, chart)
    finish = _place(timeline, row.finish, chart)
    if row.ready is not None:
        ready = _place(timeline, row.ready, chart)
        cells[ready:start] = "·" * (start - ready)
    if timeline.now is not None:
        cells[_place(timeline, timeline.now, chart)] = "¦"
    if row.limit is not None and row.limit <= timeline.end:
        limit = _place(timeline, row.limit, chart)
        if timeline.planned:
            cells[finish:limit] = "·" * (limit - finish)
        cells[limit] = "|"
    sign = "▒" if row.several else "█"
    length = max(1, finish - start)
    cells[start : start + length] = sign * length
    return "".join(cells)


def _key(timeline: Timeline) -> Iterable[str]:
    """Explain the signs that are there."""
    rows = timeline.rows
    seen = [r for r in rows if r.limit is not None and r.limit <= timeline.end]
    if timeline.planned:
        pairs: Iterable[tuple[bool, str]] = (
            (True, "█ at the longest"),
            (bool(seen), "· may slip"),
            (bool(seen), "| latest finish"),
            (any(r.marked for r in rows), "* critical path"),
        )
    else:
        pairs = (
            (True, "█ ran"),
            (any(r.several for r in rows), "▒ several runs"),
            (any(r.ready is not None for r in rows), "· waited"),
            (bool(seen), "| time limit"),
            (timeline.now is not None, "¦ as of"),
            (any(r.marked for r in rows), "* as-run path"),
        )
    return (text for applies, text in pairs if applies)
