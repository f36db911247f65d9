"""One document: its text, where it stands, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taskgraph.errors import InputError, Problem
from taskgraph.model import Origin
from taskgraph.privacy import mask_text
from taskgraph.sources.positions import locate
from taskgraph.sources.tally import Tally

__all__ = ["MEND", "Document", "Problems"]

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


class Problems:
    """What is wrong with one document, gathered while it is read.

    Parameters
    ----------
    document : Document

    Attributes
    ----------
    tally : Tally
        What was read so far.
    hint : str
        What to do about what is wrong.
    has_naive_times : bool
        Some time that was read has no offset.
    spellings : dict of str to str
        The keys that were not spelled as usual, by attribute.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tally = Tally()
        self.hint = MEND
        self.has_naive_times = False
        self.spellings: dict[str, str] = {}
        self._found: list[Problem] = []

    def add(self, message: str, pointer: str) -> None:
        """Note a problem and go on, unless there are far too many.

        Raises
        ------
        InputError
            With the first 1000 problems.
        """
        self._found.append(Problem(message, pointer))
        if len(self._found) >= _MOST_PROBLEMS:
            hint = f"reading stopped after {_MOST_PROBLEMS} problems: {self.hint}"
            raise self.document.error(self._found, hint)

    def refuse(self, message: str, pointer: str, hint: str) -> InputError:
        """Make the error of a document that is no task at all."""
        return self.document.error([Problem(message, pointer)], hint)

    def finish(self) -> None:
        """Raise what was noted.

        Raises
        ------
        InputError
            With every problem, if there is one.
        """
        if self._found:
            raise self.document.error(self._found, self.hint)
