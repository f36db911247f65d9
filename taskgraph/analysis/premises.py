"""What every answer about a task rests on: its graph, its settings, and their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.errors import ConfigError
from taskgraph.graph.parallel import targets
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import (
    OBSHELL_TIMEOUT,
    blocks_rollback,
    has_limit,
    is_rolling_back,
    known_slots,
    prohibits_rollback,
    slots,
    workers,
)
from taskgraph.model.task import Task

if TYPE_CHECKING:
    from taskgraph.settings import Settings


class Unknown(StrEnum):
    """Why no time can be told of a task."""

    NO_SUBTASKS = "the task has no subtasks"
    NO_TIMEOUTS = "the document has no timeouts"


class StandIn(NamedTuple):
    """What stands for the timeouts that a document lacks.

    Attributes
    ----------
    seconds : int
    is_default : bool
        Whether that is obshell's own default, and nothing that the settings state.
    """

    seconds: int
    is_default: bool

    @property
    def origin(self) -> str:
        """What is said before the duration of where it is from."""
        return "obshell's default of " if self.is_default else ""

    def __str__(self) -> str:
        return f"{self.origin}{format_duration(self.seconds)}"


class Premises:
    """A graph and its settings, and what the two say of the task and of each subtask.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too.
    settings : Settings
    seen : mapping of str to int
        By name how often subtasks of this kind were started at most, where that counts.

    Raises
    ------
    ConfigError
        Where the moment is before that of the document.
    """

    def __init__(
        self, graph: TaskGraph, settings: Settings, seen: Mapping[str, int]
    ) -> None:
        require_moment(graph.task, settings)
        self.graph = graph
        self.settings = settings
        self.seen = seen

    @property
    def task(self) -> Task:
        """The task."""
        return self.graph.task

    @cached_property
    def targets(self) -> dict[int, str]:
        """What each part of a split works on, by node, as far as the document tells."""
        return targets(self.graph)

    @property
    def is_sound(self) -> bool:
        """Whether answers about graph and time apply; ``graph.flaws`` says why not."""
        return self.graph.is_sound

    @cached_property
    def as_of(self) -> datetime | None:
        """The moment that is told about, ``None`` where nobody gives one.

        It has the offset of the document, as all times that are told beside it.
        """
        given, own = self.settings.as_of, self.task.as_of()
        if given is None or own is None:
            return given or own
        return _in_zone(given, (self.task.start_time or own).tzinfo)

    @cached_property
    def is_rolling_back(self) -> bool:
        """Whether the task walks, or walked, upstream."""
        return is_rolling_back(self.task)

    @property
    def tells_rollback(self) -> bool:
        """Whether the document says of each subtask, and of the task, if they prohibit it.

        A definition that does so of any tells it of all: what it leaves out is allowed.
        """
        flags = {*self.task.column("prohibit_rollback")}
        if self.task.is_definition:
            return {self.task.prohibit_rollback, *flags} != {None}
        return None not in flags and self.prohibits_rollback is not None

    @property
    def prohibits_rollback(self) -> bool | None:
        """Whether the task itself prohibits rollback, ``None`` where nothing tells.

        The task's own field is the engine's verdict: without a subtask that blocks a
        rollback it is the task's flag, which the newer documents do not show otherwise.
        """
        task = self.task
        if prohibits_rollback(task):
            return True
        if task.prohibit_rollback is None:
            return None if task.context is None else False
        if not task.prohibit_rollback or any(map(blocks_rollback, task.subtasks)):
            return False
        are_told = None not in task.column("prohibit_rollback")
        return True if task.is_definition or are_told else None

    @property
    def tells_timeouts(self) -> bool:
        """Whether the document says how long subtasks may take."""
        return self.task.reports("timeout")

    @cached_property
    def unknown(self) -> Unknown | None:
        """Why there is no worst case to tell, not even that it has no bound.

        A definition without a timeout promises no limit; a response without one leaves it
        out, as a list does.
        """
        if not len(self.graph):
            return Unknown.NO_SUBTASKS
        stands_for = self.assumed_timeout is not None or self.task.is_definition
        return None if stands_for or self.tells_timeouts else Unknown.NO_TIMEOUTS

    @property
    def tells_worst_case(self) -> bool:
        """Whether there are timeouts, or something that stands for them."""
        return self.unknown is None

    @property
    def tells_fail_late(self) -> bool:
        """Whether there is something to tell by how late it may fail and be rolled back."""
        return self.tells_worst_case and self.tells_rollback

    @property
    def assumed_timeout(self) -> int | None:
        """What stands for a timeout where there is none; obshell has a default."""
        stated = self.settings.assume_timeout
        if stated is None and self.task.origin.dialect == "obshell":
            return OBSHELL_TIMEOUT
        return stated

    @property
    def stand_in(self) -> StandIn | None:
        """What stands for missing timeouts, ``None`` where none does or is missing."""
        seconds = self.assumed_timeout
        if seconds is None or not self.limitless:
            return None
        return StandIn(seconds, self.settings.assume_timeout is None)

    @property
    def slots(self) -> int:
        """How many subtasks may be in flight, 0 for any number.

        That is the concurrency, but never more than there are workers.
        """
        stated = self.settings.concurrency
        own = slots(self.task) if stated is None else known_slots(stated)
        limits = (own, self.workers)
        return min(filter(None, limits), default=0)

    @property
    def workers(self) -> int:
        """How many can be at work at all, 0 for any number."""
        stated = self.settings.workers
        return workers(self.task) if stated is None else stated

    @cached_property
    def attempts(self) -> tuple[int, ...]:
        """How often each subtask may be started, by node; at least as often as was seen."""
        if not self.seen:
            return self.own_attempts
        pairs = zip(self._names, self.own_attempts, strict=True)
        return tuple([max(count, self.seen.get(name, 1)) for name, count in pairs])

    @cached_property
    def own_attempts(self) -> tuple[int, ...]:
        """The same without what past runs show: at least as often as it was."""
        usual, by_name = self.settings.attempts, self.settings.attempts_by_name
        started = [count or 1 for count in self.graph.values("attempts")]
        if not by_name:
            return tuple([most if most > usual else usual for most in started])
        names = self._names
        allowed = {name: self._attempts_of(name) for name in {*names}}
        return tuple([max(n, allowed[x]) for x, n in zip(names, started, strict=True)])

    @property
    def _names(self) -> Sequence[str]:
        """By node, the names that the document has, by which is asked."""
        names = self.graph.values("name")
        return [*map(self.task.unredacted, names)] if self.task.origin.redacted else names

    def _attempts_of(self, name: str) -> int:
        settings = self.settings
        for pattern, count in reversed(settings.attempts_by_name):
            if fnmatchcase(name, pattern):
                return count
        return settings.attempts

    @cached_property
    def attempt_seconds(self) -> tuple[int, ...]:
        """The longest that one attempt may take, by node; 0 where there is no limit.

        The grace belongs to a deadline: a subtask without a limit has none.
        """
        grace, assumed = self.settings.grace, self.assumed_timeout
        without = assumed + grace if assumed else 0
        limits = self.graph.values("timeout")
        return tuple(
            [limit + grace if limit and limit > 0 else without for limit in limits]
        )

    @cached_property
    def worst_durations(self) -> tuple[int, ...]:
        """The longest that each subtask may take, in seconds, by node.

        ``attempts * (timeout + grace + overhead)``. How long people wait before they
        retry is no part of it.
        """
        seconds = self.undo_durations
        if max(self.attempts, default=1) == 1:
            return seconds
        pairs = zip(self.attempts, seconds, strict=True)
        return tuple([count * once for count, once in pairs])

    @cached_property
    def undo_durations(self) -> tuple[int, ...]:
        """The longest that the rollback of each subtask may take, in seconds, by node.

        It is taken to need one attempt, with the same timeout as the work itself.
        """
        overhead, seconds = self.settings.overhead, self.attempt_seconds
        return tuple([once + overhead for once in seconds]) if overhead else seconds

    @cached_property
    def limitless(self) -> tuple[int, ...]:
        """The nodes without a limit of their own, ascending."""
        seconds = self.attempt_seconds
        if self.assumed_timeout is None and not self.settings.grace:
            return tuple([node for node, limit in enumerate(seconds) if not limit])
        subtasks = self.graph.subtasks
        return tuple([node for node, sub in enumerate(subtasks) if not has_limit(sub)])

    @property
    def unlimited(self) -> tuple[int, ...]:
        """The nodes without a limit, own or assumed, ascending."""
        return self.limitless if self.assumed_timeout is None else ()

    @property
    def assumed(self) -> tuple[int, ...]:
        """The nodes whose limit is the assumed one, ascending."""
        return () if self.assumed_timeout is None else self.limitless


def require_moment(task: Task, settings: Settings) -> None:
    """Refuse to judge a document at a moment at which it cannot have been written.

    Moments may differ by the settings' `tolerance`, as clocks do.

    Raises
    ------
    ConfigError
        Where the settings' moment is before that of the document.
    """
    given = settings.as_of
    own = None if given is None else task.as_of()
    tolerance = timedelta(seconds=settings.thresholds.tolerance)
    if given is None or own is None or own - given <= tolerance:
        return
    text = own.isoformat(" ", "milliseconds" if own.microsecond else "seconds")
    hint = (
        f"was it read from a clock with another offset? here it is {own.isoformat()[-6:]}"
    )
    meant = given.replace(tzinfo=own.tzinfo)
    if task.assumed_offset is not None:
        hint += ", which was assumed for times without one"
    if meant >= own:
        hint += f", with which it would be {meant.isoformat()}"
    what = "it is the response of" if _answers(task) else "its latest time is"
    raise ConfigError(
        f"{task.origin.file}: cannot be judged as of {given.isoformat(' ', 'seconds')}, "
        f"which is before the document: {what} {text}\n  hint: {hint}"
    )


def _answers(task: Task) -> bool:
    return task.envelope is not None and task.envelope.timestamp is not None


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # at the ends of the calendar
        return moment
