"""The nodes of a scene: subtasks, and subtasks that are drawn together."""

from __future__ import annotations

from collections.abc import Sequence

from taskgraph.diagrams.collapse import Cluster, Clustering, Grouping
from taskgraph.diagrams.labels import limit_text, subtask_facts
from taskgraph.diagrams.scene.content import NodeKind, SceneNode
from taskgraph.diagrams.scene.marks import Marks
from taskgraph.graph import TaskGraph
from taskgraph.model import Subtask, format_duration
from taskgraph.model.statuses import count_statuses, look, state_text
from taskgraph.model.words import name_of, plural, visible

__all__ = ["make_nodes"]


def make_nodes(
    graph: TaskGraph, shown: tuple[int, ...], clustering: Clustering, marks: Marks
) -> tuple[list[SceneNode], dict[int, int]]:
    """Make the nodes, by their smallest subtask; also tell where each subtask went."""
    cluster_of = {min(cluster.nodes): cluster for cluster in clustering.clusters}
    hidden = {node for cluster in clustering.clusters for node in cluster.nodes}
    nodes: list[SceneNode] = []
    place: dict[int, int] = {}
    for node in shown:
        cluster = cluster_of.get(node)
        if cluster is not None:
            place.update(dict.fromkeys(cluster.nodes, len(nodes)))
            nodes.append(_cluster_node(graph, cluster, marks))
        elif node not in hidden:
            place[node] = len(nodes)
            nodes.append(_subtask_node(graph, node, marks))
    return nodes, place


def _subtask_node(
    graph: TaskGraph, node: int, marks: Marks, *, in_gate: bool = False
) -> SceneNode:
    """Make the node of one subtask; a frame whose members are all gates is one gate."""
    subtask = graph.subtasks[node]
    blocked = node in marks.blocked
    return SceneNode(
        kind=NodeKind.SUBTASK,
        ids=(subtask.id,),
        name=name_of(subtask),
        id_text=visible(str(subtask.id)),
        state=state_text(subtask, blocked=blocked),
        tone=look(subtask.status).tone,
        facts=subtask_facts(subtask, marks.as_of),
        critical=node in marks.critical,
        gate=node in marks.gates and not in_gate,
        blocked=blocked,
        faulty=node in marks.faulty,
    )


def _cluster_node(graph: TaskGraph, cluster: Cluster, marks: Marks) -> SceneNode:
    subtasks = [graph.subtasks[node] for node in cluster.nodes]
    framed = cluster.grouping is Grouping.FRAME
    counts = count_statuses(subtasks)
    gated = marks.gates.issuperset(cluster.nodes)
    blocked = sum(node in marks.blocked for node in cluster.nodes)
    return SceneNode(
        kind=NodeKind.FRAME if framed else NodeKind.GROUP,
        ids=tuple(subtask.id for subtask in subtasks),
        name=_cluster_name(cluster, subtasks),
        id_text=_cluster_size(cluster),
        state=f"{blocked} blocked" if blocked and not framed else "",
        tone=look(counts[0][0]).tone,
        facts=() if framed else _limits(subtasks),
        counts=counts,
        members=tuple(
            _subtask_node(graph, node, marks, in_gate=gated)
            for node in (cluster.nodes if framed else ())
        ),
        critical=not marks.critical.isdisjoint(cluster.nodes),
        gate=not marks.gates.isdisjoint(cluster.nodes),
        blocked=blocked == len(subtasks),
        faulty=not marks.faulty.isdisjoint(cluster.nodes),
    )


def _cluster_name(cluster: Cluster, subtasks: Sequence[Subtask]) -> str:
    first, last = name_of(subtasks[0]), name_of(subtasks[-1])
    if cluster.grouping is Grouping.CHAIN and first != last:
        return f"{first} … {last}"
    if cluster.grouping is Grouping.STAGES:
        start, end = cluster.stages
        return f"Stage {start}" if start == end else f"Stages {start} to {end}"
    return first


def _cluster_size(cluster: Cluster) -> str:
    count = len(cluster.nodes)
    words = {
        Grouping.FRAME: "parts",
        Grouping.PARTS: "parts",
        Grouping.CHAIN: "in a row",
        Grouping.NAME: "of this name",
        Grouping.STAGES: "subtasks",
    }
    return f"{count} {words[cluster.grouping]}"


def _limits(subtasks: Sequence[Subtask]) -> tuple[str, ...]:
    limits = {subtask.timeout for subtask in subtasks} - {None}
    finite = sorted(limit for limit in limits if limit)
    facts = []
    if 0 in limits:
        facts.append(plural(len(limits), "no time limit", "some without a time limit"))
    if len(finite) == 1:
        facts.append(f"{limit_text(finite[0])} each")
    elif finite:
        facts.append(f"timeouts up to {format_duration(finite[-1])}")
    return tuple(facts)
