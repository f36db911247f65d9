"""What changed between two documents of one task, or two runs of one kind of task.

And which subtasks a change of the worst case, or of the makespan, comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final, Literal, NamedTuple, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.concurrency import upper_bound
from taskgraph.analysis.matching import is_same_task, match
from taskgraph.analysis.schedule import Schedule, schedule
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Id

Value: TypeAlias = Id | bool | None
"""What a field of a task or subtask can hold."""

Verdict: TypeAlias = Literal["better", "same", "worse", "unknown"]
"""What became of a worst case; unknown where neither side has one."""

Bound: TypeAlias = Callable[[int, int], int]
"""From the sum of all durations and the longest path to the bound in question."""

Pairs: TypeAlias = tuple[tuple[int, int], ...]

_DEFINITION: Final = (
    "name",
    "timeout",
    "parallel_index",
    "prohibit_rollback",
    "prohibit_skip",
    "node_type",
    "class_name",
)
"""The fields that say what a subtask is, within one task its id too."""

_STATE: Final = ("status", "operation", "attempts")
_TASK_DEFINITION: Final = ("name", "type", "budget")
_TASK_STATE: Final = ("status", "operation", "prohibit_rollback")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that has another value; the name is the attribute's of the model."""

    field: str
    before: Value
    after: Value
    is_structural: bool


@dataclass(frozen=True, slots=True)
class SubtaskChange:
    """A subtask of both documents that is not the same in both."""

    before: int
    after: int
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class CopiesChange:
    """A subtask of both documents whose id others have too, which are not the same.

    Attributes
    ----------
    before, after : int
        The node that stands for all of them in each graph.
    counts : tuple of (int, int)
        How many others there are in each document.
    fields : tuple of str
        Which fields of theirs differ; empty where there are more of them, or fewer.
    is_structural : bool
        Whether other work is described, and not only what happened to it.
    """

    before: int
    after: int
    counts: tuple[int, int]
    fields: tuple[str, ...]
    is_structural: bool


