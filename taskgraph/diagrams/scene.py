"""What a diagram shows, before anyone decides where.

This is the only traversal of the graph: layout and every graph format start from the
scene, so they show the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from taskgraph.diagrams.bundling import bundle
from taskgraph.diagrams.collapse import Cluster, Grouping, Plan, partition
from taskgraph.diagrams.labels import join_words, limit_text, state_text, subtask_facts
from taskgraph.diagrams.options import DiagramOptions, Direction
from taskgraph.diagrams.palette import UNKNOWN, tone
from taskgraph.diagrams.selection import select
from taskgraph.graph import TaskGraph
from taskgraph.model import Id, Operation, Status, Subtask, format_duration, id_key
from taskgraph.model.text import visible

if TYPE_CHECKING:
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule

__all__ = ["Kind", "Scene", "SceneEdge", "SceneNode", "build_scene"]


class Kind(StrEnum):
    """What stands behind a node of the scene."""

    SUBTASK = "subtask"
    GROUP = "group"  # several subtasks in one box
    FRAME = "frame"  # several subtasks, each with its own box, in one frame
    GHOST = "ghost"  # an id that is named but does not exist
    JUNCTION = "junction"  # where the edges of all with all meet


@dataclass(frozen=True, slots=True)
class SceneNode:
    """One thing that is drawn. All texts are safe to show on one line.

    Attributes
    ----------
    ids : tuple of ids
        The subtasks behind it.
    name, id_text, state : str
        The lines of its box; ``state`` begins with the status word.
    tone : str
        Whose colours and icon it has, see :mod:`taskgraph.diagrams.palette`.
    facts : tuple of str
        Time limit, measured time, attempts.
    counts : tuple of (str, int)
        Of a GROUP or FRAME: how many subtasks have which status, the worst first.
    members : tuple of SceneNode
        Of a FRAME: what is drawn inside it.
    critical, gate, blocked, faulty : bool
        On a critical path; a point of no return; cannot start because of a failure;
        part of a fault.
    """

    kind: Kind
    ids: tuple[Id, ...] = ()
    name: str = ""
    id_text: str = ""
    state: str = ""
    tone: str = UNKNOWN
    facts: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    members: tuple[SceneNode, ...] = ()
    critical: bool = False
    gate: bool = False
    blocked: bool = False
    faulty: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks in words."""
        words = (
            ("on the critical path", self.critical),
            ("point of no return", self.gate),
            ("part of a fault", self.faulty),
        )
        return tuple(word for word, applies in words if applies)

    @property
    def description(self) -> str:
        """Everything that the box says, in full."""
        counts = [f"{count} {status}" for status, count in self.counts]
        parts = (self.name, self.id_text, self.state, *counts, *self.facts, *self.marks)
        return join_words(parts)


