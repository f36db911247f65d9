"""Results that belong together, as reports take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taskgraph.analysis.as_run import AsRun
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.failure import Failure
from taskgraph.analysis.interventions import FailedSubtask
from taskgraph.analysis.progress import Progress
from taskgraph.analysis.rollback import Rollback
from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.weights import Weights
from taskgraph.analysis.whatif import WhatIf
from taskgraph.checks import CheckResult
from taskgraph.graph import TaskGraph
from taskgraph.reports.comparison import Pair

__all__ = ["Account", "Diagnosis", "Timetable", "WorstCaseReport"]


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule with all that explains it.

    Attributes
    ----------
    graph : TaskGraph
    weights : Weights
        The durations, and where each comes from.
    schedule : Schedule
        Of those durations.
    drags : tuple of int
        By node, in the unit of the weights.
    within : int or None
        How many seconds of float count as near-critical.
    what_if : WhatIf or None
        The schedule beside the one without the user's changes.
    as_run : AsRun or None
        What the clock saw.
    """

    graph: TaskGraph
    weights: Weights
    schedule: Schedule
    drags: tuple[int, ...]
    within: int | None = None
    what_if: WhatIf | None = None
    as_run: AsRun | None = None

    @property
    def within_units(self) -> int:
        """`within` in the unit of the weights."""
        scale = 1_000_000 if self.weights.unit == "microseconds" else 1
        return (self.within or 0) * scale

    def _repr_html_(self) -> str:
        from taskgraph.reports.notebook import timetable_html

        return timetable_html(self)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the analyses of graph and time say of a task.

    Attributes
    ----------
    budget : Budget
    drags : tuple of int
        By node, in seconds: of the schedule of the budget.
    progress : Progress
    failure : Failure or None
        ``None`` where nothing has failed.
    ways_out : tuple of FailedSubtask
        What may be done about each failed subtask, by node.
    rollback : Rollback
    as_run : AsRun or None
        ``None`` where no subtask has times.
    """

    budget: Budget
    drags: tuple[int, ...]
    progress: Progress
    failure: Failure | None
    ways_out: tuple[FailedSubtask, ...]
    rollback: Rollback
    as_run: AsRun | None


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told of one task.

    Attributes
    ----------
    graph : TaskGraph
    checked : CheckResult
    as_of : datetime or None
        The moment that it is told for, ``None`` where nobody gives one.
    diagnosis : Diagnosis or None
        ``None`` where the graph is not sound; ``graph.flaws`` says why.
    """

    graph: TaskGraph
    checked: CheckResult
    as_of: datetime | None
    diagnosis: Diagnosis | None

    def _repr_markdown_(self) -> str:
        from taskgraph.reports.explain_markdown import explain_markdown
        from taskgraph.reports.explaining import explain

        return explain_markdown(explain(self))


@dataclass(frozen=True, slots=True)
class WorstCaseReport:
    """How long a task can take at worst, there and back."""

    graph: TaskGraph
    budget: Budget
    rollback: Rollback


@dataclass(frozen=True, slots=True)
class Collected:
    """The tasks that one report tells of.

    Attributes
    ----------
    accounts : tuple of Account
        In the order in which they were read.
    unreadable : tuple of str
        Why each of the other documents could not be read.
    change : Pair or None
        What changed, where there are two documents of one task.
    version : str
        The version of the tool.
    """

    accounts: tuple[Account, ...]
    unreadable: tuple[str, ...] = ()
    change: Pair | None = None
    version: str = ""
