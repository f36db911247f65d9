"""From a graph to a scene."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.analysis import Analysis
from taskgraph.diagrams.collapse import Grouping, Plan, partition
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene.bundling import bundle
from taskgraph.diagrams.scene.content import Kind, Scene, SceneNode
from taskgraph.diagrams.scene.edges import add_ghosts, make_edges
from taskgraph.diagrams.scene.marks import Marks
from taskgraph.diagrams.scene.nodes import make_nodes
from taskgraph.diagrams.scene.words import plural, subtitle, summary, title
from taskgraph.diagrams.selection import select
from taskgraph.graph import TaskGraph

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
    plan = partition(graph, selection.nodes, options.collapse, options.max_nodes)
    marks = Marks.of(analysis)
    nodes, place = make_nodes(graph, selection.nodes, plan, marks)
    edges = make_edges(graph, place, schedule, marks)
    edges += add_ghosts(graph, place, nodes)
    edges = sorted(set(edges))
    junctions, edges = bundle(len(nodes), edges)
    nodes += [SceneNode(Kind.JUNCTION)] * junctions
    hidden = len(graph) - len(selection.nodes)
    return Scene(
        title=title(graph),
        subtitle=subtitle(graph),
        summary=tuple(summary(analysis)),
        notes=(*selection.notes, *_notes(graph, plan, hidden)),
        nodes=tuple(nodes),
        edges=tuple(edges),
        direction=options.direction,
    )


def _notes(graph: TaskGraph, plan: Plan, hidden: int) -> Iterable[str]:
    if not len(graph):
        yield "The task has no subtasks."
    if hidden:
        yield f"{hidden} of {plural(len(graph), 'subtask')} not drawn."
    collapsed = [c for c in plan.clusters if c.grouping is not Grouping.FRAME]
    if collapsed:
        count = sum(len(cluster.nodes) for cluster in collapsed)
        boxes = "box stands" if len(collapsed) == 1 else "boxes stand"
        yield f"{len(collapsed)} collapsed {boxes} for {plural(count, 'subtask')}."
