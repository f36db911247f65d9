"""What many documents say: the functions behind ``taskgraph history``.

Each gives a typed result of :mod:`taskgraph.history`; :func:`report` writes any of them.

Examples
--------
>>> from taskgraph.api import history
>>> history.collect(["responses/"], "runs")  # doctest: +SKIP
>>> print(history.report(history.stats("runs")))  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from taskgraph.api.loading import LoadedTask, PathLike
from taskgraph.errors import ConfigError, RenderError
from taskgraph.history import LEAST_RUNS, MEMORY, RUNS
from taskgraph.history.engines import open_engine
from taskgraph.model.words import counted
from taskgraph.sources.opening import Paths, named_paths

if TYPE_CHECKING:
    from taskgraph.history.advice import AdviceOptions, TimeoutReview
    from taskgraph.history.anomalies import Anomalies
    from taskgraph.history.collecting import Collection, Progress
    from taskgraph.history.database import Limits
    from taskgraph.history.fitting import Fit
    from taskgraph.history.growth import Growths
    from taskgraph.history.odds import Odds
    from taskgraph.history.statistics import Statistics
    from taskgraph.history.store import RunStore
    from taskgraph.history.trends import Trends
    from taskgraph.reports.history import HistoryResult
    from taskgraph.reports.text.console import Style

FORMS = ("text", "csv", "json", "markdown", "html")
"""The forms of every result; advice on timeouts also comes as a ``patch``."""


def collect(
    paths: Paths,
    runs: PathLike = RUNS,
    *,
    origin: str = "",
    retry_rejects: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    memory: str = MEMORY,
    progress: Callable[[Progress], None] | None = None,
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
    from taskgraph.history.collecting import Collection
    from taskgraph.history.collecting import collect as collect_into

    store, limits = _store(runs, memory)
    with open_engine(workers, scheduler) as engine:
        collected = collect_into(
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
        If nothing was collected there.
    """
    from dataclasses import replace

    from taskgraph.history.statistics import statistics

    store, limits = _store(runs, memory)
    with open_engine(workers, scheduler) as engine:
        every = statistics(store, engine=engine, limits=limits)
    kinds = tuple(kind for kind in every.kinds if _matches(kind.task, only))
    return replace(every, kinds=kinds)


