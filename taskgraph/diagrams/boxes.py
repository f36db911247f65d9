"""The boxes of a scene: their lines of text, how large they are, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, sqrt
from typing import NamedTuple

from taskgraph.diagrams.layout.layout import lay_out
from taskgraph.diagrams.layout.routing import Layout
from taskgraph.diagrams.scene import NodeKind, Scene, SceneNode, status_counts, tone_of
from taskgraph.diagrams.text import alike, ellipsize, joined, text_width, wrap

NAME = 13.0
SMALL = 11.0
"""Font sizes in pixels."""

_LEFT = 14  # where text begins, behind the bar
_ICON = 17  # what an icon takes before a text
_RIGHT = 10
_NARROWEST, _WIDEST = 128, 226
_NAME_LINES = 2
_STEP, _SMALL_STEP = 16, 15
_FRAME_GAP, _FRAME_PAD, _FRAME_HEAD = 10, 12, 44
_FRAME_COLUMN = 5
"""A frame of so many members or fewer is one column."""
_JUNCTION = 8
_STAGE_TURNS = 8
"""So many edges may turn from band to band where boxes stand for stages."""
_BESIDE_TAB = 240
"""A box so wide has room for the tab of a point of no return beside an edge from above."""
_BOXES = frozenset({NodeKind.SUBTASK, NodeKind.GHOST, NodeKind.GROUP})


class Line(NamedTuple):
    """A text in a box: ``style`` is the name of its class, ``icon`` a tone or empty.

    ``x`` and ``y`` are those of the start of the base line, from the box's corner; the
    icon stands in front of it.
    """

    text: str
    style: str
    x: int
    y: int
    icon: str = ""


class Face(NamedTuple):
    """A box as it is drawn.

    ``members`` are the places of a frame's members: (x, y) and face.
    """

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    members: tuple[tuple[int, int, Face], ...] = ()


class _Content(NamedTuple):
    """What a box says: lines with an icon as (text, tone), a name, and small lines."""

    states: list[tuple[str, str]]
    name: str
    details: list[str]


def faces(scene: Scene) -> list[Face]:
    """Make the box of every node of a scene; those of subtasks are of one size."""
    nodes = scene.nodes
    contents = {n: _content(node) for n, node in enumerate(nodes) if node.kind in _BOXES}
    gated = scene.direction == "TB" and any(node.gate for node in nodes)
    least = _BESIDE_TAB if gated else 0
    width = max(_common_width(contents.values()), least)
    drawn = []
    room = width - _LEFT - _RIGHT
    names = (content.name for content in contents.values())
    same = alike(names, lambda name: wrap(name, room, NAME, _NAME_LINES))
    for number, node in enumerate(nodes):
        if number in contents:
            drawn.append(_face(contents[number], width, same))
        elif node.kind is NodeKind.FRAME:
            drawn.append(_frame(node, least))
        else:
            drawn.append(Face(_JUNCTION, _JUNCTION))
    plain = [n for n in contents if nodes[n].kind is not NodeKind.GROUP]
    height = max((drawn[n].height for n in plain), default=0)
    for number in plain:
        drawn[number] = drawn[number]._replace(height=height)
    return drawn


def _content(node: SceneNode, *, named: bool = True) -> _Content:
    name = node.name if named else node.target
    if node.kind is NodeKind.GROUP:
        states = [(f"{count:,} {status}", tone_of(status)) for status, count in node.counts]
        details = [node.id_text, node.state, *node.facts]
        return _Content(states, name, [text for text in details if text])
    told = (node.target if named else "", node.id_text, *node.facts)
    details = joined(filter(None, told), _WIDEST - _LEFT - _RIGHT, SMALL)
    return _Content([(node.state, node.tone)] if node.state else [], name, details)


def _common_width(contents: Iterable[_Content]) -> int:
    """Give the width at which nothing has to be broken, as far as that is reasonable."""
    widest = 0.0
    for content in contents:
        widths = [text_width(text, SMALL) for text in content.details]
        widths += [_ICON + text_width(text, SMALL) for text, _ in content.states]
        widest = max(widest, text_width(content.name, NAME), *widths)
    return min(_WIDEST, max(_NARROWEST, ceil(widest) + _LEFT + _RIGHT))


def _face(content: _Content, width: int, same: frozenset[str] = frozenset()) -> Face:
    """Lay out the lines of one box."""
    room = width - _LEFT - _RIGHT
    lines = []
    y = 4
    for text, icon in content.states:
        y += _SMALL_STEP
        fitted = ellipsize(text, room - _ICON, SMALL)
        lines.append(Line(fitted, f"s {icon}", _LEFT + _ICON, y, icon))
    y += 1
    name = content.name
    if name in same:  # cut in the middle, so that the ends tell them apart
        name = ellipsize(name, room * _NAME_LINES * 0.85, NAME, middle=True)
    for text in wrap(name, room, NAME, _NAME_LINES) if name else ():
        y += _STEP
        lines.append(Line(text, "h", _LEFT, y))
    y += 1
    for place, text in enumerate(content.details):
        y += _SMALL_STEP
        fitted = ellipsize(text, room, SMALL, middle=place == 0)
        lines.append(Line(fitted, "m", _LEFT, y))
    return Face(width, y + 11, tuple(lines))


def _frame(node: SceneNode, least: int) -> Face:
    """Lay out a frame: a heading, and the members in columns."""
    contents = [_content(member, named=False) for member in node.members]
    width = _common_width(contents)
    drawn = [_face(content, width) for content in contents]
    height = max(face.height for face in drawn)
    count = len(drawn)
    columns = 1
    if count > _FRAME_COLUMN:
        columns = ceil(sqrt(count * (height + _FRAME_GAP) * 1.3 / (width + _FRAME_GAP)))
    rows = ceil(count / columns)
    columns = ceil(count / rows)
    members = []
    for number, face in enumerate(drawn):
        x = _FRAME_PAD + number % columns * (width + _FRAME_GAP)
        y = _FRAME_HEAD + number // columns * (height + _FRAME_GAP)
        members.append((x, y, face._replace(height=height)))
    inner = max(columns * (width + _FRAME_GAP) - _FRAME_GAP, least - 2 * _FRAME_PAD)
    total = _FRAME_HEAD + rows * (height + _FRAME_GAP) - _FRAME_GAP + _FRAME_PAD
    return Face(inner + 2 * _FRAME_PAD, total, _frame_heading(node, inner), tuple(members))


def _frame_heading(node: SceneNode, room: int) -> tuple[Line, ...]:
    size = node.id_text
    if len(node.members) > _FRAME_COLUMN:
        size = ellipsize(f"{size}: {status_counts(node.counts)}", room, SMALL)
    return (
        Line(ellipsize(node.name, room, NAME), "h", _FRAME_PAD, 19),
        Line(size, "m", _FRAME_PAD, 35),
    )


def placed(scene: Scene) -> tuple[list[Face], Layout]:
    """Give the boxes as they are drawn, and their places."""
    drawn, beside_tabs = faces(scene), frozenset[int]()
    if scene.direction == "TB":  # a tab leaves room in the middle of the upper edge only
        beside_tabs = frozenset(n for n, node in enumerate(scene.nodes) if node.gate)
    layout = lay_out(
        [(face.width, face.height) for face in drawn],
        [edge[:2] for edge in scene.edges],
        marked=frozenset(n for n, edge in enumerate(scene.edges) if edge.critical),
        back=frozenset(n for n, edge in enumerate(scene.edges) if edge.closing),
        centred=beside_tabs,
        top_down=scene.direction == "TB",
        most_turns=_STAGE_TURNS if scene.in_stages else 3,
    )
    return drawn, layout
