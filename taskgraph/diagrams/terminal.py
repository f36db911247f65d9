"""Pictures in lines of text, for a terminal: the dependencies as a tree, and the timeline.

In the tree, what runs one after the other stands below each other, branches are indented
below the subtask at which they part, and go on below it where they meet again: it is the
tree of the immediate dominators (Lowry and Medlock, 1969).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, inf
from typing import NamedTuple

from taskgraph.diagrams.layout.layering import acyclic_edges
from taskgraph.diagrams.scene import (
    Caption,
    NodeKind,
    Scene,
    SceneNode,
    status_counts,
)
from taskgraph.diagrams.selection import SHOWN_APART, most_urgent
from taskgraph.diagrams.text import alike, fitting, packed
from taskgraph.diagrams.timeline import Timeline, marks
from taskgraph.diagrams.timeline_rows import Row
from taskgraph.graph.traverse import immediate_dominators, reverse, topological_order
from taskgraph.model.statuses import SIGNS, URGENT, look
from taskgraph.model.task import Id
from taskgraph.model.words import ascending, commandless, listed, shorten, visible

_WIDTH = 100  # where no terminal says how many columns it has
_NARROWEST = 60
_LISTED = 6
"""A split of more parts is told in numbers, with gates and what failed, hangs or runs."""
_LEVELS = " ▁▂▃▄▅▆▇█"
_MARK_ROOM = 14  # columns from one mark of the axis to the next, at least


def columns(text: str) -> int:
    """Count the columns of a text that ``taskgraph.model.words.visible`` gave.

    A wide (Chinese, Japanese, Korean) character takes two.
    """
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def to_columns(text: str, width: int, *, middle: bool = False) -> str:
    """Cut a text to so many columns, with an ellipsis, or fill it up with spaces."""
    if columns(text) > width:
        end = (width - 1) // 2 if middle else 0
        head = text[: fitting(text, width - 1 - end, _columns)]
        tail = fitting(text[::-1], end, _columns)
        text = head + "…" + text[len(text) - tail :]
    return text + " " * (width - columns(text))


def _heading(caption: Caption, width: int) -> list[str]:
    """Say what stands above a picture, and an empty line."""
    told = packed((caption.subtitle, *caption.summary), " · ", width, columns)
    rest = [line for text in (*told, *caption.notes) for line in _broken(text, width)]
    return [caption.title, *rest, ""]


def _broken(text: str, width: int) -> Sequence[str]:
    """Break what is wider at a comma, or at a space where there is none."""
    if columns(text) <= width:
        return [text]
    words: list[str] = []
    for part in re.split("(?<=,) ", text):
        words += [part] if columns(part) <= width else part.split(" ")
    return packed(words, " ", width, columns)


# The tree -----------------------------------------------------------------------------


class _Line(NamedTuple):
    rails: str
    node: SceneNode
    waits_for: tuple[Id, ...] = ()


def render_tree(scene: Scene, width: int | None = None) -> str:
    """Write a scene in lines of text, without colours, at least 60 columns wide.

    Below its heading it has a line for each box, with ``*`` where it is on a critical path
    and others are not. What has no room in a given width goes on below it.
    """
    room = inf if width is None else max(_NARROWEST, width)
    width = max(_NARROWEST, width or _WIDTH)
    lines = list(_lines(scene))
    named = [line.rails + _name(line.node) for line in lines]
    left = min(width * 11 // 20, max(map(columns, named), default=0))
    told = _heading(scene, width)
    for line, name in zip(lines, named, strict=True):
        mark = "*" if line.node.critical else " "
        first, *more = packed(_told(line), " · ", room - left - 4, columns) or [""]
        told.append(f"{mark} {to_columns(name, left)}  {first}".rstrip())
        rails = line.rails.replace("├", "│").replace("└", " ")
        told += [f"  {to_columns(rails, left)}  {text}" for text in more]
    if any(node.critical for node in scene.boxes()):
        told += ["", "* critical path"]
    return "\n".join(map(commandless, told)) + "\n"


def _name(node: SceneNode) -> str:
    if node.kind is NodeKind.JUNCTION:
        return "● then:"
    sign = f"{SIGNS[node.tone]} " if node.state or node.counts else ""  # a plan has none
    return sign + node.name


def _told(line: _Line) -> Sequence[str]:
    node = line.node
    ids = visible(listed([shorten(str(one)) for one in line.waits_for]))
    waits = f"waits for {ids}" if ids else ""
    if node.kind is NodeKind.JUNCTION:
        return (waits,)
    counts = status_counts(node.counts)
    marks = [mark for mark in node.marks if mark != "on the critical path"]
    is_open = 0 < len(node.members) <= _LISTED
    state = "" if is_open else node.state  # each part has its own
    said = (counts, state) if counts else (state, node.target)
    return (node.id_text, *said, *node.facts, waits, *marks)


def _lines(scene: Scene) -> Iterator[_Line]:
    """Walk the tree: a node, its branches one deeper, then what follows all of them."""
    children, preceding = _dominated(scene)
    stack = [(-1, "", "")]
    while stack:
        node, first, rest = stack.pop()
        if node >= 0:
            drawn = scene.nodes[node]
            joined = preceding[node] if len(preceding[node]) > 1 else ()
            waits_for = ascending(i for n in joined for i in _behind(scene, preceding, n))
            yield _Line(first, drawn, waits_for)
            yield from (_Line(f"{rest}│ ", part) for part in _told_parts(drawn))
        branches = [n for n in children[node] if len(preceding[n]) <= 1]
        later = [n for n in children[node] if len(preceding[n]) > 1]
        if len(branches) == 1:
            later, branches = branches + later, []
        stack += [(other, rest, rest) for other in reversed(later)]
        for other in reversed(branches):
            last = other == branches[-1] and not later
            fork, below = ("└ ", "  ") if last else ("├ ", "│ ")
            stack.append((other, rest + fork, rest + below))


def _behind(scene: Scene, preceding: list[list[int]], node: int) -> Iterable[Id]:
    """Give the subtasks behind a node, of a junction those that meet there."""
    met = preceding[node] if scene.nodes[node].kind is NodeKind.JUNCTION else (node,)
    return (identifier for other in met for identifier in scene.nodes[other].ids)


def _told_parts(node: SceneNode) -> Sequence[SceneNode]:
    if len(node.members) <= _LISTED:
        return node.members
    failed, canceling, runs = (
        [part for part in node.members if part.tone == look(status).tone]
        for status in URGENT
    )
    overdue = [part for part in runs if part.overdue]
    running = [part for part in runs if not part.overdue]
    urgent = most_urgent(failed, overdue + canceling, running)
    gates = [part for part in node.members if part.gate]
    told = {part.ids for part in (*urgent, *gates[:SHOWN_APART])}
    return [part for part in node.members if part.ids in told]


def _dominated(scene: Scene) -> tuple[dict[int, list[int]], list[list[int]]]:
    """Give what each node dominates immediately, -1 for no node, and all predecessors.

    Edges that close a cycle are left out.
    """
    count = len(scene.nodes)
    given = [(edge.tail, edge.head) for edge in scene.edges if edge.tail != edge.head]
    following: list[list[int]] = [[] for _ in range(count)]
    for edge, forward in zip(given, acyclic_edges(count, given), strict=True):
        if edge == forward:
            following[edge[0]].append(edge[1])
    preceding = reverse(following)
    order = topological_order(preceding, following)
    dominators = immediate_dominators(preceding, order)
    children: dict[int, list[int]] = {node: [] for node in range(-1, count)}
    for node in order:
        children[dominators[node]].append(node)
    return children, preceding


# The timeline -------------------------------------------------------------------------


def render_timeline_text(timeline: Timeline, width: int | None = None) -> str:
    """Write a timeline in lines of text, without colours, at least 60 columns wide.

    ``█`` ran or will run, ``▒`` several runs, ``─`` what is between the first and the last,
    ``▁`` to ``█`` how many ran at once, ``·`` waited or may slip, ``░`` what is left at
    most, ``|`` the timeout or the latest finish, ``¦`` as of; ``*`` marks the as-run
    path or the critical path.
    """
    width = max(_NARROWEST, width or _WIDTH)
    labels = timeline.labels
    names = min(width // 3, max(map(columns, labels), default=0))
    same = alike(labels, lambda label: to_columns(label, names))
    chart = width - names - 5
    left = " " * (names + 4)
    lines = _heading(timeline, width)
    if timeline.rows:
        lines.append(left + _axis(timeline, chart))
    bars = [_bar(timeline, row, chart) for row in timeline.rows]
    for row, label, bar in zip(timeline.rows, labels, bars, strict=True):
        name = to_columns(label, names, middle=label in same) + ("*" if row.marked else " ")
        sign = SIGNS[row.tone] if row.status else " "  # a definition has no states
        lines.append(f"{sign} {name} {bar}")
        lines += [
            left + text for text in packed(row.note.split(" · "), " · ", chart, columns)
        ]
    if timeline.rows:
        lines += ["", *packed(_key(timeline, bars), "   ", width, columns)]
    lines.append("")
    return "\n".join(to_columns(commandless(line), width).rstrip() for line in lines)


def _place(timeline: Timeline, time: int, chart: int) -> int:
    return min(chart - 1, time * chart // timeline.end)


def _axis(timeline: Timeline, chart: int) -> str:
    cells = [" "] * (chart + _MARK_ROOM)
    for time, label in marks(timeline.end, timeline.begin, max(2, chart // _MARK_ROOM)):
        place = _place(timeline, time, chart)
        if place + len(label) <= chart:
            cells[place : place + len(label)] = label
    return "".join(cells[:chart])


def _bar(timeline: Timeline, row: Row, chart: int) -> str:
    cells = [" "] * chart
    start = _place(timeline, row.start, chart)
    finish = _place(timeline, row.finish, chart)
    if row.ready is not None:
        ready = _place(timeline, row.ready, chart)
        cells[ready:start] = "·" * (start - ready)
    if row.ghost is not None:
        first, last = (_place(timeline, time, chart) for time in row.ghost)
        cells[first : last + 1] = "░" * (last + 1 - first)
    if timeline.now is not None:
        cells[_place(timeline, timeline.now, chart)] = "¦"
    if not row.is_coming:
        _draw_runs(cells, timeline, row)
    if row.limit is not None and timeline.shows_limit(row):
        limit = _place(timeline, row.limit, chart)
        if timeline.planned:
            cells[finish:limit] = "·" * (limit - finish)
        if limit != start or finish > start + 1 or row.is_coming:  # some of the bar stays
            cells[limit] = "|"
    return "".join(cells)


def _draw_runs(cells: list[str], timeline: Timeline, row: Row) -> None:
    start = _place(timeline, row.start, len(cells))
    finish = _place(timeline, row.finish, len(cells))
    if row.pause is not None:
        cells[start:finish] = "─" * (finish - start)
    for bar in row.bars:
        first, last = (_place(timeline, time, len(cells)) for time in bar)
        length = max(1, last - first)
        cells[first : first + length] = ("▒" if row.several else "█") * length
    for place in range(start, finish if row.density else start):
        part = (place - start) * len(row.density) // (finish - start)
        share = row.density[part] / max(row.density)
        cells[place] = _LEVELS[ceil(share * (len(_LEVELS) - 1))]


def _key(timeline: Timeline, drawn: Iterable[str]) -> Iterable[str]:
    """Explain the signs that are there."""
    rows, planned, there = timeline.rows, timeline.planned, set().union(*drawn)
    signs = (
        (True, "█ at the longest" if planned else "█ ran"),
        (any(row.several and not row.density for row in rows), "▒ several runs"),
        (any(row.density for row in rows), "▁▄█ several subtasks, how many at once"),
        ("─" in there, "─ pauses and other attempts"),
        ("░" in there, "░ left, without waits for slots"),
        ("·" in there, "· may slip" if planned else "· waited"),
        ("|" in there, "| latest finish" if planned else "| timeout"),
        ("¦" in there, "¦ as of"),
        (any(row.marked for row in rows), f"* {timeline.path_name}"),
    )
    return (text for applies, text in signs if applies)
