"""A simulator of the task engine, to photograph its tasks at any moment.

``simulate(seed)`` runs one random task under one random fate: the same seed gives the same
history. A photograph is what the engine's API would have answered at a moment, in any of
the dialects in which it answers, together with what really happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.engine.journal import Journal
from tests.engine.photo import Photo
from tests.engine.plan import SECOND, Plan
from tests.engine.world import play


@dataclass(frozen=True)
class History:
    """One task from its submission until nothing happened any more."""

    seed: int
    journal: Journal

    @property
    def plan(self) -> Plan:
        """What was submitted."""
        return self.journal.plan

    @property
    def began(self) -> int:
        """The moment of submission, in milliseconds since 1970."""
        return self.journal.moments[0]

    @property
    def ended(self) -> int:
        """The moment of the last change."""
        return self.journal.moments[-1]

    def photograph(self, moment: int) -> Photo:
        """Give what the engine would answer at a moment, not before the submission."""
        moment = max(moment, self.began)
        task, rows, last_change = self.journal.rows(moment)
        rng = Random(f"{self.seed}/{moment}")
        return Photo(
            journal=self.journal,
            moment=moment,
            timestamp=moment + rng.randrange(2, 60) + rng.choice(self.plan.clocks),
            task=task,
            rows=rows,
            last_change=last_change,
        )

    def random_moment(self, rng: Random) -> int:
        """Choose a moment: seldom a quiet one, often one where something just happened."""
        kind = rng.random()
        change = rng.choice(self.journal.moments)
        if kind < 0.05:
            return self.began
        if kind < 0.25:
            return rng.randrange(self.began, self.ended + 2)
        if kind < 0.5:
            return change + rng.randrange(3)
        if kind < 0.7:
            return change + rng.randrange(1500)
        if kind < 0.75 and self.journal.actions:
            return rng.choice(self.journal.actions).moment + rng.randrange(1500)
        if kind < 0.85:
            return change + rng.randrange(100 * SECOND)
        return self.ended + rng.randrange(10 * 3600 * SECOND)

    def random_photo(self, rng: Random) -> Photo:
        """Photograph a random moment."""
        return self.photograph(self.random_moment(rng))


def simulate(seed: int) -> History:
    """Run the engine on a random task.

    Parameters
    ----------
    seed : int
        The same seed gives the same history.
    """
    return History(seed, play(Random(seed)))
