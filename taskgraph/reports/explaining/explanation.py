"""All that is said of a task: section by section, and before them the lines in short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from taskgraph.checks.result import Finding
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import has_ended, is_rolling_back, whole_task
from taskgraph.model.task import Status, Task
from taskgraph.model.words import plural
from taskgraph.reports.explaining.choices import choices
from taskgraph.reports.explaining.failures import failing
from taskgraph.reports.explaining.limits import assumes, limits, overdue
from taskgraph.reports.explaining.sentences import (
    Count,
    Duration,
    Elapsed,
    Explanation,
    Flow,
    Place,
    Section,
    Sentence,
    Value,
    of_subtasks,
)
from taskgraph.reports.explaining.states import standing, verdict
from taskgraph.reports.explaining.times import timing
from taskgraph.reports.results import Account
from taskgraph.settings import Severity

_STANDING: Final = {"TG204": "has stalled", "TG208": "stands still"}
"""The rules that find that something does not move any more, and what that is called."""
_REMEDIED: Final = (*_STANDING, "TG209")
"""Those that know what to do; whether a cancel has hung for long, no document proves."""
_BROKEN = frozenset({"TG101", "TG102", "TG103", "TG104", "TG108"})
"""The rules that find why paths and times cannot be told."""
_MOST_DOUBTS = 8
MOST_CYCLES = 3  # that are told one by one
_CONSISTENCY = ("TG1", "TG2", "TG3", "TG402", "TG403", "TG504", "TG6")
"""The rules that a document breaks by contradicting itself or the engine."""


def _standing_still(account: Account) -> Iterator[Sentence]:
    """Say what does not move any more, or never can."""
    yield from _cycles(account.graph)
    for finding in account.checked.findings:
        if word := _STANDING.get(finding.code):
            message = finding.message.rstrip(".")
            yield Sentence("stalled", f"It {word}: {{message}}.", {"message": message})
    if (fault := _fault(account)) is not None and not account.graph.cycles:
        message = fault.message.rstrip(".")
        yield Sentence("broken", "{message}.", {"message": message})
    yield from _remedy(account)


def _cycles(graph: TaskGraph) -> Iterator[Sentence]:
    """Say what waits for itself, those of each cycle apart: no way leads there and back."""
    template = "{subtasks} [waits for itself|wait for each other]"
    for number, cycle in enumerate(graph.cycles[:MOST_CYCLES]):
        words = template + (", too." if number else ": it can never finish.")
        yield of_subtasks("never-finishes", words, cycle)
    if more := len(graph.cycles[MOST_CYCLES:]):
        words = f"There {plural(more, 'is', 'are')} {{count}}."
        yield Sentence("more-cycles", words, {"count": Count(more, "more cycle")})


def _fault(account: Account) -> Finding | None:
    """Give the first finding that says why paths and times cannot be told."""
    if not account.graph.flaws:
        return None
    findings = account.checked.findings
    return next((finding for finding in findings if finding.code in _BROKEN), None)


def _remedy(account: Account) -> Iterator[Sentence]:
    """Say what mends the first that stands still or is broken, and what gives the rest."""
    graph = account.graph
    remedied = [one for one in account.checked.findings if one.code in _REMEDIED]
    broken = [one for one in account.checked.findings if one.code == "TG101"]
    first = _fault(account) or next(iter(remedied), None)
    for finding in broken[:MOST_CYCLES] or filter(None, [first]):
        hint = f"{finding.hint[:1].upper()}{finding.hint[1:]}"
        yield Sentence("hint", "{hint}.", {"hint": hint})
    if more := len(broken[MOST_CYCLES:]):
        words = "Break {count} likewise: the findings name the edges."
        yield Sentence("more-hints", words, {"count": Count(more, "more cycle")})
    is_partial = graph.task.is_summary or (len(graph) > 1 and not graph.reported_sides)
    if is_partial and (call := whole_task(graph.task)):
        yield Sentence("whole-task", "Call {call} for the whole of it.", {"call": call})


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
    is_over = has_ended(task)
    if task.finish_time is not None and not (is_over and task.finish_time in told[1:]):
        claim, template = "ended", "It ended at {finish}."
        if task.status == Status.RUNNING:  # the engine never clears the time
            claim = "taken-up-again"
            template = "It had ended at {finish}, and was taken up again."
        elif not is_over:
            template = "The document says that it ended at {finish}."
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
    brief, sections = _in_brief(account, tuple(_standing_still(account)), written)
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
    """Say in what state a task is and what failed first, stands still, or is overdue."""
    what = [*_standing_still(account), *failing(account)]
    late = () if account.sound is None else overdue(account.sound)
    return Flow(account.graph).settled((*verdict(account), *_first_failure(what), *late))


# --- the lines that come first -------------------------------------------------------


_Said: TypeAlias = dict[str, list[Sentence]]

_FAILURES = ("root-failure", "no-failed-subtask", "state-unknown")
_HANGS = "Hangs"
_STILL = frozenset({"broken", "more-cycles", "never-finishes", "stalled"})
_NO_RETURN = (
    "never-return",
    "no-point-of-no-return",
    "no-return",
    "no-return-unknown",
    "prohibited",
    "prohibiting",
)
_ROLLBACK = (
    "dag-rollback",
    "rollback-accepted",
    "rollback-if-failed",
    "rollback-only-failed",
    "rollback-refused",
    "rollback-unknown",
)
_GO_ON = frozenset(
    {"call", "copies-failed", "dag-pass", "dag-unknown", "dominant", "likely"}
    | {"likely-unknown", "others-failed", "over-limit", "rollback-loses"}
)
"""What belongs to the sentence before it, as a cause does to its failure."""


def _in_brief(
    account: Account, still: Sequence[Sentence], sections: Iterable[Section]
) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Move what answers in short out of the sections, so that nothing is said twice.

    ``still`` is what does not move any more, and what to do about it. The first of the
    lines says how it stands, and has no title; behind them is what is left of the sections.
    """
    titles = {section.key: section.title for section in sections}
    said = {section.key: list(section.sentences) for section in sections}
    failure = _failure(said, still)
    lines = (
        Section("state", "", _moved(said["progress"], "counts")),
        failure,
        _effect(account.graph.task, said),
        _action(account, said, still, failure),
        _risk(account, said),
    )
    rest = (Section(key, titles[key], tuple(left)) for key, left in said.items())
    return (
        tuple(line for line in lines if line.sentences or not line.title),
        tuple(section for section in rest if section.sentences),
    )


