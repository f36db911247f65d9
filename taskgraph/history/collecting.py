"""Many documents to parts: what is new is read, batch by batch, by an engine."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph.errors import InputError, Problem
from taskgraph.history.database import Limits, create_view, open_database
from taskgraph.history.engines import Engine, InlineEngine
from taskgraph.history.extras import needs_extras
from taskgraph.history.inputs import File, expand, find_files, is_container
from taskgraph.history.parts import Batch, Entry, Part, build_part, closing_part
from taskgraph.history.store import RunStore

if TYPE_CHECKING:
    import duckdb

__all__ = ["BATCH_BYTES", "BATCH_DOCUMENTS", "Collected", "Progress", "collect"]

BATCH_DOCUMENTS = 1000
"""Documents of a part: about half a second of work, which is what a kill can cost."""
BATCH_BYTES = 8 * 2**20
"""Bytes of a part, so that a batch of large documents is small too."""

_ROWS = 10_000
T = TypeVar("T")


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
    """

    documents: int = 0
    rejects: int = 0
    unchanged: int = 0
    skipped: int = 0
    tasks: int = 0
    subtasks: int = 0

    def plus(self, part: Part) -> Collected:
        """Count a part."""
        return replace(
            self,
            documents=self.documents + part.documents,
            rejects=self.rejects + part.rejects,
            unchanged=self.unchanged + part.unchanged,
            tasks=self.tasks + part.tasks,
            subtasks=self.subtasks + part.subtasks,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a collection is.

    Attributes
    ----------
    done, total : int
        Bytes of input.
    collected : Collected
    """

    done: int
    total: int
    collected: Collected


@needs_extras
def collect(
    paths: Iterable[str],
    store: RunStore,
    *,
    origin: str = "",
    engine: Engine | None = None,
    limits: Limits | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Collected:
    """Collect the documents of any number of paths.

    Whatever was collected before is left out. If this is stopped, at any moment and in
    any way, the next collection of the same paths goes on from there.

    Parameters
    ----------
    paths : iterable of str
        Files, folders, patterns, archives, JSON Lines, or addresses that fsspec knows.
    store : RunStore
    origin : str
        What the installation is called that wrote the documents: tasks of different
        origins are different tasks.
    engine : Engine, optional
        This process by default.
    limits : Limits, optional
        For comparing what is there with what was collected.
    report : callable, optional
        Told after each part how far it is.

    Returns
    -------
    Collected

    Raises
    ------
    ConfigError
        If a path leads to nothing, or the store cannot be written.
    """
    store.create()
    store.sweep()
    with open_database(limits or Limits()) as connection:
        _compare(connection, paths, store)
        total, skipped = _sizes(connection)
        run = _Run(store, total, Collected(skipped=skipped), report)
        batches = _batches(_entries(connection, run.reject), origin)
        for part in (engine or InlineEngine()).map(build_part, batches):
            run.add(part)
        run.finish(connection)
    return run.collected


class _Run:
    """One collection under way."""

    def __init__(
        self,
        store: RunStore,
        total: int,
        collected: Collected,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self.store = store
        self.total = total
        self.done = 0
        self.collected = collected
        self.report = report
        self.damaged: dict[str, str] = {}

    def reject(self, file: File, reason: str) -> None:
        """Note that a container cannot be read to its end."""
        self.damaged[file.name] = str(InputError(file.name, [Problem(reason)]))

    def add(self, part: Part) -> None:
        """Put a part in place and tell of it."""
        self.store.add(part)
        self.collected = self.collected.plus(part)
        self.done += part.weight
        self._tell(min(self.done, self.total))

    def _tell(self, done: int) -> None:
        if self.report is not None:
            self.report(Progress(done, self.total, self.collected))

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Note which containers were read to their end, and list all rejects."""
        query = "SELECT name, stamp FROM fresh ORDER BY name"
        containers = (
            (Entry(name, name, stamp), self.damaged.get(name))
            for name, stamp in _rows(connection.execute(query))
            if is_container(name)
        )
        for chunk in _chunks(containers, BATCH_DOCUMENTS):
            self.add(closing_part(chunk))
        self.store.write_rejects(_rejects(connection, self.store))
        self._tell(self.total)


def _compare(
    connection: duckdb.DuckDBPyConnection, paths: Iterable[str], store: RunStore
) -> None:
    """Make the table of the files that are there and are not known, in a fixed order."""
    import pyarrow as pa

    create_view(connection, store, "documents")
    connection.execute("CREATE TABLE found (name TEXT, size BIGINT, stamp TEXT)")
    for chunk in _chunks(find_files(paths, store.folder), _ROWS):
        columns = (pa.array(column) for column in zip(*chunk, strict=True))
        batch = pa.Table.from_arrays(list(columns), names=list(File._fields))
        connection.register("batch", batch)
        connection.execute("INSERT INTO found SELECT * FROM batch")
        connection.unregister("batch")
    connection.execute("""
        CREATE TABLE fresh AS
        SELECT DISTINCT name, size, stamp
        FROM found ANTI JOIN documents USING (name, stamp)
    """)


def _sizes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Give the bytes to read, and the number of files that need not be opened."""
    query = """
        SELECT
            (SELECT coalesce(sum(size), 0)::BIGINT FROM fresh),
            (SELECT count(DISTINCT name) FROM found) - (SELECT count(*) FROM fresh)
    """
    total, skipped = connection.execute(query).fetchall()[0]
    return total, skipped


def _entries(
    connection: duckdb.DuckDBPyConnection, reject: Callable[[File, str], None]
) -> Iterator[Entry]:
    """Give every document that is to be read."""
    query = """
        SELECT name, size, stamp, coalesce(known, '')
        FROM fresh LEFT JOIN (
            SELECT name, string_agg(DISTINCT hex(digest), '')::TEXT AS known
            FROM documents SEMI JOIN fresh USING (name)
            WHERE digest IS NOT NULL GROUP BY name
        ) USING (name)
        ORDER BY name
    """
    cursor = connection.cursor()  # the connection answers other questions meanwhile
    cursor.execute(query)
    for name, size, stamp, known in _rows(cursor):
        file = File(name, size, stamp)
        if is_container(name):
            yield from _members(connection, file, reject)
        else:
            yield Entry(name, name, stamp, known=bytes.fromhex(known), weight=size)


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a result, of which few are in memory."""
    while rows := cursor.fetchmany(_ROWS):
        yield from rows


def _members(
    connection: duckdb.DuckDBPyConnection,
    file: File,
    reject: Callable[[File, str], None],
) -> Iterator[Entry]:
    query = "SELECT DISTINCT name, stamp FROM documents WHERE container = ?"
    known = frozenset(connection.execute(query, [file.name]).fetchall())
    try:
        yield from expand(file, known)
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        reject(file, f"cannot be read: {error}")


def _batches(entries: Iterable[Entry], origin: str) -> Iterator[Batch]:
    """Put entries together, up to the limits of a part."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        length = max(entry.weight, len(entry.data or b""))
        if batch and (len(batch) == BATCH_DOCUMENTS or size + length > BATCH_BYTES):
            yield Batch(tuple(batch), origin)
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield Batch(tuple(batch), origin)


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _rejects(
    connection: duckdb.DuckDBPyConnection, store: RunStore
) -> Iterator[dict[str, str]]:
    """Give the documents that cannot be read as they are now, each with the reason."""
    import pyarrow as pa

    create_view(connection, store, "documents", "all_documents")
    keys = [part["part"] for part in store.parts()]
    order = pa.table(
        {"part": pa.array(keys, pa.uint64()), "place": pa.array(range(len(keys)))}
    )
    connection.register("part_order", order)
    query = """
        WITH placed AS (
            SELECT * FROM all_documents JOIN part_order USING (part)
        ), latest AS (
            SELECT name, max_by({'digest': digest}, place).digest AS digest
            FROM placed GROUP BY name
        )
        SELECT name, max_by(reason, place)
        FROM placed JOIN latest USING (name)
        WHERE outcome = 'rejected' AND placed.digest IS NOT DISTINCT FROM latest.digest
        GROUP BY name ORDER BY name
    """
    for name, reason in _rows(connection.execute(query)):
        yield {"document": name, "reason": reason}
