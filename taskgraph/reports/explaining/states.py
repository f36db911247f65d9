"""How far a task is, what failed, why, and what that held up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.failure import Cause, Failure, RootFailure, failure_cause
from taskgraph.analysis.tally import Tally
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    OBSHELL_TIMEOUT,
    is_part,
    is_repeating,
    is_rolling_back,
    least_attempts,
    tells_direction,
    was_retried,
)
from taskgraph.model.task import Subtask, Task
from taskgraph.model.vocabulary import Operation, Status
from taskgraph.model.words import plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Names,
    Place,
    Sentence,
    Subtasks,
    Value,
    of_subtasks,
    worded,
)
from taskgraph.reports.results import Account

__all__ = ["failing", "is_over", "standing"]

_MOST_TOLD = 5
_MOST_ROOTS = 5  # kinds of them, of which something is said each; the others are named
_MOST_PARTS = 5
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
    "{subtasks} [does|do] not wait for that, but the engine starts nothing that is PENDING "
    "while a subtask is FAILED."
)

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
    Cause.NO_TIMES: "Whether a timeout was the cause cannot be told, since the document "
    "does not say how long [it|they] ran.",
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
    # A list leaves the operation of a task out: forward, or not yet seen to go back.
    is_known = tally.is_rolling_back or (tells_direction(task) and bool(task.operation))
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
        doing = "at work" if tells_direction(task) else "RUNNING"
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
        values: dict[str, Value] = {"subtask": Subtasks((node,))}
        at_work = "at work" if tells_direction(graph.task) else "RUNNING"
        template = f"{{subtask}} is {at_work}"
        if subtask.host:
            values["host"] = subtask.host
            template += " on {host}"
        yield Sentence("running", f"{template}.", values, Place.ITEM)
        yield from _last_lines(subtask, node)


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
        yield _root(analysis, failed, group)
        yield _cause(analysis, failed, group)
        if failed == alike[0][0] and len(alike) > 1:
            others = tuple(root.node for _, group in alike[1:] for root in group)
            yield of_subtasks("others-failed", "{subtasks} failed as well.", others)
        yield from _run_by(analysis, group)
        yield from _each_part(analysis, group)
        for root in group[:_MOST_PARTS]:
            yield from _last_lines(subtasks[root.node], root.node, Place.ITEM)
    if hidden := [root.node for _, group in alike[_MOST_ROOTS:] for root in group]:
        template = "Failed by themselves as well: {subtasks}."
        yield of_subtasks("more-roots", template, tuple(hidden), Place.ITEM)
    yield from _failed_on(analysis, roots)


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


def _root(analysis: Analysis, failed: _Failed, group: list[RootFailure]) -> Sentence:
    nodes = tuple(sorted(root.node for root in group))
    values: dict[str, Value] = {"subtasks": Subtasks(nodes)}
    template = "{subtasks} failed"
    moments = [root.failed_at for root in group if root.failed_at is not None]
    if targets := dict.fromkeys(filter(None, map(analysis.targets.get, nodes))):
        values["targets"] = Names(tuple(targets))
        template += " on {targets}"
    if moments:
        values["at"] = min(moments)
        template += " at {at}" if len(nodes) == 1 else ", the first at {at}"
    if failed.attempts > 1:
        values["attempts"] = Count(failed.attempts)
        template += (
            f", after at least {{attempts}} attempts{plural(len(nodes), '', ' each')}"
        )
    return Sentence("root-failure", f"{template}.", values, Place.ITEM)


def _cause(analysis: Analysis, failed: _Failed, group: list[RootFailure]) -> Sentence:
    nodes = tuple(sorted(root.node for root in group))
    values: dict[str, Value] = {"subtasks": Subtasks(nodes)}
    causes = [failure_cause(analysis.graph.subtasks[node]) for node in nodes]
    template = worded(_CAUSES[failed.cause], len(nodes))
    times = [known.ran for known in causes if known is not None and known.ran is not None]
    if times:
        values["ran"] = Clock(max(times))
        if max(times) > min(times):
            values["least"] = Clock(min(times))
            template = template.replace("{ran}", "{least} to {ran}")
    if failed.timeout is not None and failed.timeout > 0:
        values["timeout"] = Duration(failed.timeout)
    is_dag = analysis.task.origin.dialect == "obshell"
    if is_dag and failed.cause is Cause.NOT_STATED:
        values["default"] = Duration(OBSHELL_TIMEOUT)
        template = "The document gives [it|them] no timeout; obshell ends [it|them] after "
        template = worded(f"{template}{{default}} by default.", len(nodes))
    claim = f"cause-{failed.cause.name.lower().replace('_', '-')}"
    return Sentence(claim, template, values)


def _run_by(analysis: Analysis, group: list[RootFailure]) -> Iterator[Sentence]:
    """Name the server of the orchestrator: never where the subtask works."""
    nodes = tuple(root.node for root in group)
    rows = [analysis.graph.subtasks[node] for node in nodes]
    if servers := dict.fromkeys(sub.executor for sub in rows if not sub.host):
        known = tuple(server for server in servers if server)
        template = "{subtasks} [was|were] run by the server {servers} of the orchestrator."
        if len(known) > 1:
            template = template.replace("server", "servers", 1)
        if known:
            values: dict[str, Value] = {"subtasks": Subtasks(nodes)}
            values["servers"] = Names(known)
            yield Sentence("run-by", worded(template, len(nodes)), values, Place.ITEM)


def _each_part(analysis: Analysis, group: list[RootFailure]) -> Iterator[Sentence]:
    """Say of each of a few parts when it failed and where."""
    for root in group if 1 < len(group) <= _MOST_PARTS else ():
        values: dict[str, Value] = {"subtask": Subtasks((root.node,))}
        template = "{subtask} failed"
        if target := analysis.targets.get(root.node):
            values["target"] = target
            template += " on {target}"
        if root.failed_at is not None:
            values["at"] = root.failed_at
            template += " at {at}"
        if len(values) > 1:
            yield Sentence("part-failed", f"{template}.", values, Place.ITEM)


def _failed_on(analysis: Analysis, roots: tuple[RootFailure, ...]) -> Iterator[Sentence]:
    """List all that the failed parts work on, to be copied."""
    found = dict.fromkeys(analysis.targets.get(root.node, "") for root in roots)
    names = list(filter(None, found))
    if len(names) > 1:
        yield Sentence("failed-on", "Failed on:", {}, Place.PARAGRAPH)
        yield Sentence("failed-on-list", "{line}", {"line": " ".join(names)}, Place.LOG)


def _consequences(graph: TaskGraph, failure: Failure) -> Iterator[Sentence]:
    blocked = "{subtasks} never started: [it waits|they wait] for that."
    if is_rolling_back(graph.task):
        blocked = "{subtasks} [waits|wait] to be undone until it is."
    if not failure.blocked:
        yield Sentence("blocks-nothing", "Nothing waits for that.", {}, Place.PARAGRAPH)
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


def _last_lines(
    subtask: Subtask, node: int, place: Place = Place.GOES_ON
) -> Iterator[Sentence]:
    """Quote how the log of a subtask ends; nothing where the document has no log."""
    if subtask.logs:
        values = {"subtask": Subtasks((node,))}
        yield Sentence("log", "The log of {subtask} ends:", values, place)
    for line in subtask.logs[-_MOST_LINES:]:
        yield Sentence("log-line", "{line}", {"line": line}, Place.LOG)
