"""Every answer about one task, computed once, when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from taskgraph.analysis.premises import Premises
from taskgraph.model.engine import (
    UNDER_WAY,
    is_being_cancelled,
    runs_forward,
    was_asked_again,
)
from taskgraph.model.task import Status
from taskgraph.settings import DEFAULTS

if TYPE_CHECKING:
    from taskgraph.analysis.as_run import AsRun
    from taskgraph.analysis.budget import Budget, WorstCase
    from taskgraph.analysis.concurrency import Enough
    from taskgraph.analysis.failure import FailedSubtask, Failure
    from taskgraph.analysis.past import Forecast, NoForecast, SlowSubtask, TimeoutNeed
    from taskgraph.analysis.progress import Endless, Progress, Standstill, Tally
    from taskgraph.analysis.rollback import FailLate, PointOfNoReturn, Rollback
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.analysis.timetable import Timetable
    from taskgraph.analysis.weights import WeightKind, Weights
    from taskgraph.analysis.whatif import Changes
    from taskgraph.analysis.width import Width
    from taskgraph.graph.taskgraph import TaskGraph
    from taskgraph.model.task import Task
    from taskgraph.settings import Settings


class Past(Protocol):
    """Knows the past runs of tasks, and is asked when an answer rests on them.

    It knows tasks and subtasks by the names that documents have: see `Task.unredacted`.
    """

    def forecast(self, analysis: Analysis) -> Forecast | None:
        """Tell when a running task is likely done; ``None`` where nothing is left."""

    def slow(self, analysis: Analysis) -> tuple[SlowSubtask, ...]:
        """Name what runs for longer than is usual in its kind."""

    def timeout_needs(self, task: Task) -> Mapping[str, TimeoutNeed]:
        """Give by the name of a subtask what its healthy runs need, if that is known."""

    def attempts(self, task: Task) -> Mapping[str, int]:
        """Give by the name of a subtask how often it was started at most in its kind."""


class Analysis(Premises):
    """A graph, its settings, and every answer about them.

    Text, JSON, the picture, the page and the rules read the same object, so that a
    figure cannot differ between two of them. Answers about graph and time raise
    :class:`~taskgraph.errors.AnalysisError` where the graph is not sound.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too.
    settings : Settings, optional
        The defaults without it.
    past : Past, optional
        The past runs; nothing is said by them without it.
    """

    def __init__(
        self, graph: TaskGraph, settings: Settings = DEFAULTS, past: Past | None = None
    ) -> None:
        seen: Mapping[str, int] = {}
        if past is not None and settings.attempts_seen:
            seen = past.attempts(graph.task)
        super().__init__(graph, settings, seen)
        self.past = past

    @cached_property
    def budget(self) -> Budget:
        """The worst case in time, and the schedule that it comes from."""
        from taskgraph.analysis.budget import budget

        return budget(self)

    @property
    def is_bounded(self) -> bool:
        """Whether there is a worst case, and it is one of the whole task."""
        return self.tells_worst_case and self.budget.is_bounded

    @cached_property
    def longest_path(self) -> int:
        """The longest path of worst-case durations, in seconds.

        That is the least that the budget can be, in a fraction of the budget's time.
        """
        from taskgraph.analysis.schedule import makespan

        self.graph.require_sound()
        return makespan(self.graph, self.worst_durations)

    @cached_property
    def dominant(self) -> tuple[int, ...]:
        """The subtasks that each hold more of the worst case than `dominant-timeout`.

        In the order of the critical path; none where no more than one has a limit.
        """
        from taskgraph.analysis.budget import is_outweighed

        share = self.settings.thresholds.dominant_timeout
        most = max(self.worst_durations, default=0)
        if is_outweighed(self, share) or most <= share * self.longest_path:
            return ()  # before the whole worst case is computed
        budget = self.budget
        if sum(map(bool, budget.schedule.durations)) < 2:
            return ()
        path = budget.schedule.critical_path
        return tuple(node for node in path if budget.shares[node] > share * budget.seconds)

    @cached_property
    def limit(self) -> int | None:
        """How many seconds the worst case may have; ``None`` where nothing says so.

        The project's limit counts, by the last pattern that fits the name of the task; its
        own is a stricter one, or any where `raise-budgets` says so.
        """
        own, settings = self.task.budget, self.settings
        name = self.task.unredacted(self.task.name)
        for pattern, seconds in reversed(settings.budgets):
            if fnmatchcase(name, pattern):
                if own is None:
                    return seconds
                return own if settings.raise_budgets else min(own, seconds)
        return own

    @cached_property
    def width(self) -> Width:
        """How many subtasks can be in flight at once."""
        from taskgraph.analysis.width import width

        return width(self.graph)

    @cached_property
    def enough_slots(self) -> Enough | None:
        """How many slots cost no time, by the engine's list schedule of the worst case.

        ``None`` where that has no bound.
        """
        from taskgraph.analysis.concurrency import enough

        if not self.budget.is_bounded:
            return None
        return enough(self.graph, self.schedule, self.width, self.workers)

    @property
    def schedule(self) -> Schedule:
        """The schedule with the worst-case durations, in seconds."""
        return self.budget.schedule

    @cached_property
    def drags(self) -> tuple[int, ...]:
        """By how many seconds each subtask delays the worst case, by node."""
        from taskgraph.analysis.schedule import drags

        return drags(self.graph, self.schedule)

    @cached_property
    def no_return(self) -> PointOfNoReturn | None:
        """The first starts after which the engine refuses to roll back, if any."""
        from taskgraph.analysis.rollback import point_of_no_return

        self.graph.require_sound()
        return point_of_no_return(self)

    @cached_property
    def rollback(self) -> Rollback:
        """Whether and how it can be rolled back."""
        from taskgraph.analysis.rollback import rollback

        return rollback(self, self.budget, self.no_return)

    @cached_property
    def left(self) -> Weights:
        """What is left of each subtask, in seconds."""
        return self.weigh("remaining")

    @cached_property
    def schedule_left(self) -> Schedule:
        """The schedule of what is left, from the moment on, without waits for slots."""
        from taskgraph.analysis.schedule import schedule

        return schedule(self.graph, self.left.durations)

    @cached_property
    def remaining(self) -> WorstCase:
        """How long all that is left takes at most."""
        from taskgraph.analysis.budget import worst_case_left

        self.graph.require_sound()
        return worst_case_left(self, self.left)

    @cached_property
    def standstill(self) -> Standstill:
        """What does not move any more, of a faulty graph too."""
        from taskgraph.analysis.progress import standstill

        return standstill(self)

    @cached_property
    def tally(self) -> Tally:
        """How many subtasks are done, at work, waiting; of a faulty graph too."""
        from taskgraph.analysis.progress import tally

        return tally(self)

    @cached_property
    def progress(self) -> Progress:
        """How far it is."""
        from taskgraph.analysis.progress import progress

        return progress(self, self.schedule, self.left, self.remaining, self.standstill)

    @cached_property
    def no_forecast(self) -> Endless | NoForecast | None:
        """Why past runs do not tell when it ends, ``None`` where they may.

        They went on by themselves, to an end; so they speak of a running task only where
        its end is promised. What is not under way may begin as they did.
        """
        from taskgraph.analysis.past import NoForecast

        if not self.task.subtasks:
            return NoForecast.EMPTY
        if self.task.status != Status.RUNNING:
            return None
        return NoForecast.BACK if self.is_rolling_back else self.progress.endless

    @cached_property
    def forecast(self) -> Forecast | None:
        """When a running task is likely done; ``None`` where nobody can tell.

        That is so without past runs and without a moment, and where these do not tell; see
        :attr:`no_forecast`.
        """
        if self.past is None or self.as_of is None or not self._runs_forward:
            return None
        return None if self.no_forecast else self.past.forecast(self)

    @cached_property
    def slow(self) -> tuple[SlowSubtask, ...]:
        """What runs for longer than is usual in its kind, by past runs."""
        if self.past is None or not self._runs_forward:
            return ()
        return self.past.slow(self)

    @cached_property
    def timeout_needs(self) -> Mapping[str, TimeoutNeed]:
        """What the healthy runs of subtasks need, as far as past runs tell.

        By the name that the document has: see `Task.unredacted`.
        """
        return {} if self.past is None else self.past.timeout_needs(self.task)

    @property
    def _runs_forward(self) -> bool:
        return self.is_sound and runs_forward(self.task)

    @property
    def _may_exceed_slots(self) -> bool:
        """Whether more is at work, or is to be at once, than there are slots."""
        at_once = UNDER_WAY | {Status.FAILED}  # a retry waits for no slot
        return 0 < self.slots < len(self.graph.nodes_of(at_once))

    @property
    def seconds_late(self) -> int:
        """By how much a task may end later than its worst case after its start, or 0.

        What happened so far may hold polls, waiting and retries, which no worst case
        counts.
        """
        latest, start = self.progress.latest_finish, self.task.start_time
        if latest is None or start is None or not self.budget.is_bounded:
            return 0
        return max(int((latest - start).total_seconds()) - self.budget.seconds, 0)

    @property
    def keeps_to_timeouts(self) -> bool:
        """Whether what counts from the start by timeouts alone may hold yet.

        Not where something hangs, was retried or skipped, or already took longer: who asked
        for a second try came when they came.
        """
        if self.task.is_definition:
            return True
        was_longer = self.seconds_late or any(map(was_asked_again, self.graph.subtasks))
        return self.progress.endless is None and not was_longer

    @property
    def failing_late(self) -> FailLate | None:
        """Failing as late as can be rolled back, ``None`` where nothing is to tell of it.

        That is so where the subtask that would fail is done, too.
        """
        if self.task.status == Status.SUCCESSFUL or self.is_rolling_back:
            return None
        late = self.rollback.fail_late
        if late is None or not self.rollback.may_still_fail:
            return None
        is_done = self.graph.subtasks[late.node].status == Status.SUCCESSFUL
        return None if is_done or not self.keeps_to_timeouts else late

    @cached_property
    def failure(self) -> Failure | None:
        """What failed and what that held up; ``None`` where nothing did."""
        from taskgraph.analysis.failure import failure

        return failure(self)

    @cached_property
    def blocked(self) -> frozenset[int]:
        """What has not started and cannot, because something before it failed."""
        from taskgraph.analysis.failure import blocked

        return blocked(self)

    @cached_property
    def overdue(self) -> frozenset[int]:
        """What runs longer than its timeout; nothing where the graph is not sound."""
        from taskgraph.analysis.weights import Basis

        late = self.left.nodes(Basis.OVERDUE) if self.is_sound else ()
        subtasks = self.graph.subtasks
        return frozenset(node for node in late if not is_being_cancelled(subtasks[node]))

    @cached_property
    def held_up(self) -> tuple[int, ...] | None:
        """What waits for something that hangs; ``None`` where nothing does."""
        from taskgraph.analysis.failure import held_up

        return held_up(self, self.standstill, self.overdue)

    @cached_property
    def ways_out(self) -> tuple[FailedSubtask, ...]:
        """What may be done about each failed subtask, by node."""
        from taskgraph.analysis.failure import interventions

        return interventions(self, self.left, self.remaining, self.rollback)

    @cached_property
    def as_run(self) -> AsRun | None:
        """The path that the clock saw; ``None`` where no subtask has times."""
        from taskgraph.analysis.as_run import as_run

        return as_run(self)

    def weigh(self, by: WeightKind) -> Weights:
        """Give each subtask a duration: by timeout, by the clock, by what is left."""
        from taskgraph.analysis.weights import weigh

        return weigh(self, by)

    def timetable(
        self,
        by: WeightKind = "timeout",
        *,
        changes: Changes | None = None,
        within: int | None = None,
        window: int | None = None,
    ) -> Timetable:
        """Compute a schedule with all that explains it.

        Parameters
        ----------
        by : {"timeout", "actual", "remaining"}
            Which durations the subtasks have.
        changes : Changes, optional
            What to change first; the result has the schedule without them beside it.
        within : int, optional
            Seconds of float up to which a subtask is near-critical.
        window : int, optional
            Seconds within which the task should end.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        ConfigError
            Where the changes name a subtask or an edge that does not exist.
        """
        from taskgraph.analysis.concurrency import bounds
        from taskgraph.analysis.schedule import drags, schedule
        from taskgraph.analysis.timetable import Timetable, no_promise, unknown
        from taskgraph.analysis.whatif import what_if

        graph, weights = self.graph, self.weigh(by)
        back = by == "remaining" and self.is_rolling_back
        ran = self.as_run if by == "actual" else None
        changed = None
        if changes is None:
            graph = graph.reversed() if back else graph
            plan = schedule(graph, weights.durations)
        else:
            changed = what_if(graph, weights, changes, backwards=back)
            graph, weights, plan = changed.graph, changed.weights, changed.after
        least = most = plan.makespan
        if window is not None and by != "actual":
            limits = bounds(graph, plan, self.slots)
            least, most = limits.lower, limits.upper
            if by == "remaining":
                least = plan.makespan if self._may_exceed_slots else least
                most = self.remaining.seconds if changed is None else most
        return Timetable(
            graph,
            weights,
            plan,
            drags(graph, plan),
            self.targets,
            within=within,
            window=window,
            waits=most - plan.makespan,
            sure_waits=least - plan.makespan,
            no_promise=None
            if window is None
            else no_promise(self, by, weights, self.progress.endless),
            what_if=changed,
            as_run=ran,
            stand_in=self.stand_in,
            unknown=unknown(self, by, weights),
        )