class SceneEdge(NamedTuple):
    """An edge between two nodes of the scene, by their places."""

    tail: int
    head: int
    critical: bool = False
    cyclic: bool = False
    one_sided: bool = False
    ghostly: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A diagram's content.

    Attributes
    ----------
    title, subtitle : str
    summary : tuple of str
        What the picture shows as a whole, a few words each.
    notes : tuple of str
        What is left out or collapsed, a sentence each.
    nodes : tuple of SceneNode
    edges : tuple of SceneEdge
        Ascending and distinct.
    direction : {"LR", "TB"}
    """

    title: str
    subtitle: str
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    nodes: tuple[SceneNode, ...]
    edges: tuple[SceneEdge, ...]
    direction: Direction = "LR"

    @property
    def description(self) -> str:
        """The diagram in words."""
        return ". ".join((self.subtitle, *self.summary)) + "."

    def boxes(self) -> Iterable[SceneNode]:
        """Give the nodes with the members of frames behind their frame."""
        for node in self.nodes:
            yield node
            yield from node.members


def build_scene(
    graph: TaskGraph,
    *,
    schedule: Schedule | None = None,
    no_return: PointOfNoReturn | None = None,
    as_of: datetime | None = None,
    options: DiagramOptions | None = None,
) -> Scene:
    """Decide what a diagram of a task shows.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too: the faults are drawn.
    schedule : Schedule, optional
        By timeouts; marks the critical path.
    no_return : PointOfNoReturn, optional
        Marks the point of no return.
    as_of : datetime, optional
        Until when running subtasks have run; by default what the document says.
    options : DiagramOptions, optional

    Returns
    -------
    Scene
        Near-linear in subtasks and edges.

    Raises
    ------
    RenderError
        If the options name an unknown subtask or ask for too much.
    """
    options = options or DiagramOptions()
    critical = None if schedule is None else frozenset(schedule.critical)
    selection = select(graph, options, critical)
    plan = partition(graph, selection.nodes, options.collapse, options.max_nodes)
    marks = _Marks.of(graph, schedule, no_return, as_of)
    nodes, place = _nodes(graph, selection.nodes, plan, marks)
    edges = _edges(graph, place, schedule, marks)
    edges += _ghosts(graph, place, nodes)
    edges = sorted(set(edges))
    junctions, edges = bundle(len(nodes), edges)
    nodes += [SceneNode(Kind.JUNCTION)] * junctions
    hidden = len(graph) - len(selection.nodes)
    return Scene(
        title=visible(graph.task.name).strip() or "Task without a name",
        subtitle=_subtitle(graph),
        summary=tuple(_summary(graph, schedule)),
        notes=(*selection.notes, *_notes(graph, plan, hidden)),
        nodes=tuple(nodes),
        edges=tuple(edges),
        direction=options.direction,
    )


@dataclass(frozen=True, slots=True)
class _Marks:
    """The nodes that are marked, and what marks them."""

    critical: frozenset[int]
    gates: frozenset[int]
    blocked: frozenset[int]
    faulty: frozenset[int]
    as_of: datetime | None
    cycle_of: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        graph: TaskGraph,
        schedule: Schedule | None,
        no_return: PointOfNoReturn | None,
        as_of: datetime | None,
    ) -> _Marks:
        cycle_of = {n: part[0] for part in graph.cycles for n in part}
        twice = {graph.task.subtasks[same[0]].id for same in graph.duplicates}
        faulty = {*cycle_of, *(graph.index[identifier] for identifier in twice)}
        return cls(
            critical=frozenset(schedule.critical if schedule is not None else ()),
            gates=frozenset(no_return.nodes if no_return is not None else ()),
            blocked=_blocked(graph),
            faulty=frozenset(faulty),
            as_of=as_of or graph.task.as_of(),
            cycle_of=cycle_of,
        )


def _blocked(graph: TaskGraph) -> frozenset[int]:
    """Give what has not started and cannot, because something before it failed."""
    if graph.task.operation == Operation.ROLLBACK:
        return frozenset()
    failed = [n for n, s in enumerate(graph.subtasks) if s.status == Status.FAILED]
    return frozenset(
        node
        for node in (graph.descendants(failed) if failed else ())
        if graph.subtasks[node].status == Status.PENDING
    )


def _nodes(
    graph: TaskGraph, shown: tuple[int, ...], plan: Plan, marks: _Marks
) -> tuple[list[SceneNode], dict[int, int]]:
    """Make the nodes, by their smallest subtask; also tell where each subtask went."""
    cluster_of = {min(cluster.nodes): cluster for cluster in plan.clusters}
    hidden = {node for cluster in plan.clusters for node in cluster.nodes}
    nodes: list[SceneNode] = []
    place: dict[int, int] = {}
    for node in shown:
        cluster = cluster_of.get(node)
        if cluster is not None:
            place.update(dict.fromkeys(cluster.nodes, len(nodes)))
            nodes.append(_cluster_node(graph, cluster, marks))
        elif node not in hidden:
            place[node] = len(nodes)
            nodes.append(_subtask_node(graph, node, marks))
    return nodes, place


def _subtask_node(
    graph: TaskGraph, node: int, marks: _Marks, *, in_gate: bool = False
) -> SceneNode:
    """Make the node of one subtask; a frame whose members are all gates is one gate."""
    subtask = graph.subtasks[node]
    blocked = node in marks.blocked
    return SceneNode(
        kind=Kind.SUBTASK,
        ids=(subtask.id,),
        name=visible(subtask.name).strip() or "(no name)",
        id_text=visible(str(subtask.id)),
        state=state_text(subtask, blocked=blocked),
        tone=tone(subtask.status),
        facts=subtask_facts(subtask, marks.as_of),
        critical=node in marks.critical,
        gate=node in marks.gates and not in_gate,
        blocked=blocked,
        faulty=node in marks.faulty,
    )


def _cluster_node(graph: TaskGraph, cluster: Cluster, marks: _Marks) -> SceneNode:
    subtasks = [graph.subtasks[node] for node in cluster.nodes]
    framed = cluster.grouping is Grouping.FRAME
    counts = _counts(subtasks)
    gated = marks.gates.issuperset(cluster.nodes)
    blocked = sum(node in marks.blocked for node in cluster.nodes)
    return SceneNode(
        kind=Kind.FRAME if framed else Kind.GROUP,
        ids=tuple(subtask.id for subtask in subtasks),
        name=_cluster_name(cluster, subtasks),
        id_text=_cluster_size(cluster),
        state=f"{blocked} blocked" if blocked and not framed else "",
        tone=tone(counts[0][0]),
        facts=() if framed else _limits(subtasks),
        counts=counts,
        members=tuple(
            _subtask_node(graph, node, marks, in_gate=gated)
            for node in (cluster.nodes if framed else ())
        ),
        critical=not marks.critical.isdisjoint(cluster.nodes),
        gate=not marks.gates.isdisjoint(cluster.nodes),
        blocked=blocked == len(subtasks),
        faulty=not marks.faulty.isdisjoint(cluster.nodes),
    )


def _cluster_name(cluster: Cluster, subtasks: Sequence[Subtask]) -> str:
    first, last = (
        visible(s.name).strip() or "(no name)" for s in (subtasks[0], subtasks[-1])
    )
    if cluster.grouping is Grouping.CHAIN and first != last:
        return f"{first} … {last}"
    if cluster.grouping is Grouping.STAGES:
        start, end = cluster.stages
        return f"Stage {start}" if start == end else f"Stages {start} to {end}"
    return first


def _cluster_size(cluster: Cluster) -> str:
    count = len(cluster.nodes)
    words = {
        Grouping.FRAME: "parts",
        Grouping.PARTS: "parts",
        Grouping.CHAIN: "in a row",
        Grouping.NAME: "of this name",
        Grouping.STAGES: "subtasks",
    }
    return f"{count} {words[cluster.grouping]}"


_WORST_FIRST = (
    Status.FAILED,
    Status.CANCELING,
    Status.RUNNING,
    Status.READY,
    Status.PENDING,
    Status.SUCCESSFUL,
)
_SEVERITY: dict[str, int] = {status: place for place, status in enumerate(_WORST_FIRST)}


def _counts(subtasks: Iterable[Subtask]) -> tuple[tuple[str, int], ...]:
    """Count the statuses, the worst first; one never seen before comes after FAILED."""
    counter = Counter(subtask.status or "status unknown" for subtask in subtasks)
    ranked = sorted(counter, key=lambda status: (_SEVERITY.get(status, 0.5), status))
    return tuple((visible(status), counter[status]) for status in ranked)


def _limits(subtasks: Sequence[Subtask]) -> tuple[str, ...]:
    limits = {subtask.timeout for subtask in subtasks} - {None}
    finite = sorted(limit for limit in limits if limit)
    facts = []
    if 0 in limits:
        facts.append("no time limit" if len(limits) == 1 else "some without a time limit")
    if len(finite) == 1:
        facts.append(f"{limit_text(finite[0])} each")
    elif finite:
        facts.append(f"timeouts up to {format_duration(finite[-1])}")
    return tuple(facts)


def _edges(
    graph: TaskGraph, place: dict[int, int], schedule: Schedule | None, marks: _Marks
) -> list[SceneEdge]:
    """Give the edges between what is shown, those inside one box left out."""
    tight = _tight_edges(graph, schedule, marks.critical)
    one_sided = {edge[:2] for edge in graph.one_sided}
    cycle_of = marks.cycle_of
    flags: dict[tuple[int, int], tuple[bool, bool, bool]] = {}
    for edge in graph.edges():
        tail, head = edge
        if tail in place and head in place:
            ends = place[tail], place[head]
            own = (
                edge in tight,
                tail in cycle_of and cycle_of[tail] == cycle_of.get(head),
                edge in one_sided,
            )
            if ends[0] == ends[1] and tail != head:
                continue
            known = flags.get(ends)
            if known is None:
                flags[ends] = own
            elif known != own:
                a, b, c = known
                flags[ends] = (a or own[0], b or own[1], c or own[2])
    return [SceneEdge(*ends, *own) for ends, own in flags.items()]


def _tight_edges(
    graph: TaskGraph, schedule: Schedule | None, critical: frozenset[int]
) -> set[tuple[int, int]]:
    """Give the edges over which a critical path runs."""
    if schedule is None:
        return set()
    start, finish = schedule.early_start, schedule.early_finish
    return {
        (node, target)
        for node in critical
        for target in graph.downstreams[node]
        if target in critical and finish[node] == start[target]
    }


def _ghosts(
    graph: TaskGraph, place: dict[int, int], nodes: list[SceneNode]
) -> list[SceneEdge]:
    """Add a node for every unknown id that something shown names, and its edges."""
    ghosts: dict[Id, int] = {}
    edges = []
    for reference in sorted(graph.unknown, key=lambda found: id_key(found.id)):
        owner = place.get(graph.index[graph.task.subtasks[reference.position].id])
        if owner is None:
            continue
        if reference.id not in ghosts:
            ghosts[reference.id] = len(nodes)
            nodes.append(
                SceneNode(
                    kind=Kind.GHOST,
                    ids=(reference.id,),
                    name="Unknown subtask",
                    id_text=visible(str(reference.id)),
                    state="named, but not in the task",
                    faulty=True,
                )
            )
        ghost = ghosts[reference.id]
        ends = (ghost, owner) if reference.side == "upstreams" else (owner, ghost)
        edges.append(SceneEdge(*ends, ghostly=True))
    return edges


def _subtitle(graph: TaskGraph) -> str:
    task = graph.task
    identifier = "" if task.id is None else f"task {visible(str(task.id))}"
    operation = visible(task.operation or "")
    return join_words((identifier, visible(task.status or ""), operation))


def _summary(graph: TaskGraph, schedule: Schedule | None) -> Iterable[str]:
    counts = ", ".join(f"{count} {status}" for status, count in _counts(graph.subtasks))
    subtasks = _plural(len(graph), "subtask")
    yield f"{subtasks}: {counts}" if counts else subtasks
    yield _plural(graph.edge_count, "edge")
    if schedule is not None and len(graph):
        unlimited = sum(not subtask.timeout for subtask in graph.subtasks)
        length = format_duration(schedule.makespan)
        if not schedule.makespan:
            yield "no time limits"
        elif unlimited:
            yield f"worst case unbounded ({unlimited} without a time limit), else {length}"
        else:
            yield f"worst case {length}"
    yield from graph.flaws


def _notes(graph: TaskGraph, plan: Plan, hidden: int) -> Iterable[str]:
    if not len(graph):
        yield "The task has no subtasks."
    if hidden:
        yield f"{hidden} of {_plural(len(graph), 'subtask')} not drawn."
    collapsed = [c for c in plan.clusters if c.grouping is not Grouping.FRAME]
    if collapsed:
        count = sum(len(cluster.nodes) for cluster in collapsed)
        boxes = "box stands" if len(collapsed) == 1 else "boxes stand"
        yield f"{len(collapsed)} collapsed {boxes} for {_plural(count, 'subtask')}."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
