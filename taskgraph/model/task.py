"""The task and its subtasks, and the values that the engine is known to write.

A status, operation, type or node type is kept as the plain string that the document
has, so that a value never seen before is kept too; the enumerations name the known ones
and compare equal to those strings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar

from taskgraph.errors import Problem


class Status(StrEnum):
    """The state of a task or a subtask."""

    PENDING = "PENDING"
    READY = "READY"
    RUNNING = "RUNNING"
    CANCELING = "CANCELING"
    FAILED = "FAILED"
    SUCCESSFUL = "SUCCESSFUL"


class Operation(StrEnum):
    """What the engine was last told to do with a task or a subtask."""

    EXECUTE = "EXECUTE"
    RETRY = "RETRY"
    ROLLBACK = "ROLLBACK"
    SKIP = "SKIP"
    ROLLBACK_SKIP = "ROLLBACK_SKIP"
    CANCEL = "CANCEL"


STATUSES = frozenset(Status)
TASK_STATUSES = frozenset({Status.RUNNING, Status.FAILED, Status.SUCCESSFUL})
OPERATIONS = frozenset(Operation)
TASK_OPERATIONS = OPERATIONS - {Operation.ROLLBACK_SKIP}
TASK_TYPES = frozenset({"MANUAL", "SCHEDULED", "SYS_SCHEDULED", "SYS_ONCE", "SYS_ONECE"})
"""The documentation spells one of them SYS_ONECE."""
NODE_TYPES = frozenset({"JAVA_TASK"})
_KNOWN = STATUSES | OPERATIONS | TASK_TYPES | NODE_TYPES | {None}


def is_known(word: str) -> bool:
    """Tell whether the engine is known to write a word."""
    return word in _KNOWN


def known_word(word: str | None) -> str | None:
    """Give a known word as the engine writes it, whatever the case of its letters.

    Examples
    --------
    >>> known_word("failed"), known_word("Suspended")
    ('FAILED', 'Suspended')
    """
    if word in _KNOWN or word is None:
        return word
    usual = word.upper()
    return usual if usual in _KNOWN else word


def known_words(words: list[str | None]) -> list[str | None]:
    """Do the same for many words, at once where all of them are as usual."""
    return words if _KNOWN.issuperset(words) else list(map(known_word, words))


Id: TypeAlias = int | str

_NOTHING: Mapping[str, Any] = MappingProxyType({})
TIMES = ("create_time", "start_time", "finish_time")
"""The attributes of tasks and subtasks that are times."""
WORDS = ("id", "name", "status", "operation", "node_type", "class_name")
"""The attributes of subtasks by which answers go, and which are texts."""
TASK_WORDS = ("id", "name", "status", "operation", "type")
"""The same of a task."""
_Value = TypeVar("_Value", bound=Hashable)


def id_key(identifier: Id) -> tuple[int, int, str]:
    """Give the key that sorts ids: numbers by value first, then texts."""
    if isinstance(identifier, int):
        return (0, identifier, "")
    return (1, 0, identifier)


class Reference(NamedTuple):
    """A person, cluster, tenant or host that a task names."""

    id: Id | None = None
    name: str | None = None

    def __str__(self) -> str:
        """Give the name, else the id."""
        return self.name or ("" if self.id is None else str(self.id))


class Subtask(NamedTuple):
    """One node of a task, as the document describes it.

    ``None`` means that the document does not say. Times are aware datetimes.

    Attributes
    ----------
    id : int or str
    timeout : int or None
        Seconds per attempt; 0 arms no deadline in the engine.
    attempts : int or None
        How many attempts were started, counted from 1 (``runTime`` in the API).
    upstreams, downstreams : tuple of ids, or None
        ``None`` where the document has no such list at all.
    parallel_index : int or None
        -1 for an unsplit subtask, 0..k-1 for the k parts of a split one.
    start_time, finish_time : datetime or None
        The first start and the last end: between them lie all attempts.
    host : str or None
        Where the work itself ran, ``ip:port``.
    logs : tuple of str
        The last lines that the engine kept of the subtask's log.
    extra : mapping
        Every field of the document that has no attribute here.
    """

    id: Id
    name: str = ""
    description: str | None = None
    status: str | None = None
    operation: str | None = None
    timeout: int | None = None
    attempts: int | None = None
    upstreams: tuple[Id, ...] | None = None
    downstreams: tuple[Id, ...] | None = None
    prohibit_rollback: bool | None = None
    prohibit_skip: bool | None = None
    parallel_index: int | None = None
    series_id: int | None = None
    task_id: Id | None = None
    node_type: str | None = None
    class_name: str | None = None
    executor: str | None = None
    create_time: datetime | None = None
    start_time: datetime | None = None
    finish_time: datetime | None = None
    host: str | None = None
    logs: tuple[str, ...] = ()
    extra: Mapping[str, Any] = _NOTHING


class Subtasks(tuple[Subtask, ...]):  # noqa: SLOT001 - what is kept needs a place
    """The subtasks of a task, and the values of all of them by attribute.

    Many ask for the same values, of what may be 100,000 subtasks: they are kept once they
    were asked for, or from the reading on.
    """

    _is_read = False

    def keep(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Keep values that were read as columns; those of other attributes are not told."""
        vars(self).update(columns, _is_read=True)

    def column(self, attribute: str) -> Sequence[Any]:
        """Give one value of every subtask, in the order of the document."""
        kept = vars(self)
        values: Sequence[Any] | None = kept.get(attribute)
        if values is None:
            values = kept[attribute] = self._column(attribute)
        return values

    def _column(self, attribute: str) -> Sequence[Any]:
        if not self._is_read:
            return [*map(attrgetter(attribute), self)]
        untold = Subtask._field_defaults[attribute]
        return self._nothing if untold is None else [untold] * len(self)

    @cached_property
    def _nothing(self) -> Sequence[None]:
        return [None] * len(self)


