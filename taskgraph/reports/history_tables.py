"""Reports that are made of tables, in any form but HTML and terminal text."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from taskgraph.model import visible

__all__ = [
    "NOTHING",
    "Column",
    "Histogram",
    "Row",
    "Section",
    "TableReport",
    "cell",
    "counted",
    "percent",
    "render_csv",
    "render_json",
    "render_markdown",
    "span",
]

Unit: TypeAlias = Literal["text", "word", "count", "us", "seconds", "ppm", "share"]
Row: TypeAlias = Mapping[str, Any]

NOTHING = "–"
_SECOND = 1_000_000
_NEGLIGIBLE = 1e-7  # per cent: rounding of floating point numbers, no finding
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]()#+!|<>~&"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    key : str
        Of the value in a row.
    label : str
    unit : str
        ``us`` are microseconds, ``ppm`` millionths, ``share`` is from 0 to 1, a ``word``
        is a text that is never broken.
    is_extra : bool
        It may be left out where there is no room for it.
    """

    key: str
    label: str
    unit: Unit = "text"
    is_extra: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.unit not in {"text", "word"}


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title.

    Attributes
    ----------
    title : str
    columns : sequence of Column
        What people are shown; programs get every value of a row.
    rows : sequence of mapping
    spread : str
        The key of the distribution that a plot of each row shows, if there is one: a
        mapping with ``p5``, ``p25``, ``p50``, ``p75``, ``p95`` and ``max``.
    limit : str
        The key of the timeout in seconds that such a plot marks.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    spread: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often makespans of some length come up.

    Attributes
    ----------
    bins : sequence of (int, int, int)
        As (from, to, how often), in microseconds; the last one is wider.
    window : int
        Microseconds.
    """

    bins: Sequence[Sequence[int]]
    window: int


@dataclass(frozen=True, slots=True)
class TableReport:
    """A report before it takes a form.

    Attributes
    ----------
    kind : str
        The name of the JSON document.
    title : str
    facts : sequence of (str, str)
        Labels and values that come before the tables.
    sections : sequence of Section
    notes : sequence of str
        What to know about the numbers.
    content : mapping
        Everything, for programs.
    histogram : Histogram or None
    rows : sequence of mapping
        What CSV holds, if not the rows of the sections.
    """

    kind: str
    title: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    histogram: Histogram | None = None
    rows: Sequence[Row] | None = None


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
        if unit == "us":
            return span(int(value))
        if unit == "seconds":
            return _whole(int(value))
        if unit == "ppm":
            return percent(value / _SECOND)
        if unit == "share":
            return percent(float(value))
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


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 run``, ``2 runs``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def render_json(report: TableReport) -> str:
    """Write a report for programs: versioned, the same bytes for the same report."""
    content = {"format": f"taskgraph/{report.kind}", "version": 1, **report.content}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def render_csv(report: TableReport) -> str:
    """Write the rows of all sections as one table, nested values as ``outer.inner``.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    rows = report.rows
    if rows is None:
        rows = [row for section in report.sections for row in section.rows]
    rows = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _flat(row: Row) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": item for name, item in value.items()}
        elif isinstance(value, list):
            flat[key] = " ".join(map(str, value))
        else:
            flat[key] = _harmless(value) if isinstance(value, str) else value
    return flat


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def render_markdown(report: TableReport) -> str:
    """Write a report as Markdown tables."""
    lines = [f"# {_escaped(report.title)}", ""]
    lines += [f"- {_escaped(label)}: {_escaped(value)}" for label, value in report.facts]
    for section in report.sections:
        heads = [_escaped(column.label) for column in section.columns]
        marks = ["---:" if column.is_number else "---" for column in section.columns]
        lines += ["", f"## {_escaped(section.title)}", "", _line(heads), _line(marks)]
        lines += [
            _line(_escaped(text) for text in texts(section, row)) for row in section.rows
        ]
    lines += ["", *(f"- {_escaped(note)}" for note in report.notes)]
    return "\n".join(lines).rstrip() + "\n"


def texts(section: Section, row: Row) -> list[str]:
    """Give the cells of a row as people read them."""
    return [cell(value_of(row, column.key), column.unit) for column in section.columns]


def value_of(row: Row, key: str) -> object:
    """Look a value up; ``outer.inner`` is a nested one."""
    value: Any = row
    for name in key.split("."):
        value = value.get(name)
    return value


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return visible(text).translate(_MARKDOWN)
