"""What the task is and who started it."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.model import Status, Task
from taskgraph.model.engine import MICROSECOND
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Place,
    Sentence,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["identity"]


def identity(account: Account) -> Iterator[Sentence]:
    """Say who started the task and when, what it works on, and how large it is."""
    task = account.graph.task
    yield from _started(task)
    yield from _about(task)
    yield from _shape(account)
    yield from _moment(account)


def _started(task: Task) -> Iterator[Sentence]:
    values: dict[str, Value] = {}
    who = str(task.creator or "") or task.executor
    if who:
        values["creator"] = who
    if task.start_time is not None:
        values["start"] = task.start_time
    if values:
        by = "{creator}" if who else "It was"
        verb = "started it" if who else "started"
        at = " at {start}" if task.start_time is not None else ""
        yield Sentence("started", f"{by} {verb}{at}.", values, Place.PARAGRAPH)
    if task.finish_time is not None:
        again = task.status == Status.RUNNING  # the engine never clears the time
        template = "It ended at {finish}."
        if again:
            template = "It had ended at {finish}, and was taken up again."
        claim = "taken-up-again" if again else "ended"
        yield Sentence(claim, template, {"finish": task.finish_time})


def _about(task: Task) -> Iterator[Sentence]:
    named = {
        word: str(reference)
        for word in ("cluster", "tenant", "host")
        if (reference := getattr(task, word)) is not None and str(reference)
    }
    if named:
        words = [f"{word} {{{word}}}" for word in named]
        yield Sentence("about", f"It works on {', '.join(words)}.", dict(named))


def _shape(account: Account) -> Iterator[Sentence]:
    graph = account.graph
    if not graph.subtasks:
        return
    values: dict[str, Value] = {
        "subtasks": Count(len(graph), "subtask"),
        "edges": Count(graph.edge_count, "dependency"),
    }
    if len(graph) > 1 and not graph.reported_sides:
        template = "It has {subtasks}; which depends on which, the document does not say."
        yield Sentence("size", template, {"subtasks": values["subtasks"]})
        return
    template = "It has {subtasks} and {edges}"
    if graph.edge_count != 1:
        values["edges"] = Count(graph.edge_count)
        template += " dependencies"
    in_a_row = graph.is_acyclic and graph.edge_count == len(graph) - 1 and len(graph) > 1
    if in_a_row and max(map(len, graph.downstreams)) == max(map(len, graph.upstreams)) == 1:
        template += ", one after the other"
    yield Sentence("shape", f"{template}.", values)


def _moment(account: Account) -> Iterator[Sentence]:
    task, as_of = account.graph.task, account.as_of
    if as_of is None:
        return
    values: dict[str, Value] = {"as_of": as_of}
    if task.start_time is not None and as_of >= task.start_time:
        values["since"] = Clock((as_of - task.start_time) // MICROSECOND)
        yield Sentence("as-of", "This is how it stood at {as_of}, {since} later.", values)
    else:
        yield Sentence("as-of", "This is how it stood at {as_of}.", values)
