"""The documented requests about a task; they are told, and never made."""

from __future__ import annotations

from taskgraph.model.task import Task

__all__ = ["task_path", "whole_task"]


def task_path(task: Task) -> str:
    """Give the path of a task of OCP."""
    return f"/api/v2/tasks/instances/{task.id}"


def whole_task(task: Task) -> str:
    """Give the request whose response has all of a task.

    Empty where it has no id, or, as a node of obshell, only its own and not its DAG's.
    """
    if task.id is None or "node_id" in task.extra:
        return ""
    is_dag = task.origin.dialect == "obshell"
    return f"GET /api/v1/task/dag/{task.id}" if is_dag else f"GET {task_path(task)}"
