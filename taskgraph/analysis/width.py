"""How many subtasks of a graph can be in flight at once, or whether more than a limit can.

Subtasks can be in flight together if none is an ancestor of another: an antichain. By
Dilworth (1950) the largest antichain has as many nodes as the fewest chains that hold
all nodes, where a chain goes from ancestor to descendant; by Fulkerson (1956) those come
from a largest matching of nodes with later nodes of the same chain; and by Koenig (1931)
the antichain can be read from such a matching.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from taskgraph.graph.taskgraph import TaskGraph

_NOBODY = -1
_MOST_STEPS = 200_000
"""So many ancestors are looked at for the exact width, in about a tenth of a second."""


class Width(NamedTuple):
    """How many subtasks can be in flight together.

    Attributes
    ----------
    size : int
    is_exact : bool
        Otherwise there are at least so many: a bound of work was reached.
    """

    size: int
    is_exact: bool


def width(graph: TaskGraph, most_steps: int = _MOST_STEPS) -> Width:
    """Count the nodes of the largest antichain, as far as a bound of work allows.

    They are as many as the chains of :func:`wide_antichain`, without a limit. The chains of
    the nodes so far are as many as these need, so that what was found counts; and so do
    nodes that are equally far from the start.

    Raises AnalysisError where the graph is not sound.
    """
    graph.require_sound()
    beside = max(Counter(graph.stages).values(), default=0)
    if _lie_on_few_paths(graph.upstreams, graph.order, beside):
        return Width(beside, is_exact=True)
    if len(graph) + graph.edge_count > most_steps:
        return Width(beside, is_exact=False)
    chains, count = _Chains(graph.upstreams, graph.order), 0
    for node in graph.order:
        if chains.steps > most_steps:
            return Width(max(beside, count), is_exact=False)
        count += not chains.append(node)
    return Width(count, is_exact=True)


def wide_antichain(
    graph: TaskGraph, limit: int, among: Collection[int] | None = None
) -> tuple[int, ...]:
    """Find more nodes than a limit of which none is an ancestor of another.

    Parameters
    ----------
    graph : TaskGraph
        Must be sound.
    limit : int
        At least 1.
    among : collection of int, optional
        Only these nodes count, and the edges between them; by default all.

    Returns
    -------
    tuple of int
        ``limit + 1`` nodes, ascending; empty where there are no such nodes.

    Notes
    -----
    Most graphs are told at a glance: nodes equally far from the start are no ancestors of
    each other, and where a few paths hold all nodes, no more of them are wanted at once.

    Else the nodes come in topological order, each as the next of a chain where one can be
    re-arranged to take it, else as the first of a new chain. It stops at the first chain
    too many. A search that fails closes what it saw to all later ones: they would fail
    there as well.

    To cover a graph with so few chains takes time linear in its size for a limit
    (Caceres and others, 2022). This search is simpler and has no such proof: of many dense,
    narrow and long graphs none took more steps than about the limit for each node and edge,
    implied edges left out.
    """
    graph.require_sound()
    if len(graph if among is None else among) <= limit:
        return ()
    upstreams: Sequence[Sequence[int]] = graph.upstreams
    order: Sequence[int] = graph.order
    if among is not None and len(among) < len(graph):
        upstreams, order = _part(graph, among)
    beside = _at_one_stage(graph, limit, order)
    if beside or _lie_on_few_paths(upstreams, order, limit):
        return beside
    chains = _Chains(upstreams, order)
    heads = []
    for node in order:
        if not chains.append(node):
            heads.append(node)
            if len(heads) > limit:
                return chains.antichain(heads)
    return ()


def _at_one_stage(graph: TaskGraph, limit: int, nodes: Sequence[int]) -> tuple[int, ...]:
    """Find more nodes than a limit that are equally far from the start."""
    stage = graph.stages
    counts = Counter(map(stage.__getitem__, nodes))
    crowded = min((place for place, n in counts.items() if n > limit), default=_NOBODY)
    among = (node for node in nodes if stage[node] == crowded)
    return tuple(sorted(among)[: limit + 1])


def _lie_on_few_paths(
    upstreams: Sequence[Sequence[int]], order: Iterable[int], limit: int
) -> bool:
    """Tell whether paths that go on wherever they can are no more than a limit."""
    is_end = bytearray(len(upstreams))
    paths = 0
    for node in order:
        is_end[node] = 1
        for upstream in upstreams[node]:
            if is_end[upstream]:
                is_end[upstream] = 0
                break
        else:
            paths += 1
            if paths > limit:
                return False
    return True


def _part(graph: TaskGraph, nodes: Iterable[int]) -> tuple[list[Sequence[int]], list[int]]:
    """Give the upstreams of some nodes among themselves, and their order."""
    inside = bytearray(len(graph))
    for node in nodes:
        inside[node] = 1
    upstreams: list[Sequence[int]] = [()] * len(graph)
    order = [node for node in graph.order if inside[node]]
    for node in order:
        upstreams[node] = [other for other in graph.upstreams[node] if inside[other]]
    return upstreams, order


def _thinned(
    upstreams: Sequence[Sequence[int]], order: Iterable[int], rank: Sequence[int]
) -> list[list[int]]:
    """Leave out upstreams that are also upstreams of others; all ancestors stay.

    The nodes are laid out in paths as they come. Of the upstreams on one path only the
    last is kept: it has the others as ancestors.
    """
    thinned: list[list[int]] = [[] for _ in upstreams]
    path = list(range(len(upstreams)))  # by node, named by its first node
    end = list(range(len(upstreams)))  # by path
    for node in order:
        last: dict[int, int] = {}
        for upstream in upstreams[node]:
            known = last.setdefault(path[upstream], upstream)
            if rank[known] < rank[upstream]:
                last[path[upstream]] = upstream
        thinned[node] = list(last.values())
        longer = next(
            (name for name, upstream in last.items() if end[name] == upstream), node
        )
        path[node], end[longer] = longer, node
    return thinned


class _Chains:
    """Chains of nodes, and the search that makes room for one node more."""

    def __init__(self, upstreams: Sequence[Sequence[int]], order: Sequence[int]) -> None:
        count = len(upstreams)
        self.rank = [0] * count
        for rank, node in enumerate(order):
            self.rank[node] = rank
        self.upstreams = _thinned(upstreams, order, self.rank)
        self.next = [_NOBODY] * count  # in the same chain
        self.seen = [_NOBODY] * count  # the node whose search came by last
        self.closed = bytearray(count)
        self.steps = 0  # ancestors that were looked at

    def append(self, node: int) -> bool:
        """Put a node behind some ancestor; tell whether that is possible.

        An ancestor without a next node takes it. One with a next node takes it too if
        that one finds another place, for which its own ancestors are searched as well. The
        ends of chains are late in the order, so the latest ancestor comes first.
        """
        seeking = [(node, _NOBODY, _NOBODY)]  # who, behind whom now, for which of these
        frontier: list[tuple[int, int, int]] = []  # earliness, ancestor, for which of these
        reached = []
        rows = [(node, 0)]
        while True:
            for below, seeker in rows:
                self.steps += len(self.upstreams[below])
                for ancestor in self.upstreams[below]:
                    if self.seen[ancestor] != node and not self.closed[ancestor]:
                        self.seen[ancestor] = node
                        reached.append(ancestor)
                        heappush(frontier, (-self.rank[ancestor], ancestor, seeker))
            if not frontier:
                break
            _, ancestor, seeker = heappop(frontier)
            successor = self.next[ancestor]
            if successor == _NOBODY:
                self._shift(seeking, seeker, ancestor)
                return True
            rows = [(ancestor, seeker), (successor, len(seeking))]
            seeking.append((successor, ancestor, seeker))
        for ancestor in reached:
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
