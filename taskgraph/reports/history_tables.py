"""Reports that are made of tables, before they take a form; and as Markdown and HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from taskgraph.history.chances import Bin
from taskgraph.history.statistics import Distribution
from taskgraph.model.durations import format_duration, format_measured, format_rounded
from taskgraph.model.engine import SECOND
from taskgraph.model.words import counted, visible
from taskgraph.reports.markdown import escaped, table

if TYPE_CHECKING:
    from jinja2 import Template

Unit: TypeAlias = Literal["text", "word", "count", "us", "seconds", "ppm", "share"]
"""``us`` are microseconds, ``ppm`` millionths, a ``share`` is from 0 to 1, and a ``word``
is a text that is never broken."""
R = TypeVar("R")

NOTHING = "–"
_NEGLIGIBLE = 1e-7  # per cent: rounding of floating point numbers, no finding


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a table: what it is called, and what gives its value of a row."""

    label: str
    value: Callable[[R], object]
    unit: Unit = "text"
    is_extra: bool = False  # may be left out where there is no room for it

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.unit not in {"text", "word"}


@dataclass(frozen=True, slots=True)
class TitledTable(Generic[R]):
    """A table of results of one kind, with its title.

    The columns are what people are shown; programs get every value of a row. A row's
    ``spread`` are the microseconds that a plot of it shows, if there is one, its ``limit``
    the timeout in seconds that such a plot marks.
    """

    title: str
    columns: Sequence[Column[R]]
    rows: Sequence[R]
    spread: Callable[[R], Distribution] | None = None
    limit: Callable[[R], int | None] | None = None

    def texts(self, row: R) -> list[str]:
        """Give the cells of a row as people read them."""
        return [cell(column.value(row), column.unit) for column in self.columns]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often makespans of some length come up; the last bin is wider."""

    bins: Sequence[Bin]
    window: int  # microseconds


@dataclass(frozen=True, slots=True)
class TableReport:
    """A report for people before it takes a form.

    Its facts are labels and values that come before the tables, its notes what to know
    about the numbers.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[TitledTable[Any]]
    notes: Sequence[str] = ()
    histogram: Histogram | None = None


def kind_name(subtask: str | None) -> str:
    """Name a kind within those of its task."""
    return "(the whole task)" if subtask is None else subtask


def edge(microseconds: int) -> str:
    """Write where a bin begins or ends: no run took that, so milliseconds are enough."""
    return format_measured(round(microseconds, -3))


def cell(value: object, unit: Unit) -> str:
    """Write a value for people; names are made safe to show."""
    if value is None:
        return NOTHING
    if isinstance(value, int | float):
        match unit:
            case "count":
                return f"{value:,}"
            case "us":
                return format_rounded(int(value))
            case "seconds":
                return format_duration(int(value))
            case "ppm":
                return share_text(_cut(int(value)) / SECOND)
            case "share":
                return share_text(value)
    return visible(str(value))


def _cut(ppm: int) -> int:
    """Cut what was measured to the digits that :func:`share_text` writes."""
    rest = SECOND - ppm
    if 0 < rest < SECOND // 100:
        step: int = 10 ** max(len(str(rest)) - 2, 0)
    else:
        step = min(10 ** max(len(str(ppm)) - 2, 0), SECOND // 100)
    return ppm - ppm % step


def share_text(share: float) -> str:
    """Write a share: with two digits where little is there, or little is missing.

    Examples
    --------
    >>> share_text(0.5), share_text(0.0047), share_text(0.9953), share_text(1.0)
    ('50 %', '0.47 %', '99.53 %', '100 %')
    """
    value = 100 * share
    rest = 100 - value
    if _NEGLIGIBLE < rest < 1:
        digits = 1 - math.floor(math.log10(rest))
        return f"{value:.{digits}f}".rstrip("0").rstrip(".") + " %"
    if value >= 10 or value < _NEGLIGIBLE:
        return f"{value:.0f} %"
    return f"{value:.2g} %"


def render_markdown(report: TableReport) -> str:
    """Write a report as Markdown tables."""
    parts = [f"# {escaped(report.title)}"]
    parts.append("\n".join(f"- {escaped(a)}: {escaped(b)}" for a, b in report.facts))
    for section in report.sections:
        heads = [escaped(column.label) for column in section.columns]
        rows = [[escaped(text) for text in section.texts(row)] for row in section.rows]
        aligned = [column.is_number for column in section.columns]
        parts += [f"## {escaped(section.title)}", table(heads, rows, aligned)]
    parts.append("\n".join(f"- {escaped(note)}" for note in report.notes))
    return "\n\n".join(filter(None, parts)) + "\n"


# --- as a page -----------------------------------------------------------------------


_MARKS = "p5", "p25", "p50", "p75", "p95", "max"
_WIDTH = 240
_EDGE = 4  # room for half a mark at either end
_CHART_WIDTH, _CHART_HEIGHT, _CHART_BASE = 720, 160, 140


def render_html(report: TableReport) -> str:
    """Write a report as a page; every text from a document is escaped."""
    chart = None
    if report.histogram is not None and report.histogram.bins:
        chart = _chart(report.histogram)
    sections = [_section(section) for section in report.sections]
    return _template().render(report=report, sections=sections, chart=chart) + "\n"


@cache
def _template() -> Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("taskgraph.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["visible"] = visible
    return environment.get_template("history.html")


class _Scale(NamedTuple):
    """A logarithmic scale of microseconds on the width of a plot."""

    low: float
    high: float

    def place(self, microseconds: int) -> float:
        value = math.log(max(microseconds, 1000))
        part = (value - self.low) / max(self.high - self.low, 1e-9)
        return round(_EDGE + (_WIDTH - 2 * _EDGE) * min(max(part, 0.0), 1.0), 1)


def _section(section: TitledTable[R]) -> dict[str, Any]:
    scale, label = _scale(section)
    rows = [
        {"texts": section.texts(row), "plot": scale and _plot(section, row, scale)}
        for row in section.rows
    ]
    plots = {"has_plots": scale is not None, "scale": label}
    return {"title": section.title, "heads": section.columns, "rows": rows} | plots


def _spread(section: TitledTable[R], row: R) -> dict[str, int]:
    """Give what a plot marks, by name; nothing where nothing was measured."""
    spread = Distribution() if section.spread is None else section.spread(row)
    marks = {name: getattr(spread, name) for name in _MARKS}
    return {name: value for name, value in marks.items() if value is not None}


def _limit(section: TitledTable[R], row: R) -> int | None:
    """Give the timeout in microseconds, if there is one."""
    seconds = None if section.limit is None else section.limit(row)
    return seconds * SECOND if seconds is not None and seconds > 0 else None


def _scale(section: TitledTable[R]) -> tuple[_Scale | None, str]:
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


def _plot(section: TitledTable[R], row: R, scale: _Scale) -> dict[str, Any] | None:
    """Place the marks of one row: whiskers, box, median, longest, timeout."""
    spread = _spread(section, row)
    if not spread:
        return None
    limit = _limit(section, row)
    places: dict[str, Any] = {name: scale.place(value) for name, value in spread.items()}
    label = ", ".join(f"{name} {format_measured(value)}" for name, value in spread.items())
    if limit is not None:
        label += f", timeout {format_duration(limit // SECOND)}"
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
            "label": f"{edge(start)} to {edge(end)}: {counted(count)}",
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
