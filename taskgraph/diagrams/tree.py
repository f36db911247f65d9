"""The dependencies as an indented text, for a terminal.

What runs one after the other stands below each other, branches are indented below the
subtask at which they part, and go on below it where they meet again: the tree is that of
the immediate dominators (Lowry and Medlock, 1969).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from taskgraph.diagrams.labels import join_words
from taskgraph.diagrams.layout.layering import acyclic_edges
from taskgraph.diagrams.scene import NodeKind, Scene, SceneNode
from taskgraph.diagrams.terminal import columns, fit
from taskgraph.graph.traverse import reverse, topological_order
from taskgraph.model.statuses import SIGNS

__all__ = ["render_tree"]

_NARROWEST = 60
_LISTED = 6
"""A split of more parts is told in numbers, with the parts that failed."""


class _Line(NamedTuple):
    rails: str
    node: SceneNode
    waits_for: int


def render_tree(scene: Scene, width: int = 100) -> str:
    """Write a scene in lines of text, without colours.

    Parameters
    ----------
    scene : Scene
        As large as may be printed: see ``DiagramOptions.max_nodes``.
    width : int
        The columns of the terminal; at least 60 are used.

    Returns
    -------
    str
        A line for each box, with ``*`` where it is on a critical path. It ends in a line
        feed, unless the scene is empty.
    """
    lines = list(_lines(scene))
    named = [line.rails + _name(line.node) for line in lines]
    most = max(_NARROWEST, width) * 11 // 20
    left = min(most, max(map(columns, named), default=0))
    text = []
    for line, name in zip(lines, named, strict=True):
        node = line.node
        sign = "*" if node.critical else " "
        text.append(f"{sign} {fit(name, left)}  {_told(line)}".rstrip() + "\n")
    return "".join(text)


def _name(node: SceneNode) -> str:
    if node.kind is NodeKind.JUNCTION:
        return "● after all of these:"
    return f"{SIGNS[node.tone]} {node.name}"


def _told(line: _Line) -> str:
    node = line.node
    if node.kind is NodeKind.JUNCTION:
        return ""
    counts = ", ".join(f"{count} {status}" for status, count in node.counts)
    waits = f"waits for {line.waits_for}" if line.waits_for > 1 else ""
    marks = [mark for mark in node.marks if mark != "on the critical path"]
    return join_words((node.id_text, node.state, counts, *node.facts, waits, *marks))


def _lines(scene: Scene) -> Iterator[_Line]:
    """Walk the tree: a node, its branches one deeper, then what follows all of them."""
    children, preceding = _dominated(scene)
    stack = [(-1, "", "")]
    while stack:
        node, first, rest = stack.pop()
        if node >= 0:
            drawn = scene.nodes[node]
            yield _Line(first, drawn, len(preceding[node]))
            yield from (_Line(f"{rest}│ ", part, 0) for part in _told_parts(drawn))
        branches = [n for n in children[node] if len(preceding[n]) <= 1]
        later = [n for n in children[node] if len(preceding[n]) > 1]
        if len(branches) == 1:
            later, branches = branches + later, []
        stack += [(other, rest, rest) for other in reversed(later)]
        for other in reversed(branches):
            last = other == branches[-1] and not later
            fork, below = ("└ ", "  ") if last else ("├ ", "│ ")
            stack.append((other, rest + fork, rest + below))


def _told_parts(node: SceneNode) -> Sequence[SceneNode]:
    if len(node.members) <= _LISTED:
        return node.members
    return [part for part in node.members if part.tone == "failed"][:_LISTED]


def _dominated(scene: Scene) -> tuple[dict[int, list[int]], list[list[int]]]:
    """Give what each node dominates immediately, -1 for no node, and all predecessors.

    Edges that close a cycle are left out.
    """
    count = len(scene.nodes)
    given = [(edge.tail, edge.head) for edge in scene.edges if edge.tail != edge.head]
    forward = [a for a, b in zip(given, acyclic_edges(count, given), strict=True) if a == b]
    following: list[list[int]] = [[] for _ in range(count)]
    for tail, head in forward:
        following[tail].append(head)
    preceding = reverse(following)
    parent = [-1] * count
    depth = [0] * count
    children: dict[int, list[int]] = {node: [] for node in range(-1, count)}
    for node in topological_order(preceding, following):
        common = preceding[node][0] if preceding[node] else -1
        for other in preceding[node][1:]:
            while common != other:  # climb from the deeper one
                if common >= 0 and (other < 0 or depth[common] >= depth[other]):
                    common = parent[common]
                else:
                    other = parent[other]  # noqa: PLW2901
        parent[node] = common
        depth[node] = depth[common] + 1 if common >= 0 else 0
        children[common].append(node)
    return children, preceding
