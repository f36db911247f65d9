"""Which subtask of one document is which of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Subtask

_KeyOf: TypeAlias = Callable[[int, int], Hashable]


class Matching(NamedTuple):
    """The subtasks of two graphs that are the same.

    Attributes
    ----------
    pairs : tuple of (int, int)
        A node of the first graph and its counterpart in the second, ascending.
    by_id : bool
        Whether all pairs have the same id.
    """

    pairs: tuple[tuple[int, int], ...]
    by_id: bool


def match(before: TaskGraph, after: TaskGraph) -> Matching:
    """Match the subtasks of two documents of one task, or of two runs of one kind.

    Two subtasks with one id are the same where the documents are of one task, or where
    they also have the same name. Of the others, those are the same that alone have their
    name and ``parallelIdx``; where several have it, those that are alone with it above or
    below a pair already found, then those with the same counterparts around them, and
    at last, but not within one task, those that come first, second, and so on. Where the
    order has to decide, those with equal timeout, class and flags go first.

    Faulty graphs will do. It takes time linear in nodes and edges, but for sorting.
    """
    matcher = _Matcher(before, after)
    within_one = is_same_task(before, after)
    matcher.match_ids(same_task=within_one)
    matcher.match_unique()
    matcher.match_places()
    if not within_one:
        matcher.match_order()
    pairs = tuple(
        (node, other) for node, other in enumerate(matcher.partner[0]) if other is not None
    )
    by_id = all(before.unredacted[a].id == after.unredacted[b].id for a, b in pairs)
    return Matching(pairs, by_id)


def is_same_task(before: TaskGraph, after: TaskGraph) -> bool:
    """Tell whether two documents are of one task, by its id."""
    ours, theirs = (graph.task.unredacted(graph.task.id) for graph in (before, after))
    return ours is not None and ours == theirs


def _label(subtask: Subtask) -> tuple[str, int]:
    """Give what stays the same from run to run: the name and the part of a split."""
    index = subtask.parallel_index
    return subtask.name, -1 if index is None else index


def _all_nodes(graph: TaskGraph) -> list[int]:
    """Give the nodes in topological order, those on and below a cycle last."""
    ordered = set(graph.order)
    return [*graph.order, *(node for node in range(len(graph)) if node not in ordered)]


class _Matcher:
    """Pairs found so far; each new pair is taken as a hint for its neighbours."""

    def __init__(self, before: TaskGraph, after: TaskGraph) -> None:
        self.graphs = (before, after)
        self.partner: tuple[list[int | None], list[int | None]] = (
            [None] * len(before),
            [None] * len(after),
        )
        self.labels = tuple(
            [_label(subtask) for subtask in graph.unredacted] for graph in self.graphs
        )

    def match_ids(self, *, same_task: bool) -> None:
        """Pair what has one id in both documents."""
        before, after = self.graphs
        index, pairs = after.index, []
        if after.task.origin.redacted:
            index = {subtask.id: node for node, subtask in enumerate(after.unredacted)}
        for node, subtask in enumerate(before.unredacted):
            other = index.get(subtask.id)
            if other is None:
                continue
            if same_task or subtask.name == after.unredacted[other].name:
                self._set(node, other)
                pairs.append((node, other))
        if len(pairs) < min(map(len, self.graphs)):
            self._spread(pairs)

    def match_unique(self) -> None:
        """Pair what is alone with its label among all that is free."""
        rows = self._everywhere(self._label_of)
        pairs = [(a[0], b[0]) for a, b in rows if len(a) == len(b) == 1]
        for pair in pairs:
            self._set(*pair)
        self._spread(pairs)

    def match_places(self) -> None:
        """Pair what has the same label and the same counterparts around it."""
        self._pair_alike(self._place_of)

    def match_order(self) -> None:
        """Pair what has the same label, in topological order."""
        self._pair_alike(self._label_of)

    def _pair_alike(self, key: _KeyOf) -> None:
        """Pair what has the same key, first where the definition is the same too."""
        for alike in (lambda side, node: (key(side, node), self._defined(side, node)), key):
            for a, b in self._everywhere(alike):
                self._pair_in_order(a, b)

    def _set(self, node: int, other: int) -> None:
        self.partner[0][node] = other
        self.partner[1][other] = node

    def _spread(self, pairs: list[tuple[int, int]]) -> None:
        """Pair the neighbours of pairs that are alone with their label there, and so on."""
        before, after = self.graphs
        for a, b in pairs:  # grows while it is walked
            for rows in (
                (before.upstreams[a], after.upstreams[b]),
                (before.downstreams[a], after.downstreams[b]),
            ):
                for nodes, others in self._groups(*rows, self._label_of):
                    if len(nodes) == len(others) == 1:
                        self._set(nodes[0], others[0])
                        pairs.append((nodes[0], others[0]))

    def _pair_in_order(self, nodes: Sequence[int], others: Sequence[int]) -> None:
        """Pair two rows in their order; each pair may settle others, of the rows too."""
        rest = iter(others)
        for node in nodes:
            if self.partner[0][node] is not None:
                continue
            other = next((b for b in rest if self.partner[1][b] is None), None)
            if other is None:
                return
            self._set(node, other)
            self._spread([(node, other)])

    def _everywhere(self, key: _KeyOf) -> list[tuple[list[int], list[int]]]:
        before, after = self.graphs
        return self._groups(_all_nodes(before), _all_nodes(after), key)

    def _groups(
        self, nodes: Iterable[int], others: Iterable[int], key: _KeyOf
    ) -> list[tuple[list[int], list[int]]]:
        """Group the free nodes of two sets by a key; keep what both sets have."""
        by_key: list[dict[Hashable, list[int]]] = [defaultdict(list), defaultdict(list)]
        for side, members in enumerate((nodes, others)):
            partner = self.partner[side]
            for node in members:
                if partner[node] is None:
                    by_key[side][key(side, node)].append(node)
        ours, theirs = by_key
        return [(row, theirs[name]) for name, row in ours.items() if name in theirs]

    def _label_of(self, side: int, node: int) -> Hashable:
        return self.labels[side][node]

    def _defined(self, side: int, node: int) -> Hashable:
        """Give what else stays the same from run to run, as long as nobody changes it."""
        subtask = self.graphs[side].unredacted[node]
        flags = subtask.prohibit_rollback, subtask.prohibit_skip
        return subtask.timeout, subtask.class_name, flags

    def _place_of(self, side: int, node: int) -> Hashable:
        """Describe a node by its label and its counterparts, as nodes of the first."""
        graph = self.graphs[side]
        above = self._counterparts(side, graph.upstreams[node])
        below = self._counterparts(side, graph.downstreams[node])
        return self.labels[side][node], above, below

    def _counterparts(self, side: int, nodes: Iterable[int]) -> tuple[int, ...]:
        rows = ((node, self.partner[side][node]) for node in nodes)
        matched = (
            partner if side else node for node, partner in rows if partner is not None
        )
        return tuple(sorted(matched))
