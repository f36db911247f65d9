"""How a photographed task can go on, and which assumptions that breaks.

A claim about what comes is judged against many ways on. A bound may be beaten only where
an assumption was broken that stands beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final

from tests.engine.journal import Journal
from tests.engine.photo import Photo
from tests.engine.plan import SECOND, make_plan
from tests.engine.world import Fate, World

MOST_EVENTS = 1500
HOP: Final = 2200  # milliseconds: what two polls may take between one step and the next
ROUNDING: Final = SECOND + 100
HOUR: Final = 3600 * SECOND

CALM = Fate("calm")
WAITING: tuple[Fate, ...] = (
    Fate("slow", "slow"),
    Fate("hanging", "hanging"),
    Fate("missed deadlines", "missed"),
    Fate("busy workers", "slow", crowd=HOUR),
    Fate("failing", "slow", failure=0.5),
    Fate("retried", "slow", failure=0.4, policy="retry"),
    Fate("skipped", "slow", failure=0.4, policy="skip"),
    Fate("rolled back", "slow", failure=0.3, policy="rollback"),
    Fate("cancelled", "slow", policy="cancel"),
    Fate("cancelled in vain", "slow", policy="cancel", deaf=True),
    Fate("late polls", "slow", rest=30 * SECOND),
    Fate("usual", "usual", failure=0.1),
)
"""What may happen to a task of which nothing is asked; they take turns."""

ASSUMPTIONS: Final = {
    "automatic retry": r"automatic|retries|by itself|attempt",
    "busy workers": r"worker|alone|other tasks|busy",
    "late polls": r"poll|restart|looks? late|server",
    "missed deadline": r"missed|grace|deadline",
    "person": r"person|operator|somebody|nobody|asked|by hand|called for|intervene",
    "ordinary polls": r"poll|from one subtask to the next|per hop|a hop",
    "hanging cancel": r"hang",
    "concurrency": r"in flight|at once|concurren|slot",
    "standing still": r"stall|stands? still|stuck|goes on|waits? for",
    "repeating for good": r"repeat|for good",
}
"""By which words each assumption is known to stand beside a bound."""


PRIORITY: Final = (
    "hanging cancel",
    "busy workers",
    "late polls",
    "standing still",
    "repeating for good",
    "automatic retry",
    "missed deadline",
    "person",
    "concurrency",
)
"""Which assumption is told to have beaten a bound, where several were broken."""


def stand(seed: int, photo: Photo) -> World:
    """Give the world of a history as it was when the photograph was taken."""
    rng = Random(seed)
    world = World(rng, make_plan(rng))
    world.begin()
    world.server.run(until=photo.moment)
    return world


@dataclass(frozen=True)
class Future:
    """One way in which a task went on.

    Attributes
    ----------
    began : int
        When, in milliseconds since 1970: the moment of the photograph.
    is_drained : bool
        Whether nothing was left to happen at its end.
    others : bool
        Whether other tasks kept some of the workers all the time.
    is_hidden : bool
        Whether the document hides how many steps may be in flight, and it is not 10.
    asked : int
        How many acts people had asked for when it began.
    """

    fate: Fate
    journal: Journal
    began: int
    is_drained: bool
    others: bool
    is_hidden: bool
    asked: int

    @cached_property
    def ended(self) -> int | None:
        """When the task was RUNNING no longer, ``None`` where that never comes."""
        later = [e for e in self.journal.task_entries if e.moment >= self.began]
        for entry in later:
            if entry.row.state != "RUNNING":
                return entry.moment
        state = self.journal.rows(self.began)[0].state
        return None if later or state == "RUNNING" else self.began

    @property
    def state(self) -> str:
        """The task's status at the end."""
        return self.journal.task_entries[-1].row.state

    @property
    def moves(self) -> bool:
        """Whether anything changed."""
        return self.journal.moments[-1] > self.began

    def broken(self, begin: int, end: int | None) -> frozenset[str]:
        """Name the assumptions that were broken between two moments."""
        until = self.journal.moments[-1] + HOUR if end is None else end
        broken = _broken(self.journal, begin, until, others=self.others)
        if any(
            action.accepted and (begin < action.moment or n >= self.asked)
            for n, action in enumerate(self.journal.actions)
            if begin <= action.moment <= until
        ):
            broken |= {"person"}
        return broken | {"concurrency"} if self.is_hidden else broken

    def runs_between(self, begin: int) -> int:
        """Count the runs since a moment."""
        return sum(run.ended is None or run.ended > begin for run in self.journal.runs)


