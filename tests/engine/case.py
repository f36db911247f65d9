"""A photograph with all that is said of it: what a judge of claims looks at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeAlias

from taskgraph.api import LoadedTask
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.explaining.sentences import Explanation
from tests.engine.futures import CALM, WAITING, Future, go_on, stand
from tests.engine.journal import Journal, Row, Run
from tests.engine.oracle import Deserved, deserved
from tests.engine.photo import Photo
from tests.engine.plan import SECOND
from tests.engine.world import Fate, World

QUIET: Final = 60 * SECOND
CLOSE: Final = 1100  # milliseconds that a rounded second and two clocks may be apart
BACK: Final = ("ROLLBACK", "ROLLBACK_SKIP")
FORWARD: Final = ("EXECUTE", "RETRY")
HIDDEN_WAY: Final = "it rolls back, which the document does not tell"
BEATEN: Final = "beaten by "


@dataclass(frozen=True)
class Case:
    """A photograph, what is said of it, and how it goes on."""

    seed: int
    photo: Photo
    dialect: str
    data: bytes
    loaded: LoadedTask
    continuations: int
    past: tuple[Journal, ...] = ()
    """The past runs that the task was held against."""

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
        return self.bare(" ".join(s.text(graph) for s in self.explanation.sentences()))

    def bare(self, text: str) -> str:
        """Leave names out of a text: 'Wait for observer' names no assumption."""
        names = {step.name for step in self.photo.plan.steps} | {self.photo.plan.name}
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        return re.sub("|".join(longest), "", text)

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
    def tells_own_flag(self) -> bool:
        """Whether the task itself prohibits rollback, and the document tells."""
        strings = self.document.get("context", {}).get("stringMap", {})
        told = "prohibitRollback" in self.document or "prohibit_rollback" in strings
        return self.photo.plan.forbids_rollback and told and not self.photo.blockers()

    @property
    def hides_direction(self) -> bool:
        """Whether it rolls back and the document, an archive, does not tell."""
        return self.is_back and self.dialect == "diagnosis"

    @property
    def is_hidden(self) -> bool:
        """Whether the document hides how many steps may be in flight, and it is not 10."""
        context = self.document.get("context", {})
        return "concurrency" not in context and self.photo.plan.concurrency != -1

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
        return go_on(self.world, seed, fate, act, index, is_hidden=self.is_hidden)


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


def so(_: Case, __: Told) -> Reasons:
    """Judge what the document says itself, or our own words about it."""
    yield from ()


def about_each(name: str, test: Callable[[Case, int], bool], reason: str) -> Judge:
    """Judge a claim that every subtask that it names is so."""

    def judge(case: Case, told: Told) -> Reasons:
        if not all(test(case, index) for index in told.steps(name)):
            yield reason

    return judge


def is_at_work(row: Row) -> bool:
    return row.state == "RUNNING" and row.operation != "CANCEL"


def worked_by(case: Case, index: int) -> int:
    """Give how long the runs of a step took in all."""
    return sum(
        (case.photo.timestamp if run.ended is None else run.ended) - run.began
        for run in case.runs_of(index)
    )


def pauses(told: Told) -> Reasons:
    """Tell where nobody says that a time holds pauses."""
    if "pause" not in told.beside:
        yield "pauses count as work, which nothing says"
