"""The timeline as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import pairwise
from math import ceil

from taskgraph.diagrams.canvas import (
    LegendItem,
    legend_items,
    picture,
    write_icon,
    write_text,
)
from taskgraph.diagrams.palette import TIMELINE
from taskgraph.diagrams.text import ellipsize, text_width
from taskgraph.diagrams.timeline import Row, Timeline, marks

__all__ = ["render_timeline_svg"]

_CHART = 760
_ROW = 22
_BAR = 12
_AXIS = 26
_ICON = 18
_NARROWEST, _WIDEST = 80, 300  # of the names
_NOTE = 420
_GAP = 14
_MARKS = 9
_PHONE = 320
_LEAST_NOTE = 80
_LINE = 18  # of names and notes above the bars, on a phone


def render_timeline_svg(
    timeline: Timeline, *, heading: bool = True, phone: bool = False
) -> str:
    """Draw a timeline, under its heading or without; the same for the same timeline.

    For a phone it is narrow: names and notes stand above the bars and not beside them.
    """
    chart = _Chart(timeline, phone=phone)
    height = _AXIS + chart.row * len(timeline.rows)
    drawing = [*chart.grid(height), *chart.rows(), *(() if phone else chart.path())]
    size, legend = (chart.width, height), _legend(timeline)
    more = {"margin": 4, "narrowest": _PHONE} if phone else {}
    return picture(timeline, legend, drawing, size, TIMELINE, heading=heading, **more)


class _Chart:
    """The drawing, from (0, 0)."""

    def __init__(self, timeline: Timeline, *, phone: bool) -> None:
        self.timeline = timeline
        names = max((text_width(row.name, 12) for row in timeline.rows), default=0)
        notes = max((text_width(row.note, 11) for row in timeline.rows), default=0)
        self.line = _LINE if phone else 0
        self.row = _ROW + self.line
        self.note = min(_NOTE, ceil(notes))
        self.left = _ICON + ceil(min(_WIDEST, max(_NARROWEST, names))) + _GAP
        self.chart, self.name, self.marks = _CHART, self.left - _ICON - _GAP, _MARKS
        self.width = self.left + _CHART + _GAP + self.note
        if phone:
            self.left, self.chart, self.width, self.marks = 0, _PHONE, _PHONE, 4
            self.name = _PHONE - _ICON - _GAP - min(self.note, _LEAST_NOTE)

    def x(self, time: int) -> float:
        """Give the place of a time."""
        return round(self.left + self.chart * time / self.timeline.end, 1)

    def grid(self, height: int) -> Iterable[str]:
        """Draw the axis on top, its lines down to the last row, and the as-of line."""
        timeline = self.timeline
        for time, label in marks(timeline.end, timeline.begin, self.marks):
            x = self.x(time)
            yield f'<path class="grid" d="M{x:g} {_AXIS - 6}V{height}"/>'
            outside = x + text_width(label, 11) / 2 > self.width
            yield write_text(label, "m", x, 12, 11, "end" if outside else "middle")
        if timeline.now is not None:
            yield f'<path class="now" d="M{self.x(timeline.now):g} {_AXIS - 8}V{height}"/>'

    def rows(self) -> Iterable[str]:
        """Draw every row: name, waiting, bar, time limit and note."""
        for number, row in enumerate(self.timeline.rows):
            yield (
                f'<g class="row" transform="translate(0 {_AXIS + self.row * number})" '
                f'role="graphics-symbol" data-id="{escape(row.id_text)}">'
                f"<title>{escape(row.description, quote=False)}</title>"
                f"{''.join(self._row(row))}</g>"
            )

    def _row(self, row: Row) -> Iterable[str]:
        style = "n c" if row.marked else "n"
        yield write_icon(row.tone, 0, 5)
        name = ellipsize(row.name, self.name, 12)
        yield write_text(name, style, _ICON, 15, 12)
        room = self.width - _ICON - _GAP - text_width(name, 12) if self.line else self.note
        note = ellipsize(row.note, room, 11)
        if self.line:
            yield write_text(note, "m", self.width, 15, 11, "end")
            yield f'<g transform="translate(0 {self.line})">{"".join(self._times(row))}</g>'
        else:
            yield from self._times(row)
            yield write_text(note, "m", self.width - self.note, 15, 11)

    def _times(self, row: Row) -> Iterable[str]:
        start = self.x(row.start)
        if row.ready is not None:
            yield f'<path class="wait" d="M{self.x(row.ready):g} 11H{start:g}"/>'
        if row.ghost is not None:
            first, last = map(self.x, row.ghost)
            yield (
                f'<rect class="ghost {row.tone}" x="{first:g}" y="7" '
                f'width="{max(last - first, 1.5):g}" height="{_BAR - 4}" rx="2"/>'
            )
        if row.ghost is None or row.finish > row.start:
            for bar in row.bars:
                first, last = map(self.x, bar)
                yield (
                    f'<rect class="{_bar_style(row)}" x="{first:g}" y="5" '
                    f'width="{max(last - first, 1.5):g}" height="{_BAR}" rx="2"/>'
                )
        if row.pause is not None:
            first, last = map(self.x, row.pause)
            yield f'<path class="pause" d="M{first:g} 11H{last:g}"/>'
        yield from self._limit(row, self.x(row.finish))

    def _limit(self, row: Row, finish: float) -> Iterable[str]:
        """Mark the end of the timeout, or of a plan's float, where it can be seen."""
        if row.limit is None or not self.timeline.shows_limit(row):
            return
        x = self.x(row.limit)
        if self.timeline.planned:
            yield f'<path class="wait" d="M{finish:g} 11H{x:g}"/>'
        yield f'<path class="limit" d="M{x:g} 3V19"/>'

    def path(self) -> Iterable[str]:
        """Join the bars of the as-run path."""
        rows = self.timeline.rows
        for here, there in pairwise(self.timeline.path):
            x1, x2 = self.x(rows[here].finish), self.x(rows[there].start)
            down = here < there
            y1 = _AXIS + _ROW * here + (5 + _BAR if down else 5)
            y2 = _AXIS + _ROW * there + (3 if down else 7 + _BAR)
            middle = _AXIS + _ROW * (there if down else there + 1)
            yield f'<path class="e c" d="M{x1:g} {y1}V{middle}H{x2:g}V{y2}"/>'


def _bar_style(row: Row) -> str:
    marks = ((" many", row.several), (" c", row.marked))
    return f"bar {row.tone}" + "".join(name for name, applies in marks if applies)


def _legend(timeline: Timeline) -> list[LegendItem]:
    """Explain the icons, bars and lines that are there."""
    rows, planned = timeline.rows, timeline.planned
    words = {row.tone: row.state.partition(",")[0] for row in rows if row.state}
    limited = any(map(timeline.shows_limit, rows))
    waited = limited if planned else any(row.ready is not None for row in rows)
    marked = any(row.marked for row in rows)
    several = any(row.several for row in rows)
    marks = (
        (several, "bar", "bar many pending", "several runs or subtasks", 24),
        (
            any(row.pause is not None for row in rows),
            "line",
            "pause",
            "pauses and other attempts",
            24,
        ),
        (marked, "bar", "bar c pending", f"on the {timeline.path_name}", 24),
        (waited, "line", "wait", "may slip" if planned else "waiting", 24),
        (limited, "tick", "limit", "latest finish" if planned else "time limit", 8),
        (timeline.now is not None, "line", "now", "as of", 24),
        (
            any(row.ghost is not None for row in rows),
            "bar",
            "ghost pending",
            "left by the timeouts, without waits for slots",
            24,
        ),
    )
    return legend_items(words, marks)