def timeouts(
    tasks: Sequence[LoadedTask] = (),
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
    tasks : sequence of LoadedTask
        Definitions or responses whose timeouts are to be judged.
    options : AdviceOptions, optional
        What the advice must promise.
    runs, only, workers, scheduler, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there, or none of the tasks has such a name.
    """
    from taskgraph.history.advice import AdviceOptions, TimeoutReview, review_task
    from taskgraph.history.timeouts import advise_timeouts

    options = options or AdviceOptions()
    store, limits = _store(runs, memory)
    with open_engine(workers, scheduler) as engine:
        every = advise_timeouts(store, options, engine=engine, limits=limits)
    advice = tuple(one for one in every if one.task is None or _matches(one.task, only))
    chosen = [loaded for loaded in tasks if _matches(loaded.task.name, only)]
    if tasks and not chosen:
        files = ", ".join(dict.fromkeys(loaded.file for loaded in tasks))
        raise ConfigError(f"no task in {files} has such a name: {only}")
    reviews = tuple(review_task(one.analysis, advice, options) for one in chosen)
    return TimeoutReview(options, advice, reviews)


def odds(
    task: LoadedTask,
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
    task : LoadedTask
        With its settings: attempts, concurrency, workers, the timeout assumed, the moment.
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
    from taskgraph.history.odds import OddsOptions
    from taskgraph.history.odds import odds as compute

    if window < 0:
        raise ConfigError(f"a window must be 0 seconds or more, not {window}")
    store, limits = _store(runs, memory)
    options = OddsOptions(window, samples, seed)
    return compute(task.analysis, store, options, limits=limits)


def anomalies(
    task: LoadedTask,
    runs: PathLike = RUNS,
    *,
    least_runs: int = LEAST_RUNS,
    memory: str = MEMORY,
) -> Anomalies:
    """Tell where a run departs from the others of its kind.

    Parameters
    ----------
    task : LoadedTask
    least_runs : int
        With fewer others nothing is said.
    runs, memory
        As in :func:`stats`.

    Raises
    ------
    ConfigError
        If nothing was collected there.
    """
    from taskgraph.history.anomalies import AnomalyOptions, find_anomalies

    store, limits = _store(runs, memory)
    options = AnomalyOptions(least_runs=least_runs)
    return find_anomalies(task.analysis, store, options, limits=limits)


def trends(
    runs: PathLike = RUNS, *, only: str | None = None, memory: str = MEMORY
) -> Trends:
    """Tell how the runs of each kind of task changed over time.

    Parameters
    ----------
    runs : str or path
        What was collected.
    only : str, optional
        A pattern for the names of tasks.
    memory : str
        As in :func:`collect`.

    Raises
    ------
    ConfigError
        If nothing was collected there.
    """
    from taskgraph.history.trends import trends as compute

    store, limits = _store(runs, memory)
    return compute(store, partial(_matches, pattern=only), limits=limits)


def require_task(only: str, *runs: PathLike, memory: str = MEMORY) -> None:
    """Refuse a name that no task has in what was collected.

    Parameters
    ----------
    only : str
        A pattern for the names of tasks.
    *runs : str or path
        What was collected; one that has the name is enough.
    memory : str
        As in :func:`collect`.

    Raises
    ------
    ConfigError
        If no task has such a name, or nothing was collected there.
    """
    from taskgraph.history.statistics import task_names

    names = (task_names(*_store(folder, memory)) for folder in runs)
    if not any(_matches(name, only) for each in names for name in each):
        raise ConfigError(
            f"no task of the history has a name like {only!r}\n"
            "  hint: taskgraph history stats tells the names that there are"
        )


def compare(
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
    if only is not None:
        require_task(only, runs, *(() if base is None else (base,)), memory=memory)
    store, limits = _store(runs, memory)
    other = None if base is None else _store(base, memory)[0]
    return growths(store, since, other, partial(_matches, pattern=only), limits=limits)


def fit(task: LoadedTask, window: int) -> Fit:
    """Tell which timeouts to lower so that the worst case of a task fits a window.

    Parameters
    ----------
    task : LoadedTask
        With its settings: attempts, grace, overhead, concurrency; and, where past runs are
        to be asked, their folder.
    window : int
        Seconds.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        If something has no limit, nothing fits, or nothing was collected there.
    """
    from taskgraph.history.fitting import fit as compute
    from taskgraph.history.past import StoredPast

    past = task.analysis.past
    return compute(
        task.analysis, window, past.store if isinstance(past, StoredPast) else None
    )


def report(
    result: HistoryResult | Anomalies, form: str = "text", style: Style | None = None
) -> str:
    """Write a result.

    Parameters
    ----------
    result : Statistics, TimeoutReview, Odds, Trends, Growths, Fit, Anomalies, or several
        The last ones may be of several runs, in a sequence.
    form : str
        One of `FORMS`, ``patch`` for advice on the timeouts of one task, or ``diff`` for
        timeouts that fit a window.
    style : Style, optional
        The width and the colours of text.

    Raises
    ------
    ConfigError
        If a patch is asked for several tasks.
    RenderError
        If there is no such form.
    """
    from taskgraph.history.anomalies import Anomalies
    from taskgraph.reports.history import table_report
    from taskgraph.reports.history_tables import render_html, render_markdown

    if isinstance(result, Anomalies):
        result = (result,)
    if form in ("json", "csv"):
        from taskgraph.reports.history_data import render_csv, render_json

        return render_json(result) if form == "json" else render_csv(result)
    if form == "patch":
        return _patch(result)
    if form == "diff":
        return _diff(result)
    if form == "markdown":
        return render_markdown(table_report(result))
    if form == "html":
        from taskgraph.history.trends import Trends

        if isinstance(result, Trends):
            from taskgraph.reports.html.page import trends_html

            return trends_html(result)
        return render_html(table_report(result))
    if form == "text":
        from taskgraph.reports.text.console import Style
        from taskgraph.reports.text.history import render_text

        return render_text(table_report(result), style or Style(100))
    raise RenderError(f"no report {form!r}: choose from {', '.join(FORMS)}")


def _diff(result: HistoryResult) -> str:
    from taskgraph.history.fitting import Fit
    from taskgraph.reports.fitting import fit_diff

    if not isinstance(result, Fit):
        raise RenderError("a diff is made of timeouts that fit a window")
    return fit_diff(result)


def _patch(result: HistoryResult) -> str:
    from taskgraph.history.advice import TimeoutReview
    from taskgraph.reports.history_data import render_patch

    if not isinstance(result, TimeoutReview) or not result.tasks:
        raise RenderError("a patch is made of the advice on the timeouts of one task")
    if (count := len(result.tasks)) > 1:
        file = result.tasks[0].task.origin.file
        raise ConfigError(
            f"{file}: holds {counted(count, 'task')}; a patch is for one\n"
            "  hint: choose it by its name: --task"
        )
    return render_patch(result.tasks[0])


def _store(runs: PathLike, memory: str) -> tuple[RunStore, Limits]:
    """Name what was collected; what reads it is imported once something is asked of it."""
    from taskgraph.history.database import Limits
    from taskgraph.history.store import RunStore

    return RunStore(runs), Limits(memory)


def _matches(name: str, pattern: str | None) -> bool:
    return pattern is None or fnmatchcase(name, pattern)
