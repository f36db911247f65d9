"""Results in a notebook: data frames of pandas, and what is shown of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.failure import failure_cause
from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.timetable import Timetable
from taskgraph.analysis.weights import Basis
from taskgraph.checks.result import Finding
from taskgraph.errors import ConfigError
from taskgraph.model.durations import format_count
from taskgraph.model.engine import measured_span
from taskgraph.model.task import Subtask
from taskgraph.model.words import UNCOUNTED, counted, visible
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.results import Account, off_path
from taskgraph.reports.task_markdown import explain_markdown
from taskgraph.settings import Severity

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 60  # of a table; a data frame has them all


class DisplayedTimetable(Timetable):
    """A schedule that shows itself as a table: the critical path first, then by float."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        schedule, unit = self.schedule, self.weights.unit
        path = schedule.critical_path
        on_path = set(path)
        order = [*path, *off_path(self.graph, schedule)]
        rows = []
        for node in order[:_MOST_ROWS]:
            subtask = self.graph.subtasks[node]
            numbers = (
                schedule.durations[node],
                schedule.early_start[node],
                schedule.early_finish[node],
                schedule.total_float[node],
                self.drags[node],
            )
            mark = "●" if node in on_path else ""
            texts = (mark, str(subtask.id), subtask.name, subtask.status or "")
            rows.append((*texts, *(format_count(number, unit) for number in numbers)))
        titles = ("", "id", "name", "status", "takes", "starts", "ends", "float", "drag")
        more = len(order) - len(rows)
        caption = f"makespan {format_count(schedule.makespan, unit)}"
        if Basis.NO_LIMIT in self.weights.basis:
            caption += UNCOUNTED
        if self.unknown is not None:
            caption = f"makespan not known: {self.unknown}"
        return _html(
            titles, rows, caption + (f"; {counted(more)} more subtasks" if more else "")
        )


