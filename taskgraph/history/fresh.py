"""What is there beside what was collected before, in the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph.errors import ConfigError
from taskgraph.history.database import create_view, register
from taskgraph.history.finding import File, Known, Refuse, expand, find_files, is_container
from taskgraph.history.parts import Entry, is_outside, reason_of
from taskgraph.history.store import RunStore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

Damage = Callable[[File, str, bool], None]
"""Told which container cannot be read to its end, why, and whether that may pass."""

_ROWS = 10_000  # in memory at a time
_FILES = {"name": "string", "size": "int64", "stamp": "string", "is_found": "bool"}
T = TypeVar("T")


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
    for chunk in chunks(find_files(paths, store.folder, refuse), _ROWS):
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


def sizes(connection: Connection) -> tuple[int, int]:
    """Give the bytes to read, and the number of files that need not be opened."""
    total, skipped = connection.execute(_SIZES).fetchall()[0]
    return total, skipped


def fresh_files(connection: Connection) -> Iterator[File]:
    """Give the files that are to be read."""
    cursor = connection.cursor()
    cursor.execute("SELECT name, size, stamp FROM fresh ORDER BY name")
    return (File(*row) for row in _rows(cursor))


def entries(connection: Connection, damage: Damage) -> Iterator[Entry]:
    """Give every document that is to be read."""
    cursor = connection.cursor()  # the connection answers other questions meanwhile
    cursor.execute(_DIGESTS)
    for *facts, known, rejected in _rows(cursor):
        file, held = File(*facts), frozenset(rejected or ())
        if is_container(file.name):
            yield from _members(connection, file, held, damage)
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
    connection: Connection, file: File, held: Set[tuple[bytes, str]], damage: Damage
) -> Iterator[Entry]:
    rows = connection.execute(_KNOWN, [file.name]).fetchall()
    names = frozenset((name, stamp) for name, stamp, is_bad in rows if not is_bad)
    try:
        yield from expand(file, Known(names, held))
    except Exception as error:  # noqa: BLE001 - damage shows itself in many ways
        damage(file, reason_of(file.name, error), is_outside(error))


def rejects(
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


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
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
