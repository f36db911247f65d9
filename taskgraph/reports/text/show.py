"""A task on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.result import CheckResult
from taskgraph.graph.parallel import parallel_groups
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.graph.traverse import immediate_dominators, reverse, topological_order
from taskgraph.model.durations import format_exactly, format_moment
from taskgraph.model.engine import done_status
from taskgraph.model.statuses import (
    ROLLED_BACK,
    count_shown,
    look,
    severity_key,
    shown_status,
)
from taskgraph.model.vocabulary import Status
from taskgraph.model.words import counted, id_list, name_of, visible
from taskgraph.reports.explaining.assuming import assumptions_in_short
from taskgraph.reports.explaining.explanation import verdict
from taskgraph.reports.results import Account, clock_figure, done_of, late_text, whole_order
from taskgraph.reports.text.budget import budget_facts, no_return_text
from taskgraph.reports.text.console import (
    Style,
    facts,
    heading,
    named,
    plain_table,
    status_text,
    to_text,
)
from taskgraph.settings import Severity

__all__ = ["OutlineRow", "outline", "show_text"]

_MOST_ROWS = 40
_MOST_FINDINGS = 5
_MOST_CRITICAL = 12
_ALL_COLUMNS = 64  # the width from which on status and timeout have columns
_BAR = 24  # the width of the bar of progress
_COLORS = {Severity.ERROR: "red bold", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def show_text(account: Account, style: Style) -> str:
    """Write what a task is, how far it is, what is wrong and what is critical.

    In narrow terminals columns are left out.
    """
    graph = account.graph
    said = " ".join(sentence.text(graph) for sentence in verdict(account))
    parts: list[RenderableType] = [heading(graph.task), Text(said), ""]
    parts.append(facts(_facts(account, style.width)))
    if graph.subtasks:
        parts += ["", *_tree(account, style.width)]
    if account.checked.findings:
        parts += ["", *_findings(account.checked)]
    return to_text(parts, style)


def _facts(account: Account, width: int) -> list[tuple[str, str | Text]]:
    graph, sound = account.graph, account.sound
    task = graph.task
    rows: list[tuple[str, str | Text]] = [("Document", visible(task.origin.file))]
    rows += _times(account)
    rows.append(("Progress", _progress(account, min(_BAR, width // 4))))
    if sound is None:
        rows.append(("Worst case", f"unknown: {'; '.join(graph.flaws)}"))
    else:
        rows += budget_facts(sound)
        latest, endless = sound.progress.latest_finish, sound.progress.endless
        if task.status == Status.RUNNING and endless is not None:
            rows.append(("Left", f"nothing promises an end: {endless}"))
        if task.status == Status.RUNNING and latest is not None and sound.tells_worst_case:
            left = format_exactly(sound.progress.worst_case.seconds)
            by = f"{format_moment(latest)}{late_text(sound)}"
            rows.append(("Left", f"{left}, over by {by}"))
        rest = sound.progress.worst_case
        is_open = endless is None and not rest.is_bounded and sound.tells_worst_case
        if task.status == Status.RUNNING and is_open:
            left = f"at most {format_exactly(rest.seconds)}"
            rows.append(("Left", f"{left}, not counting {named(graph, rest.unlimited)}"))
        if sound.tells_worst_case:
            rows.append(("Assumes", assumptions_in_short(sound)))
        rows.append(("Critical", _critical(graph, sound)))
        rows.append(("No return", no_return_text(sound)))
    rows.append(("Findings", _counts(account.checked)))
    return rows


def _times(account: Account) -> list[tuple[str, str | Text]]:
    task, sound = account.graph.task, account.sound
    rows: list[tuple[str, str | Text]] = []
    started = []
    if task.start_time is not None:
        started.append(format_moment(task.start_time))
    if task.creator is not None:
        started.append(f"by {visible(str(task.creator))}")
    if started:
        rows.append(("Started", " ".join(started)))
    if account.as_of is not None:
        rows.append(("As of", format_moment(account.as_of)))
    if sound is not None and sound.as_run is not None:
        rows.append(clock_figure(task, sound.as_run)[:2])
    return rows


def _progress(account: Account, width: int) -> Text:
    """Say how much is done, or undone where the task walks back, and what the rest is."""
    tally, finished = account.analysis.tally, done_status(account.graph.task)
    filled = width * len(tally.done) // tally.whole if tally.whole else 0
    text = Text("█" * filled, style="green").append("░" * (width - filled), style="dim")
    word, count_of = done_of(account)
    text.append(f" {count_of} {word.lower()}", style="default")
    if tally.in_place:
        text.append(f", {len(tally.in_place)} left in place", style="default")
    subtasks = account.graph.task.subtasks
    told_before = {finished, ROLLED_BACK} if tally.is_rolling_back else {finished}
    for name, count in count_shown(subtasks):
        if name not in told_before:
            text.append(f", {count} {look(name).word}", style="default")
    return text


def _critical(graph: TaskGraph, sound: Analysis) -> str:
    """Name the critical path by its ids, shortened in the middle."""
    path = sound.budget.schedule.critical_path
    if not path:
        return "none, for there are no subtasks"
    ids = [visible(str(graph.subtasks[node].id)) for node in path]
    if len(ids) > _MOST_CRITICAL:
        half = _MOST_CRITICAL // 2
        ids = [*ids[:half], "…", *ids[-half:]]
    others = len(sound.budget.schedule.critical) - len(path)
    beside = f", {others} more on others as long" if others else ""
    return f"{len(path)} of {len(graph)}{beside}: {' → '.join(ids)}"


def _counts(checked: CheckResult) -> Text:
    counts = Counter(finding.severity for finding in checked.findings)
    if not counts:
        return Text("none", style="green")
    words = [counted(count, severity) for severity, count in counts.items()]
    return Text(f"{', '.join(words)}: taskgraph check gives the hints", style="yellow")


def _findings(checked: CheckResult) -> list[RenderableType]:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in checked.findings[:_MOST_FINDINGS]:
        label = Text(f"{finding.severity} {finding.code}", style=_COLORS[finding.severity])
        table.add_row(label, Text(visible(finding.message)))
    parts: list[RenderableType] = [table]
    if len(checked.findings) > _MOST_FINDINGS:
        hidden = len(checked.findings) - _MOST_FINDINGS
        parts.append(Text(f"… and {hidden:,} more", style="dim"))
    return parts


def _tree(account: Account, width: int) -> list[RenderableType]:
    graph, critical, gates = account.graph, account.critical, account.gates
    rows = outline(graph)
    shown = _chosen(graph, rows, critical)
    table = plain_table()
    table.add_column("", no_wrap=True, min_width=2)
    table.add_column("subtask")  # alone gives up room: its cells are cut, never an id
    table.add_column("id", no_wrap=True)
    wide = width >= _ALL_COLUMNS
    if wide:
        table.add_column("status", no_wrap=True)
        table.add_column("timeout", justify="right", no_wrap=True)
    for row in shown:
        marks = " " if critical.isdisjoint(row.nodes) else "●"
        marks += " " if gates.isdisjoint(row.nodes) else "◆"
        cells = [Text(marks), _title(graph, row, wide=wide), Text(_ids(graph, row.nodes))]
        if wide:
            cells += [_states(graph, row.nodes), Text(_limit(graph, row.nodes))]
        table.add_row(*cells)
    parts: list[RenderableType] = [table]
    hidden = sum(len(row.nodes) for row in rows) - sum(len(row.nodes) for row in shown)
    if hidden:
        parts.append(Text(f"… and {hidden:,} more subtasks", style="dim"))
    legend = ["● on a critical path"] if critical else []
    legend += ["◆ point of no return"] if gates else []
    if not wide:
        names = count_shown(graph.subtasks)
        legend += [status_text(name).plain for name, _ in names]
    return [*parts, *([Text("   ".join(legend), style="dim")] if legend else [])]


def _chosen(
    graph: TaskGraph, rows: Sequence[OutlineRow], critical: frozenset[int]
) -> Sequence[OutlineRow]:
    """Choose the rows that matter most, in their order."""
    if len(rows) <= _MOST_ROWS:
        return rows

    def importance(number: int) -> tuple[int, bool, int]:
        nodes = rows[number].nodes
        ranks = (look(graph.subtasks[node].status).rank for node in nodes)
        return (min(ranks), critical.isdisjoint(nodes), number)

    chosen = sorted(range(len(rows)), key=importance)[:_MOST_ROWS]
    return [rows[number] for number in sorted(chosen)]


def _title(graph: TaskGraph, row: OutlineRow, *, wide: bool) -> Text:
    """Give the name behind its place in the tree."""
    indent = "".join("│  " if goes_on else "   " for goes_on in row.bars)
    if row.depth:
        indent += "├─ " if row.begins else "│  "
    text = Text(indent, style="dim", no_wrap=True, overflow="ellipsis")
    if not wide:
        states = (shown_status(graph.subtasks[node]) for node in row.nodes)
        worst = status_text(min(states, key=severity_key))
        text.append_text(worst[:1]).append(" ")  # its sign; the legend has the words
    text.append(name_of(graph.subtasks[row.nodes[0]]), style="default")
    if len(row.nodes) > 1:
        text.append(f" ×{len(row.nodes)}", style="bold")
    if row.waits_for:
        upstreams = id_list([graph.subtasks[node] for node in row.waits_for])
        text.append(f"  ← {visible(upstreams)}", style="dim")
    return text


def _states(graph: TaskGraph, nodes: tuple[int, ...]) -> Text:
    """Give the status, or how many parts have which, the worst first."""
    if len(nodes) == 1:
        return status_text(shown_status(graph.subtasks[nodes[0]]))
    text = Text()
    for name, count in count_shown(graph.subtasks[node] for node in nodes):
        if text:
            text.append(", ")
        text.append(f"{count} ").append_text(status_text(name))
    return text


def _ids(graph: TaskGraph, nodes: Sequence[int]) -> str:
    ids = [visible(str(graph.subtasks[node].id)) for node in nodes]
    return ids[0] if len(ids) == 1 else f"{ids[0]} … {ids[-1]}"


def _limit(graph: TaskGraph, nodes: Iterable[int]) -> str:
    limits = sorted({graph.subtasks[node].timeout or 0 for node in nodes})
    words = [f"{limit} s" if limit else "none" for limit in limits]
    return words[0] if len(words) == 1 else f"{words[0]} … {words[-1]}"


# --- the graph as an indented list ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A line of the list: a subtask, or the parts of one split."""

    nodes: tuple[int, ...]
    depth: int = 0  # in how many branches, one within the other, it lies
    begins: bool = False  # a branch
    waits_for: tuple[int, ...] = ()  # the upstreams, where the list's form does not tell
    bars: tuple[bool, ...] = ()  # by depth, which of the branches around it go on below


