"""What changed between two documents of one task, or two runs of one kind of task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.attribution import Attribution, Version, attribute
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.concurrency import graham_bound
from taskgraph.analysis.matching import is_same_task, match
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Id

__all__ = [
    "BudgetChange",
    "Comparison",
    "FieldChange",
    "SubtaskChange",
    "Value",
    "Verdict",
    "compare",
]

Value: TypeAlias = Id | bool | None
"""What a field of a task or subtask can hold."""

Verdict: TypeAlias = Literal["better", "same", "worse", "unknown"]
"""What became of a worst case; unknown where neither side has one."""

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

    pairs: tuple[tuple[int, int], ...]
    matched_by_id: bool
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[SubtaskChange, ...]
    added_edges: tuple[tuple[int, int], ...]
    removed_edges: tuple[tuple[int, int], ...]
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
        return any(sets) or any(field.is_structural for field in fields)

    @property
    def is_budget_changed(self) -> bool:
        """Whether the worst-case budget is another one."""
        if self.budget is None:
            return self.verdict in ("better", "worse")
        return self.budget.is_changed

    @property
    def is_changed(self) -> bool:
        """Whether anything at all is different."""
        return bool(self.changed or self.task) or (
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
    removed = set(range(len(before))).difference(node for node, _ in pairs)
    added = set(range(len(after))).difference(node for _, node in pairs)
    partner, counterpart = dict(pairs), {b: a for a, b in pairs}
    flaws = (*before.flaws, *(flaw for flaw in after.flaws if flaw not in before.flaws))
    budget = None if flaws else _budget_change(first, second, pairs)
    return Comparison(
        pairs=pairs,
        matched_by_id=matches.by_id,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        changed=_changed(before, after, pairs),
        added_edges=_edges(after, before, counterpart),
        removed_edges=_edges(before, after, partner),
        task=_task_changes(before, after),
        flaws=flaws,
        budget=budget,
        verdict=_soundness(before, after) if budget is None else budget.verdict,
        makespan=None if flaws else _makespan_change(first, second, pairs),
    )


def _edges(graph: TaskGraph, other: TaskGraph, partner: Mapping[int, int]) -> Pairs:
    """Give the edges of a graph that another one does not have between the partners."""
    found = []
    for node, row in enumerate(graph.downstreams):
        there = set(other.downstreams[partner[node]] if node in partner else ())
        found += [(node, below) for below in row if partner.get(below) not in there]
    return tuple(found)


def _changed(
    before: TaskGraph, after: TaskGraph, pairs: Pairs
) -> tuple[SubtaskChange, ...]:
    definition: tuple[str, ...] = _DEFINITION
    if is_same_task(before, after):
        definition = ("id", *definition)
    rows = []
    for node, other in pairs:
        ours, theirs = before.subtasks[node], after.subtasks[other]
        fields = _fields(ours, theirs, definition, is_structural=True)
        fields += _fields(ours, theirs, _STATE, is_structural=False)
        if fields:
            rows.append(SubtaskChange(node, other, tuple(fields)))
    return tuple(rows)


def _task_changes(before: TaskGraph, after: TaskGraph) -> tuple[FieldChange, ...]:
    ours, theirs = before.task, after.task
    fields = _fields(ours, theirs, _TASK_DEFINITION, is_structural=True)
    return (*fields, *_fields(ours, theirs, _TASK_STATE, is_structural=False))


def _fields(
    ours: object, theirs: object, names: tuple[str, ...], *, is_structural: bool
) -> list[FieldChange]:
    rows = ((name, getattr(ours, name), getattr(theirs, name)) for name in names)
    return [FieldChange(*row, is_structural) for row in rows if row[1] != row[2]]


def _budget_change(before: Analysis, after: Analysis, pairs: Pairs) -> BudgetChange:
    ours, theirs = before.budget, after.budget
    first = Version(before.graph, ours.schedule.durations, _Headline(ours))
    second = Version(after.graph, theirs.schedule.durations, _Headline(theirs))
    partner, counterpart = dict(pairs), {b: a for a, b in pairs}
    old, new = frozenset(ours.unlimited), frozenset(theirs.unlimited)
    return BudgetChange(
        ours,
        theirs,
        attribute(first, second, pairs),
        lost=tuple(node for node in sorted(new) if counterpart.get(node) not in old),
        gained=tuple(node for node in sorted(old) if partner.get(node) not in new),
    )


def _soundness(before: TaskGraph, after: TaskGraph) -> Verdict:
    """Tell what became of the worst case where a side is not sound."""
    if before.is_sound and after.is_broken:
        return "worse"
    return "better" if before.is_broken and after.is_sound else "unknown"


@dataclass(frozen=True, slots=True)
class _Headline:
    """The headline of a budget as its durations change."""

    budget: Budget

    def __call__(self, total: int, longest: int) -> int:
        limits = self.budget.bounds
        return graham_bound(total, longest, limits.limit) if limits.may_wait else longest


def _makespan_change(before: Analysis, after: Analysis, pairs: Pairs) -> Attribution | None:
    ours, theirs = before.weigh("actual").durations, after.weigh("actual").durations
    if not any(ours) or not any(theirs):
        return None
    first = Version(before.graph, ours, _longest_path)
    return attribute(first, Version(after.graph, theirs, _longest_path), pairs)


def _longest_path(_total: int, longest: int) -> int:
    return longest
