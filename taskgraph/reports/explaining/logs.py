"""The last lines of a subtask's log."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.model import Subtask
from taskgraph.reports.explaining.sentences import Place, Sentence

__all__ = ["last_lines"]

_MOST_LINES = 5


def last_lines(subtask: Subtask) -> Iterator[Sentence]:
    """Quote how the log of a subtask ends; nothing where the document has no log."""
    if subtask.logs:
        yield Sentence("log", "Its log ends:", {})
    for line in subtask.logs[-_MOST_LINES:]:
        yield Sentence("log-line", "{line}", {"line": line}, Place.LOG)
