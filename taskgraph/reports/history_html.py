"""Tables of the history as one HTML page with small plots; it needs nothing else."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeVar

from taskgraph.history.statistics import Distribution
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.words import visible
from taskgraph.reports.history_tables import Histogram, Section, TableReport, edge

__all__ = ["render_html"]

R = TypeVar("R")

_SECOND = 1_000_000
_MARKS = "p5", "p25", "p50", "p75", "p95", "max"
_WIDTH = 240
_EDGE = 4  # room for half a mark at either end
_CHART_WIDTH, _CHART_HEIGHT, _CHART_BASE = 720, 160, 140


def render_html(report: TableReport) -> str:
    """Write a report as a page; every text from a document is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("taskgraph.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["visible"] = visible
    template = environment.get_template("history.html")
    chart = None
    if report.histogram is not None and report.histogram.bins:
        chart = _chart(report.histogram)
    sections = [_section(section) for section in report.sections]
    return template.render(report=report, sections=sections, chart=chart) + "\n"


class _Scale(NamedTuple):
    """A logarithmic scale of microseconds on the width of a plot."""

    low: float
    high: float

    def place(self, microseconds: int) -> float:
        value = math.log(max(microseconds, 1000))
        part = (value - self.low) / max(self.high - self.low, 1e-9)
        return round(_EDGE + (_WIDTH - 2 * _EDGE) * min(max(part, 0.0), 1.0), 1)


def _section(section: Section[R]) -> dict[str, Any]:
    scale, label = _scale(section)
    heads = [
        {"label": column.label, "is_number": column.is_number} for column in section.columns
    ]
    rows = [
        {"texts": section.texts(row), "plot": scale and _plot(section, row, scale)}
        for row in section.rows
    ]
    has_plots = {"has_plots": scale is not None, "scale": label}
    return {"title": section.title, "heads": heads, "rows": rows} | has_plots


def _spread(section: Section[R], row: R) -> dict[str, int]:
    """Give what a plot marks, by name; nothing where nothing was measured."""
    spread = Distribution() if section.spread is None else section.spread(row)
    marks = {name: getattr(spread, name) for name in _MARKS}
    return {name: value for name, value in marks.items() if value is not None}


def _limit(section: Section[R], row: R) -> int | None:
    """Give the timeout in microseconds, if there is one."""
    seconds = None if section.limit is None else section.limit(row)
    return seconds * _SECOND if seconds is not None and seconds > 0 else None


def _scale(section: Section[R]) -> tuple[_Scale | None, str]:
    """Give the scale that all plots of a section share, and what it reaches over."""
    values: list[int] = []
    for row in section.rows:
        if spread := _spread(section, row):
            limit = _limit(section, row)
            values += [spread["p5"], spread["max"], *([limit] if limit else [])]
    if not values:
        return None, ""
    low, high = max(min(values), 1000), max(*values, 1001)
    return _Scale(
        math.log(low), math.log(high)
    ), f"{format_measured(low)} to {format_measured(high)}"


def _plot(section: Section[R], row: R, scale: _Scale) -> dict[str, Any] | None:
    """Place the marks of one row: whiskers, box, median, longest, timeout."""
    spread = _spread(section, row)
    if not spread:
        return None
    limit = _limit(section, row)
    places: dict[str, Any] = {name: scale.place(value) for name, value in spread.items()}
    label = ", ".join(f"{name} {format_measured(value)}" for name, value in spread.items())
    if limit is not None:
        label += f", timeout {format_duration(limit // _SECOND)}"
    return places | {
        "width": max(1.0, round(places["p75"] - places["p25"], 1)),
        "limit": None if limit is None else scale.place(limit),
        "label": label,
    }


def _chart(histogram: Histogram) -> dict[str, Any]:
    """Place the bars of a histogram; all but the last bin have one width."""
    bins = histogram.bins
    width = _CHART_WIDTH / len(bins)
    most = max(count for _, _, count in bins)
    bars = [
        {
            "x": round(number * width, 1),
            "y": round(_CHART_BASE * (1 - count / most), 1),
            "width": round(width - 1, 1),
            "height": round(_CHART_BASE * count / most, 1),
            "is_late": start > histogram.window,
            "label": f"{edge(start)} to {edge(end)}: {count}",
        }
        for number, (start, end, count) in enumerate(bins)
    ]
    first, step = bins[0][0], max(1, bins[0][1] - bins[0][0])
    place = (histogram.window - first) / step * width
    return {
        "width": _CHART_WIDTH,
        "height": _CHART_HEIGHT,
        "base": _CHART_BASE,
        "bars": bars,
        "limit": round(place, 1) if 0 <= place <= _CHART_WIDTH else None,
        "first": edge(first),
        "last": f"{edge(bins[-1][0])} and longer",
    }
