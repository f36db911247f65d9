"""Reports that are made of tables, before they take a form; and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from taskgraph.history.odds import Bin
from taskgraph.history.statistics import Distribution
from taskgraph.model.durations import format_duration, format_measured, format_rounded
from taskgraph.model.words import visible
from taskgraph.reports.markdown import escaped, table

__all__ = [
    "NOTHING",
    "Column",
    "Histogram",
    "Section",
    "TableReport",
    "cell",
    "edge",
    "kind_name",
    "percent",
    "render_markdown",
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
