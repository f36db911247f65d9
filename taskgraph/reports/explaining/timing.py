"""How long it ran and where the time went."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.analysis.as_run import AsRun, PartKind, TimePart
from taskgraph.graph import TaskGraph
from taskgraph.model import Status
from taskgraph.model.engine import MICROSECOND, SpanKind, measured_span
from taskgraph.model.words import listed, plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Place,
    Sentence,
    Subtasks,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["timing"]

_PARTS = (
    (PartKind.BEFORE, "before", "{before} before the first subtask started"),
    (PartKind.RUN, "run", "{run} of work"),
    (PartKind.DISPATCH, "dispatch", "{dispatch} for getting from one subtask to the next"),
    (PartKind.WAIT, "wait", "{wait} of waiting between them"),
    (PartKind.OVERLAP, "overlap", "{overlap} where they overlapped"),
    (PartKind.AFTER, "after", "{after} after the last one"),
)


_UNSPLIT = (SpanKind.SEVERAL_RUNS, SpanKind.ROLLED_BACK)


def timing(account: Account) -> Iterator[Sentence]:
    """Say how long the task took by the clock, and what that time consists of."""
    diagnosis = account.sound
    if diagnosis is None or diagnosis.as_run is None:
        return
    run = diagnosis.as_run
    over = account.graph.task.status != Status.RUNNING
    values: dict[str, Value] = {"begin": run.begin, "end": run.end, "wall": Clock(run.wall)}
    took = "it took {wall}" if over else "{wall} have passed"
    template = f"From {{begin}} to {{end}} {took}."
    yield Sentence("wall", template, values, Place.PARAGRAPH)
    yield _sum(run)
    yield from _longest(account.graph, run)
    yield _ideal(run)
    yield from _retried(run)


def _sum(run: AsRun) -> Sentence:
    totals = {kind: run.total(kind) for kind, _, _ in _PARTS}
    shown = [row for row in _PARTS if totals[row[0]]]
    values: dict[str, Value] = {name: Clock(totals[kind]) for kind, name, _ in shown}
    values["path"] = Subtasks(run.path)
    words = [text for _, _, text in shown]
    template = f"Along the path that the clock saw, {{path}}: {listed(words)}."
    return Sentence("parts", template, values)


def _longest(graph: TaskGraph, run: AsRun) -> Iterator[Sentence]:
    runs = [part for part in run.parts if part.kind is PartKind.RUN]
    waits = [part for part in run.parts if part.kind is PartKind.WAIT]
    if len(runs) > 1 and (longest := max(runs, key=_size)).microseconds > 0:
        yield _part("longest-run", "The longest part is {subtask} with {time}.", longest)
    if waits:
        template = "The longest wait is {time}, before {subtask}."
        longest = max(waits, key=_size)
        yield _part("longest-wait", template, longest)
        yield from _retried_meanwhile(graph, run, longest)


def _retried_meanwhile(graph: TaskGraph, run: AsRun, wait: TimePart) -> Iterator[Sentence]:
    """Name what went through several attempts during a wait."""
    end = wait.begin + wait.microseconds * MICROSECOND
    spans = [measured_span(subtask, run.end) for subtask in graph.subtasks]
    nodes = tuple(
        node
        for node, span in enumerate(spans)
        if span is not None
        and span.kind is SpanKind.SEVERAL_RUNS
        and span.start < end
        and span.finish > wait.begin
    )
    if nodes:
        template = (
            "Meanwhile {subtasks} went through several attempts: while a subtask is "
            "FAILED, the engine starts nothing that is PENDING."
        )
        yield Sentence("retried-meanwhile", template, {"subtasks": Subtasks(nodes)})


def _size(part: TimePart) -> int:
    return part.microseconds


def _part(claim: str, template: str, part: TimePart) -> Sentence:
    nodes = () if part.node is None else (part.node,)
    values: dict[str, Value] = {
        "subtask": Subtasks(nodes),
        "time": Clock(part.microseconds),
    }
    return Sentence(claim, template, values)


def _ideal(run: AsRun) -> Sentence:
    values: dict[str, Value] = {"ideal": Clock(run.ideal.makespan)}
    if run.ideal_exceeds_wall:
        template = (
            "The longest path of measured times is {ideal}, longer than the clock saw: "
            "clocks differ between hosts, or subtasks did not wait for their upstreams."
        )
        return Sentence("ideal-exceeds-wall", template, values)
    values["rest"] = Clock(run.wall - run.ideal.makespan)
    template = (
        "Had every subtask started as soon as it could, it would be {ideal}; {rest} went "
        "elsewhere."
    )
    return Sentence("ideal", template, values)


def _retried(run: AsRun) -> Iterator[Sentence]:
    """Name the parts of the path that are no single run."""
    unsplit = [
        part.node
        for part in run.parts
        if part.node is not None and part.kind is PartKind.RUN and part.span in _UNSPLIT
    ]
    if unsplit:
        time = plural(
            len(unsplit), "The time of {subtasks} holds", "The times of {subtasks} hold"
        )
        template = f"{time} every attempt and rollback, and the pauses between."
        yield Sentence("several-runs", template, {"subtasks": Subtasks(tuple(unsplit))})
