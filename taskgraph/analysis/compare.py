"""What changed between two documents of one task, or two runs of one kind of task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Final, Literal, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.attribution import Attribution, Bound, Pairs, Version, attribute
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.concurrency import upper_bound
from taskgraph.analysis.matching import is_same_task, match
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import TASK_WORDS, Id, Subtask, Task

Value: TypeAlias = Id | bool | None
"""What a field of a task or subtask can hold."""

BudgetVerdict: TypeAlias = Literal["better", "same", "worse", "unknown"]
"""What became of a worst case; unknown where neither side has one."""

_Shared: TypeAlias = Mapping[int, tuple[Subtask, ...]]
"""By node, the other subtasks that have its id."""

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
    def verdict(self) -> BudgetVerdict:
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
    verdict: BudgetVerdict
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


def compare_analyses(first: Analysis, second: Analysis) -> Comparison:
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
    shared = _shared(before), _shared(after)
    flaws = (*before.flaws, *(flaw for flaw in after.flaws if flaw not in before.flaws))
    budget = None if flaws else _budget_change(first, second, pairs)
    return Comparison(
        pairs=pairs,
        matched_by_id=matches.by_id,
        added=_unpaired(after, before, counterpart),
        removed=_unpaired(before, after, partner),
        changed=_changed(before, after, pairs, shared),
        copies=_copies(before, after, pairs, shared),
        added_edges=_edges(after, before, counterpart),
        removed_edges=_edges(before, after, partner),
        task=_fields(
            (before.task, after.task),
            (_words(before.task), _words(after.task)),
            _TASK_DEFINITION,
            _TASK_STATE,
        ),
        flaws=flaws,
        budget=budget,
        verdict=_soundness(before, after) if budget is None else budget.verdict,
        makespan=None if flaws else _makespan_change(first, second, pairs),
    )


def _unpaired(
    graph: TaskGraph, other: TaskGraph, partner: Mapping[int, int]
) -> tuple[int, ...]:
    """Give what another graph does not have; a summary leaves its subtasks out."""
    if other.task.is_summary:
        return ()
    return tuple(node for node in range(len(graph)) if node not in partner)


def _edges(graph: TaskGraph, other: TaskGraph, partner: Mapping[int, int]) -> Pairs:
    """Give the edges of a graph that another one does not have between the partners.

    A response without edges leaves them out, as a summary does.
    """
    is_told = other.reported_sides or other.task.is_definition or len(other) < 2
    if other.task.is_summary or not is_told:
        return ()
    missing = []
    for node, row in enumerate(graph.downstreams):
        there = set(other.downstreams[partner[node]] if node in partner else ())
        missing += [(node, below) for below in row if partner.get(below) not in there]
    return tuple(missing)


def _changed(
    before: TaskGraph, after: TaskGraph, pairs: Pairs, shared: tuple[_Shared, _Shared]
) -> tuple[SubtaskChange, ...]:
    definition, state = _compared(before, after)
    shown = before.subtasks, after.subtasks
    ours, theirs = before.unredacted, after.unredacted
    values = attrgetter(*definition, *state)
    changes = []
    for node, other in pairs:
        sides = ours[node], theirs[other]
        beside = shared[0].get(node, ()), shared[1].get(other, ())
        if _is_another(sides, beside, values):
            continue
        fields = _fields((shown[0][node], shown[1][other]), sides, definition, state)
        if fields:
            changes.append(SubtaskChange(node, other, fields))
    return tuple(changes)


def _compared(
    before: TaskGraph, after: TaskGraph
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the fields to compare: of the definition, and of the state.

    What a response leaves out of all its subtasks is no change: its dialect has no such
    field. What a definition leaves out is what it says.
    """
    definition = ("id", *_DEFINITION) if is_same_task(before, after) else _DEFINITION
    tasks = before.task, after.task
    if any(task.is_definition for task in tasks):
        return definition, _STATE

    def stated(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            name
            for name in names
            if name == "status" or all(task.reports(name) for task in tasks)
        )

    return stated(definition), stated(_STATE)


def _shared(graph: TaskGraph) -> _Shared:
    subtasks, unredacted = graph.task.subtasks, graph.task.unredacted_subtask
    return {
        graph.index[subtasks[first].id]: tuple(unredacted(subtasks[one]) for one in rest)
        for first, *rest in graph.duplicates
    }


def _is_another(
    sides: tuple[Subtask, Subtask],
    beside: tuple[tuple[Subtask, ...], tuple[Subtask, ...]],
    values: Callable[[Subtask], object],
) -> bool:
    """Tell whether another of those that share an id stands for all of them now."""
    ours, theirs = map(values, sides)
    if ours == theirs:
        return False
    return theirs in map(values, beside[0]) or ours in map(values, beside[1])


def _copies(
    before: TaskGraph, after: TaskGraph, pairs: Pairs, shared: tuple[_Shared, _Shared]
) -> tuple[CopiesChange, ...]:
    """Compare the subtasks for which another one of their id stands in its graph."""
    if not any(shared):
        return ()
    definition, state = _compared(before, after)
    compared = (*definition, *state)
    values = attrgetter(*compared)
    changes = []
    for node, other in pairs:
        ours, theirs = shared[0].get(node, ()), shared[1].get(other, ())
        counts = len(ours), len(theirs)
        stand = before.unredacted[node], after.unredacted[other]
        if _is_another(stand, (ours, theirs), values):
            ours, theirs = (stand[0], *ours), (stand[1], *theirs)
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
        is_structural = not names or not set(definition).isdisjoint(names)
        changes.append(CopiesChange(node, other, counts, names, is_structural))
    return tuple(changes)


def _words(task: Task) -> Task:
    """Give a task with the words of its document, to compare it by."""
    if not task.origin.redacted:
        return task
    words = {name: task.unredacted(getattr(task, name)) for name in TASK_WORDS}
    return replace(task, **words)


def _fields(
    shown: tuple[object, object],
    sides: tuple[object, object],
    definition: tuple[str, ...],
    state: tuple[str, ...],
) -> tuple[FieldChange, ...]:
    """Compare two sides, and give what is shown of them where they differ."""
    ours, theirs = sides
    changed = [
        name
        for name in (*definition, *state)
        if getattr(ours, name) != getattr(theirs, name)
    ]
    return tuple(
        FieldChange(
            name, getattr(shown[0], name), getattr(shown[1], name), name in definition
        )
        for name in changed
    )


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


def _soundness(before: TaskGraph, after: TaskGraph) -> BudgetVerdict:
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
