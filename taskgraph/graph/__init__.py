"""The DAG of a task: built from any task, also from a faulty one."""

from __future__ import annotations

from taskgraph.graph.taskgraph import (
    OneSidedEdge,
    RepeatedReference,
    TaskGraph,
    UnknownReference,
    build_graph,
)

__all__ = [
    "OneSidedEdge",
    "RepeatedReference",
    "TaskGraph",
    "UnknownReference",
    "build_graph",
]
