"""The numbers that come first in a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from taskgraph.analysis import Analysis
from taskgraph.graph import TaskGraph
from taskgraph.model import Status, Task, format_duration
from taskgraph.reports.amounts import clock, moment
from taskgraph.reports.results import Account

__all__ = ["Figure", "figures"]


class Figure(NamedTuple):
    """One of the numbers that come first; its texts may name ids of the document."""

    label: str
    value: str
    note: str = ""


def figures(account: Account) -> Iterator[Figure]:
    """Give the numbers that come first: progress, worst case, what is left, the clock."""
    found, task = account.sound, account.graph.task
    if found is not None:
        done = len(found.progress.done)
        word = "Undone" if found.progress.is_rolling_back else "Done"
        yield Figure(word, f"{done:,} of {len(account.graph):,}")
        yield from _worst(found, task)
        if found.as_run is not None:
            word = "Ran" if task.status != Status.RUNNING else "Running for"
            yield Figure(word, clock(found.as_run.wall))
        yield _no_return(account.graph, found)
    count = len(account.checked.findings)
    worst = account.checked.worst
    yield Figure(
        "Findings", str(count) if count else "none", f"worst: {worst}" if worst else ""
    )


def _worst(found: Analysis, task: Task) -> Iterator[Figure]:
    budget = found.budget
    if budget.is_bounded:
        yield Figure("Worst case", format_duration(budget.seconds), f"{budget.seconds} s")
    else:
        count = len(budget.unlimited)
        note = f"{count} without a timeout, else {format_duration(budget.seconds)}"
        yield Figure("Worst case", "unbounded", note)
    if task.status == Status.RUNNING and found.progress.latest_finish is not None:
        left = format_duration(found.progress.worst_case.seconds)
        note = f"over by {moment(found.progress.latest_finish)}"
        yield Figure("Left at worst", left, note)


def _no_return(graph: TaskGraph, found: Analysis) -> Figure:
    gate = found.no_return
    if gate is None and not found.tells_rollback:
        note = "the document does not say which subtasks prohibit rollback"
        return Figure("Point of no return", "not known", note)
    if gate is None:
        return Figure("Point of no return", "none", "every subtask allows rollback")
    names = ", ".join(str(graph.subtasks[node].id) for node in gate.nodes[:3])
    more = ", …" if len(gate.nodes) > 3 else ""
    state = "passed" if gate.passed else "not reached"
    return Figure("Point of no return", state, f"the start of {names}{more}")
