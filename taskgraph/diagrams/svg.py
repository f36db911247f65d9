"""The built-in SVG: one self-contained text, no program and no font file needed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from itertools import pairwise
from math import dist

from taskgraph.diagrams.boxes import Face, Line, placed
from taskgraph.diagrams.layout.routing import FEW_BACK, Layout, Path
from taskgraph.diagrams.palette import CHANGED, GRAPH, HATCHED
from taskgraph.diagrams.picture import (
    LegendItem,
    hatching,
    legend_items,
    picture,
    write_gate,
    write_icon,
    write_text,
)
from taskgraph.diagrams.scene import (
    CLOSES,
    GATE_MEANS,
    NodeKind,
    Scene,
    SceneEdge,
    SceneNode,
    tone_of,
)
from taskgraph.model.words import visible
from taskgraph.sources.parsing import paused_collector

_START = "M%.0f %.0f"  # several times as fast as f-strings
_SEGMENTS = {2: "L%.0f %.0f", 6: "C%.0f %.0f %.0f %.0f %.0f %.0f"}
_ARROW = 2
"""How far an arrow's tip lies beyond the end of its line."""


def render_svg(scene: Scene, *, heading: bool = True) -> str:
    """Draw a scene, under its heading or without; the same for the same scene."""
    with paused_collector():  # a drawing is made of many small values and no cycles
        return _drawn(scene, heading=heading)


def _drawn(scene: Scene, *, heading: bool) -> str:
    drawn, layout = placed(scene)
    drawing = list(_edges(scene, layout))
    for number, (node, face) in enumerate(zip(scene.nodes, drawn, strict=True)):
        box = layout.boxes[number]
        drawing.append(_node(node, face, round(box.x), round(box.y), number))
    size = layout.width, layout.height
    rules = CHANGED if scene.compares else GRAPH
    return picture(scene, _legend(scene), drawing, size, rules, heading=heading)


def _legend(scene: Scene) -> list[LegendItem]:
    """Explain the icons, lines and boxes that a scene uses."""
    edges = scene.edges
    boxes = [node for node in scene.boxes() if node.kind is not NodeKind.JUNCTION]
    kinds = {node.kind for node in boxes}
    on_cycle = {end for edge in edges if edge.cyclic for end in edge[:2]}
    faulty = (
        number
        for number, node in enumerate(scene.nodes)
        if node.faulty and node.kind is not NodeKind.GHOST
    )
    words: dict[str, str] = {}
    for node in boxes:
        if node.kind is NodeKind.SUBTASK and node.state:
            word = node.state.partition(",")[0]
            words.setdefault(node.tone, word)
        for word, _ in node.counts:
            words.setdefault(tone_of(word), word)
    used = [n.share for n in boxes if n.share is not None and n.measured]
    planned = any(n.share is not None and not n.measured for n in boxes)
    closing = any(e.closing and not e.change for e in edges)
    marks = (
        (any(n.critical for n in boxes), "line", "e c", "critical path", 26),
        (any(n.gate for n in boxes), "gate", "", GATE_MEANS, 16),
        (bool(used), "share", "q", "time used of its timeout", 26),
        (any(share > 1 for share in used), "tick", "q t", "its timeout", 8),
        (planned, "share", "q", f"takes at most, of the {scene.whole}", 26),
        (any(n.blocked for n in boxes), "box", "n pending x", "blocked by a failure", 24),
        (NodeKind.GROUP in kinds, "box", "n pending", "several subtasks in one box", 24),
        (any(e.change == "added" for e in edges), "line", "e c", "added edge", 26),
        (any(e.change == "removed" for e in edges), "line", "e f o", "removed edge", 26),
        (any(e.cyclic for e in edges), "line", "e f", "on a cycle", 26),
        (closing, "line", "e f r", "closes a cycle", 26),
        (any(e.one_sided for e in edges), "line", "e o", "named by one end only", 26),
        (not on_cycle.issuperset(faulty), "box", "n pending f", "part of a fault", 24),
        (NodeKind.GHOST in kinds, "box", "n ghost f", "named, but not in the task", 24),
    )
    return legend_items(words, marks)


# Edges ------------------------------------------------------------------------------


def _edges(scene: Scene, layout: Layout) -> Iterable[str]:
    """Draw the edges, the ones that matter on top."""
    ranked = sorted(enumerate(scene.edges), key=lambda numbered: _edge_rank(numbered[1]))
    for number, edge in ranked:
        joint = scene.nodes[edge.head].kind is NodeKind.JUNCTION
        data = _path_data(layout.paths[number], 0 if joint else _ARROW)
        style = _edge_style(edge) + (" j" if joint else "")
        is_back = number in layout.back
        style += " r" if is_back or edge.closing else ""
        yield f'<path class="{style}" data-edge="{edge.tail} {edge.head}" d="{data}"/>'
        if is_back and len(layout.back) <= FEW_BACK:
            yield _back_label(layout.paths[number], edge)


