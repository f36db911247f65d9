"""One document, read."""

from __future__ import annotations

from taskgraph.model import Task
from taskgraph.sources.decoding import decode
from taskgraph.sources.opening import Source
from taskgraph.sources.parsing import paused_collector

__all__ = ["read_bytes", "read_source"]


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
    from taskgraph.sources.ocp import read_ocp

    with paused_collector():
        return read_ocp(decode(data, file), file)
