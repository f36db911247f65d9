"""Where the time goes and what can still be done: pure functions, frozen results."""

from __future__ import annotations

from taskgraph.analysis.budget import Budget, budget
from taskgraph.analysis.drag import drags
from taskgraph.analysis.recovery import PointOfNoReturn, point_of_no_return
from taskgraph.analysis.schedule import Schedule, schedule

__all__ = [
    "Budget",
    "PointOfNoReturn",
    "Schedule",
    "budget",
    "drags",
    "point_of_no_return",
    "schedule",
]
