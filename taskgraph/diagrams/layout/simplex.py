"""Layers with the least total length of edges.

The network simplex method for layer assignment (Gansner, Koutsofios, North and Vo, 1993).
The cut value of a tree edge is the sum of (edges out - edges in) over the nodes of one
side, so it is kept as a sum by subtree and changes only along one path per exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

__all__ = ["shorten"]

_WORK = 300_000
"""How many nodes and edges all exchanges together may look at."""


def shorten(layer: list[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    """Move the nodes of a connected graph to layers with shorter edges in total.

    Parameters
    ----------
    layer : list of int
        Every edge goes from an earlier layer to a later one.
    edges : sequence of (int, int)

    Returns
    -------
    list of int
        From 0. The optimum, unless the graph is too large to search to the end.
    """
    if all(layer[head] - layer[tail] == 1 for tail, head in edges):
        return layer
    tree = _Tree(layer, edges)
    tree.improve()
    first = min(tree.layer)
    return [number - first for number in tree.layer]


class _Tree:
    """A spanning tree of edges of length one, hung up at node 0."""

    def __init__(self, layer: list[int], edges: Sequence[tuple[int, int]]) -> None:
        self.layer = list(layer)
        self.after: list[list[int]] = [[] for _ in layer]
        self.before: list[list[int]] = [[] for _ in layer]
        for tail, head in edges:
            self.after[tail].append(head)
            self.before[head].append(tail)
        self.parent = [-1] * len(layer)
        self.children: list[set[int]] = [set() for _ in layer]
        order = self._span()
        self.total = [
            len(after) - len(before)
            for after, before in zip(self.after, self.before, strict=True)
        ]
        for node in reversed(order[1:]):
            self.total[self.parent[node]] += self.total[node]

    def _span(self) -> list[int]:
        """Grow the tree by the edge with the least slack; give the nodes as they came.

        The whole tree moves so that the edge gets the length one: ``shift`` is how far
        it has moved, and a node that joins is kept relative to it.
        """
        joined = bytearray(len(self.layer))
        shift = 0
        leaving: list[tuple[int, int, int]] = []  # slack + shift when it was found
        entering: list[tuple[int, int, int]] = []
        order = [0]
        joined[0] = 1
        node = 0
        while True:
            here = self.layer[node] + shift
            for other in self.after[node]:
                if not joined[other]:
                    slack = self.layer[other] - here - 1
                    heappush(leaving, (slack + shift, node, other))
            for other in self.before[node]:
                if not joined[other]:
                    slack = here - self.layer[other] - 1
                    heappush(entering, (slack - shift, node, other))
            while leaving and joined[leaving[0][2]]:
                heappop(leaving)
            while entering and joined[entering[0][2]]:
                heappop(entering)
            forward = leaving[0][0] - shift if leaving else None
            back = entering[0][0] + shift if entering else None
            if forward is not None and (back is None or forward <= back):
                _, parent, node = heappop(leaving)
                shift += forward
            elif back is not None:
                _, parent, node = heappop(entering)
                shift -= back
            else:
                break
            joined[node] = 1
            self.parent[node] = parent
            self.children[parent].add(node)
            self.layer[node] -= shift
            order.append(node)
        return order

    def improve(self) -> None:
        """Exchange tree edges with a negative cut value until there are none."""
        count = len(self.layer)
        work = since = 0
        node = 0
        while since < count and work < _WORK:
            node = (node + 1) % count
            since += 1
            parent = self.parent[node]
            if parent < 0:
                continue
            forward = self.layer[node] < self.layer[parent]
            if (self.total[node] if forward else -self.total[node]) < 0:
                work += self._exchange(node, forward)
                since = 0

    def _exchange(self, node: int, forward: bool) -> int:
        """Replace the edge from a node to its parent; give the work that it took.

        ``forward`` tells that the edge leads to the parent. The subtree then moves back
        as far as the shortest edge that leads into it allows; otherwise it moves on.
        """
        subtree = [node]
        for member in subtree:  # grows while it is walked
            subtree.extend(self.children[member])
        inside = set(subtree)
        neighbours = self.before if forward else self.after
        layer = self.layer
        best: tuple[int, int, int] | None = None
        work = len(subtree)
        for member in subtree:
            work += len(neighbours[member])
            for other in neighbours[member]:
                if other not in inside:
                    candidate = (abs(layer[member] - layer[other]) - 1, member, other)
                    if best is None or candidate < best:
                        best = candidate
        assert best is not None  # a negative cut has edges against its direction
        slack, inner, outer = best
        move = -slack if forward else slack
        if move:
            for member in subtree:
                layer[member] += move
        self._hang(node, inner, outer)
        return work

    def _hang(self, node: int, inner: int, outer: int) -> None:
        """Cut a subtree off and hang it up again by an inner node of it."""
        whole = self.total[node]
        above = self.parent[node]
        self.children[above].discard(node)
        self._add(above, -whole)
        below, member, inside = outer, inner, 0
        while True:
            following = self.parent[member]
            self.parent[member] = below
            self.children[below].add(member)
            self.total[member], inside = whole - inside, self.total[member]
            if member == node:
                break
            self.children[following].discard(member)
            below, member = member, following
        self._add(outer, whole)

    def _add(self, node: int, amount: int) -> None:
        """Add to the sums of a node and all above it."""
        while node >= 0:
            self.total[node] += amount
            node = self.parent[node]
