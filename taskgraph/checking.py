"""Checking many files, one after the other or on several cores, in their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, NamedTuple, TypeAlias

from taskgraph.checks import CheckResult, Severity, check_document
from taskgraph.config import Config
from taskgraph.errors import InputError
from taskgraph.graph import build_graph
from taskgraph.sources import ReadOptions, Source, find_sources, read_source

__all__ = ["CheckedDocument", "check_sources", "default_config"]

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


def default_config(_file: str) -> Config:
    """Give the configuration where there is no file."""
    return Config()


def check_sources(
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
        results = check_document(map(build_graph, reading.tasks), config.check)
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
