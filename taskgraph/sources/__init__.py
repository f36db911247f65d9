"""From what was saved to the model: opening, unpacking, telling the dialect, reading."""

from __future__ import annotations

from taskgraph.model import Task
from taskgraph.sources.dialects import input_schemas
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source, find_sources
from taskgraph.sources.reading import Reading, read_bytes, read_source

__all__ = [
    "ReadOptions",
    "Reading",
    "Source",
    "find_sources",
    "input_schemas",
    "read_bytes",
    "read_source",
    "write_task",
]


def write_task(task: Task) -> str:
    """Write a task as taskgraph's own JSON; see ``taskgraph.sources.native``."""
    from taskgraph.sources.native import write_task as write

    return write(task)