def _broken(journal: Journal, begin: int, end: int, *, others: bool) -> frozenset[str]:
    broken = set()
    before: dict[int, str] = {}
    for entry in journal.entries:
        row = entry.row
        if begin <= entry.moment <= end and row[:2] == ("READY", "RETRY"):
            if before.get(entry.step) == "SUCCESSFUL":
                broken.add("repeating for good")
            elif not row.finish:
                broken.add("automatic retry")
        before[entry.step] = row.state
    states = journal.rows(end)[1]
    for run in journal.runs:
        if run.ended is None and states[run.step].state == "CANCELING":
            continue
        last = end if run.ended is None else run.ended
        limit = journal.plan.steps[run.step].timeout * SECOND
        if last > begin and limit and last - run.began > limit + SECOND:
            broken.add("missed deadline")
    if any(outage.began < end and outage.until > begin for outage in journal.outages):
        broken.add("late polls")
    crowds = (crowd.began < end and crowd.until > begin for crowd in journal.crowds)
    if (others or any(crowds)) and _has_waited(journal, begin, end):
        broken.add("busy workers")
    if any(row.state == "CANCELING" for row in states):
        broken.add("hanging cancel")
    return frozenset(broken)


def _has_waited(journal: Journal, begin: int, end: int) -> bool:
    """Tell whether a step was READY for longer than a poll needs to pick it up."""
    since: dict[int, int] = {}
    for entry in journal.entries:
        if entry.row.state == "READY":
            since[entry.step] = max(entry.moment, begin)
        elif entry.step in since:
            waited = entry.moment - since.pop(entry.step)
            if waited > HOP and begin < entry.moment:
                return True
    return any(end - moment > HOP for moment in since.values())


def go_on(
    world: World,
    seed: object,
    fate: Fate,
    act: str = "",
    index: int = -1,
    *,
    is_hidden: bool = False,
) -> Future:
    """Let a copy of a world go on, after an act that is asked for at once.

    Parameters
    ----------
    world : World
        It is left as it is.
    seed : object
        The same gives the same future.
    fate : Fate
    act : str, optional
        ``retry``, ``skip``, ``cancel`` or ``rollback``.
    index : int, optional
        The step that it is asked for.
    is_hidden : bool, optional
        See `Future`.
    """
    other = world.fork(seed, fate)
    server = other.server
    began = server.now
    if act == "rollback":
        server.rollback()
    elif act:
        {"retry": server.retry, "skip": server.skip, "cancel": server.cancel}[act](index)
    asked = len(server.journal().actions)
    server.run(MOST_EVENTS)
    is_stuck = bool(server.never_picked)
    others = bool(server.others) or is_stuck
    return Future(fate, server.journal(), began, server.is_idle, others, is_hidden, asked)


def named(text: str) -> frozenset[str]:
    """Give the assumptions that a text names."""
    return frozenset(
        name for name, words in ASSUMPTIONS.items() if re.search(words, text, re.IGNORECASE)
    )


def beaten(
    future: Future,
    begin: int,
    end: int | None,
    bound: int,
    beside: str,
    apart: frozenset[str] = frozenset(),
) -> str | None:
    """Tell what beat a bound, ``None`` where nothing did or it is named beside it.

    Parameters
    ----------
    future : Future
    begin, end : int
        What is bounded, from when to when; without an end it never comes.
    bound : int
        In milliseconds.
    beside : str
        The text in which an assumption may stand.
    apart : frozenset of str, optional
        What the claim itself says that it happens.
    """
    assumed = named(beside)
    hops = future.runs_between(begin) + 1
    slack = ROUNDING + (hops * HOP if "ordinary polls" in assumed else 0)
    if end is not None and end - begin <= bound + slack:
        return None
    broken = future.broken(begin, end) - apart
    if end is None and broken.isdisjoint(PRIORITY[:3]):
        broken |= {"standing still" if future.is_drained else "repeating for good"}
    if broken & assumed:
        return None
    is_near = end is not None and end - begin <= bound + ROUNDING + hops * (HOP + SECOND)
    for assumption in PRIORITY:
        if assumption in broken and not (is_near and assumption == "concurrency"):
            return assumption
    return "ordinary polls" if is_near else "what it forgets"
