"""What an operator may ask of the engine now."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.interventions import FailedSubtask, Intervention
from taskgraph.analysis.progress import Endless
from taskgraph.analysis.recovery import Refusal
from taskgraph.analysis.rollback import Rollback
from taskgraph.analysis.worst_case import WorstCase
from taskgraph.model.engine import (
    accepts_retry,
    is_being_cancelled,
    is_rolling_back,
    tells_direction,
)
from taskgraph.model.requests import task_path
from taskgraph.model.task import Subtask, Task
from taskgraph.model.vocabulary import Operation, Status
from taskgraph.model.words import listed, plural
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

_FORWARD = frozenset({Operation.EXECUTE, Operation.RETRY})
_WITHOUT_BOUND = frozenset({Endless.HANGING, Endless.OVERDUE, Endless.UNCLAIMED})
"""What goes on without a promised end, whatever else is asked for."""
_MOST_FAILED = 5  # of them something is said each; the others are named


def choices(account: Account) -> Iterator[Sentence]:
    """Say which of retry, skip, cancel and roll back the engine would accept."""
    task, diagnosis = account.graph.task, account.sound
    subtasks = account.graph.subtasks
    if task.is_definition or not subtasks:
        return
    if task.origin.dialect == "obshell":
        if diagnosis is not None:  # a part of a DAG has an id of its own
            yield from _of_obshell(account)
        return
    known = () if diagnosis is None else diagnosis.ways_out
    ways = {way.node: way for way in known}
    failed = tuple(n for n, sub in enumerate(subtasks) if sub.status == Status.FAILED)
    for node in failed[:_MOST_FAILED]:
        yield from _retry(account, node, ways.get(node), failed)
        yield from _skip(account, node, ways.get(node))
    if rest := failed[_MOST_FAILED:]:
        template = "For {subtasks} the same has to be decided."
        yield of_subtasks("more-failed", template, rest, Place.ITEM)
    if not failed:
        yield from _unfailed(task, is_known=not account.analysis.tally.other)
    if tells_direction(task):
        yield from _cancel(account)
    if not failed and not account.analysis.tally.other:
        yield from _retry_all(task)
    if diagnosis is None:
        return
    yield from _roll_back(account, diagnosis)
    if task.status == Status.FAILED or ways:
        text = (
            "The times count no further retries, hanging cancels, missed deadlines, busy "
            "workers or polls. They assume that the engine goes on, that all others that "
            "failed are retried at once, that nobody asks for anything else, and that so "
            "many are in flight as is told below."
        )
        yield Sentence("times-assume", text, {}, Place.PARAGRAPH)


def _unfailed(task: Task, *, is_known: bool) -> Iterator[Sentence]:
    if task.status == Status.RUNNING or not is_known:
        text = "No subtask is FAILED, so there is nothing to retry or to skip."
        if not is_known:
            text = "Of some subtasks nothing tells whether they may be retried or skipped."
        yield Sentence("nothing-to-retry", text, {}, Place.ITEM)
    if task.status == Status.SUCCESSFUL:
        text = "It is over: there is nothing to retry, to skip or to cancel."
        yield Sentence("over", text, {}, Place.ITEM)


def _of_obshell(account: Account) -> Iterator[Sentence]:
    """Say what may be asked of a DAG of obshell: always of the whole."""
    task = account.graph.task
    id_of = "" if task.id is None else f" -i {task.id}"
    if task.status == Status.FAILED:
        text = "The whole DAG may be retried, passed or rolled back, as obshell allows it: "
        asked = ["retry", "pass", "rollback"]
    elif task.status == Status.RUNNING:
        text, asked = "The whole DAG may be cancelled: ", ["cancel"]
    else:
        return
    values: dict[str, Value] = {word: f"obshell task {word}{id_of}" for word in asked}
    calls = listed([f"{{{word}}}" for word in asked], word="or")
    yield Sentence("dag", f"{text}{calls}.", values, Place.ITEM)


def _call(task: Task, what: str, subtask: Subtask | None = None) -> Iterator[Sentence]:
    """Write the documented request, where the document has the ids."""
    if task.id is not None:
        path = task_path(task)
        path += "" if subtask is None else f"/subtasks/{subtask.id}"
        yield Sentence("call", "Call {call}.", {"call": f"POST {path}/{what}"})


def _retry(
    account: Account, node: int, way: FailedSubtask | None, failed: tuple[int, ...]
) -> Iterator[Sentence]:
    values: dict[str, Value] = {"subtask": Subtasks((node,))}
    task, subtask = account.graph.task, account.graph.subtasks[node]
    if not accepts_retry(subtask):
        template = "{subtask} cannot be retried: its operation is ROLLBACK."
        yield Sentence("retry-refused", template, values, Place.ITEM)
        return
    if not tells_direction(task):
        template = (
            "Whether {subtask} may be retried, the document does not tell: not where its "
            "rollback failed."
        )
        yield Sentence("retry-unknown", template, values, Place.ITEM)
        return
    template = "{subtask} may be retried, which first undoes it"
    if is_rolling_back(task):
        template += "; within this rollback it would then be run again and again, for good"
    elif task.operation is None:  # a list leaves it out
        template += "; within a rollback it would then be run again and again, for good"
    elif way is not None:
        bounded = "; then the task takes at most {worst} more"
        template += _bound(account.analysis, bounded, way.retry.worst_case, values)
    yield Sentence("retry-accepted", f"{template}.", values, Place.ITEM)
    yield from _call(task, "retry", subtask)
    if way is not None and not is_rolling_back(task):
        others = tuple(other for other in failed if other != node)
        yield from _follows(way.retry, others)


def _skip(account: Account, node: int, way: FailedSubtask | None) -> Iterator[Sentence]:
    values: dict[str, Value] = {"subtask": Subtasks((node,))}
    task, subtask = account.graph.task, account.graph.subtasks[node]
    if subtask.prohibit_skip:
        template = "It cannot be skipped: {subtask} prohibits that."
        yield Sentence("skip-refused", template, values)
        return
    does = "leaves its work undone"
    if is_rolling_back(task):
        does = "leaves its work in place, and lets the rollback go on"
    if subtask.prohibit_skip is None or not tells_direction(task):
        template = "Whether {subtask} may be skipped, the document does not tell."
        yield Sentence("skip-unknown", template, values)
        return
    template = f"It may be skipped, which {does}"
    if way is not None:
        bounded = "; then it is at most {worst} more"
        template += _bound(account.analysis, bounded, way.skip.worst_case, values)
    yield Sentence("skip-accepted", f"{template}.", values)
    yield from _call(task, "skip", subtask)


def _retry_all(task: Task) -> Iterator[Sentence]:
    """Name what is left where the task is FAILED and none of its subtasks is."""
    if task.status == Status.FAILED and task.operation in _FORWARD:
        text = "The task may be retried as a whole."
        yield Sentence("retry-task", text, {}, Place.ITEM)
        yield from _call(task, "retry")


def _follows(action: Intervention, others: tuple[int, ...]) -> Iterator[Sentence]:
    if action.releases:
        template = "When it has succeeded, {subtasks} [goes|go] next."
        yield of_subtasks("releases", template, action.releases)
    if action.is_held:
        template = "But nothing that is PENDING starts while {subtasks} [is|are] FAILED."
        yield of_subtasks("held-by", template, others)


def _bound(
    analysis: Analysis, bounded: str, worst_case: WorstCase, values: dict[str, Value]
) -> str:
    """Word a worst case, and add its values; nothing where there is none."""
    if not analysis.tells_worst_case or analysis.progress.endless in _WITHOUT_BOUND:
        return ""
    values["worst"] = Duration(worst_case.seconds)
    if worst_case.is_bounded:
        return bounded
    values["unlimited"] = Subtasks(worst_case.unlimited)
    has = plural(len(worst_case.unlimited), "has", "have")
    return f"{bounded}, not counting {{unlimited}}, which {has} no limit"


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
        if len(running) == 1:
            yield from _call(
                account.graph.task, "cancel", account.graph.subtasks[running[0]]
            )


def _roll_back(account: Account, diagnosis: Analysis) -> Iterator[Sentence]:
    rollback, task = diagnosis.rollback, account.graph.task
    if is_rolling_back(task) and task.status != Status.FAILED:
        return
    is_over = task.status == Status.SUCCESSFUL
    if rollback.is_allowed is None and not is_over:
        text = "Whether it can be rolled back, the document does not tell."
        if task.status == Status.RUNNING:
            text = (
                "It cannot be rolled back while it has not failed; whether it could then, "
            )
            text += "the document does not tell."
        yield Sentence("rollback-unknown", text, {}, Place.ITEM)
    elif rollback.is_accepted:
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
    template = "It may be rolled back: {steps} would be undone"
    bounded = "; that takes at most {worst}"
    template += _bound(diagnosis, bounded, rollback.worst_case, values)
    yield Sentence("rollback-accepted", f"{template}.", values, Place.ITEM)
    yield from _call(diagnosis.task, "rollback")
    failure = diagnosis.failure
    if failure is not None and failure.finished.nodes:
        work = failure.finished
        lost: dict[str, Value] = {
            "subtasks": Count(len(work.nodes), "subtask"),
            "work": Clock(work.microseconds),
        }
        template = "That gives up the finished work of {subtasks}, {work} in all"
        template += ", pauses between attempts included." if work.unsplit else "."
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
    if Refusal.VERDICT in rollback.obstacles:
        reasons.append(
            "the document says so, and not whether the task or a subtask does it"
        )
    template = f"{begin}{', and '.join(reasons)}."
    return Sentence("rollback-refused", template, values, Place.ITEM)
