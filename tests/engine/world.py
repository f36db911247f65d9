"""What happens to a simulated task: how its runs go, what fails, what operators do."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from tests.engine.journal import Journal, Row, TaskRow
from tests.engine.plan import SECOND, Plan, make_plan
from tests.engine.server import FOREVER, Server, Work


class Fate(NamedTuple):
    """What happens to a task from some moment on, and nothing else.

    Attributes
    ----------
    pace : str
        How long runs take: ``quick``, ``usual``, ``slow`` (nearly all of their timeout),
        ``hanging`` (their deadline ends them) or ``missed`` (it does not).
    failure : float
        How likely a run fails by itself.
    crowd, rest : int
        For how many milliseconds all workers are busy, or no poll looks.
    deaf : bool
        Whether a cancel hangs.
    policy : str
        What the operator does about every failure, at once: ``retry``, ``skip`` or
        ``rollback``; or ``cancel``: about what runs. Nothing where it is empty.
    """

    name: str
    pace: str = "quick"
    failure: float = 0.0
    crowd: int = 0
    rest: int = 0
    deaf: bool = False
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Climate:
    """How rough the world is for one task; the rates are chances per run."""

    failure: float
    overrun: float
    near: float
    missed: float
    lost: float
    deaf: float
    cancel: float
    patience: int
    actions: int
    weights: tuple[int, int, int, int]  # retry the task, retry a step, skip, roll back


def _draw_climate(rng: Random) -> Climate:
    return Climate(
        failure=rng.choice((0.0, 0.0, 0.03, 0.1, 0.3, 0.6)),
        overrun=rng.choice((0.0, 0.0, 0.05, 0.2)),
        near=rng.choice((0.0, 0.05, 0.2)),
        missed=rng.choice((0.0, 0.0, 0.05, 0.5)),
        deaf=rng.choice((0.0, 0.0, 0.3)),
        lost=rng.choice((0.0, 0.0, 0.0, 0.03)),
        cancel=rng.choice((0.0, 0.0, 0.03, 0.2)),
        patience=rng.choice((2, 20, 300, 7200)) * SECOND,
        actions=rng.choice((0, 1, 2, 4, 8, 16)),
        weights=rng.choice(((3, 2, 2, 3), (8, 1, 1, 1), (1, 1, 1, 12), (1, 6, 6, 2))),
    )


_QUIET = Climate(
    failure=0.0,
    overrun=0.0,
    near=0.0,
    missed=0.0,
    lost=0.0,
    deaf=0.0,
    cancel=0.0,
    patience=SECOND,
    actions=0,
    weights=(1, 1, 1, 1),
)
"""Nothing fails and nobody does anything."""


def _tell_apart(duration: int, limit: int) -> int:
    """Keep a run whose deadline was missed from ending where a deadline or a poll would.

    In the second after its timeout, and just before the poll, an end by itself looks like
    an end by the engine; that is so rare that a document is taken at its word.
    """
    over = duration - limit
    if not limit or over < 0:
        return duration
    return limit + min(max(over, SECOND + 100), 10 * SECOND) if over < 12_500 else duration


def play(rng: Random) -> Journal:
    """Draw a plan and a climate, and let the engine run until nothing happens any more."""
    return World(rng, make_plan(rng)).play()


def play_well(rng: Random, plan: Plan) -> Journal:
    """Let a task run in which nothing fails, and beside which nothing else runs."""
    world = World(rng, plan)
    world.climate, world.broken = _QUIET, frozenset()
    world.fault_after = world.rest_after = world.crowd_after = -1
    world.server.submit()
    world.server.run()
    return world.server.journal()


class World:
    """Everything around the engine: the work itself, accidents and operators."""

    def __init__(self, rng: Random, plan: Plan) -> None:
        self.rng = rng
        self.plan = plan
        self.climate = _draw_climate(rng)
        self.server = Server(plan, rng, self._work, self._on_change)
        self.left = self.climate.actions
        self.changes = 0
        self.fate: Fate | None = None
        length = 6 * len(plan.steps)
        self.fault_after = rng.randrange(length) if rng.random() < 0.12 else -1
        self.rest_after = rng.randrange(length) if rng.random() < 0.12 else -1
        self.crowd_after = rng.randrange(length) if rng.random() < 0.1 else -1
        self.broken = frozenset(
            index
            for index in range(len(plan.steps))
            if rng.random() < self.climate.failure / 4
        )

    def play(self) -> Journal:
        """Let everything happen."""
        self.begin()
        self.server.run()
        return self.server.journal()

    def begin(self) -> None:
        """Submit the task."""
        rng, server = self.rng, self.server
        if rng.random() < 0.1:
            server.occupy(rng.randrange(600 * SECOND))
        if rng.random() < 0.1:
            server.others = rng.randrange(1, 16)
        if rng.random() < 0.01:
            server.never_picked = frozenset({rng.randrange(len(self.plan.steps))})
        server.submit()

    def fork(self, seed: object, fate: Fate | None = None) -> World:
        """Give a copy that goes on in its own way; without a fate as rough as before."""
        known = (self.plan, *self.plan.steps, self.climate, *self.server.written())
        memo: dict[int, object] = {id(thing): thing for thing in known}
        memo[id(self.rng)] = Random(str(seed))
        other = deepcopy(self, memo)
        if fate is not None:
            other.suffer(fate)
        return other

    def suffer(self, fate: Fate) -> None:
        """Let only that happen from now on."""
        server = self.server
        self.fate, self.left = fate, 4
        self.fault_after = self.rest_after = self.crowd_after = -1
        server.fault_due = False
        server.forget(self._operate, self._cancel)
        server.redraw()
        if fate.crowd:
            server.occupy(fate.crowd)
        if fate.rest:
            server.rest(fate.rest, kills=False)
        if fate.policy == "cancel":
            for index, row in enumerate(server.rows):
                if row.state == "RUNNING":
                    server.at(server.now + self.rng.randrange(2000), self._cancel, index)
        elif fate.policy:
            server.at(server.now, self._follow)

    def _follow(self) -> None:
        """Do what the fate has the operator do about each failure."""
        policy, server = self.fate and self.fate.policy, self.server
        failed = [index for index, row in enumerate(server.rows) if row.state == "FAILED"]
        if not failed or not self.left:
            return
        self.left -= 1
        if policy == "rollback":
            server.rollback()
        elif policy == "retry":
            for index in failed:
                server.retry(index)
        elif policy == "skip":
            for index in failed:
                server.skip(index)

    def _fated(self, fate: Fate, limit: int) -> Work:
        """Decide how a run goes that has only its fate."""
        rng = self.rng
        late = rng.randrange(1, 990)
        duration = 5
        if fate.pace == "slow":
            duration = max(5, limit - rng.randrange(2, 20)) if limit else 10_000
        elif fate.pace == "hanging":
            duration = limit + 10**8
        elif fate.pace == "missed":
            duration = limit + rng.choice((rng.randrange(1100, 10_000), 10**8))
        elif fate.pace == "usual":
            duration = 5 + int(limit * rng.random())
        return Work(
            duration=duration,
            fails=rng.random() < fate.failure,
            armed=fate.pace != "missed",
            deaf=fate.deaf,
            late=late,
        )

    # --- the work -------------------------------------------------------------

    def _work(self, index: int, operation: str, attempts: int) -> Work:
        """Decide how a run goes."""
        rng, climate = self.rng, self.climate
        if operation in ("SKIP", "ROLLBACK_SKIP"):
            return Work(rng.randrange(4, 40), fails=False)
        limit = self.plan.steps[index].timeout * SECOND
        if self.fate is not None:
            return self._fated(self.fate, limit)
        usual = int(self.plan.steps[index].pace * rng.uniform(0.5, 1.5))
        if operation == "RETRY":  # which first undoes what was done
            usual += int(self.plan.steps[index].pace * rng.uniform(0.0, 1.0))
        luck = rng.random()
        if luck < climate.overrun:
            wide = rng.random() < 0.5
            duration = limit + rng.randrange(max(1, limit) if wide else 14 * SECOND)
        elif luck < climate.overrun + climate.near:
            duration = int(limit * rng.uniform(0.78, 1.0)) + 5
        else:
            duration = min(usual, int(limit * 0.78)) + 5
        armed = rng.random() >= climate.missed
        if not armed:
            duration = _tell_apart(duration, limit)
        broken = index in self.broken and attempts < 4 and operation != "ROLLBACK"
        return Work(
            duration=duration,
            fails=broken or rng.random() < climate.failure,
            armed=armed,
            lost=rng.random() < climate.lost,
            deaf=rng.random() < climate.deaf,
            late=1 + int(980 * rng.random() ** 3),
        )

    # --- accidents and operators ----------------------------------------------

    def _on_change(self, index: int, row: Row | TaskRow) -> None:
        self.changes += 1
        if self.fate is not None:
            if row.state == "FAILED" and self.fate.policy not in ("", "cancel"):
                self.server.at(self.server.now + 1, self._follow)
            return
        if self.changes - 1 == self.fault_after:
            self.server.fault_due = True
        if self.changes - 1 == self.rest_after:
            self._rest()
        if self.changes - 1 == self.crowd_after:
            self.server.occupy(int(self.rng.choice((60, 3600, 86_400)) * SECOND))
        if isinstance(row, TaskRow):
            if row.state == "FAILED":
                self._call_operator()
        elif row.state == "FAILED":
            if self.rng.random() < 0.3:
                self._call_operator()
        elif row.state == "RUNNING" and self.rng.random() < self.climate.cancel:
            delay = int(self.plan.steps[index].pace * self.rng.uniform(0.0, 1.2))
            self.server.at(self.server.now + delay, self._cancel, index)

    def _rest(self) -> None:
        """Restart the server, let its polls hang for a while, or stop them for good."""
        kind = self.rng.random()
        if kind < 0.5:
            self.server.rest(self.rng.randrange(5, 300) * SECOND, kills=True)
        elif kind < 0.8:
            self.server.rest(self.rng.randrange(5, 900) * SECOND, kills=False)
        else:
            self.server.rest(FOREVER, kills=self.rng.random() < 0.5)

    def _call_operator(self) -> None:
        delay = int(self.rng.expovariate(1 / self.climate.patience))
        self.server.at(self.server.now + delay, self._operate)

    def _cancel(self, index: int) -> None:
        if self.server.rows[index].state == "RUNNING" and self.rng.random() < 0.9:
            self.server.cancel(index)

    def _operate(self) -> None:
        """Try one thing; after a refusal, or on a whim, try another a little later."""
        rng, server = self.rng, self.server
        if self.left <= 0:
            return
        self.left -= 1
        failed = [index for index, row in enumerate(server.rows) if row.state == "FAILED"]
        choice = rng.choices(range(4), self.climate.weights)[0]
        if choice == 0:
            accepted = server.retry_task()
        elif choice == 3:
            accepted = server.rollback()
        elif not failed:
            accepted = False
        elif choice == 1:
            accepted = server.retry(rng.choice(failed))
        else:
            accepted = server.skip(rng.choice(failed))
        if not accepted or rng.random() < 0.4:
            self._call_operator()