@dataclass(frozen=True, slots=True)
class Contribution:
    """A subtask that moves the bound.

    Attributes
    ----------
    before, after : int or None
        Its node in the two graphs, ``None`` where it is not there.
    change : int
        By how much the bound grows for it, never 0.
    """

    before: int | None
    after: int | None
    change: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """A change; the contributions and the structure sum to it.

    Attributes
    ----------
    before, after : int
        The bound in the two graphs.
    contributions : tuple of Contribution
        The largest change first, then by node of the second graph.
    structure : int
        The part of the added and removed edges, and of another limit of concurrency.
    """

    before: int
    after: int
    contributions: tuple[Contribution, ...]
    structure: int

    @property
    def change(self) -> int:
        """By how much the bound grows."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """The worst-case budgets and what their difference comes from, in seconds.

    Attributes
    ----------
    before, after : Budget
    attribution : Attribution
        Of the headline, ``seconds``.
    lost : tuple of int
        The nodes of the second graph without a limit that had one, or are new.
    gained : tuple of int
        The nodes of the first graph without a limit that have one now, or are gone.
    """

    before: Budget
    after: Budget
    attribution: Attribution
    lost: tuple[int, ...]
    gained: tuple[int, ...]

    @property
    def is_changed(self) -> bool:
        """Whether the budget is another one, in its seconds or in what bounds it."""
        return bool(self.attribution.change or self.lost or self.gained)

    @property
    def verdict(self) -> Verdict:
        """Whether it is a change for the worse: growth, or a bound that is lost.

        A limit where there was none is for the better, although the finite part grows.
        """
        if self.lost:
            return "worse"
        if self.gained and self.after.is_bounded:
            return "better"
        gained = frozenset(self.gained)
        growth = self.attribution.change - sum(
            cause.change
            for cause in self.attribution.contributions
            if cause.before in gained
        )
        if growth:
            return "worse" if growth > 0 else "better"
        return "better" if self.gained else "same"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two documents. Tuples of nodes are ascending.

    Attributes
    ----------
    pairs : tuple of (int, int)
        The subtasks that are in both: their node in the first and in the second graph.
    matched_by_id : bool
        Whether all of them have the same id in both.
    added : tuple of int
        The nodes of the second graph that the first does not have.
    removed : tuple of int
        The nodes of the first graph that the second does not have.
    changed : tuple of SubtaskChange
        By node of the first graph.
    copies : tuple of CopiesChange
        By node of the first graph; what is told of a node is of one subtask of its id.
    added_edges : tuple of (int, int)
        Edges of the second graph, in its nodes.
    removed_edges : tuple of (int, int)
        Edges of the first graph, in its nodes.
    task : tuple of FieldChange
        What changed about the task itself.
    flaws : tuple of str
        Why budget and makespan cannot be compared, where a graph is not sound.
    budget : BudgetChange or None
    verdict : {"better", "same", "worse", "unknown"}
        What became of the worst case. A graph that is broken has none, so that it is lost
        where a sound one breaks.
    makespan : Attribution or None
        Of the longest path of measured times, in microseconds; ``None`` also where a
        document has no times.
    """

    pairs: Pairs
    matched_by_id: bool
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[SubtaskChange, ...]
    copies: tuple[CopiesChange, ...]
    added_edges: Pairs
    removed_edges: Pairs
    task: tuple[FieldChange, ...]
    flaws: tuple[str, ...]
    budget: BudgetChange | None
    verdict: Verdict
    makespan: Attribution | None

    @property
    def is_structure_changed(self) -> bool:
        """Whether the two describe different work, whatever happened to it."""
        fields = [*self.task, *(field for row in self.changed for field in row.fields)]
        sets = (self.added, self.removed, self.added_edges, self.removed_edges)
        parts = [
            *(f.is_structural for f in fields),
            *(c.is_structural for c in self.copies),
        ]
        return any(sets) or any(parts)

    @property
    def is_budget_changed(self) -> bool:
        """Whether the worst-case budget is another one."""
        if self.budget is None:
            return self.verdict in ("better", "worse")
        return self.budget.is_changed

    @property
    def is_changed(self) -> bool:
        """Whether anything at all is different."""
        return bool(self.changed or self.copies or self.task) or (
            self.is_structure_changed
            or self.is_budget_changed
            or (self.makespan is not None and self.makespan.change != 0)
        )


def compare(first: Analysis, second: Analysis) -> Comparison:
    """Compare two documents.

    Parameters
    ----------
    first, second : Analysis
        Of faulty ones too; then there is no word about time.
    """
    before, after = first.graph, second.graph
    matches = match(before, after)
    pairs = matches.pairs
    partner, counterpart = dict(pairs), {b: a for a, b in pairs}
    flaws = (*before.flaws, *(flaw for flaw in after.flaws if flaw not in before.flaws))
    budget = None if flaws else _budget_change(first, second, pairs)
    return Comparison(
        pairs=pairs,
        matched_by_id=matches.by_id,
        added=tuple(n for n in range(len(after)) if n not in counterpart),
        removed=tuple(n for n in range(len(before)) if n not in partner),
        changed=_changed(before, after, pairs),
        copies=_copies(before, after, pairs),
        added_edges=_edges(after, before, counterpart),
        removed_edges=_edges(before, after, partner),
        task=_fields(before.task, after.task, _TASK_DEFINITION, _TASK_STATE),
        flaws=flaws,
        budget=budget,
        verdict=_soundness(before, after) if budget is None else budget.verdict,
        makespan=None if flaws else _makespan_change(first, second, pairs),
    )


def _edges(graph: TaskGraph, other: TaskGraph, partner: Mapping[int, int]) -> Pairs:
    """Give the edges of a graph that another one does not have between the partners."""
    missing = []
    for node, row in enumerate(graph.downstreams):
        there = set(other.downstreams[partner[node]] if node in partner else ())
        missing += [(node, below) for below in row if partner.get(below) not in there]
    return tuple(missing)


