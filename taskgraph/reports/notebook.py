"""Results in a notebook: data frames of pandas, and what is shown of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from taskgraph.analysis import Timetable
from taskgraph.analysis.failure import failure_cause
from taskgraph.errors import ConfigError
from taskgraph.model import visible
from taskgraph.model.durations import format_seconds
from taskgraph.model.engine import measured_span
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.results import Account, off_path
from taskgraph.reports.task_markdown import explain_markdown

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ROWS",
    "DisplayedAccount",
    "DisplayedTimetable",
    "displayed_account",
    "displayed_table",
    "timetable_html",
    "to_frame",
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
    order = [*path, *off_path(table.graph, schedule)]
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


# --- data frames ---------------------------------------------------------------------


Row: TypeAlias = dict[str, Any]


def to_frame(accounts: Iterable[Account], rows: str = "subtasks") -> pd.DataFrame:
    """Give what is told of tasks as a data frame.

    Parameters
    ----------
    accounts : iterable of Account
    rows : {"subtasks", "tasks", "findings"}
        What each row is about.

    Returns
    -------
    pandas.DataFrame
        Seconds are integers (``Int64``), measured times ``timedelta64``, moments
        ``datetime64`` in UTC; what the document does not say is missing. The columns are
        the same for any tasks, also for none.

    Raises
    ------
    ConfigError
        If there are no such rows, or pandas is not installed.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError:
        raise ConfigError(
            "pandas is missing, which a data frame needs\n  hint: install the extra "
            "'pandas', in the project's folder: pip install '.[pandas]'"
        ) from None

    if rows not in ROWS:
        raise ConfigError(f"no rows {rows!r}: choose from {', '.join(ROWS)}")
    write, kinds = ROWS[rows]
    content = [row for account in accounts for row in write(account)]
    columns = {
        name: _column(pd, [row[name] for row in content], kind)
        for name, kind in kinds.items()
    }
    return pd.DataFrame(columns)


def _column(pd: Any, values: list[Any], kind: str) -> Any:
    if kind == "moment":
        moments = pd.to_datetime(pd.Series(values, dtype=object), utc=True)
        return moments.astype("datetime64[us, UTC]")
    if kind == "clock":
        spans = pd.to_timedelta(pd.Series(values, dtype="Int64"), unit="us")
        return spans.astype("timedelta64[us]")
    return pd.Series(values, dtype=kind)


_SUBTASKS: Final[Mapping[str, str]] = {
    "file": "string",
    "task_id": "object",
    "task_name": "string",
    "id": "object",
    "name": "string",
    "status": "string",
    "operation": "string",
    "attempts": "Int64",
    "host": "string",
    "timeout_seconds": "Int64",
    "start": "moment",
    "finish": "moment",
    "measured": "clock",
    "early_start_seconds": "Int64",
    "early_finish_seconds": "Int64",
    "total_float_seconds": "Int64",
    "free_float_seconds": "Int64",
    "drag_seconds": "Int64",
    "share_seconds": "Int64",
    "is_critical": "boolean",
    "prohibits_rollback": "boolean",
    "failure_cause": "string",
}


def _subtasks(account: Account) -> Iterator[Row]:
    graph, sound = account.graph, account.sound
    critical = account.critical
    for node, subtask in enumerate(graph.subtasks):
        span = measured_span(subtask, account.as_of)
        cause = failure_cause(subtask)
        row: Row = {name: getattr(subtask, name, None) for name in _SUBTASKS}
        row |= {
            "file": graph.task.origin.file,
            "task_id": graph.task.id,
            "task_name": graph.task.name,
            "host": subtask.host or subtask.executor,
            "timeout_seconds": subtask.timeout,
            "start": subtask.start_time,
            "finish": subtask.finish_time,
            "measured": None if span is None else span.microseconds,
            "prohibits_rollback": subtask.prohibit_rollback,
            "failure_cause": None if cause is None else cause.cause.name.lower(),
        }
        if sound is not None:
            times = sound.budget.schedule
            row |= {
                "early_start_seconds": times.early_start[node],
                "early_finish_seconds": times.early_finish[node],
                "total_float_seconds": times.total_float[node],
                "free_float_seconds": times.free_float[node],
                "drag_seconds": sound.drags[node],
                "share_seconds": sound.budget.shares[node],
                "is_critical": node in critical,
            }
        yield row


_TASKS: Final[Mapping[str, str]] = {
    "file": "string",
    "id": "object",
    "name": "string",
    "status": "string",
    "operation": "string",
    "creator": "string",
    "start": "moment",
    "finish": "moment",
    "as_of": "moment",
    "subtasks": "Int64",
    "edges": "Int64",
    "done": "Int64",
    "failed": "Int64",
    "budget_seconds": "Int64",
    "is_bounded": "boolean",
    "wall": "clock",
    "rollback_allowed": "boolean",
    "errors": "Int64",
    "warnings": "Int64",
}


def _tasks(account: Account) -> Iterator[Row]:
    graph, sound = account.graph, account.sound
    task = graph.task
    severities = [str(finding.severity) for finding in account.checked.findings]
    row: Row = dict.fromkeys(_TASKS)
    row |= {
        "file": task.origin.file,
        "id": task.id,
        "name": task.name,
        "status": task.status,
        "operation": task.operation,
        "creator": None if task.creator is None else str(task.creator),
        "start": task.start_time,
        "finish": task.finish_time,
        "as_of": account.as_of,
        "subtasks": len(graph),
        "edges": graph.edge_count,
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
    }
    if sound is not None:
        row |= {
            "done": len(sound.progress.done),
            "failed": len(sound.progress.failed),
            "budget_seconds": sound.budget.seconds,
            "is_bounded": sound.budget.is_bounded,
            "wall": None if sound.as_run is None else sound.as_run.wall,
            "rollback_allowed": sound.rollback.is_allowed,
        }
    yield row


_FINDINGS: Final[Mapping[str, str]] = {
    "file": "string",
    "task_id": "object",
    "task_name": "string",
    "code": "string",
    "name": "string",
    "severity": "string",
    "message": "string",
    "hint": "string",
    "subtasks": "object",
    "pointer": "string",
    "line": "Int64",
    "column": "Int64",
}


def _findings(account: Account) -> Iterator[Row]:
    for finding in account.checked.findings:
        row = {name: getattr(finding, name) for name in _FINDINGS}
        yield row | {"severity": str(finding.severity)}


ROWS: Final[Mapping[str, tuple[Callable[[Account], Iterator[Row]], Mapping[str, str]]]] = {
    "subtasks": (_subtasks, _SUBTASKS),
    "tasks": (_tasks, _TASKS),
    "findings": (_findings, _FINDINGS),
}
"""For each kind of row what makes it, and the columns with their types."""
