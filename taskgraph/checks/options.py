"""What can be chosen about the checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.checks.findings import Severity
from taskgraph.checks.suppression import Suppression
from taskgraph.errors import ConfigError

if TYPE_CHECKING:
    from taskgraph.analysis import BudgetOptions

__all__ = ["MOST_SECONDS", "BudgetLimit", "CheckOptions"]

MOST_SECONDS = 100 * 365 * 86400
"""No threshold is longer: a hundred years."""


class BudgetLimit(NamedTuple):
    """How long a task may take at worst."""

    pattern: str
    """Which tasks, by name, as in a shell: ``*`` is all, ``Stop *`` some."""
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """Which rules speak, how loudly, and the numbers that they go by.

    A selector is a code (``TG103``), the beginning of one (``TG1``), a name
    (``one-sided-edge``) or ``all``. Where several select and ignore the same rule, the
    most specific one decides, and `ignore` wins a tie.

    Attributes
    ----------
    select : tuple of str
        The rules to use; empty means those that are on by default.
    extend_select : tuple of str
        Rules to use besides those.
    ignore : tuple of str
        Rules not to use.
    severities : tuple of (str, Severity)
        Other severities, as (selector, severity); the most specific one decides, and
        the later of equals.
    suppressions : tuple of Suppression
        Findings to leave out, by rule, task and subtask; they are counted.
    as_of : datetime or None
        The moment that running subtasks are judged at; ``None`` is what the document
        says: the response's own timestamp, else its latest time.
    tolerance : int
        Seconds by which times of different clocks may contradict each other.
    grace : int
        Seconds after a timeout in which the engine notices it.
    event_delay : int
        Seconds without any event after which a task counts as stalled.
    watch_period : int
        Seconds after its creation for which the engine looks at a task's timeouts.
    near_timeout_share : float
        The share of its timeout from which on a run counts as near it.
    dominant_share : float
        The share of the budget from which on one subtask dominates it.
    no_return_share : float or None
        The share of the budget after the point of no return from which on it is a
        warning; ``None`` is never.
    budget_limits : tuple of BudgetLimit
        How long tasks may take at worst; of several that match a name the last one
        decides, and a limit that the document itself states decides over all.
    worst_case : BudgetOptions or None
        What the worst case assumes; ``None`` is the defaults.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: tuple[tuple[str, Severity], ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    as_of: datetime | None = None
    tolerance: int = 1
    grace: int = 12
    event_delay: int = 60
    watch_period: int = 2 * 86400
    near_timeout_share: float = 0.8
    dominant_share: float = 0.5
    no_return_share: float | None = None
    budget_limits: tuple[BudgetLimit, ...] = ()
    worst_case: BudgetOptions | None = None

    def __post_init__(self) -> None:
        for name in ("near_timeout_share", "dominant_share", "no_return_share"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise ConfigError(f"{name} must be from 0 to 1, not {share}")
        for name in ("tolerance", "grace", "event_delay", "watch_period"):
            if not 0 <= getattr(self, name) <= MOST_SECONDS:
                raise ConfigError(
                    f"{name} must be from 0 to {MOST_SECONDS}, not {getattr(self, name)}"
                )
        if self.as_of is not None and self.as_of.tzinfo is None:
            raise ConfigError("as_of must have a UTC offset")
