"""Whether more subtasks of a graph can be in flight at one moment than a limit.

Subtasks can be in flight together if none is an ancestor of another: an antichain. By
Dilworth (1950) the largest antichain has as many nodes as the fewest chains that hold
all nodes, where a chain goes from ancestor to descendant; by Fulkerson (1956) those come
from a largest matching of nodes with later nodes of the same chain; and by Koenig (1931)
the antichain can be read from such a matching.
"""

from __future__ import annotations

from taskgraph.analysis.precondition import require_sound
from taskgraph.graph import TaskGraph

__all__ = ["wide_antichain"]

_NOBODY = -1


def wide_antichain(graph: TaskGraph, limit: int) -> tuple[int, ...]:
    """Find more nodes than a limit of which none is an ancestor of another.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    limit : int
        At least 1.

    Returns
    -------
    tuple of int
        ``limit + 1`` nodes, ascending; empty where there are no such nodes.

    Notes
    -----
    The nodes come in topological order, each as the next of a chain where one can be
    re-arranged to take it, else as the first of a new chain. It stops at the first chain
    too many. A search that fails closes what it saw to all later ones: they would fail
    there as well.
    """
    require_sound(graph)
    if len(graph) <= limit:
        return ()
    chains = _Chains(graph)
    heads = []
    for node in graph.order:
        if not chains.append(node):
            heads.append(node)
            if len(heads) > limit:
                return chains.antichain(heads)
    return ()


class _Chains:
    """Chains of nodes, and the search that makes room for one node more."""

    def __init__(self, graph: TaskGraph) -> None:
        self.upstreams = graph.upstreams
        self.next = [_NOBODY] * len(graph)  # in the same chain
        self.seen = [_NOBODY] * len(graph)  # the node whose search came by last
        self.closed = bytearray(len(graph))

    def append(self, node: int) -> bool:
        """Put a node behind some ancestor; tell whether that is possible.

        An ancestor without a next node takes it. One with a next node takes it too if
        that one finds another place, for which its own ancestors are searched as well,
        all of it breadth first.
        """
        upstreams, following = self.upstreams, self.next
        seeking = [(node, _NOBODY, _NOBODY)]  # who, behind whom now, for which of these
        frontier = [(ancestor, 0) for ancestor in upstreams[node]]
        for ancestor, seeker in frontier:  # grows while it is walked
            if self.seen[ancestor] == node or self.closed[ancestor]:
                continue
            self.seen[ancestor] = node
            successor = following[ancestor]
            if successor == _NOBODY:
                self._shift(seeking, seeker, ancestor)
                return True
            frontier += [(other, len(seeking)) for other in upstreams[successor]]
            frontier += [(other, seeker) for other in upstreams[ancestor]]
            seeking.append((successor, ancestor, seeker))
        for ancestor, _ in frontier:
            self.closed[ancestor] = 1
        return False

    def _shift(self, seeking: list[tuple[int, int, int]], seeker: int, free: int) -> None:
        while seeker != _NOBODY:
            node, behind, seeker = seeking[seeker]
            self.next[free] = node
            free = behind

    def antichain(self, heads: list[int]) -> tuple[int, ...]:
        """Give one node of each chain, none an ancestor of another (Koenig, 1931)."""
        seekers = list(heads)
        passed = set()  # every ancestor of a seeker
        for seeker in seekers:  # grows while it is walked
            stack = list(self.upstreams[seeker])
            while stack:
                ancestor = stack.pop()
                if ancestor not in passed:
                    passed.add(ancestor)
                    seekers.append(self.next[ancestor])
                    stack += self.upstreams[ancestor]
        return tuple(sorted(set(seekers) - passed))
