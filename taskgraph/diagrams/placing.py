"""Where the boxes and edges of a scene lie."""

from __future__ import annotations

from taskgraph.diagrams.boxes import Face, faces
from taskgraph.diagrams.layout.layout import lay_out
from taskgraph.diagrams.layout.routing import Layout
from taskgraph.diagrams.scene import Scene

__all__ = ["placed"]

_STAGE_TURNS = 8
"""So many edges may turn from band to band where boxes stand for stages."""


def placed(scene: Scene) -> tuple[list[Face], Layout]:
    """Give the boxes as they are drawn, and their places."""
    drawn = faces(scene)
    layout = lay_out(
        [(face.width, face.height) for face in drawn],
        [edge[:2] for edge in scene.edges],
        marked=frozenset(n for n, edge in enumerate(scene.edges) if edge.critical),
        back=frozenset(n for n, edge in enumerate(scene.edges) if edge.closing),
        centred=_beside_tabs(scene),
        top_down=scene.direction == "TB",
        most_turns=_STAGE_TURNS if scene.in_stages else 3,
    )
    return drawn, layout


def _beside_tabs(scene: Scene) -> frozenset[int]:
    """Give the boxes on whose upper edge a tab leaves room in the middle only."""
    if scene.direction == "LR":
        return frozenset()
    return frozenset(n for n, node in enumerate(scene.nodes) if node.gate)
