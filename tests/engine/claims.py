"""Whether what is said of a photographed task is so: the oracle of every claim.

The simulator knows what happened and can go on. Each kind of sentence of an explanation,
each fact of `show` and each figure of the page has a judge, which gives the reasons for
which it is false. A kind without a judge is a fault of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

from taskgraph.api import LoadedTask
from taskgraph.reports.explaining import Explanation, Sentence, explain
from taskgraph.reports.explaining.sentences import Subtasks
from taskgraph.reports.figures import figures
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.show import show_text
from taskgraph.settings import DEFAULTS
from taskgraph.sources import read_bytes
from tests.engine.futures import CALM, WAITING, Future, beaten, go_on, stand
from tests.engine.journal import Row, Run
from tests.engine.oracle import Deserved, deserved
from tests.engine.photo import Photo
from tests.engine.plan import SECOND
from tests.engine.trial import UNUSUAL, photographed
from tests.engine.world import Fate, World

__all__ = ["FIGURES", "SENTENCES", "ClaimTrial", "Judged", "try_claims"]

QUIET: Final = 60 * SECOND
CLOSE: Final = 1100  # milliseconds that a rounded second and two clocks may be apart
BACK: Final = ("ROLLBACK", "ROLLBACK_SKIP")
FORWARD: Final = ("EXECUTE", "RETRY")
HIDDEN_WAY: Final = "it rolls back, which the document does not tell"
BEATEN: Final = "beaten by "
STANDING: Final = (
    r"stall|stuck|hang|stands? still|past (its|their) timeout|over its timeout"
)


class Judged(NamedTuple):
    """One claim, judged.

    Attributes
    ----------
    kind : str
        The kind of sentence; for facts ``show: `` or ``page: `` and their label.
    text : str
    reasons : tuple of str
        Why it is false; empty where it is so.
    """

    kind: str
    text: str
    reasons: tuple[str, ...]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The kind with each reason."""
        return [(self.kind, reason) for reason in self.reasons]


class ClaimTrial(NamedTuple):
    """Everything that is said of one photograph, judged."""

    seed: int
    dialect: str
    data: bytes
    judged: tuple[Judged, ...]


