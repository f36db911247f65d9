"""From a graph to a scene."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.analysis import Analysis
from taskgraph.diagrams.collapse import Clustering, Grouping, partition
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene.bundling import bundle
from taskgraph.diagrams.scene.content import NodeKind, Scene, SceneNode
from taskgraph.diagrams.scene.edges import add_ghosts, make_edges
from taskgraph.diagrams.scene.marks import Marks
from taskgraph.diagrams.scene.nodes import make_nodes
from taskgraph.diagrams.scene.words import subtitle, summary
from taskgraph.diagrams.selection import select
from taskgraph.graph import TaskGraph
from taskgraph.model.words import counted, plural, title_of

__all__ = ["build_scene"]


def build_scene(analysis: Analysis, options: DiagramOptions | None = None) -> Scene:
    """Decide what a diagram of a task shows.

    Parameters
    ----------
    analysis : Analysis
        Of a faulty task too: the faults are drawn.
    options : DiagramOptions, optional

    Returns
    -------
    Scene
        Near-linear in subtasks and edges.

    Raises
    ------
    RenderError
        If the options name an unknown subtask or ask for too much.
    """
    options = options or DiagramOptions()
    graph = analysis.graph
    schedule = analysis.schedule if analysis.is_sound else None
    critical = None if schedule is None else frozenset(schedule.critical)
    selection = select(graph, options, critical)
    clustering = partition(graph, selection.nodes, options.collapse, options.max_nodes)
    marks = Marks.of(analysis)
    nodes, place = make_nodes(graph, selection.nodes, clustering, marks)
    edges = make_edges(graph, place, schedule, marks)
    edges += add_ghosts(graph, place, nodes)
    edges = sorted(set(edges))
    junctions, edges = bundle(len(nodes), edges)
    nodes += [SceneNode(NodeKind.JUNCTION)] * junctions
    hidden = len(graph) - len(selection.nodes)
    return Scene(
        title=title_of(graph.task),
        subtitle=subtitle(graph),
        summary=tuple(summary(analysis)),
        notes=(*selection.notes, *_notes(graph, clustering, hidden)),
        nodes=tuple(nodes),
        edges=tuple(edges),
        direction=options.direction,
    )


def _notes(graph: TaskGraph, clustering: Clustering, hidden: int) -> Iterable[str]:
    if not len(graph):
        yield "The task has no subtasks."
    if hidden:
        yield f"{hidden} of {counted(len(graph), 'subtask')} not drawn."
    collapsed = [c for c in clustering.clusters if c.grouping is not Grouping.FRAME]
    if collapsed:
        count = sum(len(cluster.nodes) for cluster in collapsed)
        boxes = plural(len(collapsed), "box stands", "boxes stand")
        yield f"{len(collapsed)} collapsed {boxes} for {counted(count, 'subtask')}."
