"""From a batch of documents to a part: what a worker does, on any machine."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, NamedTuple

from taskgraph.errors import InputError, Problem
from taskgraph.history.tables import SubtaskRow, TaskRow, place_of, rows_of, write_table
from taskgraph.model.task import Task
from taskgraph.sources.limits import ReadOptions, read_up_to
from taskgraph.sources.naming import DIAGNOSIS_LIST
from taskgraph.sources.opening import Source, pack_diagnosis, read_stream
from taskgraph.sources.parsing import paused_collector
from taskgraph.sources.reading import read_source
from taskgraph.sources.unpacking import DAMAGED, LargeZip

_READ, _REJECTED, _UNCHANGED = "read", "rejected", "unchanged"
_CONTAINER, _FOREIGN = "container", "foreign"
_OPTIONS = ReadOptions()
_STAGE = 100
_TRY_AGAIN = ""
"""The stamp of what could not be opened: nothing has it, so it is tried again."""
_UNNUMBERED = (FileNotFoundError, PermissionError, TimeoutError, ConnectionError)
"""What file systems of networks say without a number."""
_DAMAGE = (*DAMAGED, LookupError)
_WANTS_EXTRA = "install the extra"  # so do hints begin where only a library is missing


@dataclass(frozen=True, slots=True)
class Entry:
    """One document that is to be read."""

    name: str
    """Unique among all documents."""
    container: str
    """The file that it lies in: its own name, or that of an archive."""
    stamp: str
    """Changes when the document does."""
    member: str = ""
    """The name inside a zip archive."""
    place: int = 0
    """Where it begins there: members may share a name."""
    version: str = ""
    """The stamp of that archive."""
    data: bytes | None = None
    """The document itself where it had to be read to be found."""
    known: bytes = b""
    """The digests that documents of this name had before, 16 bytes each."""
    held: Set[tuple[bytes, str]] = frozenset()
    """The tasks that could be read of it when it was rejected, by digest and place."""
    weight: int = 0
    """How much of the input it is, in bytes."""
    is_found: bool = False
    """It was found in a folder: where it is evidently no task, it is passed over."""
    reason: str = ""
    """Why it cannot be read, if that is known already."""
    line: int = 0
    """Which line of a file in JSON Lines it is, from 1; its name ends with that."""

    @property
    def depth(self) -> int:
        """How many times it was unpacked."""
        return int(self.name.startswith(f"{self.container}!"))


@dataclass(frozen=True, slots=True)
class Batch:
    """What one part is made of."""

    entries: tuple[Entry, ...]
    origin: str = ""
    generation: int = 0
    """How many parts there were before the collection that this part is of."""
    is_closing: bool = False
    """It says which containers were read, not what is in them."""

    @property
    def key(self) -> int:
        """The number of the part: the same for the same entries of one collection."""
        start = f"{self.generation}\0{self.is_closing}\0{self.origin}"
        digest = hashlib.blake2b(start.encode("utf-8", "replace"), digest_size=8)
        for entry in self.entries:
            digest.update(f"\0{entry.name}\0{entry.stamp}".encode("utf-8", "replace"))
        return int.from_bytes(digest.digest())


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a batch, as Parquet files."""

    key: int
    origin: str
    generation: int
    documents: int
    rejects: int
    unchanged: int
    tasks: int
    subtasks: int
    """How many of each the part has; the documents are all that were looked at, but for
    those that were passed over.
    """
    weight: int
    """How much of the input it is, in bytes."""
    again: frozenset[str]
    """The containers of what could not be opened."""
    foreign: tuple[str, ...]
    """The names of what was passed over."""
    files: tuple[tuple[str, bytes], ...]
    """The tables that have rows, as (table, content)."""


def digest_of(data: bytes) -> bytes:
    """Give the 16 bytes that stand for a document's content."""
    return hashlib.blake2b(data, digest_size=16).digest()


class _Outcome(NamedTuple):
    """What became of one document; ``tasks`` are those of each document in it."""

    kind: str
    stamp: str
    digest: bytes | None = None
    reason: str | None = None
    tasks: tuple[tuple[Task, ...], ...] = ()


