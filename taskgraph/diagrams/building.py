"""From a graph to a scene: the only traversal of the graph by the diagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Final, Literal, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.boxes import placed
from taskgraph.diagrams.edges import (
    Ghosts,
    find_ghosts,
    ghost_edges,
    make_edges,
    simplified,
)
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.picture import PAGE
from taskgraph.diagrams.scene import (
    ALL_CRITICAL,
    NodeKind,
    Scene,
    SceneNode,
    absent,
    limit_text,
    state_and_tone,
    subtask_facts,
    subtitle,
    summary,
    told_of_several,
)
from taskgraph.diagrams.selection import (
    Cluster,
    Grouping,
    Selection,
    cluster_name,
    partitions,
    select,
)
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import SECOND, Span, SpanKind, measured_span, timeout_seconds
from taskgraph.model.statuses import count_shown, look
from taskgraph.model.task import Subtask
from taskgraph.model.words import counted, name_of, plural, title_of, visible

_DIRECTIONS: Final[dict[str, tuple[Literal["LR", "TB"], ...]]] = {
    "auto": ("LR", "TB"),
    "LR": ("LR",),
    "TB": ("TB",),
}
_AROUND = (56, 150)  # margins, heading and legend
_LEAST_BOX = 150 * 110  # with the gaps and edges around it
_LEAST_MEMBER = 130 * 60


def build_scene(analysis: Analysis, options: DiagramOptions | None = None) -> Scene:
    """Decide what a diagram of a task shows, of a faulty one too: the faults are drawn.

    It takes a time near-linear in subtasks and edges. Raises RenderError if the options
    name an unknown subtask or ask for too much.
    """
    options = options or DiagramOptions()
    selection = select(analysis, options)
    maker = Maker(analysis, selection.nodes)
    ways = partitions(analysis, selection.nodes, options)
    return first_that_fits(
        ways, selection.nodes, options, partial(_scene, maker, selection)
    )


def first_that_fits(
    ways: Iterable[Sequence[Cluster]],
    nodes: tuple[int, ...],
    options: DiagramOptions,
    make: Callable[[Sequence[Cluster]], Scene],
) -> Scene:
    """Make the scene of the first way of collapsing nodes that fits the page."""
    smallest: _Trial | None = None
    for clusters in ways:
        whole = options.collapse != "auto" or options.max_nodes is not None
        large = _least_area(nodes, clusters) > PAGE**2
        if large and not whole:
            continue
        scene = make(clusters)
        directions = _DIRECTIONS[options.direction]
        if whole and (large or len(directions) == 1):
            return replace(scene, direction=directions[0])
        trial = _better(scene, directions)
        if whole or trial.excess <= 1:
            return trial.scene
        if smallest is None or trial.excess < smallest.excess:
            smallest = trial
    assert smallest is not None  # the coarsest way has one box for each gate and failure
    return smallest.scene


class _Trial(NamedTuple):
    scene: Scene
    excess: float
    """How often the page would have to be as long or as wide."""
    turns: int


def _better(scene: Scene, directions: Iterable[Literal["LR", "TB"]]) -> _Trial:
    """Choose the direction: the first that fits, rather one that a reader can follow.

    Folding a chain is easy to follow, but not several edges that turn beside each other.
    """
    best: _Trial | None = None
    for direction in directions:
        turned = replace(scene, direction=direction)
        _, layout = placed(turned)
        across, down = layout.width + _AROUND[0], layout.height + _AROUND[1]
        trial = _Trial(turned, max(across, down) / PAGE, layout.turns)
        if trial.excess <= 1 and trial.turns <= 1:
            return trial
        if best is None or trial.excess <= 1 < best.excess:
            best = trial
    assert best is not None  # there is always a direction
    return best


def _least_area(nodes: tuple[int, ...], clusters: Sequence[Cluster]) -> float:
    """Give what the boxes take at least, without any edge."""
    framed = sum(len(c.nodes) for c in clusters if c.grouping is Grouping.FRAME)
    hidden = sum(len(c.nodes) - 1 for c in clusters if c.grouping is not Grouping.FRAME)
    alone = len(nodes) - hidden - framed
    return alone * _LEAST_BOX + framed * _LEAST_MEMBER


def _scene(maker: Maker, selection: Selection, clusters: Sequence[Cluster]) -> Scene:
    graph = maker.graph
    nodes, place = maker.make(clusters)
    edges = make_edges(graph, place, maker.tight)
    edges += ghost_edges(maker.ghosts, place, len(nodes))
    nodes += maker.ghosts.nodes
    in_stages = any(cluster.grouping is Grouping.STAGES for cluster in clusters)
    drawn, led = simplified(nodes, sorted(set(edges)), in_stages=in_stages)
    hidden = len(graph) - len(maker.shown)
    added = (ALL_CRITICAL,) if maker.all_critical else ()
    path = "finite part of the longest path" if maker.unlimited else "longest path"
    return Scene(
        title=title_of(graph.task),
        subtitle=subtitle(graph),
        summary=(*maker.summary, *added),
        notes=(*selection.notes, *_notes(graph, clusters, hidden)),
        nodes=drawn,
        edges=led,
        in_stages=in_stages,
        whole=f"{path} ({format_duration(maker.longest_path)})",
    )


def _notes(graph: TaskGraph, clusters: Sequence[Cluster], hidden: int) -> Iterable[str]:
    yield from absent(graph)
    if hidden:
        yield f"{hidden:,} of {counted(len(graph), 'subtask')} not drawn."
    yield from collapsed(clusters)


def collapsed(clusters: Sequence[Cluster]) -> Iterable[str]:
    """Say what the boxes hide."""
    hiding = [c for c in clusters if c.grouping is not Grouping.FRAME]
    if hiding:
        count = sum(len(cluster.nodes) for cluster in hiding)
        boxes = plural(len(hiding), "box stands", "boxes stand")
        told = f"{len(hiding)} collapsed {boxes} for {counted(count, 'subtask')}"
        if any(c.grouping is Grouping.STAGES for c in hiding):
            told += "; edges that longer ways imply are left out"
        yield f"{told}."


class Maker:
    """Makes the nodes, and marks them; an answer that does not apply marks nothing.

    Where all of the task is critical, that is said once and marks nothing either.
    """

    def __init__(self, analysis: Analysis, shown: tuple[int, ...]) -> None:
        self.analysis = analysis
        self.graph = graph = analysis.graph
        self.shown = shown
        is_sound = analysis.is_sound
        critical = frozenset(analysis.schedule.critical if is_sound else ())
        self.all_critical = bool(critical) and len(critical) == len(graph)
        self.critical = frozenset() if self.all_critical else critical
        gate = analysis.no_return if is_sound else None
        self.gates = frozenset(gate.nodes if gate is not None else ())
        self.unlimited = frozenset(analysis.unlimited)
        twice = {graph.task.subtasks[same[0]].id for same in graph.duplicates}
        self.faulty = {node for part in graph.cycles for node in part}
        self.faulty.update(graph.index[identifier] for identifier in twice)

    @cached_property
    def tight(self) -> list[tuple[int, int]]:
        """The edges over which a critical path runs."""
        if not self.critical:
            return []
        times, downstreams = self.analysis.schedule, self.graph.downstreams
        start, finish = times.early_start, times.early_finish
        return [
            (node, target)
            for node in times.critical
            for target in downstreams[node]
            if target in self.critical and finish[node] == start[target]
        ]

    @cached_property
    def longest_path(self) -> int:
        """The seconds of the longest path in the worst case, 0 where there is none."""
        return self.analysis.budget.bounds.longest_path if self.analysis.is_sound else 0

    @cached_property
    def ghosts(self) -> Ghosts:
        """What is named but does not exist."""
        return find_ghosts(self.graph, self.shown)

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """What is said of the task as a whole, however much of it is drawn together."""
        return tuple(summary(self.analysis))

    def make(self, clusters: Sequence[Cluster]) -> tuple[list[SceneNode], dict[int, int]]:
        """Make the nodes, by their smallest subtask; also tell where each subtask went."""
        cluster_of = {min(cluster.nodes): cluster for cluster in clusters}
        hidden = {node for cluster in clusters for node in cluster.nodes}
        nodes: list[SceneNode] = []
        place: dict[int, int] = {}
        for node in self.shown:
            cluster = cluster_of.get(node)
            if cluster is not None:
                place.update(dict.fromkeys(cluster.nodes, len(nodes)))
                nodes.append(self.cluster(cluster))
            elif node not in hidden:
                place[node] = len(nodes)
                nodes.append(self.subtask(node))
        return nodes, place

    def subtask(self, node: int, *, in_gate: bool = False) -> SceneNode:
        """Make the node of one subtask; a frame whose members are all gates is one gate."""
        subtask = self.graph.subtasks[node]
        is_plan = self.graph.task.is_definition
        name, identifier = name_of(subtask), visible(str(subtask.id))
        span = measured_span(subtask, self.analysis.as_of)
        share, measured = self._share(node, span)
        state, tone = state_and_tone(self.analysis, node)
        return SceneNode(
            kind=NodeKind.SUBTASK,
            ids=(subtask.id,),
            name=name,
            id_text="" if is_plan and name == identifier else identifier,
            target=self.analysis.targets.get(node, ""),
            state=state,
            tone=tone,
            facts=subtask_facts(
                subtask, span, self.analysis.attempts[node] if is_plan else None
            ),
            share=share,
            measured=measured,
            critical=node in self.critical,
            gate=node in self.gates and not in_gate,
            blocked=node in self.analysis.blocked,
            overdue=node in self.analysis.overdue,
            faulty=node in self.faulty,
        )

    def _share(self, node: int, span: Span | None) -> tuple[float | None, bool]:
        """Measure a run by its timeout, and what may take how long by the longest path."""
        if span is not None:
            limit = timeout_seconds(self.graph.subtasks[node])
            single = span.kind in (SpanKind.ONE_RUN, SpanKind.RUNNING)
            if not limit or not single or span.microseconds < 0:
                return None, False
            return span.microseconds / (limit * SECOND), True
        longest, whole = self.analysis.worst_durations[node], self.longest_path
        unknown = not longest or node in self.unlimited
        return (None, False) if unknown or not whole else (longest / whole, False)

    def cluster(self, cluster: Cluster) -> SceneNode:
        """Make the node of several, in one box or in a frame."""
        subtasks = [self.graph.subtasks[node] for node in cluster.nodes]
        framed = cluster.grouping is Grouping.FRAME
        is_plan = self.graph.task.is_definition
        counts = () if is_plan else count_shown(subtasks)
        gated = self.gates.issuperset(cluster.nodes)
        members = cluster.nodes if framed else ()
        return SceneNode(
            kind=NodeKind.FRAME if framed else NodeKind.GROUP,
            ids=tuple(subtask.id for subtask in subtasks),
            name=cluster_name(cluster, subtasks),
            id_text=f"{len(subtasks):,} {_SIZES[cluster.grouping]}",
            state=told_of_several(self.analysis, cluster.nodes),
            tone=look(counts[0][0]).tone if counts else "pending",
            facts=() if framed else (*self._marked(cluster), *_limits(subtasks)),
            counts=counts,
            members=tuple(self.subtask(node, in_gate=gated) for node in members),
            critical=not self.critical.isdisjoint(cluster.nodes),
            gate=gated if framed else not self.gates.isdisjoint(cluster.nodes),
            blocked=self.analysis.blocked.issuperset(cluster.nodes),
            faulty=not self.faulty.isdisjoint(cluster.nodes),
        )

    def _marked(self, cluster: Cluster) -> Iterable[str]:
        """Tell which of several has the mark of their box, if not each of them."""
        for marked, one, several in (
            (self.critical, "critical", "critical"),
            (self.gates, "point of no return", "points of no return"),
        ):
            among = marked.intersection(cluster.nodes)
            if len(among) == 1:
                yield f"{one}: {name_of(self.graph.subtasks[min(among)])}"
            elif 0 < len(among) < len(cluster.nodes):
                yield f"{len(among):,} of them {several}"


_SIZES = {
    Grouping.FRAME: "parts",
    Grouping.PARTS: "parts",
    Grouping.ALIKE: "with the same neighbours",
    Grouping.CHAIN: "in a row",
    Grouping.NAME: "of this name",
    Grouping.STAGES: "subtasks",
}


def _limits(subtasks: Sequence[Subtask]) -> tuple[str, ...]:
    limits = {subtask.timeout for subtask in subtasks} - {None}
    finite = sorted(limit for limit in limits if limit)
    facts = []
    if 0 in limits:
        facts.append(plural(len(limits), "no timeout", "some without a timeout"))
    if len(finite) == 1:
        facts.append(f"{limit_text(finite[0])} each")
    elif finite:
        facts.append(f"timeouts up to {format_duration(finite[-1])}")
    return tuple(facts)
