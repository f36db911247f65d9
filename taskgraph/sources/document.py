"""One document: its text, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Origin, Task
from taskgraph.model.words import counted
from taskgraph.sources.places import key_of, locate, split_pointer

T = TypeVar("T")

INVALID_VALUE, UNKNOWN_KEY, MISSING_KEY = "TG001", "TG002", "TG003"
SHARED_ID, NEGATIVE_TIMEOUT = "TG104", "TG402"
"""The rules that tell of mistakes of form."""


def shared_name(count: int, name: str) -> tuple[str, str]:
    """Say of subtasks without ids that they share a name, and what to do."""
    what = f"{counted(count, 'subtask')} have the name {name}, and no id"
    return what, "give each of them an id, or a name of its own"


def negative_timeout(seconds: int) -> tuple[str, str]:
    """Say of a subtask what its timeout is, and what to do."""
    return f"has a timeout of {seconds} s", "write the timeout in seconds, more than 0"


MEND = "mend what is named here, or save the response of the API again"
_MOST_PROBLEMS = 1000  # 100,000 bad rows would make 300,000


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of one document and where it stands."""

    file: str
    """The name for messages."""
    data: bytes
    """The text in UTF-8, without a byte order mark."""
    first_line: int = 1
    """The line of the file in which the text begins, from 1."""
    syntax: str = "json"
    """What pointers into the text mean; see :func:`~taskgraph.sources.places.locate`."""

    def origin(
        self,
        dialect: str,
        pointer: str = "",
        rows: tuple[str, ...] | None = None,
        spellings: Mapping[str, str] | None = None,
    ) -> Origin:
        """Say where a task was read from; ``rows`` are the pointers of its subtasks."""
        return Origin(
            file=self.file,
            dialect=dialect,
            pointer=pointer,
            data=self.data,
            subtask_pointers=rows,
            syntax=self.syntax,
            first_line=self.first_line,
            spellings=spellings or {},
        )

    def error(self, problems: Iterable[Problem], hint: str = MEND) -> InputError:
        """Make the error that names every problem with its line and column, in order.

        Problems that have a line already keep it.
        """
        problems = list(problems)
        wanted = [_target(p) for p in problems if p.pointer is not None and p.line is None]
        places: dict[str, tuple[int, int]] = {}
        if wanted:
            places = locate(self.data, wanted, self.syntax, self.first_line, to_end=True)
        placed = []
        for problem in problems:
            line, column = places.get(_target(problem), (problem.line, problem.column))
            placed.append(replace(problem, line=line, column=column))
        placed.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
        return InputError(self.file, placed, hint)


def _target(problem: Problem) -> str:
    """Give the pointer of what a problem is about: a key where that is wrong."""
    pointer = problem.pointer or ""
    return key_of(pointer) if problem.rule == UNKNOWN_KEY else pointer


class ReadTasks(NamedTuple):
    """What one document gave: its good tasks, and what is wrong with the others."""

    tasks: list[Task]
    error: InputError | None = None
    faulty: tuple[Task, ...] = ()
    """Those that have mistakes of form, as far as they could be read."""
    note: str = ""
    """What was done to read it, where it is not quite what it should be."""
    is_foreign: bool = False
    """Whether it is evidently something else than a task, and was not asked for."""


class Problems:
    """What is wrong with a document, gathered while it is read, and what to do about it."""

    def __init__(self, document: DocumentText) -> None:
        self.document = document
        self.hint = MEND
        self.faulty: list[Task] = []
        self.repeated: set[str] = set()
        """The pointers of keys that stand twice in a definition."""
        self._noted: list[Problem] = []
        self._pointers: set[str] = set()

    @property
    def count(self) -> int:
        """How many were noted so far."""
        return len(self._noted)

    def add(
        self, message: str, pointer: str, hint: str = "", rule: str = INVALID_VALUE
    ) -> None:
        """Note a problem and go on, unless there are far too many.

        Raises InputError at the 1000th problem.
        """
        self._noted.append(Problem(message, pointer, hint=hint, rule=rule))
        self._pointers.add(pointer)
        if self.is_full:
            raise InputError(self.document.file, self._noted, self._last_hint)

    def repeat(self, pointer: str) -> None:
        """Note a key that stands twice; which of its values is meant is not known."""
        if pointer not in self.repeated:
            self.repeated.add(pointer)
            key = split_pointer(pointer)[-1]
            self.add(f"the key {key} stands twice", pointer, "remove one of the two")

    def repeated_error(self) -> InputError:
        """Make the error of the keys that stand twice in what is no definition."""
        told = [replace(problem, hint="") for problem in self._noted]
        return self.document.error(told, self._noted[0].hint)

    def is_noted(self, pointer: str) -> bool:
        """Tell whether there is a problem with a value itself."""
        return pointer in self._pointers

    def are_around(self, pointer: str) -> bool:
        """Tell whether any problem is about something else than what is below a value."""
        return not all(
            (problem.pointer or "").startswith(pointer) for problem in self._noted
        )

    def are_below(self, pointer: str) -> bool:
        """Tell whether any problem is about a value or what is in it."""
        return any(
            f"{problem.pointer}/".startswith(f"{pointer}/") for problem in self._noted
        )

    @property
    def is_full(self) -> bool:
        """Whether there are so many that reading stops."""
        return len(self._noted) >= _MOST_PROBLEMS

    @property
    def _last_hint(self) -> str:
        if self.is_full:
            return (
                f"reading stopped after {counted(_MOST_PROBLEMS, 'problem')}: {self.hint}"
            )
        return self.hint

    def refuse(self, message: str, pointer: str, hint: str) -> InputError:
        """Make the error of what is no task at all; its place is found when it is told."""
        return InputError(self.document.file, [Problem(message, pointer)], hint)

    def each(self, items: Iterable[T], read: Callable[[T], list[Task]]) -> list[Task]:
        """Read the items of a list; one that holds no task does not stop the others.

        `read` gives the tasks of an item: none, where it notes problems. If every item is
        refused, the InputError of the first is raised.
        """
        tasks: list[Task] = []
        refused: list[InputError] = []
        before = self.count
        for item in items:
            try:
                tasks += read(item)
            except InputError as error:
                if self.is_full or len(refused) == _MOST_PROBLEMS:
                    break
                refused.append(error)
        if refused and not tasks and self.count == before:
            raise refused[0]
        if refused and self.hint == MEND:
            self.hint = refused[0].hint
        self._noted += [problem for error in refused for problem in error.problems]
        del self._noted[_MOST_PROBLEMS:]
        return tasks

    def error(self) -> InputError | None:
        """Make the error of what was noted, if there is anything."""
        if not self._noted:
            return None
        return self.document.error(self._noted, self._last_hint)
