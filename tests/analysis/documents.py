"""Graphs of saved documents, and times to write by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Envelope, Id
from taskgraph.settings import Settings
from taskgraph.sources.reading import read_bytes

ZERO = datetime.fromisoformat("2025-01-01T00:00:00+08:00")


def at(seconds: float) -> datetime:
    """Give a moment that many seconds after midnight."""
    return ZERO + timedelta(seconds=seconds)


def analyse(graph: TaskGraph, **settings: Any) -> Analysis:
    """Give the answers about a graph under some settings."""
    return Analysis(graph, Settings(**settings))


def answered(graph: TaskGraph, moment: datetime | None) -> TaskGraph:
    """Build the graph of the same task in a response of that moment, even an early one."""
    envelope = Envelope(timestamp=moment)
    return build_graph(replace(graph.task, envelope=envelope))


def load(path: Path) -> TaskGraph:
    """Read the one task of a document and build its graph."""
    (task,) = read_bytes(path.read_bytes(), path.name)
    return build_graph(task)


def load_backwards(path: Path) -> TaskGraph:
    """Read the same with the subtasks and their edge lists in the opposite order."""

    def turn(value: Any) -> Any:
        if isinstance(value, list):
            return [turn(item) for item in reversed(value)]
        if isinstance(value, dict):
            return {key: turn(value[key]) for key in reversed(value)}
        return value

    document = json.dumps(turn(json.loads(path.read_bytes())))
    (task,) = read_bytes(document.encode(), path.name)
    return build_graph(task)


def nodes(graph: TaskGraph, *ids: Id) -> tuple[int, ...]:
    """Give the nodes of some ids."""
    return tuple(graph.index[name] for name in ids)


def ids(graph: TaskGraph, found: Iterable[int]) -> list[Id]:
    """Give the ids of some nodes."""
    return [graph.subtasks[node].id for node in found]


def changed(
    graph: TaskGraph, change: Callable[[Any], Mapping[str, Any]], **task: Any
) -> TaskGraph:
    """Build the graph again with some fields of each subtask and of the task replaced."""
    rows = tuple(row._replace(**change(row)) for row in graph.task.subtasks)
    return build_graph(replace(graph.task, subtasks=rows, **task))
