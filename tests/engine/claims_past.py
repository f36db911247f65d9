"""Judges of what is said about what a task is, where it stands and what happened."""

from __future__ import annotations

import itertools
import re
from typing import Final

from taskgraph.analysis.as_run import PartKind
from tests.engine.case import (
    BACK,
    CLOSE,
    FORWARD,
    HIDDEN_WAY,
    QUIET,
    Case,
    Judge,
    Reasons,
    Told,
    is_at_work,
    pauses,
    worked_by,
)
from tests.engine.journal import Run
from tests.engine.plan import SECOND

SKIPS: Final = ("SKIP", "ROLLBACK_SKIP")
STANDING: Final = (
    r"stall|stuck|hang|stands? still|past (its|their) timeout|over its timeout"
)

# --- what it is ------------------------------------------------------------------------


def started(case: Case, told: Told) -> Reasons:
    if "start" in told.values and told.millis("start") != case.photo.task.start:
        yield "another start"


def ended(case: Case, told: Told) -> Reasons:
    task = case.photo.task
    if task.state == "RUNNING" or told.millis("finish") != task.finish:
        yield "it did not end then"


def taken_up_again(case: Case, told: Told) -> Reasons:
    ends = [
        entry.row.finish
        for entry in case.photo.journal.task_entries
        if entry.row.state != "RUNNING" and entry.moment <= case.photo.moment
    ]
    if case.photo.task.state != "RUNNING" or told.millis("finish") not in ends:
        yield "it was not taken up again"


def shape(case: Case, told: Told) -> Reasons:
    plan = case.photo.plan
    edges = sum(len(step.upstreams) for step in plan.steps)
    if (told.values["subtasks"], told.values["edges"]) != (len(plan.steps), edges):
        yield "another size"
    if "one after the other" in told.text and edges != len(plan.steps) - 1:
        yield "no chain"


def size(case: Case, told: Told) -> Reasons:
    if told.values["subtasks"] != len(case.photo.plan.steps):
        yield "another size"


def as_of(case: Case, told: Told) -> Reasons:
    if told.millis("as_of") != case.photo.timestamp:
        yield "another moment"
    if "since_microseconds" in told.values:
        since = case.photo.timestamp - case.photo.task.start
        if told.millis("since") != since:
            yield "another time since the start"


# --- the verdict -----------------------------------------------------------------------


def verdict(case: Case, told: Told) -> Reasons:
    task, text = case.photo.task, told.text
    if case.hides_direction:
        if case.failed and "wait" in text:
            yield HIDDEN_WAY
        return
    if "nothing has failed" in text and case.ever_failed:
        yield "something failed before"
    if "rolled back" in text and not case.is_back:
        yield "it is not rolled back"
    skipped = any(row[:2] == ("SUCCESSFUL", "SKIP") for row in case.rows)
    if "succeeded" in text and skipped and "skipped" not in text:
        yield "it counts as done what was skipped"
    if "never finish" in text:
        yield "there is no cycle"
    if "succeeded: " in text and {row.state for row in case.rows} != {"SUCCESSFUL"}:
        yield "not all is done"
    if "was rolled back" in text and case.left_in_place and "in place" not in text:
        yield "the work of some was left in place"
    if "is running" in text or "still running" in text or "being rolled" in text:
        if task.state != "RUNNING":
            yield "it does not run"
        yield from _stands(case)


def _stands(case: Case) -> Reasons:
    """Tell where it is not said that nothing moves any more, though it can be seen."""
    if case.photo.task.state != "RUNNING" or not case.shows_idle or case.calm.moves:
        return
    if not re.search(STANDING, case.all_text, re.IGNORECASE):
        yield "it stands still, which nothing says"


def endless(case: Case, told: Told) -> Reasons:
    known = (
        re.search("past its timeout|hangs|no worker|again and again", told.text) is not None
    )
    known = known or "TG204" in case.deserved
    known = known or ("person" in told.text and bool(case.failed))
    known = known or "not known" in told.text
    if "again" in told.text and not case.is_back:
        yield "it does not roll back"
    if case.photo.task.state != "RUNNING" or (case.calm.ended and not known):
        yield "it ends by itself"


