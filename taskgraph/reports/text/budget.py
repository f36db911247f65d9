"""The worst-case budget as text."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis.budget import Budget
from taskgraph.analysis.recovery import PointOfNoReturn
from taskgraph.graph import TaskGraph
from taskgraph.model import visible
from taskgraph.reports.text.console import (
    Style,
    facts,
    heading,
    ids_of,
    name_of,
    seconds,
    to_text,
)

__all__ = ["budget_facts", "budget_text", "no_return_text"]

_NAMED = 5


def budget_text(
    graph: TaskGraph, budget: Budget, no_return: PointOfNoReturn | None, style: Style
) -> str:
    """Write the worst case in time and which subtasks hold it.

    Parameters
    ----------
    graph : TaskGraph
    budget : Budget
    no_return : PointOfNoReturn or None
    style : Style
    """
    rows = budget_facts(graph, budget)
    rows.append(("All timeouts", f"{seconds(budget.total)} in sum"))
    rows.append(("No return", no_return_text(graph, no_return)))
    parts: list[RenderableType] = [heading(graph.task), facts(rows)]
    if budget.seconds:
        parts += ["", _shares(graph, budget)]
    return to_text(parts, style)


def budget_facts(graph: TaskGraph, budget: Budget) -> list[tuple[str, str | Text]]:
    """Give the facts on the worst case that every screen shows."""
    if budget.is_bounded:
        return [("Worst case", Text(seconds(budget.seconds), style="bold"))]
    count = len(budget.unlimited)
    named = ", ".join(name_of(graph.subtasks[node]) for node in budget.unlimited[:_NAMED])
    if count > _NAMED:
        named += f" and {count - _NAMED} more"
    return [
        ("Worst case", Text("unbounded", style="bold yellow")),
        ("Finite part", seconds(budget.seconds)),
        ("No timeout", named),
    ]


def no_return_text(graph: TaskGraph, no_return: PointOfNoReturn | None) -> str:
    """Say in a sentence where the point of no return is."""
    if no_return is None:
        return "none: every subtask may be rolled back"
    first = no_return.nodes[0]
    others = len(no_return.nodes) - 1
    where = f"the start of {name_of(graph.subtasks[first])}"
    if others:
        where += f" or of {ids_of(graph, no_return.nodes[1:_NAMED])}"
        where += ", …" if others >= _NAMED else ""
    state = "passed" if no_return.passed else "not passed yet"
    after = seconds(no_return.seconds_after)
    if no_return.unlimited:
        after += " and whatever has no timeout"
    return f"{where} ({state}); {after} from there on"


def _shares(graph: TaskGraph, budget: Budget) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("timeout", justify="right", no_wrap=True)
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="fold")
    holders = [node for node, share in enumerate(budget.shares) if share]
    holders.sort(key=lambda node: (-budget.shares[node], node))
    for node in holders:
        subtask = graph.subtasks[node]
        share = budget.shares[node]
        table.add_row(
            f"{100 * share / budget.seconds:.1f} %",
            f"{share} s",
            Text(visible(str(subtask.id))),
            Text(visible(subtask.name)),
        )
    return table
