"""What is said above a diagram."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.analysis import Analysis
from taskgraph.diagrams.labels import join_words
from taskgraph.graph import TaskGraph
from taskgraph.model import format_duration
from taskgraph.model.statuses import count_statuses
from taskgraph.model.words import counted, visible

__all__ = ["sizes", "status_counts", "subtitle", "summary"]


def subtitle(graph: TaskGraph) -> str:
    """Give the task's id, status and operation."""
    task = graph.task
    identifier = "" if task.id is None else f"task {visible(str(task.id))}"
    operation = visible(task.operation or "")
    return join_words((identifier, visible(task.status or ""), operation))


def sizes(graph: TaskGraph) -> str:
    """Count the subtasks, by status."""
    counts = status_counts(count_statuses(graph.subtasks))
    subtasks = counted(len(graph), "subtask")
    return f"{subtasks}: {counts}" if counts else subtasks


def status_counts(counts: Iterable[tuple[str, int]]) -> str:
    """Tell how many have which status: ``2 FAILED, 3 PENDING``."""
    return ", ".join(f"{count} {name}" for name, count in counts)


def summary(analysis: Analysis) -> Iterable[str]:
    """Count subtasks and edges; give the worst case, and what is wrong with the graph."""
    graph = analysis.graph
    yield sizes(graph)
    yield counted(graph.edge_count, "edge")
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