class ApiError(NamedTuple):
    """The ``error`` object of a response."""

    code: Id | None = None
    message: str | None = None


class Envelope(NamedTuple):
    """What the response says about itself, around the task.

    ``duration`` is in milliseconds, as the API has it.
    """

    successful: bool | None = None
    status: int | None = None
    timestamp: datetime | None = None
    duration: int | None = None
    server: str | None = None
    trace_id: str | None = None
    error: ApiError | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a task was read from.

    Attributes
    ----------
    file : str
        The name of the document, as the user gave it; ``<stdin>`` for standard input.
    dialect : str
        Which shape the document has, ``ocp`` for example.
    pointer : str
        The JSON pointer of the task in the document.
    data : bytes
        The document itself, decoded to UTF-8, to find lines and columns in.
    subtask_pointers : tuple of str or None
        The pointer of each subtask; ``None`` where they are ``subtasks/0``,
        ``subtasks/1``, ... under the task.
    syntax : str
        What the document is written in: ``json``, ``yaml``, or ``lines`` of plain text.
    first_line : int
        The line of the file in which the document begins, from 1.
    spellings : mapping of str to str
        The keys of subtasks that are not spelled as usual, by attribute.
    mistakes : tuple of Problem
        The mistakes of form of which rules tell; the task is then what could be read.
    unread : frozenset of (int or None, str)
        What could not be read: the position of the subtask (``None`` for the task) and the
        attribute. ``subtasks`` of the task stands for subtasks that are missing here.
    redacted : mapping of str to str, or None
        Where it is redacted: what the document has for the names, ids and other words of
        the task that are not its own. ``None`` where nothing is redacted.
    """

    file: str = "<memory>"
    dialect: str = "ocp"
    pointer: str = ""
    data: bytes = field(default=b"", repr=False)
    subtask_pointers: tuple[str, ...] | None = None
    syntax: str = "json"
    first_line: int = 1
    spellings: Mapping[str, str] = field(default_factory=dict)
    mistakes: tuple[Problem, ...] = ()
    unread: frozenset[tuple[int | None, str]] = frozenset()
    redacted: Mapping[str, str] | None = field(default=None, repr=False)

    def unredacted(self, value: _Value) -> _Value:
        """Give what the document has for a name, an id or another word of the task.

        It is for asking alone: whether a pattern fits, what past runs say, whether two are
        the same. It is never shown.
        """
        known: Mapping[Any, Any] | None = self.redacted
        return known.get(value, value) if known else value

    def subtask_pointer(self, position: int) -> str:
        """Give the pointer of the subtask at a position of ``Task.subtasks``."""
        if self.subtask_pointers is None:
            return f"{self.pointer}/subtasks/{position}"
        return self.subtask_pointers[position]


@dataclass(frozen=True, slots=True)
class Task:
    """A task and its subtasks, as one document describes them.

    ``None`` means that the document does not say. Two tasks are equal when they say the
    same, wherever they were read from.

    Attributes
    ----------
    subtasks : tuple of Subtask
        In the order of the document, which means nothing.
    context : mapping or None
        The engine's own parameters of the task.
    budget : int or None
        Seconds that the worst case may take, where a definition states it.
    is_definition : bool
        Written by hand to be run, not returned by an engine.
    is_summary : bool
        The document names the task and leaves its subtasks out.
    naive_times : tuple of (int or None, str)
        The times written without an offset: the position of the subtask (``None`` for
        the task) and the attribute.
    assumed_offset : str or None
        The offset with which those times were read.
    unusual_times : tuple of str
        Some of the times of the whole document that are written in another way than ISO
        8601 has it; of the first of its tasks.
    origin : Origin
        Where it was read; no part of equality.
    """

    id: Id | None
    name: str = ""
    status: str | None = None
    operation: str | None = None
    type: str | None = None
    subtasks: tuple[Subtask, ...] = ()
    creator: Reference | None = None
    executor: str | None = None
    create_time: datetime | None = None
    start_time: datetime | None = None
    finish_time: datetime | None = None
    prohibit_rollback: bool | None = None
    definition_id: Id | None = None
    cluster: Reference | None = None
    tenant: Reference | None = None
    host: Reference | None = None
    context: Mapping[str, Any] | None = None
    budget: int | None = None
    is_definition: bool = False
    is_summary: bool = False
    naive_times: tuple[tuple[int | None, str], ...] = ()
    assumed_offset: str | None = None
    unusual_times: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    envelope: Envelope | None = None
    origin: Origin = field(default=Origin(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.subtasks, Subtasks):
            object.__setattr__(self, "subtasks", Subtasks(self.subtasks))

    def column(self, attribute: str) -> Sequence[Any]:
        """Give one value of every subtask, in the order of the document."""
        subtasks: Subtasks = self.subtasks  # type: ignore[assignment]  # as they were made
        return subtasks.column(attribute)

    def unredacted(self, value: _Value) -> _Value:
        """Give what its document has for it: see :meth:`Origin.unredacted`."""
        return self.origin.unredacted(value)

    def unredacted_subtask(self, subtask: Subtask) -> Subtask:
        """Give a subtask of it with such values; what it depends on is left as it is."""
        if not self.origin.redacted:
            return subtask
        values = {name: self.unredacted(getattr(subtask, name)) for name in WORDS}
        return subtask._replace(**values)

    def reports(self, attribute: str) -> bool:
        """Tell whether the document says this of any subtask."""
        column = self.column(attribute)
        return column.count(None) < len(column)

    def times(self) -> Iterator[datetime]:
        """Give every time that the document has, in no particular order."""
        own = (self.create_time, self.start_time, self.finish_time)
        return filter(None, chain(own, *map(self.column, TIMES)))

    def as_of(self) -> datetime | None:
        """Give the moment that the document describes.

        Returns
        -------
        datetime or None
            The response's own timestamp, else the latest time in the document; ``None``
            where it has no time at all.
        """
        if self.envelope is not None and self.envelope.timestamp is not None:
            return self.envelope.timestamp
        return max(self.times(), default=None)
