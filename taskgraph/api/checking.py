"""Checking tasks: one, or many files on several cores, in their order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.api.loading import (
    ConfigurationFor,
    LoadedTask,
    analysed,
    no_configuration,
    standard_input,
)
from taskgraph.checks.result import CheckResult, CheckRun, CheckTotals, Skipped
from taskgraph.checks.runner import TaskNames, check_document
from taskgraph.config import PatternUse, UnusedPatterns, pattern_use
from taskgraph.errors import (
    ConfigError,
    InputError,
    Problem,
    TaskgraphError,
    UncheckedError,
)
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Paths, Source, find_sources, named_paths
from taskgraph.sources.parsing import paused_collector
from taskgraph.sources.reading import read_source
from taskgraph.version import __version__

if TYPE_CHECKING:
    from taskgraph.checks.baseline import Acceptance, Baseline
    from taskgraph.checks.result import AcceptedEntry
    from taskgraph.model.task import Task
    from taskgraph.settings import Settings

_MOST_JOBS = 256
_FEW = 200
"""Fewer files than this are checked sooner than another process starts."""
_FIRST = 10
_CHUNK = 25
"""Files that are checked in one go: few enough to be told of soon."""


class CheckedDocument(NamedTuple):
    """What the rules say about one document, or why it is not known.

    Both where one of a list of tasks cannot be read.
    """

    results: tuple[CheckResult, ...] = ()
    error: InputError | None = None
    patterns: PatternUse = {}  # noqa: RUF012
    note: str = ""
    foreign: str = ""
    """Its name, if it is evidently no task and lies in a folder that was named."""
    wrong: str = ""
    """What is wrong with its configuration, for which it is not checked."""


def check(loaded: LoadedTask) -> CheckResult:
    """Check a task against the rules, as its settings have it.

    Parameters
    ----------
    loaded : LoadedTask

    Returns
    -------
    CheckResult
        The findings, sorted, and the rules that were skipped, with the reason.
    """
    return loaded.checked


class Checked(NamedTuple):
    """What a run of the checks over files gives."""

    run: CheckRun
    failed: bool
    """Whether a finding is as bad as its configuration's `fail_on`."""


class CheckStream:
    """A run of the checks that is under way: nothing is kept but counts.

    It is what :func:`stream_checks` gives, which tells the parameters.

    Attributes
    ----------
    totals : CheckTotals
        Of what was found so far.
    unreadable : list of InputError
        The documents so far that could not be read or checked, or in part only.
    misconfigured : Counter of str
        What is wrong with the configuration of some documents, and of how many: they are
        not checked, and the others are.
    unused : UnusedPatterns
        The patterns of configurations that nothing fits so far.
    notes : list of str
        What was done to read documents that are not quite what they should be.
    foreign : list of str
        The files of folders so far that were passed over: evidently no tasks.
    left_out : int
        How many findings were too many so far.
    failed : bool
        Whether a finding so far is as bad as its configuration's `fail_on`.
    """

    def __init__(
        self,
        documents: Iterable[CheckedDocument],
        baseline: Baseline | None = None,
        most: int | None = None,
        options: ReadOptions | None = None,
    ) -> None:
        self.version = __version__
        self.totals = CheckTotals()
        self.unreadable: list[InputError] = []
        self.misconfigured: Counter[str] = Counter()
        self.unused = UnusedPatterns()
        self.notes: list[str] = []
        self.foreign: list[str] = []
        self.left_out = 0
        self.failed = False
        self._documents = documents
        self._acceptance = None if baseline is None else _acceptance(baseline)
        self._room = most
        self._options = options or ReadOptions()
        self._names = TaskNames(os.path.realpath)

    @property
    def results(self) -> Iterator[CheckResult]:
        """One for each task, in the order of the documents; they come once."""
        for document in self._documents:
            self.unused.add(document.patterns, document.error)
            self.notes += filter(None, [document.note])
            self.foreign += filter(None, [document.foreign])
            error = document.error
            if document.wrong:
                self.misconfigured[document.wrong] += 1
            # of a file that holds many documents it is said once
            if error is not None and not (
                document.wrong and error.file in self.totals.unchecked
            ):
                self.unreadable.append(error)
                self.totals.miss(error)
            yield from map(self._counted, document.results)

    def _counted(self, result: CheckResult) -> CheckResult:
        result = self._names.apply(result)
        if self._acceptance is not None:
            result = self._acceptance.apply(result)
        self.failed = self.failed or result.has_failed
        self.totals.add(result)
        if self._room is None:
            return result
        kept, others = result.findings[: self._room], result.findings[self._room :]
        self._room -= len(kept)
        if not others:
            return result
        self.left_out += len(others)
        severities = tuple(finding.severity for finding in others)
        return result._replace(findings=kept, left_out=severities)

    @property
    def stale(self) -> tuple[AcceptedEntry, ...]:
        """The entries of the baseline that were looked for, and no finding so far has.

        What was not read or checked may have any of them.
        """
        if self._acceptance is None or self.unreadable:
            return ()
        return self._acceptance.stale

    @property
    def missing(self) -> str:
        """What is to be said where no document so far holds a task that is meant."""
        is_meant = bool(self.foreign or self._options.task is not None)
        was_found = self.totals.tasks or self.unreadable
        return self._options.nothing_found if is_meant and not was_found else ""

    def collect(self) -> CheckRun:
        """Go to the end and keep everything."""
        alike: dict[tuple[Skipped, ...], tuple[Skipped, ...]] = {}  # most tasks are
        results = tuple(
            result._replace(skipped=alike.setdefault(result.skipped, result.skipped))
            for result in self.results
        )
        return CheckRun(
            results, tuple(self.unreadable), self.version, self.stale, self.totals,
            self.missing,
        )  # fmt: skip


