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


def render_timeline_svg(timeline: Timeline, *, heading: bool = True) -> str:
    """Draw a timeline, under its heading or without; the same for the same timeline."""
    names = max((text_width(row.name, 12) for row in timeline.rows), default=0)
    left = _ICON + ceil(min(_WIDEST, max(_NARROWEST, names))) + _GAP
    height = _AXIS + _ROW * len(timeline.rows)
    chart = _Chart(timeline, left)
    drawing = [*chart.grid(height), *chart.rows(), *chart.path()]
    notes = max((text_width(row.note, 11) for row in timeline.rows), default=0)
    width = left + _CHART + _GAP + min(_NOTE, ceil(notes))
    size, legend = (width, height), _legend(timeline)
    return picture(timeline, legend, drawing, size, TIMELINE, heading=heading)


class _Chart:
    """The drawing, from (0, 0)."""

    def __init__(self, timeline: Timeline, left: int) -> None:
        self.timeline = timeline
        self.left = left

    def x(self, time: int) -> float:
        """Give the place of a time."""
        return round(self.left + _CHART * time / self.timeline.end, 1)

    def grid(self, height: int) -> Iterable[str]:
        """Draw the axis on top, its lines down to the last row, and the as-of line."""
        timeline = self.timeline
        for time, label in marks(timeline.end, timeline.begin, _MARKS):
            x = self.x(time)
            yield f'<path class="grid" d="M{x:g} {_AXIS - 6}V{height}"/>'
            yield write_text(label, "m", x, 12, 11, "middle")
        if timeline.now is not None:
            yield f'<path class="now" d="M{self.x(timeline.now):g} {_AXIS - 8}V{height}"/>'

    def rows(self) -> Iterable[str]:
        """Draw every row: name, waiting, bar, time limit and note."""
        for number, row in enumerate(self.timeline.rows):
            yield (
                f'<g class="row" transform="translate(0 {_AXIS + _ROW * number})" '
                f'role="graphics-symbol" data-id="{escape(row.id_text)}">'
                f"<title>{escape(row.description, quote=False)}</title>"
                f"{''.join(self._row(row))}</g>"
            )

    def _row(self, row: Row) -> Iterable[str]:
        style = "n c" if row.marked else "n"
        room = self.left - _ICON - _GAP
        yield write_icon(row.tone, 0, 5)
        yield write_text(ellipsize(row.name, room, 12), style, _ICON, 15, 12)
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
        note = ellipsize(row.note, _NOTE, 11)
        yield write_text(note, "m", self.left + _CHART + _GAP, 15, 11)

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
