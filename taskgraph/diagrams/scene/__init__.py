"""What a diagram shows, before anyone decides where.

This is the only traversal of the graph: layout and every graph format start from the
scene, so they show the same.
"""

from __future__ import annotations

from taskgraph.diagrams.scene.build import build_scene
from taskgraph.diagrams.scene.content import NodeKind, Scene, SceneEdge, SceneNode

__all__ = ["NodeKind", "Scene", "SceneEdge", "SceneNode", "build_scene"]
