"""The legend: only what the picture has."""

from __future__ import annotations

from typing import NamedTuple

from taskgraph.diagrams.scene import NodeKind, Scene
from taskgraph.model.statuses import UNKNOWN, look

__all__ = ["LegendItem", "legend"]


class LegendItem(NamedTuple):
    """A line of the legend.

    ``symbol`` is ``icon``, ``line``, ``box``, ``gate``, ``bar`` or ``tick``; ``style``
    the classes that it is drawn with; ``width`` what it takes in pixels.
    """

    symbol: str
    style: str
    text: str
    width: int


def legend(scene: Scene) -> tuple[LegendItem, ...]:
    """Explain the icons, lines and boxes that a scene uses."""
    boxes = [n for n in scene.boxes() if n.kind is not NodeKind.JUNCTION]
    statuses: dict[str, str] = {}
    for node in boxes:
        if node.kind is NodeKind.SUBTASK:
            word = node.state.partition(",")[0]
            statuses.setdefault(
                node.tone, word if node.tone != UNKNOWN else "unknown status"
            )
        for word, _ in node.counts:
            kind = look(word).tone
            statuses.setdefault(kind, word if kind != UNKNOWN else "unknown status")
    entries = [
        LegendItem("icon", name, text, 12) for name, text in sorted(statuses.items())
    ]
    edges = scene.edges
    optional = (
        (any(n.critical for n in boxes), LegendItem("line", "e c", "critical path", 26)),
        (
            any(n.gate for n in boxes),
            LegendItem("gate", "", "no rollback once it starts", 16),
        ),
        (
            any(n.blocked for n in boxes),
            LegendItem("box", "n pending x", "blocked by a failure", 24),
        ),
        (
            any(n.kind is NodeKind.GROUP for n in boxes),
            LegendItem("box", "n pending", "several subtasks in one box", 24),
        ),
        (any(e.cyclic for e in edges), LegendItem("line", "e f", "on a cycle", 26)),
        (
            any(e.one_sided for e in edges),
            LegendItem("line", "e o", "named by one end only", 26),
        ),
        (
            any(n.kind is NodeKind.GHOST for n in boxes),
            LegendItem("box", "n ghost f", "named, but not in the task", 24),
        ),
    )
    return (*entries, *(entry for applies, entry in optional if applies))
