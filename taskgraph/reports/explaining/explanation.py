"""All that is said of a task, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from taskgraph.checks.result import Finding
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    has_never_failed,
    is_rolling_back,
)
from taskgraph.model.requests import whole_task
from taskgraph.model.task import Task
from taskgraph.model.vocabulary import STATUSES, Status
from taskgraph.model.words import plural
from taskgraph.reports.explaining.assuming import assumes
from taskgraph.reports.explaining.brief import first_failure, in_brief
from taskgraph.reports.explaining.choices import choices
from taskgraph.reports.explaining.failures import failing
from taskgraph.reports.explaining.flow import Flow
from taskgraph.reports.explaining.sentences import (
    Count,
    Duration,
    Elapsed,
    Explanation,
    Place,
    Section,
    Sentence,
    Value,
    of_subtasks,
)
from taskgraph.reports.explaining.states import is_over, standing
from taskgraph.reports.explaining.times import limits, timing
from taskgraph.reports.results import Account
from taskgraph.settings import Severity

__all__ = ["explain", "headline", "in_short"]

_STANDING: Final = {"TG204": "has stalled", "TG208": "stands still"}
"""The rules that find that something does not move any more, and what that is called."""
_REMEDIED: Final = (*_STANDING, "TG209")
"""Those that know what to do; whether a cancel has hung for long, no document proves."""
_BROKEN = frozenset({"TG101", "TG102", "TG103", "TG104", "TG108"})
"""The rules that find why paths and times cannot be told."""
_MOST_DOUBTS = 8
_CONSISTENCY = ("TG1", "TG2", "TG3", "TG402", "TG403", "TG504", "TG6")
"""The rules that a document breaks by contradicting itself or the engine."""


def verdict(account: Account) -> Iterator[Sentence]:
    """Say in what state the task is."""
    task = account.graph.task
    subject, values = _subject(task)
    predicate, more = _predicate(account)
    template = f"{subject} {predicate}."
    yield Sentence("verdict", template, values | more, Place.PARAGRAPH)


def _standing_still(account: Account) -> Iterator[Sentence]:
    """Say what does not move any more, or never can."""
    if account.graph.cycles:
        nodes = tuple(node for cycle in account.graph.cycles for node in cycle)
        template = "{subtasks} [waits for itself|wait for each other]: it can never finish."
        yield of_subtasks("never-finishes", template, tuple(sorted(nodes)))
    for finding in account.checked.findings:
        if word := _STANDING.get(finding.code):
            message = finding.message.rstrip(".")
            yield Sentence("stalled", f"It {word}: {{message}}.", {"message": message})
    if (fault := _fault(account)) is not None and not account.graph.cycles:
        message = fault.message.rstrip(".")
        yield Sentence("broken", "{message}.", {"message": message})
    yield from _remedy(account)


def _fault(account: Account) -> Finding | None:
    """Give the first finding that says why paths and times cannot be told."""
    if not account.graph.flaws:
        return None
    found = account.checked.findings
    return next((finding for finding in found if finding.code in _BROKEN), None)


def _remedy(account: Account) -> Iterator[Sentence]:
    """Say what mends the first that stands still or is broken, and what gives the rest."""
    graph = account.graph
    found = [one for one in account.checked.findings if one.code in _REMEDIED]
    if first := _fault(account) or next(iter(found), None):
        hint = f"{first.hint[:1].upper()}{first.hint[1:]}"
        yield Sentence("hint", "{hint}.", {"hint": hint})
    is_partial = graph.task.is_summary or (len(graph) > 1 and not graph.reported_sides)
    if is_partial and (call := whole_task(graph.task)):
        yield Sentence("whole-task", "Call {call} for the whole of it.", {"call": call})


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
    if any(subtask.status == Status.FAILED for subtask in graph.subtasks):
        return _with_failures(task), {}
    if task.status == Status.FAILED:
        what = "is FAILED, although none of its {subtasks} is"
        if account.analysis.tally.other:
            what = "is FAILED; which of its {subtasks} is, the document does not tell"
        return what, everything
    return _unharmed(account)


def _with_failures(task: Task) -> str:
    back = is_rolling_back(task)
    if task.status == Status.FAILED:
        return "could not be rolled back" if back else "failed"
    state: dict[str, str] = {
        Status.RUNNING: "is being rolled back" if back else "is still running",
        Status.SUCCESSFUL: "is SUCCESSFUL",
    }
    return f"{state.get(task.status or '', 'is in no known state')}, with failures"


def _unharmed(account: Account) -> tuple[str, dict[str, Value]]:
    graph, tally = account.graph, account.analysis.tally
    task = graph.task
    back = tally.is_rolling_back
    values: dict[str, Value] = {}
    if is_over(task, tally):
        if not back:
            return _succeeded(account)
        if tally.in_place:
            values["in_place"] = Count(len(tally.in_place), "subtask")
            return "was rolled back, but the work of {in_place} was left in place", values
        values["subtasks"] = Count(len(graph), "subtask")
        return "was rolled back: its {subtasks} are undone or were never done", values
    state: dict[str, str] = {
        Status.SUCCESSFUL: "is SUCCESSFUL, although not all is done",
        Status.RUNNING: "is being rolled back" if back else "is running",
    }
    text = "is in a state that the document does not tell"
    if task.status:
        text = state.get(task.status, "is {status}")
        if task.status not in state:
            values["status"] = task.status
    if not (graph.cycles or tally.other):
        never = has_never_failed(task) and task.status in STATUSES
        text += ", and nothing has failed" if never else ", and no subtask is FAILED"
    return text, values


def _succeeded(account: Account) -> tuple[str, dict[str, Value]]:
    values: dict[str, Value] = {"subtasks": Count(len(account.graph), "subtask")}
    skipped = len(account.analysis.tally.skipped)
    if not skipped:
        all_of = plural(len(account.graph), "its only subtask is", "all {subtasks} are")
        return f"succeeded: {all_of} done", values
    values["skipped"] = Count(skipped)
    was = plural(skipped, "was", "were")
    return f"succeeded, but {{skipped}} of {{subtasks}} {was} skipped", values


def _identity(account: Account) -> Iterator[Sentence]:
    """Say who started the task and when, what it works on, and how large it is."""
    task = account.graph.task
    yield from _started(account)
    yield from _about(task)
    yield from _shape(account.graph)
    yield from _moment(account)


def _started(account: Account) -> Iterator[Sentence]:
    """Say who started it, and the times that where the time went does not tell."""
    task = account.graph.task
    run = account.sound.as_run if account.sound else None
    told = (run.begin, run.end) if run else ()
    values: dict[str, Value] = {}
    who = str(task.creator or "") or task.executor
    if who:
        values["creator"] = who
    if task.start_time is not None and task.start_time not in told[:1]:
        values["start"] = task.start_time
    if values:
        by = "{creator}" if who else "It was"
        verb = "started it" if who else "started"
        at = " at {start}" if "start" in values else ""
        yield Sentence("started", f"{by} {verb}{at}.", values, Place.PARAGRAPH)
    is_over = task.status != Status.RUNNING
    if task.finish_time is not None and not (is_over and task.finish_time in told[1:]):
        claim, template = "ended", "It ended at {finish}."
        if not is_over:  # the engine never clears the time
            claim = "taken-up-again"
            template = "It had ended at {finish}, and was taken up again."
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


def _shape(graph: TaskGraph) -> Iterator[Sentence]:
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
    if len(graph) == 1 and not graph.edge_count:
        yield Sentence("size", "It has {subtasks}.", {"subtasks": values["subtasks"]})
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
    template = "This is how it stood at {as_of}"
    if task.start_time is not None and as_of >= task.start_time:
        values["since"] = Elapsed(task.start_time, as_of)
        template += ", {since} after its start"
    elif task.start_time is not None:
        template += ", which is before its start"
    yield Sentence("as-of", f"{template}.", values)


def _trust(account: Account) -> Iterator[Sentence]:
    """Name what the document contradicts itself in, and what that takes away."""
    graph = account.graph
    if graph.flaws and not graph.task.is_summary:
        template = "Paths and times cannot be told: {flaws}."
        reasons = "; ".join(graph.flaws)
        yield Sentence("flaws", template, {"flaws": reasons}, Place.PARAGRAPH)
    first = _fault(account)
    doubts = [
        finding
        for finding in account.checked.findings
        if finding.code.startswith(_CONSISTENCY)
        and finding.severity >= Severity.WARNING
        and finding.code not in _STANDING
        and (finding is not first or graph.cycles)
    ]
    for finding in doubts[:_MOST_DOUBTS]:
        values = {"rule": finding.code, "message": finding.message.rstrip(".")}
        yield Sentence("inconsistent", "{message} ({rule}).", values, Place.ITEM)
    if hidden := len(doubts[_MOST_DOUBTS:]):
        template = f"{{count}} more {plural(hidden, 'finding', 'findings')} of this kind."
        yield Sentence("more-inconsistent", template, {"count": Count(hidden)}, Place.ITEM)


_Writer: TypeAlias = Callable[[Account], Iterator[Sentence]]

_SECTIONS: Final[tuple[tuple[str, str, _Writer], ...]] = (
    ("identity", "What it is", _identity),
    ("progress", "How far it is", standing),
    ("failure", "What failed", failing),
    ("time", "Where the time went", timing),
    ("choices", "What may be done now", choices),
    ("limits", "How long it can take", limits),
    ("trust", "What not to trust", _trust),
)


def explain(account: Account) -> Explanation:
    """Explain a task in sentences, the same whatever the order in the document."""
    written = [
        Section(key, title, tuple(write(account))) for key, title, write in _SECTIONS
    ]
    brief, sections = in_brief(account, tuple(_standing_still(account)), written)
    flow = Flow(account.graph)
    counts, *lines = brief
    return Explanation(
        graph=account.graph,
        verdict=flow.settled((*verdict(account), *counts.sentences)),
        brief=tuple(flow.of_section(line) for line in lines),
        sections=tuple(flow.of_section(section) for section in sections),
    )


def in_short(account: Account, explanation: Explanation) -> Explanation:
    """Leave of an explanation the lines that come first, and what their times assume."""
    lines = explanation.brief
    values = [v for line in lines for s in line.sentences for v in s.values.values()]
    if account.sound is not None and any(isinstance(value, Duration) for value in values):
        lines += (Section("assumes", "Assumes", (assumes(account.sound),)),)
    return replace(explanation, brief=lines, sections=())


def headline(account: Account) -> tuple[Sentence, ...]:
    """Say in what state a task is and what failed first, or stands still."""
    what = [*_standing_still(account), *failing(account)]
    return Flow(account.graph).settled((*verdict(account), *first_failure(what)))
