"""Tables of the history as text for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.diagrams.text import packed
from taskgraph.model.words import visible
from taskgraph.reports.history_tables import (
    NOTHING,
    Column,
    Histogram,
    TableReport,
    TitledTable,
    edge,
)
from taskgraph.reports.text.console import Facts, Style, facts, plain_table, to_text

_GAP = 2
_LEAST = 12  # columns for a text that is broken into lines
_BLOCKS = "▁▂▃▄▅▆▇█"


def render_text(report: TableReport, style: Style) -> str:
    """Write a report as text."""
    rows: Facts = [(visible(label), visible(value)) for label, value in report.facts]
    parts: list[RenderableType] = [Text(visible(report.title), style="bold"), facts(rows)]
    if report.histogram is not None and report.histogram.bins:
        parts += ["", *_plot(report.histogram)]
    for section in report.sections:
        parts += ["", Text(visible(section.title), style="bold"), *_rows(section, style)]
    if report.notes:
        parts += ["", *(Text(f"- {visible(note)}", style="dim") for note in report.notes)]
    return to_text(parts, style)


def _rows(section: TitledTable[Any], style: Style) -> list[RenderableType]:
    """Lay out the rows as a table with as many columns as there is room for.

    Where there is not even room for those that are always shown, each row is a paragraph:
    no number is ever cut.
    """
    rows = [section.texts(row) for row in section.rows]
    every = range(len(section.columns))
    needed = [place for place in every if not section.columns[place].is_extra]
    for places in (every, needed):
        columns = [section.columns[place] for place in places]
        chosen = [[row[place] for place in places] for row in rows]
        if _width(columns, chosen) <= style.width:
            return [_table(columns, chosen)]
    return _paragraphs(section.columns, rows, style.width)


def _width(columns: Sequence[Column[Any]], rows: Sequence[Sequence[str]]) -> int:
    """Give the columns that a table needs at least; texts are broken into lines."""
    total = (len(columns) - 1) * _GAP
    for place, column in enumerate(columns):
        if column.unit == "text":
            total += max(_LEAST, cell_len(column.label))
        else:
            total += max(map(cell_len, [column.label, *(row[place] for row in rows)]))
    return total


def _table(columns: Sequence[Column[Any]], rows: Sequence[Sequence[str]]) -> Table:
    table = plain_table()
    for column in columns:
        table.add_column(
            column.label,
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=column.unit != "text",
            min_width=_LEAST if column.unit == "text" else None,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _paragraphs(
    columns: Sequence[Column[Any]], rows: Sequence[Sequence[str]], width: int
) -> list[RenderableType]:
    """Write each row as its texts and below them its numbers, each with its label."""
    parts: list[RenderableType] = []
    for row in rows:
        pairs = list(zip(columns, row, strict=True))
        heads = [text for column, text in pairs if not column.is_number]
        numbers = [
            f"{column.label} {text}"
            for column, text in pairs
            if column.is_number and text != NOTHING
        ]
        lines = packed(numbers, "  ", width - _GAP, cell_len)
        texts = ("  ".join(heads), *(f"  {line}" for line in lines))
        parts += [Text(text, overflow="fold") for text in texts]
    return parts


def _plot(histogram: Histogram) -> list[Text]:
    """Draw how often makespans come up, one column a bin, and where the window ends."""
    counts = [count for _, _, count in histogram.bins]
    most = max(counts)
    bars = "".join(
        _BLOCKS[-(-count * len(_BLOCKS) // most) - 1] if count else " " for count in counts
    )
    inside = sum(end <= histogram.window for _, end, _ in histogram.bins)
    first, last = histogram.bins[0][0], histogram.bins[-1][0]
    ends = f"{edge(first)} … {edge(last)} and longer"
    if inside == len(counts):
        marker = "the window ends beyond"
    else:
        marker = " " * inside + "^ the window ends here"
    return [Text(bars), Text(marker), Text(ends, style="dim")]