def stalled(case: Case, told: Told) -> Reasons:
    quiet = case.photo.timestamp - case.photo.last_change
    moves = quiet < QUIET - CLOSE and case.calm.moves and "READY" not in told.text
    if case.photo.task.state != "RUNNING" or moves:
        yield "it moves"
    if "never retries" in told.text and not any(
        case.rows[index].operation in ("CANCEL", *BACK) for index in case.failed
    ):
        yield "the engine retries that"


# --- how far it is ---------------------------------------------------------------------


def at_work(name: str) -> Judge:
    """Judge that subtasks are at work, or RUNNING where nothing tells of a cancel."""

    def judge(case: Case, told: Told) -> Reasons:
        hidden = case.dialect == "diagnosis" and "RUNNING" in told.text
        rows = [case.rows[index] for index in told.steps(name)]
        if not all(is_at_work(row) or (hidden and row.state == "RUNNING") for row in rows):
            yield "it is being cancelled"

    return judge


def counts(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        if re.search("done|waiting", told.text):
            yield HIDDEN_WAY
        return
    states = [row.state for row in case.rows]
    values = told.values
    is_plain = re.search("SUCCESSFUL|RUNNING|PENDING", told.text) is not None
    back = case.is_back and not is_plain
    hidden = case.dialect == "diagnosis"
    if not hidden and values.get("running", 0) != sum(map(is_at_work, case.rows)):
        yield "it counts as at work what is being cancelled"
    if values.get("ready", 0) != states.count("READY"):
        yield "another number is ready"
    if values.get("failed", 0) != states.count("FAILED"):
        yield "another number failed"
    done, pending = ("PENDING", "SUCCESSFUL") if back else ("SUCCESSFUL", "PENDING")
    over = sum(values.get(name, 0) for name in ("done", "in_place", "untouched"))
    if over != states.count(done):
        yield "another number is done"
    if values.get("pending", 0) != states.count(pending):
        yield "another number waits"
    skipped = sum(row[:2] == ("SUCCESSFUL", "SKIP") for row in case.rows)
    if not (case.is_back or is_plain) and values.get("skipped", 0) != skipped:
        yield "it counts as done what was skipped"
    if back and values.get("done", 0) != case.undone:
        yield "it counts as undone what was left in place"
    if back and values.get("pending", 0):
        again = ("SUCCESSFUL", "RETRY")
        if any(row[:2] == again for row in case.rows) and "again" not in told.beside:
            yield "it counts as waiting to be undone what runs again for good"


def critical_share(case: Case, told: Told) -> Reasons:
    if told.values["percent"] <= 0:
        yield "nothing is said of nothing"
    waiting = "SUCCESSFUL" if case.is_back else "PENDING"
    if all(row.state == waiting for row in case.rows):
        yield "less is left though nothing has begun"


# --- what failed -----------------------------------------------------------------------


def root_failure(case: Case, told: Told) -> Reasons:
    rows = [case.rows[index] for index in told.steps("subtasks")]
    if any(row.state != "FAILED" for row in rows):
        yield "it has not failed"
    if "at" in told.values and told.millis("at") != min(row.finish or 0 for row in rows):
        yield "another moment"
    for index in told.steps("subtasks"):
        ran = len(case.runs_of(index, *FORWARD))
        if told.values.get("attempts", ran) != ran and "least" not in told.text:
            yield "another number of attempts"


def part_failed(_: Case, told: Told) -> Reasons:
    if told.row.state != "FAILED":
        yield "it has not failed"
    if "at" in told.values and told.millis("at") != told.row.finish:
        yield "another moment"


def run_by(case: Case, told: Told) -> Reasons:
    rows = [case.rows[index] for index in told.steps("subtasks")]
    if {row.executor for row in rows} - set(told.values["servers"]):
        yield "another server"


def blocks_nothing(case: Case, _: Told) -> Reasons:
    waiting = "SUCCESSFUL" if case.is_back else "PENDING"
    if (
        not case.failed
        and len({row.state for row in case.rows} & {waiting})
        and ("TG204" in case.deserved)
    ):
        yield "all that waits is held up"
    if any(case.rows[index].state == waiting for index in case.beyond_failed):
        yield "something waits for it"


def cause(*hows: str) -> Judge:
    """Judge a claim that runs were ended in one of some ways."""

    def judge(case: Case, told: Told) -> Reasons:
        for index in told.steps("subtasks"):
            run = case.runs_of(index)[-1]
            if run.how not in hows and not _is_close(case, told, run):
                yield f"ended by {run.how}"

    return judge


def _is_close(case: Case, told: Told, run: Run) -> bool:
    """Tell whether times cannot tell how a run ended: near the deadline or the poll.

    A run that ends by itself in the second in which its deadline ends it looks the same,
    and the clock of its host may differ from the one that polls.
    """
    row = case.rows[run.step]
    if run.ended is None or "times" not in told.text or row.start is None:
        return False
    ran = (row.finish or 0) - row.start
    over = ran - case.photo.plan.steps[run.step].timeout * SECOND
    return 0 <= over < SECOND or abs(over - 11 * SECOND) < 100


def cause_rollback(case: Case, told: Told) -> Reasons:
    if any(case.runs_of(n)[-1].operation != "ROLLBACK" for n in told.steps("subtasks")):
        yield "what failed was no rollback"


def cause_several_runs(case: Case, told: Told) -> Reasons:
    if any(len(case.runs_of(index)) < 2 for index in told.steps("subtasks")):
        yield "it ran once"


def cause_runs_unknown(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if case.rows[index].operation == "RETRY":
            yield "it ran more than once"


def cause_canceled(case: Case, told: Told) -> Reasons:
    if any(case.rows[index].operation != "CANCEL" for index in told.steps("subtasks")):
        yield "it was not cancelled"


def blocked(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    for index in told.steps("subtasks"):
        if index not in case.beyond_failed:
            yield "it does not wait for that"
        if not case.is_back and case.runs_of(index):
            yield "it has run"


def held_up(case: Case, told: Told) -> Reasons:
    """Judge that something waits for a step that is not done, or that nothing moves."""
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    waiting, done = ("SUCCESSFUL", "PENDING") if case.is_back else ("PENDING", "SUCCESSFUL")
    plan, states = case.photo.plan, [row.state for row in case.rows]
    ahead = plan.downstreams if case.is_back else [s.upstreams for s in plan.steps]
    for index in told.steps("subtasks"):
        if states[index] != waiting:
            yield "it does not wait"
        stalled = "TG204" in case.deserved
        if not stalled and all(states[other] == done for other in ahead[index]):
            yield "nothing holds it up"


def held(case: Case, told: Told) -> Reasons:
    waiting = "SUCCESSFUL" if case.is_back else "PENDING"
    for index in told.steps("subtasks"):
        if index in case.beyond_failed or case.rows[index].state != waiting:
            yield "it waits for that"


def ran_on(case: Case, told: Told) -> Reasons:
    first = min((case.moment_of(n, "FAILED") or 0 for n in case.failed), default=0)
    for index in told.steps("subtasks"):
        later = [
            run
            for run in case.runs_of(index)
            if run.ended is None
            or (run.ended > first - CLOSE and run.operation not in SKIPS)
        ]
        if not later:
            yield "it was not at work then"
            return


def failed_later(case: Case, told: Told) -> Reasons:
    if not set(told.steps("subtasks")) <= case.beyond_failed & set(case.failed):
        yield "it does not lie beyond"


def no_failed_subtask(case: Case, told: Told) -> Reasons:
    task = case.photo.task
    acts = {row.operation for row in case.rows} & {"RETRY", "SKIP"}
    if any(len(case.runs_of(index)) > 1 for index in range(len(case.rows))):
        acts.add("RETRY")  # which a later cancel hides
    named = {act for act in acts if f"a {act.lower()} that came after" in told.text}
    if case.failed:
        yield "a subtask has failed"
    elif not task.by_fault and not named:
        yield "neither a fault nor a retry did that"


def state_unknown(case: Case, told: Told) -> Reasons:
    if all(case.rows[index].state for index in told.steps("subtasks")):
        yield "the engine told the states"


# --- where the time went ---------------------------------------------------------------


def wall(case: Case, told: Told) -> Reasons:
    task = case.photo.task
    flying = any(
        row.state in ("RUNNING", "CANCELING")
        or (row.state == "READY" and row.start is not None and row.finish is None)
        for row in case.rows
    )
    ends = {task.finish} if task.state != "RUNNING" else {case.photo.timestamp}
    if flying:
        ends.add(case.photo.timestamp)
    # subtasks may run on, and clocks may differ
    ends.add(max(row.finish or 0 for row in case.rows))
    if told.millis("begin") != task.start:
        yield "another begin"
    if told.millis("end") not in ends:
        yield "another end"


def parts(case: Case, told: Told) -> Reasons:
    amounts = [
        value for name, value in told.values.items() if name.endswith("_microseconds")
    ]
    clocks = case.photo.plan.clocks
    if told.values.get("overlap_microseconds", 0) < -SECOND * (max(clocks) - min(clocks)):
        yield "steps of one path overlapped"
    if any(value < 0 for value in amounts) and "overlap_microseconds" not in told.values:
        yield "a part of the time is negative"
    worked = sum(worked_by(case, index) for index in told.steps("path"))
    if "run_microseconds" in told.values and told.millis("run") > worked + CLOSE:
        yield from pauses(told)


def longest_run(case: Case, told: Told) -> Reasons:
    if told.millis("time") > worked_by(case, told.step) + CLOSE:
        yield from pauses(told)


def longest_wait(case: Case, told: Told) -> Reasons:
    if told.millis("time") > case.photo.timestamp - case.photo.task.start:
        yield "it waited longer than the task is old"


def retried_meanwhile(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if len(case.runs_of(index)) < 2:
            yield "it ran once"
        elif index not in case.ever_failed:
            yield "it never failed"


def standing_at(state: str, operation: str) -> Judge:
    def judge(case: Case, told: Told) -> Reasons:
        found = [n for n, row in enumerate(case.rows) if row[:2] == (state, operation)]
        if sorted(told.steps("subtasks")) != found:
            yield "others are"

    return judge


def to_be_undone(case: Case, told: Told) -> Reasons:
    steps, plan = told.steps("subtasks"), case.photo.plan
    if not case.is_back or any(case.rows[n].state != "SUCCESSFUL" for n in steps):
        yield "it is not to be undone"
    place = {step: n for n, step in enumerate(steps)}
    for step in steps:
        if any(
            place.get(up, len(steps)) < place[step] for up in plan.steps[step].upstreams
        ):
            yield "in another order"
            return


def attempt(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if len(case.runs_of(index)) < told.values["count"]:
            yield "it was started less often"


def slots_taken(case: Case, told: Told) -> Reasons:
    """Look at what really ran at each start and finish of the wait."""
    ran = case.loaded.analysis.as_run
    assert ran is not None
    waits = [part for part in ran.parts if part.kind is PartKind.WAIT]
    wait = max(waits, key=lambda part: part.microseconds)
    begin = round(wait.begin.timestamp() * SECOND)
    end = begin + wait.microseconds // SECOND
    edges = {begin, end}
    for run in case.runs:
        edges |= {at for at in (run.began, run.ended) if at and begin < at < end}
    moments = sorted(edges)
    taken, holders = 0, set[int]()
    for first, last in itertools.pairwise(moments):
        flying = {
            run.step
            for run in case.runs
            if run.began <= first and (run.ended is None or run.ended >= last)
        }
        if len(flying) >= told.values["limit"]:
            taken += last - first
            holders |= flying
    if told.millis("taken") > taken + CLOSE:
        yield "so many ran for a shorter time"
    apart = max(case.photo.plan.clocks) - min(case.photo.plan.clocks)
    holders.update(
        run.step
        for run in case.runs
        if any(
            abs(at - run.began) <= apart or abs(at - (run.ended or 0)) <= apart
            for at in (begin, end)
        )
    )
    if not set(told.steps("subtasks")) <= holders:
        yield "it ran at another time"


def several_runs(case: Case, told: Told) -> Reasons:
    once = any(len(case.runs_of(index)) < 2 for index in told.steps("subtasks"))
    if once and "may" not in told.text:
        yield "it ran once"


def ideal(case: Case, told: Told) -> Reasons:
    """Compare with the longest path of what the steps really worked."""
    finish: dict[int, int] = {}
    for index, step in enumerate(case.photo.plan.steps):
        begin = max((finish[up] for up in step.upstreams), default=0)
        finish[index] = begin + worked_by(case, index)
    excess = told.millis("ideal") - max(finish.values()) - CLOSE
    if excess > 0:
        yield from pauses(told)


def ideal_exceeds_wall(case: Case, told: Told) -> Reasons:
    run = case.loaded.analysis.as_run
    path = run.ideal.critical_path if run else ()
    several = any(len(case.runs_of(case.places[node])) > 1 for node in path)
    if several and "pause" not in told.text:
        yield "pauses explain it, no clocks"
    elif not several and len(case.photo.plan.clocks) == 1:
        yield "there is one clock, and every step waited"
