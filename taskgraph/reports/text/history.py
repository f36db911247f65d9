"""Tables of the history as text for terminals."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.model import visible
from taskgraph.reports.history_tables import Histogram, Section, TableReport, span, texts
from taskgraph.reports.text.console import Style, facts, to_text

__all__ = ["render_text"]

_LEAST = 12  # columns for a text that is broken into lines
_BLOCKS = "▁▂▃▄▅▆▇█"


def render_text(report: TableReport, style: Style) -> str:
    """Write a report as text.

    Parameters
    ----------
    report : TableReport
    style : Style
    """
    rows: list[tuple[str, str | Text]] = [
        (visible(label), visible(value)) for label, value in report.facts
    ]
    parts: list[RenderableType] = [Text(visible(report.title), style="bold"), facts(rows)]
    if report.histogram is not None and report.histogram.bins:
        parts += ["", *_plot(report.histogram)]
    for section in report.sections:
        parts += ["", Text(visible(section.title), style="bold"), _table(section)]
    if report.notes:
        parts += ["", *(Text(f"- {visible(note)}", style="dim") for note in report.notes)]
    return to_text(parts, style)


def _table(section: Section) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in section.columns:
        table.add_column(
            column.label,
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=column.unit != "text",
            min_width=_LEAST if column.unit == "text" else None,
        )
    for row in section.rows:
        table.add_row(*map(Text, texts(section, row)))
    return table


def _plot(histogram: Histogram) -> list[Text]:
    """Draw how often makespans come up, one column a bin, and where the window ends."""
    counts = [count for _, _, count in histogram.bins]
    most = max(counts)
    bars = "".join(
        _BLOCKS[-(-count * len(_BLOCKS) // most) - 1] if count else " " for count in counts
    )
    inside = sum(end <= histogram.window for _, end, _ in histogram.bins)
    first, last = histogram.bins[0][0], histogram.bins[-1][0]
    ends = f"{span(first)} … {span(last)} and longer"
    if inside == len(counts):
        marker = "the window ends beyond"
    else:
        marker = " " * inside + "^ the window ends here"
    return [Text(bars), Text(marker), Text(ends, style="dim")]
