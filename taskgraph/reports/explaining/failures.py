"""What failed, why, where, and what that held up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Final, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.failure import (
    Cause,
    Failure,
    RootFailure,
    earliest_first,
    failure_cause,
)
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    FORWARD,
    OBSHELL_TIMEOUT,
    is_part,
    is_rolling_back,
    least_attempts,
    tells_direction,
    was_retried,
)
from taskgraph.model.task import Operation, Status, Subtask
from taskgraph.model.words import labels
from taskgraph.reports.explaining.sentences import (
    Count,
    Duration,
    NameList,
    Place,
    Sentence,
    SubtaskList,
    Value,
    of_subtasks,
    ran,
)
from taskgraph.reports.results import Account

_MOST_ROOTS = 5  # kinds of them, of which something is said each; the others are named
_MOST_PARTS = 5
_MOST_LINES = 5
_HELD = (
    "{subtasks} [does|do] not wait for that, but the engine starts nothing that is PENDING "
    "while a subtask is FAILED."
)
_HELD_BACK = (
    "{subtasks} [does|do] not wait for that, but the engine undoes nothing more while a "
    "subtask is FAILED."
)

_NOTHING: Final = Sentence("blocks-nothing", "Nothing waits for that.", {}, Place.PARAGRAPH)

_CAUSES: Final = {
    Cause.TIMEOUT: "By [its|their] times [its timeout|their timeouts] ended [it|them]: [it|"
    "they] ran {ran} of {timeout}.",
    Cause.OVER_TIMEOUT: "[It|They] ran {ran}, past [its|their] timeout of {timeout}: by "
    "[its times its deadline was|their times their deadlines were] missed, and "
    "[it ended by itself|they ended by themselves].",
    Cause.POLLED: "By [its|their] times [its timeout|their timeouts] ended [it|them], "
    "late: [its deadline was|their deadlines were] missed, and a poll ended [it|them] "
    "after {ran} of {timeout}.",
    Cause.WITHIN_TIMEOUT: "A timeout was not the cause: [it|they] ran {ran} of {timeout}.",
    Cause.NO_TIMEOUT: "[Its|Their] timeout is zero, which promises no limit.",
    Cause.NOT_STATED: "The document gives [it|them] no timeout.",
    Cause.ZERO_TIMEOUT: "[It|They] ran {ran} with a timeout of zero, which promises no "
    "limit, but some versions of the engine end such a subtask soon: that may be why.",
    Cause.CANCELED: "[It was|They were] cancelled.",
    Cause.ROLLBACK: "What failed is [its|their] rollback; whether a timeout was the cause "
    "cannot be told, since the document does not say when that started.",
    Cause.SEVERAL_RUNS: "[It|They] ran more than once; whether a timeout was the cause "
    "cannot be told, since the document does not say when the last attempt started.",
    Cause.RUNS_UNKNOWN: "Whether a timeout was the cause cannot be told, since the "
    "document does not tell whether [it|they] ran more than once.",
    Cause.NO_TIMES: "Whether a timeout was the cause cannot be told, since the document "
    "does not say how long [it|they] ran.",
}


def failing(account: Account) -> Iterator[Sentence]:
    """Say what failed first, whether a timeout was the cause, and what waits for it."""
    graph, diagnosis = account.graph, account.sound
    if diagnosis is not None and diagnosis.failure is not None:
        failure = diagnosis.failure
        yield from _roots(diagnosis, failure.roots)
        yield from _fresh(diagnosis, failure)
        if tells_direction(graph.task):
            yield from _consequences(graph, failure)
        return
    if failed := account.analysis.tally.failed:
        roots = [RootFailure(n, graph.subtasks[n].finish_time) for n in failed]
        yield from _roots(account.analysis, tuple(sorted(roots, key=earliest_first)))
        reasons = "; ".join(graph.flaws)
        template = "What that holds up cannot be told: {flaws}."
        yield Sentence("unsound", template, {"flaws": reasons}, Place.PARAGRAPH)
    elif graph.task.status == Status.FAILED and graph.task.is_summary:
        template = "What failed cannot be told: the document leaves its subtasks out."
        yield Sentence("unsound", template, {}, Place.PARAGRAPH)
    elif graph.task.status == Status.FAILED and account.analysis.tally.other:
        template = "What failed cannot be told: the state of {subtasks} is not known."
        unknown = account.analysis.tally.other
        yield of_subtasks("state-unknown", template, unknown, Place.PARAGRAPH)
    elif graph.task.status == Status.FAILED:
        template = "No subtask is FAILED. A fault inside the engine's coordinator does that"
        if any(sub.attempts is None or was_retried(sub) for sub in graph.subtasks):
            template += ", or a retry that came after the failure"
        if any(subtask.operation == Operation.SKIP for subtask in graph.subtasks):
            template += ", or a skip that came after the failure"
        template += "; the engine's own log tells."
        yield Sentence("no-failed-subtask", template, {}, Place.PARAGRAPH)
    elif graph.task.status == Status.RUNNING and tells_direction(graph.task):
        yield from _held_up(account)


class _Failed(NamedTuple):
    """What is the same of parts of a split that failed in the same way."""

    name: str | int
    cause: Cause
    timeout: int | None
    attempts: int


def _roots(analysis: Analysis, roots: tuple[RootFailure, ...]) -> Iterator[Sentence]:
    subtasks = analysis.graph.subtasks
    groups: dict[_Failed, list[RootFailure]] = {}
    for root in roots:
        groups.setdefault(_failed(subtasks[root.node], root.node), []).append(root)
    alike = list(groups.items())
    for failed, group in alike[:_MOST_ROOTS]:
        nodes = tuple(root.node for root in group)
        yield _root(analysis, failed, group)
        yield _cause(analysis, failed, nodes)
        if failed == alike[0][0] and len(alike) > 1:
            others = tuple(root.node for _, group in alike[1:] for root in group)
            yield of_subtasks("others-failed", "{subtasks} failed as well.", others)
        if failed == alike[0][0]:
            yield from _failed_copies(analysis.graph)
        yield from _run_by(analysis, nodes)
        yield from _each_part(group)
        for root in group[:_MOST_PARTS]:
            yield from last_lines(subtasks[root.node], root.node, Place.ITEM)
    if hidden := [root.node for _, group in alike[_MOST_ROOTS:] for root in group]:
        template = "Failed by themselves as well: {subtasks}."
        yield of_subtasks("more-roots", template, tuple(hidden), Place.ITEM)
    yield from _failed_on(analysis, roots)


def _failed_copies(graph: TaskGraph) -> Iterator[Sentence]:
    """Name what failed and is no node, since another subtask with its id is."""
    rows = graph.task.subtasks
    shared = [rows[position] for position in chain.from_iterable(graph.duplicates)]
    failed = {(sub.id, sub.name): sub for sub in shared if sub.status == Status.FAILED}
    for subtask in graph.subtasks if failed else ():
        failed.pop((subtask.id, subtask.name), None)
    if failed:
        named = {"named": labels(failed.values())}
        yield Sentence("copies-failed", "{named} failed as well.", named)


def _failed(subtask: Subtask, node: int) -> _Failed:
    known = failure_cause(subtask)
    return _Failed(
        name=subtask.name if is_part(subtask) else node,
        cause=Cause.NO_TIMES if known is None else known.cause,
        timeout=subtask.timeout,
        attempts=least_attempts(subtask) if was_retried(subtask) else 1,
    )


def _fresh(analysis: Analysis, failure: Failure) -> Iterator[Sentence]:
    """Name what the engine may retry by itself: how often it does, no document tells."""
    within = timedelta(seconds=analysis.settings.thresholds.event_delay)
    moment, subtasks = analysis.as_of, analysis.graph.subtasks
    if moment is None or analysis.task.origin.dialect == "obshell":
        return
    fresh = tuple(
        root.node
        for root in failure.roots
        if subtasks[root.node].operation in FORWARD
        and root.failed_at is not None
        and timedelta() <= moment - root.failed_at <= within
    )
    if fresh:
        template = (
            "{subtasks} failed just before: the engine may yet retry [it|them] by itself, "
            "which takes it seconds."
        )
        yield of_subtasks("fresh", template, fresh)


def _root(analysis: Analysis, failed: _Failed, group: list[RootFailure]) -> Sentence:
    nodes = tuple(root.node for root in group)
    values: dict[str, Value] = {}
    template = "{subtasks} failed"
    moments = [root.failed_at for root in group if root.failed_at is not None]
    if targets := dict.fromkeys(filter(None, map(analysis.targets.get, nodes))):
        values["targets"] = NameList(tuple(targets))
        template += " on {targets}"
    if moments:
        values["at"] = min(moments)
        template += " at {at}" if len(nodes) == 1 else ", the first at {at}"
    if failed.attempts > 1:
        values["attempts"] = Count(failed.attempts)
        template += ", after at least {attempts} attempts[| each]"
    return of_subtasks("root-failure", f"{template}.", nodes, Place.ITEM, values)


def _cause(analysis: Analysis, failed: _Failed, nodes: tuple[int, ...]) -> Sentence:
    values: dict[str, Value] = {}
    causes = [failure_cause(analysis.graph.subtasks[node]) for node in nodes]
    template = _CAUSES[failed.cause]
    times = [known.ran for known in causes if known is not None and known.ran is not None]
    if times:
        words, spread = ran(times)
        values |= spread
        template = template.replace("{ran}", words)
    if failed.timeout is not None and failed.timeout > 0:
        values["timeout"] = Duration(failed.timeout)
    is_dag = analysis.task.origin.dialect == "obshell"
    if is_dag and failed.cause is Cause.NOT_STATED:
        values["default"] = Duration(OBSHELL_TIMEOUT)
        template = "The document gives [it|them] no timeout; obshell ends [it|them] after "
        template += "{default} by default."
    claim = f"cause-{failed.cause.name.lower().replace('_', '-')}"
    return of_subtasks(claim, template, nodes, more=values)


def _run_by(analysis: Analysis, nodes: tuple[int, ...]) -> Iterator[Sentence]:
    """Name the server of the orchestrator: never where the subtask works."""
    rows = [analysis.graph.subtasks[node] for node in nodes]
    if servers := dict.fromkeys(sub.executor for sub in rows if not sub.host):
        known = tuple(server for server in servers if server)
        template = "{subtasks} [was|were] run by the server {servers} of the orchestrator."
        if len(known) > 1:
            template = template.replace("server", "servers", 1)
        if known:
            values = {"servers": NameList(known)}
            yield of_subtasks("run-by", template, nodes, Place.ITEM, values)


def _each_part(group: list[RootFailure]) -> Iterator[Sentence]:
    """Say of each of a few parts when it failed, as far as that has not been told."""
    for root in group[1:] if len(group) <= _MOST_PARTS else ():
        if root.failed_at is not None:
            subtask = SubtaskList((root.node,))
            values: dict[str, Value] = {"subtask": subtask, "at": root.failed_at}
            yield Sentence("part-failed", "{subtask} failed at {at}.", values, Place.ITEM)


def _failed_on(analysis: Analysis, roots: tuple[RootFailure, ...]) -> Iterator[Sentence]:
    """List all that the failed parts work on, to be copied."""
    hosts = dict.fromkeys(analysis.targets.get(root.node, "") for root in roots)
    names = list(filter(None, hosts))
    if len(names) > 1:
        yield Sentence("failed-on", "Failed on:", {}, Place.PARAGRAPH)
        yield Sentence("failed-on-list", "{line}", {"line": " ".join(names)}, Place.LOG)


def _consequences(graph: TaskGraph, failure: Failure) -> Iterator[Sentence]:
    blocked, held = "{subtasks} never started: [it waits|they wait] for that.", _HELD
    if is_rolling_back(graph.task):
        blocked, held = "{subtasks} [waits|wait] to be undone until it is.", _HELD_BACK
    if not failure.blocked:
        yield _NOTHING
    place = Place.PARAGRAPH
    for claim, nodes, template in (
        (
            "failed-later",
            failure.consequences,
            "{subtasks} [lies|lie] beyond a failed subtask and failed as well.",
        ),
        ("blocked", failure.blocked, blocked),
        ("held", failure.held, held),
        ("ran-on", failure.ran_on, "{subtasks} [was|were] at work after the failure."),
    ):
        if nodes:
            yield of_subtasks(claim, template, nodes, place)
            place = Place.GOES_ON


def _held_up(account: Account) -> Iterator[Sentence]:
    """Say what waits for something that hangs."""
    graph, nodes = account.graph, account.analysis.held_up
    template = "{subtasks} [has|have] not started."
    if is_rolling_back(graph.task):
        template = "{subtasks} [waits|wait] to be undone."
    if nodes:
        yield of_subtasks("held-up", template, nodes, Place.PARAGRAPH)
    elif nodes is not None and not graph.flaws:
        yield _NOTHING


def last_lines(
    subtask: Subtask, node: int, place: Place = Place.GOES_ON
) -> Iterator[Sentence]:
    """Quote how the log of a subtask ends; nothing where the document has no log."""
    if subtask.logs:
        values = {"subtask": SubtaskList((node,))}
        yield Sentence("log", "The log of {subtask} ends:", values, place)
    for line in subtask.logs[-_MOST_LINES:]:
        yield Sentence("log-line", "{line}", {"line": line}, Place.LOG)
