"""The schedule as text: critical path, float, drag, ties; what-if; the as-run path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis.as_run import AsRun, PartKind, TimePart
from taskgraph.analysis.timetable import NoPromise, Timetable, WindowVerdict
from taskgraph.analysis.weights import Basis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import (
    format_count,
    format_duration,
    format_moment,
    format_span,
)
from taskgraph.model.engine import SpanKind, has_limit, was_asked_again
from taskgraph.model.statuses import shown_status
from taskgraph.model.words import arrow, counted, label, plural, visible
from taskgraph.reports.results import CLOCKS_DIFFER, UNSPLIT, off_path_lines
from taskgraph.reports.text.console import (
    MOST_ROWS,
    Style,
    heading,
    ids_cell,
    more_rows,
    named,
    plain_table,
    status_text,
    subtask_table,
    to_text,
)

_KINDS = {
    "timeout": "by timeout",
    "actual": "by measured time",
    "remaining": "by what is left of the timeouts",
    "custom": "by the given durations",
}
_NAME = 16  # cells that names get before a column of times does
_SURPRISING = (
    Basis.NO_LIMIT,
    Basis.ASSUMED,
    Basis.START_UNKNOWN,
    Basis.OVERDUE,
    Basis.SEVERAL_RUNS,
    Basis.ROLLED_BACK,
    Basis.REVERSED,
    Basis.NOT_MEASURED,
)
_BY_LIMIT = (Basis.ASSUMED, Basis.LEFT, Basis.START_UNKNOWN, Basis.OVERDUE)


def critical_path_text(table: Timetable, style: Style) -> str:
    """Write the critical path and the float of every other subtask."""
    graph, schedule = table.graph, table.schedule
    path = schedule.critical_path
    unit = table.weights.unit
    title = Text(f"Critical path {_KINDS[table.weights.kind]}: ")
    title.append(f"{counted(len(path))} of {counted(len(graph))} subtasks, ")
    if table.unknown is None:
        title.append(format_count(schedule.makespan, unit), style="bold")
    else:
        title.append(f"length not known: {table.unknown}")
    is_left = table.weights.kind == "remaining" and table.unknown is None
    if is_left and table.weights.as_of is not None:
        title.append(f", as of {format_moment(table.weights.as_of)}")
    parts: list[RenderableType] = [heading(graph.task), title]
    parts += _what_if(table)
    parts += _window(table)
    own = [(node,) for node in path]
    parts += ["", _rows(table, own, style, floats=False), *more_rows(len(path))]
    parts += _ties(table)
    if others := off_path_lines(graph, schedule):
        parts += ["", Text("Not on it, the tightest first:")]
        parts += [_rows(table, others, style, floats=True), *more_rows(len(others))]
    parts += _near(table)
    parts += _remarks(table)
    if table.as_run is not None:
        parts += _as_run(graph, table.as_run)
    return to_text(parts, style)


def _window(table: Timetable) -> list[RenderableType]:
    """Say whether it fits the window, and how many subtasks lie on what does not."""
    if table.window is None or table.spare is None:
        return []
    window = format_duration(table.window)
    margin = format_count(abs(table.margin or 0), table.weights.unit)
    if table.verdict is WindowVerdict.TOO_LONG:
        least = "at least " if table.waits > table.sure_waits else ""
        told = f"It does not fit a window of {window}: it is {least}{margin} too long."
        if count := sum(left + table.spare < 0 for left in table.schedule.total_float):
            lie = plural(count, "lies on a path", "lie on paths")
            told += f" {counted(count, 'subtask')} {lie} too long: negative float."
    elif table.verdict is WindowVerdict.NO_PROMISE:
        told = f"Nothing promises that it fits a window of {window}: {_no_promise(table)}."
    elif table.verdict is WindowVerdict.SLOTS:
        told = f"It fits a window of {window} only where slots are free in time: "
        told += f"waiting for them may make it {margin} too long."
    else:
        told = f"It fits a window of {window}, with {margin} to spare."
    if table.waits:
        waits = format_duration(table.waits)
        told += " The latest starts and the floats hold where slots are free: "
        told += f"waiting for them may add {waits}."
    return [Text(told)]


def _no_promise(table: Timetable) -> str:
    if table.no_promise is NoPromise.NO_LIMIT:
        nodes = table.weights.nodes(Basis.NO_LIMIT)
        return f"{named(table.graph, nodes)} {plural(len(nodes), 'has', 'have')} no limit"
    return str(table.no_promise)


def _what_if(table: Timetable) -> list[RenderableType]:
    """Say what the changes that the user asked for do to the length and to the path."""
    result, unit = table.what_if, table.weights.unit
    if result is None:
        return []
    before = format_count(result.before.makespan, unit)
    told = f"With the changes the makespan stays {before}."
    if result.change:
        word = "longer" if result.change > 0 else "shorter"
        change = format_count(abs(result.change), unit)
        told = f"It was {before}: with the changes {change} {word}."
    nodes = result.before.critical_path
    if nodes == table.schedule.critical_path:
        return [Text(told), Text("The critical path is the same.")]
    path = arrow([table.graph.subtasks[node].id for node in nodes])
    return [Text(told), Text(f"The critical path was: {visible(path)}")]


def _ties(table: Timetable) -> list[RenderableType]:
    schedule = table.schedule
    if schedule.path_count <= 1 and not schedule.has_more_paths:
        return []
    count = f"{schedule.path_count:,}"
    if schedule.has_more_paths:
        count = f"more than {count}"
    tied = len(schedule.critical) - len(schedule.critical_path)
    text = f"{count} paths are equally long; shown is the one with the smallest ids."
    if tied:
        are = plural(tied, "subtask is", "subtasks are")
        left = "0"
        if table.spare is not None:
            left = format_count(table.spare, table.weights.unit)
        text += f" {counted(tied)} more {are} critical on the others: the float is {left}."
    return ["", Text(text)]


def _near(table: Timetable) -> list[RenderableType]:
    if table.within is None:
        return []
    near = table.schedule.near_critical(table.within_units)
    within = f"within {format_duration(table.within)}"
    if not near:
        return ["", Text(f"No other subtask is critical {within}.")]
    return ["", Text(f"Near-critical {within}: {named(table.graph, near)}")]


def _remarks(table: Timetable) -> list[RenderableType]:
    """Say which durations are not what one would expect, and why."""
    remarks: list[RenderableType] = []
    for basis in _SURPRISING:
        nodes: Sequence[int] = table.weights.nodes(basis)
        text = str(basis)
        if basis is Basis.ASSUMED and table.stand_in is not None:
            nodes = [node for node in range(len(table.graph)) if _is_assumed(table, node)]
            text = f"{table.stand_in} is assumed, for want of a timeout"
        if nodes:
            text = f"{text}: {named(table.graph, nodes)}"
            remarks.append(Text(text, style="dim"))
    return ["", *remarks] if remarks else []


def _is_assumed(table: Timetable, node: int) -> bool:
    """Tell whether a duration rests on what stands for a timeout, whole or in part."""
    return table.weights.basis[node] in _BY_LIMIT and not has_limit(
        table.graph.subtasks[node]
    )


def _rows(
    table: Timetable, lines: Sequence[tuple[int, ...]], style: Style, *, floats: bool
) -> Table:
    """Lay out subtasks with their times, with as many columns as there is room for."""
    schedule, unit, spare = table.schedule, table.weights.unit, table.spare
    subtasks, shown = table.graph.subtasks, lines[:MOST_ROWS]

    def times(values: Sequence[int], added: int = 0) -> list[Text]:
        return [Text(format_count(values[node] + added, unit)) for node, *_ in shown]

    takes = "timeout" if _are_timeouts(table) else "takes"
    states = [status_text(shown_status(subtasks[node])) for node, *_ in shown]
    columns = {
        **({} if table.graph.task.is_definition else {"status": states}),
        takes: [
            Text("none") if table.weights.basis[node] is Basis.NO_LIMIT else time
            for (node, *_), time in zip(shown, times(schedule.durations), strict=True)
        ],
        "starts": times(schedule.early_start),
        "ends": times(schedule.early_finish),
    }
    last = takes
    if spare is not None:
        columns["must start by"] = times(schedule.late_start, spare)
        columns["float"] = times(schedule.total_float, spare)
        last = "float"
    elif floats:
        columns["float"] = times(schedule.total_float)
        columns["free"] = times(schedule.free_float)
    else:
        columns["drag"] = times(table.drags)
    ids = [ids_cell([subtasks[part] for part in nodes], style.width) for nodes in shown]
    names = [_name(table.graph, nodes, table.targets) for nodes in shown]
    room = style.width - _widest(ids) - min(_widest(names), _NAME) - 2
    for titles in (("status",), ("free",), ("starts", "ends"), (takes,), (last,)):
        if sum(max(_widest(each), len(name)) + 2 for name, each in columns.items()) <= room:
            break
        columns = {name: each for name, each in columns.items() if name not in titles}
    rows = subtask_table(style)
    for title in columns:
        justify: JustifyMethod = "left" if title == "status" else "right"
        rows.add_column(title, justify=justify, no_wrap=True)
    for cells in zip(ids, names, *columns.values(), strict=True):
        rows.add_row(*cells)
    return rows


def _widest(cells: Sequence[Text]) -> int:
    return max((cell.cell_len for cell in cells), default=0)


def _name(graph: TaskGraph, nodes: Sequence[int], targets: Mapping[int, str]) -> Text:
    """Name a subtask and what it works on, or say how many alike share the row."""
    name = Text(visible(graph.subtasks[nodes[0]].name))
    if len(nodes) > 1:
        return Text(f"{counted(len(nodes))} × ", style="bold").append(name)
    if target := targets.get(nodes[0]):
        name.append(f" on {target}", style="dim")
    return name


def _are_timeouts(table: Timetable) -> bool:
    """Tell whether the durations are the timeouts: no attempts or delays are assumed."""
    if table.weights.kind != "timeout":
        return False
    pairs = zip(table.graph.subtasks, table.schedule.durations, strict=True)
    return all(max(subtask.timeout or 0, 0) == seconds for subtask, seconds in pairs)


def _as_run(graph: TaskGraph, run: AsRun) -> list[RenderableType]:
    if run.wall < 0:
        text = "As it ran: the times contradict each other: it ended before it began."
        return ["", Text(text)]
    wall = format_span(run.begin, run.end)
    rows = plain_table()
    rows.add_column("part", overflow="fold")
    rows.add_column("takes", justify="right", no_wrap=True)
    rows.add_column("subtask", overflow="fold", min_width=12)
    for part in run.parts[:MOST_ROWS]:
        took = format_count(part.microseconds, "microseconds")
        rows.add_row(str(part.kind), took, Text(_who(graph, part)))
    parts: list[RenderableType] = [
        "",
        Text(f"As it ran: {wall} by the clock; the parts below are all of it."),
        rows,
        *more_rows(len(run.parts)),
        "",
        Text(_ideal(run)),
    ]
    if run.skipped_over:
        names = named(graph, run.skipped_over)
        parts.append(Text(f"Without times of their own, within the waiting: {names}"))
    return parts


def _who(graph: TaskGraph, part: TimePart) -> str:
    """Say whose part it is, and that several runs are no single one."""
    if part.node is None:
        return ""
    name = visible(label(graph.subtasks[part.node]))
    if part.kind is not PartKind.RUN:
        return f"before {name}"
    attempts = part.attempts or 1
    if part.span is SpanKind.SEVERAL_RUNS and attempts > 1:
        return f"{name} ({counted(attempts, 'attempt')}, split unknown)"
    if part.span in UNSPLIT:
        is_sure = was_asked_again(graph.subtasks[part.node])
        return f"{name} ({part.span if is_sure else Basis.SEVERAL_RUNS})"
    return name


def _ideal(run: AsRun) -> str:
    ideal = format_count(run.ideal.makespan, "microseconds")
    text = f"The longest path of measured times takes {ideal}"
    if run.ideal_exceeds_wall:
        reason = CLOCKS_DIFFER
        if any(part.span in UNSPLIT for part in run.parts):
            reason = "some of those times may hold several runs or a rollback, and pauses"
        return f"{text}, longer than the clock saw: {reason}"
    reasons = ", ".join(
        f"{format_count(value, 'microseconds')} {kind}"
        for kind, value in run.differences.items()
    )
    return f"{text}; the rest is {reasons}" if reasons else text