def outline(graph: TaskGraph) -> tuple[OutlineRow, ...]:
    """List the subtasks of a graph in an order in which they could run.

    Where several subtasks wait for the same one and for nothing else, each begins a
    branch, indented; what waits for several branches follows them, no longer indented.
    The parts of a split are one line. Where there is a cycle, nothing is indented and no
    parts are put together. Near-linear in nodes and edges.
    """
    if not graph.is_acyclic:
        return tuple(OutlineRow((node,)) for node in whole_order(graph))
    units = _units(graph)
    upstreams = _between(graph, units)
    order = topological_order(upstreams, reverse(upstreams))
    children: dict[int, list[int]] = {}
    above = immediate_dominators(upstreams, order)
    for unit in order:
        children.setdefault(above[unit], []).append(unit)
    rows = []
    stack = _below(upstreams, children.get(-1, []), 0)
    while stack:
        place = stack.pop()
        before = upstreams[place.unit] if place.is_unclear else ()
        waits_for = tuple(sorted(node for unit in before for node in units[unit]))
        row = OutlineRow(units[place.unit], place.depth, place.begins, waits_for)
        rows.append(row)
        stack += _below(upstreams, children.get(place.unit, []), place.depth)
    return tuple(_with_bars(rows))


def _with_bars(rows: list[OutlineRow]) -> list[OutlineRow]:
    """Tell each row which of the branches that it lies within have rows below it."""
    goes_on: list[bool] = []  # by depth, from the rows below
    barred = []
    for row in reversed(rows):
        goes_on += [False] * (row.depth - len(goes_on))
        barred.append(replace(row, bars=tuple(goes_on[: max(row.depth - 1, 0)])))
        del goes_on[max(row.depth - 1, 0) :]
        goes_on += [True] * (row.depth > 0)
    return barred[::-1]


