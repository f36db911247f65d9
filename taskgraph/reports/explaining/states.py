"""In what state a task is, and how far: what is done, at work, skipped, undone, to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.progress import Tally
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    SKIPS,
    has_never_failed,
    is_repeating,
    is_rolling_back,
    least_attempts,
    tells_direction,
    tells_progress,
    was_retried,
)
from taskgraph.model.task import STATUSES, Status, Task
from taskgraph.model.words import plural
from taskgraph.reports.explaining.failures import last_lines
from taskgraph.reports.explaining.limits import by_default
from taskgraph.reports.explaining.sentences import (
    Count,
    NameList,
    Place,
    Sentence,
    SubtaskList,
    Value,
    of_subtasks,
)
from taskgraph.reports.results import Account

_MOST_TOLD = 5
_STATES: Final = {
    "done": "done",
    "failed": "failed",
    "running": "at work",
    "canceling": "being cancelled",
    "ready": "ready",
    "pending": "waiting",
    "other": "in no known state",
}
_BACK: Final = _STATES | {
    "done": "undone",
    "in_place": "left in place",
    "untouched": "never begun",
    "pending": "waiting to be undone",
}
_PLAIN: Final = _STATES | {"done": "SUCCESSFUL", "running": "RUNNING", "pending": "PENDING"}


def verdict(account: Account) -> Iterator[Sentence]:
    """Say in what state the task is."""
    task = account.graph.task
    subject, values = _subject(task)
    predicate, more = _predicate(account)
    yield Sentence("verdict", f"{subject} {predicate}.", values | more, Place.PARAGRAPH)


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
    if account.analysis.tally.failed:
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
    if _is_over(task, tally):
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


def standing(account: Account) -> Iterator[Sentence]:
    """Say how many subtasks are done, at work and waiting, in a task that is not over."""
    task, tally = account.graph.task, account.analysis.tally
    if not account.graph.subtasks or task.is_definition:
        return
    if _is_over(task, tally):
        yield from _named(account.graph, tally)
        again = [n for n, sub in enumerate(account.graph.subtasks) if was_retried(sub)]
        if again and not tally.is_rolling_back:
            yield of_subtasks("retried", "{subtasks} [was|were] retried.", tuple(again))
        return
    is_known = tells_progress(task)
    yield _state_counts(tally, is_known=is_known)
    if account.sound is not None:
        yield from _moving(account.sound)
    elif tally.running:
        doing = "at work" if is_known else "RUNNING"
        yield _at_work(account.analysis, doing, tally.running)


def _is_over(task: Task, tally: Tally) -> bool:
    """Tell whether a task has done, or undone, all that there was."""
    left = tally.whole - len(tally.done) - len(tally.in_place)
    return task.status == Status.SUCCESSFUL and not left


def _moving(analysis: Analysis) -> Iterator[Sentence]:
    """Say what is at work, what is to come, and how long a path is left."""
    graph, tally, progress = analysis.graph, analysis.tally, analysis.progress
    task = graph.task
    attempts = [least_attempts(subtask) for subtask in graph.subtasks]
    repeating = {
        node
        for node, subtask in enumerate(graph.subtasks)
        if is_repeating(subtask, back=tally.is_rolling_back)
    }
    at_work = "at work" if tells_progress(task) else "RUNNING"
    words = at_work, "being undone", "being skipped"
    for doing, nodes in _by_doing(analysis, tally.running, words):
        yield _at_work(analysis, doing, nodes)
    for count in sorted({attempts[node] for node in tally.running} - {1}):
        nodes = tuple(node for node in tally.running if attempts[node] == count)
        template = "{subtasks} [is|are] in attempt {count}, or a later one."
        yield of_subtasks("attempt", template, nodes, more={"count": Count(count)})
    if tally.canceling:
        template = "{subtasks} [is|are] being cancelled, which ends in seconds, or hangs."
        yield of_subtasks("canceling", template, tally.canceling)
    words = "ready to start", "ready to be undone", "ready to be skipped"
    for ready, nodes in _by_doing(analysis, tally.ready, words):
        yield of_subtasks("ready", f"{{subtasks}} [is|are] {ready}.", nodes)
    yield from _named(graph, tally)
    if repeating:
        template = (
            "{subtasks} [was|were] retried within the rollback, and will be run again and "
            "again, for good. To skip [it|them], once FAILED, moves on and leaves the work "
            "in place; so does another rollback, once the task is FAILED, which undoes it."
        )
        yield of_subtasks("repeats", template, tuple(sorted(repeating)))
    done, whole = progress.critical_seconds_done, progress.critical_seconds
    if 0 < done < whole and tells_direction(task):
        by = by_default(analysis) or " by its timeouts"
        template = (
            f"{by.strip().capitalize()}, the longest path of what is left is {{percent}} % "
            "of that of the whole task."
        )
        percent = Count(100 - 100 * done // whole)
        yield Sentence("critical-share", template, {"percent": percent})
    yield from _each_at_work(analysis)


def _by_doing(
    analysis: Analysis, nodes: Iterable[int], words: tuple[str, str, str]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Group by the words for what is done, is undone, and is skipped, in this order."""
    groups: dict[str, list[int]] = {word: [] for word in words}
    done, undone, skipped = words
    back = analysis.is_rolling_back
    for node in nodes:
        subtask = analysis.graph.subtasks[node]
        word = undone if back and not is_repeating(subtask, back=back) else done
        groups[skipped if subtask.operation in SKIPS else word].append(node)
    return ((word, tuple(group)) for word, group in groups.items() if group)


def _at_work(analysis: Analysis, doing: str, nodes: tuple[int, ...]) -> Sentence:
    """Name what is at work, and what that works on."""
    values: dict[str, Value] = {}
    if targets := dict.fromkeys(filter(None, map(analysis.targets.get, nodes))):
        values["targets"] = NameList(tuple(targets))
        doing += " on {targets}"
    return of_subtasks("at-work", f"{{subtasks}} [is|are] {doing}.", nodes, more=values)


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


def _each_at_work(analysis: Analysis) -> Iterator[Sentence]:
    """Say where each subtask is at work, and what its log says, where that is known."""
    graph, running = analysis.graph, analysis.tally.running
    told = [n for n in running if graph.subtasks[n].host or graph.subtasks[n].logs]
    for node in told[:_MOST_TOLD]:
        subtask = graph.subtasks[node]
        is_alone = len(running) == 1  # and where it is, was said of it
        is_told = is_alone and analysis.targets.get(node) == subtask.host
        if subtask.host and not is_told:
            values: dict[str, Value] = {
                "subtask": SubtaskList((node,)),
                "host": subtask.host,
            }
            at_work = "at work" if tells_progress(graph.task) else "RUNNING"
            template = f"{{subtask}} is {at_work} on {{host}}."
            yield Sentence("running", template, values, Place.ITEM)
        place = Place.GOES_ON if subtask.host and not is_told else Place.ITEM
        yield from last_lines(subtask, node, place)


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
