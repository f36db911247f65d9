"""Loading saved documents."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from taskgraph.errors import InputError, Problem
from taskgraph.graph import TaskGraph, build_graph
from taskgraph.model import Task
from taskgraph.sources import ReadOptions, find_sources, read_bytes, read_source

if TYPE_CHECKING:
    import pandas as pd

    from taskgraph.analysis.budget import Budget
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.checks import CheckResult

__all__ = ["Document", "LoadedTask", "load", "load_all", "loads", "read_documents"]

PathLike: TypeAlias = str | os.PathLike[str]


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
        from taskgraph.api.checking import check

        return check(self)

    def to_frame(self) -> pd.DataFrame:
        """Give the subtasks as a data frame of pandas; see :func:`taskgraph.to_frame`."""
        from taskgraph.api.framing import to_frame

        return to_frame(self)

    def _repr_svg_(self) -> str:
        from taskgraph.api.writing import render

        return str(render(self))


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was asked for: its tasks, or why it cannot be read.

    Both where one of a list of tasks cannot be read: the others are good.
    """

    name: str
    tasks: tuple[LoadedTask, ...] = ()
    error: InputError | None = None


def standard_input() -> BinaryIO:
    """Give the process's standard input; an empty one where it is closed."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


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
    for source in find_sources(paths, stdin or standard_input(), options):
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
