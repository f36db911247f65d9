"""Reports that are made of tables, before they take a form; and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from taskgraph.history.odds import Bin
from taskgraph.history.statistics import Distribution
from taskgraph.model.words import visible
from taskgraph.reports.markdown import escaped, table

__all__ = [
    "NOTHING",
    "Column",
    "Histogram",
    "Section",
    "TableReport",
    "cell",
    "percent",
    "render_markdown",
    "span",
]

Unit: TypeAlias = Literal["text", "word", "count", "us", "seconds", "ppm", "share"]
"""``us`` are microseconds, ``ppm`` millionths, a ``share`` is from 0 to 1, and a ``word``
is a text that is never broken."""
R = TypeVar("R")

NOTHING = "–"
_SECOND = 1_000_000
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
class Section(Generic[R]):
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
    sections: Sequence[Section[Any]]
    notes: Sequence[str] = ()
    histogram: Histogram | None = None


def span(microseconds: int) -> str:
    """Write a measured time short, as options take it.

    Examples
    --------
    >>> span(198_000), span(12_340_000), span(8_010_400_000)
    ('0.198s', '12.3s', '2h13m30s')
    """
    if microseconds < 0:
        return f"-{span(-microseconds)}"
    for bound, digits in ((1, 3), (10, 2), (60, 1)):
        if 0 < microseconds < bound * _SECOND:
            return f"{microseconds / _SECOND:.{digits}f}s"
    return _whole(round(microseconds / _SECOND))


def _whole(seconds: int) -> str:
    """Write whole seconds short, in three units at most: only days hide the seconds."""
    if seconds < 0:
        return f"-{_whole(-seconds)}"
    left = seconds
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count and len(parts) < 3:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def cell(value: object, unit: Unit) -> str:
    """Write a value for people; names are made safe to show."""
    if value is None:
        return NOTHING
    if isinstance(value, int | float):
        match unit:
            case "us":
                return span(int(value))
            case "seconds":
                return _whole(int(value))
            case "ppm":
                return percent(value / _SECOND)
            case "share":
                return percent(value)
    return visible(str(value))


def percent(share: float) -> str:
    """Write a share: with two digits where little is there, or little is missing.

    Examples
    --------
    >>> percent(0.5), percent(0.0047), percent(0.9953), percent(1.0)
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
