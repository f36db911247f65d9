"""Nodes on a line, as near to those that they are joined with as the order allows.

The network simplex method (Gansner, Koutsofios, North and Vo, 1993): the cut value of a
tree edge is the sum of (edges out - edges in) over the nodes of one side, so it is kept as
a sum by subtree and changes only along one path per exchange. It finds layers, and places
within them.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple


class SimplexLink(NamedTuple):
    """That the head comes so much after the tail, and how much any more of it costs."""

    tail: int
    head: int
    length: float = 1
    weight: int = 1


def shorten_links(
    place: Sequence[float],
    links: Sequence[SimplexLink],
    work: int = 300_000,
    *,
    balanced: bool = False,
) -> list[float]:
    """Move the nodes of a connected graph such that the links are short in total.

    ``place`` keeps every link's length. The places given back are the optimum, unless the
    graph is too large to search to the end: ``work`` is how many nodes and links the
    exchanges together may look at. With ``balanced``, what could as well lie elsewhere
    comes to lie in the middle of that.
    """
    tree = _Tree(place, links)
    tree.improve(work)
    if balanced:
        tree.balance()
    return tree.place


class _Tree:
    """A spanning tree of links without slack, hung up at node 0.

    ``leads`` tells that the link of a node with its parent leads to the parent; ``total``
    sums the weights of what leaves a subtree, less those of what enters it.
    """

    def __init__(self, place: Sequence[float], links: Sequence[SimplexLink]) -> None:
        self.place = list(place)
        self.after: list[list[tuple[int, float]]] = [[] for _ in place]
        self.before: list[list[tuple[int, float]]] = [[] for _ in place]
        self.total = [0] * len(place)
        for tail, head, length, weight in links:
            self.after[tail].append((head, length))
            self.before[head].append((tail, length))
            self.total[tail] += weight
            self.total[head] -= weight
        self.parent = [-1] * len(place)
        self.leads = [False] * len(place)
        self.children: list[set[int]] = [set() for _ in place]
        for node in reversed(self._span()[1:]):
            self.total[self.parent[node]] += self.total[node]

    def _span(self) -> list[int]:
        """Grow the tree by the link with the least slack; give the nodes as they came.

        The whole tree moves so that the link has none: ``shift`` is how far it has moved,
        and a node that joins is kept relative to it.
        """
        joined = bytearray(len(self.place))
        shift: float = 0
        leaving: list[tuple[float, int, int]] = []  # slack + shift when it was found
        entering: list[tuple[float, int, int]] = []  # slack - shift
        sides = (1, self.after, leaving), (-1, self.before, entering)
        order = [0]
        joined[0] = 1
        node = 0
        while True:
            here = self.place[node] + shift
            for sign, neighbours, heap in sides:
                for other, length in neighbours[node]:
                    if not joined[other]:
                        slack = sign * (self.place[other] - here) - length
                        heappush(heap, (slack + sign * shift, node, other))
                while heap and joined[heap[0][2]]:
                    heappop(heap)
            if not leaving and not entering:
                return order
            forward = leaving[0][0] - shift if leaving else inf
            back = entering[0][0] + shift if entering else inf
            leads = back < forward
            _, parent, node = heappop(entering if leads else leaving)
            shift += -back if leads else forward
            joined[node] = 1
            self.leads[node] = leads
            self.parent[node] = parent
            self.children[parent].add(node)
            self.place[node] -= shift
            order.append(node)

    def improve(self, most: int) -> None:
        """Exchange tree links with a negative cut value until there are none."""
        count = len(self.place)
        work = since = 0
        node = 0
        while since < count and work < most:
            node = (node + 1) % count
            since += 1
            if node and self._cut(node) < 0:
                work += self._exchange(node)
                since = 0

    def _cut(self, node: int) -> int:
        return self.total[node] if self.leads[node] else -self.total[node]

    def _exchange(self, node: int) -> int:
        """Replace the link from a node to its parent; give the work that it took.

        If the link leads to the parent, the subtree moves back as far as the shortest
        link that leads into it allows; otherwise it moves on.
        """
        best, subtree, work = self._entering(node)
        assert best is not None  # a negative cut has links against its direction
        slack, inner, outer = best
        self._move(subtree, -slack if self.leads[node] else slack)
        self._hang(node, inner, outer)
        return work

    def _entering(self, node: int) -> tuple[tuple[float, int, int] | None, list[int], int]:
        """Find the link with the least slack that could replace that of a node."""
        subtree = [node]
        for member in subtree:  # grows while it is walked
            subtree.extend(self.children[member])
        inside = set(subtree)
        neighbours = self.before if self.leads[node] else self.after
        place = self.place
        best: tuple[float, int, int] | None = None
        work = len(subtree)
        for member in subtree:
            work += len(neighbours[member])
            for other, length in neighbours[member]:
                if other not in inside:
                    candidate = (abs(place[member] - place[other]) - length, member, other)
                    if best is None or candidate < best:
                        best = candidate
        return best, subtree, work

    def _move(self, nodes: list[int], by: float) -> None:
        if by:
            for node in nodes:
                self.place[node] += by

    def balance(self) -> None:
        for node in range(1, len(self.place)):
            if not self._cut(node):
                best, subtree, _ = self._entering(node)
                if best is not None:
                    self._move(subtree, (-best[0] if self.leads[node] else best[0]) / 2)
                    # the tree is not tight any more there, but feasible

    def _hang(self, node: int, inner: int, outer: int) -> None:
        """Cut a subtree off and hang it up again by an inner node of it."""
        whole = self.total[node]
        above = self.parent[node]
        self.children[above].discard(node)
        self._add(above, -whole)
        below, member, inside = outer, inner, 0
        leads = not self.leads[node]
        while True:
            following = self.parent[member]
            self.parent[member] = below
            self.children[below].add(member)
            self.total[member], inside = whole - inside, self.total[member]
            self.leads[member], leads = leads, not self.leads[member]
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
