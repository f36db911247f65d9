"""What changed between two documents: as text, as Markdown for a review, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from taskgraph.analysis.attribution import Attribution
from taskgraph.analysis.compare import BudgetChange, Comparison, FieldChange, Value
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.words import counted, label, quoted, visible
from taskgraph.reports.markdown import escaped

if TYPE_CHECKING:
    from taskgraph.reports.contract import (
        BudgetDifference,
        Cause,
        Difference,
        EdgeEnds,
        FieldDifference,
        PairContent,
        SubtaskName,
    )

__all__ = [
    "Pair",
    "change_items",
    "change_lines",
    "diff_json",
    "diff_markdown",
    "diff_text",
]

_MOST = 40
_Key: TypeAlias = tuple[int | None, int | None]
"""A subtask by its node on both sides; ``None`` where it is not there."""
Quote: TypeAlias = Callable[[str], str]
"""Makes a text from a document safe for the output."""
_Write: TypeAlias = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents of a task, or a task that only one side has, without comparison."""

    name: str
    before: TaskGraph | None
    after: TaskGraph | None
    comparison: Comparison | None = None


def diff_text(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair, a line each."""
    blocks = []
    for pair in pairs:
        lines = [f"  {line}" for line in change_lines(pair, visible)]
        blocks.append("\n".join([visible(pair.name), *(lines or ["  no change"])]))
    return "\n\n".join(blocks) + "\n"


def diff_markdown(pairs: Sequence[Pair]) -> str:
    """Write the changes of each pair as Markdown, to be a comment on a change."""
    blocks = ["## Changes of tasks"]
    for pair in pairs:
        blocks += [f"### {escaped(pair.name)}", change_items(pair) or "No change."]
    return "\n\n".join(blocks) + "\n"


def change_items(pair: Pair) -> str:
    """Give what changed as a list in Markdown; nothing where nothing did."""
    return "\n".join(
        f"{'  ' * line.startswith(' ')}- {line.strip()}"
        for line in change_lines(pair, escaped)
    )


def change_lines(pair: Pair, quote: Quote) -> list[str]:
    """Give what changed, a line each, the most important first.

    What the task as a whole takes comes first, then the task itself, then a line for each
    subtask with all that is told of it. A line that explains the one before begins with
    spaces.
    """
    if pair.before is None:
        return ["the task is new"]
    if pair.after is None:
        return ["the task is gone"]
    comparison = pair.comparison
    assert comparison is not None  # both sides are there
    lines = []
    if comparison.budget is not None and comparison.budget.is_changed:
        lines.append(_budget(comparison.budget))
        lines += _by_structure(comparison.budget.attribution, format_duration)
    measured = comparison.makespan
    if measured is not None and measured.change:
        sides = f"{format_measured(measured.before)} → {format_measured(measured.after)}"
        change = _signed(measured.change, format_measured)
        lines.append(f"longest path of measured times: {sides} ({change})")
        lines += _by_structure(measured, format_measured)
    if comparison.flaws:
        lost = "; there is no worst case any more" * (comparison.verdict == "worse")
        lines.append(f"time cannot be compared: {'; '.join(comparison.flaws)}{lost}")
    if comparison.task:
        fields = "; ".join(_field(field, quote) for field in comparison.task)
        lines.append(f"task: {fields}")
    subtasks = _Subtasks(comparison, pair.before, pair.after, quote).lines()
    lines += subtasks[:_MOST]
    if len(subtasks) > _MOST:
        more = counted(len(subtasks) - _MOST, "subtask")
        lines.append(f"{more} more: --format json has all of them")
    return lines


class _Subtasks:
    """Tells of each subtask once: what it is now, what changed, what time it costs."""

    def __init__(
        self, comparison: Comparison, before: TaskGraph, after: TaskGraph, quote: Quote
    ) -> None:
        self.comparison, self.before, self.after = comparison, before, after
        self.quote = quote
        self.partner = dict(comparison.pairs)
        budget = comparison.budget
        self.budget = _by_subtask(None if budget is None else budget.attribution)
        self.measured = _by_subtask(comparison.makespan)

    def lines(self) -> list[str]:
        """Give the lines, those that cost or save the most first."""
        comparison = self.comparison
        told: dict[_Key, list[str]] = {(None, node): [] for node in comparison.added}
        for node in comparison.added:
            limit = self.after.subtasks[node].timeout
            told[None, node] += [f"timeout {_timeout(limit)}"] if limit is not None else []
        for row in comparison.changed:
            fields = [_field(field, self.quote) for field in row.fields]
            told[row.before, row.after] = fields
        for key, text in self._edges().items():
            told.setdefault(key, []).append(text)
        for key in (*self.budget, *self.measured):
            told.setdefault(key, [])
        told |= {(node, None): [] for node in comparison.removed}
        return [self._line(key, told[key]) for key in sorted(told, key=self._rank)]

    def _line(self, key: _Key, told: list[str]) -> str:
        before, after = key
        texts = [*told, *self._bounds(key)]
        for title, changes, write in (
            ("worst case", self.budget, format_duration),
            ("measured", self.measured, format_measured),
        ):
            if key in changes:
                texts.append(f"{title} {_signed(changes[key], write)}")
        if after is None:
            assert before is not None  # it is on one side at least
            named = f"removed {_name(self.before, before, self.quote)}"
        else:
            added = "added " * (before is None)
            named = f"{added}{_name(self.after, after, self.quote)}"
        return f"{named}: {'; '.join(texts)}" if texts else named

    def _bounds(self, key: _Key) -> Iterator[str]:
        """Say that a subtask takes the bound away, or gives it back."""
        budget = self.comparison.budget
        if budget is not None and key[1] in budget.lost:
            yield "without a time limit"
        elif budget is not None and key[0] in budget.gained and key[1] is not None:
            yield "has a time limit now"

    def _edges(self) -> dict[_Key, str]:
        """Tell of every edge at its lower end, where that is there."""
        counterpart = {after: before for before, after in self.partner.items()}
        ends: dict[_Key, list[str]] = {}
        for upstream, node in self.comparison.added_edges:
            key = counterpart.get(node), node
            name = _id(self.after, upstream, self.quote)
            ends.setdefault(key, []).append(name if key[0] is None else f"+{name}")
        for upstream, node in self.comparison.removed_edges:
            if node in self.partner:
                name = _id(self.before, upstream, self.quote)
                ends.setdefault((node, self.partner[node]), []).append(f"-{name}")
        return {key: f"upstreams {', '.join(names)}" for key, names in ends.items()}

    def _rank(self, key: _Key) -> tuple[int, int, bool, int]:
        costs = abs(self.budget.get(key, 0)), abs(self.measured.get(key, 0))
        node = key[0] if key[1] is None else key[1]
        return (-costs[0], -costs[1], key[1] is None, node or 0)


def _by_subtask(change: Attribution | None) -> dict[_Key, int]:
    causes = () if change is None else change.contributions
    return {(cause.before, cause.after): cause.change for cause in causes}


def _budget(budget: BudgetChange) -> str:
    sides = " → ".join(
        format_duration(side.seconds)
        if side.is_bounded
        else f"unbounded, else {format_duration(side.seconds)}"
        for side in (budget.before, budget.after)
    )
    change = budget.attribution.change
    text = f"worst case: {sides}" + f" ({_signed(change, format_duration)})" * bool(change)
    if budget.before.is_bounded and not budget.after.is_bounded:
        return f"{text}: the bound is lost"
    if budget.after.is_bounded and not budget.before.is_bounded:
        return f"{text}: it is bounded now"
    return text


def _by_structure(change: Attribution, write: _Write) -> list[str]:
    if not change.structure:
        return []
    return [f"  {_signed(change.structure, write)} by edges or concurrency"]


def _signed(change: int, write: _Write) -> str:
    return f"{'+' if change > 0 else '-'}{write(abs(change))}"


def _name(graph: TaskGraph, node: int, quote: Quote) -> str:
    return quote(label(graph.subtasks[node]))


def _id(graph: TaskGraph, node: int, quote: Quote) -> str:
    identifier = graph.subtasks[node].id
    return quote(quoted(identifier) if isinstance(identifier, str) else str(identifier))


def _field(field: FieldChange, quote: Quote) -> str:
    if field.field == "name":  # it is told of what has the new name
        return f"named {quote(quoted(str(field.before)))} before"
    values = " → ".join(_value(field.field, v, quote) for v in (field.before, field.after))
    return f"{field.field.replace('_', ' ')} {values}"


def _value(field: str, value: Value, quote: Quote) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "timeout" and isinstance(value, int):
        return _timeout(value)
    if field == "budget" and isinstance(value, int):
        return format_duration(value)
    return quote(str(value))


def _timeout(seconds: int) -> str:
    return format_duration(seconds) if seconds else "none"


def diff_json(pair: Pair) -> PairContent:
    """Give the changes of a pair for programs; durations in the unit that a key names."""
    comparison, before, after = pair.comparison, pair.before, pair.after
    if comparison is None or before is None or after is None:
        return {"name": pair.name, "status": "added" if before is None else "removed"}
    budget, measured = comparison.budget, comparison.makespan
    return {
        "name": pair.name,
        "status": "changed" if comparison.is_changed else "same",
        "is_structure_changed": comparison.is_structure_changed,
        "is_budget_changed": comparison.is_budget_changed,
        "budget_verdict": comparison.verdict,
        "matched_by_id": comparison.matched_by_id,
        "task": [_field_json(field) for field in comparison.task],
        "added": [_subtask_json(after, node) for node in comparison.added],
        "removed": [_subtask_json(before, node) for node in comparison.removed],
        "changed": [
            {
                **_subtask_json(after, row.after),
                "fields": [_field_json(field) for field in row.fields],
            }
            for row in comparison.changed
        ],
        "added_edges": [_edge_json(after, *edge) for edge in comparison.added_edges],
        "removed_edges": [_edge_json(before, *edge) for edge in comparison.removed_edges],
        "flaws": list(comparison.flaws),
        "budget_seconds": None if budget is None else _budget_json(budget, before, after),
        "measured_microseconds": (
            None if measured is None else _change_json(measured, before, after)
        ),
    }


def _subtask_json(graph: TaskGraph, node: int) -> SubtaskName:
    return {"id": graph.subtasks[node].id, "name": graph.subtasks[node].name}


def _edge_json(graph: TaskGraph, upstream: int, downstream: int) -> EdgeEnds:
    ends = graph.subtasks[upstream].id, graph.subtasks[downstream].id
    return {"upstream": ends[0], "downstream": ends[1]}


def _field_json(field: FieldChange) -> FieldDifference:
    return {"field": field.field, "before": field.before, "after": field.after}


def _budget_json(
    change: BudgetChange, before: TaskGraph, after: TaskGraph
) -> BudgetDifference:
    return {
        **_change_json(change.attribution, before, after),
        "was_bounded": change.before.is_bounded,
        "is_bounded": change.after.is_bounded,
        "lost_bounds": [_subtask_json(after, node) for node in change.lost],
        "gained_bounds": [_subtask_json(before, node) for node in change.gained],
    }


def _change_json(change: Attribution, before: TaskGraph, after: TaskGraph) -> Difference:
    causes: list[Cause] = []
    for cause in change.contributions:
        if cause.after is not None:
            subtask = _subtask_json(after, cause.after)
        else:
            assert cause.before is not None  # a cause is on one side at least
            subtask = _subtask_json(before, cause.before)
        causes.append({**subtask, "change": cause.change})
    return {
        "before": change.before,
        "after": change.after,
        "causes": causes,
        "by_structure": change.structure,
    }
