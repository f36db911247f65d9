"""Advice on timeouts for one task: as a JSON Patch, and what it does to the budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from taskgraph.analysis.budget import Budget, budget
from taskgraph.graph import build_graph
from taskgraph.history.timeouts import Advice, Verdict
from taskgraph.model import Subtask, Task

__all__ = ["TimeoutPatch", "timeout_patch"]

_CHANGES = frozenset({Verdict.LOWER, Verdict.RAISE, Verdict.SET})


@dataclass(frozen=True, slots=True)
class TimeoutPatch:
    """What the advice changes in one task.

    Attributes
    ----------
    operations : tuple of dict
        A JSON Patch (RFC 6902) for the document. Each change is preceded by a test of the
        old value, so that it is never applied to another document.
    before, after : Budget or None
        The worst case without and with the patch; ``None`` where the graph is not sound.
    """

    operations: tuple[dict[str, Any], ...]
    before: Budget | None
    after: Budget | None


def timeout_patch(task: Task, advice: Iterable[Advice]) -> TimeoutPatch:
    """Apply the advice to a task, a definition or a response.

    Parameters
    ----------
    task : Task
    advice : iterable of Advice
        What is about other kinds of tasks is left out.
    """
    chosen = {
        one.subtask: one.advised
        for one in advice
        if one.task in {None, task.name} and one.verdict in _CHANGES
    }
    operations: list[dict[str, Any]] = []
    subtasks: list[Subtask] = []
    for position, subtask in enumerate(task.subtasks):
        advised = chosen.get(subtask.name)
        if advised is None or advised == subtask.timeout:
            subtasks.append(subtask)
            continue
        path = f"{task.origin.subtask_pointer(position)}/timeout"
        operations += _change(path, subtask.timeout, advised)
        subtasks.append(subtask._replace(timeout=advised))
    changed = replace(task, subtasks=tuple(subtasks))
    return TimeoutPatch(tuple(operations), _budget(task), _budget(changed))


def _change(path: str, old: int | None, new: int) -> list[dict[str, Any]]:
    if old is None:
        return [{"op": "add", "path": path, "value": new}]
    return [
        {"op": "test", "path": path, "value": old},
        {"op": "replace", "path": path, "value": new},
    ]


def _budget(task: Task) -> Budget | None:
    graph = build_graph(task)
    return budget(graph) if graph.is_sound else None
