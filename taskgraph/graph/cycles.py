"""What is on a cycle, and which edges to remove to be rid of it.

All functions take a strongly connected component, as
:attr:`taskgraph.graph.TaskGraph.cycles` gives it.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from taskgraph.graph.traverse import Adjacency

__all__ = ["feedback_edges", "shortest_cycle"]


def shortest_cycle(downstreams: Adjacency, component: Sequence[int]) -> list[int]:
    """Find a shortest cycle through the smallest node of a component.

    Parameters
    ----------
    downstreams : adjacency lists
    component : sequence of int
        A strongly connected component that holds a cycle, ascending.

    Returns
    -------
    list of int
        The nodes in the order of the edges, the smallest first and not repeated at the
        end. Of several shortest cycles the one that breadth-first search meets first.
    """
    start = component[0]
    inside = set(component)
    came_from: dict[int, int] = {}
    queue = [start]
    for node in queue:  # grows while it is walked
        for target in downstreams[node]:
            if target == start:
                return _walk_back(came_from, start, node)
            if target in inside and target not in came_from:
                came_from[target] = node
                queue.append(target)
    raise ValueError("the component holds no cycle")


def _walk_back(came_from: dict[int, int], start: int, node: int) -> list[int]:
    path = [node]
    while node != start:
        node = came_from[node]
        path.append(node)
    return path[::-1]


def feedback_edges(
    downstreams: Adjacency, component: Sequence[int]
) -> list[tuple[int, int]]:
    """Choose a small set of edges without which a component holds no cycle.

    The smallest such set is hard to find; this is the greedy of Eades, Lin and Smyth
    (1993): order the nodes so that few edges point backward, and take those. An edge
    from a node to itself is always among them.

    Returns
    -------
    list of (int, int)
        Edges of the component, ascending.
    """
    inside = set(component)
    targets = {
        node: [target for target in downstreams[node] if target in inside]
        for node in component
    }
    rank = {node: place for place, node in enumerate(_few_backward(targets))}
    return [
        (node, target)
        for node in component
        for target in targets[node]
        if rank[target] <= rank[node]
    ]


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
