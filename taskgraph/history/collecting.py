"""Many documents to parts: what is new is read, batch by batch, by an engine.

What is new is asked of the database, beside what was collected before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph.errors import ConfigError
from taskgraph.history.database import Limits, create_view, open_database, register
from taskgraph.history.engines import Engine, InlineEngine, needs_extras
from taskgraph.history.finding import File, Known, Refuse, expand, find_files, is_container
from taskgraph.history.parts import (
    Batch,
    Entry,
    Part,
    build_part,
    closing_part,
    is_outside,
    reason_of,
)
from taskgraph.history.store import RunStore
from taskgraph.model.words import NAMED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

T = TypeVar("T")
BATCH_DOCUMENTS = 1000
"""Documents of a part: about half a second of work, which is what a kill can cost."""
_BATCH_BYTES = 8 * 2**20
"""Bytes of a part, so that a batch of large documents is small too."""
_ROWS = 10_000  # in memory at a time
_FILES = {"name": "string", "size": "int64", "stamp": "string", "is_found": "bool"}


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection did.

    Attributes
    ----------
    documents : int
        How many were looked at: new ones, and changed ones.
    rejects : int
        How many of them could not be read.
    unchanged : int
        How many of them turned out to be what was known.
    skipped : int
        Files that were not opened, since nothing about them had changed.
    tasks, subtasks : int
        The rows that were added.
    refused : tuple of str
        What could not be looked at, and why: a path that leads to nothing for example.
    passed : int
        Documents that were passed over: they lie in a folder, and are evidently no tasks.
    foreign : tuple of str
        The names of the first of these.
    """

    documents: int = 0
    rejects: int = 0
    unchanged: int = 0
    skipped: int = 0
    tasks: int = 0
    subtasks: int = 0
    refused: tuple[str, ...] = ()
    passed: int = 0
    foreign: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to look at, but for what was passed over."""
        return not (self.documents or self.skipped or self.rejects)

    def plus(self, part: Part) -> Collected:
        """Count a part."""
        return replace(
            self,
            documents=self.documents + part.documents,
            rejects=self.rejects + part.rejects,
            unchanged=self.unchanged + part.unchanged,
            tasks=self.tasks + part.tasks,
            subtasks=self.subtasks + part.subtasks,
            passed=self.passed + len(part.foreign),
            foreign=tuple(sorted(self.foreign + part.foreign)[:NAMED]),
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """What one collection did, and what there is now.

    Attributes
    ----------
    store : RunStore
        Where the runs are.
    listed : int
        Documents that cannot be read, whenever they were looked at; the store's
        ``rejects_file`` has the reasons.
    """

    store: RunStore
    collected: Collected
    listed: int


@dataclass(frozen=True, slots=True)
class CollectionProgress:
    """How far a collection is.

    Attributes
    ----------
    done, total : int
        Bytes of input.
    """

    done: int
    total: int
    collected: Collected


@needs_extras
def collect_documents(
    paths: Iterable[str],
    store: RunStore,
    *,
    origin: str = "",
    retry_rejects: bool = False,
    engine: Engine | None = None,
    limits: Limits | None = None,
    report: Callable[[CollectionProgress], None] | None = None,
) -> Collected:
    """Collect the documents of any number of paths: files, folders, patterns, archives ...

    Whatever was collected before is left out. If this is stopped, at any moment and in
    any way, the next collection of the same paths goes on from there. Tasks of different
    origins are different tasks. What was rejected is read again if it shall be, and always
    where it could not be opened. The limits are for comparing what is there with what was
    collected; `report` is told after each part how far it is.

    Raises ConfigError if all paths lead to nothing, if documents were collected under
    another origin, if the store cannot be written or is to begin in one of the paths, or
    another collection is under way.
    """
    paths = list(paths)
    limits = limits or Limits()
    with (
        store.collecting(paths),
        open_database(limits, store, store.temporary_folder) as connection,
    ):
        run = _Run(store, origin, report)
        find_fresh(
            connection, paths, store, origin=origin, retry=retry_rejects, refuse=run.refuse
        )
        run.start(*_sizes(connection))
        batches = _batches(run.entries(connection), origin, run.generation)
        for part in (engine or InlineEngine()).map(build_part, batches):
            run.add(part)
        run.finish(connection, paths)
    return run.collected


class _Run:
    """One collection under way."""

    def __init__(
        self,
        store: RunStore,
        origin: str,
        report: Callable[[CollectionProgress], None] | None,
    ) -> None:
        self.store = store
        self.origin = origin
        self.report = report
        self.generation = sum(1 for _ in store.parts())
        self.total = 0
        self.done = 0
        self.collected = Collected()
        self.refused: dict[str, str] = {}
        self.damaged: dict[str, str] = {}
        self.again: set[str] = set()

    def start(self, total: int, skipped: int) -> None:
        """Note how much there is to do."""
        self.total = total
        refused = tuple(f"{name}: {why}" for name, why in sorted(self.refused.items()))
        self.collected = Collected(skipped=skipped, rejects=len(refused), refused=refused)

    def refuse(self, name: str, reason: str) -> None:
        """Note what cannot be looked at: it is listed, and looked for again next time."""
        self.refused[name] = reason

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Give every document that is to be read."""
        cursor = connection.cursor()  # the connection answers other questions meanwhile
        cursor.execute(_DIGESTS)
        for *facts, known, rejected in _rows(cursor):
            file, held = File(*facts), frozenset(rejected or ())
            if is_container(file.name):
                yield from self._members(connection, file, held)
            else:
                yield Entry(
                    file.name,
                    file.name,
                    file.stamp,
                    known=bytes.fromhex(known),
                    held=held,
                    weight=file.size,
                    is_found=file.is_found,
                )

    def _members(
        self, connection: Connection, file: File, held: Set[tuple[bytes, str]]
    ) -> Iterator[Entry]:
        """Give those of a container; note where it cannot be read to its end."""
        rows = connection.execute(_KNOWN, [file.name]).fetchall()
        names = frozenset((name, stamp) for name, stamp, is_bad in rows if not is_bad)
        try:
            yield from expand(file, Known(names, held))
        except Exception as error:  # noqa: BLE001 - damage shows itself in many ways
            self.damaged[file.name] = reason_of(file.name, error)
            if is_outside(error):
                self.again.add(file.name)

    def add(self, part: Part) -> None:
        """Put a part in place and tell of it."""
        self.store.add(part)
        self.again |= part.again
        self.collected = self.collected.plus(part)
        self.done += part.weight
        self._tell(min(self.done, self.total))

    def _tell(self, done: int) -> None:
        if self.report is not None:
            self.report(CollectionProgress(done, self.total, self.collected))

    def finish(self, connection: Connection, paths: list[str]) -> None:
        """Note which containers were read to their end, and list all rejects."""
        names = (  # one without a stamp is opened again next time
            (file.name, "" if file.name in self.again else file.stamp)
            for file in _fresh_files(connection)
            if is_container(file.name)
        )
        containers = (
            (Entry(name, name, stamp), self.damaged.get(name)) for name, stamp in names
        )
        for chunk in _chunks(containers, BATCH_DOCUMENTS):
            self.add(closing_part(chunk, self.origin, self.generation))
        refused = sorted(self.refused.items())
        own = ({"document": name, "reason": reason} for name, reason in refused)
        self.store.write_rejects(chain(own, _rejects(connection, self.store, paths)))
        self._tell(self.total)


