"""The library's face: load a saved document, ask about it, draw it.

Examples
--------
>>> import taskgraph
>>> loaded = taskgraph.load("samples/obproxy_stop.json")
>>> loaded.budget.seconds
8010
>>> [finding.name for finding in taskgraph.check(loaded).findings]
['work-after-point-of-no-return']
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias

from taskgraph.errors import InputError, Problem, RenderError
from taskgraph.graph import TaskGraph, build_graph
from taskgraph.model import Task
from taskgraph.sources import ReadOptions, find_sources, read_bytes, read_source

if TYPE_CHECKING:
    from datetime import datetime

    from taskgraph.analysis.budget import Budget, BudgetOptions
    from taskgraph.analysis.compare import Comparison
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.analysis.weights import WeightKind
    from taskgraph.analysis.whatif import Changes
    from taskgraph.checks import CheckOptions, CheckResult, CheckRun, Severity
    from taskgraph.checks.baseline import Baseline, BaselineEntry
    from taskgraph.config import Config
    from taskgraph.diagrams import DiagramOptions
    from taskgraph.reports.comparison import Pair
    from taskgraph.reports.results import (
        Account,
        Collected,
        Diagnosis,
        Timetable,
        WorstCaseReport,
    )

__all__ = [
    "REPORTS",
    "Analysis",
    "Checked",
    "Document",
    "LoadedTask",
    "account",
    "analyze",
    "check",
    "check_files",
    "collect",
    "compare",
    "compare_paths",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
    "report",
    "timetable",
    "worst_case",
]

PathLike: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The analyses of a task, as far as they apply to it.

    Attributes
    ----------
    flaws : tuple of str
        Why analyses of graph and time do not apply; then everything else is ``None``.
    budget : Budget or None
        The worst case in time, and the schedule that it comes from.
    point_of_no_return : PointOfNoReturn or None
        ``None`` also where no subtask prohibits rollback.
    """

    flaws: tuple[str, ...] = ()
    budget: Budget | None = None
    point_of_no_return: PointOfNoReturn | None = None

    @property
    def schedule(self) -> Schedule | None:
        """The schedule with the timeouts as durations."""
        return None if self.budget is None else self.budget.schedule


