"""What failed, why, and what that held up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from taskgraph.analysis.failure import Cause, Failure, RootFailure, failure_cause
from taskgraph.graph import TaskGraph
from taskgraph.model import Status, Subtask
from taskgraph.model.engine import has_limit, is_rolling_back
from taskgraph.model.words import plural
from taskgraph.reports.explaining.logs import last_lines
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Place,
    Sentence,
    Subtasks,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["failing"]

_MOST_ROOTS = 5
_HELD = "but the engine starts nothing that is PENDING while a subtask is FAILED."

_CAUSES: Final = {
    Cause.TIMEOUT: "It ran {ran}, and its timeout is {timeout}: the engine ended it.",
    Cause.OVER_TIMEOUT: "It ran {ran}, past its timeout of {timeout}, but ended before the "
    "engine, which looks late, would have ended it.",
    Cause.WITHIN_TIMEOUT: "A timeout was not the cause: it ran {ran} of {timeout}.",
    Cause.NO_TIMEOUT: "It has no timeout, so that was not the cause.",
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


def failing(account: Account) -> Iterator[Sentence]:
    """Say what failed first, whether a timeout was the cause, and what waits for it."""
    graph, diagnosis = account.graph, account.sound
    if diagnosis is not None and diagnosis.failure is not None:
        failure = diagnosis.failure
        yield from _roots(graph, failure.roots)
        yield from _consequences(graph, failure)
        return
    failed = [n for n, sub in enumerate(graph.subtasks) if sub.status == Status.FAILED]
    if failed:
        yield from _roots(graph, tuple(RootFailure(node, None) for node in failed))
        reasons = "; ".join(graph.flaws)
        template = "What that holds up cannot be told: {flaws}."
        yield Sentence("unsound", template, {"flaws": reasons}, Place.PARAGRAPH)
    elif graph.task.status == Status.FAILED and graph.task.is_summary:
        template = "What failed cannot be told: the document leaves its subtasks out."
        yield Sentence("unsound", template, {}, Place.PARAGRAPH)
    elif graph.task.status == Status.FAILED:
        template = (
            "No subtask is FAILED. A fault inside the engine's coordinator does that, or a "
            "retry that came after the failure; the engine's own log tells which."
        )
        yield Sentence("no-failed-subtask", template, {}, Place.PARAGRAPH)


def _roots(graph: TaskGraph, roots: tuple[RootFailure, ...]) -> Iterator[Sentence]:
    for root in roots[:_MOST_ROOTS]:
        subtask = graph.subtasks[root.node]
        yield _root(subtask, root)
        yield _cause(subtask, root)
        yield from last_lines(subtask)
    hidden = tuple(root.node for root in roots[_MOST_ROOTS:])
    if hidden:
        template = "Failed by themselves as well: {subtasks}."
        yield Sentence("more-roots", template, {"subtasks": Subtasks(hidden)}, Place.ITEM)


def _root(subtask: Subtask, root: RootFailure) -> Sentence:
    values: dict[str, Value] = {"subtask": Subtasks((root.node,))}
    template = "{subtask} failed"
    if root.failed_at is not None:
        values["at"] = root.failed_at
        template += " at {at}"
    if subtask.host:
        values["host"] = subtask.host
        template += " on {host}"
    elif subtask.executor:
        values["executor"] = subtask.executor
        template += ", executed by {executor}"
    if subtask.attempts is not None and subtask.attempts > 1:
        values["attempts"] = Count(subtask.attempts)
        template += ", after {attempts} attempts"
    return Sentence("root-failure", f"{template}.", values, Place.ITEM)


def _cause(subtask: Subtask, root: RootFailure) -> Sentence:
    known = failure_cause(subtask)
    cause = Cause.NO_TIMES if known is None else known.cause
    values: dict[str, Value] = {"subtask": Subtasks((root.node,))}
    if known is not None and known.ran is not None:
        values["ran"] = Clock(known.ran)
    if has_limit(subtask):
        values["timeout"] = Duration(subtask.timeout or 0)
    return Sentence(f"cause-{cause.name.lower().replace('_', '-')}", _CAUSES[cause], values)


def _consequences(graph: TaskGraph, failure: Failure) -> Iterator[Sentence]:
    place = Place.PARAGRAPH
    for claim, nodes, one, more in (
        (
            "failed-later",
            failure.consequences,
            "{subtasks} lies beyond a failed subtask and failed as well.",
            "{subtasks} lie beyond a failed subtask and failed as well.",
        ),
        ("blocked", failure.blocked, *_blocked(graph)),
        (
            "held",
            failure.held,
            f"{{subtasks}} does not wait for it, {_HELD}",
            f"{{subtasks}} do not wait for it, {_HELD}",
        ),
        (
            "ran-on",
            failure.ran_on,
            "{subtasks} was still at work after the failure.",
            "{subtasks} were still at work after the failure.",
        ),
    ):
        if nodes:
            template = plural(len(nodes), one, more)
            yield Sentence(claim, template, {"subtasks": Subtasks(nodes)}, place)
            place = Place.GOES_ON


def _blocked(graph: TaskGraph) -> tuple[str, str]:
    if is_rolling_back(graph.task):
        return (
            "{subtasks} waits to be undone until it is.",
            "{subtasks} wait to be undone until it is.",
        )
    return (
        "{subtasks} never started: it waits for that.",
        "{subtasks} never started: they wait for that.",
    )