def _batches(entries: Iterable[Entry], origin: str, generation: int) -> Iterator[Batch]:
    """Put entries together, up to the limits of a part."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        length = max(entry.weight, len(entry.data or b""))
        if batch and (len(batch) == BATCH_DOCUMENTS or size + length > _BATCH_BYTES):
            yield Batch(tuple(batch), origin, generation)
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield Batch(tuple(batch), origin, generation)


def find_fresh(
    connection: Connection,
    paths: Iterable[str],
    store: RunStore,
    *,
    origin: str,
    retry: bool,
    refuse: Refuse,
) -> None:
    """Make the table of the files that are to be read, in a fixed order.

    With `retry` also what was rejected is to be read again.

    Raises ConfigError if the paths lead to nothing, or documents have another origin.
    """
    _open_documents(connection, store)
    register(connection, "found", _FILES, [])
    for chunk in _chunks(find_files(paths, store.folder, refuse), _ROWS):
        register(connection, "batch", _FILES, chunk)
        connection.execute("INSERT INTO found SELECT * FROM batch")
    _require_origin(connection, origin)
    connection.execute(_FRESH, {"retry": retry})
    create_view(connection, store, "tasks")
    connection.execute(_HELD)


def _open_documents(connection: Connection, store: RunStore) -> None:
    """Show what was looked at: documents, parts with their collection, and rejects."""
    create_view(connection, store, "documents")
    types = {"part": "uint64", "origin": "string", "generation": "int64"}
    rows = [
        (line["part"], line.get("origin"), line.get("generation", 0))
        for line in store.parts()
    ]
    register(connection, "parts", types, rows)
    connection.execute(_REJECTED)


def _require_origin(connection: Connection, origin: str) -> None:
    rows = connection.execute(_FOREIGN, {"origin": origin}).fetchall()
    if rows:
        other, count, example = rows[0]
        known = f"the origin {other!r}" if other else "no origin"
        raise ConfigError(
            f"{count:,} of these files were collected before under {known}, {example} for "
            "example: a document keeps its origin\n"
            "  hint: give the same --origin, or collect into another folder"
        )


def _sizes(connection: Connection) -> tuple[int, int]:
    """Give the bytes to read, and the number of files that need not be opened."""
    total, skipped = connection.execute(_SIZES).fetchall()[0]
    return total, skipped


def _fresh_files(connection: Connection) -> Iterator[File]:
    """Give the files that are to be read."""
    cursor = connection.cursor()
    cursor.execute("SELECT name, size, stamp FROM fresh ORDER BY name")
    return (File(*row) for row in _rows(cursor))


def _rejects(
    connection: Connection, store: RunStore, paths: Iterable[str]
) -> Iterator[dict[str, str]]:
    """Give the documents that cannot be read as they are now, each with the reason.

    The store has what was added since `find_fresh`. What is not found at the paths any more
    is left out.
    """
    _open_documents(connection, store)
    addresses = tuple(path for path in paths if "://" in path)
    gone: dict[str, bool] = {}
    for name, container, reason, is_found in _rows(connection.execute(_LISTED)):
        if not is_found and container not in gone:
            gone[container] = _is_gone(container, addresses)
        if is_found or not gone[container]:
            yield {"document": name, "reason": reason}


def _is_gone(name: str, addresses: tuple[str, ...]) -> bool:
    """Tell whether a file that was not found is there no more, as far as can be told."""
    if "://" in name:
        return name.startswith(addresses)
    try:
        os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _rows(cursor: Connection) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a result, of which few are in memory."""
    while rows := cursor.fetchmany(_ROWS):
        yield from rows


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give lists of so many items."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