class DisplayedAccount(Account):
    """All that is told of a task; it shows itself as its explanation."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return explain_markdown(explain(self))


def _html(titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
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


R = TypeVar("R")
_Columns: TypeAlias = Mapping[str, tuple[str, Callable[[R], object]]]
"""By the name of a column its type, and what gives its value of a row."""


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
    rows_of, columns = ROWS[rows]
    content = [row for account in accounts for row in rows_of(account)]
    return pd.DataFrame(
        {
            name: _column(pd, list(map(value_of, content)), kind)
            for name, (kind, value_of) in columns.items()
        }
    )


def _column(pd: Any, values: list[Any], kind: str) -> Any:
    if kind == "moment":
        moments = pd.to_datetime(pd.Series(values, dtype=object), utc=True)
        return moments.astype("datetime64[us, UTC]")
    if kind == "clock":
        spans = pd.to_timedelta(pd.Series(values, dtype="Int64"), unit="us")
        return spans.astype("timedelta64[us]")
    return pd.Series(values, dtype=kind)


class _SubtaskRow(NamedTuple):
    """What a row about a subtask tells of."""

    account: Account
    sound: Analysis | None
    times: Schedule | None
    critical: frozenset[int]
    node: int
    subtask: Subtask


def _subtasks(account: Account) -> Iterator[_SubtaskRow]:
    sound, critical = account.sound, account.critical
    times = None if sound is None else sound.budget.schedule
    for node, subtask in enumerate(account.graph.subtasks):
        yield _SubtaskRow(account, sound, times, critical, node, subtask)


def _measured(row: _SubtaskRow) -> int | None:
    span = measured_span(row.subtask, row.account.as_of)
    return None if span is None else span.microseconds


def _cause(row: _SubtaskRow) -> str | None:
    cause = failure_cause(row.subtask)
    return None if cause is None else cause.cause.name.lower()


def _time(name: str) -> Callable[[_SubtaskRow], int | None]:
    """Take a time of the schedule, by its name there."""
    return lambda it: None if it.times is None else getattr(it.times, name)[it.node]


_SUBTASKS: Final[_Columns[_SubtaskRow]] = {
    "file": ("string", lambda it: it.account.graph.task.origin.file),
    "task_id": ("object", lambda it: it.account.graph.task.id),
    "task_name": ("string", lambda it: it.account.graph.task.name),
    "id": ("object", lambda it: it.subtask.id),
    "name": ("string", lambda it: it.subtask.name),
    "status": ("string", lambda it: it.subtask.status),
    "operation": ("string", lambda it: it.subtask.operation),
    "attempts": ("Int64", lambda it: it.subtask.attempts),
    "host": ("string", lambda it: it.subtask.host or it.subtask.executor),
    "timeout_seconds": ("Int64", lambda it: it.subtask.timeout),
    "start": ("moment", lambda it: it.subtask.start_time),
    "finish": ("moment", lambda it: it.subtask.finish_time),
    "measured": ("clock", _measured),
    "early_start_seconds": ("Int64", _time("early_start")),
    "early_finish_seconds": ("Int64", _time("early_finish")),
    "total_float_seconds": ("Int64", _time("total_float")),
    "free_float_seconds": ("Int64", _time("free_float")),
    "drag_seconds": ("Int64", lambda it: it.sound and it.sound.drags[it.node]),
    "share_seconds": ("Int64", lambda it: it.sound and it.sound.budget.shares[it.node]),
    "is_critical": ("boolean", lambda it: it.sound and it.node in it.critical),
    "prohibits_rollback": ("boolean", lambda it: it.subtask.prohibit_rollback),
    "failure_cause": ("string", _cause),
}


def _count(severity: Severity) -> Callable[[Account], int]:
    return lambda one: sum(row.severity == severity for row in one.checked.findings)


_TASKS: Final[_Columns[Account]] = {
    "file": ("string", lambda it: it.graph.task.origin.file),
    "id": ("object", lambda it: it.graph.task.id),
    "name": ("string", lambda it: it.graph.task.name),
    "status": ("string", lambda it: it.graph.task.status),
    "operation": ("string", lambda it: it.graph.task.operation),
    "creator": ("string", lambda it: it.graph.task.creator and str(it.graph.task.creator)),
    "start": ("moment", lambda it: it.graph.task.start_time),
    "finish": ("moment", lambda it: it.graph.task.finish_time),
    "as_of": ("moment", lambda it: it.as_of),
    "subtasks": ("Int64", lambda it: len(it.graph)),
    "edges": ("Int64", lambda it: it.graph.edge_count),
    "done": ("Int64", lambda it: len(it.analysis.tally.done)),
    "failed": ("Int64", lambda it: len(it.analysis.tally.failed)),
    "budget_seconds": ("Int64", lambda it: it.sound and it.sound.budget.seconds),
    "is_bounded": ("boolean", lambda it: it.sound and it.sound.is_bounded),
    "wall": ("clock", lambda it: it.sound and it.sound.as_run and it.sound.as_run.wall),
    "rollback_allowed": ("boolean", lambda it: it.sound and it.sound.rollback.is_allowed),
    "errors": ("Int64", _count(Severity.ERROR)),
    "warnings": ("Int64", _count(Severity.WARNING)),
}
_FINDINGS: Final[_Columns[Finding]] = {
    "file": ("string", lambda finding: finding.file),
    "task_id": ("object", lambda finding: finding.task_id),
    "task_name": ("string", lambda finding: finding.task_name),
    "code": ("string", lambda finding: finding.code),
    "name": ("string", lambda finding: finding.name),
    "severity": ("string", lambda finding: str(finding.severity)),
    "message": ("string", lambda finding: finding.message),
    "hint": ("string", lambda finding: finding.hint),
    "subtasks": ("object", lambda finding: finding.subtasks),
    "pointer": ("string", lambda finding: finding.pointer),
    "line": ("Int64", lambda finding: finding.line),
    "column": ("Int64", lambda finding: finding.column),
}
ROWS: Final[Mapping[str, tuple[Callable[[Account], Iterable[Any]], _Columns[Any]]]] = {
    "subtasks": (_subtasks, _SUBTASKS),
    "tasks": (lambda account: [account], _TASKS),
    "findings": (lambda account: account.checked.findings, _FINDINGS),
}
"""For each kind of row what makes it, and the columns with their types."""