class _Rows:
    """The rows of a part as they come together."""

    def __init__(self, batch: Batch) -> None:
        self.batch, self.key = batch, batch.key
        self.outcomes: list[_Outcome] = []
        self.tasks: list[TaskRow] = []
        self.subtasks: list[SubtaskRow] = []

    def add(self, entry: Entry, outcome: _Outcome) -> None:
        """Add the rows of a document."""
        first = len(self.tasks)
        digest = outcome.digest or b""
        try:
            for readable in outcome.tasks:
                tasks = tuple(
                    task
                    for task in readable
                    if (digest, place_of(task.origin, entry.name)) not in entry.held
                )
                place = (self.key, len(self.tasks))
                rows = rows_of(tasks, place, entry.name, digest, self.batch.origin)
                for task, subtasks in rows:
                    self.tasks.append(task)
                    self.subtasks += subtasks
        except Exception as error:  # noqa: BLE001 - one must not stop all others
            self.subtasks = [row for row in self.subtasks if row.task_row < first]
            del self.tasks[first:]
            outcome = outcome._replace(kind=_REJECTED, reason=_fault(entry, error))
        self.outcomes.append(outcome._replace(tasks=()))

    def part(self) -> Part:
        """Write what has come together."""
        batch, key = self.batch, self.key
        entries = list(zip(batch.entries, self.outcomes, strict=True))
        documents = [
            (key, entry.name, entry.container, got.stamp, got.digest, got.kind, got.reason)
            for entry, got in entries
        ]
        counts = Counter(outcome.kind for outcome in self.outcomes)
        tables: dict[str, Sequence[tuple[object, ...]]] = {
            "documents": documents,
            "tasks": self.tasks,
            "subtasks": self.subtasks,
        }
        return Part(
            key=key,
            origin=batch.origin,
            generation=batch.generation,
            documents=len(documents) - counts[_CONTAINER] - counts[_FOREIGN],
            rejects=counts[_REJECTED],
            unchanged=counts[_UNCHANGED],
            tasks=len(self.tasks),
            subtasks=len(self.subtasks),
            weight=sum(entry.weight for entry in batch.entries),
            again=frozenset(e.container for e, got in entries if got.stamp == _TRY_AGAIN),
            foreign=tuple(entry.name for entry, got in entries if got.kind == _FOREIGN),
            files=tuple(
                (name, write_table(name, rows)) for name, rows in tables.items() if rows
            ),
        )


def build_part(batch: Batch) -> Part:
    """Read the documents of a batch and make their rows.

    A document that cannot be read becomes a rejected one, with the reason.
    """
    rows = _Rows(batch)
    with paused_collector():
        for first in range(0, len(batch.entries), _STAGE):
            # First some are read, then the same are judged: code that stays in the
            # processor's cache takes a fifth less time.
            entries = batch.entries[first : first + _STAGE]
            for entry, outcome in [(entry, _read_entry(entry)) for entry in entries]:
                rows.add(entry, outcome)
    return rows.part()


def closing_part(
    files: Sequence[tuple[Entry, str | None]], origin: str, generation: int
) -> Part:
    """Make the part that says which containers were read to their end.

    Each comes with the reason why it could not be read; one without a stamp is read again
    next time.
    """
    entries = tuple(entry for entry, _ in files)
    rows = _Rows(Batch(entries, origin, generation, is_closing=True))
    rows.outcomes = [
        _Outcome(_REJECTED if reason else _CONTAINER, entry.stamp, reason=reason)
        for entry, reason in files
    ]
    return rows.part()


