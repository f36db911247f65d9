"""DOT text, and Graphviz itself where it is installed.

Nodes have synthetic names, and every text goes through :func:`graphviz.escape`: a name
cannot become a port, markup or an escape sequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from taskgraph.diagrams.palette import LIGHT
from taskgraph.diagrams.scene import (
    CLOSES,
    NodeKind,
    Scene,
    SceneEdge,
    SceneNode,
    join_words,
    status_counts,
)
from taskgraph.diagrams.text import wrap
from taskgraph.errors import RenderError
from taskgraph.model.words import visible

if TYPE_CHECKING:
    import graphviz

_EXPANDED = 4
"""The edges of a frame with more members meet in a point."""
_NAME_ROOM = 200.0


def render_dot(scene: Scene) -> str:
    """Write a scene as DOT.

    Every subtask has its id in the attribute ``subtask``. A node of the shape ``point``
    stands for no subtask: whatever leads into it leads on to all that follow it.
    """
    source: str = _digraph(scene).source
    return source


def render_with_dot(scene: Scene, output: str) -> bytes:
    """Draw a scene with the Graphviz program ``dot``.

    ``output`` is a format of Graphviz: ``svg``, ``png``, ``pdf``. Raises RenderError if
    Graphviz is not installed, or fails.
    """
    import graphviz

    try:
        drawn: bytes = _digraph(scene).pipe(format=output)
    except graphviz.ExecutableNotFound as error:
        raise RenderError(
            "the engine 'dot' needs the Graphviz program, which is not installed: install "
            "the system package 'graphviz' (apt, dnf, brew, winget), or use the built-in "
            "engine"
        ) from error
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode("utf-8", "replace").strip()
        raise RenderError(f"Graphviz failed: {said or error}") from error
    return drawn


def _digraph(scene: Scene) -> graphviz.Digraph:
    import graphviz

    graph = graphviz.Digraph("task", strict=False)
    title = [scene.title, join_words((scene.subtitle, *scene.summary)), *scene.notes]
    graph.attr(
        rankdir=scene.direction,
        label=_label(title),
        labelloc="t",
        fontname="Arial",
        fontsize="14",
        fontcolor=LIGHT.text,
        bgcolor=LIGHT.page,
    )
    graph.attr("node", shape="box", style="rounded,filled", fontname="Arial", fontsize="11")
    graph.attr("edge", color=LIGHT.edge, arrowsize="0.7")
    for number, node in enumerate(scene.nodes):
        _add_node(graph, node, number)

    @cache
    def ends(number: int, side: str) -> list[str]:
        return _ends(graph, scene.nodes[number], f"n{number}", side)

    for edge in scene.edges:
        style = _edge_attributes(edge)
        for tail, head in product(ends(edge.tail, "out"), ends(edge.head, "in")):
            graph.edge(tail, head, **style)
    return graph


def _ends(graph: graphviz.Digraph, node: SceneNode, name: str, side: str) -> list[str]:
    """Give the DOT nodes at which edges to a node arrive (``in``), or leave (``out``).

    The edges of a frame with many members meet in a point, made at the first of them.
    """
    members = [f"{name}_{place}" for place in range(len(node.members))]
    if not members:
        return [name]
    if len(members) <= _EXPANDED:
        return members
    point = f"{name}_{side}"
    _add_point(graph, point)
    for member in members:
        if side == "in":
            graph.edge(point, member)
        else:
            graph.edge(member, point, arrowhead="none")
    return [point]


def _add_point(graph: graphviz.Digraph, name: str) -> None:
    graph.node(name, shape="point", width="0.07", label="")


def _add_node(graph: graphviz.Digraph, node: SceneNode, number: int) -> None:
    if node.kind is NodeKind.JUNCTION:
        _add_point(graph, f"n{number}")
    elif node.kind is NodeKind.FRAME:
        with graph.subgraph(name=f"cluster_{number}") as cluster:
            size = f"{node.id_text}: {status_counts(node.counts)}"
            heading = [*node.headlines, *wrap(node.name, _NAME_ROOM, 13, 2), size]
            cluster.attr(label=_label(heading), style="rounded,filled", labelloc="t")
            cluster.attr(fillcolor=LIGHT.frame, color=LIGHT.border, fontsize="12")
            for place, member in enumerate(node.members):
                cluster.node(f"n{number}_{place}", **_node_attributes(member))
    else:
        graph.node(f"n{number}", **_node_attributes(node))


def _node_attributes(node: SceneNode) -> dict[str, str]:
    import graphviz

    strong, soft = LIGHT.tones[node.tone]
    name = wrap(node.name, _NAME_ROOM, 13, 3)
    attributes = {
        "label": _label(
            (*node.headlines, *name, join_words((node.target, node.id_text, *node.facts)))
        ),
        "tooltip": _label([node.description]),
        "fillcolor": soft,
        "color": strong,
        "fontcolor": LIGHT.text,
    }
    if node.kind in (NodeKind.SUBTASK, NodeKind.GHOST) and node.ids:
        attributes["subtask"] = graphviz.nohtml(graphviz.escape(visible(str(node.ids[0]))))
    if node.kind is NodeKind.GROUP:
        attributes["peripheries"] = "2"
    if node.critical:
        attributes.update(color=LIGHT.critical, penwidth="2.6")
    if node.faulty:
        attributes.update(color=LIGHT.fault, penwidth="2.2")
    if node.blocked or node.kind is NodeKind.GHOST:
        attributes["style"] = "rounded,filled,dashed"
    return attributes


def _label(lines: Iterable[str]) -> str:
    """Join lines to a label in which nothing but the line breaks means anything."""
    import graphviz

    text = "\\n".join(graphviz.escape(line) for line in lines)
    label: str = graphviz.nohtml(text.replace("&", "&amp;"))  # Graphviz reads entities
    return label


def _edge_attributes(edge: SceneEdge) -> dict[str, str]:
    attributes: dict[str, str] = {}
    if edge.critical:
        attributes.update(color=LIGHT.critical, penwidth="2.6")
    if edge.wrong:
        attributes.update(color=LIGHT.fault, penwidth="2.2")
    if edge.closing:
        label = {"label": CLOSES, "fontsize": "9", "fontcolor": LIGHT.fault}
        attributes.update(label, constraint="false")
    if edge.doubtful or edge.closing:
        attributes["style"] = "dashed"
    return attributes
