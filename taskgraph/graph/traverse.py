"""Linear passes over adjacency lists, without recursion.

A graph is a sequence of sequences: the neighbours of node 0, of node 1, and so on, each
ascending. A chain of 100,000 nodes is an ordinary input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

__all__ = [
    "Adjacency",
    "cyclic_components",
    "reachable",
    "reverse",
    "topological_order",
    "weak_components",
]

Adjacency: TypeAlias = Sequence[Sequence[int]]


def reverse(adjacency: Adjacency) -> list[list[int]]:
    """Turn every edge round; the new lists are ascending too."""
    turned: list[list[int]] = [[] for _ in adjacency]
    for node, targets in enumerate(adjacency):
        for target in targets:
            turned[target].append(node)
    return turned


def topological_order(upstreams: Adjacency, downstreams: Adjacency) -> list[int]:
    """Order the nodes so that every edge points forward (Kahn, 1962).

    Parameters
    ----------
    upstreams, downstreams : adjacency lists
        The same edges seen from both ends.

    Returns
    -------
    list of int
        Sources first, ascending, then whatever they release, in the order of release.
        Nodes on a cycle, or that only a cycle reaches, are missing.
    """
    waiting = [len(ups) for ups in upstreams]
    order = [node for node, count in enumerate(waiting) if not count]
    for node in order:  # grows while it is walked
        for target in downstreams[node]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    return order


def reachable(adjacency: Adjacency, starts: Iterable[int]) -> set[int]:
    """Give every node that can be reached by at least one edge, the starts excluded."""
    starts = set(starts)
    seen = set(starts)
    stack = list(starts)
    while stack:
        for target in adjacency[stack.pop()]:
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return seen - starts


def weak_components(
    upstreams: Adjacency, downstreams: Adjacency
) -> tuple[tuple[int, ...], ...]:
    """Give the weakly connected components, each ascending, by their smallest node."""
    seen = bytearray(len(downstreams))
    components = []
    for start in range(len(downstreams)):
        if seen[start]:
            continue
        seen[start] = 1
        component = [start]
        for node in component:  # grows while it is walked
            for neighbours in (upstreams[node], downstreams[node]):
                for other in neighbours:
                    if not seen[other]:
                        seen[other] = 1
                        component.append(other)
        components.append(tuple(sorted(component)))
    return tuple(components)


def cyclic_components(downstreams: Adjacency) -> tuple[tuple[int, ...], ...]:
    """Give the strongly connected components that hold a cycle (Tarjan, 1972).

    Returns
    -------
    tuple of tuple of int
        Components of two or more nodes, and single nodes with an edge to themselves,
        each ascending, by their smallest node.
    """
    count = len(downstreams)
    number = [-1] * count  # the order of discovery
    low = [0] * count
    on_path = bytearray(count)
    path: list[int] = []
    components = []
    clock = 0
    for root in range(count):
        if number[root] >= 0:
            continue
        calls = [(root, iter(downstreams[root]))]
        number[root] = low[root] = clock
        clock += 1
        path.append(root)
        on_path[root] = 1
        while calls:
            node, targets = calls[-1]
            for target in targets:
                if number[target] < 0:
                    number[target] = low[target] = clock
                    clock += 1
                    path.append(target)
                    on_path[target] = 1
                    calls.append((target, iter(downstreams[target])))
                    break
                if on_path[target]:
                    low[node] = min(low[node], number[target])
            else:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                if low[node] == number[node]:
                    component: list[int] = []
                    while not component or component[-1] != node:
                        component.append(path.pop())
                        on_path[component[-1]] = 0
                    if len(component) > 1 or node in downstreams[node]:
                        components.append(tuple(sorted(component)))
    return tuple(sorted(components))
