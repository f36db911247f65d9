"""Which node everything on the way to another one has to pass."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.graph.traverse import Adjacency

__all__ = ["immediate_dominators"]


def immediate_dominators(upstreams: Adjacency, order: Iterable[int]) -> tuple[int, ...]:
    """Find the immediate dominator of every node of an acyclic graph.

    A node dominates another if every path from a source to the other passes it; the
    immediate dominator is the last such node before it.

    Parameters
    ----------
    upstreams : adjacency lists
    order : iterable of int
        All nodes in topological order.

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