def _changed(
    before: TaskGraph, after: TaskGraph, pairs: Pairs
) -> tuple[SubtaskChange, ...]:
    definition = _definition(before, after)
    ours, theirs = before.subtasks, after.subtasks
    return tuple(
        SubtaskChange(node, other, fields)
        for node, other in pairs
        if (fields := _fields(ours[node], theirs[other], definition, _STATE))
    )


def _definition(before: TaskGraph, after: TaskGraph) -> tuple[str, ...]:
    return ("id", *_DEFINITION) if is_same_task(before, after) else _DEFINITION


def _copies(before: TaskGraph, after: TaskGraph, pairs: Pairs) -> tuple[CopiesChange, ...]:
    """Compare the subtasks for which another one of their id stands in its graph."""
    sides = [
        {row[0]: [graph.task.subtasks[place] for place in row[1:]] for row in groups}
        for graph, groups in ((before, before.duplicates), (after, after.duplicates))
    ]
    if not any(sides):
        return ()
    definition = frozenset(_definition(before, after))
    compared = (*_definition(before, after), *_STATE)
    values = attrgetter(*compared)
    changes = []
    for node, other in pairs:
        ours = sides[0].get(before.positions[node], [])
        theirs = sides[1].get(after.positions[other], [])
        first, second = Counter(map(values, ours)), Counter(map(values, theirs))
        if first == second:
            continue
        gone, new = (
            sorted(rest.elements(), key=repr) for rest in (first - second, second - first)
        )
        names = tuple(
            name
            for at, name in enumerate(compared)
            if len(gone) == len(new)
            and any(old[at] != own[at] for old, own in zip(gone, new, strict=True))
        )
        is_structural = not names or not definition.isdisjoint(names)
        counts = len(ours), len(theirs)
        changes.append(CopiesChange(node, other, counts, names, is_structural))
    return tuple(changes)


def _fields(
    ours: object, theirs: object, definition: tuple[str, ...], state: tuple[str, ...]
) -> tuple[FieldChange, ...]:
    names = (*definition, *state)
    rows = ((name, getattr(ours, name), getattr(theirs, name)) for name in names)
    changed = (row for row in rows if row[1] != row[2])
    return tuple(FieldChange(*row, row[0] in definition) for row in changed)


def _budget_change(before: Analysis, after: Analysis, pairs: Pairs) -> BudgetChange:
    ours, theirs = before.budget, after.budget
    first = Version(before.graph, ours.schedule.durations, _headline(ours))
    second = Version(after.graph, theirs.schedule.durations, _headline(theirs))
    partner, counterpart = dict(pairs), {b: a for a, b in pairs}
    old, new = frozenset(ours.unlimited), frozenset(theirs.unlimited)
    return BudgetChange(
        ours,
        theirs,
        attribute(first, second, pairs),
        lost=tuple(node for node in theirs.unlimited if counterpart.get(node) not in old),
        gained=tuple(node for node in ours.unlimited if partner.get(node) not in new),
    )


def _headline(budget: Budget) -> Bound:
    """Give the headline of a budget as its durations change."""
    limits = budget.bounds
    return partial(upper_bound, limit=limits.limit, may_wait=limits.may_wait)


def _soundness(before: TaskGraph, after: TaskGraph) -> Verdict:
    """Tell what became of the worst case where a side is not sound."""
    if before.is_sound and after.is_broken:
        return "worse"
    return "better" if before.is_broken and after.is_sound else "unknown"


def _makespan_change(before: Analysis, after: Analysis, pairs: Pairs) -> Attribution | None:
    ours, theirs = before.weigh("actual").durations, after.weigh("actual").durations
    if not any(ours) or not any(theirs):
        return None
    first = Version(before.graph, ours, _longest_path)
    return attribute(first, Version(after.graph, theirs, _longest_path), pairs)