def _acceptance(baseline: Baseline) -> Acceptance:
    from taskgraph.checks.baseline import Acceptance

    return Acceptance(baseline)


def check_files(
    paths: Paths,
    configuration_for: ConfigurationFor = no_configuration,
    *,
    options: ReadOptions | None = None,
    jobs: int | None = None,
    baseline: Baseline | None = None,
) -> Checked:
    """Check every task of every document, and keep what is found.

    The parameters are those of :func:`stream_checks`.
    """
    stream = stream_checks(
        paths, configuration_for, options=options, jobs=jobs, baseline=baseline
    )
    return Checked(stream.collect(), stream.failed)


def stream_checks(
    paths: Paths,
    configuration_for: ConfigurationFor = no_configuration,
    *,
    options: ReadOptions | None = None,
    jobs: int | None = None,
    baseline: Baseline | None = None,
    most: int | None = None,
    each: Callable[[], None] = lambda: None,
    leave_out: Iterable[str | None] = (),
) -> CheckStream:
    """Check every task of every document, as the results are asked for.

    Parameters
    ----------
    paths : str, path, or iterable of them
        Paths of files and folders, and patterns; ``-`` is standard input.
    configuration_for : callable, optional
        Gives the configuration for the name of a document; the defaults without it. It
        is sent to the processes that check, and so must be picklable.
    options : ReadOptions, optional
    jobs : int, optional
        How many processes check; by default as many as there are cores if files are many.
    baseline : Baseline, optional
        Findings to leave out.
    most : int, optional
        How many findings to give at most; all of them decide whether the run failed.
    each : callable, optional
        Called after each document.
    leave_out : iterable of str or None
        Files that are no documents, also where they lie in a folder of documents.

    Notes
    -----
    A document whose configuration is wrong is listed among those that could not be read,
    as an :class:`~taskgraph.errors.UncheckedError`.
    """
    others = {os.path.realpath(path) for path in leave_out if path not in (None, "-")}
    options = options or ReadOptions()
    if baseline is not None and baseline.is_redacted != options.redact:
        options = replace(options, redacts_apart=False)  # it is checked both ways
    documents = _check_sources(paths, configuration_for, options, jobs, others)
    return CheckStream(_ticked(documents, each), baseline, most, options)


def _ticked(
    documents: Iterable[CheckedDocument], each: Callable[[], None]
) -> Iterator[CheckedDocument]:
    for document in documents:
        each()
        yield document


def _check_sources(
    paths: Paths,
    configuration_for: ConfigurationFor,
    options: ReadOptions,
    jobs: int | None,
    leave_out: Set[str],
) -> Iterator[CheckedDocument]:
    """Check every document, in their order, whatever the number of processes."""
    paths = named_paths(paths)
    sources = find_sources(paths, standard_input(), options)
    if leave_out:
        sources = (s for s in sources if os.path.realpath(s.name) not in leave_out)
    first = list(islice(sources, _FEW))
    jobs = min(jobs or (os.cpu_count() or 1 if len(first) == _FEW else 1), _MOST_JOBS)
    if jobs == 1 or "-" in paths:
        for source in chain(first, sources):
            yield from _check_chunk([source], configuration_for, options)
    else:
        # What these import on the way, the processes that are forked then have.
        yield from _check_chunk(first[:_FIRST], configuration_for, options)
        rest = chain(first[_FIRST:], sources)
        yield from _in_parallel(rest, configuration_for, options, jobs)


