"""The scene of what changed between two documents: both in one graph.

It has the subtasks and edges of either side; what only one side has is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.compare import Comparison
from taskgraph.diagrams.building import Maker, collapsed, first_that_fits
from taskgraph.diagrams.edges import make_edges, simplified
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import (
    CHANGES,
    Caption,
    NodeKind,
    Scene,
    SceneEdge,
    SceneNode,
    status_counts,
)
from taskgraph.diagrams.selection import Cluster, Grouping, partitions
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Id, Subtask, Task
from taskgraph.model.words import counted, name_of, visible

_CROWD = 12
"""More subtasks of one name that changed alike say nothing each for itself."""
Tell = Callable[[int | None, int | None], Iterable[str]]
"""Says what is to know of a subtask, by its nodes in the first and the second graph."""


class _Union(NamedTuple):
    """Both graphs in one; its nodes are those of the second, then what is gone."""

    graph: TaskGraph
    sides: tuple[tuple[int | None, int | None], ...]
    """By node, those in the first and in the second graph."""
    words: tuple[str, ...]
    originals: tuple[Subtask, ...]
    changes: dict[tuple[int, int], str]
    """By edge, of those that only one side has."""
    cut: frozenset[tuple[int, int]]
    """The edges without which the second graph has no cycle."""


def build_change_scene(
    before: TaskGraph,
    after: TaskGraph,
    comparison: Comparison,
    caption: Caption,
    tell: Tell,
) -> Scene:
    """Decide what a picture of a comparison shows, of faulty graphs too.

    Edges to what does not exist are left out. To what the caption says it is added how many
    subtasks changed.
    """
    union = _united(before, after, comparison)
    maker, options = _Maker(union, tell), DiagramOptions()
    ways = partitions(maker.analysis, maker.shown, options, _urgent(union))
    return first_that_fits(ways, maker.shown, options, partial(_scene, maker, caption))


def _urgent(union: _Union) -> tuple[int, ...]:
    """Give what is not to be hidden: all that changed, but for crowds of one name."""
    kinds = list(zip(union.words, (row.name for row in union.originals), strict=True))
    crowds = {kind for kind, count in Counter(kinds).items() if count > _CROWD}
    nodes = [
        node
        for node, kind in enumerate(kinds)
        if kind[0] != "unchanged" and kind not in crowds
    ]
    return tuple(sorted(nodes, key=lambda node: CHANGES.index(union.words[node])))


def one_sided(graph: TaskGraph, *, is_new: bool) -> tuple[TaskGraph, TaskGraph, Comparison]:
    """Compare a graph with none, for a task that only one side has.

    Nothing is said but what is there: neither of time, nor of faults.
    """
    none = build_graph(Task(id=None))
    nodes, edges = tuple(range(len(graph))), tuple(graph.edges())
    comparison = Comparison(
        pairs=(),
        matched_by_id=True,
        added=nodes if is_new else (),
        removed=() if is_new else nodes,
        changed=(),
        copies=(),
        added_edges=edges if is_new else (),
        removed_edges=() if is_new else edges,
        task=(),
        flaws=(),
        budget=None,
        verdict="unknown",
        makespan=None,
    )
    return (none, graph, comparison) if is_new else (graph, none, comparison)


def _united(before: TaskGraph, after: TaskGraph, comparison: Comparison) -> _Union:
    counterpart = {b: a for a, b in comparison.pairs}
    changed = {row.after for row in comparison.changed}
    changed |= {row.after for row in comparison.copies}
    place = dict(comparison.pairs)
    place |= {node: len(after) + n for n, node in enumerate(comparison.removed)}
    sides: list[tuple[int | None, int | None]]
    sides = [(counterpart.get(node), node) for node in range(len(after))]
    sides += [(node, None) for node in comparison.removed]
    words = [_word(*side, changed) for side in sides]
    originals = [*after.subtasks, *(before.subtasks[node] for node in comparison.removed)]
    changes = dict.fromkeys(comparison.added_edges, "added")
    edges = dict.fromkeys(after.edges())
    for tail, head in comparison.removed_edges:
        changes[place[tail], place[head]] = "removed"
        edges[place[tail], place[head]] = None
    upstreams: list[list[Id]] = [[] for _ in sides]
    for tail, head in edges:
        upstreams[head].append(tail)
    subtasks = [
        Subtask(
            node,
            original.name,
            timeout=original.timeout,
            parallel_index=original.parallel_index,
            upstreams=tuple(upstreams[node]),
        )
        for node, original in enumerate(originals)
    ]
    graph = build_graph(Task(id=None, subtasks=tuple(subtasks)))
    cut = frozenset(edge for part in after.cuts for edge in part.edges)
    return _Union(graph, tuple(sides), tuple(words), tuple(originals), changes, cut)


def _word(before: int | None, after: int | None, changed: set[int]) -> str:
    if after is None:
        return "removed"
    if before is None:
        return "added"
    return "changed" if after in changed else "unchanged"


def _scene(maker: _Maker, caption: Caption, clusters: Sequence[Cluster]) -> Scene:
    union = maker.union
    boxes, place = maker.make(clusters)
    edges = sorted(_marked(union, place, make_edges(union.graph, place)))
    in_stages = any(cluster.grouping is Grouping.STAGES for cluster in clusters)
    drawn, led = simplified(boxes, edges, in_stages=in_stages)
    told = [status_counts(_counted(union.words))]
    for word, count in _counted(union.changes.values()):
        told.append(f"{counted(count, 'edge')} {word}")
    return Scene(
        title=caption.title,
        subtitle=f"{counted(len(maker.shown), 'subtask')}: {', '.join(filter(None, told))}",
        summary=caption.summary,
        notes=(*caption.notes, *collapsed(clusters)),
        nodes=drawn,
        edges=led,
        in_stages=in_stages,
        compares=True,
    )


def _marked(
    union: _Union, place: dict[int, int], edges: Iterable[SceneEdge]
) -> Iterable[SceneEdge]:
    """Mark the edges of one side; one that was turned round is no fault."""
    kinds: dict[tuple[int, int], set[str]] = {}
    cut = {(place[tail], place[head]) for tail, head in union.cut}
    for tail, head in union.graph.edges():
        kind = union.changes.get((tail, head), "")
        kinds.setdefault((place[tail], place[head]), set()).add(kind)
    for edge in edges:
        changes = kinds[edge[:2]]
        change = next(iter(changes)) if len(changes) == 1 else ""
        turned = edge.cyclic and change == "removed"
        yield SceneEdge(*edge[:2], change=change, closing=turned or edge[:2] in cut)


def _counted(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts = Counter(words)
    return tuple((word, counts[word]) for word in CHANGES if counts[word])


class _Maker(Maker):
    """Makes nodes that tell of a change, and of nothing else."""

    def __init__(self, union: _Union, tell: Tell) -> None:
        super().__init__(Analysis(union.graph), tuple(range(len(union.graph))))
        self.union = union
        self.tell = tell
        self.critical = self.gates = frozenset()
        self.faulty = set()

    def subtask(self, node: int, *, in_gate: bool = False) -> SceneNode:  # noqa: ARG002 - no gates
        """Make the node of one subtask."""
        subtask, word = self.union.originals[node], self.union.words[node]
        name, identifier = name_of(subtask), visible(str(subtask.id))
        told = self.tell(*self.union.sides[node])
        return SceneNode(
            kind=NodeKind.SUBTASK,
            ids=(subtask.id,),
            name=name,
            id_text="" if name == identifier else identifier,
            state="" if word == "unchanged" else word,
            tone=word,
            facts=tuple(filter(None, told)),
        )

    def cluster(self, cluster: Cluster) -> SceneNode:
        """Make the node of several."""
        drawn = super().cluster(cluster)
        counts = _counted(self.union.words[node] for node in cluster.nodes)
        ids = tuple(self.union.originals[node].id for node in cluster.nodes)
        tone = counts[0][0] if len(counts) == 1 else "unchanged"
        facts = drawn.facts if len(counts) == 1 else ()
        return replace(drawn, ids=ids, counts=counts, tone=tone, facts=facts, state="")
