"""What an operator may ask of the engine now."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import WorstCase
from taskgraph.analysis.failure import FailedSubtask
from taskgraph.analysis.rollback import Refusal, Rollback
from taskgraph.model.engine import (
    FORWARD,
    accepts_retry,
    is_part,
    is_rolling_back,
    task_path,
    tells_direction,
    tells_progress,
    was_asked_again,
)
from taskgraph.model.task import Status, Subtask, Task
from taskgraph.model.words import plural
from taskgraph.reports.explaining.limits import by_default
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Place,
    Sentence,
    SubtaskList,
    Value,
    of_subtasks,
    uncounted,
    worded,
)
from taskgraph.reports.results import Account, undoing

_MOST_FAILED = 5  # of them something is said each; the others are named


def choices(account: Account) -> Iterator[Sentence]:
    """Say which of retry, skip, cancel and roll back the engine would accept."""
    task, diagnosis = account.graph.task, account.sound
    if task.is_definition or not account.graph.subtasks:
        return
    if task.origin.dialect == "obshell":
        if diagnosis is not None:  # a part of a DAG has an id of its own
            yield from _of_obshell(diagnosis)
        return
    ways = () if diagnosis is None else diagnosis.ways_out
    failed = account.analysis.tally.failed
    yield from _ways_out(account, ways, failed)
    if not failed:
        yield from _unfailed(task, is_known=not account.analysis.tally.other)
    if tells_direction(task):
        yield from _cancel(account)
    if not failed and not account.analysis.tally.other:
        yield from _retry_all(task)
    if task.status == Status.SUCCESSFUL:
        yield _only_failed(task)
    elif diagnosis is not None:
        yield from _roll_back(diagnosis)


def _ways_out(
    account: Account, ways: tuple[FailedSubtask, ...], failed: tuple[int, ...]
) -> Iterator[Sentence]:
    """Say of what failed, the parts of a split together, how it may go on."""
    way_of = {way.node: way for way in ways}
    groups: dict[Hashable, list[int]] = {}
    failure = None if account.sound is None else account.sound.failure
    roots = () if failure is None else failure.roots
    rank = {root.node: place for place, root in enumerate(roots)}  # as they are told
    for node in sorted(failed, key=lambda node: rank.get(node, len(rank))):
        key = _alike(account.graph.subtasks[node], node, way_of.get(node))
        groups.setdefault(key, []).append(node)
    alike = [tuple(group) for group in groups.values()]
    for group in alike[:_MOST_FAILED]:
        way = way_of.get(group[0])
        yield from _retry(account, group, way)
        if way is not None and group == (way.node,):
            yield from _follows(account.graph.task, way)
        yield from _skip(account, group, way, is_last=len(group) == len(failed))
    if rest := tuple(node for group in alike[_MOST_FAILED:] for node in group):
        template = "For {subtasks} the same has to be decided."
        yield of_subtasks("more-failed", template, rest, Place.ITEM)
    back = is_rolling_back(account.graph.task)
    asked = (way.skip if back else way.retry for way in ways)
    is_held = any(way.is_accepted and way.is_held for way in asked)
    if is_held and tells_direction(account.graph.task):
        text = "Nothing that is PENDING starts while any of them is FAILED."
        if back:
            text = "The rollback goes on once none of them is FAILED."
        yield Sentence("held-by", text, {}, Place.ITEM)


def _alike(subtask: Subtask, node: int, way: FailedSubtask | None) -> Hashable:
    """Give what is the same of the parts of a split that may go on in the same way."""
    if not is_part(subtask):
        return node
    flags = accepts_retry(subtask), subtask.prohibit_skip
    return subtask.name, flags, None if way is None else way.skip.worst_case


def _unfailed(task: Task, *, is_known: bool) -> Iterator[Sentence]:
    is_over = task.status == Status.SUCCESSFUL
    if task.status == Status.RUNNING or not (is_known or is_over):
        text = "No subtask is FAILED, so there is nothing to retry or to skip."
        if not is_known:
            text = "Of some subtasks nothing tells whether they may be retried or skipped."
        yield Sentence("nothing-to-retry", text, {}, Place.ITEM)
    yield from _over(task)


def _over(task: Task) -> Iterator[Sentence]:
    if task.status == Status.SUCCESSFUL:
        text = "It is over: there is nothing to retry, to skip or to cancel."
        yield Sentence("over", text, {}, Place.ITEM)


def _of_obshell(analysis: Analysis) -> Iterator[Sentence]:
    """Say what may be asked of a DAG of obshell: always of the whole."""
    task, rollback = analysis.task, analysis.rollback
    back, default = is_rolling_back(task), by_default(analysis)
    id_of = "" if task.id is None else f" -i {task.id}"
    values: dict[str, Value] = {"call": f"obshell task cancel{id_of}"}
    if task.status == Status.RUNNING:
        text = "The whole DAG may be cancelled: {call}."
        yield Sentence("dag-cancel", text, values, Place.ITEM)
    if task.status != Status.FAILED:
        yield from _over(task)
        if task.status == Status.SUCCESSFUL:
            yield _only_failed(task)
        else:
            yield from _unrolled(analysis)
        return
    if not back:
        template = "The whole DAG may be retried, which first undoes what failed"
        values = {"call": f"obshell task retry{id_of}"}
        if analysis.ways_out:
            bounded = f"; then the task takes at most {{worst}} more{default}"
            worst = analysis.ways_out[0].retry.worst_case
            template += _bound(analysis, bounded, worst, values)
        yield Sentence("dag-retry", f"{template}: {{call}}.", values, Place.ITEM)
    again, what = (" again", "") if back else ("", ", which undoes {steps}")
    template = f"It may be rolled back{again}{what}"
    values = {"call": f"obshell task rollback{id_of}"}
    if not back:
        values["steps"] = Count(len(rollback.steps), "subtask")
        bounded = f" and takes at most {{worst}}{default}"
        template += _bound(analysis, bounded, undoing(analysis), values)
    yield Sentence("dag-rollback", f"{template}: {{call}}.", values, Place.ITEM)
    if not back:
        yield from _loses(analysis)
    template = "It may be passed, which runs nothing and calls the rest done: {call}."
    yield Sentence("dag-pass", template, {"call": f"obshell task pass{id_of}"})
    text = "Whether its nodes allow that, the document does not tell."
    yield Sentence("dag-unknown", text, {})


def _call(task: Task, what: str, *subtasks: Subtask) -> Iterator[Sentence]:
    """Write the documented request, where the document has the ids."""
    if task.id is not None:
        path = task_path(task)
        path += f"/subtasks/{subtasks[0].id}" if subtasks else ""
        template = "Call {call}."
        if len(subtasks) > 1:
            others = plural(len(subtasks) - 1, "other", "others")
            template = f"Call {{call}}, and likewise for the {others}."
        yield Sentence("call", template, {"call": f"POST {path}/{what}"})


def _retry(
    account: Account, nodes: tuple[int, ...], way: FailedSubtask | None
) -> Iterator[Sentence]:
    task, subtasks = account.graph.task, [account.graph.subtasks[node] for node in nodes]
    if not accepts_retry(subtasks[0]):
        template = "{subtasks} cannot be retried: [its|their] operation is ROLLBACK."
        yield of_subtasks("retry-refused", template, nodes, Place.ITEM)
        return
    if not tells_direction(task):
        template = (
            "Whether {subtasks} may be retried, the document does not tell: not where a "
            "rollback failed."
        )
        yield of_subtasks("retry-unknown", template, nodes, Place.ITEM)
        return
    values: dict[str, Value] = {}
    template = "{subtasks} may be retried, which first undoes [it|them]"
    again = "[it|they] would then be run again and again, for good"
    if is_rolling_back(task):
        template += f"; within this rollback {again}"
    elif not tells_progress(task):  # a list leaves the operation out
        template += f"; within a rollback {again}"
    elif way is not None:
        bounded = "; then the task takes at most {worst} more"
        template += _bound(account.analysis, bounded, way.retry.worst_case, values)
    yield of_subtasks("retry-accepted", f"{template}.", nodes, Place.ITEM, values)
    yield from _call(task, "retry", *subtasks)


def _skip(
    account: Account, nodes: tuple[int, ...], way: FailedSubtask | None, *, is_last: bool
) -> Iterator[Sentence]:
    task, subtasks = account.graph.task, [account.graph.subtasks[node] for node in nodes]
    prohibits = subtasks[0].prohibit_skip
    if prohibits:
        template = "{subtasks} cannot be skipped: [it prohibits|they prohibit] that."
        yield of_subtasks("skip-refused", template, nodes, Place.ITEM)
        return
    if prohibits is None or not tells_direction(task):
        template = "Whether {subtasks} may be skipped, the document does not tell."
        yield of_subtasks("skip-unknown", template, nodes, Place.ITEM)
        return
    values: dict[str, Value] = {}
    does = "leaves [its|their] work undone"
    if is_rolling_back(task):
        does = "leaves [its|their] work in place"
        does += ", and lets the rollback go on" if is_last else ""
    template = f"{{subtasks}} may be skipped, which {does}"
    if way is not None:
        then = "then the task takes at most {worst} more"
        if_one = "[|if only one of them is and the others are retried, ]"
        bounded = f"; {'' if is_rolling_back(task) else if_one}{then}"
        template += _bound(account.analysis, bounded, way.skip.worst_case, values)
    yield of_subtasks("skip-accepted", f"{template}.", nodes, Place.ITEM, values)
    yield from _call(task, "skip", *subtasks)


def _retry_all(task: Task) -> Iterator[Sentence]:
    """Name what is left where the task is FAILED and none of its subtasks is."""
    if task.status == Status.FAILED and task.operation in FORWARD:
        yield Sentence("retry-task", "The task may be retried as a whole.", {}, Place.ITEM)
        yield from _call(task, "retry")


def _follows(task: Task, way: FailedSubtask) -> Iterator[Sentence]:
    """Name what goes on at once, where nothing else holds it."""
    action = way.retry
    if not action.is_accepted or action.is_held or is_rolling_back(task):
        return
    if not tells_direction(task):
        return
    if action.releases:
        template = "Once {subtask} has succeeded or is skipped, {subtasks} [goes|go] next."
        values = {
            "subtask": SubtaskList((way.node,)),
            "subtasks": SubtaskList(action.releases),
        }
        template = worded(template, len(action.releases))
        yield Sentence("releases", template, values, Place.ITEM)


def _bound(
    analysis: Analysis,
    bounded: str,
    worst_case: WorstCase | None,
    values: dict[str, Value],
) -> str:
    """Word a worst case, and add its values; nothing where there is none."""
    if worst_case is None or not analysis.tells_worst_case or analysis.progress.lasting:
        return ""
    values["worst"] = Duration(worst_case.seconds)
    if worst_case.is_bounded:
        return bounded
    values["unlimited"] = SubtaskList(worst_case.unlimited)
    return bounded + uncounted(worst_case.unlimited)


def _cancel(account: Account) -> Iterator[Sentence]:
    running, late = account.analysis.tally.running, account.analysis.overdue
    template = "{subtasks} may be cancelled, and would end FAILED, unless the cancel hangs."
    for group in (
        tuple(node for node in running if node in late),  # first what hangs
        tuple(node for node in running if node not in late),
    ):
        if group:
            yield of_subtasks("cancel", template, group, Place.ITEM)
            subtasks = [account.graph.subtasks[node] for node in group]
            yield from _call(account.graph.task, "cancel", *subtasks)


def _roll_back(analysis: Analysis) -> Iterator[Sentence]:
    rollback = analysis.rollback
    if analysis.task.status != Status.FAILED:
        yield from _unrolled(analysis)
    elif rollback.is_allowed is None:
        text = "Whether it can be rolled back, the document does not tell."
        yield Sentence("rollback-unknown", text, {}, Place.ITEM)
    elif rollback.is_accepted:
        yield from _accepted(analysis)
    else:
        yield _refused("It cannot be rolled back: ", rollback)


def _only_failed(task: Task) -> Sentence:
    again = " again" if is_rolling_back(task) else ""
    engine = "obshell" if task.origin.dialect == "obshell" else "the engine"
    text = f"It cannot be rolled back{again}: {engine} rolls back FAILED tasks only."
    return Sentence("rollback-only-failed", text, {}, Place.ITEM)


def _unrolled(analysis: Analysis) -> Iterator[Sentence]:
    """Say whether a task that has not failed could be rolled back."""
    back, rollback = is_rolling_back(analysis.task), analysis.rollback
    if back and not analysis.tally.failed:
        return
    again = " again" if back else ""
    now = f"It cannot be rolled back{again} while it has not failed; "
    if rollback.is_allowed is None:
        text = f"{now}whether it could then, the document does not tell."
        yield Sentence("rollback-unknown", text, {}, Place.ITEM)
    elif rollback.is_allowed:
        text = f"{now}if it failed now, it could."
        yield Sentence("rollback-if-failed", text, {}, Place.ITEM)
    else:
        text = f"It could not be rolled back{again} even if it failed: "
        yield _refused(text, rollback)


def _accepted(analysis: Analysis) -> Iterator[Sentence]:
    rollback = analysis.rollback
    values: dict[str, Value] = {"steps": Count(len(rollback.steps), "subtask")}
    template = "It may be rolled back: {steps} would be undone"
    bounded = "; that takes at most {worst}"
    template += _bound(analysis, bounded, undoing(analysis), values)
    yield Sentence("rollback-accepted", f"{template}.", values, Place.ITEM)
    yield from _call(analysis.task, "rollback")
    yield from _loses(analysis)


def _loses(analysis: Analysis) -> Iterator[Sentence]:
    failure = analysis.failure
    if failure is not None and failure.finished.nodes:
        work = failure.finished
        lost: dict[str, Value] = {
            "subtasks": Count(len(work.nodes), "subtask"),
            "work": Clock(work.microseconds),
        }
        template = "That gives up the finished work of {subtasks}, {work} in all"
        unsplit = [analysis.graph.subtasks[node] for node in work.unsplit]
        some = "" if any(map(was_asked_again, unsplit)) else ", if there were any,"
        template += f", pauses between attempts{some} included." if unsplit else "."
        if len(work.unmeasured) == len(work.nodes):
            del lost["work"]
            template = "That gives up the finished work of {subtasks}."
        yield Sentence("rollback-loses", template, lost)


def _refused(begin: str, rollback: Rollback) -> Sentence:
    values: dict[str, Value] = {}
    reasons = []
    if Refusal.BEGUN in rollback.obstacles:
        values["blockers"] = SubtaskList(rollback.blockers)
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
