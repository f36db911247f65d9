"""What the engine would have answered at one moment, and what was true then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.engine import dialects
from tests.engine.journal import Journal, Row, Run, TaskRow
from tests.engine.plan import Plan


@dataclass(frozen=True)
class Photo:
    """A task at one moment.

    Attributes
    ----------
    moment : int
        When the tables were read, in milliseconds since 1970.
    timestamp : int
        When the response was written, a little later, by the clock of any server.
    last_change : int
        When anything in the tables changed last, visibly or not.
    """

    journal: Journal
    moment: int
    timestamp: int
    task: TaskRow
    rows: tuple[Row, ...]
    last_change: int

    @property
    def plan(self) -> Plan:
        """What was submitted."""
        return self.journal.plan

    @property
    def forbids_rollback(self) -> bool:
        """Whether the engine would refuse to roll back at this moment."""
        return self.plan.forbids_rollback or bool(self.blockers())

    def blockers(self) -> list[int]:
        """Give the steps for which the engine would refuse to roll back."""
        return [
            index
            for index, row in enumerate(self.rows)
            if row.state not in ("PENDING", "READY")
            and self.plan.steps[index].forbids_rollback
        ]

    def since(self, index: int) -> int:
        """Give since when a step's row is as it is."""
        past = (
            entry.moment
            for entry in self.journal.entries
            if entry.step == index and entry.moment <= self.moment
        )
        return max(past, default=self.plan.submitted)

    def runs(self) -> Iterator[Run]:
        """Give the runs that had begun, those under way without an end."""
        for run in self.journal.runs:
            if run.began <= self.moment:
                is_over = run.ended is not None and run.ended <= self.moment
                yield run if is_over else run._replace(ended=None, how="", state="")

    # --- dialects -------------------------------------------------------------

    def as_ocp_2021(self, rng: Random) -> dict[str, Any]:
        """Give the response to an operation, as versions 3.1 to 4.0 wrote it."""
        return dialects.ocp_2021(self, rng)

    def as_ocp_2025(self, rng: Random) -> dict[str, Any]:
        """Give the response to an operation, as versions from 4.2 write it."""
        return dialects.ocp_2025(self, rng)

    def as_details(self, rng: Random) -> dict[str, Any]:
        """Give the task's details, also the response to a retry of the task."""
        return dialects.details(self, rng)

    def as_lower_case(self, rng: Random) -> dict[str, Any]:
        """Give the task's details with its words in lower case."""
        return dialects.lower_case(self, rng)

    def as_contents(self, rng: Random) -> dict[str, Any]:
        """Give the response to adding OBProxies: one task in a list."""
        return dialects.contents(self, rng)

    def as_list(self, rng: Random) -> dict[str, Any]:
        """Give a page of the task list with this task on it."""
        return dialects.task_list([self], rng)

    def as_subtask(self, rng: Random) -> dict[str, Any]:
        """Give the response to a retry of one subtask."""
        return dialects.one_subtask(self, rng)

    def as_diagnosis(self) -> bytes:
        """Give the archive that an operator may download."""
        return dialects.diagnosis(self)
