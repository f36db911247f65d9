"""What the simulated engine's tables held at every moment, and what really happened."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tests.engine.plan import Plan


class Row(NamedTuple):
    """A subtask as the engine stores it; ``attempts`` is exported as ``runTime``."""

    state: str = "PENDING"
    operation: str = "EXECUTE"
    attempts: int = 1
    start: int | None = None
    finish: int | None = None
    executor: str | None = None


class TaskRow(NamedTuple):
    """A task as the engine stores it; ``by_fault`` is known to the simulator only."""

    start: int
    state: str = "RUNNING"
    operation: str = "EXECUTE"
    finish: int | None = None
    by_fault: bool = False


class Entry(NamedTuple):
    """From this moment on the row of a step was so."""

    moment: int
    step: int
    row: Row


class TaskEntry(NamedTuple):
    """From this moment on the task's row was so."""

    moment: int
    row: TaskRow


class Run(NamedTuple):
    """One run of one step as it happened.

    Attributes
    ----------
    ended : int or None
        When the engine saw its end.
    how : str
        What ended it: ``itself``, ``deadline``, ``poll``, ``cancel`` or ``rollback``;
        empty as long as it goes on.
    state : str
        What the step was afterwards.
    """

    step: int
    operation: str
    began: int
    ended: int | None
    how: str = ""
    state: str = ""


class Action(NamedTuple):
    """Something that an operator asked for; ``step`` is -1 for the task."""

    moment: int
    name: str
    step: int
    accepted: bool


class Outage(NamedTuple):
    """A time in which something did not work; ``until`` may lie far in the future."""

    began: int
    until: int


class LogLine(NamedTuple):
    """A line of a step's log."""

    moment: int
    step: int
    attempts: int
    text: str


@dataclass(frozen=True)
class Journal:
    """Everything about one task from its submission to the end of the simulation."""

    plan: Plan
    entries: tuple[Entry, ...]
    task_entries: tuple[TaskEntry, ...]
    runs: tuple[Run, ...]
    actions: tuple[Action, ...]
    outages: tuple[Outage, ...]
    log: tuple[LogLine, ...]
    crowds: tuple[Outage, ...] = ()  # when other tasks kept all workers busy

    @cached_property
    def moments(self) -> list[int]:
        """The moments at which anything changed, ascending, with repetition."""
        changes = [entry.moment for entry in self.entries]
        return sorted([*changes, *(entry.moment for entry in self.task_entries)])

    def rows(self, moment: int) -> tuple[TaskRow, tuple[Row, ...], int]:
        """Give the task's row, those of the steps, and when one changed last."""
        rows = [Row()] * len(self.plan.steps)
        for entry in self.entries:
            if entry.moment > moment:
                break
            rows[entry.step] = entry.row
        task = self.task_entries[0].row
        for task_entry in self.task_entries:
            if task_entry.moment > moment:
                break
            task = task_entry.row
        last = self.moments[bisect_right(self.moments, moment) - 1]
        return task, tuple(rows), last