@dataclass(frozen=True)
class Case:
    """A photograph, what is said of it, and how it goes on."""

    seed: int
    photo: Photo
    dialect: str
    data: bytes
    loaded: LoadedTask
    continuations: int

    @cached_property
    def explanation(self) -> Explanation:
        return explain(self.loaded.account)

    @cached_property
    def world(self) -> World:
        return stand(self.seed, self.photo)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """By node of the graph, the step's place in the plan."""
        by_id = {str(identifier): n for n, identifier in enumerate(self.photo.plan.ids)}
        return tuple(by_id[str(sub.id)] for sub in self.loaded.graph.subtasks)

    @cached_property
    def document(self) -> dict[str, Any]:
        """What the document says of the task; nothing where it is an archive."""
        if self.dialect == "diagnosis":
            return {}
        data = json.loads(self.data)["data"]
        task: dict[str, Any] = data["contents"][0] if "contents" in data else data
        return task

    @cached_property
    def deserved(self) -> Deserved:
        return deserved(self.photo)

    @cached_property
    def all_text(self) -> str:
        graph = self.loaded.graph
        return " ".join(s.text(graph) for s in self.explanation.sentences())

    # --- what happened ----------------------------------------------------------

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.photo.rows

    @property
    def is_back(self) -> bool:
        return self.photo.task.operation == "ROLLBACK"

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self.photo.runs())

    def runs_of(self, index: int, *operations: str) -> list[Run]:
        return [
            run
            for run in self.runs
            if run.step == index and (not operations or run.operation in operations)
        ]

    def moment_of(self, index: int, state: str) -> int | None:
        """Give when a step was last stored in a state."""
        found = None
        for entry in self.photo.journal.entries:
            if entry.moment > self.photo.moment:
                break
            if entry.step == index and entry.row.state == state:
                found = entry.moment
        return found

    @cached_property
    def ever_failed(self) -> frozenset[int]:
        return frozenset(
            entry.step
            for entry in self.photo.journal.entries
            if entry.row.state == "FAILED" and entry.moment <= self.photo.moment
        )

    @cached_property
    def failed(self) -> tuple[int, ...]:
        return tuple(n for n, row in enumerate(self.rows) if row.state == "FAILED")

    @cached_property
    def beyond_failed(self) -> frozenset[int]:
        """What lies beyond a failed step, in the direction of the task."""
        plan = self.photo.plan
        ahead = (
            [step.upstreams for step in plan.steps] if self.is_back else plan.downstreams
        )
        seen: set[int] = set()
        stack = [other for index in self.failed for other in ahead[index]]
        while stack:
            index = stack.pop()
            if index not in seen:
                seen.add(index)
                stack += ahead[index]
        return frozenset(seen)

    @property
    def hides_direction(self) -> bool:
        """Whether it rolls back and the document, an archive, does not tell."""
        return self.is_back and self.dialect == "diagnosis"

    @cached_property
    def undone(self) -> int:
        """How many steps a rollback has really undone."""
        return sum(
            row.state == "PENDING" and row.operation == "ROLLBACK" for row in self.rows
        )

    @property
    def left_in_place(self) -> bool:
        """Whether the work of a step was left in place in a rollback."""
        return any(row.operation == "ROLLBACK_SKIP" for row in self.rows)

    @cached_property
    def shows_idle(self) -> bool:
        """Whether the document proves that nothing has happened for a minute."""
        times = [self.photo.task.start, self.photo.task.finish]
        times += [time for row in self.rows for time in (row.start, row.finish)]
        if self.dialect in ("list", "diagnosis"):
            return False
        for index, row in enumerate(self.rows):
            limit = self.photo.plan.steps[index].timeout * SECOND
            if row.state == "RUNNING" and row.operation != "CANCEL":
                once = (row.operation, row.attempts) == ("EXECUTE", 1) and row.start
                if not once or self.photo.timestamp - once < limit + 13 * SECOND:
                    return False
        last = max(time for time in times if time is not None)
        return self.photo.timestamp - last > QUIET + SECOND

    # --- how it goes on ---------------------------------------------------------

    @cached_property
    def calm(self) -> Future:
        return self._future(f"{self.seed}/calm", CALM, "", -1)

    @cached_property
    def waits(self) -> tuple[Future, ...]:
        """How it goes on where nothing is asked for now."""
        return self.futures("", -1, WAITING)

    def futures(self, act: str, index: int, fates: tuple[Fate, ...]) -> tuple[Future, ...]:
        return tuple(
            self._future(
                f"{self.seed}/{act}/{index}/{n}", fates[n % len(fates)], act, index
            )
            for n in range(self.continuations)
        )

    def _future(self, seed: object, fate: Fate, act: str, index: int) -> Future:
        context = self.document.get("context", {})
        hidden = "concurrency" not in context and self.photo.plan.concurrency != -1
        return go_on(self.world, seed, fate, act, index, is_hidden=hidden)


@dataclass(frozen=True)
class Told:
    """One claim and what stands beside it."""

    case: Case
    claim: str
    text: str
    values: dict[str, Any]
    nodes: dict[str, tuple[int, ...]]
    beside: str

    def steps(self, name: str) -> tuple[int, ...]:
        return tuple(self.case.places[node] for node in self.nodes[name])

    @property
    def step(self) -> int:
        (index,) = self.steps("subtask")
        return index

    @property
    def row(self) -> Row:
        return self.case.rows[self.step]

    def millis(self, name: str) -> int:
        """Give a moment, or a duration in seconds or microseconds, in milliseconds."""
        if name in self.values:
            return round(datetime.fromisoformat(self.values[name]).timestamp() * SECOND)
        if f"{name}_seconds" in self.values:
            return int(self.values[f"{name}_seconds"]) * SECOND
        count: int = self.values[f"{name}_microseconds"]
        return round(count / SECOND)


