"""Advice on timeouts for one task: as a JSON Patch, and what it does to the budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from taskgraph.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.errors import InputError
from taskgraph.graph import build_graph
from taskgraph.history.advice import CHANGES, Advice, judged
from taskgraph.model import Origin, Subtask, Task
from taskgraph.sources.document import Document
from taskgraph.sources.parsing import parse_json

__all__ = ["TimeoutPatch", "timeout_patch"]

_MISSING = object()


@dataclass(frozen=True, slots=True)
class TimeoutPatch:
    """What the advice changes in one task.

    Attributes
    ----------
    operations : tuple of dict
        A JSON Patch (RFC 6902) for the document. Each change is preceded by a test of the
        value as it is written there, so that it is never applied to another document. The
        new value is written in the same way: as a number, or as a text with units.
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
    known = {one.subtask: one for one in advice if one.task in {None, task.name}}
    root = _parsed(task.origin)
    operations: list[dict[str, Any]] = []
    subtasks: list[Subtask] = []
    for position, subtask in enumerate(task.subtasks):
        one = known.get(subtask.name)
        one = one and judged(one, subtask.timeout)
        if one is None or one.verdict not in CHANGES or one.advised == subtask.timeout:
            subtasks.append(subtask)
            continue
        pointer = f"{task.origin.subtask_pointer(position)}/timeout"
        operations += _change(root, pointer, subtask.timeout, one.advised or 0)
        subtasks.append(subtask._replace(timeout=one.advised))
    changed = replace(task, subtasks=tuple(subtasks))
    return TimeoutPatch(tuple(operations), _budget(task), _budget(changed))


def _parsed(origin: Origin) -> Any:
    """Parse the document again, to see how its timeouts are written."""
    document = Document(origin.file, origin.data, origin.first_line, origin.syntax)
    try:
        if origin.syntax == "yaml":
            from taskgraph.sources.yaml_text import parse_yaml

            return parse_yaml(document)
        return parse_json(document)
    except InputError:  # the task was not read from a document
        return _MISSING


def _change(root: Any, pointer: str, old: int | None, new: int) -> list[dict[str, Any]]:
    written = _look_up(root, pointer)
    if written is _MISSING:
        known = root is _MISSING and old is not None
        return [{"op": "replace" if known else "add", "path": pointer, "value": new}]
    value = _written_like(written, new)
    return [
        {"op": "test", "path": pointer, "value": written},
        {"op": "replace", "path": pointer, "value": value},
    ]


def _look_up(root: Any, pointer: str) -> Any:
    """Give what a JSON pointer (RFC 6901) points at."""
    value = root
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return _MISSING
    return value


def _written_like(example: Any, seconds: int) -> int | str:
    """Write a duration as a number, or as a text with units, as the example is."""
    if not isinstance(example, str):
        return seconds
    if example.strip().isdecimal():
        return str(seconds)
    text, left = "", seconds
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text


def _budget(task: Task) -> Budget | None:
    analysis = Analysis(build_graph(task))
    return analysis.budget if analysis.is_sound else None
