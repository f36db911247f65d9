"""What a departure from the usual is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from taskgraph.errors import ConfigError
from taskgraph.model import Id

__all__ = ["Anomaly", "AnomalyKind", "AnomalyOptions"]


class AnomalyKind(StrEnum):
    """How a subtask departs from its kind."""

    SLOW = "slow"
    FAST = "fast"
    WAITED = "waited long"
    FAILED = "failed"
    RETRIED = "retried"
    SKIPPED = "skipped"
    OUT_OF_ORDER = "out of order"
    NEW = "new"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class AnomalyOptions:
    """What counts as a departure.

    Attributes
    ----------
    share : float
        Of the runs like the others so many show no departure in their times, however
        many subtasks they have: each time is held against a bound that is the rarer.
    rare : float
        What at most so many of the others do is one.
    factor : float
        A time must besides be so many times the usual one (or a part of it as small).
    least_runs : int
        With fewer others nothing is said.
    least_seconds : int
        A time that differs by less is none, whatever the factor.
    """

    share: float = 0.99
    rare: float = 0.05
    factor: float = 2.0
    least_runs: int = 20
    least_seconds: int = 2

    def __post_init__(self) -> None:
        if not 0.5 <= self.share < 1:
            raise ConfigError(f"the share must be from 0.5 to under 1, not {self.share}")
        if not 0 <= self.rare <= 0.5:
            raise ConfigError(f"rare must be from 0 to 0.5, not {self.rare}")
        if self.factor < 1 or self.least_runs < 1 or self.least_seconds < 0:
            raise ConfigError("the factor and the number of runs must be at least 1")


class Anomaly(NamedTuple):
    """One departure.

    Attributes
    ----------
    kind : AnomalyKind
    ids : tuple of ids
        The subtasks of this run that depart; empty for what is missing.
    name : str
        Of the subtask.
    value_us : int or None
        The time in question, where it is about one.
    usual_us, high_us : int or None
        What half of the others, and the `share` of them, do not exceed.
    others : int
        How many others there are.
    alike : int
        How many of them do as this run does, or worse.
    attempts : int or None
        How often it was started.
    other_name : str
        For what is out of order, the subtask that otherwise comes first.
    is_running : bool
        It is not over, so that the time goes on.
    """

    kind: AnomalyKind
    ids: tuple[Id, ...]
    name: str
    others: int
    alike: int
    value_us: int | None = None
    usual_us: int | None = None
    high_us: int | None = None
    attempts: int | None = None
    other_name: str = ""
    is_running: bool = False
