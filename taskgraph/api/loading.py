"""Loading saved documents."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from taskgraph.analysis.analysis import Analysis, Past
from taskgraph.analysis.premises import require_moment
from taskgraph.checks.runner import TaskNames, beside, run_checks
from taskgraph.config import Configuration, PatternUse, pattern_use
from taskgraph.errors import ConfigError, InputError, Problem
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Task
from taskgraph.model.words import counted
from taskgraph.settings import DEFAULTS, Settings
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import PathLike, Paths, find_sources, named_paths
from taskgraph.sources.reading import read_bytes, read_source

if TYPE_CHECKING:
    import pandas as pd

    from taskgraph.analysis.budget import Budget
    from taskgraph.analysis.rollback import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.analysis.weights import WeightKind
    from taskgraph.analysis.whatif import Changes
    from taskgraph.checks.result import CheckResult
    from taskgraph.reports.notebook import DisplayedAccount, DisplayedTimetable

ConfigurationFor: TypeAlias = Callable[[str], Configuration]
"""From the name of a document to the configuration that is in force for it."""

_NO_FILE = Configuration()


def no_configuration(_file: str) -> Configuration:
    """Give the defaults, whatever the document."""
    return _NO_FILE


def analysed(task: Task, settings: Settings) -> Analysis:
    """Put a task, what is assumed about it and its past runs together."""
    past = None
    if settings.runs is not None:
        from taskgraph.history.store import RunStore

        past = _past(settings.runs, RunStore(settings.runs).stamp)
    return Analysis(build_graph(task), settings, past)


@lru_cache(maxsize=1)
def _past(runs: str, _stamp: object) -> Past:
    """Know a store as long as nothing is added: of many tasks all ask the same."""
    from taskgraph.history.past import StoredPast
    from taskgraph.history.store import RunStore

    return StoredPast(RunStore(runs))


class LoadedTask:
    """A task, what is assumed about it, and every answer, computed when it is asked for.

    In a notebook it displays itself as its diagram.

    Parameters
    ----------
    task : Task
    settings : Settings, optional
        Every assumption that can change an answer; the defaults without it.
    twin : str
        Which definition that was read before it, if any, names a task as this one does.

    Raises
    ------
    ConfigError
        Where the moment of the settings is before that of the document.
    """

    def __init__(self, task: Task, settings: Settings = DEFAULTS, twin: str = "") -> None:
        require_moment(task, settings)
        self.task = task
        self.settings = settings
        self.twin = twin

    def __repr__(self) -> str:
        count = counted(len(self.task.subtasks), "subtask")
        return f"<LoadedTask {self.task.id} {self.task.name!r}: {count}>"

    @property
    def file(self) -> str:
        """The document that the task was read from."""
        return self.task.origin.file

    @cached_property
    def analysis(self) -> Analysis:
        """The graph and the settings, with every answer about them."""
        return analysed(self.task, self.settings)

    @property
    def graph(self) -> TaskGraph:
        """The graph of the task, however faulty the task is."""
        return self.analysis.graph

    @property
    def budget(self) -> Budget:
        """The worst case in time; as the others an answer of :attr:`analysis`.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        return self.analysis.budget

    @property
    def schedule(self) -> Schedule:
        """The schedule with the worst-case durations.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        return self.analysis.schedule

    @property
    def point_of_no_return(self) -> PointOfNoReturn | None:
        """The first starts after which the engine refuses to roll back, if there are any.

        Raises
        ------
        AnalysisError
            Where the graph is not sound.
        """
        return self.analysis.no_return

    @cached_property
    def checked(self) -> CheckResult:
        """What the rules say."""
        return beside(run_checks(self.analysis), self.twin)

    @property
    def account(self) -> DisplayedAccount:
        """All that is told of it; in a notebook it displays itself as its explanation."""
        from taskgraph.reports.notebook import DisplayedAccount

        return DisplayedAccount(self.analysis, self.checked)

    def timetable(
        self,
        by: WeightKind = "timeout",
        *,
        changes: Changes | None = None,
        within: int | None = None,
        window: int | None = None,
    ) -> DisplayedTimetable:
        """Compute a schedule; see :meth:`taskgraph.analysis.Analysis.timetable`.

        In a notebook it displays itself as a table.
        """
        from taskgraph.reports.notebook import DisplayedTimetable

        table = self.analysis.timetable(by, changes=changes, within=within, window=window)
        return DisplayedTimetable(*table)

    def to_frame(self) -> pd.DataFrame:
        """Give the subtasks as a data frame of pandas; see :func:`taskgraph.to_frame`."""
        from taskgraph.reports.notebook import to_frame

        return to_frame([self.account])

    def _repr_svg_(self) -> str:
        from taskgraph.diagrams.formats import render

        return str(render(self.analysis))


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was asked for: its tasks, or why it cannot be read or judged.

    Both where one of a list of tasks cannot be read: the others are good.

    Attributes
    ----------
    name : str
    tasks : tuple of LoadedTask
    error : InputError or ConfigError or None
    patterns : PatternUse
        Which patterns of its configuration fit it.
    note : str
        What was done to read it, where it is not quite what it should be.
    is_foreign : bool
        Whether it lies in a folder that was named, and is evidently no task.
    """

    name: str
    tasks: tuple[LoadedTask, ...] = ()
    error: InputError | ConfigError | None = None
    patterns: PatternUse = field(default_factory=dict)
    note: str = ""
    is_foreign: bool = False