Reasons: TypeAlias = Iterator[str]
Judge: TypeAlias = Callable[[Case, Told], Reasons]


def _so(_: Case, __: Told) -> Reasons:
    """Judge what the document says itself, or our own words about it."""
    yield from ()


def _about_each(name: str, test: Callable[[Case, int], bool], reason: str) -> Judge:
    """Judge a claim that every subtask that it names is so."""

    def judge(case: Case, told: Told) -> Reasons:
        if not all(test(case, index) for index in told.steps(name)):
            yield reason

    return judge


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
    if "roots" in told.nodes and not set(told.steps("roots")) <= set(case.failed):
        yield "it has not failed"
    if "nothing has failed" in text and case.ever_failed:
        yield "something failed before"
    if "rolled back" in text and not case.is_back:
        yield "it is not rolled back"
    waiting = "SUCCESSFUL" if case.is_back else "PENDING"
    blocked = [n for n in case.beyond_failed if case.rows[n].state == waiting]
    if told.values.get("blocked", len(blocked)) != len(blocked):
        yield "others wait for that"
    if "done" in told.values:
        yield from _done(case, told)
    if "succeeded: " in text and {row.state for row in case.rows} != {"SUCCESSFUL"}:
        yield "not all is done"
    if "was rolled back" in text and case.left_in_place:
        yield "the work of some was left in place"
    if "is running" in text or "still running" in text or "being rolled" in text:
        if task.state != "RUNNING":
            yield "it does not run"
        yield from _stands(case)


def _done(case: Case, told: Told) -> Reasons:
    done = told.values["done"]
    if "undone" in told.text.split("nothing")[0]:
        begun = sum(row.operation != "EXECUTE" for row in case.rows)
        if done != case.undone:
            yield "it counts as undone what never began or was left in place"
        elif told.values["subtasks"] not in (begun, len(case.rows)):
            yield "it counts over the wrong whole"
    else:
        real = sum(row.state == "SUCCESSFUL" for row in case.rows)
        if done != real:
            yield "another number is done"
        skipped = ("SUCCESSFUL", "SKIP")
        if any(row[:2] == skipped for row in case.rows) and "skip" not in told.text:
            yield "it counts as done what was skipped"


def _stands(case: Case) -> Reasons:
    """Tell where it is not said that nothing moves any more, though it can be seen."""
    if case.photo.task.state != "RUNNING" or not case.shows_idle or case.calm.moves:
        return
    if not re.search(STANDING, case.all_text, re.IGNORECASE):
        yield "it stands still, which nothing says"


def stalled(case: Case, told: Told) -> Reasons:
    quiet = case.photo.timestamp - case.photo.last_change
    if case.photo.task.state != "RUNNING" or (quiet < QUIET - CLOSE and case.calm.moves):
        yield "it moves"
    if "never retries" in told.text and not any(
        case.rows[index].operation in ("CANCEL", *BACK) for index in case.failed
    ):
        yield "the engine retries that"


# --- how far it is ---------------------------------------------------------------------


def _is_at_work(row: Row) -> bool:
    return row.state == "RUNNING" and row.operation != "CANCEL"


