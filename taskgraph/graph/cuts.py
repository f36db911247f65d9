"""Which edges to remove so that no cycle is left."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from taskgraph.graph.traverse import Adjacency

MOST_PROVEN = 20
"""Nodes of a component: the subsets of so many are looked through in seconds at worst."""
_MOST_WORK = 50_000_000
"""Steps that are spent on a large component to drop edges that need not go."""


class Cut(NamedTuple):
    """Edges without which a component holds no cycle.

    Attributes
    ----------
    edges : tuple of (int, int)
        Ascending. Each is needed: with it, and without the others, there is a cycle.
    is_smallest : bool
        Whether it is proven that fewer edges do not do.
    """

    edges: tuple[tuple[int, int], ...]
    is_smallest: bool


def feedback_edges(
    downstreams: Adjacency, component: Sequence[int], *, prove: bool = True
) -> Cut:
    """Choose few edges without which a component holds no cycle.

    A smallest set is found up to 20 nodes, where that is to be proven. Beyond it is too
    hard: the greedy of Eades, Lin and Smyth (1993) orders the nodes so that few edges point
    backward, and of those only what is needed is taken. An edge from a node to itself is
    always among them.
    """
    inside = set(component)
    targets = {
        node: [target for target in downstreams[node] if target in inside]
        for node in component
    }
    edges = _needed(targets, _backward(targets, _few_backward(targets)))
    loops = sum(node in row for node, row in targets.items())
    least = max(loops, 1)
    if prove and len(edges) > least and len(component) <= MOST_PROVEN:
        edges = _backward(targets, _fewest_backward(targets, most=len(edges)))
        return Cut(tuple(edges), is_smallest=True)
    return Cut(tuple(edges), is_smallest=len(edges) == least)


def _backward(targets: dict[int, list[int]], order: Iterable[int]) -> list[tuple[int, int]]:
    rank = {node: place for place, node in enumerate(order)}
    return [
        (node, target)
        for node, row in targets.items()
        for target in row
        if rank[target] <= rank[node]
    ]


def _needed(
    targets: dict[int, list[int]], edges: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Put back every edge that closes no cycle, as far as there is time for it."""
    size = sum(map(len, targets.values()))
    if size * len(edges) > _MOST_WORK:
        return edges
    gone = set(edges)
    rows = {n: [t for t in row if (n, t) not in gone] for n, row in targets.items()}
    needed = []
    for node, target in edges:
        if node == target or _leads(rows, target, node):
            needed.append((node, target))
        else:
            rows[node].append(target)
    return needed


def _leads(rows: dict[int, list[int]], start: int, end: int) -> bool:
    seen, stack = {start}, [start]
    while stack:
        for target in rows[stack.pop()]:
            if target == end:
                return True
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return False


def _fewest_backward(targets: dict[int, list[int]], most: int) -> list[int]:
    """Order up to 20 nodes so that the fewest edges point backward, `most` at most.

    Node after node is put behind those that stand already, and for each set of nodes only
    the cost of its best order is kept, as in the dynamic program of Lawler (1964). A set is
    a number with a bit for each node; larger sets have larger numbers.
    """
    nodes = list(targets)
    bits = {node: 1 << place for place, node in enumerate(nodes)}
    ahead = [sum(bits[t] for t in targets[n] if t != n) for n in nodes]
    behind = [sum(bits[m] for m in nodes if m != n and n in targets[m]) for n in nodes]
    rows = list(zip(bits.values(), ahead, behind, strict=True))
    whole = (1 << len(nodes)) - 1
    cost = bytearray(b"\xff") * (whole + 1)
    cost[0] = 0
    for before in range(whole):
        spent = cost[before]
        if spent > most:
            continue
        left = whole ^ before
        waiting = [row for row in rows if left & row[0]]
        # what nothing that is left leads to comes first without loss
        free = [row for row in waiting if not left & row[2]]
        for bit, out, _ in free[:1] or waiting:
            total = spent + (out & before).bit_count()
            if total < cost[before | bit]:
                cost[before | bit] = total
    order: list[int] = []
    after = whole
    while after:
        for node, (bit, out, _) in zip(nodes, rows, strict=True):
            before = after ^ bit
            steps = after & bit and cost[before] + (out & before).bit_count()
            if after & bit and steps == cost[after]:
                order.append(node)
                after = before
                break
    return order[::-1]


def _few_backward(targets: dict[int, list[int]]) -> list[int]:
    """Order nodes: sinks last, sources first, else the one with most edges to spare."""
    sources: dict[int, list[int]] = {node: [] for node in targets}
    for node, row in targets.items():
        for target in row:
            sources[target].append(node)
    ahead = {node: len(row) for node, row in targets.items()}
    behind = {node: len(row) for node, row in sources.items()}
    first: list[int] = []
    last: list[int] = []
    heap = [(behind[node] - ahead[node], node) for node in targets]
    heapq.heapify(heap)
    free: list[int] = []  # has become a sink or a source
    left = set(targets)
    while left:
        node = free.pop() if free else heapq.heappop(heap)[1]
        if node not in left:
            continue
        left.remove(node)
        (first if ahead[node] else last).append(node)
        for row, degree in ((targets[node], behind), (sources[node], ahead)):
            for other in row:
                if other in left:
                    degree[other] -= 1
                    heapq.heappush(heap, (behind[other] - ahead[other], other))
                    if not degree[other]:
                        free.append(other)
    return first + last[::-1]
