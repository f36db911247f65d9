"""What the checks find, and what a run of them gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

from taskgraph.errors import InputError, UncheckedError
from taskgraph.model.task import Id, Origin, id_key
from taskgraph.settings import Severity


class Step(NamedTuple):
    """One subtask of a walk along the edges, and where it stands in the document."""

    id: Id
    pointer: str
    line: int | None = None
    column: int | None = None


class Finding(NamedTuple):
    """One fault of one task.

    The texts are plain and unescaped: names in them come from the document.

    Attributes
    ----------
    code, name : str
        The rule: ``TG103``, ``one-sided-edge``.
    severity : Severity
    message : str
        One sentence that names the subtasks.
    hint : str
        What to do.
    file : str
    task_id, task_name
        The task; both ``None`` where the finding is about the whole document.
    subtasks : tuple of ids
        The subtasks that it is about, ascending.
    edges : tuple of (id, id)
        The edges that it is about, each as (upstream, downstream); for a cycle the
        edges without which there is none.
    pointer : str
        The JSON pointer (RFC 6901) of the place in the document.
    line, column : int or None
        The same place in the text, counted from 1, where the text is at hand.
    path : tuple of Step
        A walk along the edges that shows the fault; for a cycle it ends where it began.
    subtask_names : tuple of str
        The name of each of the subtasks.
    detail : str
        Tells findings of one rule about the same subtasks apart, apart from ids, times
        and other things that change from run to run.
    of_key : bool
        Whether line and column are those of the key that the pointer ends with.
    known_as : str
        While a baseline is looked at that has other names, since in one of the two they
        are redacted: the fingerprint by those. It is never written.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str
    file: str
    task_id: Id | None
    task_name: str | None
    subtasks: tuple[Id, ...] = ()
    edges: tuple[tuple[Id, Id], ...] = ()
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    path: tuple[Step, ...] = ()
    subtask_names: tuple[str, ...] = ()
    detail: str = ""
    of_key: bool = False
    known_as: str = ""

    def sort_key(self, origin: Origin) -> tuple[object, ...]:
        """Give the key that sorts the findings of one task, which was read there.

        The worst first, then by rule and by the ids that the document has, redacted or
        not: the order of its subtasks has no say.
        """

        def key(identifier: Id) -> tuple[int, int, str]:
            return id_key(origin.unredacted(identifier))

        return (
            -self.severity.rank,
            self.code,
            tuple(map(key, self.subtasks)),
            tuple((key(a), key(b)) for a, b in self.edges),
            self.message,
            self.pointer,
        )


class Skipped(NamedTuple):
    """A rule that could not speak about a task."""

    code: str
    name: str
    reason: str


class AcceptedEntry(NamedTuple):
    """A finding that a baseline accepts; all but the fingerprint is for people."""

    fingerprint: str
    code: str
    name: str
    task: str | None
    subtasks: tuple[str, ...]


