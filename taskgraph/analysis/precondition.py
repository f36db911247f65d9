"""What every analysis of graph or time needs."""

from __future__ import annotations

from taskgraph.errors import AnalysisError
from taskgraph.graph import TaskGraph

__all__ = ["require_sound"]


def require_sound(graph: TaskGraph) -> None:
    """Refuse a graph in which paths mean nothing.

    Raises
    ------
    AnalysisError
        Where the graph has flaws, with all of them.
    """
    if graph.flaws:
        task = graph.task
        reasons = "; ".join(graph.flaws)
        raise AnalysisError(f"task {task.id} cannot be analysed: {reasons}")
