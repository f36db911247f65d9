"""What changed between two documents: as text, as Markdown for a review, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from taskgraph.analysis.attribution import Attribution
from taskgraph.analysis.compare import (
    BudgetChange,
    Comparison,
    CopiesChange,
    FieldChange,
    Value,
)
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import as_shown, format_duration, format_measured
from taskgraph.model.engine import is_part
from taskgraph.model.task import Subtask
from taskgraph.model.words import commandless, counted, labels, listed, quoted, visible
from taskgraph.reports.markdown import escaped

if TYPE_CHECKING:
    from taskgraph.analysis.budget import Budget
    from taskgraph.reports import contract

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
    for pair in changed(pairs):
        lines = [f"  {line}" for line in change_lines(pair, visible)]
        blocks.append("\n".join(map(commandless, [visible(pair.name), *lines])))
    return "\n\n".join([*blocks, *_unchanged(pairs, visible)]) + "\n"


def diff_markdown(pairs: Sequence[Pair], errors: Sequence[str] = ()) -> str:
    """Write the changes of each pair as Markdown, to be a comment on a change.

    ``errors`` say what could not be read, and so was not compared.
    """
    blocks = ["## Changes of tasks"]
    for pair in changed(pairs):
        blocks += [f"### {escaped(pair.name)}", change_items(pair)]
    blocks += _unchanged(pairs, escaped)
    if errors:
        told = (escaped(line) for error in errors for line in error.split("\n"))
        blocks += ["### Not compared", _items(told)]
    return "\n\n".join(blocks) + "\n"


def changed(pairs: Sequence[Pair]) -> list[Pair]:
    """Give the pairs that have something to tell."""
    return [p for p in pairs if p.comparison is None or p.comparison.is_changed]


def _unchanged(pairs: Sequence[Pair], quote: Quote) -> Iterator[str]:
    """Name what has nothing to tell; of many only the first few."""
    told = {id(pair) for pair in changed(pairs)}
    names = [quote(pair.name) for pair in pairs if id(pair) not in told]
    if names:
        yield f"No change: {listed(names)}"


def change_items(pair: Pair) -> str:
    """Give what changed as a list in Markdown; nothing where nothing did."""
    return _items(change_lines(pair, escaped))


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"{'  ' * line.startswith(' ')}- {line.strip()}" for line in lines)


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
    lines = list(_whole(comparison))
    if comparison.task:
        fields = "; ".join(_field(field, quote) for field in comparison.task)
        lines.append(f"task: {fields}")
    subtasks = _Subtasks(comparison, pair.before, pair.after, quote).lines()
    lines += subtasks[:_MOST]
    if len(subtasks) > _MOST:
        more = counted(len(subtasks) - _MOST, "subtask")
        lines.append(f"{more} more: --format json has all of them")
    return lines


def _whole(comparison: Comparison) -> Iterator[str]:
    """Say what the change does to the times of the whole."""
    if comparison.budget is not None and comparison.budget.is_changed:
        yield _budget(comparison.budget)
        yield from _by_structure(comparison.budget.attribution, format_duration)
    measured = comparison.makespan
    if measured is not None and (
        change := as_shown(measured.after) - as_shown(measured.before)
    ):
        sides = f"{format_measured(measured.before)} → {format_measured(measured.after)}"
        told = signed(change, format_measured)
        yield f"longest path of measured times: {sides} ({told})"
        yield from _by_structure(measured, format_measured)
    if comparison.flaws:
        became = {
            "worse": "; there is no worst case any more",
            "better": "; there is a worst case now",
        }.get(comparison.verdict, "")
        yield f"time cannot be compared: {'; '.join(comparison.flaws)}{became}"


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
        self.fields: dict[_Key, list[str]] = {
            (row.before, row.after): [_field(field, quote) for field in row.fields]
            for row in comparison.changed
        }
        for copies in comparison.copies:
            told = self.fields.setdefault((copies.before, copies.after), [])
            told.append(_copies(copies))

    def lines(self) -> list[str]:
        """Give the lines, those that cost or save the most first.

        Parts of a split of which the same is told are told together.
        """
        comparison = self.comparison
        told: dict[_Key, list[str]] = {(None, node): [] for node in comparison.added}
        for node in comparison.added:
            limit = self.after.subtasks[node].timeout
            told[None, node] += [f"timeout {_timeout(limit)}"] if limit is not None else []
        told |= {key: list(fields) for key, fields in self.fields.items()}
        for key, texts in self._edges().items():
            told.setdefault(key, []).extend(texts)
        for key in (*self.budget, *self.measured):
            told.setdefault(key, [])
        told |= {(node, None): [] for node in comparison.removed}
        alike: dict[tuple[str | _Key, tuple[str, ...]], list[Subtask]] = {}
        for key in sorted(told, key=self._rank):
            subtask = _subtask(self.before, self.after, key)
            word = "added " if key[0] is None else "removed " if key[1] is None else ""
            name = subtask.name if is_part(subtask) else key
            own = word, "; ".join(told[key]), *self.costs(key)
            alike.setdefault((name, own), []).append(subtask)
        return [self._line(subtasks, *own) for (_, own), subtasks in alike.items()]

    def _line(self, subtasks: list[Subtask], word: str, told: str, *costs: str) -> str:
        each = " each" * (len(subtasks) > 1)
        texts = "; ".join(filter(None, (told, *(f"{cost}{each}" for cost in costs))))
        named = f"{word}{self.quote(labels(subtasks))}"
        return f"{named}: {texts}" if texts else named

    def costs(self, key: _Key) -> Iterator[str]:
        """Say what a subtask does to the times of the whole."""
        budget = self.comparison.budget
        cost = signed(self.budget[key], format_duration) if key in self.budget else ""
        finite = f" (finite part {cost})" if cost else ""
        if budget is not None and key[1] in budget.lost:
            yield f"has no limit now{finite}"  # what this part loses by it is no gain
        elif budget is not None and key[0] in budget.gained and key[1] is not None:
            yield f"has a limit now{finite}"
        elif cost:
            yield f"worst case {cost}"
        if key in self.measured:
            yield f"measured {signed(self.measured[key], format_measured)}"

    def _edges(self) -> dict[_Key, list[str]]:
        """Tell of every edge at its lower end, where that is there."""
        counterpart = {after: before for before, after in self.partner.items()}
        ends: dict[tuple[_Key, str], list[str]] = {}
        for upstream, node in self.comparison.added_edges:
            word = "now after" if node in counterpart else "after"
            name = _id(self.after, upstream, self.quote)
            ends.setdefault(((counterpart.get(node), node), word), []).append(name)
        for upstream, node in self.comparison.removed_edges:
            if node in self.partner:
                lower = (node, self.partner[node]), "no longer after"
                name = _id(self.before, upstream, self.quote)
                ends.setdefault(lower, []).append(name)
        told: dict[_Key, list[str]] = {}
        for (key, word), names in ends.items():
            told.setdefault(key, []).append(f"{word} {listed(names)}")
        return told

    def _rank(self, key: _Key) -> tuple[int, int, bool, int]:
        costs = abs(self.budget.get(key, 0)), abs(self.measured.get(key, 0))
        node = key[0] if key[1] is None else key[1]
        return (-costs[0], -costs[1], key[1] is None, node or 0)


def _subtask(before: TaskGraph, after: TaskGraph, key: _Key) -> Subtask:
    """Give a subtask as it is now; what is gone as it was."""
    old, new = key
    if new is not None:
        return after.subtasks[new]
    assert old is not None  # it is on one side at least
    return before.subtasks[old]


def diff_svg(pairs: Sequence[Pair]) -> str:
    """Draw the pairs that changed, one picture below the other."""
    from taskgraph.diagrams.picture import stacked

    return stacked([pair_svg(pair) for pair in changed(pairs) or pairs[:1]])


def pair_svg(pair: Pair, *, heading: bool = True) -> str:
    """Draw both sides of a pair in one picture, under its heading or without."""
    from taskgraph.diagrams.comparing import build_change_scene, one_sided
    from taskgraph.diagrams.scene import Caption, limit_text
    from taskgraph.diagrams.svg import render_svg

    if pair.comparison is not None and pair.before is not None and pair.after is not None:
        sides = pair.before, pair.after, pair.comparison
    else:
        graph = pair.before if pair.after is None else pair.after  # one may be empty
        assert graph is not None  # one of the two is there
        sides = one_sided(graph, is_new=pair.before is None)
    before, after, comparison = sides
    told = _Subtasks(comparison, before, after, visible)

    def tell(node: int | None, other: int | None) -> Iterator[str]:
        fields = told.fields.get((node, other), ())
        yield from fields
        if not any(field.startswith("timeout ") for field in fields):
            graph, own = (before, node) if other is None else (after, other)
            yield limit_text(graph.subtasks[own or 0].timeout)
        yield from told.costs((node, other))

    summary = (text for text in _whole(comparison) if not text.startswith(" "))
    caption = Caption(visible(pair.name), "", tuple(summary), ())
    scene = build_change_scene(before, after, comparison, caption, tell)
    return render_svg(scene, heading=heading)


def _by_subtask(change: Attribution | None) -> dict[_Key, int]:
    causes = () if change is None else change.contributions
    return {(cause.before, cause.after): cause.change for cause in causes}


def worst_case_text(*budgets: Budget | None) -> str:
    """Word a worst case before and after a change; without timeouts it is not known."""
    texts = []
    for budget in budgets:
        text = "not known" if budget is None else format_duration(budget.seconds)
        if budget is not None and not budget.is_bounded:
            text = f"unbounded, else {text}" if budget.seconds else "unbounded"
        texts.append(text)
    return f"worst case: {' → '.join(texts)}"


def _budget(budget: BudgetChange) -> str:
    text, change = worst_case_text(budget.before, budget.after), budget.attribution.change
    if budget.before.is_bounded and not budget.after.is_bounded:
        return f"{text}: the bound is lost"
    if budget.after.is_bounded and not budget.before.is_bounded:
        return f"{text}: it is bounded now"
    return text + f" ({signed(change, format_duration)})" * bool(change)


def _by_structure(change: Attribution, write: _Write) -> list[str]:
    if not change.structure:
        return []
    return [f"  {signed(change.structure, write)} by edges or concurrency"]


def signed(change: int, write: _Write) -> str:
    """Write a difference with its sign."""
    return f"{'+' if change > 0 else '-'}{write(abs(change))}"


def _id(graph: TaskGraph, node: int, quote: Quote) -> str:
    identifier = graph.subtasks[node].id
    return quote(quoted(identifier) if isinstance(identifier, str) else str(identifier))


def _field(field: FieldChange, quote: Quote) -> str:
    if field.field == "name":  # it is told of what has the new name
        return f"named {quote(quoted(str(field.before)))} before"
    values = " → ".join(_value(field.field, v, quote) for v in (field.before, field.after))
    return f"{_words(field.field)} {values}"


def _copies(change: CopiesChange) -> str:
    """Say what became of the other subtasks that have the id of one."""
    before, after = change.counts
    if before != after:
        return f"others with its id {counted(before)} → {counted(after)}"
    whose = "another one" if after == 1 else "others"
    return f"{listed(map(_words, change.fields))} changed in {whose} with its id"


def _words(field: str) -> str:
    return field.replace("_", " ")


def _value(field: str, value: Value, quote: Quote) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "timeout" and isinstance(value, int):
        return _timeout(value)
    if field == "budget" and isinstance(value, int):
        return format_duration(value)
    if field == "attempts" and isinstance(value, int):
        return counted(value)
    return quote(str(value))


def _timeout(seconds: int) -> str:
    return format_duration(seconds) if seconds else "none"


# --- for programs --------------------------------------------------------------------


def diff_json(pair: Pair) -> contract.PairContent:
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
        "added": [_named(after.subtasks[node]) for node in comparison.added],
        "removed": [_named(before.subtasks[node]) for node in comparison.removed],
        "changed": [
            {
                **_named(after.subtasks[row.after]),
                "fields": [_field_json(field) for field in row.fields],
            }
            for row in comparison.changed
        ],
        "changed_copies": [
            {
                **_named(after.subtasks[row.after]),
                "before": row.counts[0],
                "after": row.counts[1],
                "fields": list(row.fields),
            }
            for row in comparison.copies
        ],
        "added_edges": [_edge_json(after, *edge) for edge in comparison.added_edges],
        "removed_edges": [_edge_json(before, *edge) for edge in comparison.removed_edges],
        "flaws": list(comparison.flaws),
        "budget_seconds": None if budget is None else _budget_json(budget, before, after),
        "measured_microseconds": (
            None if measured is None else _change_json(measured, before, after)
        ),
    }


def _named(subtask: Subtask) -> contract.SubtaskName:
    return {"id": subtask.id, "name": subtask.name}


def _edge_json(graph: TaskGraph, upstream: int, downstream: int) -> contract.EdgeEnds:
    ends = graph.subtasks[upstream].id, graph.subtasks[downstream].id
    return {"upstream": ends[0], "downstream": ends[1]}


def _field_json(field: FieldChange) -> contract.FieldDifference:
    return {"field": field.field, "before": field.before, "after": field.after}


def _budget_json(
    change: BudgetChange, before: TaskGraph, after: TaskGraph
) -> contract.BudgetDifference:
    return {
        **_change_json(change.attribution, before, after),
        "was_bounded": change.before.is_bounded,
        "is_bounded": change.after.is_bounded,
        "lost_bounds": [_named(after.subtasks[node]) for node in change.lost],
        "gained_bounds": [_named(before.subtasks[node]) for node in change.gained],
    }


def _change_json(
    change: Attribution, before: TaskGraph, after: TaskGraph
) -> contract.Difference:
    return {
        "before": change.before,
        "after": change.after,
        "causes": [
            {
                **_named(_subtask(before, after, (cause.before, cause.after))),
                "change": cause.change,
            }
            for cause in change.contributions
        ],
        "by_structure": change.structure,
    }
