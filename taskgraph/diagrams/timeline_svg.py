"""The timeline as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import accumulate, groupby, pairwise
from math import ceil

from taskgraph.diagrams.palette import HATCHED, TIMELINE
from taskgraph.diagrams.picture import (
    MARGIN,
    PAGE,
    LegendItem,
    hatching,
    legend_items,
    picture,
    write_icon,
    write_text,
)
from taskgraph.diagrams.text import alike, ellipsize, text_width, wrap
from taskgraph.diagrams.timeline import Timeline, marks
from taskgraph.diagrams.timeline_rows import Row

_CHART = 760
_ROW = 22
_BAR = 12
_AXIS = 26
_ICON = 18
_NARROWEST, _WIDEST = 80, 300  # of the names
_NOTE = 420  # as wide as a note may be, if the page is no wider
_GAP = 14
_MARKS = 9
_PHONE = 320
_LINE = 18  # of names and notes above the bars, on a phone
_NOTE_LINES = 3


def render_timeline_svg(
    timeline: Timeline, *, heading: bool = True, phone: bool = False
) -> str:
    """Draw a timeline, under its heading or without; the same for the same timeline.

    For a phone it is narrow: names and notes stand above the bars and not beside them.
    """
    chart = _Chart(timeline, phone=phone)
    drawing = [*chart.rows(), *(() if phone else chart.path())]
    if timeline.rows:
        drawing = [*chart.grid(), *drawing]
    size, legend = (chart.width, chart.height), _legend(timeline)
    more = {"margin": 4, "narrowest": _PHONE} if phone else {}
    return picture(timeline, legend, drawing, size, TIMELINE, heading=heading, **more)


class _Chart:
    """The drawing, from (0, 0)."""

    def __init__(self, timeline: Timeline, *, phone: bool) -> None:
        self.timeline = timeline
        rows, labels = timeline.rows, timeline.labels
        names = max((text_width(label, 12) for label in labels), default=0)
        notes = max((text_width(row.note, 11) for row in rows), default=0)
        self.phone = phone
        self.left = _ICON + ceil(min(_WIDEST, max(_NARROWEST, names))) + _GAP
        most = max(_NOTE, PAGE - 2 * MARGIN - self.left - _CHART - _GAP)
        self.note = min(most, ceil(notes))
        self.chart, self.name, self.marks = _CHART, self.left - _ICON - _GAP, _MARKS
        self.width = self.left + _CHART + _GAP + self.note
        if phone:
            self.left, self.chart, self.width, self.marks = 0, _PHONE, _PHONE, 4
            self.name = _PHONE - _ICON
        same = alike(labels, lambda text: ellipsize(text, self.name, 12))
        self.names = [
            ellipsize(label, self.name, 12, middle=label in same) for label in labels
        ]
        self.below = [
            self._below(name, row) for name, row in zip(self.names, rows, strict=True)
        ]
        above = (_LINE * (1 + len(below)) if phone else 0 for below in self.below)
        self.tops = list(accumulate((_ROW + high for high in above), initial=_AXIS))
        self.height = self.tops[-1]

    def x(self, time: int) -> float:
        """Give the place of a time."""
        return round(self.left + self.chart * time / self.timeline.end, 1)

    def _below(self, name: str, row: Row) -> tuple[str, ...]:
        """Give the lines of a note that has no room beside its name on a phone."""
        beside = _ICON + text_width(name, 12) + _GAP + text_width(row.note, 11)
        if not self.phone or beside <= self.width:
            return ()
        return wrap(row.note, self.name, 11, _NOTE_LINES)

    def grid(self) -> Iterable[str]:
        """Draw the axis on top, its lines down to the last row, and the as-of line."""
        timeline, height = self.timeline, self.height
        for time, label in marks(timeline.end, timeline.begin, self.marks):
            x = self.x(time)
            yield f'<path class="grid" d="M{x:g} {_AXIS - 6}V{height}"/>'
            half = text_width(label, 11) / 2
            anchor = "end" if x + half > self.width else "start" if x < half else "middle"
            yield write_text(label, "m", x, 12, 11, anchor)
        if timeline.now is not None:
            yield f'<path class="now" d="M{self.x(timeline.now):g} {_AXIS - 8}V{height}"/>'

    def rows(self) -> Iterable[str]:
        """Draw every row: name, waiting, bar, time limit and note."""
        for number, row in enumerate(self.timeline.rows):
            yield (
                f'<g class="row" transform="translate(0 {self.tops[number]})" '
                f'role="graphics-symbol" data-id="{escape(row.id_text)}">'
                f"<title>{escape(row.description, quote=False)}</title>"
                f"{''.join(self._row(number, row))}</g>"
            )

    def _row(self, number: int, row: Row) -> Iterable[str]:
        if row.status:  # a definition has none
            yield write_icon(row.tone, 0, 5)
        yield write_text(self.names[number], "n c" if row.marked else "n", _ICON, 15, 12)
        times = "".join(self._times(row))
        if not self.phone:
            yield times
            note = ellipsize(row.note, self.note, 11)
            yield write_text(note, "m", self.width - self.note, 15, 11)
            return
        below = self.below[number]
        if not below:
            yield write_text(row.note, "m", self.width, 15, 11, "end")
        for place, text in enumerate(below, 1):
            yield write_text(text, "m", _ICON, 15 + _LINE * place, 11)
        yield f'<g transform="translate(0 {_LINE * (1 + len(below))})">{times}</g>'

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
        if not row.is_coming:
            style = f"bar {row.tone}" + " many" * row.several + " c" * row.marked
            for bar in row.bars:
                first, last = map(self.x, bar)
                yield (
                    f'<rect class="{style}" x="{first:g}" y="5" '
                    f'width="{max(last - first, 1.5):g}" height="{_BAR}" rx="2"/>'
                )
                if row.tone in HATCHED:
                    lines = hatching(ceil(first), int(last), _BAR + 4, _BAR - 2)
                    yield f'<path class="z {row.tone}" d="{lines}"/>' if lines else ""
            yield from self._density(row)
        if row.pause is not None:
            first, last = map(self.x, row.pause)
            yield f'<path class="pause" d="M{first:g} 11H{last:g}"/>'
        yield from self._limit(row, self.x(row.finish))

    def _density(self, row: Row) -> Iterable[str]:
        """Draw how many ran at once: the higher the more."""
        if row.density:
            start, finish = self.x(row.start), self.x(row.finish)
            wide, high = (finish - start) / len(row.density), _BAR / max(row.density)
            bottom, data, x = 5 + _BAR, [f"M{start:g} {5 + _BAR}"], start
            for count, part in groupby(row.density):
                x += wide * len(list(part))
                data.append(f"V{bottom - high * count:.4g}H{x:.5g}")
            yield f'<path class="d {row.tone}" d="{"".join(data)}V{bottom}z"/>'

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
            y1 = self.tops[here] + (5 + _BAR if down else 5)
            y2 = self.tops[there] + (3 if down else 7 + _BAR)
            middle = self.tops[there if down else there + 1]
            yield f'<path class="e c" d="M{x1:g} {y1}V{middle}H{x2:g}V{y2}"/>'


def _legend(timeline: Timeline) -> list[LegendItem]:
    """Explain the icons, bars and lines that are there."""
    rows, planned = timeline.rows, timeline.planned
    words = {row.tone: row.status for row in rows if row.status}
    limited = any(map(timeline.shows_limit, rows))
    waited = limited if planned else any(row.ready is not None for row in rows)
    marked = any(row.marked for row in rows)
    several = any(row.several for row in rows)
    paused = any(row.pause is not None for row in rows)
    coming = any(row.ghost is not None for row in rows)
    left = "left by the timeouts, without waits for slots"
    marks = (
        (several, "bar", "bar many pending", "several runs or subtasks", 24),
        (any(row.density for row in rows), "bar", "d pending", "how many at once", 24),
        (paused, "line", "pause", "pauses and other attempts", 24),
        (marked, "bar", "bar c pending", f"on the {timeline.path_name}", 24),
        (waited, "line", "wait", "may slip" if planned else "waiting", 24),
        (limited, "tick", "limit", "latest finish" if planned else "timeout", 8),
        (timeline.now is not None, "line", "now", "as of", 24),
        (coming, "bar", "ghost pending", left, 24),
    )
    return legend_items(words, marks)
