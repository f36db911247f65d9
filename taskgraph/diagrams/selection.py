"""Which subtasks a diagram shows, and which of them share one box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.options import Collapse, DiagramOptions
from taskgraph.errors import RenderError
from taskgraph.graph.parallel import parallel_groups
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import adjacency, levels, reverse, runs, topological_order
from taskgraph.model.vocabulary import Status
from taskgraph.model.words import visible

__all__ = ["Cluster", "Grouping", "partition", "select"]

_AROUND = 2
"""How many edges away from a failed subtask ``around_failed`` reaches."""


class Selection(NamedTuple):
    """The chosen nodes, ascending, and a sentence for each choice that left some out."""

    nodes: tuple[int, ...]
    notes: tuple[str, ...]


def select(analysis: Analysis, options: DiagramOptions) -> Selection:
    """Apply ``focus``, ``around_failed`` and ``critical_only``, all that are asked for.

    Raises
    ------
    RenderError
        If the focus names no subtask, or there is no schedule for ``critical_only``.
    """
    graph = analysis.graph
    chosen = set(range(len(graph)))
    notes = []
    if options.focus is not None:
        node, depth = _parse_focus(graph, options.focus)
        chosen &= _around(graph, [node], depth)
        reach = "" if depth is None else f", at most {depth} edges away"
        name = visible(str(graph.subtasks[node].id))
        notes.append(f"Only what depends on {name} and what it depends on{reach}.")
    if options.around_failed:
        failed = _failed(graph, range(len(graph)))
        chosen &= _around(graph, failed, _AROUND)
        notes.append(
            f"Only the failed subtasks and what is at most {_AROUND} edges away."
            if failed
            else "No subtask failed: there is nothing around a failure to show."
        )
    if options.critical_only:
        if not analysis.is_sound:
            reasons = "; ".join(graph.flaws)
            raise RenderError(f"there is no critical path to draw: {reasons}")
        chosen.intersection_update(analysis.schedule.critical)
        notes.append("Only the subtasks on a critical path.")
    return Selection(tuple(sorted(chosen)), tuple(notes))


def _failed(graph: TaskGraph, nodes: Iterable[int]) -> list[int]:
    return [node for node in nodes if graph.subtasks[node].status == Status.FAILED]


def _parse_focus(graph: TaskGraph, text: str) -> tuple[int, int | None]:
    """Read ``ID`` or ``ID:DEPTH``; an id may hold a colon itself."""
    by_text = {str(subtask.id): node for node, subtask in enumerate(graph.subtasks)}
    if text in by_text:
        return by_text[text], None
    name, colon, depth = text.rpartition(":")
    if colon and name in by_text and depth.isascii() and depth.isdigit():
        return by_text[name], int(depth[:9])
    raise RenderError(f"cannot focus on {visible(text)!r}: no subtask has this id")


def _around(graph: TaskGraph, starts: Iterable[int], depth: int | None) -> set[int]:
    starts = set(starts)
    return (
        starts
        | _within(graph.upstreams, starts, depth)
        | _within(graph.downstreams, starts, depth)
    )


def _within(
    adjacency: Sequence[Sequence[int]], starts: set[int], depth: int | None
) -> set[int]:
    """Give the starts and what lies at most so many edges away in one direction."""
    seen, fringe = set(starts), set(starts)
    while fringe and (depth is None or depth > 0):
        fringe = {other for node in fringe for other in adjacency[node]} - seen
        seen |= fringe
        depth = None if depth is None else depth - 1
    return seen


# What is collapsed ----------------------------------------------------------------------

AUTO_LIMIT = 300
"""The boxes beyond which ``auto`` begins to collapse."""
_SHOWN_FAILURES = 12
"""The failed subtasks of one group that keep a box of their own."""


class Grouping(StrEnum):
    """Why some subtasks are drawn together."""

    FRAME = "frame"  # parts side by side, each with its own box
    PARTS = "parts"
    CHAIN = "chain"
    NAME = "name"
    STAGES = "stages"


class Cluster(NamedTuple):
    """Some subtasks that are drawn together, at least two, in reading order."""

    grouping: Grouping
    nodes: tuple[int, ...]
    stages: tuple[int, int] = (0, 0)
    """The first and the last stage, counted from 1; for STAGES only."""


def partition(
    graph: TaskGraph, nodes: tuple[int, ...], collapse: Collapse, max_nodes: int | None
) -> tuple[Cluster, ...]:
    """Decide what is drawn together; every other node has a box of its own.

    ``nodes`` are those that are shown; ``max_nodes`` the most boxes, 300 for ``auto``
    where it is not given.

    Raises
    ------
    RenderError
        If the boxes are too many and ``collapse`` is not ``auto``.
    """
    if collapse != "auto":
        clusters = _LEVELS[collapse](graph, nodes)
        boxes = _boxes(nodes, clusters)
        if max_nodes is not None and boxes > max_nodes:
            raise RenderError(
                f"the diagram would have {boxes} boxes, which is more than {max_nodes}: "
                "collapse automatically, or show a part of the task only"
            )
        return clusters
    limit = AUTO_LIMIT if max_nodes is None else max(1, max_nodes)
    for level in ("none", "parallel", "chains", "name"):
        clusters = _LEVELS[level](graph, nodes)
        if _boxes(nodes, clusters) <= limit:
            return clusters
    return _stages(graph, nodes, limit)


def _boxes(nodes: tuple[int, ...], clusters: tuple[Cluster, ...]) -> int:
    hidden = [c for c in clusters if c.grouping is not Grouping.FRAME]
    return len(nodes) - sum(len(c.nodes) - 1 for c in hidden)


def _frames(graph: TaskGraph, nodes: tuple[int, ...]) -> tuple[Cluster, ...]:
    """Frame the splits that run side by side; a frame would hide a fault."""
    faulty = {end for edge in graph.one_sided for end in edge[:2]}
    faulty.update(graph.index[graph.task.subtasks[u.position].id] for u in graph.unknown)
    return tuple(
        Cluster(Grouping.FRAME, group)
        for group in _splits(graph, nodes)
        if group[1] not in graph.downstreams[group[0]] and faulty.isdisjoint(group)
    )


def _parts(graph: TaskGraph, nodes: tuple[int, ...]) -> tuple[Cluster, ...]:
    return _without_failures(graph, Grouping.PARTS, _splits(graph, nodes))


def _splits(graph: TaskGraph, nodes: tuple[int, ...]) -> list[tuple[int, ...]]:
    shown = set(nodes)
    groups = (tuple(filter(shown.__contains__, group)) for group in parallel_groups(graph))
    return [group for group in groups if len(group) > 1]


def _chains(graph: TaskGraph, nodes: tuple[int, ...]) -> tuple[Cluster, ...]:
    """Collapse the splits, then runs of what is left between two branches."""
    parts = _parts(graph, nodes)
    taken = {node for cluster in parts for node in cluster.nodes}
    free = {
        node
        for node in nodes
        if node not in taken and graph.subtasks[node].status != Status.FAILED
    }
    after = {}
    for node in free:
        if len(graph.downstreams[node]) == 1:
            target = graph.downstreams[node][0]
            if target in free and graph.upstreams[target] == (node,):
                after[node] = target
    chains = (Cluster(Grouping.CHAIN, tuple(run)) for run in runs(after))
    return _sorted((*parts, *chains))


def _names(graph: TaskGraph, nodes: tuple[int, ...]) -> tuple[Cluster, ...]:
    """Collapse equal names at one stage: no edge runs between those."""
    stages = _stage_of(graph)
    groups: dict[tuple[str, int], list[int]] = {}
    for node in nodes:
        groups.setdefault((graph.subtasks[node].name, stages[node]), []).append(node)
    return _without_failures(graph, Grouping.NAME, map(tuple, groups.values()))


def _stages(graph: TaskGraph, nodes: tuple[int, ...], limit: int) -> tuple[Cluster, ...]:
    """Collapse whole stages, as many to a box as the limit demands."""
    stage_of = _stage_of(graph)
    shown = sorted({stage_of[node] for node in nodes})
    per_box = -(-len(shown) // limit)
    box_of = {stage: place // per_box for place, stage in enumerate(shown)}
    # A failed subtask outside a box of several stages could come both after and before it.
    alone = set(_failed(graph, nodes)[:_SHOWN_FAILURES]) if per_box == 1 else set()
    groups: dict[int, list[int]] = {}
    for node in nodes:
        if node not in alone:
            groups.setdefault(box_of[stage_of[node]], []).append(node)
    clusters = []
    for group in groups.values():
        first, last = min(stage_of[n] for n in group), max(stage_of[n] for n in group)
        if len(group) > 1:
            ordered = tuple(sorted(group, key=lambda n: (stage_of[n], n)))
            clusters.append(Cluster(Grouping.STAGES, ordered, (first + 1, last + 1)))
    return _sorted(clusters)


def _without_failures(
    graph: TaskGraph, grouping: Grouping, groups: Iterable[tuple[int, ...]]
) -> tuple[Cluster, ...]:
    """Make clusters in which a failed subtask is not hidden, unless they are many."""
    clusters = []
    for group in groups:
        alone = set(_failed(graph, group)[:_SHOWN_FAILURES])
        rest = tuple(node for node in group if node not in alone)
        if len(rest) > 1:
            clusters.append(Cluster(grouping, rest))
    return _sorted(clusters)


def _sorted(clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    return tuple(sorted(clusters, key=lambda cluster: min(cluster.nodes)))


def _stage_of(graph: TaskGraph) -> list[int]:
    """Give the length of the longest way to each node; a cycle counts as one step."""
    if graph.is_acyclic:
        return levels(graph.downstreams, graph.order)
    owner = list(range(len(graph)))
    for component in graph.cycles:
        for node in component:
            owner[node] = component[0]
    edges = ((owner[a], owner[b]) for a, b in graph.edges() if owner[a] != owner[b])
    following = adjacency(len(graph), edges)
    stage = levels(following, topological_order(reverse(following), following))
    return [stage[own] for own in owner]


_LEVELS: dict[str, Callable[[TaskGraph, tuple[int, ...]], tuple[Cluster, ...]]] = {
    "none": _frames,
    "parallel": _parts,
    "chains": _chains,
    "name": _names,
}