class LoadedTask:
    """A task with its graph, and every result computed once, when it is asked for.

    In a notebook it displays itself as its diagram.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    def __repr__(self) -> str:
        task = self.task
        return f"<LoadedTask {task.id} {task.name!r}: {len(task.subtasks)} subtasks>"

    @property
    def file(self) -> str:
        """The document that the task was read from."""
        return self.task.origin.file

    @cached_property
    def graph(self) -> TaskGraph:
        """The graph of the task, however faulty the task is."""
        return build_graph(self.task)

    @cached_property
    def budget(self) -> Budget:
        """The worst case in time.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        from taskgraph.analysis.budget import budget

        return budget(self.graph)

    @property
    def schedule(self) -> Schedule:
        """The schedule with the timeouts as durations.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        return self.budget.schedule

    @cached_property
    def point_of_no_return(self) -> PointOfNoReturn | None:
        """The first starts after which the engine refuses to roll back, if there are any.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        from taskgraph.analysis.recovery import point_of_no_return

        return point_of_no_return(self.graph)

    @cached_property
    def checked(self) -> CheckResult:
        """What the checks say, with the default options."""
        return check(self)

    def _repr_svg_(self) -> str:
        return str(render(self))


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was asked for: its tasks, or why it cannot be read."""

    name: str
    tasks: tuple[LoadedTask, ...] = ()
    error: InputError | None = None


def read_documents(
    paths: Iterable[str],
    stdin: BinaryIO | None = None,
    options: ReadOptions | None = None,
) -> Iterator[Document]:
    """Read documents one after the other; a bad one does not stop the others.

    Parameters
    ----------
    paths : iterable of str
        Paths of files and folders, and patterns; ``-`` is standard input.
    stdin : binary stream, optional
        What ``-`` stands for; the process's own by default.
    options : ReadOptions, optional

    Yields
    ------
    Document
    """
    options = options or ReadOptions()
    for source in find_sources(paths, stdin or sys.stdin.buffer, options):
        for reading in read_source(source, options):
            tasks = tuple(map(LoadedTask, reading.tasks))
            yield Document(reading.file, tasks, reading.error)


def load_all(path: PathLike, options: ReadOptions | None = None) -> tuple[LoadedTask, ...]:
    """Load every task of a saved document, or of all documents of a folder or archive.

    Raises
    ------
    InputError
        With every problem of the first document that cannot be read or holds no task.
    """
    tasks: list[LoadedTask] = []
    for document in read_documents([os.fspath(path)], options=options):
        if document.error is not None:
            raise document.error
        tasks += document.tasks
    return tuple(tasks)


def load(path: PathLike, options: ReadOptions | None = None) -> LoadedTask:
    """Load the task of a saved document.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read, or if it holds no task or
        more than one.
    """
    return _only(load_all(path, options), os.fspath(path))


def loads(
    data: bytes | str, name: str = "<memory>", options: ReadOptions | None = None
) -> LoadedTask:
    """Load the task of a document in memory; see :func:`load`.

    Parameters
    ----------
    data : bytes or str
    name : str
        What to call the document in messages.
    options : ReadOptions, optional
    """
    text = data.encode() if isinstance(data, str) else data
    tasks = read_bytes(text, name, options or ReadOptions())
    return _only(tuple(map(LoadedTask, tasks)), name)


def _only(tasks: tuple[LoadedTask, ...], name: str) -> LoadedTask:
    if len(tasks) > 1:
        ids = ", ".join(str(loaded.task.id) for loaded in tasks[:5])
        problem = Problem(f"holds {len(tasks)} tasks: {ids}{', …' * (len(tasks) > 5)}")
        raise InputError(name, [problem], "taskgraph.load_all gives them all")
    return tasks[0]


def analyze(loaded: LoadedTask) -> Analysis:
    """Analyse a task; a broken one gives what is broken.

    Parameters
    ----------
    loaded : LoadedTask

    Returns
    -------
    Analysis
    """
    if loaded.graph.flaws:
        return Analysis(flaws=loaded.graph.flaws)
    return Analysis((), loaded.budget, loaded.point_of_no_return)


def timetable(
    loaded: LoadedTask,
    by: WeightKind = "timeout",
    *,
    changes: Changes | None = None,
    within: int | None = None,
    as_of: datetime | None = None,
) -> Timetable:
    """Compute the schedule of a task with all that explains it.

    Parameters
    ----------
    loaded : LoadedTask
    by : {"timeout", "actual", "remaining"}
        Which durations the subtasks have.
    changes : Changes, optional
        What to change first; the result has the schedule without them beside it.
    within : int, optional
        Seconds of float up to which a subtask is near-critical.
    as_of : datetime, optional
        The moment for what is left and what still runs; by default the document's own.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    ConfigError
        Where the changes name a subtask or an edge that does not exist.
    """
    from taskgraph.analysis.as_run import as_run
    from taskgraph.analysis.drag import drags
    from taskgraph.analysis.schedule import schedule
    from taskgraph.analysis.weights import weigh
    from taskgraph.analysis.whatif import what_if
    from taskgraph.reports.results import Timetable

    graph = loaded.graph
    weights = weigh(graph, by, as_of)
    ran = as_run(graph, as_of) if by == "actual" else None
    if changes is None:
        plan = schedule(graph, weights.durations)
        return Timetable(graph, weights, plan, drags(graph, plan), within, None, ran)
    changed = what_if(graph, weights, changes)
    lost = drags(changed.graph, changed.after)
    return Timetable(
        changed.graph, changed.weights, changed.after, lost, within, changed, ran
    )


def account(
    loaded: LoadedTask,
    *,
    checks: CheckOptions | None = None,
    budget: BudgetOptions | None = None,
    as_of: datetime | None = None,
) -> Account:
    """Put together all that is told of a task; a broken one gives what is broken.

    Parameters
    ----------
    loaded : LoadedTask
    checks : CheckOptions, optional
        How to check it.
    budget : BudgetOptions, optional
        What the worst case assumes.
    as_of : datetime, optional
        The moment for what still runs; by default the document's own.
    """
    from taskgraph.analysis.budget import BudgetOptions
    from taskgraph.reports.results import Account

    graph, options = loaded.graph, budget or BudgetOptions()
    return Account(
        graph=graph,
        checked=check(loaded, checks),
        as_of=as_of or graph.task.as_of(),
        diagnosis=_diagnose(graph, options, as_of) if graph.is_sound else None,
    )


def _diagnose(
    graph: TaskGraph, options: BudgetOptions, as_of: datetime | None
) -> Diagnosis:
    from taskgraph.analysis.as_run import as_run
    from taskgraph.analysis.budget import budget
    from taskgraph.analysis.drag import drags
    from taskgraph.analysis.failure import failure
    from taskgraph.analysis.interventions import interventions
    from taskgraph.analysis.progress import progress
    from taskgraph.analysis.rollback import rollback
    from taskgraph.reports.results import Diagnosis

    worst = budget(graph, options)
    return Diagnosis(
        budget=worst,
        drags=drags(graph, worst.schedule),
        progress=progress(
            graph,
            as_of,
            concurrency=options.concurrency,
            assume_timeout=options.assume_timeout,
        ),
        failure=failure(graph, as_of),
        ways_out=interventions(graph, as_of, options),
        rollback=rollback(graph, options),
        as_run=as_run(graph, as_of),
    )


def worst_case(loaded: LoadedTask, options: BudgetOptions | None = None) -> WorstCaseReport:
    """Compute how long a task can take at worst, there and back.

    Parameters
    ----------
    loaded : LoadedTask
    options : BudgetOptions, optional
        Attempts, overhead, concurrency and the like.

    Raises
    ------
    AnalysisError
        Where the graph is not sound.
    """
    from taskgraph.analysis.budget import BudgetOptions, budget
    from taskgraph.analysis.rollback import rollback
    from taskgraph.reports.results import WorstCaseReport

    options = options or BudgetOptions()
    graph = loaded.graph
    return WorstCaseReport(graph, budget(graph, options), rollback(graph, options))


def compare(
    before: LoadedTask, after: LoadedTask, options: BudgetOptions | None = None
) -> Comparison:
    """Compare two documents of one task, or two runs of one kind of task.

    Parameters
    ----------
    before, after : LoadedTask
        Broken ones too; then there is no word about time.
    options : BudgetOptions, optional
        What the worst case assumes.
    """
    from taskgraph.analysis.budget import BudgetOptions
    from taskgraph.analysis.compare import compare

    return compare(before.graph, after.graph, options or BudgetOptions())


def compare_paths(before: str, after: str) -> tuple[list[Pair], list[InputError]]:
    """Compare two documents, or the documents of two folders that have the same path.

    Parameters
    ----------
    before, after : str
        Two documents or two folders.

    Returns
    -------
    list of Pair
        One for each task of either side, by the path of its document.
    list of InputError
        What could not be read: it is left out on both sides.
    """
    from taskgraph.reports.comparison import Pair

    errors: list[InputError] = []
    old, new = _by_path(before, errors), _by_path(after, errors)
    unread = {path for side in (old, new) for path, tasks in side.items() if tasks is None}
    pairs = []
    for path in sorted((old.keys() | new.keys()) - unread):
        for ours, theirs in _partners(old.get(path) or (), new.get(path) or ()):
            known = theirs or ours
            assert known is not None  # one of the two is there
            name = f"{path}: {known.task.name}" if path else known.task.name
            found = compare(ours, theirs) if ours and theirs else None
            before_graph = ours.graph if ours else None
            after_graph = theirs.graph if theirs else None
            pairs.append(Pair(name, before_graph, after_graph, found))
    return pairs, errors


def _by_path(
    path: str, errors: list[InputError]
) -> dict[str, tuple[LoadedTask, ...] | None]:
    """Read the tasks of each document, by its path below the one that was named."""
    found: dict[str, tuple[LoadedTask, ...] | None] = {}
    for document in read_documents([path]):
        below = document.name.removeprefix(path).lstrip("/")
        if document.error is not None:
            errors.append(document.error)
        found[below] = document.tasks if document.error is None else None
    return found


def _partners(
    old: Iterable[LoadedTask], new: Iterable[LoadedTask]
) -> Iterator[tuple[LoadedTask | None, LoadedTask | None]]:
    """Match the tasks of a document: by id, else by name, else one with the only other."""
    ours, theirs = list(old), list(new)
    for same in (_same_id, _same_name, _alone):
        for task in tuple(ours):
            only = len(ours) == len(theirs) == 1
            other = next((o for o in theirs if same(task, o, only)), None)
            if other is not None:
                ours.remove(task)
                theirs.remove(other)
                yield task, other
    yield from ((task, None) for task in ours)
    yield from ((None, task) for task in theirs)


def _same_id(one: LoadedTask, other: LoadedTask, _only: bool) -> bool:
    return one.task.id is not None and one.task.id == other.task.id


def _same_name(one: LoadedTask, other: LoadedTask, _only: bool) -> bool:
    return one.task.name == other.task.name


def _alone(_one: LoadedTask, _other: LoadedTask, only: bool) -> bool:
    return only


REPORTS = ("html", "markdown")
"""The forms of a postmortem."""


def collect(accounts: Sequence[Account], unreadable: Sequence[str] = ()) -> Collected:
    """Put several tasks into one report; two of one task are compared.

    Parameters
    ----------
    accounts : sequence of Account
    unreadable : sequence of str
        Why other documents could not be read.
    """
    from taskgraph import __version__
    from taskgraph.analysis.compare import compare
    from taskgraph.reports.comparison import Pair
    from taskgraph.reports.results import Collected

    change = None
    if len(accounts) == 2:
        before, after = (found.graph for found in accounts)
        if before.task.id is not None and before.task.id == after.task.id:
            change = Pair(after.task.name, before, after, compare(before, after))
    return Collected(tuple(accounts), tuple(unreadable), change, __version__)


def report(tasks: LoadedTask | Collected, form: str = "html") -> str:
    """Write the postmortem of a task as a page, or of several as :func:`collect` gives.

    Parameters
    ----------
    tasks : LoadedTask or Collected
    form : {"html", "markdown"}

    Raises
    ------
    RenderError
        If there is no such form.
    """
    from taskgraph.reports.results import Collected

    collected = tasks if isinstance(tasks, Collected) else collect([account(tasks)])
    if form == "html":
        from taskgraph.reports.html import report_html

        return report_html(collected)
    if form == "markdown":
        from taskgraph.reports.postmortem import report_markdown

        return report_markdown(collected)
    raise RenderError(f"no report {form!r}: choose from {', '.join(REPORTS)}")


def check(loaded: LoadedTask, options: CheckOptions | None = None) -> CheckResult:
    """Check a task against the rules.

    Parameters
    ----------
    loaded : LoadedTask
    options : CheckOptions, optional

    Returns
    -------
    CheckResult
        The findings, sorted, and the rules that were skipped, with the reason.
    """
    from taskgraph.checks import CheckOptions, run_checks

    return run_checks(loaded.graph, options or CheckOptions())


class Checked(NamedTuple):
    """What a run of the checks over files gives."""

    run: CheckRun
    failed: bool
    """Whether a finding is as bad as its configuration's `fail_on`."""


