"""Tables as notebooks show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from taskgraph.model import visible
from taskgraph.reports.amounts import amount

if TYPE_CHECKING:
    from taskgraph.reports.results import Timetable

__all__ = ["timetable_html"]

_MOST_ROWS = 60


def timetable_html(table: Timetable) -> str:
    """Write a schedule as an HTML table: the critical path first, then by float."""
    schedule, unit = table.schedule, table.weights.unit
    path = schedule.critical_path
    on_path = set(path)
    rest = [node for node in table.graph.order if node not in on_path]
    rest.sort(key=lambda node: (schedule.total_float[node], node))
    order = [*path, *rest]
    rows = []
    for node in order[:_MOST_ROWS]:
        subtask = table.graph.subtasks[node]
        numbers = (
            schedule.durations[node],
            schedule.early_start[node],
            schedule.early_finish[node],
            schedule.total_float[node],
            table.drags[node],
        )
        mark = "●" if node in on_path else ""
        texts = (mark, str(subtask.id), subtask.name, subtask.status or "")
        rows.append((*texts, *(amount(number, unit) for number in numbers)))
    titles = ("", "id", "name", "status", "takes", "starts", "ends", "float", "drag")
    more = len(order) - len(rows)
    caption = f"makespan {amount(schedule.makespan, unit)}"
    return _table(titles, rows, caption + (f"; {more} more subtasks" if more else ""))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(visible(cell))}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
