"""What the history of many documents says, for people: as tables and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from taskgraph.analysis.progress import Endless
from taskgraph.history.advising import Advice, TimeoutVerdict
from taskgraph.history.chances import Odds, Quantile, SubtaskOdds
from taskgraph.history.collecting import Collection
from taskgraph.history.departures import Anomalies, Anomaly, AnomalyKind
from taskgraph.history.fitting import Fit
from taskgraph.history.growth import Growths
from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.reviewing import TaskReview, TimeoutReview
from taskgraph.history.statistics import KindStats, Statistics
from taskgraph.history.trending import Trends
from taskgraph.model.durations import format_duration, format_measured, format_moment
from taskgraph.model.engine import SECOND
from taskgraph.model.task import Task
from taskgraph.model.words import NAMED, OF_ITS_NAME, counted, plural, visible
from taskgraph.reports.comparison import worst_case_text
from taskgraph.reports.fitting import fit_report
from taskgraph.reports.history_tables import (
    Column,
    Histogram,
    TableReport,
    TitledTable,
    cell,
    kind_name,
    share_text,
)
from taskgraph.reports.results import no_end_text
from taskgraph.reports.trends import growth_report, trends_report

HistoryResult: TypeAlias = (
    Statistics | TimeoutReview | Odds | Trends | Growths | Fit | Sequence[Anomalies]
)
"""What the commands of ``taskgraph history`` give; the last for several runs."""

_NOTICEABLE = 0.05
"""A share of runs that fail at the timeout that is worth a word."""


_STATISTICS: tuple[Column[KindStats], ...] = (
    Column("kind", lambda kind: kind_name(kind.subtask)),
    Column("seen", lambda kind: kind.seen, "count"),
    Column("fail", lambda kind: kind.failed, "count"),
    Column("retry", lambda kind: kind.retried, "count"),
    Column("skip", lambda kind: kind.skipped, "count"),
    Column("rolled back", lambda kind: kind.rolled_back, "count", is_extra=True),
    Column("p50", lambda kind: kind.run_us.p50, "us"),
    Column("p95", lambda kind: kind.run_us.p95, "us"),
    Column("p99", lambda kind: kind.run_us.p99, "us"),
    Column("longest", lambda kind: kind.run_us.max, "us"),
    Column("wait p50", lambda kind: kind.wait_us.p50, "us", is_extra=True),
    Column("wait p95", lambda kind: kind.wait_us.p95, "us"),
    Column("wait p99", lambda kind: kind.wait_us.p99, "us", is_extra=True),
    Column("longest wait", lambda kind: kind.wait_us.max, "us", is_extra=True),
    Column("timeout", lambda kind: kind.timeout, "seconds"),
    Column("used", lambda kind: kind.used_ppm.max, "ppm"),
)
_TIMEOUTS: tuple[Column[Advice], ...] = (
    Column("subtask", lambda one: one.subtask),
    Column("advice", lambda one: one.verdict, "word"),
    Column("timeout", lambda one: one.timeout, "seconds"),
    Column("advised", lambda one: one.advised, "seconds"),
    Column("runs", lambda one: one.runs, "count"),
    Column("longest", lambda one: one.longest_us, "us"),
    Column("sure", lambda one: one.confidence, "share"),
    Column("kills", lambda one: one.would_kill, "count"),
    Column("cut", lambda one: one.cut, "count"),
    Column("hung", lambda one: one.hung, "count"),
    Column("frees", lambda one: one.frees, "seconds"),
)


def table_report(result: HistoryResult) -> TableReport:
    """Report on whatever a command gave."""
    match result:
        case Statistics():
            return _statistics_report(result)
        case TimeoutReview():
            return _timeouts_report(result)
        case Odds():
            return _odds_report(result)
        case Trends():
            return trends_report(result)
        case Growths():
            return growth_report(result)
        case Fit():
            return fit_report(result)
    return _anomaly_report(result)


def collection_messages(done: Collection) -> list[str]:
    """Say what a collection did, and what could not be read."""
    collected, runs = done.collected, done.store.folder
    seen = counted(collected.documents, "document")
    unchanged = counted(collected.skipped, "file")
    tasks = counted(collected.tasks, "task")
    subtasks = counted(collected.subtasks, "subtask")
    messages = [
        f"{seen} looked at, {unchanged} unchanged, {tasks} and {subtasks} added to {runs}"
    ]
    messages += collected.refused[:NAMED]
    if done.listed:
        few = collected.rejects < done.listed
        new = f", {counted(collected.rejects)} of them looked at now" if few else ""
        messages.append(
            f"{counted(done.listed, 'document')} cannot be read, or in part only{new}\n"
            f"  hint: {done.store.rejects_file} says why"
        )
    return messages


def _statistics_report(statistics: Statistics) -> TableReport:
    """Report on kinds of tasks and subtasks: a table for each kind of task."""
    sections = [
        TitledTable(
            task,
            _STATISTICS,
            list(kinds),
            spread=lambda kind: kind.run_us,
            limit=lambda kind: kind.timeout,
        )
        for task, kinds in groupby(statistics.kinds, key=lambda one: one.task)
    ]
    rejects = f"{counted(statistics.rejects)} not read or in part only"
    facts = [
        ("Documents", f"{counted(statistics.documents)} looked at, {rejects}"),
        (
            "Tasks",
            f"{statistics.tasks:,}, from {counted(statistics.responses, 'response')}",
        ),
    ]
    notes = (
        "Times are of runs that provably ran once and did their work; all else is counted.",
        "wait: until the start, from the last upstream's end; of a task, its creation.",
        "used: the most of its timeout that a run took.",
    )
    return TableReport("Runs of tasks", facts, sections, notes)


def _timeouts_report(review: TimeoutReview) -> TableReport:
    """Report the advice on timeouts: a table for each task, or each kind of task."""
    groups: list[tuple[str, Sequence[Advice]]]
    if review.tasks:
        groups = [(_label(one.task), one.advice) for one in review.tasks]
    else:
        groups = [
            ("all kinds of tasks" if task is None else task, list(rows))
            for task, rows in groupby(review.advice, key=lambda one: one.task)
        ]
    sections = [TitledTable(title, _TIMEOUTS, rows) for title, rows in groups]
    shown = [one for _, rows in groups for one in rows]
    options = review.options
    share, confidence = share_text(options.share), share_text(options.confidence)
    facts = [
        ("Promise", f"passes {share} of the healthy runs, with {confidence} confidence"),
        ("Margin", share_text(options.margin)),
        ("Frees", _freed(shown)),
    ]
    facts += [(f"Budget of {one.task.origin.file}", _effect(one)) for one in review.tasks]
    return TableReport("Advice on timeouts", facts, sections, _timeout_notes(shown))


def _freed(advice: Sequence[Advice]) -> str:
    """Sum up what the advice frees, and tell apart what it costs."""
    frees = [one.frees for one in advice if one.frees is not None]
    text = f"{format_duration(sum(frees))} of an attempt of each, in sum"
    raised = -sum(seconds for seconds in frees if seconds < 0)
    if not raised:
        return text
    lowered = format_duration(sum(frees) + raised)
    return f"{text}: {lowered} by lowering, less {format_duration(raised)} by raising"


def _label(task: Task) -> str:
    """Name a task of a file."""
    name = f"{task.name} {task.id if task.id is not None else ''}".strip()
    return f"{name} ({task.origin.file})"


def _effect(review: TaskReview) -> str:
    patch = review.patch
    changes = counted(patch.changes, "change")
    if patch.before is None and patch.after is None:
        why = "the document has no timeouts" if patch.is_sound else "the graph is not sound"
        return f"{changes}; worst case not known: {why}"
    return f"{changes}; {worst_case_text(patch.before, patch.after)}"


def _timeout_notes(advice: Sequence[Advice]) -> list[str]:
    notes = [
        "sure: the confidence that the promise holds.",
        "kills: healthy runs that were measured and are longer than the advice.",
        "cut: runs that the timeout may have killed though they were healthy.",
    ]
    few = [one for one in advice if one.verdict is TimeoutVerdict.TOO_FEW]
    if few:
        notes.append(
            "Too few runs: that promise needs at least "
            f"{counted(few[0].needed, 'run')} of a subtask, "
            f"so nothing is advised for {counted(len(few))} of them."
        )
    notes += [
        f"{visible(one.subtask)!r}: {counted(one.cut, 'run')} may have been killed "
        "though healthy, so how long they take is not known. Raise it as a next step, and "
        "collect again."
        for one in advice
        if one.is_next_step
    ]
    for one in advice:
        if one.verdict is TimeoutVerdict.LOOK:
            notes.append(
                f"{visible(one.subtask)!r}: no healthy run is known, and "
                f"{counted(one.cut, 'run')} ended at the timeout. Raise it, or look "
                "into what the subtask does."
            )
        elif not one.is_next_step and _share_at_limit(one) > _NOTICEABLE:
            notes.append(
                f"{visible(one.subtask)!r}: {share_text(_share_at_limit(one))} of its runs "
                f"({counted(one.cut + one.hung)}) failed at the timeout. "
                "Another timeout does not mend that: look into it."
            )
    if any(one.hung for one in advice):
        notes.append(
            "hung: failed at the timeout when every healthy run was over before half of it."
        )
    notes += [
        f"{visible(one.subtask)!r}: {counted(one.unknown)} "
        f"{plural(one.unknown, 'was', 'were')} retried or skipped. Whether the timeout "
        "ended a first run is not known, so such runs do not count."
        for one in advice
        if one.unknown
    ]
    return list(dict.fromkeys(notes))


def _share_at_limit(one: Advice) -> float:
    failed = one.cut + one.hung
    return failed / max(failed + one.runs, 1)


def _anomaly_report(runs: Sequence[Anomalies]) -> TableReport:
    """Report where runs depart from their kind, in words."""
    sections, facts = [], []
    for run in runs:
        label = _label(run.task)
        if run.is_known:
            count = counted(len(run.found), "departure")
            facts.append((label, f"{count} from {counted(run.others, 'other run')}"))
        else:
            known = counted(run.others, "other run")
            least = counted(run.options.least_runs)
            facts.append((label, f"only {known} to compare with; {least} are needed"))
        if run.found:
            sections.append(TitledTable(label, _ANOMALIES, run.found))
    return TableReport("Departures from the usual", facts, sections)


_OF_TASKS = frozenset({AnomalyKind.OUT_OF_ORDER, AnomalyKind.NEW, AnomalyKind.MISSING})
"""Departures from other runs of the task; the others are from those of a subtask."""


def departure(one: Anomaly) -> str:
    """Say in words what departs and from what."""
    ids = ", ".join(map(str, one.ids[:5])) + (", …" if len(one.ids) > 5 else "")
    who = f"{ids} {one.name!r}".strip()
    alike = counted(one.alike) if one.alike else "none"
    alike += f" of {counted(one.others, 'other run')}"
    if one.kind not in _OF_TASKS:
        alike += f" {OF_ITS_NAME}"
    value, usual, high = (
        "" if time is None else format_measured(time)
        for time in (one.value_us, one.usual_us, one.high_us)
    )
    took = "has been running for" if one.is_running else "took"
    sentences = {
        AnomalyKind.SLOW: f"{who} {took} {value}; usual are {usual}, at most {high} with "
        f"few exceptions; {alike} took as long",
        AnomalyKind.FAST: f"{who} took only {value}; usual are {usual}, at least {high} "
        f"with few exceptions; {alike} were as short",
        AnomalyKind.WAITED: f"{who} could have started {value} earlier; usual are {usual}, "
        f"at most {high} with few exceptions; {alike} waited as long",
        AnomalyKind.FAILED: f"{who} failed; {alike} did",
        AnomalyKind.RETRIED: f"{who} was started {counted(one.attempts or 1, 'time')}; "
        f"{alike} were retried",
        AnomalyKind.SKIPPED: f"{who} was skipped; {alike} were",
        AnomalyKind.OUT_OF_ORDER: f"{who} started before {one.other_name!r}; {alike} did",
        AnomalyKind.NEW: f"{who} is new: {alike} have it",
        AnomalyKind.MISSING: f"{who} is missing; {alike} lack it",
    }
    return sentences[one.kind]


_ANOMALIES: tuple[Column[Anomaly], ...] = (
    Column("what", lambda one: one.kind, "word"),
    Column("departure", departure),
)


# --- odds ----------------------------------------------------------------------------


_AT_LEAST = ">="


def _end(one: Quantile) -> object:
    return f"{_AT_LEAST} {cell(one.value, 'us')}" if one.is_least else one.value


_QUANTILES: tuple[Column[Quantile], ...] = (
    Column("of the runs", lambda one: one.share, "share"),
    Column("end within", _end, "us"),
    Column("from", lambda one: one.low, "us"),
    Column("to", lambda one: one.high, "us"),
)
_SUBTASK_ODDS: tuple[Column[SubtaskOdds], ...] = (
    Column("critical", lambda one: one.criticality, "share"),
    Column("fails", lambda one: one.failure, "share"),
    Column("id", lambda one: one.id, "word"),
    Column("name", lambda one: one.name),
    Column("runs", lambda one: one.runs, "count"),
    Column("drawn from", lambda one: one.basis),
)
_GUESSES = {
    OutcomeBasis.TIMEOUT: "counted as taking their timeout",
    OutcomeBasis.NOTHING: "counted as taking no time",
    OutcomeBasis.REST: "counted as running to their timeout",
}


def _odds_report(odds: Odds) -> TableReport:
    """Report the odds of one task."""
    task, options = odds.task, odds.options
    title = f"Odds of {task.name} {task.id if task.id is not None else ''}"
    window = ("Window", f"{format_duration(options.window)}, {_since(odds)}")
    if odds.no_forecast is not None:
        why = str(odds.no_forecast)
        if isinstance(odds.no_forecast, Endless):
            why = no_end_text(odds.no_forecast)
        return TableReport(title, [window, ("Ends in it", f"not known: {why}")], ())
    rows = sorted(odds.subtasks, key=lambda row: -row.criticality)
    probability, low, high, late, failed = (
        cell(share, "share")
        for share in (odds.probability, odds.low, odds.high, odds.late, odds.failed)
    )
    answer = f"{probability} (from {low} to {high})"
    facts = [
        window,
        ("Ends in it", "; ".join([answer, *_doubts(rows)])),
        ("Ends later", late),
        ("Fails", failed),
        ("Rests on", counted(odds.runs, "past run")),
        ("Samples", f"{options.samples:,}, seed {options.seed}"),
    ]
    sections: list[TitledTable[Any]] = [
        TitledTable("Makespan, where nothing fails", _QUANTILES, odds.quantiles),
        TitledTable("What decides it", _SUBTASK_ODDS, rows),
    ]
    histogram = Histogram(odds.bins, options.window * SECOND)
    return TableReport(title, facts, sections, _odds_notes(odds, rows), histogram)


def _since(odds: Odds) -> str:
    """Say from when on the window counts, and what is done by then."""
    if odds.since is None:
        return "from its start, as if it began now"
    moment = f"from {format_moment(odds.since)} on"
    if odds.no_forecast is not None:
        return moment
    done = sum(row.basis is OutcomeBasis.DONE for row in odds.subtasks)
    subtasks = counted(len(odds.subtasks), "subtask")
    return f"{moment}, with {counted(done)} of {subtasks} done"


def _doubts(rows: Sequence[SubtaskOdds]) -> list[str]:
    """Say which subtasks the answer guesses; it is no surer than they are."""
    total = counted(len(rows), "subtask")
    counts = Counter(row.basis for row in rows)
    return [
        f"{counted(counts[basis])} of {total} without such runs: {meaning}"
        for basis, meaning in _GUESSES.items()
        if counts[basis]
    ]


def _odds_notes(odds: Odds, rows: Sequence[SubtaskOdds]) -> list[str]:
    limit = (
        f"{counted(odds.slots)} at most are in flight"
        if odds.slots
        else "slots are not limited"
    )
    past = counted(odds.runs, "past run")
    notes = [
        f"The bounds are those of {past}, with 95 % confidence, without what is guessed.",
        f"Past runs are drawn whole, as far as they have the subtasks; {limit}.",
    ]
    if any(one.is_least for one in odds.quantiles):
        notes.append(
            f"{_AT_LEAST}: as long ones were cut at a timeout, or are rarer than so few "
            "runs can show, or something counts as taking no time."
        )
    most = max((row.runs for row in rows), default=0)
    if few := [row for row in rows if 0 < row.runs == odds.runs < most / 2]:
        notes.append(f"Seen in no more than {past}: {_listed(few)}")
    groups = {
        basis.value: [row for row in rows if row.basis is basis] for basis in _GUESSES
    }
    notes += [f"{what}: {_listed(group)}" for what, group in groups.items() if group]
    if cut := sum({row.name: row.cut for row in rows}.values()):
        notes.append(
            f"{counted(cut, 'run')} failed at a shorter timeout than the present one. They "
            "count as one of the healthy runs that took longer, or, where there is none, "
            "as lasting to the present timeout and failing there."
        )
    return notes


def _listed(rows: Iterable[SubtaskOdds]) -> str:
    names = sorted({row.name for row in rows})
    return ", ".join(repr(visible(name)) for name in names)
