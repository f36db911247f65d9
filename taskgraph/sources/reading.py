"""One document, read."""

from __future__ import annotations

from taskgraph.model import Task, mask_task
from taskgraph.sources.decoding import decode
from taskgraph.sources.document import Document, Problems
from taskgraph.sources.ocp import read_ocp
from taskgraph.sources.opening import Source
from taskgraph.sources.parsing import parse_json, paused_collector
from taskgraph.sources.times import with_offsets

__all__ = ["read_bytes", "read_source"]

_LARGE = 1 << 20


def read_source(source: Source) -> tuple[Task, ...]:
    """Read every task of a source; see :func:`read_bytes`."""
    return read_bytes(source.read(), source.name)


def read_bytes(data: bytes, file: str = "<memory>") -> tuple[Task, ...]:
    """Read every task of a saved document.

    Parameters
    ----------
    data : bytes
        The document as it was saved, in any encoding of Unicode.
    file : str
        The name for messages.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read or holds no task.
    """
    with paused_collector():
        tasks = _read_json(Document(file, decode(data, file)))
        return tuple(mask_task(with_offsets(task)) for task in tasks)


def _read_json(document: Document) -> list[Task]:
    """Read JSON in which no object has a key twice.

    In a large document that has no quote inside a text, lost keys are found by counting
    quotes, which is faster than to look for them while parsing.
    """
    data = document.data
    by_count = len(data) > _LARGE and b'\\"' not in data
    problems = Problems(document)
    tasks = read_ocp(parse_json(document, refuse_repeated=not by_count), problems)
    problems.finish()
    if by_count and 2 * problems.tally.texts != data.count(b'"'):
        parse_json(document)
    return tasks
