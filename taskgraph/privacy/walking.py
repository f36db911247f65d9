"""Every text of a task: to be collected, and to be changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import chain
from operator import attrgetter, is_not
from typing import Any

from taskgraph.model.task import TASK_WORDS, WORDS, Subtask, Task

_APART = frozenset({"subtasks", "context", "extra", "origin"})
_AROUND = tuple(field.name for field in fields(Task) if field.name not in _APART)
_around = attrgetter(*_AROUND)
_TEXTS = (
    "name", "description", "status", "operation", "node_type", "class_name", "executor",
    "host",
)  # fmt: skip
_FREE = Subtask._fields.index("logs")  # and what follows it


def ids_of(task: Task) -> set[str]:
    """Give the ids that are texts: the task's, of subtasks, and those that edges name."""
    if str in {*map(type, _every_id(task))}:  # which is quickly told, and seldom so
        return _texts_among(_every_id(task))
    return set()


def _every_id(task: Task) -> Iterator[Any]:
    edges = (filter(None, task.column(side)) for side in ("upstreams", "downstreams"))
    named = chain.from_iterable(map(chain.from_iterable, edges))
    return chain([task.id], task.column("id"), named)


def words_of(task: Task) -> set[str]:
    """Give the texts of a task by which answers go: ids, names, statuses and the like."""
    words = {getattr(task, name) for name in TASK_WORDS}
    words.update(*map(task.column, WORDS))
    return _texts_among(words) | ids_of(task)


def _texts_among(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str)}


def texts_of(task: Task) -> set[str]:
    """Give every text of a task, ids too, but for logs, context and unknown fields."""
    texts: set[Any] = {task.origin.dialect}
    texts.update(*map(task.column, _TEXTS))
    stack = [*_around(task), *{*task.column("task_id")}]
    for value in stack:  # grows while it is walked
        if isinstance(value, tuple):
            stack += value
    texts.update(_texts_among(stack), ids_of(task))
    texts.discard(None)
    return texts


def change_texts(
    task: Task,
    texts: Mapping[str, str],
    change_value: Callable[[Any], Any],
    change_logs: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Task:
    """Change the texts of a task that a mapping has, its logs, and its free values.

    Where that changes nothing, it is the same task.
    """
    changes: dict[str, Any] = {}
    subtasks = task.subtasks
    if texts:
        changes = {name: _changed(getattr(task, name), texts) for name in _AROUND}
        origin = task.origin
        changes["origin"] = replace(origin, dialect=_changed(origin.dialect, texts))
        subtasks = tuple(
            Subtask(*(_changed(part, texts) for part in row[:_FREE]), *row[_FREE:])
            for row in subtasks
        )
    if any(map(any, map(task.column, ("logs", "extra")))):
        rows = [_with_free(row, change_value, change_logs) for row in subtasks]
        if any(map(is_not, rows, subtasks)):
            subtasks = tuple(rows)
    for name in ("context", "extra"):
        value = getattr(task, name)
        if value and (new := change_value(value)) != value:
            changes[name] = new
    if subtasks is not task.subtasks:
        changes["subtasks"] = subtasks
    changed = replace(task, **changes) if changes else task
    return task if changed == task and changed.origin == task.origin else changed


def _with_free(
    row: Subtask,
    change_value: Callable[[Any], Any],
    change_logs: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> Subtask:
    logs = change_logs(row.logs) if row.logs else row.logs
    extra = change_value(row.extra) if row.extra else row.extra
    if extra is row.extra and logs == row.logs:
        return row
    return row._replace(logs=logs, extra=extra)


def _changed(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, tuple):
        parts = [_changed(part, texts) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def renamed(names: Iterable[str], change: Callable[[str], str]) -> dict[str, str]:
    """Change names so that those which differ still do, whatever order they come in."""
    new = {name: change(name) for name in sorted(names)}
    taken = {name for name, other in new.items() if name == other}
    counts: Counter[str] = Counter()
    for name, plain in new.items():
        if name == plain:
            continue
        other = plain
        while other in taken:
            counts[plain] += 1
            other = f"{plain} ({counts[plain] + 1})"
        taken.add(other)
        new[name] = other
    return new
