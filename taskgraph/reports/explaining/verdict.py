"""The answer in short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from taskgraph.model import Status, Task
from taskgraph.model.engine import is_rolling_back
from taskgraph.model.words import plural
from taskgraph.reports.explaining.sentences import (
    Count,
    Own,
    Place,
    Sentence,
    Subtasks,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["STALLED", "verdict"]

STALLED: Final = "TG204"
"""The rule that finds a task in which nothing moves any more."""


def verdict(account: Account) -> Iterator[Sentence]:
    """Say in what state the task is, and why."""
    task = account.graph.task
    subject, values = _subject(task)
    predicate, more = _predicate(account)
    template = f"{subject} {predicate}."
    yield Sentence("verdict", template, values | more, Place.PARAGRAPH)
    for finding in account.checked.findings:
        if finding.code == STALLED:
            message = finding.message.rstrip(".")
            yield Sentence("stalled", "It has stalled: {message}.", {"message": message})


def _subject(task: Task) -> tuple[str, dict[str, Value]]:
    name = task.name.strip()
    if task.id is None:
        return ("Task '{name}'", {"name": name}) if name else ("This task", {})
    if not name:
        return "Task {id}", {"id": task.id}
    return "Task {id} '{name}'", {"id": task.id, "name": name}


def _predicate(account: Account) -> tuple[str, dict[str, Value]]:
    graph = account.graph
    task = graph.task
    everything: dict[str, Value] = {"subtasks": Count(len(graph), "subtask")}
    if task.is_definition:
        return "is a definition of {subtasks}; it has not run", everything
    if not graph.subtasks:
        what = "is only listed: the document leaves its subtasks out"
        return (what if task.is_summary else "has no subtasks"), {}
    failed = tuple(
        node for node, sub in enumerate(graph.subtasks) if sub.status == Status.FAILED
    )
    if failed:
        return _failed(account, failed)
    if task.status == Status.FAILED:
        return "is FAILED, although none of its {subtasks} is", everything
    return _unharmed(account)


def _failed(account: Account, failed: tuple[int, ...]) -> tuple[str, dict[str, Value]]:
    """Name the roots of the failure, where they can be told."""
    task = account.graph.task
    diagnosis = account.sound
    failure = None if diagnosis is None else diagnosis.failure
    roots = failed if failure is None else tuple(root.node for root in failure.roots)
    blocked = () if failure is None else failure.blocked
    values: dict[str, Value] = {"roots": Subtasks(roots)}
    back = is_rolling_back(task)
    state = {
        Status.FAILED: "could not be rolled back" if back else "failed",
        Status.RUNNING: "is being rolled back" if back else "is still running",
        Status.SUCCESSFUL: "is SUCCESSFUL",
    }
    known = task.status in state
    begin = state[Status(task.status)] if known and task.status else "is in no known state"
    text = f"{begin}{':' if task.status == Status.FAILED else ', but'} {{roots}} failed"
    if blocked:
        values["blocked"] = Count(len(blocked), "subtask")
        waits = plural(len(blocked), "waits", "wait")
        text += f", and {{blocked}} {waits} for that"
    return text, values


def _unharmed(account: Account) -> tuple[str, dict[str, Value]]:
    graph = account.graph
    task = graph.task
    back = is_rolling_back(task)
    done = Status.PENDING if back else Status.SUCCESSFUL
    count = sum(subtask.status == done for subtask in graph.subtasks)
    values: dict[str, Value] = {"subtasks": Count(len(graph), "subtask")}
    if task.status == Status.SUCCESSFUL and count == len(graph):
        if back:
            return "was rolled back: its {subtasks} are undone or were never done", values
        return _succeeded(account, values)
    state = {
        Status.SUCCESSFUL: "is SUCCESSFUL",
        Status.RUNNING: "is being rolled back" if back else "is running",
    }
    begin = "is in a state that the document does not tell"
    if task.status in state:
        begin = state[Status(task.status)]
    elif task.status:
        begin, values["status"] = "is {status}", task.status
    values["done"] = Count(count)
    values["verb"] = Own("undone" if back else "done")
    been = plural(count, "is", "are")
    text = f"{begin}: {{done}} of {{subtasks}} {been} {{verb}}"
    return f"{text}, and nothing has failed", values


def _succeeded(account: Account, values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    skipped = sum(sub.operation == "SKIP" for sub in account.graph.subtasks)
    if not skipped:
        all_of = plural(len(account.graph), "its only subtask is", "all {subtasks} are")
        return f"succeeded: {all_of} done", values
    values["skipped"] = Count(skipped)
    was = plural(skipped, "was", "were")
    return f"succeeded, but {{skipped}} of {{subtasks}} {was} skipped", values
