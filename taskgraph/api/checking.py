"""Checking tasks: one, or many files on several cores, in their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias

from taskgraph.api.loading import LoadedTask, standard_input
from taskgraph.checks import (
    CheckOptions,
    CheckResult,
    CheckRun,
    Severity,
    check_document,
    run_checks,
)
from taskgraph.config import Config
from taskgraph.errors import InputError
from taskgraph.graph import build_graph
from taskgraph.sources import ReadOptions, Source, find_sources, read_source

if TYPE_CHECKING:
    from taskgraph.checks.baseline import Baseline, BaselineEntry

__all__ = ["Checked", "check", "check_files"]

ConfigFor: TypeAlias = Callable[[str], Config]

_FEW = 200
"""Fewer files than this are checked sooner than another process starts."""
_CHUNK = 50


class CheckedDocument(NamedTuple):
    """What the rules say about one document."""

    file: str
    results: tuple[CheckResult, ...] = ()
    error: InputError | None = None
    fail_on: Severity | None = None
    """The severity from which on a finding in it is a failure; ``None`` is never."""


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
    from taskgraph.checks.baseline import apply_baseline

    unreadable: list[InputError] = []
    results: list[CheckResult] = []
    limits: list[Severity | None] = []
    for checked in _check_sources(
        paths,
        config_for or _default_config,
        standard_input(),
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


def _default_config(_file: str) -> Config:
    """Give the configuration where there is no file."""
    return Config()


def _check_sources(
    paths: Iterable[str],
    config_for: ConfigFor,
    stdin: BinaryIO,
    options: ReadOptions,
    jobs: int | None = None,
) -> Iterator[CheckedDocument]:
    """Check every document that the paths name.

    Parameters
    ----------
    paths : iterable of str
    config_for : callable
        Gives the configuration for the name of a document. Where several processes
        check, it is sent to them and so must be picklable.
    stdin : binary stream
        What ``-`` stands for.
    options : ReadOptions
    jobs : int, optional
        How many processes check; by default one for a few files, else one for each core.

    Yields
    ------
    CheckedDocument
        In the order of the documents, whatever the number of processes.
    """
    paths = list(paths)
    sources = find_sources(paths, stdin, options)
    first = list(islice(sources, _FEW))
    jobs = jobs or (os.cpu_count() or 1 if len(first) == _FEW else 1)
    if jobs == 1 or "-" in paths:
        for source in chain(first, sources):
            yield from _check(source, config_for, options)
    else:
        yield from _in_parallel(chain(first, sources), config_for, options, jobs)


def _check(
    source: Source, config_for: ConfigFor, options: ReadOptions
) -> Iterator[CheckedDocument]:
    for reading in read_source(source, options):
        if reading.error is not None:
            yield CheckedDocument(reading.file, error=reading.error)
            continue
        config = config_for(reading.file)
        names = {subtask.name for task in reading.tasks for subtask in task.subtasks}
        rules = config.check_options(names)
        results = check_document(map(build_graph, reading.tasks), rules)
        limit = Severity.__members__.get(config.fail_on.upper())
        yield CheckedDocument(reading.file, results, fail_on=limit)


def _in_parallel(
    sources: Iterable[Source], config_for: ConfigFor, options: ReadOptions, jobs: int
) -> Iterator[CheckedDocument]:
    """Keep each process busy with a chunk of files, and no more chunks than that ahead."""
    from collections import deque
    from concurrent.futures import Future, ProcessPoolExecutor

    waiting: deque[Future[list[CheckedDocument]]] = deque()
    remaining = iter(sources)
    with ProcessPoolExecutor(jobs) as pool:
        while chunk := list(islice(remaining, _CHUNK)):
            waiting.append(pool.submit(_check_chunk, chunk, config_for, options))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _check_chunk(
    sources: list[Source], config_for: ConfigFor, options: ReadOptions
) -> list[CheckedDocument]:
    return [
        checked for source in sources for checked in _check(source, config_for, options)
    ]