def _back_label(path: Path, edge: SceneEdge) -> str:
    """Write what an edge does that is led back, along the longest stretch of it."""
    closes = "" if edge.change == "removed" else CLOSES  # which was turned round
    label = ", ".join(filter(None, (edge.change, closes)))
    style = f"r {edge.change}".rstrip()
    ends = [segment[-2:] for segment in path]
    (x1, y1), (x2, y2) = max(pairwise(ends), key=lambda pair: dist(*pair))
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    if y1 == y2:
        return write_text(label, style, round(x), round(y) + 12, 10, "middle")
    turned = write_text(label, style, 0, 12, 10, "middle")
    return f'<g transform="translate({round(x)} {round(y)}) rotate(-90)">{turned}</g>'


def _edge_rank(edge: SceneEdge) -> int:
    return 2 if edge.wrong or edge.doubtful or edge.change else int(edge.critical)


def _edge_style(edge: SceneEdge) -> str:
    if edge.change:
        return "e c" if edge.change == "added" else "e f o"
    style = "e c" if edge.critical else "e"
    if edge.wrong:
        style += " f"
    return style + " o" if edge.doubtful else style


def _path_data(path: Path, shortened: int) -> str:
    """Write a path in whole pixels, its end drawn back along its direction."""
    x, y = path[-1][-2:]
    before = path[-1][-4:-2] if len(path[-1]) > 2 else path[-2][-2:]
    if shortened:
        x -= shortened * ((x > before[0]) - (x < before[0]))
        y -= shortened * ((y > before[1]) - (y < before[1]))
    steps = (*path[1:-1], (*path[-1][:-2], x, y))
    return "".join([_START % path[0], *[_SEGMENTS[len(step)] % step for step in steps]])


# Nodes ------------------------------------------------------------------------------


def _node(node: SceneNode, face: Face, x: int, y: int, number: int | None) -> str:
    if node.kind is NodeKind.JUNCTION:
        half = face.width // 2
        return f'<circle class="j" cx="{x + half}" cy="{y + half}" r="{half}"/>'
    data = "" if number is None else f' data-node="{number}"'
    if len(node.ids) == 1:
        data += f' data-id="{escape(visible(str(node.ids[0])))}"'
    role = "graphics-object" if node.members else "graphics-symbol"
    opening = (
        f'<g class="{_node_style(node)}" transform="translate({x} {y})" '
        f'role="{role}"{data}>'
        f"<title>{escape(node.description, quote=False)}</title>"
    )
    parts = [opening]
    size = f'width="{face.width}" height="{face.height}" rx="7"'
    if node.kind is NodeKind.GROUP:
        parts.append(f'<rect class="b" x="4" y="4" {size}/>')
    parts.append(f'<rect class="b" {size}/>')
    if node.kind is not NodeKind.FRAME:
        parts.append(f'<rect class="k" x="4" y="7" width="4" height="{face.height - 14}"/>')
    if node.tone in HATCHED:  # where no texts are
        lines = hatching(face.width - 60, face.width - 2, face.height - 2, 14)
        parts.append(f'<path class="z {node.tone}" d="{lines}"/>')
    parts += [_line(line) for line in face.lines]
    if node.share is not None:
        parts.append(_share(node, face))
    for member, (dx, dy, inner) in zip(node.members, face.members, strict=True):
        parts.append(_node(member, inner, dx, dy, None))
    if node.gate:
        parts.append(write_gate(6 if number is not None else face.width - 120))
    parts.append("</g>")
    return "".join(parts)


def _share(node: SceneNode, face: Face) -> str:
    """Draw how much of a timeout was taken, or of the longest path may be.

    Where it was more than the timeout, a mark tells how much of it that was.
    """
    share, y = node.share or 0.0, face.height - 5
    start, room = 14, face.width - 24
    if share > 1 and node.measured:
        limit = start + round(room / share)
        return (
            f'<path class="q v w" d="M{start} {y}h{room}"/>'
            f'<path class="q t" d="M{limit} {y - 4}v8"/>'
        )
    length = max(round(room * min(share, 1.0)), 1)
    return (
        f'<path class="q" d="M{start} {y}h{room}"/>'
        f'<path class="q v" d="M{start} {y}h{length}"/>'
    )


def _node_style(node: SceneNode) -> str:
    marks = (
        ("c", node.critical),
        ("x", node.blocked),
        ("f", node.faulty),
        ("ghost", node.kind is NodeKind.GHOST),
        ("frame", node.kind is NodeKind.FRAME),
    )
    return " ".join(["n", node.tone, *(name for name, applies in marks if applies)])


@lru_cache(maxsize=65536)
def _line(line: Line) -> str:
    size = 13 if line.style == "h" else 11
    text = write_text(line.text, line.style, line.x, line.y, size)
    return write_icon(line.icon, line.x - 17, line.y - 10) + text if line.icon else text
