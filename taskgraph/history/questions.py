"""What many documents say: the functions behind ``taskgraph history``.

The package offers them; each gives a typed result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Protocol

from taskgraph.analysis.analysis import Analysis
from taskgraph.errors import ConfigError
from taskgraph.history.database import Limits
from taskgraph.history.defaults import LEAST_RUNS, MEMORY, RUNS
from taskgraph.history.engines import open_engine
from taskgraph.history.store import RunStore
from taskgraph.model.task import Task
from taskgraph.sources.opening import PathLike, Paths, named_paths

if TYPE_CHECKING:
    from taskgraph.history.advising import AdviceOptions
    from taskgraph.history.chances import Odds
    from taskgraph.history.collecting import Collection, CollectionProgress
    from taskgraph.history.departures import Anomalies
    from taskgraph.history.fitting import Fit
    from taskgraph.history.growth import Growths
    from taskgraph.history.reviewing import TimeoutReview
    from taskgraph.history.statistics import Statistics
    from taskgraph.history.trending import Trends


class Analysed(Protocol):
    """A task with what is assumed about it: a :class:`taskgraph.LoadedTask` for example."""

    @property
    def task(self) -> Task:
        """The task, of which nothing was computed."""

    @property
    def analysis(self) -> Analysis:
        """The task with its settings, and every answer about it."""


def collect(
    paths: Paths,
    runs: PathLike = RUNS,
    *,
    origin: str = "",
    retry_rejects: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    memory: str = MEMORY,
    progress: Callable[[CollectionProgress], None] | None = None,
) -> Collection:
    """Collect the runs in any number of documents, without what was collected before.

    Parameters
    ----------
    paths : str, path, or iterable of them
        Files, folders, patterns, archives, or addresses that fsspec knows.
    runs : str or path
        The folder to collect in.
    origin : str
        What the installation is called that wrote the documents.
    retry_rejects : bool
        Read again what was rejected before.
    workers : int
        Processes of this machine; 1 is this process itself.
    scheduler : str, optional
        The address of a Dask scheduler, which then decides instead.
    memory : str
        What the database may use in each process, for example ``1GB``.
    progress : callable, optional
        Told how far it is.

    Raises
    ------
    ConfigError
        If the paths lead to nothing, or the folder cannot be collected in.
    """
    from taskgraph.history.collecting import Collection, collect_documents

    store, limits = RunStore(runs), Limits(memory)
    with open_engine(workers, scheduler) as engine:
        collected = collect_documents(
            named_paths(paths),
            store,
            origin=origin,
            retry_rejects=retry_rejects,
            engine=engine,
            limits=limits,
            report=progress,
        )
    return Collection(store, collected, store.count_rejects())


def stats(
    runs: PathLike = RUNS,
    *,
    only: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    memory: str = MEMORY,
) -> Statistics:
    """Tell of each kind of task and subtask how long it takes and how often it fails.

    Parameters
    ----------
    runs : str or path
        What was collected.
    only : str, optional
        A pattern for the names of tasks.
    workers, scheduler, memory
        As in :func:`collect`.

    Raises
    ------
    ConfigError
        If nothing was collected there, or no task has such a name.
    """
    from taskgraph.history.statistics import statistics

    store, limits = RunStore(runs), Limits(memory)
    with open_engine(workers, scheduler) as engine:
        every = statistics(store, engine=engine, limits=limits)
    kinds = tuple(kind for kind in every.kinds if _matches(kind.task, only))
    _require_chosen(kinds, only, store, limits)
    return replace(every, kinds=kinds)


def timeouts(
    tasks: Sequence[Analysed] = (),
    runs: PathLike = RUNS,
    options: AdviceOptions | None = None,
    *,
    only: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    memory: str = MEMORY,
) -> TimeoutReview:
    """Advise on timeouts, and tell what that means for some tasks.

    Parameters
    ----------
    tasks : sequence of Analysed
        Definitions or responses whose timeouts are to be judged, each a
        :class:`taskgraph.LoadedTask` for example.
    options : AdviceOptions, optional
        What the advice must promise.
    runs, only, workers, scheduler, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there, or no task has such a name, of those given or of
        the history; or if a name shall choose among kinds of tasks that are taken together.
    """
    from taskgraph.history.advising import AdviceOptions, advise_timeouts
    from taskgraph.history.reviewing import TimeoutReview, review_task

    options = options or AdviceOptions()
    if options.across_tasks and only is not None and not tasks:
        raise ConfigError("--task chooses among kinds of tasks; --across-tasks has none")
    store, limits = RunStore(runs), Limits(memory)
    with open_engine(workers, scheduler) as engine:
        every = advise_timeouts(store, options, engine=engine, limits=limits)
    advice = tuple(one for one in every if one.task is None or _matches(one.task, only))
    if not tasks:
        _require_chosen(advice, only, store, limits)
    chosen = [one for one in tasks if _matches(one.task.name, only)]
    if tasks and not chosen:
        files = ", ".join(dict.fromkeys(one.task.origin.file for one in tasks))
        raise ConfigError(f"no task in {files} has such a name: {only}")
    reviews = tuple(review_task(one.analysis, advice, options) for one in chosen)
    return TimeoutReview(options, advice, reviews)


def odds(
    task: Analysed,
    window: int,
    runs: PathLike = RUNS,
    *,
    samples: int | None = None,
    seed: int = 0,
    memory: str = MEMORY,
) -> Odds:
    """Tell the odds that a task ends within a window of time.

    Parameters
    ----------
    task : Analysed
        A :class:`taskgraph.LoadedTask` for example, with its settings: attempts,
        concurrency, workers, the timeout assumed, the moment.
    window : int
        Seconds that it may take.
    samples : int, optional
        How often it is simulated: 10,000 times, less often where slots are told and
        much is ahead.
    seed : int
        From which random numbers.
    runs, memory
        As in :func:`stats`.

    Returns
    -------
    Odds
        Without figures where past runs do not tell when it ends: see its `no_forecast`.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        If nothing was collected there, or the window or the seed is negative.
    """
    from taskgraph.history.chances import OddsOptions, odds_by_runs

    if window < 0:
        raise ConfigError(f"a window must be 0 seconds or more, not {window}")
    options = OddsOptions(window, samples, seed)
    return odds_by_runs(task.analysis, RunStore(runs), options, limits=Limits(memory))


def anomalies(
    task: Analysed,
    runs: PathLike = RUNS,
    *,
    least_runs: int = LEAST_RUNS,
    memory: str = MEMORY,
) -> Anomalies:
    """Tell where a run departs from the others of its kind.

    Parameters
    ----------
    task : Analysed
        A :class:`taskgraph.LoadedTask` for example.
    least_runs : int
        With fewer others nothing is said.
    runs, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there.
    """
    from taskgraph.history.departures import AnomalyOptions, find_anomalies

    options = AnomalyOptions(least_runs=least_runs)
    return find_anomalies(task.analysis, RunStore(runs), options, limits=Limits(memory))


def trends(
    runs: PathLike = RUNS, *, only: str | None = None, memory: str = MEMORY
) -> Trends:
    """Tell how the runs of each kind of task changed over time.

    Parameters
    ----------
    runs, only, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there, or no task has such a name.
    """
    from taskgraph.history.trending import read_trends

    store, limits = RunStore(runs), Limits(memory)
    result = read_trends(store, partial(_matches, pattern=only), limits=limits)
    _require_chosen(result.tasks, only, store, limits)
    return result


def compare_runs(
    runs: PathLike = RUNS,
    *,
    since: datetime | None = None,
    base: PathLike | None = None,
    only: str | None = None,
    memory: str = MEMORY,
) -> Growths:
    """Tell which subtasks made a kind of task slower, or faster.

    Parameters
    ----------
    since : datetime, optional
        Runs from that moment on are compared with those before it.
    base : str or path, optional
        Instead: what was collected of the runs to compare with.
    runs, only, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there, no task has such a name, no kind of task has runs
        on both sides, or the moment has no offset from UTC.
    """
    from taskgraph.history.growth import growths

    if since is not None and since.tzinfo is None:
        raise ConfigError(f"{since.isoformat()} has no offset from UTC: give it a tzinfo")
    store, limits = RunStore(runs), Limits(memory)
    other = None if base is None else RunStore(base)
    if only is not None:
        _require_task(only, [store] if other is None else [store, other], limits)
    return growths(store, since, other, partial(_matches, pattern=only), limits=limits)


def fit(task: Analysed, window: int) -> Fit:
    """Tell which timeouts to lower so that the worst case of a task fits a window.

    Parameters
    ----------
    task : Analysed
        A :class:`taskgraph.LoadedTask` for example, with its settings: attempts, grace,
        overhead, concurrency; and, where past runs are to be asked, their folder.
    window : int
        Seconds.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        If something has no limit, nothing fits, or nothing was collected there.
    """
    from taskgraph.history.fitting import fit_timeouts
    from taskgraph.history.past import StoredPast

    past = task.analysis.past
    store = past.store if isinstance(past, StoredPast) else None
    return fit_timeouts(task.analysis, window, store)


def _matches(name: str, pattern: str | None) -> bool:
    return pattern is None or fnmatchcase(name, pattern)


def _require_chosen(
    chosen: Sized, only: str | None, store: RunStore, limits: Limits
) -> None:
    """Refuse a name of which nothing is told: an empty table looks like a good one."""
    if only is None or chosen:
        return
    _require_task(only, [store], limits)
    raise ConfigError(
        f"what was collected of {only!r} does not tell this\n"
        "  hint: taskgraph history stats tells what there is"
    )


def _require_task(only: str, stores: Sequence[RunStore], limits: Limits) -> None:
    """Refuse a name that no task has in what was collected; one place that has it will do.

    Raises ConfigError if nothing was collected there, too.
    """
    from taskgraph.history.statistics import task_names

    names = (task_names(store, limits) for store in stores)
    if not any(_matches(name, only) for each in names for name in each):
        raise ConfigError(
            f"no task of the history has a name like {only!r}\n"
            "  hint: taskgraph history stats tells the names that there are"
        )
