"""What is said about a timeout, how one is judged by it, and what that does to a task."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypedDict

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.past import TimeoutNeed
from taskgraph.errors import ConfigError, InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.history.defaults import CONFIDENCE, MARGIN, SHARE
from taskgraph.history.ranks import least_runs
from taskgraph.model.durations import like_written
from taskgraph.model.task import Origin, Subtask, Task
from taskgraph.sources.document import DocumentText
from taskgraph.sources.parsing import parse_json
from taskgraph.sources.places import split_pointer

_GENEROUS = 2
"""A timeout of up to so many times the advised one may stay."""
_LARGEST_MARGIN = 100


class TimeoutVerdict(StrEnum):
    """What to do about a timeout."""

    LOWER = "lower"
    KEEP = "keep"
    RAISE = "raise"
    SET = "set"
    LOOK = "look into it"
    TOO_FEW = "too few runs"


CHANGES = frozenset({TimeoutVerdict.LOWER, TimeoutVerdict.RAISE, TimeoutVerdict.SET})
"""The verdicts with which the advised timeout takes the place of the present one."""


@dataclass(frozen=True, slots=True)
class AdviceOptions:
    """What the advice must promise.

    Attributes
    ----------
    share : float
        Of the healthy runs to come that must pass.
    confidence : float
        Of that promise.
    margin : float
        What to add to the limit, as a share of it.
    across_tasks : bool
        Take the runs of a subtask in all kinds of tasks together.
    """

    share: float = SHARE
    confidence: float = CONFIDENCE
    margin: float = MARGIN
    across_tasks: bool = False

    def __post_init__(self) -> None:
        for name in ("share", "confidence"):
            if not 0 < getattr(self, name) < 1:
                text = f"the {name} must be between 0 and 1, not {getattr(self, name)}"
                raise ConfigError(text)
        if math.isnan(self.margin) or not 0 <= self.margin <= _LARGEST_MARGIN:
            most = 100 * _LARGEST_MARGIN
            given = 100 * self.margin
            raise ConfigError(f"the margin must be from 0 to {most} %, not {given:g} %")


class Advice(NamedTuple):
    """The advice for one kind of subtask.

    Attributes
    ----------
    task : str or None
        ``None`` for all kinds of tasks.
    timeout : int or None
        Seconds, in the latest document, or in the one that is judged; ``None`` and 0 are
        no limit.
    advised : int or None
        Seconds; ``None`` where there are too few runs.
    is_next_step : bool
        The runs do not show how long is long enough, for too many were cut: `advised` is
        twice the timeout that cut them, to be raised again or found enough.
    runs : int
        Healthy runs that were measured.
    needed : int
        How many the promise needs.
    cut : int
        Runs that their timeout may have killed though they were healthy.
    hung : int
        Runs that were failed at their timeout when healthy runs were long over.
    unknown : int
        Subtasks that were retried or skipped and took longer than their timeout in all:
        whether it ended their first run is not exported, and nothing else speaks for it.
    retried : int
        Subtasks with several attempts, split unknown: none of them is a measured run.
    limit_us : int or None
        Microseconds that pass the share of runs, without the margin.
    longest_us : int or None
        Microseconds of the longest healthy run.
    confidence : float or None
        With which `limit_us` does so.
    would_kill : int or None
        Healthy runs longer than the advice.
    frees : int or None
        Seconds by which the advice shortens the worst case of an attempt; negative where
        it is longer.
    """

    task: str | None
    subtask: str
    verdict: TimeoutVerdict
    timeout: int | None
    advised: int | None = None
    is_next_step: bool = False
    runs: int = 0
    needed: int = 0
    cut: int = 0
    hung: int = 0
    unknown: int = 0
    retried: int = 0
    limit_us: int | None = None
    longest_us: int | None = None
    confidence: float | None = None
    would_kill: int | None = None
    frees: int | None = None


def judged(advice: Advice, timeout: int | None) -> Advice:
    """Give the verdict on a timeout in seconds by what the runs showed.

    The advice has the limit, if there is one, and what is advised.
    """
    limit = 0 if timeout is None else max(timeout, 0)
    need = need_of(advice)
    if need is None:
        verdict = (
            TimeoutVerdict.LOOK
            if advice.cut and not advice.runs
            else TimeoutVerdict.TOO_FEW
        )
        return advice._replace(timeout=timeout, verdict=verdict, frees=None)
    verdict = TimeoutVerdict.KEEP
    if need.is_short(limit):
        verdict = TimeoutVerdict.RAISE
    elif limit == 0 and need.limit_us is not None:
        verdict = TimeoutVerdict.SET
    elif need.is_long(limit, _GENEROUS):
        verdict = TimeoutVerdict.LOWER
    return advice._replace(
        timeout=timeout,
        verdict=verdict,
        is_next_step=advice.limit_us is None and verdict is TimeoutVerdict.RAISE,
        frees=limit - need.advised
        if limit and verdict is not TimeoutVerdict.KEEP
        else None,
    )


def need_of(advice: Advice) -> TimeoutNeed | None:
    """Give what healthy runs need; ``None`` where too few runs tell."""
    if advice.advised is None:
        return None
    runs, cut, limit, longest = advice.runs, advice.cut, advice.limit_us, advice.longest_us
    return TimeoutNeed(runs, cut, limit, longest, advice.advised)


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
        if one is None or one.verdict not in CHANGES or one.advised == subtask.timeout:
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
