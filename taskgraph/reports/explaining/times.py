"""How long a task ran, and where the time went."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.as_run import AsRun, PartKind, TimePart, occupancy
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    SpanKind,
    has_ended,
    measured_span,
    was_asked_again,
    was_retried,
)
from taskgraph.model.task import Status
from taskgraph.model.words import listed, plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Elapsed,
    Place,
    Sentence,
    SubtaskList,
    Value,
    of_subtasks,
)
from taskgraph.reports.results import CLOCKS_DIFFER, UNSPLIT, WENT_ON, Account

_PARTS = (
    (PartKind.BEFORE, "before", "{before} before the first subtask started"),
    (PartKind.RUN, "run", "{run} of work"),
    (PartKind.DISPATCH, "dispatch", "{dispatch} for getting from one subtask to the next"),
    (PartKind.WAIT, "wait", "{wait} of waiting between them"),
    (PartKind.OVERLAP, "overlap", "{overlap} where their times overlap"),
    (PartKind.AFTER, "after", "{after} after the last one"),
)


def timing(account: Account) -> Iterator[Sentence]:
    """Say how long the task took by the clock, and what that time consists of."""
    diagnosis = account.sound
    if diagnosis is None or diagnosis.as_run is None:
        return
    run = diagnosis.as_run
    values: dict[str, Value] = {
        "begin": run.begin,
        "end": run.end,
        "wall": Elapsed(run.begin, run.end),
    }
    took = "it took {wall}" if has_ended(account.graph.task) else "{wall} have passed"
    if run.outlasts(account.graph.task):
        took += f", with {WENT_ON}"
    yield Sentence("wall", f"From {{begin}} to {{end}} {took}.", values, Place.PARAGRAPH)
    yield _sum(run)
    yield from _longest(diagnosis, run)
    yield _ideal(account.graph, run)
    yield from _retried(run)


def _sum(run: AsRun) -> Sentence:
    totals = {kind: run.total(kind) for kind, _, _ in _PARTS}
    shown = [row for row in _PARTS if totals[row[0]]]
    values: dict[str, Value] = {name: Clock(totals[kind]) for kind, name, _ in shown}
    values["path"] = SubtaskList(run.path, is_ordered=True)
    *most, last = (text for _, _, text in shown)
    parts = listed(filter(None, (", ".join(most), last)))  # every one of them
    template = f"Along the path that the clock saw, {{path}}: {parts}."
    return Sentence("parts", template, values)


def _longest(analysis: Analysis, run: AsRun) -> Iterator[Sentence]:
    runs = [part for part in run.parts if part.kind is PartKind.RUN]
    waits = [part for part in run.parts if part.kind is PartKind.WAIT]
    size = attrgetter("microseconds")
    if len(runs) > 1 and (longest := max(runs, key=size)).microseconds > 0:
        yield _part("longest-run", "The longest part is {subtask} with {time}.", longest)
    if waits:
        template = "The longest wait is {time}, before {subtask}."
        longest = max(waits, key=size)
        yield _part("longest-wait", template, longest)
        if analysis.task.origin.dialect != "obshell":
            yield from _slots_taken(analysis, run, longest)
            yield from _retried_meanwhile(analysis.graph, run, longest)


def _slots_taken(analysis: Analysis, run: AsRun, wait: TimePart) -> Iterator[Sentence]:
    """Name what was at work while nothing more could start."""
    end = wait.begin + wait.microseconds * MICROSECOND
    taken = occupancy(analysis, wait.begin, end, run.end)
    if taken.seconds >= 1 and not analysis.is_rolling_back:
        values: dict[str, Value] = {
            "taken": Clock(round(taken.seconds * SECOND)),
            "limit": Count(analysis.slots, "slot"),
            "subtasks": SubtaskList(taken.holders),
        }
        all_of = plural(analysis.slots, "the only slot was", "all {limit} were")
        template = f"For {{taken}} of that, or longer, {all_of} taken, by {{subtasks}}."
        yield Sentence("slots-taken", template, values)


def _retried_meanwhile(graph: TaskGraph, run: AsRun, wait: TimePart) -> Iterator[Sentence]:
    """Name what went through several attempts during a wait."""
    end = wait.begin + wait.microseconds * MICROSECOND
    spans = [measured_span(subtask, run.end) for subtask in graph.subtasks]
    nodes = tuple(
        node
        for node, span in enumerate(spans)
        if span is not None
        and span.kind is SpanKind.SEVERAL_RUNS
        and was_retried(graph.subtasks[node])
        and graph.subtasks[node].status != Status.READY
        and span.start < end
        and span.finish > wait.begin
    )
    if nodes:
        template = (
            "Meanwhile {subtasks} went through several attempts: while a subtask is "
            "FAILED, the engine starts nothing that is PENDING."
        )
        yield of_subtasks("retried-meanwhile", template, nodes)


def _part(claim: str, template: str, part: TimePart) -> Sentence:
    subtask = SubtaskList(() if part.node is None else (part.node,))
    time = Clock(part.microseconds)
    return Sentence(claim, template, {"subtask": subtask, "time": time})


def _ideal(graph: TaskGraph, run: AsRun) -> Sentence:
    values: dict[str, Value] = {"ideal": Clock(run.ideal.makespan)}
    unsplit = [graph.subtasks[node] for node in _unsplit(graph, run)]
    has_pauses = any(map(was_asked_again, unsplit))
    if run.ideal_exceeds_wall:
        why = CLOCKS_DIFFER
        if has_pauses:
            why = "the pauses between attempts, and rollbacks, count in it"
        elif unsplit:
            why = f"pauses between attempts may count in it, or {CLOCKS_DIFFER}"
        template = "The longest path of measured times is {ideal}, longer than the clock"
        return Sentence("ideal-exceeds-wall", f"{template} saw: {why}.", values)
    values["rest"] = Clock(run.wall - run.ideal.makespan)
    template = (
        "Had every subtask started as soon as it could, it would be {ideal}; {rest} went "
        "elsewhere."
    )
    if unsplit:
        some = "" if has_pauses else ", if there were any,"
        template += f" In that, pauses between attempts{some} count as work."
    return Sentence("ideal", template, values)


def _unsplit(graph: TaskGraph, run: AsRun) -> Iterator[int]:
    """Give what of the longest path of measured times is no single run."""
    for node in run.ideal.critical_path:
        span = measured_span(graph.subtasks[node], run.end)
        if span is not None and span.kind in UNSPLIT:
            yield node


def _retried(run: AsRun) -> Iterator[Sentence]:
    """Name the parts of the path that are no single run."""
    unsplit = tuple(
        part.node
        for part in run.parts
        if part.node is not None and part.kind is PartKind.RUN and part.span in UNSPLIT
    )
    if unsplit:
        template = (
            "The [time|times] of {subtasks} may hold several attempts or a rollback, and "
            "the pauses between."
        )
        yield of_subtasks("several-runs", template, unsplit)
