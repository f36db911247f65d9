"""How far a task is, what failed, why, and what that held up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.failure import Cause, Failure, RootFailure, failure_cause
from taskgraph.analysis.tally import Tally
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    OBSHELL_TIMEOUT,
    has_limit,
    is_repeating,
    is_rolling_back,
    least_attempts,
    tells_direction,
    was_retried,
)
from taskgraph.model.task import Subtask
from taskgraph.model.vocabulary import Operation, Status
from taskgraph.model.words import plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Place,
    Sentence,
    Subtasks,
    Value,
    of_subtasks,
)
from taskgraph.reports.results import Account

__all__ = ["failing", "standing"]

_MOST_TOLD = 5
_MOST_ROOTS = 5  # of them something is said each; the others are named
_MOST_LINES = 5
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


_HELD = (
    "{subtasks} [does|do] not wait for it, but the engine starts nothing that is PENDING "
    "while a subtask is FAILED."
)

_CAUSES: Final = {
    Cause.TIMEOUT: "By its times its timeout ended it: it ran {ran} of {timeout}.",
    Cause.OVER_TIMEOUT: "It ran {ran}, past its timeout of {timeout}: by its times its "
    "deadline was missed, and it ended by itself.",
    Cause.POLLED: "By its times its timeout ended it, late: it ran {ran} of {timeout}, "
    "since its deadline was missed, until a poll.",
    Cause.WITHIN_TIMEOUT: "A timeout was not the cause: it ran {ran} of {timeout}.",
    Cause.NO_TIMEOUT: "Its timeout is zero, which promises no limit.",
    Cause.NOT_STATED: "The document gives it no timeout.",
    Cause.ZERO_TIMEOUT: "It ran {ran} with a timeout of zero, which promises no limit, but "
    "some versions of the engine end such a subtask soon: that may be the cause.",
    Cause.CANCELED: "It was cancelled.",
    Cause.ROLLBACK: "What failed is its rollback; whether a timeout was the cause cannot "
    "be told, since the document does not say when that started.",
    Cause.SEVERAL_RUNS: "It ran more than once; whether a timeout was the cause cannot be "
    "told, since the document does not say when the last attempt started.",
    Cause.NO_TIMES: "Whether a timeout was the cause cannot be told, since the document "
    "does not say how long it ran.",
}


def standing(account: Account) -> Iterator[Sentence]:
    """Say how many subtasks are done, at work and waiting, in a task that is not over."""
    task, diagnosis = account.graph.task, account.sound
    if diagnosis is None or not account.graph.subtasks or task.is_definition:
        return
    if task.status == Status.SUCCESSFUL:
        return
    progress, tally = diagnosis.progress, diagnosis.tally
    attempts = [least_attempts(subtask) for subtask in account.graph.subtasks]
    yield _state_counts(tally, is_known=tells_direction(task))
    if tally.running:
        at_work = "At work" if tells_direction(task) else "RUNNING"
        if tally.is_rolling_back:
            at_work = "At work, to be undone,"
        yield of_subtasks("at-work", f"{at_work} [is|are] {{subtasks}}.", tally.running)
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
        ready = "Ready to be undone" if tally.is_rolling_back else "Ready to start"
        yield of_subtasks("ready", f"{ready} [is|are] {{subtasks}}.", tally.ready)
    yield from _named(account, tally)
    again = tuple(
        node
        for node, subtask in enumerate(account.graph.subtasks)
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
    yield from _each_at_work(account.graph, tally)


def _named(account: Account, tally: Tally) -> Iterator[Sentence]:
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
        last = tuple(n for n in reversed(account.graph.order) if n in waiting)
        template = "{subtasks} [is still|are still, in this order,] to be undone."
        yield of_subtasks("to-be-undone", template, last)


def _each_at_work(graph: TaskGraph, tally: Tally) -> Iterator[Sentence]:
    """Say where each subtask is at work, and what its log says, where that is known."""
    told = [n for n in tally.running if graph.subtasks[n].host or graph.subtasks[n].logs]
    for node in told[:_MOST_TOLD]:
        subtask = graph.subtasks[node]
        values: dict[str, Value] = {"subtask": Subtasks((node,))}
        at_work = "at work" if tells_direction(graph.task) else "RUNNING"
        template = f"{{subtask}} is {at_work}"
        if subtask.host:
            values["host"] = subtask.host
            template += " on {host}"
        yield Sentence("running", f"{template}.", values, Place.ITEM)
        yield from _last_lines(subtask)


def _state_counts(tally: Tally, *, is_known: bool) -> Sentence:
    words = _PLAIN if not is_known else _BACK if tally.is_rolling_back else _STATES
    total = sum(len(getattr(tally, name)) for name in words)
    values: dict[str, Value] = {"subtasks": Count(total, "subtask")}
    parts = []
    for name, word in words.items():
        nodes: tuple[int, ...] = getattr(tally, name)
        if nodes:
            values[name] = Count(len(nodes))
            parts.append(f"{{{name}}} {word}")
    template = f"Of its {{subtasks}}: {', '.join(parts)}."
    return Sentence("counts", template, values, Place.PARAGRAPH)


# --- failure -------------------------------------------------------------------------


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
    failed = [n for n, sub in enumerate(graph.subtasks) if sub.status == Status.FAILED]
    if failed:
        roots = tuple(RootFailure(n, graph.subtasks[n].finish_time) for n in failed)
        yield from _roots(account.analysis, roots)
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
        if any(map(was_retried, graph.subtasks)):
            template += ", or a retry that came after the failure"
        if any(subtask.operation == Operation.SKIP for subtask in graph.subtasks):
            template += ", or a skip that came after the failure"
        template += "; the engine's own log tells."
        yield Sentence("no-failed-subtask", template, {}, Place.PARAGRAPH)


def _roots(analysis: Analysis, roots: tuple[RootFailure, ...]) -> Iterator[Sentence]:
    graph, targets = analysis.graph, analysis.targets
    for root in roots[:_MOST_ROOTS]:
        subtask = graph.subtasks[root.node]
        yield _root(subtask, root, targets.get(root.node, ""))
        yield _cause(subtask, root, is_dag=graph.task.origin.dialect == "obshell")
        yield from _last_lines(subtask)
    hidden = tuple(root.node for root in roots[_MOST_ROOTS:])
    if hidden:
        template = "Failed by themselves as well: {subtasks}."
        yield of_subtasks("more-roots", template, hidden, Place.ITEM)


def _fresh(analysis: Analysis, failure: Failure) -> Iterator[Sentence]:
    """Name what the engine may retry by itself: how often it does, no document tells."""
    within = timedelta(seconds=analysis.settings.thresholds.event_delay)
    moment, subtasks = analysis.as_of, analysis.graph.subtasks
    if moment is None or analysis.task.origin.dialect == "obshell":
        return
    fresh = tuple(
        root.node
        for root in failure.roots
        if subtasks[root.node].operation in {Operation.EXECUTE, Operation.RETRY}
        and root.failed_at is not None
        and timedelta() <= moment - root.failed_at <= within
    )
    if fresh:
        template = (
            "{subtasks} failed just before: the engine may yet retry [it|them] by itself, "
            "which takes it seconds."
        )
        yield of_subtasks("fresh", template, fresh)


def _root(subtask: Subtask, root: RootFailure, target: str) -> Sentence:
    values: dict[str, Value] = {"subtask": Subtasks((root.node,))}
    template = "{subtask} failed"
    if root.failed_at is not None:
        values["at"] = root.failed_at
        template += " at {at}"
    if target:
        values["target"] = target
        template += " on {target}"
    if subtask.executor and not subtask.host:
        values["executor"] = subtask.executor
        template += ", run by the server {executor} of the orchestrator"
    if was_retried(subtask):
        values["attempts"] = Count(least_attempts(subtask))
        template += ", after at least {attempts} attempts"
    return Sentence("root-failure", f"{template}.", values, Place.ITEM)


def _cause(subtask: Subtask, root: RootFailure, *, is_dag: bool) -> Sentence:
    known = failure_cause(subtask)
    cause = Cause.NO_TIMES if known is None else known.cause
    values: dict[str, Value] = {"subtask": Subtasks((root.node,))}
    if known is not None and known.ran is not None:
        values["ran"] = Clock(known.ran)
    if has_limit(subtask):
        values["timeout"] = Duration(subtask.timeout or 0)
    template = _CAUSES[cause]
    if is_dag and cause is Cause.NOT_STATED:
        values["default"] = Duration(OBSHELL_TIMEOUT)
        template = "The document gives it no timeout; obshell ends it after {default} by "
        template += "default."
    return Sentence(f"cause-{cause.name.lower().replace('_', '-')}", template, values)


def _consequences(graph: TaskGraph, failure: Failure) -> Iterator[Sentence]:
    blocked = "{subtasks} never started: [it waits|they wait] for that."
    if is_rolling_back(graph.task):
        blocked = "{subtasks} [waits|wait] to be undone until it is."
    place = Place.PARAGRAPH
    for claim, nodes, template in (
        (
            "failed-later",
            failure.consequences,
            "{subtasks} [lies|lie] beyond a failed subtask and failed as well.",
        ),
        ("blocked", failure.blocked, blocked),
        ("held", failure.held, _HELD),
        (
            "ran-on",
            failure.ran_on,
            "{subtasks} [was|were] still at work after the failure.",
        ),
    ):
        if nodes:
            yield of_subtasks(claim, template, nodes, place)
            place = Place.GOES_ON


def _last_lines(subtask: Subtask) -> Iterator[Sentence]:
    """Quote how the log of a subtask ends; nothing where the document has no log."""
    if subtask.logs:
        yield Sentence("log", "Its log ends:", {})
    for line in subtask.logs[-_MOST_LINES:]:
        yield Sentence("log-line", "{line}", {"line": line}, Place.LOG)
