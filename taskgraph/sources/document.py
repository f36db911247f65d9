"""One document: its text, where it stands, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from taskgraph.errors import InputError, Problem
from taskgraph.model import Origin, Task
from taskgraph.privacy import mask_text
from taskgraph.sources.positions import locate

__all__ = ["MEND", "Document", "Problems", "ReadTasks"]

T = TypeVar("T")

MEND = "mend what is named here, or save the response of the API again"
_MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one document and where it stands.

    Attributes
    ----------
    file : str
        The name for messages.
    data : bytes
        The text in UTF-8, without a byte order mark.
    first_line : int
        The line of the file in which the text begins, from 1.
    syntax : {"json", "yaml", "lines"}
        What pointers into the text mean; see :func:`~taskgraph.sources.positions.locate`.
    """

    file: str
    data: bytes
    first_line: int = 1
    syntax: str = "json"

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
        wanted = [p.pointer for p in problems if p.pointer is not None and p.line is None]
        places = locate(self.data, wanted, self.syntax, self.first_line) if wanted else {}
        placed = [
            Problem(
                mask_text(problem.message),
                problem.pointer,
                *places.get(problem.pointer or "", (problem.line, problem.column)),
            )
            for problem in problems
        ]
        placed.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
        return InputError(self.file, placed, hint)


class ReadTasks(NamedTuple):
    """What one document gave: its good tasks, and what is wrong with the others."""

    tasks: list[Task]
    error: InputError | None = None


class Problems:
    """What is wrong with one document, gathered while it is read.

    Parameters
    ----------
    document : Document

    Attributes
    ----------
    hint : str
        What to do about what is wrong.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.hint = MEND
        self._noted: list[Problem] = []

    @property
    def count(self) -> int:
        """How many were noted so far."""
        return len(self._noted)

    def add(self, message: str, pointer: str) -> None:
        """Note a problem and go on, unless there are far too many.

        Raises
        ------
        InputError
            At the 1000th problem.
        """
        self._noted.append(Problem(message, pointer))
        if self._is_full:
            raise InputError(self.document.file, self._noted, self._last_hint)

    @property
    def _is_full(self) -> bool:
        return len(self._noted) >= _MOST_PROBLEMS

    @property
    def _last_hint(self) -> str:
        if self._is_full:
            return f"reading stopped after {_MOST_PROBLEMS} problems: {self.hint}"
        return self.hint

    def refuse(self, message: str, pointer: str, hint: str) -> InputError:
        """Make the error of what is no task at all; its place is found when it is told."""
        return InputError(self.document.file, [Problem(message, pointer)], hint)

    def each(self, items: Iterable[T], read: Callable[[T], list[Task]]) -> list[Task]:
        """Read the items of a list; one that holds no task does not stop the others.

        Parameters
        ----------
        items : iterable
        read : callable
            From an item to its tasks: none, where it notes problems.

        Raises
        ------
        InputError
            If every item is refused: that of the first.
        """
        tasks: list[Task] = []
        refused: list[InputError] = []
        before = self.count
        for item in items:
            try:
                tasks += read(item)
            except InputError as error:
                if self._is_full or len(refused) == _MOST_PROBLEMS:
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