def standard_input() -> BinaryIO:
    """Give the process's standard input; an empty one where it is closed."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def read_documents(
    paths: Paths,
    options: ReadOptions | None = None,
    configuration_for: ConfigurationFor = no_configuration,
    stdin: BinaryIO | None = None,
) -> Iterator[Document]:
    """Read documents one after the other; a bad one does not stop the others.

    Parameters
    ----------
    paths : str, path, or iterable of them
        Paths of files and folders, and patterns; ``-`` is standard input.
    options : ReadOptions, optional
    configuration_for : callable, optional
        Gives the configuration for the name of a document; the defaults without it.
    stdin : binary stream, optional
        What ``-`` stands for; the process's own by default.

    Yields
    ------
    Document

    Raises
    ------
    ConfigError
        If the configuration of a document has a mistake.
    """
    options = options or ReadOptions()
    names = TaskNames(os.path.realpath)

    def twin(task: Task) -> str:
        return names.twin(task.name, task.origin) if task.is_definition else ""

    for source in find_sources(named_paths(paths), stdin or standard_input(), options):
        for reading in read_source(source, options):
            configuration = configuration_for(reading.file)
            settings = configuration.for_path(reading.file)
            tasks: tuple[LoadedTask, ...] = ()
            error: InputError | ConfigError | None = reading.error
            try:
                tasks = tuple(
                    LoadedTask(task, settings, twin(task)) for task in reading.tasks
                )
            except ConfigError as refusal:
                if error is not None:
                    yield Document(reading.file, error=error)
                error = refusal
            for faulty in reading.faulty:
                twin(faulty)  # of which at least the name may be known
            yield Document(
                reading.file,
                tasks,
                error,
                pattern_use(configuration, reading.file, reading.tasks),
                reading.told,
                reading.is_foreign,
            )


def load_all(
    path: PathLike, settings: Settings = DEFAULTS, options: ReadOptions | None = None
) -> tuple[LoadedTask, ...]:
    """Load every task of a saved document, or of all documents of a folder or archive.

    Parameters
    ----------
    path : path
    settings : Settings, optional
        Every assumption that can change an answer; the defaults without it.
    options : ReadOptions, optional
        How documents are found and read.

    Raises
    ------
    InputError
        With every problem of the first document that cannot be read or holds no task.
    """
    tasks: list[LoadedTask] = []
    for document in read_documents([os.fspath(path)], options):
        if document.error is not None:
            raise document.error
        tasks += (LoadedTask(one.task, settings, one.twin) for one in document.tasks)
    return tuple(tasks)


def load(
    path: PathLike, settings: Settings = DEFAULTS, options: ReadOptions | None = None
) -> LoadedTask:
    """Load the task of a saved document; the parameters are those of :func:`load_all`.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read, or if it holds no task or
        more than one.
    """
    return _only(load_all(path, settings, options), os.fspath(path))


def redacted(tasks: Sequence[LoadedTask]) -> list[LoadedTask]:
    """Redact tasks together: a host, or a person, of several has the same name in all."""
    from taskgraph.privacy.redaction import redact_tasks

    new = redact_tasks(loaded.task for loaded in tasks)
    return [
        LoadedTask(task, loaded.settings, loaded.twin)
        for task, loaded in zip(new, tasks, strict=True)
    ]


def loads(
    data: bytes | str,
    settings: Settings = DEFAULTS,
    options: ReadOptions | None = None,
    *,
    name: str = "<memory>",
) -> LoadedTask:
    """Load the task of a document in memory; see :func:`load`.

    Parameters
    ----------
    data : bytes or str
    settings : Settings, optional
    options : ReadOptions, optional
    name : str
        What to call the document in messages.
    """
    # Half of a pair is told by the reader, with its place.
    text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    tasks = read_bytes(text, name, options or ReadOptions())
    return _only(tuple(LoadedTask(task, settings) for task in tasks), name)


def _only(tasks: tuple[LoadedTask, ...], name: str) -> LoadedTask:
    if len(tasks) > 1:
        ids = ", ".join(str(loaded.task.id) for loaded in tasks[:5])
        problem = Problem(
            f"holds {counted(len(tasks), 'task')}: {ids}{', …' * (len(tasks) > 5)}"
        )
        raise InputError(name, [problem], "taskgraph.load_all gives them all")
    return tasks[0]
