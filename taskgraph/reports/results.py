"""What belongs together in a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taskgraph.analysis import Analysis
from taskgraph.checks import CheckResult
from taskgraph.graph import TaskGraph
from taskgraph.reports.comparison import Pair

__all__ = ["Account", "Collected"]


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told of one task.

    Attributes
    ----------
    analysis : Analysis
    checked : CheckResult
    """

    analysis: Analysis
    checked: CheckResult

    @property
    def graph(self) -> TaskGraph:
        """The graph of the task."""
        return self.analysis.graph

    @property
    def as_of(self) -> datetime | None:
        """The moment that it is told for, ``None`` where nobody gives one."""
        return self.analysis.as_of

    @property
    def sound(self) -> Analysis | None:
        """The analysis, where answers about graph and time apply.

        ``None`` where the graph is not sound; ``graph.flaws`` says why.
        """
        return self.analysis if self.analysis.is_sound else None


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
