"""Text for terminals of any width, with or without colour."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.statuses import UNKNOWN, look, status_name
from taskgraph.model.task import Subtask, Task
from taskgraph.model.words import (
    and_more,
    commandless,
    id_list,
    labels,
    name_of,
    unbroken,
    visible,
)

if TYPE_CHECKING:
    from taskgraph.analysis.budget import WorstCase

_COLORS = {
    "failed": "red bold",
    UNKNOWN: "bold",
    "canceling": "yellow",
    "running": "blue bold",  # plain blue cannot be read on black
    "ready": "magenta",
    "pending": "dim",
    "successful": "green",
    "skipped": "yellow",
    "undone": "dim",
}

_KEPT_SPACE = "\ue000"
"""A space at which no line is broken; that of Unicode is no such to the layout."""
MOST_ROWS = 200
"""Rows of a table beyond which nobody reads on, and laying out takes minutes."""


Facts: TypeAlias = list[tuple[str | Text, str | Text]]
"""Labels, and what they say."""


@dataclass(frozen=True, slots=True)
class Style:
    """How wide the text may be, in columns, and whether it is coloured."""

    width: int = 100
    color: bool = False


def plain_table(*numbers: str) -> Table:
    """Begin a table without lines; columns of numbers may come first."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def subtask_table(style: Style) -> Table:
    """Begin a table of subtasks: id and name, which fold: numbers keep their room."""
    table = plain_table()
    table.add_column("id", overflow="fold", max_width=_id_room(style.width))
    table.add_column("name", overflow="fold", min_width=8)
    return table


def ids_cell(subtasks: Sequence[Subtask], width: int) -> Text:
    """List the ids of parts that share a row, which has their number; or give the first."""
    first = str(subtasks[0].id)
    if len(subtasks) == 1:
        return Text(visible(first))
    text = id_list(subtasks)
    return Text(visible(text if len(text) <= _id_room(width) else f"{first}, …"))


def _id_room(width: int) -> int:
    return max(10, width // 4)


def named(graph: TaskGraph, nodes: Iterable[int]) -> str:
    """Name subtasks, of many only the first few."""
    return visible(labels(graph.subtasks[node] for node in nodes))


def uncounted(graph: TaskGraph, worst: WorstCase) -> str:
    """Name behind a bound what it does not count, for it has no limit."""
    return "" if worst.is_bounded else f", not counting {named(graph, worst.unlimited)}"


def more_rows(count: int) -> list[RenderableType]:
    """Say how many rows a long table leaves out, and where they are."""
    if count <= MOST_ROWS:
        return []
    left_out = count - MOST_ROWS
    return [Text(f"… {and_more(left_out)}: --format json has all of them", style="dim")]


class _Console(Console):
    """Lays texts out without breaking a duration over two lines."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        if isinstance(renderable, Text):
            renderable = renderable.copy()
            renderable.plain = unbroken(renderable.plain, _KEPT_SPACE)
        elif isinstance(renderable, str):
            renderable = unbroken(renderable, _KEPT_SPACE)
        return super().render(renderable, options)


def to_text(parts: list[RenderableType], style: Style) -> str:
    """Lay out texts and tables one under the other, without trailing spaces."""
    stream = io.StringIO()
    console = _Console(
        file=stream,
        width=style.width,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    for part in parts:
        console.print(part, soft_wrap=False)
    lines = stream.getvalue().replace(_KEPT_SPACE, " ").splitlines()
    return "\n".join(commandless(line.rstrip()) for line in lines) + "\n"


def status_text(status: str | None) -> Text:
    """Give a status as icon and word, coloured."""
    looks = look(status)
    return Text(f"{looks.sign} {status_name(status)}", style=_COLORS[looks.tone])


def heading(task: Task) -> Text:
    """Give the line that says which task this is, and how it stands."""
    text = which_task(task)
    if task.status is not None:
        text.append("  ").append_text(status_text(task.status))
    if task.operation is not None:
        text.append(f"  {visible(task.operation)}")
    return text


def which_task(task: Task) -> Text:
    """Name a task, and give its id where it has one: no definition has."""
    text = Text()
    text.append(name_of(task), style="bold")
    if task.id is not None:
        text.append(f"  {visible(str(task.id))}")
    return text


def facts(rows: Facts, style: str = "dim", gap: int = 2) -> Table:
    """Lay out labelled facts, the labels in one column of this style."""
    table = Table.grid(padding=(0, gap, 0, 0))
    table.add_column(no_wrap=True, style=style)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(label, value)
    return table
