"""The edges of a scene, and the ids that no subtask has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph.diagrams.scene.content import NodeKind, SceneEdge, SceneNode
from taskgraph.diagrams.scene.marks import Marks
from taskgraph.graph import TaskGraph
from taskgraph.model import Id, id_key
from taskgraph.model.words import visible

if TYPE_CHECKING:
    from taskgraph.analysis.schedule import Schedule

__all__ = ["add_ghosts", "make_edges"]


def make_edges(
    graph: TaskGraph, place: dict[int, int], schedule: Schedule | None, marks: Marks
) -> list[SceneEdge]:
    """Give the edges between what is shown, those inside one box left out."""
    tight = _tight_edges(graph, schedule, marks.critical)
    one_sided = {edge[:2] for edge in graph.one_sided}
    cycle_of = marks.cycle_of
    flags: dict[tuple[int, int], tuple[bool, bool, bool]] = {}
    for edge in graph.edges():
        tail, head = edge
        if tail in place and head in place:
            ends = place[tail], place[head]
            own = (
                edge in tight,
                tail in cycle_of and cycle_of[tail] == cycle_of.get(head),
                edge in one_sided,
            )
            if ends[0] == ends[1] and tail != head:
                continue
            known = flags.get(ends)
            if known is None:
                flags[ends] = own
            elif known != own:
                a, b, c = known
                flags[ends] = (a or own[0], b or own[1], c or own[2])
    return [SceneEdge(*ends, *own) for ends, own in flags.items()]


def _tight_edges(
    graph: TaskGraph, schedule: Schedule | None, critical: frozenset[int]
) -> set[tuple[int, int]]:
    """Give the edges over which a critical path runs."""
    if schedule is None:
        return set()
    start, finish = schedule.early_start, schedule.early_finish
    return {
        (node, target)
        for node in critical
        for target in graph.downstreams[node]
        if target in critical and finish[node] == start[target]
    }


def add_ghosts(
    graph: TaskGraph, place: dict[int, int], nodes: list[SceneNode]
) -> list[SceneEdge]:
    """Add a node for every unknown id that something shown names, and its edges."""
    ghosts: dict[Id, int] = {}
    edges = []
    for reference in sorted(graph.unknown, key=lambda mention: id_key(mention.id)):
        owner = place.get(graph.index[graph.task.subtasks[reference.position].id])
        if owner is None:
            continue
        if reference.id not in ghosts:
            ghosts[reference.id] = len(nodes)
            nodes.append(
                SceneNode(
                    kind=NodeKind.GHOST,
                    ids=(reference.id,),
                    name="Unknown subtask",
                    id_text=visible(str(reference.id)),
                    state="named, but not in the task",
                    faulty=True,
                )
            )
        ghost = ghosts[reference.id]
        ends = (ghost, owner) if reference.side == "upstreams" else (owner, ghost)
        edges.append(SceneEdge(*ends, ghostly=True))
    return edges
