"""What the advice on timeouts means for one task: verdicts, patch and worst case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.errors import InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history.advising import (
    Advice,
    AdviceOptions,
    TimeoutVerdict,
    judged,
)
from taskgraph.history.ranks import least_runs
from taskgraph.model.durations import like_written
from taskgraph.model.task import Origin, Subtask, Task
from taskgraph.sources.document import DocumentText
from taskgraph.sources.parsing import parse_json
from taskgraph.sources.places import split_pointer

_CHANGES = frozenset({TimeoutVerdict.LOWER, TimeoutVerdict.RAISE, TimeoutVerdict.SET})
"""The verdicts with which the advised timeout takes the place of the present one."""


def advice_for(
    task: Task, advice: Iterable[Advice], options: AdviceOptions
) -> tuple[Advice, ...]:
    """Give the verdicts on the timeouts of one task, a definition or a response.

    There is one for each name and timeout, in the order of names.
    """
    known = _about(task, advice)
    needed = least_runs(options.share, options.confidence)
    verdicts = []
    names = {task.unredacted(subtask.name): subtask.name for subtask in task.subtasks}
    pairs = {(task.unredacted(row.name), row.timeout) for row in task.subtasks}
    for name, timeout in sorted(pairs, key=lambda pair: (pair[0], pair[1] or 0)):
        nothing = Advice(task.name, name, TimeoutVerdict.TOO_FEW, timeout, needed=needed)
        one = known.get(name, nothing)
        kind = None if one.task is None else task.name
        verdicts.append(judged(one._replace(task=kind, subtask=names[name]), timeout))
    return tuple(verdicts)


def _about(task: Task, advice: Iterable[Advice]) -> dict[str, Advice]:
    """Give by subtask what is about this kind of task, or about all."""
    kind = task.unredacted(task.name)
    return {one.subtask: one for one in advice if one.task in {None, kind}}


_MISSING = object()


class PatchOperation(TypedDict):
    """One operation of a JSON Patch (RFC 6902)."""

    op: Literal["test", "replace", "add"]
    path: str
    value: int | str | None


@dataclass(frozen=True, slots=True)
class TimeoutPatch:
    """What the advice changes in one task.

    Attributes
    ----------
    operations : tuple of PatchOperation
        A JSON Patch (RFC 6902) for the document. Each change is preceded by a test of the
        value as it is written there, so that it is never applied to another document. The
        new value is written in the same way: as a number, or as a text with units.
    before, after : Budget or None
        The worst case without and with the patch; ``None`` where the graph is not sound,
        and where there are no timeouts to tell it by.
    is_sound : bool
        Whether the graph is.
    """

    operations: tuple[PatchOperation, ...]
    before: Budget | None
    after: Budget | None
    is_sound: bool = True

    @property
    def changes(self) -> int:
        """How many timeouts it changes."""
        return sum(operation["op"] != "test" for operation in self.operations)


@dataclass(frozen=True, slots=True)
class TaskReview:
    """What the advice means for one task, a definition or a response.

    Attributes
    ----------
    advice : tuple of Advice
        The verdicts on its own timeouts; see :func:`advice_for`.
    """

    task: Task
    advice: tuple[Advice, ...]
    patch: TimeoutPatch


@dataclass(frozen=True, slots=True)
class TimeoutReview:
    """The advice on timeouts, and what it means for the tasks that were asked about.

    Attributes
    ----------
    advice : tuple of Advice
        By kind of task and subtask.
    tasks : tuple of TaskReview
        Empty where none was asked about.
    """

    options: AdviceOptions
    advice: tuple[Advice, ...]
    tasks: tuple[TaskReview, ...] = ()


def review_task(
    analysis: Analysis, advice: tuple[Advice, ...], options: AdviceOptions
) -> TaskReview:
    """Tell what the advice means for one task, with what is assumed about it."""
    task, patch = analysis.task, timeout_patch(analysis, advice)
    return TaskReview(task, advice_for(task, advice, options), patch)


def timeout_patch(analysis: Analysis, advice: Iterable[Advice]) -> TimeoutPatch:
    """Apply the advice to a task, a definition or a response."""
    task = analysis.task
    known, root = _about(task, advice), _parsed(task.origin)
    operations: list[PatchOperation] = []
    subtasks: list[Subtask] = []
    for position, subtask in enumerate(task.subtasks):
        one = known.get(task.unredacted(subtask.name))
        one = one and judged(one, subtask.timeout)
        if one is None or one.verdict not in _CHANGES or one.advised == subtask.timeout:
            subtasks.append(subtask)
            continue
        pointer = f"{task.origin.subtask_pointer(position)}/timeout"
        operations += _change(root, pointer, subtask.timeout, one.advised or 0)
        subtasks.append(subtask._replace(timeout=one.advised))
    if not analysis.is_sound:
        return TimeoutPatch(tuple(operations), None, None, is_sound=False)
    graph = build_graph(replace(task, subtasks=tuple(subtasks)))
    patched = Analysis(graph, analysis.settings, analysis.past)
    before, after = (
        one.budget if one.tells_worst_case else None for one in (analysis, patched)
    )
    return TimeoutPatch(tuple(operations), before, after)


def _parsed(origin: Origin) -> Any:
    """Parse the document again, to see how its timeouts are written."""
    document = DocumentText(origin.file, origin.data, origin.first_line, origin.syntax)
    try:
        if origin.syntax == "yaml":
            from taskgraph.sources.yaml_text import parse_yaml

            return parse_yaml(document)
        return parse_json(document)
    except InputError:  # the task was not read from a document
        return _MISSING


def _change(root: Any, pointer: str, old: int | None, new: int) -> list[PatchOperation]:
    written = _look_up(root, pointer)
    if written is _MISSING:
        known = root is _MISSING and old is not None
        return [{"op": "replace" if known else "add", "path": pointer, "value": new}]
    value = like_written(written, new)
    return [
        {"op": "test", "path": pointer, "value": written},
        {"op": "replace", "path": pointer, "value": value},
    ]


def _look_up(root: Any, pointer: str) -> Any:
    """Give what a JSON pointer (RFC 6901) points at."""
    value = root
    for key in split_pointer(pointer):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return _MISSING
    return value
