"""The worst-case budget as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.rollback import FailLate
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration
from taskgraph.model.task import Status
from taskgraph.model.words import UNCOUNTED, counted, label, listed, percent, visible
from taskgraph.reports.results import endless_undoing, holders, no_end_text, undoing
from taskgraph.reports.text.console import (
    MOST_ROWS,
    Facts,
    Style,
    facts,
    heading,
    more_rows,
    named,
    plain_table,
    to_text,
    uncounted,
    which_task,
)


def budget_text(analyses: Sequence[Analysis], style: Style) -> str:
    """Write the worst case in time of each task, and of several also a table."""
    texts = [_one(analysis, style) for analysis in analyses]
    if len(analyses) > 1:
        texts.append(to_text([_overview(analyses)], style))
    return "\n".join(texts)


def _one(analysis: Analysis, style: Style) -> str:
    graph, budget = analysis.graph, analysis.budget
    rows = [*budget_facts(analysis), *_limit(analysis)]
    if analysis.tells_worst_case:
        rows.append(("All timeouts", f"{format_duration(budget.total)} in sum"))
    rows += _slots(analysis)
    rows += _assumptions(analysis)
    rows.append(("No return", no_return_text(analysis)))
    rows += _way_back(analysis)
    parts: list[RenderableType] = [heading(graph.task), facts(rows)]
    if budget.schedule.makespan:
        if budget.bounds.may_wait:
            length = format_duration(budget.schedule.makespan)
            parts += ["", Text(f"Shares of the longest path, {length}:")]
        parts += ["", _shares(graph, budget), *more_rows(len(holders(budget)))]
    return to_text(parts, style)


def _limit(analysis: Analysis) -> Facts:
    """Say what the worst case may be, and whether it is that."""
    limit, budget = analysis.limit, analysis.budget
    if limit is None or not analysis.tells_worst_case:
        return []
    held = "held"
    if not budget.is_bounded:
        held = "not held: there is no bound"
    elif budget.seconds > limit:
        held = f"not held: {format_duration(budget.seconds - limit)} more"
    return [("Limit", f"{format_duration(limit)}, {held}")]


def budget_facts(analysis: Analysis) -> Facts:
    """Give the facts on the worst case that every screen shows."""
    graph, budget = analysis.graph, analysis.budget
    if analysis.unknown is not None:
        return [("Worst case", f"not known: {analysis.unknown}")]
    rows: Facts = []
    headline = format_duration(budget.seconds)
    if budget.is_bounded:
        rows.append(("Worst case", Text(headline, style="bold")))
    else:
        rows.append(("Worst case", Text("unbounded", style="bold yellow")))
        rows.append(("Finite part", headline))
        rows.append(("No timeout", named(graph, budget.unlimited)))
    bounds = budget.bounds
    if bounds.may_wait:
        crowd = f"{_width(analysis)} subtasks may want {counted(bounds.limit, 'slot')}"
        rows.append(("Waiting", f"{crowd}: the worst case is a bound on every order"))
        longest = f"{format_duration(bounds.longest_path)} without waiting"
        rows.append(("Longest path", longest))
        least, by_id = format_duration(bounds.lower), format_duration(bounds.listed)
        between = f"{least} at least; {by_id} if ready ones go first by id"
        rows.append(("In between", between))
    return rows


def _width(analysis: Analysis) -> str:
    """Say how many subtasks can be in flight at once, or that there are more."""
    known = max(analysis.width.size, len(analysis.budget.bounds.widest))
    return f"{known:,}" if analysis.width.is_exact else f"at least {known:,}"


def _slots(analysis: Analysis) -> Facts:
    """Say how many slots cost no time, which is by no means so for all larger numbers."""
    enough, order = analysis.enough_slots, "if ready ones go first by id"
    if analysis.width.size < 2 or enough is None:
        return []
    if analysis.width == (enough.limit, True):
        return [("Slots", f"{enough.limit:,} cost no time, in any order")]
    if enough.limit is not None:
        text = f"{enough.limit:,} cost no time {order}"
    elif enough.is_searched:
        text = f"with {counted(enough.tried, 'worker')} none are enough {order}"
    elif not enough.tried:
        text = "how many cost no time was not sought in so large a graph"
    else:
        text = f"{enough.tried:,} and fewer cost time {order}, more were not tried"
    return [("Slots", f"{text}; {_width(analysis)} in any order, however long each takes")]


def _assumptions(analysis: Analysis) -> Facts:
    graph, budget = analysis.graph, analysis.budget
    settings, rows = budget.settings, Facts()
    if max(budget.attempts, default=1) > 1:
        several = [n for n, count in enumerate(budget.attempts) if count > 1]
        counts = sorted({budget.attempts[node] for node in several})
        most = listed(map(counted, counts), len(counts), "or")
        seen = ", as past runs had" if analysis.attempts != analysis.own_attempts else ""
        rows.append(("Attempts", f"{most} each for {named(graph, several)}{seen}"))
    if settings.grace:
        rows.append(("Grace", f"{format_duration(settings.grace)} per attempt"))
    if settings.overhead:
        rows.append(("Overhead", f"{format_duration(settings.overhead)} per attempt"))
    if (stand_in := analysis.stand_in) is not None:
        rows.append(("Assumed", f"{stand_in} for {named(graph, budget.assumed)}"))
    return rows


def no_return_text(analysis: Analysis) -> str:
    """Say in a sentence where the point of no return is."""
    graph, no_return = analysis.graph, analysis.no_return
    if no_return is None:
        if not analysis.tells_rollback:
            return "not known: the document does not say what prohibits rollback"
        return "none: no subtask prohibits rollback"
    if no_return.is_start:
        return "the start: the task itself prohibits rollback"
    start = "the start of" if len(no_return.nodes) == 1 else "the first start among"
    where = f"{start} {named(graph, no_return.nodes)}"
    state = "passed" if no_return.passed else "not passed yet"
    if not analysis.tells_worst_case:
        return f"{where} ({state})"
    after = f"{format_duration(no_return.seconds_after)} from there on"
    return f"{where} ({state}); {after}{UNCOUNTED if no_return.unlimited else ''}"


def _way_back(analysis: Analysis) -> Facts:
    graph, rollback = analysis.graph, analysis.rollback
    rows: Facts = []
    if graph.task.status == Status.SUCCESSFUL:
        return [("Rollback", "refused: the task was successful")]
    if rollback.obstacles:
        reasons = "; ".join(rollback.obstacles)
        if rollback.blockers:
            reasons += f": {named(graph, rollback.blockers)}"
        rows.append(("Rollback", f"refused: {reasons}"))
    elif rollback.is_allowed is None:
        rows.append(("Rollback", "not known: the document does not say what prohibits it"))
    else:
        text = f"allowed {_allowed_when(analysis)}"
        if why := endless_undoing(analysis):
            text += f"; {no_end_text(why)}"
        elif (worst := undoing(analysis)) is None:
            text += f"; how long undoing takes is not known: {analysis.unknown}"
        elif rollback.steps:
            took = f"{format_duration(worst.seconds)}{uncounted(graph, worst)}"
            text += f"; undoing what has begun takes at most {took}"
        rows.append(("Rollback", text))
    if analysis.is_rolling_back or not rollback.may_still_fail:
        return rows
    if not analysis.tells_fail_late:
        lacks = analysis.unknown or "the document does not say what prohibits rollback"
        rows.append(("Failing late", f"not known: {lacks}"))
    elif (late := analysis.failing_late) is not None:
        rows.append(("Failing late", _fail_late(graph, late)))
    return rows


def _allowed_when(analysis: Analysis) -> str:
    """Say when the engine would roll back; what begins later may forbid it."""
    if analysis.rollback.has_failed:
        return "now"
    if not analysis.task.is_definition:
        return "if it failed now"
    before = "" if analysis.no_return is None else " before the point of no return"
    return f"if it fails{before}"


def _fail_late(graph: TaskGraph, late: FailLate) -> str:
    """Say when the task has failed: what runs beside the subtask goes on until then."""
    name = visible(label(graph.subtasks[late.node]))
    text = (
        f"{name} fails, the task {format_duration(late.until_failed)} after its start; "
        f"rolling back takes {format_duration(late.undoing)}: "
        f"{format_duration(late.seconds)}"
    )
    if late.at_most != late.seconds:
        text += f"; no such run takes over {format_duration(late.at_most)}"
    return f"{text}{UNCOUNTED}" if late.unlimited else text


def _shares(graph: TaskGraph, budget: Budget) -> Table:
    table = plain_table("share", "takes")
    table.add_column("id", no_wrap=True)
    table.add_column("name", overflow="fold")
    for node in holders(budget)[:MOST_ROWS]:
        subtask = graph.subtasks[node]
        share = budget.shares[node]
        table.add_row(
            percent(share, budget.schedule.makespan),
            format_duration(share),
            Text(visible(str(subtask.id))),
            Text(visible(subtask.name)),
        )
    return table


def _in_overview(analysis: Analysis) -> str:
    if not analysis.tells_worst_case:
        return "not known"
    budget = analysis.budget
    return format_duration(budget.seconds) + ("" if budget.is_bounded else " + ∞")


def _overview(analyses: Sequence[Analysis]) -> Table:
    table = plain_table("worst case", "no limit")
    table.add_column("task", overflow="fold")
    table.add_column("document", overflow="fold")
    for analysis in analyses:
        task, budget = analysis.task, analysis.budget
        table.add_row(
            _in_overview(analysis),
            counted(len(budget.unlimited)) if budget.unlimited else "",
            which_task(task),
            Text(visible(task.origin.file)),
        )
    return table
