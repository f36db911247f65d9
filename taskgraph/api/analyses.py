"""Asking about a task: when, how long, why, what now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taskgraph.api.checking import check
from taskgraph.api.loading import LoadedTask

if TYPE_CHECKING:
    from datetime import datetime

    from taskgraph.analysis.budget import Budget, BudgetOptions
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.analysis.weights import WeightKind
    from taskgraph.analysis.whatif import Changes
    from taskgraph.checks import CheckOptions
    from taskgraph.graph import TaskGraph
    from taskgraph.reports.results import Account, Diagnosis, Timetable, WorstCaseReport

__all__ = ["Analysis", "account", "analyze", "timetable", "worst_case"]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analyses of a task, as far as they apply to it.

    Attributes
    ----------
    flaws : tuple of str
        Why analyses of graph and time do not apply; then everything else is ``None``.
    budget : Budget or None
        The worst case in time, and the schedule that it comes from.
    point_of_no_return : PointOfNoReturn or None
        ``None`` also where no subtask prohibits rollback.
    """

    flaws: tuple[str, ...] = ()
    budget: Budget | None = None
    point_of_no_return: PointOfNoReturn | None = None

    @property
    def schedule(self) -> Schedule | None:
        """The schedule with the timeouts as durations."""
        return None if self.budget is None else self.budget.schedule


def analyze(loaded: LoadedTask) -> Analysis:
    """Analyse a task; a broken one gives what is broken.

    Parameters
    ----------
    loaded : LoadedTask

    Returns
    -------
    Analysis
    """
    if loaded.graph.flaws:
        return Analysis(flaws=loaded.graph.flaws)
    return Analysis((), loaded.budget, loaded.point_of_no_return)


def timetable(
    loaded: LoadedTask,
    by: WeightKind = "timeout",
    *,
    changes: Changes | None = None,
    within: int | None = None,
    as_of: datetime | None = None,
) -> Timetable:
    """Compute the schedule of a task with all that explains it.

    Parameters
    ----------
    loaded : LoadedTask
    by : {"timeout", "actual", "remaining"}
        Which durations the subtasks have.
    changes : Changes, optional
        What to change first; the result has the schedule without them beside it.
    within : int, optional
        Seconds of float up to which a subtask is near-critical.
    as_of : datetime, optional
        The moment for what is left and what still runs; by default the document's own.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        Where the changes name a subtask or an edge that does not exist.
    """
    from taskgraph.analysis.as_run import as_run
    from taskgraph.analysis.drag import drags
    from taskgraph.analysis.schedule import schedule
    from taskgraph.analysis.states import is_rolling_back
    from taskgraph.analysis.subgraphs import reversed_graph
    from taskgraph.analysis.weights import weigh
    from taskgraph.analysis.whatif import what_if
    from taskgraph.reports.results import Timetable

    graph = loaded.graph
    if by == "remaining" and is_rolling_back(graph.task):
        graph = reversed_graph(graph)  # a rollback walks upstream
        if changes is not None:
            edges = tuple((b, a) for a, b in changes.dropped_edges)
            changes = replace(changes, dropped_edges=edges)
    weights = weigh(graph, by, as_of)
    ran = as_run(graph, as_of) if by == "actual" else None
    if changes is None:
        plan = schedule(graph, weights.durations)
        return Timetable(graph, weights, plan, drags(graph, plan), within, None, ran)
    changed = what_if(graph, weights, changes)
    lost = drags(changed.graph, changed.after)
    return Timetable(
        changed.graph, changed.weights, changed.after, lost, within, changed, ran
    )


def account(
    loaded: LoadedTask,
    *,
    checks: CheckOptions | None = None,
    budget: BudgetOptions | None = None,
    as_of: datetime | None = None,
) -> Account:
    """Put together all that is told of a task; a broken one gives what is broken.

    Parameters
    ----------
    loaded : LoadedTask
    checks : CheckOptions, optional
        How to check it.
    budget : BudgetOptions, optional
        What the worst case assumes.
    as_of : datetime, optional
        The moment for what still runs; by default the document's own.
    """
    from taskgraph.analysis.budget import BudgetOptions
    from taskgraph.reports.results import Account

    graph, options = loaded.graph, budget or BudgetOptions()
    return Account(
        graph=graph,
        checked=check(loaded, checks),
        as_of=as_of or graph.task.as_of(),
        diagnosis=_diagnose(graph, options, as_of) if graph.is_sound else None,
    )


def _diagnose(
    graph: TaskGraph, options: BudgetOptions, as_of: datetime | None
) -> Diagnosis:
    from taskgraph.analysis.as_run import as_run
    from taskgraph.analysis.budget import budget
    from taskgraph.analysis.drag import drags
    from taskgraph.analysis.failure import failure
    from taskgraph.analysis.interventions import interventions
    from taskgraph.analysis.progress import progress
    from taskgraph.analysis.rollback import rollback
    from taskgraph.reports.results import Diagnosis

    worst = budget(graph, options)
    return Diagnosis(
        budget=worst,
        drags=drags(graph, worst.schedule),
        progress=progress(
            graph,
            as_of,
            concurrency=options.concurrency,
            assume_timeout=options.assume_timeout,
        ),
        failure=failure(graph, as_of),
        ways_out=interventions(graph, as_of, options),
        rollback=rollback(graph, options),
        as_run=as_run(graph, as_of),
    )


def worst_case(loaded: LoadedTask, options: BudgetOptions | None = None) -> WorstCaseReport:
    """Compute how long a task can take at worst, there and back.

    Parameters
    ----------
    loaded : LoadedTask
    options : BudgetOptions, optional
        Attempts, overhead, concurrency and the like.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    from taskgraph.analysis.budget import BudgetOptions, budget
    from taskgraph.analysis.rollback import rollback
    from taskgraph.reports.results import WorstCaseReport

    options = options or BudgetOptions()
    graph = loaded.graph
    return WorstCaseReport(graph, budget(graph, options), rollback(graph, options))
