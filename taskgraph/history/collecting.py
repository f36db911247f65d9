"""Many documents to parts: what is new is read, batch by batch, by an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from taskgraph.history import fresh
from taskgraph.history.database import Limits, open_database
from taskgraph.history.engines import Engine, InlineEngine, needs_extras
from taskgraph.history.finding import File, is_container
from taskgraph.history.parts import Batch, Entry, Part, build_part, closing_part
from taskgraph.history.store import RunStore
from taskgraph.model.words import NAMED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

BATCH_DOCUMENTS = 1000
"""Documents of a part: about half a second of work, which is what a kill can cost."""
_BATCH_BYTES = 8 * 2**20
"""Bytes of a part, so that a batch of large documents is small too."""


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
class Progress:
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
def collect(
    paths: Iterable[str],
    store: RunStore,
    *,
    origin: str = "",
    retry_rejects: bool = False,
    engine: Engine | None = None,
    limits: Limits | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Collected:
    """Collect the documents of any number of paths: files, folders, patterns, archives ...

    Whatever was collected before is left out. If this is stopped, at any moment and in
    any way, the next collection of the same paths goes on from there. Tasks of different
    origins are different tasks. What was rejected is read again if it shall be, and always
    where it could not be opened. The limits are for comparing what is there with what was
    collected; `report` is told after each part how far it is.

    Raises ConfigError if all paths lead to nothing, if documents were collected under
    another origin, if the store cannot be written, or another collection is under way.
    """
    paths = list(paths)
    limits = limits or Limits()
    with (
        store.collecting(),
        open_database(limits, store, store.temporary_folder) as connection,
    ):
        run = _Run(store, origin, report)
        fresh.find_fresh(
            connection, paths, store, origin=origin, retry=retry_rejects, refuse=run.refuse
        )
        run.start(*fresh.sizes(connection))
        entries = fresh.entries(connection, run.damage)
        batches = _batches(entries, origin, run.generation)
        for part in (engine or InlineEngine()).map(build_part, batches):
            run.add(part)
        run.finish(connection, paths)
    return run.collected


class _Run:
    """One collection under way."""

    def __init__(
        self, store: RunStore, origin: str, report: Callable[[Progress], None] | None
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

    def damage(self, file: File, reason: str, may_pass: bool) -> None:
        """Note that a container cannot be read to its end."""
        self.damaged[file.name] = reason
        if may_pass:
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
            self.report(Progress(done, self.total, self.collected))

    def finish(self, connection: Connection, paths: list[str]) -> None:
        """Note which containers were read to their end, and list all rejects."""
        names = (  # one without a stamp is opened again next time
            (file.name, "" if file.name in self.again else file.stamp)
            for file in fresh.fresh_files(connection)
            if is_container(file.name)
        )
        containers = (
            (Entry(name, name, stamp), self.damaged.get(name)) for name, stamp in names
        )
        for chunk in fresh.chunks(containers, BATCH_DOCUMENTS):
            self.add(closing_part(chunk, self.origin, self.generation))
        refused = sorted(self.refused.items())
        own = ({"document": name, "reason": reason} for name, reason in refused)
        self.store.write_rejects(chain(own, fresh.rejects(connection, self.store, paths)))
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