# What was rejected when its file was last read to be found, or to be read, is rejected
# again by each such reading: so what an earlier one rejected is mended, or gone.
_REJECTED = """
CREATE OR REPLACE TABLE rejected AS
WITH of_reject AS (
    SELECT DISTINCT container FROM documents WHERE outcome = 'rejected'
), placed AS (
    SELECT documents.*, generation
    FROM documents SEMI JOIN of_reject USING (container) JOIN parts USING (part)
    QUALIFY generation = max(generation) OVER (PARTITION BY container)
)
SELECT name, container, max(reason) AS reason, bool_or(stamp = '') AS may_pass
FROM placed WHERE outcome = 'rejected' GROUP BY name, container
"""

# What was passed over in a folder is looked at where it is named.
_FRESH = """
CREATE TABLE fresh AS
SELECT name, size, stamp, bool_and(is_found) AS is_found
FROM found LEFT JOIN (
    SELECT name, stamp, arg_max(outcome, generation) = 'foreign' AS was_passed
    FROM documents JOIN parts USING (part) GROUP BY name, stamp
) USING (name, stamp)
WHERE was_passed IS NULL OR (was_passed AND NOT is_found)
    OR name IN (SELECT container FROM rejected WHERE may_pass OR $retry)
GROUP BY name, size, stamp
"""

# By file, the tasks that could be read of what was rejected, as (digest, place).
_HELD = """
CREATE TABLE held AS
SELECT container AS name, list(DISTINCT (tasks.digest, place)) AS held
FROM tasks JOIN documents ON tasks.document = documents.name
    AND tasks.digest = documents.digest AND outcome = 'rejected'
WHERE container IN (SELECT name FROM fresh)
GROUP BY container
"""

_FOREIGN = """
SELECT parts.origin, count(DISTINCT container) AS files, min(container)
FROM documents JOIN parts USING (part)
WHERE parts.origin <> $origin AND outcome NOT IN ('rejected', 'container', 'foreign')
    AND container IN (SELECT name FROM found)
GROUP BY parts.origin ORDER BY files DESC, parts.origin
"""

_SIZES = """
SELECT
    (SELECT coalesce(sum(size), 0)::BIGINT FROM fresh),
    (SELECT count(DISTINCT name) FROM found) - (SELECT count(*) FROM fresh)
"""

_DIGESTS = """
SELECT name, size, stamp, is_found, coalesce(known, ''), held
FROM fresh LEFT JOIN (
    SELECT name, string_agg(DISTINCT hex(digest), '')::TEXT AS known
    FROM documents SEMI JOIN fresh USING (name)
    WHERE digest IS NOT NULL AND outcome NOT IN ('rejected', 'foreign') GROUP BY name
) USING (name) LEFT JOIN held USING (name)
ORDER BY name
"""

_KNOWN = """
SELECT name, stamp, bool_and(outcome = 'rejected')
FROM documents WHERE container = ? GROUP BY name, stamp
"""

_LISTED = """
SELECT name, container, reason, container IN (SELECT name FROM found)
FROM rejected ORDER BY name
"""
