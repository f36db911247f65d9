"""The schedule as text."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis import Schedule
from taskgraph.graph import TaskGraph
from taskgraph.model import visible
from taskgraph.reports.text.console import Style, heading, seconds, status_text, to_text

__all__ = ["critical_path_text"]


def critical_path_text(graph: TaskGraph, schedule: Schedule, style: Style) -> str:
    """Write the critical path and the float of every other subtask.

    Parameters
    ----------
    graph : TaskGraph
    schedule : Schedule
        In seconds.
    style : Style
    """
    path = schedule.critical_path
    parts: list[RenderableType] = [heading(graph.task)]
    parts.append(
        Text(f"Critical path by timeout: {len(path)} of {len(graph)} subtasks, ").append(
            seconds(schedule.makespan), style="bold"
        )
    )
    parts += ["", _table(graph, schedule, path, floats=False)]
    parts += _ties(schedule)
    on_path = set(path)
    others = [node for node in graph.order if node not in on_path]
    if others:
        others.sort(key=lambda node: (schedule.total_float[node], node))
        parts += ["", Text("Not on it, the tightest first:")]
        parts.append(_table(graph, schedule, tuple(others), floats=True))
    return to_text(parts, style)


def _ties(schedule: Schedule) -> list[RenderableType]:
    if schedule.path_count <= 1 and not schedule.has_more_paths:
        return []
    count = f"{schedule.path_count:,}"
    if schedule.has_more_paths:
        count = f"more than {count}"
    tied = len(schedule.critical) - len(schedule.critical_path)
    text = f"{count} paths are equally long; shown is the one with the smallest ids."
    if tied:
        text += f" {tied} more subtasks are critical on the others: their float is 0."
    return ["", Text(text)]


def _table(
    graph: TaskGraph, schedule: Schedule, nodes: tuple[int, ...], *, floats: bool
) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("id", no_wrap=True)
    table.add_column("name", ratio=None, overflow="fold")
    table.add_column("status", no_wrap=True)
    for title in ("timeout", "starts", "ends"):
        table.add_column(title, justify="right", no_wrap=True)
    if floats:
        table.add_column("float", justify="right", no_wrap=True)
        table.add_column("free", justify="right", no_wrap=True)
    for node in nodes:
        subtask = graph.subtasks[node]
        cells: list[RenderableType] = [
            Text(visible(str(subtask.id))),
            Text(visible(subtask.name)),
            status_text(subtask.status),
            f"{schedule.durations[node]} s" if subtask.timeout else "none",
            f"{schedule.early_start[node]} s",
            f"{schedule.early_finish[node]} s",
        ]
        if floats:
            cells += [f"{schedule.total_float[node]} s", f"{schedule.free_float[node]} s"]
        table.add_row(*cells)
    return table
