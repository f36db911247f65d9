"""How far the task is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from taskgraph.analysis.progress import Progress
from taskgraph.graph import TaskGraph
from taskgraph.model import Status
from taskgraph.model.words import plural
from taskgraph.reports.explaining.logs import last_lines
from taskgraph.reports.explaining.sentences import (
    Count,
    Place,
    Sentence,
    Subtasks,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["standing"]

_MOST_TOLD = 5
_STATES: Final = {
    "done": "done",
    "failed": "failed",
    "running": "at work",
    "ready": "ready to start",
    "pending": "waiting",
    "other": "in a state that the engine is not known to write",
}
_BACK: Final = _STATES | {
    "done": "undone or never begun",
    "pending": "waiting to be undone",
}


def standing(account: Account) -> Iterator[Sentence]:
    """Say how many subtasks are done, at work and waiting, in a task that is not over."""
    task, diagnosis = account.graph.task, account.sound
    if diagnosis is None or not account.graph.subtasks or task.is_definition:
        return
    if task.status == Status.SUCCESSFUL:
        return
    progress = diagnosis.progress
    yield _counts(progress)
    if progress.running:
        verb = plural(len(progress.running), "is", "are")
        template = f"At work {verb} {{subtasks}}."
        yield Sentence("at-work", template, {"subtasks": Subtasks(progress.running)})
    if progress.ready:
        verb = plural(len(progress.ready), "is", "are")
        template = f"Ready to start {verb} {{subtasks}}."
        yield Sentence("ready", template, {"subtasks": Subtasks(progress.ready)})
    yield from _share(progress)
    yield from _at_work(account.graph, progress)


def _at_work(graph: TaskGraph, progress: Progress) -> Iterator[Sentence]:
    """Say where each subtask is at work, and what its log says, where that is known."""
    told = [n for n in progress.running if graph.subtasks[n].host or graph.subtasks[n].logs]
    for node in told[:_MOST_TOLD]:
        subtask = graph.subtasks[node]
        values: dict[str, Value] = {"subtask": Subtasks((node,))}
        template = "{subtask} is at work"
        if subtask.host:
            values["host"] = subtask.host
            template += " on {host}"
        yield Sentence("running", f"{template}.", values, Place.ITEM)
        yield from last_lines(subtask)


def _counts(progress: Progress) -> Sentence:
    words = _BACK if progress.is_rolling_back else _STATES
    total = sum(len(getattr(progress, name)) for name in words)
    values: dict[str, Value] = {"subtasks": Count(total, "subtask")}
    parts = []
    for name, word in words.items():
        nodes: tuple[int, ...] = getattr(progress, name)
        if nodes:
            values[name] = Count(len(nodes))
            parts.append(f"{{{name}}} {word}")
    template = f"Of its {{subtasks}}: {', '.join(parts)}."
    return Sentence("counts", template, values, Place.PARAGRAPH)


def _share(progress: Progress) -> Iterator[Sentence]:
    share = progress.critical_share
    if share is None or not progress.critical_seconds_done:
        return
    values: dict[str, Value] = {"percent": Count(int(100 * share))}
    template = "Of its longest path, counted in timeouts, {percent} % is behind it."
    yield Sentence("critical-share", template, values)
