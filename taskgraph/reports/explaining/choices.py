"""What an operator may ask of the engine now."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.interventions import FailedSubtask, Intervention
from taskgraph.analysis.recovery import Refusal
from taskgraph.analysis.rollback import Rollback
from taskgraph.analysis.worst_case import WorstCase
from taskgraph.model.engine import is_being_cancelled, is_rolling_back
from taskgraph.model.vocabulary import Status
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

__all__ = ["choices"]

_MOST_FAILED = 5  # of them something is said each; the others are named


def choices(account: Account) -> Iterator[Sentence]:
    """Say which of retry, skip, cancel and roll back the engine would accept."""
    task, diagnosis = account.graph.task, account.sound
    if diagnosis is None or task.is_definition or not account.graph.subtasks:
        return
    ways = diagnosis.ways_out
    failed = tuple(way.node for way in ways)
    for way in ways[:_MOST_FAILED]:
        yield from _retry(way, failed)
        yield from _skip(way)
    if rest := failed[_MOST_FAILED:]:
        template = "For {subtasks} the same has to be decided."
        yield of_subtasks("more-failed", template, rest, Place.ITEM)
    if not ways and task.status == Status.RUNNING:
        text = "No subtask has failed, so there is nothing to retry or to skip."
        yield Sentence("nothing-to-retry", text, {}, Place.ITEM)
    if task.status == Status.SUCCESSFUL and not ways:
        text = "It is over: there is nothing to retry, to skip or to cancel."
        yield Sentence("over", text, {}, Place.ITEM)
    yield from _cancel(account)
    yield from _roll_back(account, diagnosis)


def _retry(way: FailedSubtask, failed: tuple[int, ...]) -> Iterator[Sentence]:
    values: dict[str, Value] = {"subtask": Subtasks((way.node,))}
    if not way.retry.is_accepted:
        template = "{subtask} cannot be retried: its operation is ROLLBACK."
        yield Sentence("retry-refused", template, values, Place.ITEM)
        return
    template = "{subtask} may be retried; "
    bounded = "then the task takes at most {worst} more"
    template += _bound(bounded, way.retry.worst_case, values)
    yield Sentence("retry-accepted", f"{template}.", values, Place.ITEM)
    others = tuple(node for node in failed if node != way.node)
    yield from _follows(way.retry, others)


def _skip(way: FailedSubtask) -> Iterator[Sentence]:
    values: dict[str, Value] = {"subtask": Subtasks((way.node,))}
    if not way.skip.is_accepted:
        template = "It cannot be skipped: {subtask} prohibits that."
        yield Sentence("skip-refused", template, values)
        return
    template = "It may be skipped, which leaves its work undone; "
    template += _bound("then it is at most {worst} more", way.skip.worst_case, values)
    yield Sentence("skip-accepted", f"{template}.", values)


def _follows(action: Intervention, others: tuple[int, ...]) -> Iterator[Sentence]:
    if action.releases:
        template = "When it has succeeded, {subtasks} [goes|go] next."
        yield of_subtasks("releases", template, action.releases)
    if action.is_held:
        template = "But nothing that is PENDING starts while {subtasks} [is|are] FAILED."
        yield of_subtasks("held-by", template, others)


def _bound(bounded: str, worst_case: WorstCase, values: dict[str, Value]) -> str:
    """Word a worst case, and add its values."""
    values["worst"] = Duration(worst_case.seconds)
    if worst_case.is_bounded:
        return bounded
    values["unlimited"] = Subtasks(worst_case.unlimited)
    has = plural(len(worst_case.unlimited), "has", "have")
    return f"there is no limit to the time, since {{unlimited}} {has} no timeout"


def _cancel(account: Account) -> Iterator[Sentence]:
    running = tuple(
        node
        for node, subtask in enumerate(account.graph.subtasks)
        if subtask.status == Status.RUNNING and not is_being_cancelled(subtask)
    )
    if running:
        template = (
            "{subtasks} may be cancelled, and would end FAILED, unless the cancel hangs."
        )
        yield of_subtasks("cancel", template, running, Place.ITEM)


def _roll_back(account: Account, diagnosis: Analysis) -> Iterator[Sentence]:
    rollback, task = diagnosis.rollback, account.graph.task
    if is_rolling_back(task) and task.status != Status.FAILED:
        return
    if rollback.is_accepted:
        yield from _accepted(rollback, diagnosis)
    elif task.status == Status.FAILED:
        yield _refused("It cannot be rolled back: ", rollback)
    elif task.status == Status.SUCCESSFUL:
        text = "It cannot be rolled back: the engine rolls back FAILED tasks only."
        yield Sentence("rollback-only-failed", text, {}, Place.ITEM)
    elif rollback.is_allowed:
        text = (
            "It cannot be rolled back while it has not failed; if it failed now, it could."
        )
        yield Sentence("rollback-if-failed", text, {}, Place.ITEM)
    else:
        text = "It could not be rolled back even if it failed: "
        yield _refused(text, rollback)


def _accepted(rollback: Rollback, diagnosis: Analysis) -> Iterator[Sentence]:
    values: dict[str, Value] = {"steps": Count(len(rollback.steps), "subtask")}
    template = "It may be rolled back: {steps} would be undone; "
    template += _bound("that takes at most {worst}", rollback.worst_case, values)
    yield Sentence("rollback-accepted", f"{template}.", values, Place.ITEM)
    failure = diagnosis.failure
    if failure is not None and failure.finished.nodes:
        work = failure.finished
        lost: dict[str, Value] = {
            "subtasks": Count(len(work.nodes), "subtask"),
            "work": Clock(work.microseconds),
        }
        template = "That gives up the finished work of {subtasks}, {work} in all."
        if len(work.unmeasured) == len(work.nodes):
            del lost["work"]
            template = "That gives up the finished work of {subtasks}."
        yield Sentence("rollback-loses", template, lost)


def _refused(begin: str, rollback: Rollback) -> Sentence:
    values: dict[str, Value] = {}
    reasons = []
    if Refusal.BEGUN in rollback.obstacles:
        values["blockers"] = Subtasks(rollback.blockers)
        one = "{blockers} prohibits it and has begun"
        more = "{blockers} prohibit it and have begun"
        reasons.append(plural(len(rollback.blockers), one, more))
    if Refusal.TASK_PROHIBITS in rollback.obstacles:
        reasons.append("the task itself prohibits it")
    template = f"{begin}{', and '.join(reasons)}."
    return Sentence("rollback-refused", template, values, Place.ITEM)
