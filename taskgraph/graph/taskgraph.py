"""The graph of a task as integer-indexed lists, with everything that does not fit kept.

The nodes are the distinct ids in ascending order, so nothing here depends on the order
of the subtasks in the document.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain, groupby, islice, pairwise
from operator import eq, itemgetter, lt
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from taskgraph.errors import AnalysisError
from taskgraph.graph import traverse
from taskgraph.model.statuses import severity_key
from taskgraph.model.task import Id, Subtask, Task, id_key

if TYPE_CHECKING:
    import networkx

Side: TypeAlias = Literal["upstreams", "downstreams"]
_SIDES: tuple[Side, ...] = get_args(Side)
_Value = TypeVar("_Value")


class UnknownReference(NamedTuple):
    """An id in an edge list that is no subtask of the task."""

    position: int
    """The position in ``Task.subtasks`` of the subtask whose list it is."""
    side: Side
    id: Id


class RepeatedReference(NamedTuple):
    """An id that one edge list names more than once."""

    position: int
    side: Side
    id: Id


class OneSidedEdge(NamedTuple):
    """An edge that only one of its ends names."""

    upstream: int
    downstream: int
    named_in: Side
    """``downstreams`` where only the upstream end names it, else ``upstreams``."""


@dataclass(frozen=True, eq=False)
class TaskGraph:
    """The subtasks of a task and the edges between them.

    A node is a number from 0: the place of its id among all ids in ascending order. An
    edge that only one end names is an edge. Nothing is invented: an unknown id makes no
    node, and of several subtasks with one id the one that needs attention first, as what
    is FAILED does, stands for all.

    Attributes
    ----------
    task : Task
    positions : tuple of int
        Where each node's subtask stands in ``Task.subtasks``.
    upstreams, downstreams : tuple of tuple of int
        The neighbours of each node, ascending and without repetition.
    duplicates : tuple of tuple of int
        The positions in ``Task.subtasks`` of the subtasks that share an id, a group for
        each such id.
    unknown : tuple of UnknownReference
    repeated : tuple of RepeatedReference
    one_sided : tuple of OneSidedEdge
        Empty where the task has only one of the two lists.
    """

    task: Task
    positions: tuple[int, ...]
    upstreams: tuple[tuple[int, ...], ...]
    downstreams: tuple[tuple[int, ...], ...]
    duplicates: tuple[tuple[int, ...], ...] = ()
    unknown: tuple[UnknownReference, ...] = ()
    repeated: tuple[RepeatedReference, ...] = ()
    one_sided: tuple[OneSidedEdge, ...] = ()

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.positions)

    @cached_property
    def subtasks(self) -> tuple[Subtask, ...]:
        """The subtask of each node."""
        return _pick(self.task.subtasks, self.positions)

    @cached_property
    def unredacted(self) -> tuple[Subtask, ...]:
        """The same, with the words of the document: see :meth:`Task.unredacted`."""
        if not self.task.origin.redacted:
            return self.subtasks
        return tuple(map(self.task.unredacted_subtask, self.subtasks))

    @cached_property
    def index(self) -> dict[Id, int]:
        """The node of each id."""
        return dict(zip(self.values("id"), range(len(self)), strict=True))

    @cached_property
    def ids(self) -> tuple[Id, ...]:
        """The id of each node."""
        return tuple(self.index)

    def values(self, attribute: str) -> tuple[Any, ...]:
        """Give one value of the subtask of each node."""
        return _pick(self.task.column(attribute), self.positions)

    def nodes_of(self, statuses: AbstractSet[str | None]) -> list[int]:
        """Give the nodes whose subtask has one of some statuses, ascending."""
        if statuses.isdisjoint(self.task.column("status")):
            return []
        own = self.values("status")
        return [node for node, status in enumerate(own) if status in statuses]

    @cached_property
    def edge_count(self) -> int:
        """The number of distinct edges."""
        return sum(map(len, self.downstreams))

    @cached_property
    def reported_sides(self) -> frozenset[Side]:
        """Which of the two edge lists the document has at all."""
        return frozenset(filter(self.task.reports, _SIDES))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The nodes in topological order, the same for every order of the input.

        Nodes on a cycle and below one are missing: see :attr:`is_acyclic`.
        """
        return tuple(traverse.topological_order(self.upstreams, self.downstreams))

    @cached_property
    def stages(self) -> tuple[int, ...]:
        """The length of the longest way to each node; a cycle counts as one step."""
        if self.is_acyclic:
            return tuple(traverse.levels(self.downstreams, self.order))
        owner = list(range(len(self)))
        for component in self.cyclic_components:
            for node in component:
                owner[node] = component[0]
        edges = ((owner[a], owner[b]) for a, b in self.edges() if owner[a] != owner[b])
        following = traverse.adjacency(len(self), edges)
        order = traverse.topological_order(traverse.reverse(following), following)
        stage = traverse.levels(following, order)
        return tuple(stage[own] for own in owner)

    @property
    def is_acyclic(self) -> bool:
        """Whether the edges form no cycle."""
        return len(self.order) == len(self)

    @property
    def is_sound(self) -> bool:
        """Whether analyses of graph and time apply.

        They do where the edges are known and form no cycle, every id that is named
        exists, and no two subtasks share one.
        """
        return not self.flaws

    @property
    def is_broken(self) -> bool:
        """Whether what the document says of the edges cannot be so."""
        return bool(self.duplicates or self.unknown) or not self.is_acyclic

    @cached_property
    def flaws(self) -> tuple[str, ...]:
        """Why the graph is not sound, a few words each; empty where it is."""
        edgeless = len(self) > 1 and not self.reported_sides
        reasons = (
            (self.task.is_summary, "the document leaves its subtasks out"),
            (edgeless, "the document has no edges"),
            (bool(self.duplicates), "several subtasks share an id"),
            (bool(self.unknown), "a dependency names an unknown id"),
            (bool(self.cycles), "the dependencies form a cycle"),
        )
        return tuple(reason for applies, reason in reasons if applies)

    def require_sound(self) -> None:
        """Refuse a graph in which paths mean nothing.

        Raises
        ------
        AnalysisError
            Where the graph has flaws, with all of them.
        """
        if self.flaws:
            name = "the task" if self.task.id is None else f"task {self.task.id}"
            reasons = "; ".join(self.flaws)
            raise AnalysisError(f"{name} cannot be analysed: {reasons}")

    @cached_property
    def cyclic_components(self) -> tuple[tuple[int, ...], ...]:
        """The strongly connected components that hold a cycle, each ascending."""
        if self.is_acyclic:
            return ()
        return traverse.cyclic_components(self.downstreams)

    @cached_property
    def ambiguous(self) -> frozenset[int]:
        """The nodes whose edges cannot be told: several different subtasks share the id.

        What the edges of such a node seem to say may be an artefact of the shared id.
        """
        subtasks = self.task.subtasks

        def ends(position: int) -> tuple[frozenset[Id], ...]:
            row = subtasks[position]
            return frozenset(row.upstreams or ()), frozenset(row.downstreams or ())

        return frozenset(
            self.index[subtasks[group[0]].id]
            for group in self.duplicates
            if len({*map(ends, group)}) > 1
        )

    @cached_property
    def cycles(self) -> tuple[tuple[int, ...], ...]:
        """Those of them in which no node is :attr:`ambiguous`: surely cycles."""
        return tuple(filter(self.ambiguous.isdisjoint, self.cyclic_components))

    @cached_property
    def cuts(self) -> tuple[traverse.Cut, ...]:
        """For each of the cycles' components the edges to remove."""
        work, cuts = 0, []
        for component in self.cycles:
            work += 1 << min(len(component), traverse.MOST_PROVEN + 1)
            prove = work <= 1 << (traverse.MOST_PROVEN + 1)  # subsets looked through in all
            cuts.append(traverse.feedback_edges(self.downstreams, component, prove=prove))
        return tuple(cuts)

    @cached_property
    def components(self) -> tuple[tuple[int, ...], ...]:
        """The weakly connected components, each ascending, by their smallest node."""
        return traverse.weak_components(self.upstreams, self.downstreams)

    def edges(self) -> Iterator[tuple[int, int]]:
        """Give every edge as (upstream, downstream), ascending."""
        for node, targets in enumerate(self.downstreams):
            for target in targets:
                yield node, target

    def ancestors(self, nodes: Iterable[int]) -> set[int]:
        """Give every node from which one of the nodes can be reached, those excluded."""
        return traverse.reachable(self.upstreams, nodes)

    def descendants(self, nodes: Iterable[int]) -> set[int]:
        """Give every node that can be reached from one of the nodes, those excluded."""
        return traverse.reachable(self.downstreams, nodes)

    def part(self, nodes: Iterable[int]) -> TaskGraph:
        """Keep some nodes of a sound graph, and the edges between them.

        Its node 0 is the smallest of the nodes, and so on.
        """
        kept = sorted(nodes)
        place = {node: at for at, node in enumerate(kept)}

        def own(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
            return tuple(tuple(place[n] for n in rows[node] if n in place) for node in kept)

        return TaskGraph(
            self.task,
            _pick(self.positions, kept),
            own(self.upstreams),
            own(self.downstreams),
        )

    def reversed(self) -> TaskGraph:
        """Turn every edge round, as rollback walks."""
        return replace(self, upstreams=self.downstreams, downstreams=self.upstreams)

    def to_networkx(self) -> networkx.DiGraph[Id]:
        """Give the graph as networkx knows it.

        The nodes are the ids, with every attribute of the subtask; the graph has the
        task's ``id``, ``name`` and ``status``. Nodes and edges are in ascending order.
        """
        import networkx

        task = self.task
        graph: networkx.DiGraph[Id] = networkx.DiGraph(
            id=task.id, name=task.name, status=task.status
        )
        graph.add_nodes_from((subtask.id, subtask._asdict()) for subtask in self.subtasks)
        ids = self.ids
        graph.add_edges_from((ids[a], ids[b]) for a, b in self.edges())
        return graph


def build_graph(task: Task) -> TaskGraph:
    """Build the graph of a task, however faulty the task is.

    It takes time linear in subtasks and edges, apart from sorting.
    """
    positions, duplicates = _nodes(task)
    ids = _pick(task.column("id"), positions)
    index = dict(zip(ids, range(len(ids)), strict=True))
    lists = _EdgeLists(task, positions, index, duplicates)
    downstreams = lists.read("downstreams")
    upstreams = traverse.reverse(downstreams)
    one_sided: tuple[OneSidedEdge, ...] = ()
    if duplicates or not _are_same(upstreams, lists.rows("upstreams"), index):
        named_up, mirrored = lists.read("upstreams"), upstreams
        upstreams = [
            ups if ups == implied else sorted({*ups, *implied})
            for ups, implied in zip(named_up, mirrored, strict=True)
        ]
        downstreams = traverse.reverse(upstreams)
        if all(map(task.reports, _SIDES)):
            one_sided = _one_sided(named_up, mirrored)
    graph = TaskGraph(
        task=task,
        positions=positions,
        upstreams=tuple(map(tuple, upstreams)),
        downstreams=tuple(map(tuple, downstreams)),
        duplicates=duplicates,
        unknown=tuple(sorted(lists.unknown, key=lists.key)),
        repeated=tuple(sorted(lists.repeated, key=lists.key)),
        one_sided=one_sided,
    )
    graph.__dict__["index"] = index  # which else would be made once more
    return graph


def _nodes(task: Task) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Choose the position that stands for each id; also group those that share one."""
    ids = task.column("id")
    if task.origin.redacted:  # which changes no order
        ids = [*map(task.unredacted, ids)]
    # Of numbers no key has to be made, which is faster.
    keys: Sequence[Any] = ids if {*map(type, ids)} <= {int} else [*map(id_key, ids)]
    if all(map(lt, keys, islice(keys, 1, None))):
        return tuple(range(len(ids))), ()
    # An array makes its numbers anew, one beside the other: those that were sorted lie all
    # over the memory, and each column would be picked at half the speed.
    ascending = array("q", sorted(range(len(ids)), key=keys.__getitem__)).tolist()
    own = _pick(keys, ascending)
    if all(map(lt, own, islice(own, 1, None))):
        return tuple(ascending), ()
    groups = [tuple(group) for _, group in groupby(ascending, keys.__getitem__)]
    shared = {
        group[0]: tuple(sorted(group, key=lambda place: _worst_first(task, place)))
        for group in groups
        if len(group) > 1
    }
    first = [group[0] for group in groups]
    return tuple(shared.get(place, (place,))[0] for place in first), tuple(shared.values())


def _pick(values: Sequence[_Value], places: Sequence[int]) -> tuple[_Value, ...]:
    """Give the values at some places, in less time than any loop or map."""
    if len(places) < 2:  # of which an itemgetter gives no tuple
        return tuple(values[place] for place in places)
    picked: tuple[_Value, ...] = itemgetter(*places)(values)
    return picked


def _worst_first(task: Task, place: int) -> tuple[object, ...]:
    """Order subtasks that share an id, the worst first, however their lists are sorted."""
    subtask = task.unredacted_subtask(task.subtasks[place])
    up, down = (
        row and tuple(sorted(row, key=id_key))
        for row in (subtask.upstreams, subtask.downstreams)
    )
    whole = repr(subtask._replace(upstreams=up, downstreams=down))
    return (severity_key(subtask.status), whole)


def _are_same(
    rows: list[list[int]], lists: list[tuple[Id, ...]], index: dict[Id, int]
) -> bool:
    """Tell whether each list names just the nodes of its row, ascending.

    To tell takes less than to read the names, which then need not be read.
    """
    return all(map(eq, map(len, lists), map(len, rows))) and all(
        map(eq, map(index.get, chain.from_iterable(lists)), chain.from_iterable(rows))
    )


class _EdgeLists:
    """Turns the lists of ids into lists of nodes and keeps what does not fit."""

    def __init__(
        self,
        task: Task,
        positions: tuple[int, ...],
        index: dict[Id, int],
        duplicates: tuple[tuple[int, ...], ...],
    ) -> None:
        self.task = task
        self.positions = positions
        self.index = index
        self.places = {
            position: place for group in duplicates for place, position in enumerate(group)
        }
        self.unknown: list[UnknownReference] = []
        self.repeated: list[RepeatedReference] = []

    def key(self, mention: UnknownReference | RepeatedReference) -> tuple[object, ...]:
        """Sort what was found by ids, so that the document's order has no say."""
        owner = self.task.subtasks[mention.position]
        place = self.places.get(mention.position, 0)
        own, other = map(self.task.unredacted, (owner.id, mention.id))
        return (id_key(own), mention.side, id_key(other), place)

    def rows(self, side: Side) -> list[tuple[Id, ...]]:
        """Give the list of the subtask of each node."""
        return [ids or () for ids in _pick(self.task.column(side), self.positions)]

    def read(self, side: Side) -> list[list[int]]:
        """Give the neighbours of each node that the lists of one side name.

        The lists of all subtasks that share an id count for its node.
        """
        lists, node_of = self.rows(side), self.index.__getitem__
        try:
            nodes = [*map(node_of, chain.from_iterable(lists))]
        except KeyError:
            rows = [self._known(position, side) for position in self.positions]
        else:
            ends = accumulate(map(len, lists), initial=0)
            rows = [nodes[begin:end] for begin, end in pairwise(ends)]
            for row in rows:
                row.sort()
        if any(len(row) > 1 and len({*row}) < len(row) for row in rows):
            pairs = zip(self.positions, rows, strict=True)
            rows = [self._distinct(position, side, row) for position, row in pairs]
        for position in self.places.keys() - self.positions if self.places else ():
            row = self._distinct(position, side, self._known(position, side))
            node = node_of(self.task.subtasks[position].id)
            rows[node] = sorted({*rows[node], *row})
        return rows

    def _known(self, position: int, side: Side) -> list[int]:
        ids: tuple[Id, ...] = self.task.column(side)[position] or ()
        missing = dict.fromkeys(name for name in ids if name not in self.index)
        self.unknown.extend(UnknownReference(position, side, name) for name in missing)
        return sorted(self.index[name] for name in ids if name in self.index)

    def _distinct(self, position: int, side: Side, row: list[int]) -> list[int]:
        """Give the nodes once each, ascending, and note the ids that come twice."""
        distinct = sorted(set(row))
        if len(distinct) != len(row):
            counts = Counter(self.task.column(side)[position])
            self.repeated.extend(
                RepeatedReference(position, side, name)
                for name, count in counts.items()
                if count > 1
            )
        return distinct


def _one_sided(
    named_up: list[list[int]], mirrored: list[list[int]]
) -> tuple[OneSidedEdge, ...]:
    edges = []
    for node, (ups, implied) in enumerate(zip(named_up, mirrored, strict=True)):
        if ups != implied:
            edges += [OneSidedEdge(up, node, "upstreams") for up in {*ups} - {*implied}]
            edges += [OneSidedEdge(up, node, "downstreams") for up in {*implied} - {*ups}]
    return tuple(sorted(edges))
