"""How long it can take at worst."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taskgraph.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.progress import Progress, RunningSubtask
from taskgraph.analysis.rollback import Rollback
from taskgraph.analysis.weights import Basis
from taskgraph.checks import Finding
from taskgraph.graph import TaskGraph
from taskgraph.model import Status
from taskgraph.model.engine import is_rolling_back
from taskgraph.model.words import plural
from taskgraph.reports.explaining.sentences import (
    Count,
    Duration,
    Place,
    Sentence,
    Subtasks,
    Value,
)
from taskgraph.reports.results import Account

__all__ = ["limits"]

_OVER_LIMIT = "TG405"


def limits(account: Account) -> Iterator[Sentence]:
    """Say how long the task can take by its timeouts, and what is left of that."""
    diagnosis, task = account.sound, account.graph.task
    if diagnosis is None or not account.graph.subtasks:
        return
    yield from _budget(account.graph, diagnosis.budget)
    yield from _limit(account.checked.findings)
    if task.status == Status.RUNNING:
        yield from _left(diagnosis.progress)
    if task.status != Status.SUCCESSFUL:
        yield from _no_return(diagnosis, ran=not task.is_definition)
        if not is_rolling_back(task):
            yield from _fail_late(diagnosis.rollback)


def _budget(graph: TaskGraph, budget: Budget) -> Iterator[Sentence]:
    values: dict[str, Value] = {"budget": Duration(budget.seconds)}
    if budget.is_bounded:
        template = "By its timeouts it takes at most {budget} from start to end."
        yield Sentence("budget", template, values, Place.PARAGRAPH)
    else:
        values["unlimited"] = Subtasks(budget.unlimited)
        has = plural(len(budget.unlimited), "has", "have")
        template = f"There is no limit to its time: {{unlimited}} {has} no timeout."
        if len(budget.unlimited) == len(budget.shares):
            template = "There is no limit to its time: no subtask has a timeout."
        if budget.seconds:
            template += " All others together take at most {budget}."
        yield Sentence("budget-unbounded", template, values, Place.PARAGRAPH)
    if budget.bounds.may_wait:
        template = (
            "That counts with at most {limit} subtasks in flight; without that limit it "
            "would be {longest}."
        )
        values = {
            "limit": Count(budget.bounds.limit),
            "longest": Duration(budget.schedule.makespan),
        }
        yield Sentence("concurrency", template, values)
    held = max(budget.shares, default=0)
    if 2 * held > budget.schedule.makespan and len(budget.schedule.critical_path) > 1:
        node = budget.shares.index(held)
        what = "the timeout of " if held == graph.subtasks[node].timeout else ""
        template = f"More than half of that is {what}{{subtask}}, {{share}}."
        values = {"subtask": Subtasks((node,)), "share": Duration(held)}
        yield Sentence("dominant", template, values)


def _limit(findings: Iterable[Finding]) -> Iterator[Sentence]:
    """Say that it may take longer than it must, where a rule says so."""
    for finding in findings:
        if finding.code == _OVER_LIMIT:
            values = {"rule": finding.code, "message": finding.message.rstrip(".")}
            template = "That is too long: {message} ({rule})."
            yield Sentence("over-limit", template, values)


def _left(progress: Progress) -> Iterator[Sentence]:
    rest = progress.worst_case
    if progress.latest_finish is not None:
        values: dict[str, Value] = {
            "left": Duration(rest.seconds),
            "latest": progress.latest_finish,
        }
        template = "From that moment on it takes at most {left}, until {latest}."
        yield Sentence("left", template, values, Place.PARAGRAPH)
    elif rest.is_bounded:
        template = "At most {left} of that is left."
        yield Sentence("left", template, {"left": Duration(rest.seconds)}, Place.PARAGRAPH)
    overdue = tuple(row.node for row in progress.in_flight if row.basis is Basis.OVERDUE)
    if overdue:
        past = plural(len(overdue), "is past its timeout", "are past their timeouts")
        template = f"{{subtasks}} {past}: the engine has not ended that yet."
        yield Sentence("overdue", template, {"subtasks": Subtasks(overdue)})
    if progress.nearest is not None:
        yield from _nearest(progress.nearest)


def _nearest(row: RunningSubtask) -> Iterator[Sentence]:
    if row.basis is not Basis.LEFT or row.seconds_left is None:
        return
    values: dict[str, Value] = {
        "subtask": Subtasks((row.node,)),
        "left": Duration(row.seconds_left),
    }
    template = "{subtask} is nearest to its timeout, with {left} to go."
    yield Sentence("nearest", template, values)


def _no_return(analysis: Analysis, *, ran: bool) -> Iterator[Sentence]:
    point = analysis.no_return
    if point is None and not analysis.tells_rollback:
        text = "The document does not say which subtasks prohibit rollback."
        yield Sentence("no-return-unknown", text, {}, Place.PARAGRAPH)
        return
    if point is None:
        text = "Every subtask allows rollback: there is no point of no return."
        yield Sentence("no-point-of-no-return", text, {}, Place.PARAGRAPH)
        return
    values: dict[str, Value] = {
        "subtasks": Subtasks(point.nodes),
        "after": Duration(point.seconds_after),
    }
    passed = ": it has been passed" if point.passed else ": it has not been reached"
    start = plural(len(point.nodes), "the start of", "the first start of")
    template = f"The point of no return is {start} {{subtasks}}{passed if ran else ''}. "
    if point.unlimited:
        template += "From there on there is no limit to the time."
        values["unlimited"] = Subtasks(point.unlimited)
    else:
        template += "From there on it is at most {after} to the end."
    yield Sentence("no-return", template, values, Place.PARAGRAPH)


def _fail_late(rollback: Rollback) -> Iterator[Sentence]:
    """Say how long it can take to fail as late as possible and to be rolled back."""
    late = rollback.fail_late
    passed = rollback.no_return is not None and rollback.no_return.passed
    if (
        late is None
        or late.unlimited
        or passed
        or rollback.has_failed
        or rollback.obstacles
    ):
        return
    template = "If it fails before that and is rolled back, both take at most {both}."
    if rollback.no_return is None:
        template = "If it fails and is rolled back, both take at most {both}."
    yield Sentence("fail-late", template, {"both": Duration(late.at_most)})
