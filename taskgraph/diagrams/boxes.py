"""The boxes of a scene: how large they are and where their lines of text go."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, sqrt
from typing import NamedTuple

from taskgraph.diagrams.labels import join_words
from taskgraph.diagrams.palette import tone
from taskgraph.diagrams.scene import Kind, Scene, SceneNode
from taskgraph.diagrams.text import ellipsize, joined, text_width, wrap

__all__ = ["SMALL", "Face", "Line", "faces"]

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


class Line(NamedTuple):
    """A text in a box: ``style`` is the name of its class, ``icon`` a tone or empty.

    ``x`` and ``y`` are those of the start of the base line, from the box's corner; the
    icon stands in front of it. ``room`` is what the text may take.
    """

    text: str
    style: str
    x: int
    y: int
    room: int
    icon: str = ""


class Face(NamedTuple):
    """A box as it is drawn.

    ``members`` are the places of a frame's members: (x, y) and face.
    """

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    members: tuple[tuple[int, int, Face], ...] = ()


def faces(scene: Scene) -> list[Face]:
    """Make the box of every node of a scene; those of subtasks are of one size."""
    plain = [n for n in scene.nodes if n.kind in (Kind.SUBTASK, Kind.GHOST)]
    groups = [n for n in scene.nodes if n.kind is Kind.GROUP]
    width = _common_width([*plain, *groups])
    made: dict[int, Face] = {}
    for same in (plain, groups):
        drawn = [_face(node, width, named=True) for node in same]
        height = max((face.height for face in drawn), default=0)
        for node, face in zip(same, drawn, strict=True):
            made[id(node)] = face._replace(height=height if same is plain else face.height)
    for node in scene.nodes:
        if node.kind is Kind.FRAME:
            made[id(node)] = _frame(node)
    junction = Face(_JUNCTION, _JUNCTION)
    return [
        junction if node.kind is Kind.JUNCTION else made[id(node)] for node in scene.nodes
    ]


def _common_width(nodes: Iterable[SceneNode]) -> int:
    needed = max((_needed(node, named=True) for node in nodes), default=0)
    return min(_WIDEST, max(_NARROWEST, needed))


def _needed(node: SceneNode, *, named: bool) -> int:
    """Give the width at which nothing has to be broken or shortened."""
    widths = [text_width(text, SMALL) for text in _details(node)]
    widths += [_ICON + text_width(text, SMALL) for text, _ in _states(node)]
    if named:
        widths.append(text_width(node.name, NAME))
    return ceil(max(widths, default=0)) + _LEFT + _RIGHT


def _states(node: SceneNode) -> list[tuple[str, str]]:
    """Give the lines with an icon: text and tone."""
    if node.kind is Kind.GROUP:
        return [(f"{count} {status}", tone(status)) for status, count in node.counts]
    return [(node.state, node.tone)]


def _details(node: SceneNode) -> list[str]:
    """Give the small lines below the name."""
    if node.kind is Kind.GROUP:
        return [text for text in (node.id_text, node.state, join_words(node.facts)) if text]
    return joined((node.id_text, *node.facts), _WIDEST - _LEFT - _RIGHT, SMALL)


def _face(node: SceneNode, width: int, *, named: bool) -> Face:
    """Lay out the lines of one box."""
    room = width - _LEFT - _RIGHT
    lines = []
    y = 4
    for text, icon in _states(node):
        y += _SMALL_STEP
        fitted = ellipsize(text, room - _ICON, SMALL)
        lines.append(Line(fitted, f"s {icon}", _LEFT + _ICON, y, room - _ICON, icon))
    y += 1
    for text in wrap(node.name, room, NAME, _NAME_LINES) if named else ():
        y += _STEP
        lines.append(Line(text, "h", _LEFT, y, room))
    y += 1
    for text in _details(node):
        y += _SMALL_STEP
        fitted = ellipsize(text, room, SMALL, middle=text == node.id_text)
        lines.append(Line(fitted, "m", _LEFT, y, room))
    return Face(width, y + 9, tuple(lines))


def _frame(node: SceneNode) -> Face:
    """Lay out a frame: a heading, and the members in columns."""
    needed = max(_needed(member, named=False) for member in node.members)
    width = min(_WIDEST, max(_NARROWEST, needed))
    drawn = [_face(member, width, named=False) for member in node.members]
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
    inner = columns * (width + _FRAME_GAP) - _FRAME_GAP
    total = _FRAME_HEAD + rows * (height + _FRAME_GAP) - _FRAME_GAP + _FRAME_PAD
    return Face(inner + 2 * _FRAME_PAD, total, _frame_heading(node, inner), tuple(members))


def _frame_heading(node: SceneNode, room: int) -> tuple[Line, ...]:
    size = node.id_text
    if len(node.members) > _FRAME_COLUMN:
        counts = ", ".join(f"{count} {status}" for status, count in node.counts)
        size = ellipsize(f"{size}: {counts}", room, SMALL)
    return (
        Line(ellipsize(node.name, room, NAME), "h", _FRAME_PAD, 19, room),
        Line(size, "m", _FRAME_PAD, 35, room),
    )
