"""What past runs of the same kind say of a task: the results of who knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

__all__ = ["Forecast", "Foreseen", "SlowSubtask"]


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


@dataclass(frozen=True, slots=True)
class Forecast:
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
        How many past runs there are of it, and how many of them took less.
    """

    node: int
    ran: int
    usual: int
    others: int
    shorter: int