def counts(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    states = [row.state for row in case.rows]
    values = told.values
    if values.get("running", 0) != sum(map(_is_at_work, case.rows)):
        yield "it counts as at work what is being cancelled"
    if values.get("ready", 0) != states.count("READY"):
        yield "another number is ready"
    if values.get("failed", 0) != states.count("FAILED"):
        yield "another number failed"
    done, pending = ("PENDING", "SUCCESSFUL") if case.is_back else ("SUCCESSFUL", "PENDING")
    if values.get("done", 0) != states.count(done):
        yield "another number is done"
    if values.get("pending", 0) != states.count(pending):
        yield "another number waits"
    if case.is_back and case.left_in_place and "left" not in told.text:
        yield "it counts as undone what was left in place"
    if case.is_back and values.get("pending", 0):
        again = ("SUCCESSFUL", "RETRY")
        if any(row[:2] == again for row in case.rows) and "again" not in told.beside:
            yield "it counts as waiting to be undone what runs again for good"


def critical_share(case: Case, told: Told) -> Reasons:
    path = case.loaded.analysis.progress.critical_path
    done = "PENDING" if case.is_back else "SUCCESSFUL"
    over = all(case.rows[case.places[node]].state == done for node in path)
    if told.values["percent"] >= 100 and not over:
        yield "all is behind it though some is left"


# --- what failed -----------------------------------------------------------------------


def root_failure(case: Case, told: Told) -> Reasons:
    row = told.row
    if row.state != "FAILED":
        yield "it has not failed"
    if "at" in told.values and told.millis("at") != row.finish:
        yield "another moment"
    if told.values.get("executor", row.executor) != row.executor:
        yield "another server"
    ran = len(case.runs_of(told.step, *FORWARD))
    if told.values.get("attempts", ran) != ran and "least" not in told.text:
        yield "another number of attempts"


def cause(*hows: str) -> Judge:
    """Judge a claim that a run was ended in one of some ways."""

    def judge(case: Case, told: Told) -> Reasons:
        run = case.runs_of(told.step)[-1]
        if run.how not in hows:
            yield f"ended by {run.how}"

    return judge


def cause_rollback(case: Case, told: Told) -> Reasons:
    if case.runs_of(told.step)[-1].operation != "ROLLBACK":
        yield "what failed was no rollback"


def cause_several_runs(case: Case, told: Told) -> Reasons:
    if len(case.runs_of(told.step)) < 2:
        yield "it ran once"


def cause_canceled(_: Case, told: Told) -> Reasons:
    if told.row.operation != "CANCEL":
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


def held(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if index in case.beyond_failed or case.rows[index].state != "PENDING":
            yield "it waits for that"


def ran_on(case: Case, told: Told) -> Reasons:
    first = min((case.moment_of(n, "FAILED") or 0 for n in case.failed), default=0)
    for index in told.steps("subtasks"):
        later = [
            run
            for run in case.runs_of(index)
            if (run.ended is None or run.ended > first - CLOSE)
            and run.operation not in ("SKIP", "ROLLBACK_SKIP")
        ]
        if not later:
            yield "it was not at work then"
            return


def failed_later(case: Case, told: Told) -> Reasons:
    if not set(told.steps("subtasks")) <= case.beyond_failed & set(case.failed):
        yield "it does not lie beyond"


def no_failed_subtask(case: Case, _: Told) -> Reasons:
    task = case.photo.task
    again = any(row.operation == "RETRY" for row in case.rows)
    if case.failed:
        yield "a subtask has failed"
    elif not task.by_fault and not again:
        yield "neither a fault nor a retry did that"


# --- where the time went ---------------------------------------------------------------


def wall(case: Case, told: Told) -> Reasons:
    task = case.photo.task
    flying = any(row.state in ("RUNNING", "CANCELING") for row in case.rows)
    ends = {task.finish} if task.state != "RUNNING" else {case.photo.timestamp}
    if flying:
        ends.add(case.photo.timestamp)
    if told.millis("begin") != task.start:
        yield "another begin"
    if told.millis("end") not in ends:
        yield "another end"


def _worked(case: Case, index: int) -> int:
    """Give how long the runs of a step took in all."""
    return sum(
        (case.photo.timestamp if run.ended is None else run.ended) - run.began
        for run in case.runs_of(index)
    )


def _pauses(told: Told) -> Reasons:
    """Tell where nobody says that a time holds pauses."""
    if "pause" not in told.beside:
        yield "pauses count as work, which nothing says"


def parts(case: Case, told: Told) -> Reasons:
    amounts = [
        value for name, value in told.values.items() if name.endswith("_microseconds")
    ]
    if "overlap_microseconds" in told.values:
        yield "steps of one path overlapped"
    if any(value < 0 for value in amounts) and "overlap_microseconds" not in told.values:
        yield "a part of the time is negative"
    worked = sum(_worked(case, index) for index in told.steps("path"))
    if "run_microseconds" in told.values and told.millis("run") > worked + CLOSE:
        yield from _pauses(told)


def longest_run(case: Case, told: Told) -> Reasons:
    if told.millis("time") > _worked(case, told.step) + CLOSE:
        yield from _pauses(told)


def longest_wait(case: Case, told: Told) -> Reasons:
    if told.millis("time") > case.photo.timestamp - case.photo.task.start:
        yield "it waited longer than the task is old"


def retried_meanwhile(case: Case, told: Told) -> Reasons:
    for index in told.steps("subtasks"):
        if len(case.runs_of(index)) < 2:
            yield "it ran once"
        elif index not in case.ever_failed:
            yield "it never failed"


def several_runs(case: Case, told: Told) -> Reasons:
    once = any(len(case.runs_of(index)) < 2 for index in told.steps("subtasks"))
    if once and "may" not in told.text:
        yield "it ran once"


def ideal(case: Case, told: Told) -> Reasons:
    """Compare with the longest path of what the steps really worked."""
    finish: dict[int, int] = {}
    for index, step in enumerate(case.photo.plan.steps):
        begin = max((finish[up] for up in step.upstreams), default=0)
        finish[index] = begin + _worked(case, index)
    excess = told.millis("ideal") - max(finish.values()) - CLOSE
    if excess > 0:
        yield from _pauses(told)


def ideal_exceeds_wall(case: Case, told: Told) -> Reasons:
    several = any(len(case.runs_of(index)) > 1 for index in range(len(case.rows)))
    if several and "pause" not in told.text:
        yield "pauses explain it, no clocks"
    elif not several and len(case.photo.plan.clocks) == 1:
        yield "there is one clock, and every step waited"


# --- what may be done ------------------------------------------------------------------


def _bounds(
    case: Case, told: Told, act: str, index: int, fates: tuple[Fate, ...]
) -> Reasons:
    """Judge how long it takes at most once something was asked for."""
    if "unlimited" in told.nodes:
        yield from _unlimited(case, told)
        return
    if "worst_seconds" not in told.values:
        return
    bound, moment = told.millis("worst"), case.photo.moment
    reasons = {
        beaten(future, moment, future.ended, bound, told.beside)
        for future in case.futures(act, index, fates)
    }
    yield from _worded(reasons)


def _worded(reasons: Iterable[str | None]) -> Reasons:
    yield from sorted(f"{BEATEN}{reason}" for reason in set(reasons) if reason)


def _unlimited(case: Case, told: Told) -> Reasons:
    if any(case.photo.plan.steps[index].timeout for index in told.steps("unlimited")):
        yield "it has a limit, which the document does not tell"


def _is_accepted(case: Case, act: str, index: int = -1) -> bool:
    server = case.world.fork("accepted").server
    if act == "rollback":
        return server.rollback()
    return {"retry": server.retry, "skip": server.skip, "cancel": server.cancel}[act](index)


_ALONE = tuple(fate for fate in WAITING if fate.policy != "cancel")


def retry_accepted(case: Case, told: Told) -> Reasons:
    if not _is_accepted(case, "retry", told.step):
        yield "the engine refuses"
        return
    if case.is_back and not re.search("for good|repeat", told.beside):
        yield "in a rollback it repeats for good"
    yield from _bounds(case, told, "retry", told.step, _ALONE)


def retry_refused(case: Case, told: Told) -> Reasons:
    if _is_accepted(case, "retry", told.step):
        yield "the engine accepts"


def skip_accepted(case: Case, told: Told) -> Reasons:
    if not _is_accepted(case, "skip", told.step):
        yield "the engine refuses, which the document does not tell"
        return
    if case.is_back and "in place" not in told.text:
        yield "in a rollback it leaves the work in place"
    yield from _bounds(case, told, "skip", told.step, _ALONE)


def skip_refused(case: Case, told: Told) -> Reasons:
    if _is_accepted(case, "skip", told.step):
        yield "the engine accepts"


def releases(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    plan, states = case.photo.plan, [row.state for row in case.rows]
    if case.is_back:
        if "skip" not in told.text:
            yield "in a rollback nothing follows a success"
        return
    for index in told.steps("subtasks"):
        waits = [up for up in plan.steps[index].upstreams if states[up] != "SUCCESSFUL"]
        if len(waits) != 1 or waits[0] not in case.failed:
            yield "it waits for others"


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
    worked = sum(_worked(case, index) + CLOSE for index in done)
    if "work_microseconds" in told.values and told.millis("work") > worked:
        yield from _pauses(told)


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


def _from(case: Case, bound: int, begin: int, beside: str) -> Reasons:
    """Judge a bound on the time from a moment until the task no longer runs."""
    if case.photo.task.state == "RUNNING":
        yield from _worded(
            beaten(future, begin, future.ended, bound, beside) for future in case.waits
        )
    elif begin < case.photo.moment:
        ends = [e for e in case.photo.journal.task_entries if e.moment <= case.photo.moment]
        yield from _worded((beaten(case.calm, begin, ends[-1].moment, bound, beside),))


def budget(case: Case, told: Told) -> Reasons:
    bound, start = told.millis("budget"), case.photo.plan.submitted
    yield from _from(case, bound, start, told.beside)
    left = [s for s in case.explanation.sentences() if s.claim == "left"]
    for sentence in left:
        latest = sentence.values.get("latest")
        if isinstance(latest, datetime) and not case.ever_failed:
            until = round(latest.timestamp() * SECOND)
            if case.photo.task.start + bound < until - CLOSE:
                yield "it ends before what is told as the latest end"


def budget_unbounded(case: Case, told: Told) -> Reasons:
    yield from _unlimited(case, told)


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
    yield from _from(case, bound, case.photo.moment, told.beside)


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
        and _is_at_work(case.rows[run.step])
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
    if "has been passed" in told.text and not case.photo.blockers():
        yield "it has not been reached"
    if "no limit" in told.text:
        if "unlimited" in told.nodes:
            yield from _unlimited(case, told)
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
        yield from _worded(reasons)


def no_point_of_no_return(case: Case, _: Told) -> Reasons:
    plan = case.photo.plan
    if any(step.forbids_rollback for step in plan.steps):
        yield "a subtask prohibits rollback, which the document does not tell"
    if plan.forbids_rollback:
        yield "the task itself prohibits rollback"


def no_return_unknown(case: Case, _: Told) -> Reasons:
    if "prohibitRollback" in case.document:
        yield "the document tells it"


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
    yield from _worded(reasons)


# --- what not to trust -----------------------------------------------------------------


def inconsistent(case: Case, told: Told) -> Reasons:
    rule = str(told.values["rule"])
    if rule not in case.deserved:
        yield f"{rule} is a false alarm"


SENTENCES: Final[dict[str, Judge]] = {
    "about": _so,
    "as-of": as_of,
    "at-work": _about_each(
        "subtasks", lambda case, n: _is_at_work(case.rows[n]), "it is being cancelled"
    ),
    "blocked": blocked,
    "budget": budget,
    "budget-unbounded": budget_unbounded,
    "cancel": cancel,
    "cause-canceled": cause_canceled,
    "cause-no-times": _so,
    "cause-no-timeout": cause("itself"),
    "cause-not-stated": _so,
    "cause-over-timeout": cause("itself"),
    "cause-rollback": cause_rollback,
    "cause-several-runs": cause_several_runs,
    "cause-timeout": cause("deadline", "poll"),
    "cause-within-timeout": cause("itself"),
    "cause-zero-timeout": cause("poll", "itself"),
    "concurrency": concurrency,
    "counts": counts,
    "critical-share": critical_share,
    "dominant": dominant,
    "ended": ended,
    "fail-late": fail_late,
    "failed-later": failed_later,
    "flaws": _so,
    "held": held,
    "held-by": _about_each(
        "subtasks", lambda case, n: case.rows[n].state == "FAILED", "it has not failed"
    ),
    "ideal": ideal,
    "ideal-exceeds-wall": ideal_exceeds_wall,
    "inconsistent": inconsistent,
    "left": left,
    "log": _so,
    "log-line": _so,
    "longest-run": longest_run,
    "longest-wait": longest_wait,
    "more-failed": _about_each(
        "subtasks", lambda case, n: case.rows[n].state == "FAILED", "it has not failed"
    ),
    "more-inconsistent": _so,
    "more-roots": _about_each(
        "subtasks", lambda case, n: case.rows[n].state == "FAILED", "it has not failed"
    ),
    "nearest": nearest,
    "no-failed-subtask": no_failed_subtask,
    "no-point-of-no-return": no_point_of_no_return,
    "no-return": no_return,
    "no-return-unknown": no_return_unknown,
    "nothing-to-retry": nothing_failed,
    "over": over,
    "over-limit": _so,
    "overdue": overdue,
    "parts": parts,
    "ran-on": ran_on,
    "ready": _about_each(
        "subtasks", lambda case, n: case.rows[n].state == "READY", "it is not ready"
    ),
    "releases": releases,
    "retried-meanwhile": retried_meanwhile,
    "retry-accepted": retry_accepted,
    "retry-refused": retry_refused,
    "rollback-accepted": rollback_accepted,
    "rollback-if-failed": rollback_if_failed,
    "rollback-loses": rollback_loses,
    "rollback-only-failed": _so,
    "rollback-refused": rollback_refused,
    "root-failure": root_failure,
    "running": _about_each(
        "subtask", lambda case, n: _is_at_work(case.rows[n]), "it is being cancelled"
    ),
    "several-runs": several_runs,
    "shape": shape,
    "size": size,
    "skip-accepted": skip_accepted,
    "skip-refused": skip_refused,
    "stalled": stalled,
    "started": started,
    "taken-up-again": taken_up_again,
    "unsound": _so,
    "verdict": verdict,
    "wall": wall,
}
"""The judge of each kind of sentence."""


# --- the facts of `show` and the figures of the page -----------------------------------


def progress_fact(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        yield HIDDEN_WAY
        return
    done = int(re.sub(r"\D*([\d,]+) of .*", r"\1", told.text, flags=re.DOTALL))
    if case.is_back:
        if done != case.undone:
            yield "it counts as undone what never began or was left in place"
    elif done != sum(row.state == "SUCCESSFUL" for row in case.rows):
        yield "another number is done"


def worst_fact(case: Case, told: Told) -> Reasons:
    if not case.loaded.analysis.is_sound:
        return
    worst = case.loaded.analysis.budget
    if not worst.is_bounded:
        nodes = (case.places[node] for node in worst.unlimited)
        if any(case.photo.plan.steps[index].timeout for index in nodes):
            yield "it has a limit, which the document does not tell"
        return
    start = case.photo.plan.submitted
    yield from _from(case, worst.seconds * SECOND, start, told.beside)


def left_fact(case: Case, told: Told) -> Reasons:
    seconds = case.loaded.analysis.progress.worst_case.seconds
    bound = seconds * SECOND + case.photo.timestamp - case.photo.moment
    yield from _from(case, bound, case.photo.moment, told.beside)


def no_return_fact(case: Case, told: Told) -> Reasons:
    plan = case.photo.plan
    if "not known" in told.text:
        return
    if re.match(r"none\b|.*no subtask|.*every subtask", told.text):
        yield from no_point_of_no_return(case, told)
    elif "passed" in told.text and "not passed" not in told.text:
        if not case.photo.blockers():
            yield "it has not been reached"
    elif case.photo.blockers():
        yield "it has been passed"
    if plan.forbids_rollback and "not passed" in told.text:
        yield "the task itself prohibits rollback"


def ran_fact(case: Case, _: Told) -> Reasons:
    task, ran = case.photo.task, case.loaded.analysis.as_run
    ends = [case.photo.timestamp]
    if task.finish is not None and task.state != "RUNNING":
        ends.append(task.finish)
    if ran is not None and round(ran.wall / SECOND) not in [e - task.start for e in ends]:
        yield "it took another time"


FIGURES: Final[dict[str, Judge]] = {
    "page: Done": progress_fact,
    "page: Findings": _so,
    "page: Left at worst": left_fact,
    "page: Point of no return": no_return_fact,
    "page: Ran": ran_fact,
    "page: Running for": ran_fact,
    "page: Undone": progress_fact,
    "page: Worst case": worst_fact,
    "show: As of": _so,
    "show: Critical": _so,
    "show: Document": _so,
    "show: Findings": _so,
    "show: Finite part": _so,
    "show: In between": _so,
    "show: Left": left_fact,
    "show: Longest path": _so,
    "show: No return": no_return_fact,
    "show: No timeout": _so,
    "show: Progress": progress_fact,
    "show: Ran": ran_fact,
    "show: Started": _so,
    "show: Waiting": _so,
    "show: Worst case": worst_fact,
}
"""The judge of each fact of `show` and of each figure of the page."""


# --- all of it -------------------------------------------------------------------------


def _told(case: Case) -> Iterator[Told]:
    """Give every sentence, with its section beside it."""
    graph = case.loaded.graph
    said = case.explanation
    for sentences in (said.verdict, *(section.sentences for section in said.sections)):
        beside = " ".join(sentence.text(graph) for sentence in sentences)
        for sentence in sentences:
            yield Told(
                case,
                sentence.claim,
                sentence.text(graph),
                dict(sentence.data(graph)),
                _nodes(sentence),
                beside,
            )


def _nodes(sentence: Sentence) -> dict[str, tuple[int, ...]]:
    return {
        name: value.nodes
        for name, value in sentence.values.items()
        if isinstance(value, Subtasks)
    }


def _facts(case: Case) -> Iterator[Told]:
    account = case.loaded.account
    shown = list(figures(account))
    graph = account.graph
    limits = [s for s in case.explanation.sections if s.key == "limits"]
    beside = " ".join(s.text(graph) for section in limits for s in section.sentences)
    beside = " ".join([beside, *(f"{figure.value} {figure.note}" for figure in shown)])
    for figure in shown:
        text = f"{figure.value} {figure.note}"
        yield Told(case, f"page: {figure.label}", text, {}, {}, beside)
    screen = show_text(account, Style(width=2000)).split("\n\n")
    beside = next(part for part in screen if part.startswith("Document"))
    for line in beside.split("\n"):
        label, _, text = line.partition("  ")
        if label:
            yield Told(case, f"show: {label}", text.strip(), {}, {}, beside)


def try_claims(seed: int, continuations: int = 20) -> ClaimTrial:
    """Photograph a history once, say all that can be said, and judge each claim."""
    photo, dialect, data = photographed(seed)
    judged = _judge(seed, photo, dialect, data, continuations)
    if dialect in UNUSUAL:
        usual = json.dumps(photo.as_details(Random(seed))).encode()
        known = _judge(seed, photo, "details", usual, continuations)
        keys = {key for row in known for key in row.keys}
        judged = [_only_so(row, keys, dialect) for row in judged]
    return ClaimTrial(seed, dialect, data, tuple(judged))


def _only_so(row: Judged, usual: set[tuple[str, str]], dialect: str) -> Judged:
    """Take together what is false only because of how the words are written."""
    pairs = zip(row.reasons, row.keys, strict=True)
    reasons = [reason if key in usual else f"in {dialect}" for reason, key in pairs]
    return row._replace(reasons=tuple(dict.fromkeys(reasons)))


def _judge(
    seed: int, photo: Photo, dialect: str, data: bytes, continuations: int
) -> list[Judged]:
    (task,) = read_bytes(data)
    case = Case(seed, photo, dialect, data, LoadedTask(task, DEFAULTS), continuations)
    judged = []
    for table, claims in ((SENTENCES, _told(case)), (FIGURES, _facts(case))):
        for told in claims:
            judge = table.get(told.claim)
            reasons = ("no judge",) if judge is None else tuple(judge(case, told))
            judged.append(Judged(told.claim, told.text, tuple(dict.fromkeys(reasons))))
    return judged