def _check(
    source: Source, configuration_for: ConfigurationFor, options: ReadOptions
) -> Iterator[CheckedDocument]:
    for reading in read_source(source, options):
        results: tuple[CheckResult, ...] = ()
        patterns: PatternUse = {}
        try:
            if tasks := reading.tasks + reading.faulty:
                configuration = configuration_for(reading.file)
                settings = configuration.for_path(reading.file)
                if options.redacts_apart:
                    results = check_document([analysed(task, settings) for task in tasks])
                else:
                    tasks, results = _check_twice(tasks, settings, options)
                patterns = pattern_use(configuration, reading.file, tasks)
        except ConfigError as error:
            if reading.untold is not None:
                yield CheckedDocument(error=reading.untold)
            unchecked = _unchecked(reading.file, str(error))
            yield CheckedDocument(error=unchecked, wrong=str(error))
            continue
        foreign = reading.file if reading.is_foreign else ""
        yield CheckedDocument(results, reading.untold, patterns, reading.told, foreign)


def _unchecked(file: str, wrong: str) -> UncheckedError:
    """Say of a document what is wrong with its configuration, each line by itself."""
    what, _, hint = wrong.partition("\n  hint: ")
    problems = [Problem(f"the configuration is wrong: {line}") for line in what.split("\n")]
    return UncheckedError(file, problems, hint or "mend the configuration")


def _check_twice(
    tasks: tuple[Task, ...], settings: Settings, options: ReadOptions
) -> tuple[tuple[Task, ...], tuple[CheckResult, ...]]:
    """Check tasks redacted and as they are: the baseline has the other names."""
    from taskgraph.checks.baseline import with_other_names
    from taskgraph.privacy.redaction import redact_task

    others = tuple(map(redact_task, tasks))
    if options.redact:
        tasks, others = others, tasks
    results, known = (
        check_document([analysed(task, settings) for task in group])
        for group in (tasks, others)
    )
    named = []
    for place, (task, other) in enumerate(zip(tasks, others, strict=True)):
        new = (subtask.id for subtask in task.subtasks)
        old = (subtask.id for subtask in other.subtasks)
        ids = dict(zip(old, new, strict=True))
        named.append(with_other_names(results[place], known[place], ids))
    return tasks, tuple(named)


def _in_parallel(
    sources: Iterable[Source],
    configuration_for: ConfigurationFor,
    options: ReadOptions,
    jobs: int,
) -> Iterator[CheckedDocument]:
    """Keep each process busy with a chunk of files, and no more chunks than that ahead."""
    from collections import deque
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from taskgraph.history.engines import interruptible

    waiting: deque[Future[list[CheckedDocument]]] = deque()
    remaining = iter(sources)
    pool = ProcessPoolExecutor(jobs, initializer=_begin_worker)
    try:
        while chunk := list(islice(remaining, _CHUNK)):
            with interruptible(at_once=False):  # also in processes that this starts
                future = pool.submit(_check_in_worker, chunk, configuration_for, options)
            waiting.append(future)
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool:
        raise TaskgraphError(
            "a process that checked some of the documents has died\n"
            "  hint: is there memory enough? fewer processes need less: -j 1"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Let an interrupt, if it comes, end this process without a word: its parent says it.

    Where the parent is deaf to interrupts, as in the background of a shell, so is this.
    """
    import signal

    from taskgraph.history.engines import end_with_parent

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def _check_in_worker(
    sources: list[Source], configuration_for: ConfigurationFor, options: ReadOptions
) -> list[CheckedDocument]:
    """Check files in a process of their own, which an interrupt ends only meanwhile.

    While it hands over what it found, that would leave its parent waiting for the rest.
    """
    from taskgraph.history.engines import interruptible

    with interruptible(at_once=True):
        return _check_chunk(sources, configuration_for, options)


def _check_chunk(
    sources: list[Source], configuration_for: ConfigurationFor, options: ReadOptions
) -> list[CheckedDocument]:
    with paused_collector():
        checked = (_check(source, configuration_for, options) for source in sources)
        return list(chain.from_iterable(checked))