def _longest_path(_total: int, longest: int) -> int:
    return longest


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two sides: a graph, its durations, and what its bound is."""

    graph: TaskGraph
    durations: Sequence[int]
    bound: Bound


def attribute(
    before: Version, after: Version, pairs: Sequence[tuple[int, int]]
) -> Attribution:
    """Attribute the change of a bound to subtasks.

    Parameters
    ----------
    before, after : Version
    pairs : sequence of (int, int)
        The nodes that are the same in both.

    Raises
    ------
    AnalysisError
        Where a graph is not sound.

    Notes
    -----
    The change is followed step by step from one graph to the other: first each removed
    subtask loses its time, then the edges become the new ones, then each subtask, in
    topological order, gets its new duration, an added one instead of none. What the bound
    moves at a step is that subtask's contribution, so the contributions sum to the whole
    change exactly, and what did not change contributes nothing. The order decides where
    two need each other: of parallel subtasks that shrink, the last one in the order gets
    what only both together save.
    """
    counterpart = {other: node for node, other in pairs}
    kept, old = [0] * len(before.graph), [0] * len(after.graph)
    for node, other in pairs:
        kept[node] = old[other] = before.durations[node]
    removals = _steps(before, kept)
    middle = Version(after.graph, old, after.bound)
    changes = _steps(middle, after.durations)
    contributions = [Contribution(node, None, change) for node, change in removals.changes]
    contributions += [
        Contribution(counterpart.get(n), n, change) for n, change in changes.changes
    ]
    contributions.sort(key=_largest_first)
    return Attribution(
        before=removals.before,
        after=changes.after,
        contributions=tuple(contributions),
        structure=changes.before - removals.after,
    )


def _largest_first(contribution: Contribution) -> tuple[int, bool, int]:
    node = contribution.before if contribution.after is None else contribution.after
    return (-abs(contribution.change), contribution.after is None, node or 0)


class _Steps(NamedTuple):
    before: int
    after: int
    changes: tuple[tuple[int, int], ...]


def _steps(version: Version, durations: Sequence[int]) -> _Steps:
    """Change the durations of a graph one by one and see what the bound does."""
    graph, old = version.graph, version.durations
    first, total = schedule(graph, old), sum(old)
    begin = bound = version.bound(total, first.makespan)
    if tuple(durations) == first.durations:
        return _Steps(begin, bound, ())
    makespans = _makespans(graph, first, schedule(graph, durations))
    changes = []
    for node, makespan in zip(graph.order, makespans, strict=True):
        total += durations[node] - old[node]
        moved = version.bound(total, makespan)
        if moved != bound:
            changes.append((node, moved - bound))
        bound = moved
    return _Steps(begin, bound, tuple(changes))


def _makespans(graph: TaskGraph, old: Schedule, new: Schedule) -> list[int]:
    """Give the makespan after each node, in topological order, got its new duration.

    Meanwhile the longest path is always the longest over some edge a -> b from what has its
    new duration to what has its old one: the new head of a and the old tail of b. Each edge
    is such an edge from one position to another, so a sweep with a heap does.
    """
    place = {node: at for at, node in enumerate(graph.order)}
    over: list[tuple[int, int]] = []  # minus the length, and until which place
    end = len(graph)
    for node, upstreams in enumerate(graph.upstreams):
        if not upstreams:
            heappush(over, (old.late_start[node] - old.makespan, place[node]))
    makespans = []
    for at, node in enumerate(graph.order):
        head = new.early_finish[node]
        for downstream in graph.downstreams[node]:
            tail = old.makespan - old.late_start[downstream]
            heappush(over, (-head - tail, place[downstream]))
        if not graph.downstreams[node]:
            heappush(over, (-head, end))
        while over[0][1] <= at:
            heappop(over)
        makespans.append(-over[0][0])
    return makespans