def _first_failure(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Choose of all that failed, or stands still, what comes first."""
    rest = list(sentences)
    failed = _moved(rest, *_FAILURES)
    return (*failed, *(sentence for sentence in rest if sentence.claim in _STILL))


def _failure(said: _Said, still: Sequence[Sentence]) -> Section:
    """Say what failed or hangs; where nothing does, what is at work or was skipped."""
    stuck = tuple(sentence for sentence in still if sentence.claim in _STILL)
    late = _moved(said["limits"], "overdue")
    if stuck:  # which names it
        _moved(said["progress"], "ready")
    if failed := _moved(said["failure"], *_FAILURES):
        return Section("failure", "Failed", (*failed, *stuck, *late))
    if stuck and stuck[0].claim == "broken":
        return Section("failure", "Broken", stuck)
    if stuck:
        return Section("failure", _HANGS, (*stuck, *late))
    progress = said["progress"]
    if working := [*_moved(progress, "at-work"), *_moved(progress, "canceling")]:
        working += _moved(said["limits"], "nearest")
        return Section("failure", _HANGS if late else "Runs", (*working, *late))
    if waiting := _moved(progress, "ready"):
        return Section("failure", "Waits", waiting)
    if skipped := _moved(progress, "skipped"):
        return Section("failure", "Skipped", (*skipped, *_moved(progress, "retried")))
    return Section("failure", "Retried", _moved(progress, "retried"))


def _effect(task: Task, said: _Said) -> Section:
    """Say what a failure holds up, and the engine holds back; or how long it all took."""
    if task.status == Status.SUCCESSFUL:
        return Section("effect", "Took", _moved(said["time"], "wall"))
    waits = _moved(said["failure"], "blocked", "held-up", "blocks-nothing")
    return Section("effect", "Blocks", (*waits, *_moved(said["failure"], "held")))


def _action(
    account: Account, said: _Said, still: Sequence[Sentence], failure: Section
) -> Section:
    """Say what moves it on, and by when it is over."""
    task, choices = account.graph.task, said["choices"]
    whole = tuple(sentence for sentence in still if sentence.claim == "whole-task")
    hints = tuple(sentence for sentence in still if sentence.claim not in _STILL)
    if again := _moved(choices, "retry-task"):  # before all that has been done is lost
        return Section("action", "Now", (*hints, *again))
    retry = () if is_rolling_back(task) else ("retry-accepted", "dag-retry")
    skip, back = ("skip-accepted",), ("rollback-accepted", "dag-rollback")
    subtasks = account.graph.subtasks
    stays = any(subtasks[node].prohibit_skip for node in account.analysis.tally.failed)
    ways: tuple[tuple[str, ...], ...] = (retry, skip, back)
    if is_rolling_back(task) and stays:  # what may be skipped does not let it go on
        ways = (back, ("rollback-if-failed",), skip)
    several = sum(sentence.claim.startswith("retry-") for sentence in choices) > 1
    for claims in ways:
        if sentences := _moved(choices, *claims):
            if several and claims in (retry, skip):
                sentences += _moved(choices, "held-by")
            return Section("action", "Now", (*sentences, *whole))
    if hints or task.status == Status.FAILED:
        sentences = _moved(choices, "retry-refused", "retry-unknown")
        return Section("action", "Now", (*hints, *sentences))
    if failure.title == _HANGS:
        left = _moved(said["limits"], "endless")
        return Section("action", "Now", (*_moved(choices, "cancel", "dag-cancel"), *left))
    if task.status == Status.RUNNING:
        left = _moved(said["limits"], "left", "left-unbounded", "endless")
        return Section("action", "Left", left)
    if task.status == Status.SUCCESSFUL:
        return Section("action", "Now", _moved(choices, "over"))
    takes = _moved(said["limits"], "budget", "budget-unbounded", "budget-unknown")
    return Section("action", "Takes", takes)


def _risk(account: Account, said: _Said) -> Section:
    """Say whether there is a way back."""
    places = [("limits", _NO_RETURN), ("choices", _ROLLBACK)]
    if has_ended(account.graph.task):
        places.reverse()
    ways = (_moved(said[key], *claims) for key, claims in places)
    return Section("risk", "Risk", next(filter(None, ways), ()))


def _moved(sentences: list[Sentence], *claims: str) -> tuple[Sentence, ...]:
    """Take out the first sentence of some kinds, with what belongs to it."""
    for place, sentence in enumerate(sentences):
        if sentence.claim in claims:
            end = place + 1
            while end < len(sentences) and _belongs(sentences[end]):
                end += 1
            taken = tuple(sentences[place:end])
            after = sentences[end : end + 1]
            if after and after[0].place is Place.GOES_ON:
                after = [replace(after[0], place=sentence.place)]
            sentences[place : end + 1] = after
            return taken
    return ()


def _belongs(sentence: Sentence) -> bool:
    return sentence.claim in _GO_ON or sentence.claim.startswith("cause-")