def _read_entry(entry: Entry) -> _Outcome:
    if entry.reason:
        return _Outcome(_REJECTED, entry.stamp, reason=entry.reason)
    try:
        data = _content(entry)
    except Exception as error:  # noqa: BLE001 - damage shows itself in many ways
        stamp = _TRY_AGAIN if is_outside(error) else entry.stamp
        return _Outcome(_REJECTED, stamp, reason=reason_of(entry.name, error))
    digest = digest_of(data)
    if _holds(entry.known, digest):
        return _Outcome(_UNCHANGED, entry.stamp, digest)
    tasks: list[tuple[Task, ...]] = []
    reason = ""
    kind = _READ
    stamp = entry.stamp
    try:
        source = Source(
            entry.name, lambda: data, is_found=entry.is_found, depth=entry.depth
        )
        for reading in read_source(source):
            if reading.is_foreign:
                kind = _FOREIGN
            if reading.error is not None:
                reason = reason or str(_in_file(reading.error, entry))
                if reading.error.hint.startswith(_WANTS_EXTRA):
                    stamp = _TRY_AGAIN
            if any(task.is_definition for task in reading.tasks):
                place = (1, 1) if entry.line else (None, None)
                problem = Problem("is a definition: it says nothing of a run", None, *place)
                reason = str(_in_file(InputError(reading.file, [problem]), entry))
            elif reading.tasks:  # also the good ones of a list with a bad one
                tasks.append(reading.tasks)
    except Exception as error:  # noqa: BLE001 - one document must not stop all others
        reason = _fault(entry, error)
    if not reason:
        return _Outcome(_READ if tasks else kind, stamp, digest, None, tuple(tasks))
    return _Outcome(_REJECTED, stamp, digest, reason, tuple(tasks))


def _in_file(error: InputError, entry: Entry) -> InputError:
    """Name file and line of what is wrong in JSON Lines as everything else does."""
    if not entry.line or error.file != entry.name:
        return error
    problems = [
        replace(problem, line=problem.line and problem.line + entry.line - 1)
        for problem in error.problems
    ]
    file = entry.name.removesuffix(f":{entry.line}")
    return InputError(file, problems, error.hint)


def _holds(digests: bytes, digest: bytes) -> bool:
    return any(digest == digests[i : i + 16] for i in range(0, len(digests), 16))


def is_outside(error: Exception) -> bool:
    """Tell whether what went wrong lies outside the document, so that it may pass.

    The system numbers its errors; the libraries that unpack do not.
    """
    if isinstance(error, InputError):
        return error.hint.startswith(_WANTS_EXTRA)
    if isinstance(error, OSError):
        if error.errno is None:
            return isinstance(error, _UNNUMBERED)
        return error.errno != errno.EINVAL  # that is a place before the start
    return not isinstance(error, _DAMAGE)


def reason_of(name: str, error: Exception) -> str:
    """Say why a document or an archive cannot be read."""
    if isinstance(error, InputError):
        return str(error)
    text = str(error).partition("\n")[0] or type(error).__name__
    if is_outside(error):
        text = f"cannot be opened: {getattr(error, 'strerror', None) or text}"
        hint = "it is tried again next time"
    else:
        text, hint = f"is damaged: {text}", "copy or save it again"
    return str(InputError(name, [Problem(text)], hint))


def _fault(entry: Entry, error: Exception) -> str:
    return f"{entry.name}: a fault of taskgraph itself: {error!r}"


def _content(entry: Entry) -> bytes:
    """Read a document."""
    if entry.data is not None:
        return entry.data
    if entry.member:
        archive = _archive(entry.container, entry.version)
        with archive.open(entry.place) as member:
            return read_up_to(member, _OPTIONS.max_bytes + 1)
    if os.path.basename(entry.container) == DIAGNOSIS_LIST:
        return pack_diagnosis(entry.container, _OPTIONS)
    with open_file(entry.container) as stream:
        return read_stream(stream, entry.name, _OPTIONS)


@lru_cache(maxsize=2)
def _archive(
    name: str,
    version: str,  # noqa: ARG001 - a key
) -> LargeZip:
    """Keep an archive open from one member to the next; its directory may be long."""
    return LargeZip(open_file(name) if "://" in name else name, name)


def open_file(name: str) -> IO[bytes]:
    """Open a path, or an address that fsspec knows, to read its bytes."""
    if "://" not in name:
        return open(name, "rb")
    import fsspec

    stream: IO[bytes] = fsspec.open(name, "rb").open()
    return stream
