"""A task on one screen."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.result import CheckResult
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration, format_moment
from taskgraph.model.engine import done_status
from taskgraph.model.statuses import ROLLED_BACK, SKIPPED, count_shown, look
from taskgraph.model.task import Status
from taskgraph.model.words import and_more, arrow, counted, label, visible
from taskgraph.reports.explaining.explanation import MOST_CYCLES, headline
from taskgraph.reports.explaining.limits import assumptions_in_short
from taskgraph.reports.results import (
    Account,
    clock_figure,
    done_of,
    late_text,
    likely_figure,
    no_end_text,
    slow_figure,
)
from taskgraph.reports.text.budget import budget_facts, no_return_text
from taskgraph.reports.text.console import Facts, Style, facts, heading, to_text, uncounted
from taskgraph.reports.text.subtasks import subtask_overview
from taskgraph.settings import Severity

_MOST_FINDINGS = 5
_MOST_CRITICAL = 12
_BAR = 24  # the width of the bar of progress
_COLORS = {Severity.ERROR: "red bold", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def show_text(account: Account, style: Style) -> str:
    """Write what a task is, how far it is, what is wrong and what is critical.

    In narrow terminals columns are left out.
    """
    graph = account.graph
    sentences = headline(account)
    values = (value for sentence in sentences for value in sentence.values.values())
    told = next((value for value in values if isinstance(value, datetime)), None)
    said = " ".join(sentence.text(graph) for sentence in sentences)
    parts: list[RenderableType] = [heading(graph.task), Text(said), ""]
    parts.append(facts(_facts(account, style.width, told)))
    if graph.subtasks:
        parts += ["", *subtask_overview(account, style.width)]
    if account.checked.findings:
        parts += ["", *_findings(account.checked)]
    return to_text(parts, style)


def _facts(account: Account, width: int, told: datetime | None) -> Facts:
    """Give what is known, a line each; a moment was perhaps told before."""
    graph, sound = account.graph, account.sound
    task = graph.task
    rows: Facts = [("Document", visible(task.origin.file))]
    rows += _times(account, told)
    if not task.is_definition:
        rows.append(("Progress", _progress(account, min(_BAR, width // 4))))
    if sound is None:
        rows.append(("Worst case", f"not known: {'; '.join(graph.flaws)}"))
        cycles = graph.cycles[:MOST_CYCLES]
        rows += [("Cycle", _cycle(graph, component)) for component in cycles]
    else:
        rows += budget_facts(sound)
        if task.status == Status.RUNNING:
            rows.append(("Left", _left(sound)))
        for figure in (*likely_figure(sound), *slow_figure(sound)):
            rows.append((figure.label, f"{figure.value} ({figure.note})"))
        rows += _if_retried(sound)
        if sound.tells_worst_case:
            rows.append(("Assumes", assumptions_in_short(sound)))
        rows.append(("Critical", _critical(graph, sound)))
        rows.append(("No return", no_return_text(sound)))
    rows.append(("Findings", _counts(account.checked)))
    return rows


def _left(sound: Analysis) -> str:
    """Say how long it can still take, or why nobody can."""
    progress, rest = sound.progress, sound.progress.worst_case
    if progress.endless is not None:
        return no_end_text(progress.endless)
    if sound.unknown is not None:
        return f"not known: {sound.unknown}"
    left = format_duration(rest.seconds)
    if progress.latest_finish is not None:
        by = format_moment(progress.latest_finish, sound.task.start_time)
        return f"{left}, over by {by}{late_text(sound)}"
    return f"at most {left}{uncounted(sound.graph, rest)}"


def _if_retried(sound: Analysis) -> Facts:
    """Say of a failed task how long it can take once all that failed is retried."""
    retries = [way.retry for way in sound.ways_out if way.retry.is_accepted]
    worst = retries[0].worst_case if retries else None
    if worst is None or sound.task.status != Status.FAILED or not sound.tells_worst_case:
        return []
    if lasting := sound.progress.lasting:
        return [("If retried", no_end_text(lasting))]
    left = f"at most {format_duration(worst.seconds)} left"
    return [("If retried", f"{left}{uncounted(sound.graph, worst)}")]


def _cycle(graph: TaskGraph, component: tuple[int, ...]) -> str:
    """Walk around a cycle by the names of what it goes through."""
    from taskgraph.graph.traverse import shortest_cycle

    cycle = shortest_cycle(graph.downstreams, component)
    return visible(arrow([label(graph.subtasks[node]) for node in (*cycle, cycle[0])]))


def _times(account: Account, told: datetime | None) -> Facts:
    task, sound = account.graph.task, account.sound
    rows: Facts = []
    started = []
    if task.start_time is not None:
        started.append(format_moment(task.start_time, told))
    if task.creator is not None:
        started.append(f"by {visible(str(task.creator))}")
    if started:
        rows.append(("Started", " ".join(started)))
    if account.as_of is not None:
        rows.append(("As of", format_moment(account.as_of, task.start_time)))
    if sound is not None and sound.as_run is not None:
        label, value, note = clock_figure(task, sound.as_run)
        rows.append((label, f"{value} ({note})" if note else value))
    return rows


def _progress(account: Account, width: int) -> Text:
    """Say how much is done, or undone where the task walks back, and what the rest is."""
    tally, finished = account.analysis.tally, done_status(account.graph.task)
    filled = width * len(tally.done) // tally.whole if tally.whole else 0
    text = Text("█" * filled, style="green").append("░" * (width - filled), style="dim")
    word, count_of = done_of(account)
    text.append(f" {count_of} {word.lower()}", style="default")
    if tally.skipped:
        text.append(f", {counted(len(tally.skipped))} of them skipped", style="default")
    if tally.in_place:
        text.append(f", {counted(len(tally.in_place))} left in place", style="default")
    told_before = {finished, ROLLED_BACK if tally.is_rolling_back else SKIPPED}
    for name, count in count_shown(account.graph.subtasks):
        if name not in told_before:
            text.append(f", {counted(count)} {look(name).word}", style="default")
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
    beside = f", {counted(others)} more on others as long" if others else ""
    return f"{counted(len(path))} of {counted(len(graph))}{beside}: {' → '.join(ids)}"


def _counts(checked: CheckResult) -> Text:
    counts = Counter(finding.severity for finding in checked.findings)
    if not counts:
        return Text("none", style="green")
    words = [counted(count, severity) for severity, count in counts.items()]
    return Text(f"{', '.join(words)}: taskgraph check gives the hints", style="yellow")


def _findings(checked: CheckResult) -> list[RenderableType]:
    rows: Facts = []
    for finding in checked.findings[:_MOST_FINDINGS]:
        label = Text(f"{finding.severity} {finding.code}", style=_COLORS[finding.severity])
        rows.append((label, Text(visible(finding.message))))
    parts: list[RenderableType] = [facts(rows, style="", gap=1)]
    if len(checked.findings) > _MOST_FINDINGS:
        hidden = len(checked.findings) - _MOST_FINDINGS
        parts.append(Text(f"… {and_more(hidden)}", style="dim"))
    return parts
