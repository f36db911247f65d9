"""A task on one screen."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis.budget import Budget
from taskgraph.analysis.recovery import PointOfNoReturn
from taskgraph.checks import CheckResult
from taskgraph.graph import TaskGraph
from taskgraph.model import STATUSES, Status, Task, visible
from taskgraph.reports.text.budget import budget_facts, no_return_text
from taskgraph.reports.text.console import Style, facts, heading, status_text, to_text

__all__ = ["show_text"]

_MOST_ROWS = 40
_ORDER = (
    Status.FAILED,
    Status.CANCELING,
    Status.RUNNING,
    Status.READY,
    Status.PENDING,
    Status.SUCCESSFUL,
)


def show_text(
    graph: TaskGraph,
    checked: CheckResult,
    budget: Budget | None,
    no_return: PointOfNoReturn | None,
    style: Style,
) -> str:
    """Write what a task is, how far it is, what is wrong and what is critical.

    Parameters
    ----------
    graph : TaskGraph
    checked : CheckResult
    budget, no_return
        ``None`` for the budget where the graph is not sound.
    style : Style
    """
    task = graph.task
    rows: list[tuple[str, str | Text]] = [("Document", visible(task.origin.file))]
    rows += _times(task)
    rows.append(("Progress", _progress(task)))
    if budget is None:
        rows.append(("Worst case", f"unknown: {'; '.join(graph.flaws)}"))
    else:
        rows += budget_facts(graph, budget)
        rows.append(("No return", no_return_text(graph, no_return)))
    rows.append(("Findings", _findings(checked)))
    parts: list[RenderableType] = [heading(task), facts(rows)]
    if len(graph):
        parts += ["", *_subtasks(graph, budget, no_return)]
    return to_text(parts, style)


def _times(task: Task) -> list[tuple[str, str | Text]]:
    rows: list[tuple[str, str | Text]] = []
    started = []
    if task.start_time is not None:
        started.append(_moment(task.start_time))
    if task.creator is not None:
        started.append(f"by {visible(str(task.creator))}")
    if started:
        rows.append(("Started", " ".join(started)))
    as_of = task.as_of()
    if as_of is not None:
        rows.append(("As of", _moment(as_of)))
    return rows


def _moment(time: datetime) -> str:
    return time.isoformat(" ", "milliseconds")


def _progress(task: Task) -> str:
    counts = Counter(subtask.status or "unknown" for subtask in task.subtasks)
    total = len(task.subtasks)
    text = f"{counts[Status.SUCCESSFUL]} of {total} done"
    known = [status for status in _ORDER if status is not Status.SUCCESSFUL]
    for status in [*known, *sorted(counts.keys() - STATUSES)]:
        if counts[status]:
            text += f", {counts[status]} {visible(status.lower())}"
    return text


def _findings(checked: CheckResult) -> Text:
    counts = Counter(finding.severity for finding in checked.findings)
    if not counts:
        return Text("none", style="green")
    words = [
        f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items()
    ]
    codes = ", ".join(dict.fromkeys(finding.code for finding in checked.findings))
    return Text(f"{', '.join(words)} ({codes}): see taskgraph check", style="yellow")


def _subtasks(
    graph: TaskGraph,
    budget: Budget | None,
    no_return: PointOfNoReturn | None,
) -> list[RenderableType]:
    nodes = list(graph.order) + sorted(set(range(len(graph))) - set(graph.order))
    critical = set(budget.schedule.critical) if budget else set()
    gates = set(no_return.nodes) if no_return else set()
    shown = nodes
    if len(nodes) > _MOST_ROWS:
        rank: dict[str, int] = {status: place for place, status in enumerate(_ORDER)}
        worst = sorted(
            nodes,
            key=lambda node: (
                rank.get(graph.subtasks[node].status or "", 0),
                node not in critical,
            ),
        )[:_MOST_ROWS]
        chosen = set(worst)
        shown = [node for node in nodes if node in chosen]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for title in ("", "status", "id"):
        table.add_column(title, no_wrap=True)
    table.add_column("name", overflow="fold")
    table.add_column("timeout", justify="right", no_wrap=True)
    for node in shown:
        subtask = graph.subtasks[node]
        marks = ("●" if node in critical else " ") + ("◆" if node in gates else " ")
        table.add_row(
            marks,
            status_text(subtask.status),
            Text(visible(str(subtask.id))),
            Text(visible(subtask.name)),
            "none" if not subtask.timeout else f"{subtask.timeout} s",
        )
    legend = []
    if critical:
        legend.append("● on the critical path")
    if gates:
        legend.append("◆ point of no return")
    parts: list[RenderableType] = [table]
    if len(shown) < len(nodes):
        parts.append(Text(f"… and {len(nodes) - len(shown):,} more subtasks", style="dim"))
    if legend:
        parts += ["", Text("   ".join(legend), style="dim")]
    return parts
