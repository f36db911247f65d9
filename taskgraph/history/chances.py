"""The odds that a task ends within a window of time, by what its subtasks did before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import NoForecast
from taskgraph.analysis.progress import Endless
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.history.database import Limits
from taskgraph.history.engines import needs_extras
from taskgraph.history.pools import OutcomeBasis, Pool, Prospect, look_ahead, read_pools
from taskgraph.history.ranks import limit_rank
from taskgraph.history.store import RunStore
from taskgraph.model.engine import SECOND
from taskgraph.model.task import Id, Status, Task

if TYPE_CHECKING:
    from taskgraph.history.simulation import RunWeights, Simulation, Times

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.99)
_Z = 1.959963984540054  # the 97.5 % point of the normal distribution
_BOUND = 0.975  # the confidence of each of two bounds
_BINS = 40


@dataclass(frozen=True, slots=True)
class OddsOptions:
    """How to simulate.

    Attributes
    ----------
    window : int
        Seconds that the task may take.
    samples : int or None
        How often; by default 10,000 times, less often where slots are told and much is
        ahead.
    seed : int
        From which random numbers; 0 or more.
    """

    window: int
    samples: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples is not None and self.samples < 1:
            raise ConfigError(f"samples must be at least 1, not {self.samples}")
        if self.seed < 0:
            raise ConfigError(f"the seed must be 0 or more, not {self.seed}")


class Quantile(NamedTuple):
    """A makespan that a share of the runs without a failure does not exceed.

    Attributes
    ----------
    value : int
        Microseconds; the next run is no longer with a chance of the share.
    low, high : int or None
        Between these lies the true one with a confidence of 95 %, whatever the distribution
        is. ``None`` where there are too few runs for such a bound.
    is_least : bool
        The value is at least that: so long a run was cut at a timeout, there are too few
        runs to show one as rare, or what has neither runs nor a timeout counts as 0.
    """

    share: float
    value: int
    low: int | None
    high: int | None
    is_least: bool = False


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
        The past runs that it was drawn from.
    cut : int
        Outcomes in them that failed at a shorter timeout than the present one, so that they
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
        With as many samples as were drawn; ``None`` where there are no odds.
    since : datetime or None
        The moment of the document, from which on a running task is simulated and the
        window counts; ``None`` where it is simulated from its start, as if it began now.
    slots : int
        How many subtasks are in flight at most; 0 where nobody says so.
    no_forecast : Endless or NoForecast or None
        Why there are no odds, and so no figures below; ``None`` where there are.
    runs : int
        How many whole runs of the past the answer rests on.
    probability : float or None
        That it ends within the window, and well.
    low, high : float or None
        Between these lies the true probability with a confidence of 95 %, as far as the
        runs to come are like those of the past (Wilson, 1927).
    late : float or None
        The share that ends well, after the window.
    failed : float or None
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
    no_forecast: Endless | NoForecast | None = None
    runs: int = 0
    probability: float | None = None
    low: float | None = None
    high: float | None = None
    late: float | None = None
    failed: float | None = None
    quantiles: tuple[Quantile, ...] = ()
    subtasks: tuple[SubtaskOdds, ...] = ()
    bins: tuple[Bin, ...] = ()


@needs_extras
def odds_by_runs(
    analysis: Analysis,
    store: RunStore,
    options: OddsOptions,
    *,
    limits: Limits | None = None,
    quick: bool = False,
) -> Odds:
    """Simulate a task with the outcomes that its subtasks had before.

    A running task goes on from the moment of the document; any other is simulated from its
    start, whatever became of it. There are no odds where past runs do not tell when it
    ends: see `Analysis.no_forecast`. Whole runs are drawn: see `simulate`. The waits that
    were measured hold the engine's delays, and the queues of the past; so as many as the
    DAG allows are in flight at once, unless the settings say how many may be.

    If it shall be quick, what decides the makespan is left out, so that every criticality
    is 0.

    Raises AnalysisError where the graph is not sound, ConfigError if nothing was collected.
    """
    analysis.graph.require_sound()
    pools = read_pools(store, analysis.graph, limits)
    return odds_of_pools(analysis, pools, options, quick=quick)


@needs_extras
def odds_of_pools(
    analysis: Analysis, pools: dict[str, Pool], options: OddsOptions, *, quick: bool = False
) -> Odds:
    """Simulate a task with given outcomes, which are by the name of the subtask.

    A name without outcomes takes its whole timeout.
    """
    from taskgraph.history.simulation import simulate

    graph, settings = analysis.graph, analysis.settings
    graph.require_sound()
    since = analysis.as_of if graph.task.status == Status.RUNNING else None
    are_stated = settings.concurrency is not None or settings.workers is not None
    slots = analysis.slots if are_stated else 0
    if reason := analysis.no_forecast:
        return Odds(graph.task, replace(options, samples=None), since, slots, reason)
    prospects = look_ahead(analysis, pools, since, slots)
    simulation = simulate(
        graph,
        prospects,
        samples=options.samples,
        seed=options.seed,
        slots=slots,
        quick=quick,
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
    probability = in_time / simulation.samples
    is_sure = all(one.pool.basis is OutcomeBasis.DONE for one in prospects)
    low, high = (probability,) * 2 if is_sure else _wilson(probability, simulation.runs)
    return Odds(
        task=graph.task,
        options=replace(options, samples=simulation.samples),
        since=since,
        slots=slots,
        runs=simulation.runs,
        probability=probability,
        low=low,
        high=high,
        late=(done - in_time) / simulation.samples,
        failed=(simulation.samples - done) / simulation.samples,
        quantiles=_quantiles(simulation, is_least=any(one.is_least for one in prospects)),
        subtasks=tuple(
            SubtaskOdds(
                id=subtask.id,
                name=subtask.name,
                criticality=simulation.critical[node] / max(done, 1),
                failure=simulation.failures[node] / simulation.samples,
                basis=prospects[node].pool.basis,
                runs=prospects[node].runs,
                cut=int(prospects[node].redrawn.sum()),
                attempts=prospects[node].attempts,
            )
            for node, subtask in enumerate(graph.subtasks)
        ),
        bins=_histogram(simulation.makespans),
    )


def _wilson(share: float, runs: int) -> tuple[float, float]:
    """Give the score interval for a share (Wilson, 1927)."""
    if not runs:
        return 0.0, 1.0
    spread = _Z * math.sqrt(share * (1 - share) / runs + _Z**2 / (4 * runs**2))
    middle = share + _Z**2 / (2 * runs)
    scale = 1 + _Z**2 / runs
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _quantiles(simulation: Simulation, *, is_least: bool) -> tuple[Quantile, ...]:
    """Give the quantiles where nothing fails but at its timeout, which is the longest.

    The next run is no longer than the k-th shortest of n with a chance of k / (n + 1);
    between two of them it is taken to rise evenly. A run is the middle of its share of the
    samples, which differ where they have more than it from other runs. So it is for the
    bounds, too: an edge between two runs' shares would be now one's and now the other's.
    """
    import numpy as np

    known = len(simulation.makespans)
    if not known:
        return ()
    ordered = np.concatenate([simulation.makespans, simulation.cut])
    rising = np.argsort(ordered, kind="stable")
    lowest = ordered[rising]
    ends = np.cumsum(simulation.shares)
    lowest_ends = np.cumsum(simulation.shares[rising])
    ended = float(ends[-1])
    whole, runs = round(simulation.whole * ended), round(simulation.runs * ended)
    size = whole or len(ordered)

    def place(ends: RunWeights, rank: int, size: int) -> int:
        """Find a rank, from 1, of so many runs: the middle of its share of the samples."""
        return int(np.searchsorted(ends, (rank - 0.5) / size * ended))

    quantiles = []
    for share in _SHARES:
        rank = min(round(share * (size + 1), 9), size)
        before, at = (place(ends, to(rank), size) for to in (math.floor, math.ceil))
        is_cut = at >= known
        between = round((rank % 1) * int(ordered[at] - ordered[before]))
        is_rare = 0 < runs < share * (runs + 1) - 1e-9
        above, below = (limit_rank(runs, p, _BOUND) for p in (share, 1 - share))
        top = known if above is None else place(ends, above, runs)
        quantiles.append(
            Quantile(
                share,
                value=int(lowest[place(lowest_ends, math.ceil(rank), size)])
                if is_cut
                else int(ordered[before]) + between,
                low=None
                if below is None
                else int(lowest[place(lowest_ends, runs + 1 - below, runs)]),
                high=int(ordered[top]) if top < known else None,
                is_least=is_least or is_cut or is_rare,
            )
        )
    return tuple(quantiles)


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
