"""Judges of what is said about what may be done and how long it can take."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from taskgraph.reports.explaining.sentences import Moment
from tests.engine.case import (
    BEATEN,
    CLOSE,
    HIDDEN_WAY,
    Case,
    Judge,
    Reasons,
    Told,
    is_at_work,
    pauses,
    worked_by,
)
from tests.engine.futures import WAITING, beaten, go_on
from tests.engine.plan import SECOND
from tests.engine.world import Fate

# --- what may be done ------------------------------------------------------------------


def _bounds(
    case: Case, told: Told, act: str, index: int, fates: tuple[Fate, ...]
) -> Reasons:
    """Judge how long it takes at most once something was asked for."""
    if "unlimited" in told.nodes:
        yield from unlimited(case, told)
        return
    if "worst_seconds" not in told.values:
        return
    bound, moment = told.millis("worst"), case.photo.moment
    reasons = {
        beaten(future, moment, future.ended, bound, told.beside)
        for future in case.futures(act, index, fates)
    }
    yield from worded(reasons)


def worded(reasons: Iterable[str | None]) -> Reasons:
    yield from sorted(f"{BEATEN}{reason}" for reason in set(reasons) if reason)


def unlimited(case: Case, told: Told) -> Reasons:
    if any(case.photo.plan.steps[index].timeout for index in told.steps("unlimited")):
        yield "it has a limit, which the document does not tell"


def _is_accepted(case: Case, act: str, index: int = -1) -> bool:
    server = case.world.fork("accepted").server
    if act == "rollback":
        return server.rollback()
    if act == "retry task":
        return server.retry_task()
    return {"retry": server.retry, "skip": server.skip, "cancel": server.cancel}[act](index)


_ALONE = tuple(fate for fate in WAITING if fate.policy != "cancel")


def _are_accepted(case: Case, told: Told, act: str) -> bool:
    return all(_is_accepted(case, act, index) for index in told.steps("subtasks"))


def retry_accepted(case: Case, told: Told) -> Reasons:
    if not _are_accepted(case, told, "retry"):
        yield "the engine refuses"
        return
    if case.is_back and not re.search("for good|repeat", told.beside):
        yield "in a rollback it repeats for good"
    yield from _bounds(case, told, "retry", told.steps("subtasks")[0], _ALONE)


def retry_refused(case: Case, told: Told) -> Reasons:
    if any(_is_accepted(case, "retry", index) for index in told.steps("subtasks")):
        yield "the engine accepts"


def skip_accepted(case: Case, told: Told) -> Reasons:
    if not _are_accepted(case, told, "skip"):
        yield "the engine refuses, which the document does not tell"
        return
    if case.is_back and "in place" not in told.text:
        yield "in a rollback it leaves the work in place"
    if "go on" in told.text and {*case.failed} - {*told.steps("subtasks")}:
        yield "another failure holds the rollback"
    yield from _bounds(case, told, "skip", told.steps("subtasks")[0], _ALONE)


def skip_refused(case: Case, told: Told) -> Reasons:
    if any(_is_accepted(case, "skip", index) for index in told.steps("subtasks")):
        yield "the engine accepts"


def held_by(case: Case, _: Told) -> Reasons:
    if len(case.failed) < 2:
        yield "nothing holds it"


def releases(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    plan, states = case.photo.plan, [row.state for row in case.rows]
    if case.is_back:
        yield "in a rollback nothing follows a success"
        return
    held: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for index, step in enumerate(plan.steps):
        if states[index] == "PENDING":
            waits = tuple(up for up in step.upstreams if states[up] != "SUCCESSFUL")
            held[waits].add(index)
    if len(case.failed) > 1 or set(told.steps("subtasks")) != held[told.step,] | held[()]:
        yield "others go next"


def cancel(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if not _is_accepted(case, "cancel", index):
            yield "the engine refuses"
            return
        if case.rows[index].operation == "CANCEL":
            yield "it is being cancelled already"
            return
    index = told.steps("subtasks")[0]
    deaf = go_on(case.world, case.seed, Fate("deaf", "slow", deaf=True), "cancel", index)
    row = deaf.journal.rows(deaf.journal.moments[-1])[1][index]
    if row.state == "CANCELING" and "hang" not in told.beside:
        yield "it may hang"


def rollback_accepted(case: Case, told: Told) -> Reasons:
    if not _is_accepted(case, "rollback"):
        yield "the engine refuses, which the document does not tell"
        return
    begun = sum(row.state != "PENDING" for row in case.rows)
    if told.values["steps"] != begun:
        yield "another number would be undone"
    fates = tuple(fate for fate in _ALONE if fate.policy != "rollback")
    yield from _bounds(case, told, "rollback", -1, fates)


def rollback_loses(case: Case, told: Told) -> Reasons:
    done = [
        index
        for index, row in enumerate(case.rows)
        if row.state == "SUCCESSFUL" and row.operation != "SKIP"
    ]
    if told.values["subtasks"] != len(done):
        yield "another number is finished"
    worked = sum(worked_by(case, index) + CLOSE for index in done)
    if "work_microseconds" in told.values and told.millis("work") > worked:
        yield from pauses(told)


def rollback_refused(case: Case, told: Told) -> Reasons:
    if not case.photo.forbids_rollback:
        yield "nothing forbids it"
    if "blockers" in told.nodes and set(told.steps("blockers")) != set(
        case.photo.blockers()
    ):
        yield "others forbid it"
    if "task itself" in told.text and not case.photo.plan.forbids_rollback:
        yield "the task does not prohibit it"


def rollback_if_failed(case: Case, _: Told) -> Reasons:
    if case.photo.forbids_rollback:
        yield "it could not, which the document does not tell"


def nothing_failed(case: Case, told: Told) -> Reasons:
    if case.failed:
        yield "a subtask is FAILED"
    elif case.ever_failed and "has failed" in told.text:
        yield "something failed before"


def over(case: Case, _: Told) -> Reasons:
    if any(
        _is_accepted(case, act, index)
        for index in range(len(case.rows))
        for act in ("retry", "skip", "cancel")
    ):
        yield "something may be done"


# --- how long it can take --------------------------------------------------------------


def until_it_ends(case: Case, bound: int, begin: int, beside: str) -> Reasons:
    """Judge a bound on the time from a moment until the task no longer runs."""
    if case.photo.task.state == "RUNNING":
        yield from worded(
            beaten(future, begin, future.ended, bound, beside) for future in case.waits
        )
    elif begin < case.photo.moment:
        ends = [e for e in case.photo.journal.task_entries if e.moment <= case.photo.moment]
        yield from worded((beaten(case.calm, begin, ends[-1].moment, bound, beside),))


def budget(case: Case, told: Told) -> Reasons:
    bound, start = told.millis("budget"), case.photo.plan.submitted
    yield from until_it_ends(case, bound, start, told.beside)
    left = [s for s in case.explanation.sentences() if s.claim == "left"]
    for sentence in left:
        latest = sentence.values.get("latest")
        if isinstance(latest, Moment):
            latest = latest.time
        if isinstance(latest, datetime) and not case.ever_failed:
            until = round(latest.timestamp() * SECOND)
            is_later = case.photo.task.start + bound < until - CLOSE
            if is_later and "later than" not in case.all_text:
                yield "it ends before what is told as the latest end"


def budget_unbounded(case: Case, told: Told) -> Reasons:
    yield from unlimited(case, told)


def dominant(case: Case, told: Told) -> Reasons:
    timeout = case.photo.plan.steps[told.step].timeout
    if "the timeout of" in told.text and told.millis("share") != timeout * SECOND:
        yield "another timeout"


def concurrency(case: Case, told: Told) -> Reasons:
    stated = case.document.get("context", {}).get("concurrency")
    limit = 10 if stated is None or stated < 0 else stated or len(case.rows) + 1
    if told.values["limit"] > min(limit, 16 if case.photo.plan.type == "MANUAL" else 32):
        yield "so many are never in flight"


def left(case: Case, told: Told) -> Reasons:
    if "latest" in told.values:
        bound = told.millis("latest") - case.photo.moment
    else:
        bound = told.millis("left")
    yield from until_it_ends(case, bound, case.photo.moment, told.beside)


def overdue(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        row, limit = case.rows[index], case.photo.plan.steps[index].timeout * SECOND
        begun = [run.began for run in case.runs_of(index) if run.ended is None]
        if row.state not in ("RUNNING", "CANCELING") or not begun:
            yield "it does not run"
        elif case.photo.timestamp - begun[0] < limit - CLOSE:
            yield "it is not past its timeout"


def nearest(case: Case, told: Told) -> Reasons:
    rest = {
        run.step: run.began
        + case.photo.plan.steps[run.step].timeout * SECOND
        - case.photo.timestamp
        for run in case.runs
        if run.ended is None
        and case.photo.plan.steps[run.step].timeout
        and is_at_work(case.rows[run.step])
    }
    here = rest.pop(told.step, None)
    if here is None:
        yield "it is not at work"
        return
    if abs(here - told.millis("left")) > CLOSE:
        yield "another time is left"
    if rest and min(rest.values()) < here - CLOSE and "known" not in told.text:
        yield "another is nearer, whose last start is unknown"


def no_return(case: Case, told: Told) -> Reasons:
    gates = set(told.steps("subtasks"))
    plan = case.photo.plan
    if not all(plan.steps[index].forbids_rollback for index in gates):
        yield "it does not prohibit rollback"
    if "not been reached" in told.text and case.photo.blockers():
        yield "it has been passed"
    if "not been reached" in told.text and case.tells_own_flag:
        yield "the task itself prohibits rollback"
    if "has been passed" in told.text and not case.photo.blockers():
        yield "it has not been reached"
    if "unlimited" in told.nodes:
        yield from unlimited(case, told)
        return
    if case.is_back or "after_seconds" not in told.values:
        return
    reasons = []
    for future in case.waits if case.photo.task.state == "RUNNING" else (case.calm,):
        starts = [run.began for run in future.journal.runs if run.step in gates]
        if starts:
            end = future.ended
            reasons.append(
                beaten(future, min(starts), end, told.millis("after"), told.beside)
            )
    if case.photo.task.state == "RUNNING":
        yield from worded(reasons)


def no_point_of_no_return(case: Case, _: Told) -> Reasons:
    plan = case.photo.plan
    if any(step.forbids_rollback for step in plan.steps):
        yield "a subtask prohibits rollback, which the document does not tell"
    if plan.forbids_rollback:
        yield "the task itself prohibits rollback"


def prohibiting(case: Case, told: Told) -> Reasons:
    steps = enumerate(case.photo.plan.steps)
    if {n for n, step in steps if step.forbids_rollback} != set(told.steps("subtasks")):
        yield "others prohibit it"


def prohibited(case: Case, told: Told) -> Reasons:
    if set(case.photo.blockers()) != set(told.steps("subtasks")):
        yield "others prohibit it and have begun"


def no_return_unknown(case: Case, _: Told) -> Reasons:
    if "prohibitRollback" in case.document:
        yield "the document tells it"


def never_return(case: Case, _: Told) -> Reasons:
    if not case.photo.plan.forbids_rollback:
        yield "the task does not prohibit it"


def budget_unknown(case: Case, _: Told) -> Reasons:
    if any("timeout" in row for row in case.document.get("subtasks", ())):
        yield "the document tells it"


def left_unbounded(case: Case, told: Told) -> Reasons:
    yield from unlimited(case, told)
    done = "PENDING" if case.is_back else "SUCCESSFUL"
    if all(case.rows[n].state == done for n in told.steps("unlimited")):
        yield "it is done"


def untold(*keys: str) -> Judge:
    """Judge a claim that the document does not tell something of a subtask."""

    def judge(case: Case, told: Told) -> Reasons:
        rows = case.document.get("subtasks", ())
        for index in told.steps("subtasks"):
            step = case.photo.plan.ids[index]
            (row,) = [row for row in rows if str(row["id"]) == str(step)] or [{}]
            if all(key in row for key in keys):
                yield "the document tells it"

    return judge


def rollback_unknown(case: Case, _: Told) -> Reasons:
    rows = case.document.get("subtasks", ())
    if rows and all("prohibitRollback" in row for row in (case.document, *rows)):
        yield "the document tells it"


def fresh(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        row = case.rows[index]
        if row.state != "FAILED" or row.operation not in ("EXECUTE", "RETRY"):
            yield "the engine never retries that"
        elif case.photo.timestamp - (row.finish or 0) > 60 * SECOND:
            yield "it failed long before"


def retry_task(case: Case, _: Told) -> Reasons:
    if not case.world.fork("accepted").server.retry_task():
        yield "the engine refuses"


def repeats(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        row = case.rows[index]
        alive = row.state in ("READY", "RUNNING", "SUCCESSFUL")
        if not case.is_back or row.operation != "RETRY" or not alive:
            yield "it is not retried within a rollback"


def call(case: Case, told: Told) -> Reasons:
    """Ask for what the request says."""
    pattern = r"POST /api/v2/tasks/instances/(.+?)(?:/subtasks/(.+))?/(\w+)"
    found = re.fullmatch(pattern, str(told.values["call"]))
    if found is None or found[1] != str(case.loaded.task.id):
        yield "no such request"
        return
    ids = [str(identifier) for identifier in case.photo.plan.ids]
    act = found[3] if found[2] or found[3] == "rollback" else "retry task"
    if not _is_accepted(case, act, ids.index(found[2]) if found[2] else -1):
        yield "the engine refuses"


def never(_: Case, __: Told) -> Reasons:
    yield "no document of the simulated engine gives a reason for that"


def fail_late(case: Case, told: Told) -> Reasons:
    """Let it fail and be rolled back at once, and take both times together."""
    photo = case.photo
    if photo.task.state != "RUNNING" or any(a.accepted for a in photo.journal.actions):
        return
    if photo.forbids_rollback:
        yield "it cannot be rolled back"
        return
    fates = tuple(
        Fate(f"rolled back {pace}", pace, failure=0.3, policy="rollback")
        for pace in ("slow", "hanging", "missed", "usual")
    )
    reasons = []
    for future in case.futures("", -1, fates):
        asked = [a for a in future.journal.actions if a.name == "rollback" and a.accepted]
        if len(asked) != 1 or future.state != "SUCCESSFUL":
            continue
        end = future.journal.task_entries[-1].moment
        bound, begin = told.millis("both"), photo.plan.submitted
        reasons.append(
            beaten(future, begin, end, bound, told.beside, frozenset({"person"}))
        )
    yield from worded(reasons)
