"""What notebooks show of a result by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from html import escape

from taskgraph.analysis import Timetable
from taskgraph.model import visible
from taskgraph.model.durations import format_seconds
from taskgraph.reports.explain_markdown import explain_markdown
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.results import Account

__all__ = [
    "DisplayedAccount",
    "DisplayedTimetable",
    "displayed_account",
    "displayed_table",
    "timetable_html",
]

_MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class DisplayedTimetable(Timetable):
    """A schedule that shows itself as a table."""

    def _repr_html_(self) -> str:
        return timetable_html(self)


class DisplayedAccount(Account):
    """All that is told of a task; it shows itself as its explanation."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return explain_markdown(explain(self))


def displayed_table(table: Timetable) -> DisplayedTimetable:
    """Give a schedule that a notebook displays as a table."""
    return DisplayedTimetable(*(getattr(table, row.name) for row in fields(table)))


def displayed_account(account: Account) -> DisplayedAccount:
    """Give an account that a notebook displays as its explanation."""
    return DisplayedAccount(account.analysis, account.checked)


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
        rows.append((*texts, *(format_seconds(number, unit) for number in numbers)))
    titles = ("", "id", "name", "status", "takes", "starts", "ends", "float", "drag")
    more = len(order) - len(rows)
    caption = f"makespan {format_seconds(schedule.makespan, unit)}"
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