class CheckResult(NamedTuple):
    """What the rules say about one task.

    Attributes
    ----------
    file : str
    task_id, task_name
        The task.
    findings : tuple of Finding
        The worst first, then by rule and by the ids of the subtasks.
    skipped : tuple of Skipped
        The rules that could not speak, by code.
    suppressed : int
        How many findings were accepted beforehand and left out.
    fail_on : Severity or None
        The severity from which on a finding is a failure; ``None`` is never.
    left_out : tuple of Severity
        The severities of findings that were too many.
    if_repeated : tuple of Finding
        What is found if another task of the run has this name, without its place.
    origin : Origin or None
        The document of a definition, to know its name by and to find that place in.
    looked : frozenset of str
        The codes of the rules that would have found all that is theirs in this task.
    hidden : tuple of str
        Where findings were left out, as accepted by the settings or as consequences of
        others: the fingerprints of all as they were before.
    """

    file: str
    task_id: Id | None
    task_name: str
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: int = 0
    fail_on: Severity | None = Severity.ERROR
    left_out: tuple[Severity, ...] = ()
    if_repeated: tuple[Finding, ...] = ()
    origin: Origin | None = None
    looked: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; ``None`` where there is none."""
        return max((finding.severity for finding in self.findings), default=None)

    @property
    def has_failed(self) -> bool:
        """Whether a finding is as bad as `fail_on`."""
        return self.worst is not None and self.is_failure(self.worst)

    def is_failure(self, severity: Severity) -> bool:
        """Tell whether a finding of a severity is as bad as `fail_on`."""
        return self.fail_on is not None and severity >= self.fail_on


class CheckTotals:
    """What a run found, counted result by result.

    Attributes
    ----------
    tasks, files, suppressed : int
        A file whose tasks do not come one after the other counts again.
    rules : Counter of (code, name, severity)
        How often each rule fired.
    skipped : Counter of Skipped
        For how many tasks each rule could not speak, by the reason.
    unread, partly, unchecked : set of str
        The files of which something could not be read or checked, those of them that have
        a result nevertheless, and those whose configuration is wrong.
    """

    def __init__(
        self, results: Iterable[CheckResult] = (), unreadable: Iterable[InputError] = ()
    ) -> None:
        self.tasks = self.files = self.suppressed = 0
        self.rules: Counter[tuple[str, str, Severity]] = Counter()
        self.skipped: Counter[Skipped] = Counter()
        self.unread: set[str] = set()
        self.partly: set[str] = set()
        self.unchecked: set[str] = set()
        self._last_file: str | None = None
        for error in unreadable:
            self.miss(error)
        for result in results:
            self.add(result)

    def add(self, result: CheckResult) -> None:
        """Count a result."""
        self.tasks += 1
        self.files += result.file != self._last_file
        self._last_file = result.file
        if result.file in self.unread:
            self.partly.add(result.file)
        self.suppressed += result.suppressed
        self.skipped.update(result.skipped)
        self.rules.update((row.code, row.name, row.severity) for row in result.findings)

    def miss(self, error: InputError) -> None:
        """Count what could not be read or checked."""
        self.unread.add(error.file)
        if isinstance(error, UncheckedError):
            self.unchecked.add(error.file)
        if error.file == self._last_file:
            self.partly.add(error.file)

    def with_files(self, name: Callable[[str], str]) -> CheckTotals:
        """Give the same totals with the files named in another way."""
        named = copy(self)
        named.unread = set(map(name, self.unread))
        named.partly = set(map(name, self.partly))
        named.unchecked = set(map(name, self.unchecked))
        return named

    @property
    def severities(self) -> dict[Severity, int]:
        """How many findings there are of each severity, the worst first."""
        counts = dict.fromkeys(reversed(Severity), 0)
        for (_, _, severity), count in self.rules.items():
            counts[severity] += count
        return counts


class AnyRun(Protocol):
    """A run of the checks, finished or under way: what reports read.

    Where it is under way, everything but the results and the version is known only once
    the results have all been taken.
    """

    @property
    def results(self) -> Iterable[CheckResult]:
        """One for each task, in the order of the documents."""

    @property
    def totals(self) -> CheckTotals:
        """What was found, counted."""

    @property
    def unreadable(self) -> Sequence[InputError]:
        """The documents that could not be read or checked, or in part only."""

    @property
    def version(self) -> str:
        """The version of the tool."""

    @property
    def missing(self) -> str:
        """What is to be said where no document holds a task that is meant."""

    @property
    def stale(self) -> Sequence[AcceptedEntry]:
        """The entries of the baseline that were looked for, and that no finding has."""


@dataclass(frozen=True)
class CheckRun:
    """What one run over any number of documents gives: all of :class:`AnyRun`.

    Attributes
    ----------
    counted : CheckTotals or None
        What was found where the results do not have all of it.
    """

    results: tuple[CheckResult, ...]
    unreadable: tuple[InputError, ...] = ()
    version: str = ""
    stale: tuple[AcceptedEntry, ...] = ()
    counted: CheckTotals | None = None
    missing: str = ""

    def with_files(self, name: Callable[[str], str]) -> CheckRun:
        """Give the same run with the files named in another way."""
        results = tuple(
            result._replace(
                file=name(result.file),
                findings=tuple(
                    finding._replace(file=name(finding.file)) for finding in result.findings
                ),
            )
            for result in self.results
        )
        unreadable = tuple(
            type(error)(name(error.file), [*error.problems], error.hint)
            for error in self.unreadable
        )
        counted = self.counted and self.counted.with_files(name)
        return replace(self, results=results, unreadable=unreadable, counted=counted)

    @cached_property
    def totals(self) -> CheckTotals:
        """What was found, counted, also what the results leave out."""
        return self.counted or CheckTotals(self.results, self.unreadable)
