"""The DAG of a task: built from any task, also from a faulty one."""

from __future__ import annotations

from taskgraph.graph.export import (
    NODE_LINK,
    Columns,
    NodeLinkContent,
    export_gexf,
    export_graphml,
    export_node_link,
)
from taskgraph.graph.parallel import parallel_groups
from taskgraph.graph.taskgraph import (
    OneSidedEdge,
    RepeatedReference,
    Side,
    TaskGraph,
    UnknownReference,
    build_graph,
)
from taskgraph.graph.traverse import (
    adjacency,
    cyclic_components,
    feedback_edges,
    immediate_dominators,
    levels,
    reverse,
    runs,
    shortest_cycle,
    topological_order,
    weak_components,
)

__all__ = [
    "NODE_LINK",
    "Columns",
    "NodeLinkContent",
    "OneSidedEdge",
    "RepeatedReference",
    "Side",
    "TaskGraph",
    "UnknownReference",
    "adjacency",
    "build_graph",
    "cyclic_components",
    "export_gexf",
    "export_graphml",
    "export_node_link",
    "feedback_edges",
    "immediate_dominators",
    "levels",
    "parallel_groups",
    "reverse",
    "runs",
    "shortest_cycle",
    "topological_order",
    "weak_components",
]
