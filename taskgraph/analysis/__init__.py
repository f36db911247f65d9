"""Where the time goes and what can still be done: pure functions, frozen results.

This package exports what every command needs. The rest is imported from its module, so
that a check does not pay for it:

- :mod:`~taskgraph.analysis.weights`: durations by timeout, by the clock, by what is left
- :mod:`~taskgraph.analysis.drag`: by how much each subtask delays the task
- :mod:`~taskgraph.analysis.whatif`: the schedule if some things were different
- :mod:`~taskgraph.analysis.as_run`: the path that the clock saw, and what it consists of
- :mod:`~taskgraph.analysis.progress`: how far a task is, and its latest finish
- :mod:`~taskgraph.analysis.failure`: what failed first, and what that held up
- :mod:`~taskgraph.analysis.rollback`: how a task would be rolled back
- :mod:`~taskgraph.analysis.interventions`: retry, skip or roll back what failed
- :mod:`~taskgraph.analysis.compare`: what changed between two documents
"""

from __future__ import annotations

from taskgraph.analysis.budget import Budget, BudgetOptions, budget
from taskgraph.analysis.recovery import PointOfNoReturn, point_of_no_return
from taskgraph.analysis.schedule import Schedule, schedule

__all__ = [
    "Budget",
    "BudgetOptions",
    "PointOfNoReturn",
    "Schedule",
    "budget",
    "point_of_no_return",
    "schedule",
]
