"""Mermaid text, for pages that draw it themselves.

Mermaid refuses more than 500 edges or 50,000 characters, and reads markup and directives
in texts: labels are quoted, and whatever could mean something is written as an entity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from taskgraph.diagrams.palette import LIGHT
from taskgraph.diagrams.scene import (
    ALL_CRITICAL,
    CLOSES,
    NodeKind,
    Scene,
    SceneEdge,
    SceneNode,
    join_words,
)
from taskgraph.diagrams.text import ellipsize
from taskgraph.errors import RenderError

EDGES = 500
CHARACTERS = 50_000
"""What Mermaid takes unless it is told otherwise."""
_SIZES = (120, 60, 30, 15, 8)
_NAME_ROOM = 320.0
# A title is cleaned of markup but knows no entities: what looks alike takes its place.
_TITLE = str.maketrans("<>&", "＜＞＆")
_SPECIAL = re.compile(r"[^\w ,:/()-]|^[\d\s]*[-.)]", re.ASCII | re.MULTILINE)


def render_fitting(scene_of: Callable[[int | None], Scene]) -> str:
    """Write the largest scene that Mermaid draws.

    ``scene_of`` gives the scene for a number of boxes at most; ``None`` leaves it as the
    user wanted it. Raises RenderError if not even a few boxes are small enough.
    """
    for size in (None, *_SIZES):
        scene = scene_of(size)
        if len(scene.edges) <= EDGES:
            text = render_mermaid(scene)
            if len(text) <= CHARACTERS:
                return text
    raise RenderError("the diagram is too large for Mermaid: choose another format")


def render_mermaid(scene: Scene) -> str:
    """Write a scene as a Mermaid flowchart, however large.

    Every node has a synthetic name, ``n`` and its number. A circle without text stands
    for no subtask: whatever leads into it leads on to all that follow it.
    """
    critical = [f"({ALL_CRITICAL})"] if ALL_CRITICAL in scene.summary else []
    title = " ".join((scene.title, *critical, *scene.notes)).translate(_TITLE)
    lines = [
        "---",
        f"title: {json.dumps(title, ensure_ascii=False)}",
        "---",
        f"flowchart {scene.direction}",
    ]
    for number, node in enumerate(scene.nodes):
        lines += _node(f"n{number}", node, scene.direction)
    lines += [f"  n{e.tail} {_arrow(e)} n{e.head}" for e in scene.edges]
    lines += _styles(scene)
    return "\n".join(lines) + "\n"


def _node(name: str, node: SceneNode, direction: str) -> Iterator[str]:
    if node.kind is NodeKind.JUNCTION:
        yield f'  {name}((" "))'
    elif node.kind is NodeKind.FRAME:
        name_text = ellipsize(node.name, _NAME_ROOM, 13)
        heading = join_words((*node.headlines, name_text, node.id_text))
        yield f'  subgraph {name}["{_label([heading])}"]'
        yield f"  direction {direction}"
        for place, member in enumerate(node.members):
            yield f"  {_box(f'{name}_{place}', member)}"
        yield "  end"
    else:
        yield f"  {_box(name, node)}"


def _box(name: str, node: SceneNode) -> str:
    identifier = ellipsize(node.id_text, _NAME_ROOM, 13, middle=True)
    lines = (
        *node.headlines,
        ellipsize(node.name, _NAME_ROOM, 13),
        join_words((identifier, *node.facts)),
    )
    return f'{name}["{_label(lines)}"]'


def _label(lines: Iterable[str]) -> str:
    return "<br/>".join(_quoted(line) for line in lines)


def _quoted(text: str) -> str:
    """Write what Mermaid could read as markup as entities: ``#60;`` for ``<``."""
    return _SPECIAL.sub(
        lambda match: "".join(
            char if char.isalnum() or char == " " or ord(char) > 127 else f"#{ord(char)};"
            for char in match[0]
        ),
        text,
    )


def _arrow(edge: SceneEdge) -> str:
    if edge.closing:
        return f"-.->|{CLOSES}|"
    if edge.doubtful:
        return "-.->"
    return "==>" if edge.critical or edge.cyclic else "-->"


def _styles(scene: Scene) -> Iterator[str]:
    """Give the classes that are used, and the colour of the edges that show a fault."""
    members: dict[str, list[str]] = {}
    for number, node in enumerate(scene.nodes):
        parts = ((f"n{number}_{place}", part) for place, part in enumerate(node.members))
        for name, drawn in ((f"n{number}", node), *parts):
            for style in _classes(drawn):
                members.setdefault(style, []).append(name)
    definitions = {
        **{
            name: f"fill:{soft},stroke:{strong},color:{LIGHT.text}"
            for name, (strong, soft) in LIGHT.tones.items()
        },
        "frame": f"fill:{LIGHT.frame},stroke:{LIGHT.border},color:{LIGHT.text}",
        "blocked": "stroke-dasharray:5 3",
        "critical": f"stroke:{LIGHT.critical},stroke-width:3px",
        "faulty": f"stroke:{LIGHT.fault},stroke-width:3px",
    }
    for style, definition in definitions.items():
        if style in members:
            yield f"  classDef {style} {definition}"
            yield f"  class {','.join(members[style])} {style}"
    faulty = [str(n) for n, edge in enumerate(scene.edges) if edge.wrong]
    if faulty:
        yield f"  linkStyle {','.join(faulty)} stroke:{LIGHT.fault}"


def _classes(node: SceneNode) -> Iterator[str]:
    if node.kind is NodeKind.JUNCTION:
        return
    yield "frame" if node.kind is NodeKind.FRAME else node.tone
    if node.blocked or node.kind is NodeKind.GHOST:
        yield "blocked"
    if node.critical:
        yield "critical"
    if node.faulty:
        yield "faulty"
