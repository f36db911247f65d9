"""The odds that a task ends within a window of time, by what its subtasks did before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.database import Limits
from taskgraph.history.engines import needs_extras
from taskgraph.history.pools import (
    OutcomeBasis,
    Pool,
    Prospect,
    is_under_way,
    look_ahead,
    read_pools,
)
from taskgraph.history.simulation import Simulation, redrawn, simulate
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SECOND
from taskgraph.model.task import Id, Task

if TYPE_CHECKING:
    from taskgraph.history.pools import Times

__all__ = ["Bin", "Odds", "OddsOptions", "Quantile", "SubtaskOdds", "odds", "odds_of_pools"]

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.99)
_Z = 1.959963984540054  # the 97.5 % point of the normal distribution
_BINS = 40


@dataclass(frozen=True, slots=True)
class OddsOptions:
    """How to simulate.

    Attributes
    ----------
    window : int
        Seconds that the task may take.
    samples : int
    seed : int
    """

    window: int
    samples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ConfigError(f"samples must be at least 1, not {self.samples}")


class Quantile(NamedTuple):
    """A makespan that a share of the samples without a failure does not exceed.

    All in microseconds; the true one of the simulated task lies between `low` and `high`
    with a confidence of 95 %.
    """

    share: float
    value: int
    low: int
    high: int


class Bin(NamedTuple):
    """How many samples without a failure end between two times, in microseconds.

    From `start` on, and before `end`.
    """

    start: int
    end: int
    samples: int


class SubtaskOdds(NamedTuple):
    """What the samples say about one subtask.

    Attributes
    ----------
    criticality : float
        The share of samples without a failure in which it lay on a longest path (the
        criticality index of Van Slyke, 1963).
    failure : float
        The share of samples in which it failed.
    runs : int
        The outcomes that were drawn from.
    cut : int
        Those of them that failed at a shorter timeout than the present one, so that they
        are known only to be longer.
    attempts : int
        How often it is started at most when it fails, from now on. The outcomes of the past
        hold the retries of the past; more than 1 adds retries at once on top.
    """

    id: Id
    name: str
    criticality: float
    failure: float
    basis: OutcomeBasis
    runs: int
    cut: int
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Odds:
    """What the samples say about the task.

    Attributes
    ----------
    task : Task
        What was simulated; two are equal by the results alone.
    options : OddsOptions
    since : datetime or None
        The moment of the document, from which on a running task is simulated and the
        window counts; ``None`` where it is simulated from its start, as if it began now.
    slots : int
        How many subtasks are in flight at most; 0 where nobody says so.
    probability : float
        That it ends within the window, and well.
    low, high : float
        Between these lies the probability that endless sampling would give, with a
        confidence of 95 % (Wilson, 1927).
    late : float
        The share that ends well, after the window.
    failed : float
        The share in which a subtask fails.
    quantiles : tuple of Quantile
        Empty where every sample failed.
    subtasks : tuple of SubtaskOdds
        By node.
    bins : tuple of Bin
        The distribution of the makespans; empty where every sample failed.
    """

    task: Task = field(compare=False, repr=False)
    options: OddsOptions
    since: datetime | None
    slots: int
    probability: float
    low: float
    high: float
    late: float
    failed: float
    quantiles: tuple[Quantile, ...]
    subtasks: tuple[SubtaskOdds, ...]
    bins: tuple[Bin, ...]


@needs_extras
def odds(
    analysis: Analysis,
    store: RunStore,
    options: OddsOptions,
    *,
    limits: Limits | None = None,
) -> Odds:
    """Simulate a task with the outcomes that its subtasks had before.

    A running task goes on from the moment of the document; any other is simulated from its
    start, whatever became of it. Subtasks are drawn independently of each other. The waits
    that were measured hold the engine's delays, and the queues of the past; so as many as
    the DAG allows are in flight at once, unless the settings say how many may be.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        If nothing was collected there.
    """
    analysis.graph.require_sound()
    store.require()
    pools = read_pools(store, analysis.graph, limits)
    return odds_of_pools(analysis, pools, options)


@needs_extras
def odds_of_pools(analysis: Analysis, pools: dict[str, Pool], options: OddsOptions) -> Odds:
    """Simulate a task with given outcomes, which are by the name of the subtask.

    A name without outcomes takes its whole timeout.
    """
    graph, settings = analysis.graph, analysis.settings
    graph.require_sound()
    since = analysis.as_of if is_under_way(graph.task) else None
    prospects = look_ahead(analysis, pools, since)
    are_stated = settings.concurrency is not None or settings.workers is not None
    slots = analysis.slots if are_stated else 0
    simulation = simulate(
        graph, prospects, samples=options.samples, seed=options.seed, slots=slots
    )
    return _summary(graph, prospects, simulation, options, since, slots)


def _summary(
    graph: TaskGraph,
    prospects: list[Prospect],
    simulation: Simulation,
    options: OddsOptions,
    since: datetime | None,
    slots: int,
) -> Odds:
    import numpy as np

    window = options.window * SECOND
    done = len(simulation.makespans)
    in_time = int(np.searchsorted(simulation.makespans, window, side="right"))
    low, high = _wilson(in_time, simulation.samples)
    quantiles = (
        [_quantile(simulation.makespans, share) for share in _SHARES] if done else []
    )
    return Odds(
        task=graph.task,
        options=options,
        since=since,
        slots=slots,
        probability=in_time / simulation.samples,
        low=low,
        high=high,
        late=(done - in_time) / simulation.samples,
        failed=(simulation.samples - done) / simulation.samples,
        quantiles=tuple(quantiles),
        subtasks=tuple(
            SubtaskOdds(
                id=subtask.id,
                name=subtask.name,
                criticality=simulation.critical[node] / max(done, 1),
                failure=simulation.failures[node] / simulation.samples,
                basis=prospects[node].pool.basis,
                runs=_runs(prospects[node].pool),
                cut=int(redrawn(prospects[node]).sum()),
                attempts=prospects[node].attempts,
            )
            for node, subtask in enumerate(graph.subtasks)
        ),
        bins=_histogram(simulation.makespans),
    )


def _runs(pool: Pool) -> int:
    return len(pool.spans) if pool.basis in {OutcomeBasis.OWN, OutcomeBasis.OTHERS} else 0


def _wilson(hits: int, samples: int) -> tuple[float, float]:
    """Give the score interval for a share (Wilson, 1927)."""
    share = hits / samples
    spread = _Z * math.sqrt(share * (1 - share) / samples + _Z**2 / (4 * samples**2))
    middle = share + _Z**2 / (2 * samples)
    scale = 1 + _Z**2 / samples
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _quantile(ordered: Times, share: float) -> Quantile:
    """Give a quantile with the order statistics around it as its bounds."""
    count = len(ordered)
    spread = _Z * math.sqrt(count * share * (1 - share))
    ranks = [math.ceil(count * share + shift) for shift in (0.0, -spread, spread)]
    value, low, high = (int(ordered[min(max(rank, 1), count) - 1]) for rank in ranks)
    return Quantile(share, value, low, high)


def _histogram(ordered: Times) -> tuple[Bin, ...]:
    """Count the makespans in bins of one width, the longest one per cent in the last."""
    import numpy as np

    if not len(ordered):
        return ()
    first = int(ordered[0])
    last = int(ordered[math.ceil(len(ordered) * 0.99) - 1])
    width = max(1, -(-(last - first + 1) // _BINS))
    edges = first + width * np.arange(_BINS + 1)
    places = np.searchsorted(ordered, edges)
    places[-1] = len(ordered)
    edges[-1] = max(int(edges[-1]), int(ordered[-1]) + 1)
    return tuple(
        Bin(int(edges[i]), int(edges[i + 1]), int(places[i + 1] - places[i]))
        for i in range(_BINS)
    )
