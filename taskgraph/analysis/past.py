"""What past runs of the same kind say of a task: the results of who knows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from taskgraph.model.engine import SECOND


class NoForecast(StrEnum):
    """Why past runs do not tell when a task ends; `Endless` has further reasons."""

    EMPTY = "it has no subtasks"
    BACK = "it is being rolled back, and past runs say nothing of the way back"


class Foreseen(NamedTuple):
    """A moment by which a share of the runs alike would be done.

    Attributes
    ----------
    moment : datetime
    is_least : bool
        It is that moment or a later one: so long a run was cut at its timeout.
    """

    moment: datetime
    is_least: bool


class Forecast(NamedTuple):
    """When a running task will likely be done, where nothing fails.

    Attributes
    ----------
    runs : int
        How many past runs that rests on: those that are like it so far.
    needed : int
        With fewer nothing is said.
    half, most : Foreseen or None
        By when half, and nine of ten, of what is alike would be done; ``None`` where there
        are too few runs, something has none, or all of them would fail.
    failing : float
        The share of what is alike in which something fails.
    guessed : tuple of int
        The nodes that have no run to go by, or none that took as long as they run by now.
    """

    runs: int
    needed: int
    half: Foreseen | None
    most: Foreseen | None
    failing: float
    guessed: tuple[int, ...]


class SlowSubtask(NamedTuple):
    """A subtask at work for longer than is usual in its kind.

    Attributes
    ----------
    node : int
    ran, usual : int
        Microseconds: how long it runs so far, and what half of the others did not exceed.
    others, shorter : int
        How many past runs there are of subtasks of its name, and how many of them took
        less.
    """

    node: int
    ran: int
    usual: int
    others: int
    shorter: int


class TimeoutNeed(NamedTuple):
    """How long a timeout must be for the healthy runs of a kind of subtask.

    Attributes
    ----------
    runs, cut : int
        Healthy runs, and those that a timeout ended though they may have been healthy.
    limit_us, longest_us : int or None
        Microseconds that few healthy runs exceed, and those of the longest; ``None`` where
        so many were cut that they do not show it.
    advised : int
        The timeout in seconds to choose.
    """

    runs: int
    cut: int
    limit_us: int | None
    longest_us: int | None
    advised: int

    def is_short(self, timeout: int) -> bool:
        """Tell whether a timeout, 0 is none, ends healthy runs."""
        if self.limit_us is None:
            return 0 < timeout < self.advised
        return 0 < timeout * SECOND < self.limit_us

    def is_long(self, timeout: int, times: int) -> bool:
        """Tell whether a timeout is more than so many times the advised one."""
        return self.limit_us is not None and timeout > times * self.advised
