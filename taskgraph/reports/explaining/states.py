"""How far a task is: what is done, at work, skipped, undone and to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.progress import Tally
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    is_repeating,
    least_attempts,
    tells_direction,
    tells_progress,
    was_retried,
)
from taskgraph.model.task import Task
from taskgraph.model.vocabulary import Status
from taskgraph.model.words import plural
from taskgraph.reports.explaining.failures import last_lines
from taskgraph.reports.explaining.sentences import (
    Count,
    Names,
    Place,
    Sentence,
    Subtasks,
    Value,
    of_subtasks,
)
from taskgraph.reports.results import Account

__all__ = ["is_over", "standing"]

_MOST_TOLD = 5
_STATES: Final = {
    "done": "done",
    "failed": "failed",
    "running": "at work",
    "canceling": "being cancelled",
    "ready": "ready to start",
    "pending": "waiting",
    "other": "in no known state",
}
_BACK: Final = _STATES | {
    "done": "undone",
    "in_place": "left in place",
    "untouched": "never begun",
    "pending": "waiting to be undone",
}
_PLAIN: Final = _STATES | {
    "done": "SUCCESSFUL",
    "running": "RUNNING",
    "pending": "PENDING",
}


def standing(account: Account) -> Iterator[Sentence]:
    """Say how many subtasks are done, at work and waiting, in a task that is not over."""
    task, tally = account.graph.task, account.analysis.tally
    if not account.graph.subtasks or task.is_definition:
        return
    if is_over(task, tally):
        yield from _named(account.graph, tally)
        again = [n for n, sub in enumerate(account.graph.subtasks) if was_retried(sub)]
        if again and not tally.is_rolling_back:
            yield of_subtasks("retried", "{subtasks} [was|were] retried.", tuple(again))
        return
    is_known = tells_progress(task)
    yield _state_counts(tally, is_known=is_known)
    if account.sound is not None:
        yield from _moving(account.sound)
    elif tally.running:
        doing = "at work" if is_known else "RUNNING"
        yield _at_work(account.analysis, doing)


def is_over(task: Task, tally: Tally) -> bool:
    """Tell whether a task has done, or undone, all that there was."""
    left = tally.whole - len(tally.done) - len(tally.in_place)
    return task.status == Status.SUCCESSFUL and not left


def _moving(analysis: Analysis) -> Iterator[Sentence]:
    """Say what is at work, what is to come, and how far the longest path is."""
    graph, tally, progress = analysis.graph, analysis.tally, analysis.progress
    task = graph.task
    attempts = [least_attempts(subtask) for subtask in graph.subtasks]
    if tally.running:
        doing = "at work" if tells_progress(task) else "RUNNING"
        if tally.is_rolling_back:
            doing = "being undone"
        yield _at_work(analysis, doing)
    for count in sorted({attempts[node] for node in tally.running} - {1}):
        nodes = tuple(node for node in tally.running if attempts[node] == count)
        values: dict[str, Value] = {"subtasks": Subtasks(nodes), "count": Count(count)}
        template = f"{{subtasks}} {plural(len(nodes), 'is', 'are')} in attempt {{count}}, "
        template += "or a later one."
        yield Sentence("attempt", template, values)
    if tally.canceling:
        template = "{subtasks} [is|are] being cancelled, which ends in seconds, or hangs."
        yield of_subtasks("canceling", template, tally.canceling)
    if tally.ready:
        ready = "ready to be undone" if tally.is_rolling_back else "ready to start"
        yield of_subtasks("ready", f"{{subtasks}} [is|are] {ready}.", tally.ready)
    yield from _named(graph, tally)
    again = tuple(
        node
        for node, subtask in enumerate(graph.subtasks)
        if is_repeating(subtask, back=tally.is_rolling_back)
    )
    if again:
        template = (
            "{subtasks} [was|were] retried within the rollback, and will be run again and "
            "again, for good. To skip [it|them], once FAILED, moves on and leaves the work "
            "in place; so does another rollback, once the task is FAILED, which undoes it."
        )
        yield of_subtasks("repeats", template, again)
    share = progress.critical_share
    if share and share < 1 and progress.critical_seconds_done and tells_direction(task):
        template = "Of its longest path, counted in timeouts, {percent} % is behind it."
        yield Sentence("critical-share", template, {"percent": Count(int(100 * share))})
    yield from _each_at_work(graph, tally)


def _at_work(analysis: Analysis, doing: str) -> Sentence:
    """Name what is at work, and what that works on."""
    nodes = analysis.tally.running
    targets = dict.fromkeys(filter(None, map(analysis.targets.get, nodes)))
    said = of_subtasks("at-work", f"{{subtasks}} [is|are] {doing}.", nodes)
    if not targets:
        return said
    values = {**said.values, "targets": Names(tuple(targets))}
    template = f"{said.template.removesuffix('.')} on {{targets}}."
    return replace(said, template=template, values=values)


def _named(graph: TaskGraph, tally: Tally) -> Iterator[Sentence]:
    """Name what was skipped and, in a rollback, what was undone, left and is to come."""
    for claim, nodes, words in (
        ("undone", tally.done if tally.is_rolling_back else (), "undone"),
        ("left-in-place", tally.in_place, "left in place"),
        ("skipped", tally.skipped, "skipped: the work was not done"),
    ):
        if nodes:
            yield of_subtasks(claim, f"{{subtasks}} [was|were] {words}.", nodes)
    if tally.is_rolling_back and tally.pending:
        waiting = frozenset(tally.pending)
        last = tuple(n for n in reversed(graph.order) if n in waiting)
        template = "{subtasks} [is still|are still, in this order,] to be undone."
        yield of_subtasks("to-be-undone", template, last, is_ordered=True)


def _each_at_work(graph: TaskGraph, tally: Tally) -> Iterator[Sentence]:
    """Say where each subtask is at work, and what its log says, where that is known."""
    told = [n for n in tally.running if graph.subtasks[n].host or graph.subtasks[n].logs]
    for node in told[:_MOST_TOLD]:
        subtask = graph.subtasks[node]
        if subtask.host:
            values: dict[str, Value] = {
                "subtask": Subtasks((node,)),
                "host": subtask.host,
            }
            at_work = "at work" if tells_progress(graph.task) else "RUNNING"
            template = f"{{subtask}} is {at_work} on {{host}}."
            yield Sentence("running", template, values, Place.ITEM)
        place = Place.GOES_ON if subtask.host else Place.ITEM
        yield from last_lines(subtask, node, place)


def _state_counts(tally: Tally, *, is_known: bool) -> Sentence:
    words = _PLAIN if not is_known else _BACK if tally.is_rolling_back else _STATES
    total = sum(len(getattr(tally, name)) for name in words)
    values: dict[str, Value] = {"subtasks": Count(total, "subtask")}
    parts, only = [], ""
    for name, word in words.items():
        nodes: tuple[int, ...] = getattr(tally, name)
        if nodes:
            values[name] = Count(len(nodes))
            parts.append(f"{{{name}}} {word}")
            only = word
            if name == "done" and tally.skipped:
                values["skipped"] = Count(len(tally.skipped))
                parts.append("{skipped} of them skipped")
    of_all = "Of its {subtasks}" if total > 1 else "Its only subtask"
    template = f"{of_all}: {', '.join(parts if total > 1 else [only])}."
    return Sentence("counts", template, values, Place.PARAGRAPH)
