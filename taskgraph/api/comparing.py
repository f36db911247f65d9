"""Comparing two documents, or two folders of them."""

from __future__ import annotations

import os
import re
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from taskgraph.api.loading import (
    ConfigurationFor,
    LoadedTask,
    no_configuration,
    read_documents,
    redacted,
)
from taskgraph.config import UnusedPatterns
from taskgraph.errors import ConfigError, InputError
from taskgraph.sources.limits import ReadOptions

if TYPE_CHECKING:
    from taskgraph.analysis.compare import Comparison
    from taskgraph.reports.comparison import Pair

_MAGIC = re.compile(r"[*?\[]")
"""Where the pattern of a path begins."""


def compare(before: LoadedTask, after: LoadedTask) -> Comparison:
    """Compare two documents of one task, or two runs of one kind of task.

    Parameters
    ----------
    before, after : LoadedTask
        Broken ones too; then there is no word about time.
    """
    from taskgraph.analysis.compare import compare_analyses

    return compare_analyses(before.analysis, after.analysis)


def compare_paths(
    before: str,
    after: str,
    configuration_for: ConfigurationFor = no_configuration,
    *,
    redact: bool = False,
    task: str | None = None,
    unused: UnusedPatterns | None = None,
    notes: list[str] | None = None,
) -> tuple[list[Pair], list[InputError]]:
    """Compare two documents, or the documents of two folders that have the same path.

    Parameters
    ----------
    before, after : str
        Two documents or two folders.
    configuration_for : callable, optional
        Gives the configuration for the name of a document; the defaults without it.
    redact : bool
        Mask hosts, people and the like. What is compared is what the documents say, so
        that this makes nothing change and hides no change.
    task : str, optional
        The id or the name of the task to compare; others are left out.
    unused : UnusedPatterns, optional
        Learns which patterns of the configurations fit.
    notes : list of str, optional
        Takes what was done to read documents that are not quite what they should be.

    Returns
    -------
    list of Pair
        One for each task of either side, by the path of its document.
    list of InputError
        What could not be read: it is left out on both sides. Of a document that could be
        read in part, the tasks that both sides have are compared.

    Raises
    ------
    ConfigError
        If one side is a document and the other a folder.
    """
    errors, unread = list[InputError](), set[str]()
    seen = UnusedPatterns() if unused is None else unused
    options, said = ReadOptions(task=task), [] if notes is None else notes
    old, new = (
        _by_path(path, options, configuration_for, errors, unread, seen, said)
        for path in (before, after)
    )
    if not unread and ("" in old) != ("" in new):
        raise ConfigError(
            f"{before} and {after}: a document cannot be compared with a folder: "
            "name two documents, or two folders"
        )
    pairs: list[tuple[str, LoadedTask | None, LoadedTask | None]] = []
    for path in sorted(old.keys() | new.keys()):
        find = _surely_same if _is_unread(path, unread) else _partners
        partners = find(old.get(path, ()), new.get(path, ()))
        pairs += ((path, *sides) for sides in partners)
    pairs = _follow_moved(pairs)
    told = [_pair(*row, redact=redact) for row in pairs]
    if redact:
        from taskgraph.privacy.redaction import redact_error

        errors = list(map(redact_error, errors))
    return told, errors


def _is_unread(path: str, unread: set[str]) -> bool:
    """Tell whether something of a document, or of what it is in, was not read."""
    places = (path[:end] for end, letter in enumerate(path) if letter in "/!")
    return path in unread or "" in unread or not unread.isdisjoint(places)


def _follow_moved(
    pairs: list[tuple[str, LoadedTask | None, LoadedTask | None]],
) -> list[tuple[str, LoadedTask | None, LoadedTask | None]]:
    """Match what is gone with what is new elsewhere, where they alone have their name."""
    gone: dict[str, list[int]] = {}
    new: dict[str, list[int]] = {}
    for place, (_, ours, theirs) in enumerate(pairs):
        if ours is None and theirs is not None:
            new.setdefault(theirs.task.name, []).append(place)
        elif ours is not None and theirs is None:
            gone.setdefault(ours.task.name, []).append(place)
    moved = list(pairs)
    taken = set()
    for name, places in gone.items():
        others = new.get(name, ())
        if name and len(places) == len(others) == 1:
            (source, ours, _), (target, _, theirs) = pairs[places[0]], pairs[others[0]]
            moved[others[0]] = (f"{source} → {target}", ours, theirs)
            taken.add(places[0])
    return [row for place, row in enumerate(moved) if place not in taken]


