"""What is said above a diagram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from taskgraph.analysis import Analysis
from taskgraph.diagrams.labels import join_words
from taskgraph.graph import TaskGraph
from taskgraph.model import Status, Subtask, format_duration
from taskgraph.model.text import visible

__all__ = ["count_statuses", "plural", "sizes", "subtitle", "summary", "title"]

_WORST_FIRST = (
    Status.FAILED,
    Status.CANCELING,
    Status.RUNNING,
    Status.READY,
    Status.PENDING,
    Status.SUCCESSFUL,
)
_SEVERITY: dict[str, float] = {status: place for place, status in enumerate(_WORST_FIRST)}


def count_statuses(subtasks: Iterable[Subtask]) -> tuple[tuple[str, int], ...]:
    """Count the statuses, the worst first; one never seen before comes after FAILED."""
    counter = Counter(subtask.status or "status unknown" for subtask in subtasks)
    ranked = sorted(counter, key=lambda status: (_SEVERITY.get(status, 0.5), status))
    return tuple((visible(status), counter[status]) for status in ranked)


def title(graph: TaskGraph) -> str:
    """Give the task's name."""
    return visible(graph.task.name).strip() or "Task without a name"


def subtitle(graph: TaskGraph) -> str:
    """Give the task's id, status and operation."""
    task = graph.task
    identifier = "" if task.id is None else f"task {visible(str(task.id))}"
    operation = visible(task.operation or "")
    return join_words((identifier, visible(task.status or ""), operation))


def sizes(graph: TaskGraph) -> str:
    """Count the subtasks, by status."""
    statuses = count_statuses(graph.subtasks)
    counts = ", ".join(f"{count} {status}" for status, count in statuses)
    subtasks = plural(len(graph), "subtask")
    return f"{subtasks}: {counts}" if counts else subtasks


def summary(analysis: Analysis) -> Iterable[str]:
    """Count subtasks and edges; give the worst case, and what is wrong with the graph."""
    graph = analysis.graph
    yield sizes(graph)
    yield plural(graph.edge_count, "edge")
    if analysis.is_sound and len(graph):
        budget = analysis.budget
        length = format_duration(budget.seconds)
        if not budget.seconds:
            yield "no time limits"
        elif budget.unlimited:
            count = len(budget.unlimited)
            yield f"worst case unbounded ({count} without a time limit), else {length}"
        else:
            yield f"worst case {length}"
    yield from graph.flaws


def plural(count: int, noun: str) -> str:
    """Count a noun: ``2 subtasks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
