"""Results that belong together, as reports take them."""

from __future__ import annotations

from dataclasses import dataclass

from taskgraph.analysis.as_run import AsRun
from taskgraph.analysis.schedule import Schedule
from taskgraph.analysis.weights import Weights
from taskgraph.analysis.whatif import WhatIf
from taskgraph.graph import TaskGraph

__all__ = ["Timetable"]


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
