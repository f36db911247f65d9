"""The exceptions that taskgraph raises.

Findings about a task are data, not exceptions: see :mod:`taskgraph.checks`.
"""

from __future__ import annotations

from dataclasses import dataclass


class TaskgraphError(Exception):
    """Everything that taskgraph raises on purpose."""


def _one_line(text: str) -> str:
    """Keep what a document says from pretending to be another message."""
    return text.replace("\r", "␍").replace("\n", "␊")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document.

    Parameters
    ----------
    message : str
        What is wrong, without the place.
    pointer : str or None
        The JSON pointer (RFC 6901) of the place; the root is ``""``.
    line, column : int or None
        The place in the text, both counted from 1.
    hint : str
        What to do about it, where that is its own.
    rule : str
        The rule of the checks that tells of it; ``""`` where nothing can be judged.
    is_read : bool
        Whether it was read as it was meant, so that it keeps nobody from an answer.
    """

    message: str
    pointer: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str = ""
    rule: str = ""
    is_read: bool = False

    def __str__(self) -> str:
        place = []
        if self.pointer is not None:
            place.append(self.pointer or "the top of the document")
        if self.line is not None:
            place.append(f"line {self.line}, column {self.column}")
        message = _one_line("; ".join(filter(None, (self.message, self.hint))))
        return f"{' at '.join(map(_one_line, place))}: {message}" if place else message


class InputError(TaskgraphError):
    """A document cannot be read as a task.

    Parameters
    ----------
    file : str
        The name of the document, as the user gave it.
    problems : list of Problem
        Everything that is wrong, at least one.
    hint : str
        What the user can do about it.

    Notes
    -----
    The text names the first 20 problems and counts the rest; ``problems`` has them all.
    """

    _shown = 20

    def __init__(self, file: str, problems: list[Problem], hint: str = "") -> None:
        self.file = file
        self.problems = tuple(problems)
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        if len(self.problems) == 1:
            text = f"{_one_line(self.file)}: {self.problems[0]}"
        else:
            lines = [f"\n  {problem}" for problem in self.problems[: self._shown]]
            if rest := len(self.problems) - len(lines):
                lines.append(f"\n  … and {rest:,} more")
            text = (
                f"{_one_line(self.file)}: {len(self.problems):,} problems:{''.join(lines)}"
            )
        return f"{text}\n  hint: {_one_line(self.hint)}" if self.hint else text

    def __reduce__(self) -> tuple[type[InputError], tuple[str, list[Problem], str]]:
        return type(self), (self.file, list(self.problems), self.hint)


class UncheckedError(InputError):
    """A document cannot be checked, since the configuration in force for it is wrong."""


class AnalysisError(TaskgraphError):
    """An analysis does not apply to this task, for example because it has a cycle."""


class ConfigError(TaskgraphError):
    """An option or a configuration file asks for something that does not exist."""


class RenderError(TaskgraphError):
    """A diagram or a report cannot be made, for example because a program is missing."""