def check_files(
    paths: Iterable[str],
    config_for: Callable[[str], Config] | None = None,
    *,
    options: ReadOptions | None = None,
    jobs: int | None = None,
    baseline: Baseline | None = None,
    each: Callable[[], None] = lambda: None,
) -> Checked:
    """Check every task of every document.

    Parameters
    ----------
    paths : iterable of str
        Paths of files and folders, and patterns; ``-`` is standard input.
    config_for : callable, optional
        Gives the configuration for the name of a document; the default one for all.
    options : ReadOptions, optional
    jobs : int, optional
        How many processes check; by default as many as there are cores if files are many.
    baseline : Baseline, optional
        Findings to leave out.
    each : callable, optional
        Called after each document.

    Raises
    ------
    ConfigError
        If the options name a rule that does not exist.
    """
    from taskgraph import __version__
    from taskgraph.checking import check_sources, default_config
    from taskgraph.checks import CheckRun
    from taskgraph.checks.baseline import apply_baseline

    unreadable: list[InputError] = []
    results: list[CheckResult] = []
    limits: list[Severity | None] = []
    for checked in check_sources(
        paths,
        config_for or default_config,
        sys.stdin.buffer,
        options or ReadOptions(),
        jobs,
    ):
        each()
        if checked.error is not None:
            unreadable.append(checked.error)
        results += checked.results
        limits += [checked.fail_on] * len(checked.results)
    kept = tuple(results)
    stale: tuple[BaselineEntry, ...] = ()
    if baseline is not None:
        kept, stale = apply_baseline(results, baseline)
    failed = any(
        limit is not None and result.worst is not None and result.worst >= limit
        for result, limit in zip(kept, limits, strict=True)
    )
    return Checked(CheckRun(kept, tuple(unreadable), __version__, stale), failed)


def render(
    loaded: LoadedTask,
    form: str = "svg",
    options: DiagramOptions | None = None,
    *,
    as_of: datetime | None = None,
) -> str | bytes:
    """Draw a task.

    Parameters
    ----------
    loaded : LoadedTask
    form : str
        ``svg``, ``dot``, ...: see ``taskgraph.diagrams.FORMATS``.
    options : DiagramOptions, optional
    as_of : datetime, optional
        The moment that a timeline shows; by default the document's own.

    Raises
    ------
    RenderError
        If the format does not exist or a program that it needs is missing.
    """
    from taskgraph import diagrams

    results = analyze(loaded)
    return diagrams.render(
        loaded.graph,
        form,
        options=options or diagrams.DiagramOptions(),
        schedule=results.schedule,
        no_return=results.point_of_no_return,
        as_of=as_of,
    )