def _pair(
    path: str, ours: LoadedTask | None, theirs: LoadedTask | None, *, redact: bool
) -> Pair:
    from taskgraph.reports.comparison import Pair

    if redact:
        # both sides together: a host or person of both has the same name then
        sides = iter(redacted([side for side in (ours, theirs) if side is not None]))
        ours, theirs = ours and next(sides), theirs and next(sides)
    comparison = compare(ours, theirs) if ours and theirs else None
    known = theirs or ours
    assert known is not None  # one of the two is there
    name = f"{path}: {known.task.name}" if path else known.task.name
    before, after = (None if side is None else side.graph for side in (ours, theirs))
    return Pair(name, before, after, comparison)


def _by_path(
    path: str,
    options: ReadOptions,
    configuration_for: ConfigurationFor,
    errors: list[InputError],
    unread: set[str],
    unused: UnusedPatterns,
    notes: list[str],
) -> dict[str, tuple[LoadedTask, ...]]:
    """Read the tasks of each document, by its path below the one that was named."""
    by_path: dict[str, tuple[LoadedTask, ...]] = {}
    for document in read_documents([path], options, configuration_for):
        unused.add(document.patterns, document.error)
        notes += filter(None, [document.note])
        if document.is_foreign:
            notes.append(f"{document.name}: passed over, for there is no task in it")
            continue
        below = _below(document.name, path)
        if isinstance(document.error, ConfigError):
            raise document.error
        if document.error is not None:
            errors.append(document.error)
            unread.add(below)
        by_path[below] = by_path.get(below, ()) + document.tasks
    return by_path


def _below(name: str, path: str) -> str:
    """Give the name of a document from what was named on: nothing for that itself."""
    if path == "-":
        return ""
    if not os.path.lexists(path):
        path = os.path.dirname(_MAGIC.split(path)[0]) if _MAGIC.search(path) else path
    return name.removeprefix(path).lstrip("/!")


def _partners(
    old: Iterable[LoadedTask], new: Iterable[LoadedTask]
) -> Iterator[tuple[LoadedTask | None, LoadedTask | None]]:
    """Match the tasks of a document: by id, else by name, else one with the only other."""
    ours, theirs = list(old), list(new)
    yield from _matched(ours, theirs, lambda loaded: loaded.task.id)
    yield from _matched(ours, theirs, lambda loaded: loaded.task.name)
    if len(ours) == len(theirs) == 1:
        yield ours.pop(), theirs.pop()
    yield from ((task, None) for task in ours)
    yield from ((None, task) for task in theirs)


def _surely_same(
    old: Iterable[LoadedTask], new: Iterable[LoadedTask]
) -> Iterator[tuple[LoadedTask, LoadedTask]]:
    """Match tasks where others of the document could not be read.

    One without a partner may not be gone, and one of the same name may be another.
    """

    def identity(loaded: LoadedTask) -> Hashable:
        task = loaded.task
        return task.id, task.name if task.id is None else None

    yield from _matched(list(old), list(new), identity)


def _matched(
    ours: list[LoadedTask], theirs: list[LoadedTask], key: Callable[[LoadedTask], Hashable]
) -> list[tuple[LoadedTask, LoadedTask]]:
    """Take the tasks of the same key out of both lists, in order; ``None`` is no key."""
    waiting: defaultdict[Hashable, deque[LoadedTask]] = defaultdict(deque)
    for task in theirs:
        waiting[key(task)].append(task)
    waiting.pop(None, None)
    pairs = [(task, alike.popleft()) for task in ours if (alike := waiting[key(task)])]
    taken = {id(task) for pair in pairs for task in pair}
    for side in (ours, theirs):
        side[:] = [task for task in side if id(task) not in taken]
    return pairs