def _units(graph: TaskGraph) -> list[tuple[int, ...]]:
    """Give the parts of each split together and every other node alone."""
    groups = [group for group in parallel_groups(graph) if len(group) > 1]
    grouped = {node for group in groups for node in group}
    alone = [(node,) for node in range(len(graph)) if node not in grouped]
    return sorted([*alone, *groups], key=min)


def _between(graph: TaskGraph, units: list[tuple[int, ...]]) -> list[list[int]]:
    """Give the units that each one waits for."""
    unit_of = {node: number for number, unit in enumerate(units) for node in unit}
    return [
        sorted({unit_of[up] for node in unit for up in graph.upstreams[node]} - {number})
        for number, unit in enumerate(units)
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    unit: int
    depth: int
    begins: bool = False
    is_unclear: bool = False


def _below(upstreams: list[list[int]], units: list[int], depth: int) -> list[_Place]:
    """Place what lies directly below a unit; the last comes first."""
    branches = [unit for unit in units if len(upstreams[unit]) <= 1]
    joins = [unit for unit in units if len(upstreams[unit]) > 1]
    nested, unclear = len(branches) > 1, len(joins) > 1
    places = [_Place(unit, depth, is_unclear=unclear) for unit in reversed(joins)]
    return places + [_Place(unit, depth + nested, nested) for unit in reversed(branches)]
