"""Which subtasks a diagram shows, and which of them share one box.

A picture that does not fit is believed by nobody: ``auto`` collapses as little as fits an
area, in ever coarser ways. What needs attention is never hidden among others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import chain, groupby, zip_longest
from typing import Final, NamedTuple, TypeVar

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.options import Collapse, DiagramOptions
from taskgraph.errors import RenderError
from taskgraph.graph.parallel import parallel_groups
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import runs, shortest_cycle
from taskgraph.model.statuses import URGENT, severity_key
from taskgraph.model.task import Status, Subtask
from taskgraph.model.words import counted, name_of, visible

_AROUND = 2
"""So many edges ``around_failed`` reaches from what failed, beside what that blocks."""


class Selection(NamedTuple):
    """The chosen nodes, ascending, and a sentence for each choice that left some out."""

    nodes: tuple[int, ...]
    notes: tuple[str, ...]


def select(analysis: Analysis, options: DiagramOptions) -> Selection:
    """Apply ``focus``, ``around_failed`` and ``critical_only``, all that are asked for.

    Raises RenderError if the focus names no subtask, or there is no critical path.
    """
    graph = analysis.graph
    chosen = set(range(len(graph)))
    notes = []
    if options.focus is not None:
        node, depth = _parse_focus(graph, options.focus)
        chosen &= _around(graph, [node], depth)
        reach = "" if depth is None else f", at most {counted(depth, 'edge')} away"
        name = visible(str(graph.subtasks[node].id))
        notes.append(f"Only what depends on {name} and what it depends on{reach}.")
    if options.around_failed:
        failed = analysis.tally.failed
        chosen &= _around(graph, failed, _AROUND) | analysis.blocked
        what = ", what they block," if analysis.blocked else ""
        notes.append(
            f"Only the failed subtasks{what} and what is at most {_AROUND} edges away."
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


def _parse_focus(graph: TaskGraph, text: str) -> tuple[int, int | None]:
    """Read ``ID`` or ``ID:DEPTH``; an id may hold a colon itself."""
    by_text = {str(subtask.id): node for node, subtask in enumerate(graph.subtasks)}
    if text in by_text:
        return by_text[text], None
    name, colon, depth = text.rpartition(":")
    if colon and name in by_text and depth.isascii() and depth.isdigit():
        return by_text[name], int(depth[:9])
    raise RenderError(f"cannot focus on {visible(text)!r}: no subtask has this id")


def _around(graph: TaskGraph, starts: Sequence[int], depth: int | None) -> set[int]:
    """Give the starts and what lies at most so many edges before or after them."""
    around = set(starts)
    for adjacency in (graph.upstreams, graph.downstreams):
        seen, fringe, steps = set(starts), set(starts), 0
        while fringe and (depth is None or steps < depth):
            fringe = {other for node in fringe for other in adjacency[node]} - seen
            seen |= fringe
            steps += 1
        around |= seen
    return around


SHOWN_APART = 12
"""So many of a group that need attention keep a box of their own."""
_LONGEST_APART = 60
"""A critical path of so many subtasks is drawn beside the stages, and not in them."""
_FEW_GATES = 3
_FRAMED: Final = (48, 12, 3)
"""Splits with more parts are collapsed before smaller ones are, the largest always."""
_ALIKE = 3
"""So many subtasks with the same neighbours are worth a box."""


_T = TypeVar("_T")


def most_urgent(
    failed: Sequence[_T], hanging: Sequence[_T], running: Sequence[_T]
) -> list[_T]:
    """Choose what to show apart: what failed and what hangs in turn, then what runs."""
    pairs = zip_longest(failed, hanging)
    turns = [one for one in chain.from_iterable(pairs) if one is not None]
    return [*turns, *running][:SHOWN_APART]


class Grouping(StrEnum):
    """Why some subtasks are drawn together."""

    FRAME = "frame"  # parts side by side, each with its own box
    PARTS = "parts"
    ALIKE = "alike"
    CHAIN = "chain"
    NAME = "name"
    STAGES = "stages"


class Cluster(NamedTuple):
    """Some subtasks that are drawn together, at least two, in reading order."""

    grouping: Grouping
    nodes: tuple[int, ...]
    stages: tuple[int, int] = (0, 0)
    """The first and the last stage, counted from 1; for STAGES only."""


def partitions(
    analysis: Analysis,
    nodes: tuple[int, ...],
    options: DiagramOptions,
    urgent: tuple[int, ...] | None = None,
) -> Iterator[tuple[Cluster, ...]]:
    """Give ways to draw subtasks together, ever coarser; the others have their own boxes.

    ``nodes`` are those that are shown, ``urgent`` those of them that need attention, the
    most important first; by default the statuses tell. Where ``max_nodes`` is given, no
    way has more boxes.

    Raises RenderError if the boxes are too many and ``collapse`` is not ``auto``.
    """
    chooser, most = _Chooser(analysis, nodes), options.max_nodes
    if urgent is not None:
        chooser.urgent = urgent
    if options.collapse != "auto":
        clusters = chooser.ways[options.collapse]()
        boxes = _boxes(nodes, clusters)
        if most is not None and boxes > most:
            raise RenderError(
                f"the diagram would have {counted(boxes)} boxes, "
                f"which is more than {counted(most)}: collapse automatically, "
                "or show a part of the task only"
            )
        yield clusters
        return
    ways = chooser.coarser()
    if most is not None:
        few = (way for way in ways if _boxes(nodes, way) <= most)
        ways = iter([next(few, chooser.in_stages(most))])
    yield from (clusters for clusters, _ in groupby(ways))


def _boxes(nodes: tuple[int, ...], clusters: tuple[Cluster, ...]) -> int:
    hidden = [c for c in clusters if c.grouping is not Grouping.FRAME]
    return len(nodes) - sum(len(c.nodes) - 1 for c in hidden)


def cluster_name(cluster: Cluster, subtasks: Sequence[Subtask]) -> str:
    """Name what is drawn together."""
    first, last = name_of(subtasks[0]), name_of(subtasks[-1])
    if cluster.grouping is Grouping.CHAIN and first != last:
        return f"{first} … {last}"
    if cluster.grouping is Grouping.ALIKE and len({sub.name for sub in subtasks}) > 1:
        return f"{first} and others"
    if cluster.grouping is Grouping.STAGES:
        start, end = cluster.stages
        return f"Stage {start}" if start == end else f"Stages {start} to {end}"
    return first


class _Chooser:
    """Finds what can be drawn together in one graph."""

    def __init__(self, analysis: Analysis, nodes: tuple[int, ...]) -> None:
        self.analysis = analysis
        self.graph = analysis.graph
        self.nodes = nodes
        self.ways: Mapping[Collapse, Callable[[], tuple[Cluster, ...]]] = {
            "none": lambda: _sorted(self._frames(len(nodes))),
            "parallel": lambda: _sorted(self._parts(1)),
            "chains": lambda: self._chains([*self._parts(1)]),
            "name": self._names,
        }

    def coarser(self) -> Iterator[tuple[Cluster, ...]]:
        """Give all ways of ``auto``, the one that collapses least first."""
        for most in _FRAMED:
            yield _sorted([*self._frames(most), *self._parts(most)])
        yield self.ways["parallel"]()
        alike = self._alike([*self._parts(1)])
        yield _sorted(alike)
        yield self._chains(alike)
        yield self._names()
        path = self._critical_path
        if len(path) <= _LONGEST_APART:
            yield self._stages(1, self._apart.union(path, self._cycles[0]))
        count = len(self._rows)
        for cycles in self._cycles:
            wide, apart = 1, self._apart.union(cycles)
            while wide <= count:
                yield self._stages(wide, apart)
                wide += max(1, wide // 3)
            yield self._stages(max(count, 1), apart)

    def in_stages(self, most: int) -> tuple[Cluster, ...]:
        """Collapse whole stages to so many boxes, even what should stay apart."""
        count = len(self._rows)
        return self._stages(-(-count // max(most, 1)), frozenset())

    # --- what stays apart -----------------------------------------------------------

    @cached_property
    def urgent(self) -> tuple[int, ...]:
        """What needs attention, the worst first: failed, overdue, cancelled, running."""
        subtasks = self.graph.subtasks
        late = self.analysis.overdue
        urgent = [node for node in self.nodes if subtasks[node].status in URGENT]
        urgent.sort(
            key=lambda n: (severity_key(subtasks[n].status)[0] - (n in late) * 2, n)
        )
        return tuple(urgent)

    def _most_urgent(self, urgent: Iterable[int]) -> list[int]:
        """Choose a dozen, given the worst first."""
        kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
        for node in urgent:
            status = self.graph.subtasks[node].status
            hangs = node in self.analysis.overdue or status == Status.CANCELING
            kinds[0 if status == Status.FAILED else 1 if hangs else 2].append(node)
        return most_urgent(*kinds)

    @cached_property
    def _gates(self) -> frozenset[int]:
        """The points of no return, where they are few."""
        gate = self.analysis.no_return if self.analysis.is_sound else None
        few = gate is not None and len(gate.nodes) <= _FEW_GATES
        return frozenset(gate.nodes) if gate is not None and few else frozenset()

    @cached_property
    def _cycles(self) -> list[frozenset[int]]:
        """Cycles to keep apart, ever less: short ones of a few subtasks, one, none."""
        graph, ways, shown = self.graph, [frozenset[int]()], frozenset(self.nodes)
        cycles = (shortest_cycle(graph.downstreams, part) for part in graph.cycles)
        for cycle in sorted(cycles, key=lambda cycle: (len(cycle), cycle)):
            more = ways[-1].union(shown.intersection(cycle))
            if more > ways[-1] and len(more) <= SHOWN_APART:
                ways.append(more)
        return list(dict.fromkeys((ways[-1], *ways[1::-1])))

    @cached_property
    def _apart(self) -> frozenset[int]:
        return self._gates.union(self._most_urgent(self.urgent))

    @cached_property
    def _critical_path(self) -> tuple[int, ...]:
        if not self.analysis.is_sound:
            return ()
        shown = set(self.nodes)
        return tuple(n for n in self.analysis.schedule.critical_path if n in shown)

    @cached_property
    def _rank(self) -> dict[int, int]:
        return {node: place for place, node in enumerate(self.urgent)}

    def _without_urgent(
        self, grouping: Grouping, groups: Iterable[Sequence[int]]
    ) -> Iterator[Cluster]:
        """Make clusters in which nothing that needs attention is hidden, unless many do."""
        rank = self._rank
        for group in groups:
            if len(group) < 2:  # as nearly all are of many names
                continue
            urgent = sorted((n for n in group if n in rank), key=rank.__getitem__)
            alone = set(self._most_urgent(urgent))
            if not self._gates.issuperset(group):
                alone.update(self._gates.intersection(group))
            rest = tuple(node for node in group if node not in alone)
            if len(rest) > 1:
                yield Cluster(grouping, rest)

    def _free(self, clusters: Iterable[Cluster]) -> list[int]:
        """Give what is in no cluster and may be put into one."""
        taken = {node for cluster in clusters for node in cluster.nodes}
        taken.update(self._rank, self._gates, self._cycles[0])
        return [node for node in self.nodes if node not in taken]

    # --- ways -----------------------------------------------------------------------

    @cached_property
    def _splits(self) -> list[tuple[int, ...]]:
        shown = set(self.nodes)
        groups = (
            tuple(filter(shown.__contains__, group))
            for group in parallel_groups(self.graph)
        )
        return [group for group in groups if len(group) > 1]

    def _frames(self, most: int) -> Iterator[Cluster]:
        """Frame the splits that run side by side; a frame would hide a fault."""
        graph = self.graph
        faulty = {end for edge in graph.one_sided for end in edge[:2]}
        unknown = (graph.task.subtasks[named.position].id for named in graph.unknown)
        faulty.update(graph.index[identifier] for identifier in unknown)
        for group in self._splits:
            beside = group[1] not in graph.downstreams[group[0]]
            if len(group) <= most and beside and faulty.isdisjoint(group):
                yield Cluster(Grouping.FRAME, group)

    def _parts(self, more_than: int) -> Iterator[Cluster]:
        large = (group for group in self._splits if len(group) > more_than)
        return self._without_urgent(Grouping.PARTS, large)

    def _alike(self, clusters: list[Cluster]) -> list[Cluster]:
        """Collapse what waits for the same and is waited for by the same."""
        graph = self.graph
        groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
        for node in self._free(clusters):
            ends = (graph.upstreams[node], graph.downstreams[node])
            groups.setdefault(ends, []).append(node)
        alike = (tuple(group) for group in groups.values() if len(group) >= _ALIKE)
        return [*clusters, *(Cluster(Grouping.ALIKE, group) for group in alike)]

    def _chains(self, clusters: list[Cluster]) -> tuple[Cluster, ...]:
        """Collapse runs of what is left between two branches."""
        graph, free = self.graph, set(self._free(clusters))
        after = {}
        for node in sorted(free):
            if len(graph.downstreams[node]) == 1:
                target = graph.downstreams[node][0]
                if target in free and graph.upstreams[target] == (node,):
                    after[node] = target
        chains = [Cluster(Grouping.CHAIN, tuple(run)) for run in runs(after)]
        return _sorted([*clusters, *chains])

    def _names(self) -> tuple[Cluster, ...]:
        """Collapse equal names at one stage: no edge runs between those."""
        subtasks = self.graph.subtasks
        groups: dict[tuple[int, str], list[int]] = {}
        for stage, row in self._rows.items():
            for node in row:
                if node not in self._cycles[0]:
                    groups.setdefault((stage, subtasks[node].name), []).append(node)
        return _sorted(self._without_urgent(Grouping.NAME, groups.values()))

    def _stages(self, wide: int, alone: frozenset[int]) -> tuple[Cluster, ...]:
        """Collapse whole stages, so many to a box, but for what has a box of its own.

        What is alone would come before and after a box of several stages around it, so
        its own stage is a box by itself.
        """
        stage_of = self.graph.stages
        split = {stage_of[node] for node in alone}
        boxes: list[list[int]] = []
        filled = before = -1
        for stage, row in self._rows.items():
            if not 0 < filled < wide or stage in split or before in split:
                boxes.append([])
                filled = 0
            boxes[-1] += [n for n in row if n not in alone] if stage in split else row
            filled, before = filled + 1, stage
        return _sorted(
            Cluster(
                Grouping.STAGES, tuple(box), (stage_of[box[0]] + 1, stage_of[box[-1]] + 1)
            )
            for box in boxes
            if len(box) > 1
        )

    @cached_property
    def _rows(self) -> dict[int, list[int]]:
        """What is shown, by stage, both ascending."""
        rows: dict[int, list[int]] = {}
        stage_of = self.graph.stages
        for node in self.nodes:
            rows.setdefault(stage_of[node], []).append(node)
        return dict(sorted(rows.items()))


def _sorted(clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    return tuple(sorted(clusters, key=lambda cluster: min(cluster.nodes)))
