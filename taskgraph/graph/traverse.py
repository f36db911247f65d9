"""Passes over adjacency lists, without recursion; near-linear but for the cut of a cycle.

A graph is a sequence of sequences: the neighbours of node 0, of node 1, and so on, each
ascending. A chain of 100,000 nodes is an ordinary input. What looks into cycles takes a
strongly connected component, as :attr:`taskgraph.graph.TaskGraph.cycles` gives it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Adjacency: TypeAlias = Sequence[Sequence[int]]

MOST_PROVEN = 20
"""Nodes of a component: the subsets of so many are looked through in seconds at worst."""
_MOST_WORK = 50_000_000
"""Steps that are spent on a large component to drop edges that need not go."""


def adjacency(count: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Give where the edges of each of so many nodes lead, in the order of the edges."""
    targets: list[list[int]] = [[] for _ in range(count)]
    for tail, head in edges:
        targets[tail].append(head)
    return targets


def reverse(adjacency: Adjacency) -> list[list[int]]:
    """Turn every edge round; the new lists are ascending too."""
    turned: list[list[int]] = [[] for _ in adjacency]
    for node, targets in enumerate(adjacency):
        for target in targets:
            turned[target].append(node)
    return turned


def topological_order(upstreams: Adjacency, downstreams: Adjacency) -> list[int]:
    """Order the nodes so that every edge points forward (Kahn, 1962).

    Sources come first, ascending, then whatever they release, in the order of release.
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


def levels(downstreams: Adjacency, order: Iterable[int]) -> list[int]:
    """Give the most edges on a way to each node, of all nodes in topological order."""
    level = [0] * len(downstreams)
    for node in order:
        following = level[node] + 1
        for target in downstreams[node]:
            if level[target] < following:
                level[target] = following
    return level


def implied_edges(downstreams: Adjacency, order: Sequence[int]) -> set[tuple[int, int]]:
    """Give the edges that a longer path implies, in a graph of some hundred nodes."""
    reach = [0] * len(downstreams)  # by node, the set of what lies beyond it, in bits
    implied: set[tuple[int, int]] = set()
    for node in reversed(order):
        beyond = 0
        for target in downstreams[node]:
            beyond |= reach[target]
        implied.update((node, n) for n in downstreams[node] if beyond >> n & 1)
        reach[node] = beyond | sum(1 << target for target in set(downstreams[node]))
    return implied


def runs(following: Mapping[int, int]) -> list[list[int]]:
    """Walk from each node that follows none to the last one, ascending by their first."""
    rows = []
    for first in sorted(following.keys() - set(following.values())):
        row = [first]
        while row[-1] in following:
            row.append(following[row[-1]])
        rows.append(row)
    return rows


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
            for other in upstreams[node]:
                if not seen[other]:
                    seen[other] = 1
                    component.append(other)
            for other in downstreams[node]:
                if not seen[other]:
                    seen[other] = 1
                    component.append(other)
        components.append(tuple(sorted(component)))
    return tuple(components)


def cyclic_components(downstreams: Adjacency) -> tuple[tuple[int, ...], ...]:
    """Give the strongly connected components that hold a cycle (Tarjan, 1972).

    Those are components of two or more nodes, and single nodes with an edge to
    themselves, each ascending, by their smallest node.
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


def shortest_cycle(downstreams: Adjacency, component: Sequence[int]) -> list[int]:
    """Find a shortest cycle through the smallest node of a component.

    The nodes come in the order of the edges, the smallest first and not repeated at the
    end. Of several shortest cycles it is the one that breadth-first search meets first.
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


def immediate_dominators(upstreams: Adjacency, order: Iterable[int]) -> tuple[int, ...]:
    """Find the immediate dominator of every node of an acyclic graph.

    A node dominates another if every path from a source to the other passes it; the
    immediate dominator is the last such node before it. ``order`` are all nodes in
    topological order.

    Returns
    -------
    tuple of int
        By node; -1 where paths from several sources meet, and for the sources.

    Notes
    -----
    In topological order, the immediate dominator is the nearest common ancestor, in the
    tree of dominators so far, of all upstreams. Ancestors are found over jump pointers
    (Myers, 1983), so a step takes logarithmic time.

    Examples
    --------
    A diamond: 0 before 1 and 2, both before 3.

    >>> immediate_dominators([[], [0], [0], [1, 2]], [0, 1, 2, 3])
    (-1, 0, 0, 0)
    """
    root = len(upstreams)
    parent, jump = [root] * (root + 1), [root] * (root + 1)
    depth = [0] * (root + 1)

    def common(a: int, b: int) -> int:
        while depth[a] != depth[b]:
            if depth[a] < depth[b]:
                a, b = b, a
            a = jump[a] if depth[jump[a]] >= depth[b] else parent[a]
        while a != b:
            if jump[a] != jump[b]:
                a, b = jump[a], jump[b]
            else:
                a, b = parent[a], parent[b]
        return a

    for node in order:
        before = upstreams[node]
        ancestor = before[0] if before else root
        for other in before[1:]:
            ancestor = common(ancestor, other)
        parent[node] = ancestor
        depth[node] = depth[ancestor] + 1
        far = jump[ancestor]
        even = depth[ancestor] - depth[far] == depth[far] - depth[jump[far]]
        jump[node] = jump[far] if even else ancestor
    return tuple(-1 if ancestor == root else ancestor for ancestor in parent[:root])
