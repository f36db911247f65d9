"""How long a task ran and where the time went, and how long it can take at worst."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.as_run import AsRun, PartKind, TimePart, occupancy
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.rollback import PointOfNoReturn, Rollback
from taskgraph.analysis.weights import Basis
from taskgraph.checks.result import Finding
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import (
    MICROSECOND,
    SECOND,
    SpanKind,
    is_rolling_back,
    measured_span,
    was_retried,
)
from taskgraph.model.vocabulary import Status
from taskgraph.model.words import listed, plural
from taskgraph.reports.explaining.assuming import assumptions, by_default
from taskgraph.reports.explaining.likely import likely, slow
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Elapsed,
    Own,
    Place,
    Sentence,
    Subtasks,
    Value,
    of_subtasks,
    ran,
    worded,
)
from taskgraph.reports.results import Account

__all__ = ["limits", "timing"]

_PARTS = (
    (PartKind.BEFORE, "before", "{before} before the first subtask started"),
    (PartKind.RUN, "run", "{run} of work"),
    (PartKind.DISPATCH, "dispatch", "{dispatch} for getting from one subtask to the next"),
    (PartKind.WAIT, "wait", "{wait} of waiting between them"),
    (PartKind.OVERLAP, "overlap", "{overlap} where their times overlap"),
    (PartKind.AFTER, "after", "{after} after the last one"),
)


_PAUSES_COUNT = "the pauses between attempts, and rollbacks, count in it."
_CLOCKS_DIFFER = (
    "clocks differ between hosts, or subtasks did not wait for their upstreams."
)
_UNSPLIT = (SpanKind.SEVERAL_RUNS, SpanKind.ROLLED_BACK)


def timing(account: Account) -> Iterator[Sentence]:
    """Say how long the task took by the clock, and what that time consists of."""
    diagnosis = account.sound
    if diagnosis is None or diagnosis.as_run is None:
        return
    run = diagnosis.as_run
    over = account.graph.task.status != Status.RUNNING
    values: dict[str, Value] = {
        "begin": run.begin,
        "end": run.end,
        "wall": Elapsed(run.begin, run.end),
    }
    took = "it took {wall}" if over else "{wall} have passed"
    template = f"From {{begin}} to {{end}} {took}."
    yield Sentence("wall", template, values, Place.PARAGRAPH)
    yield _sum(run)
    yield from _longest(diagnosis, run)
    yield _ideal(account.graph, run)
    yield from _retried(run)


def _sum(run: AsRun) -> Sentence:
    totals = {kind: run.total(kind) for kind, _, _ in _PARTS}
    shown = [row for row in _PARTS if totals[row[0]]]
    values: dict[str, Value] = {name: Clock(totals[kind]) for kind, name, _ in shown}
    values["path"] = Subtasks(run.path, is_ordered=True)
    words = [text for _, _, text in shown]
    template = f"Along the path that the clock saw, {{path}}: {listed(words)}."
    return Sentence("parts", template, values)


def _longest(analysis: Analysis, run: AsRun) -> Iterator[Sentence]:
    runs = [part for part in run.parts if part.kind is PartKind.RUN]
    waits = [part for part in run.parts if part.kind is PartKind.WAIT]
    size = attrgetter("microseconds")
    if len(runs) > 1 and (longest := max(runs, key=size)).microseconds > 0:
        yield _part("longest-run", "The longest part is {subtask} with {time}.", longest)
    if waits:
        template = "The longest wait is {time}, before {subtask}."
        longest = max(waits, key=size)
        yield _part("longest-wait", template, longest)
        if analysis.task.origin.dialect != "obshell":
            yield from _slots_taken(analysis, run, longest)
            yield from _retried_meanwhile(analysis.graph, run, longest)


def _slots_taken(analysis: Analysis, run: AsRun, wait: TimePart) -> Iterator[Sentence]:
    """Name what was at work while nothing more could start."""
    end = wait.begin + wait.microseconds * MICROSECOND
    taken = occupancy(analysis, wait.begin, end, run.end)
    if taken.seconds >= 1 and not analysis.is_rolling_back:
        values: dict[str, Value] = {
            "taken": Clock(round(taken.seconds * SECOND)),
            "limit": Count(analysis.slots, "slot"),
            "subtasks": Subtasks(taken.holders),
        }
        all_of = plural(analysis.slots, "the only slot was", "all {limit} were")
        template = f"For {{taken}} of that, or longer, {all_of} taken, by {{subtasks}}."
        yield Sentence("slots-taken", template, values)


def _retried_meanwhile(graph: TaskGraph, run: AsRun, wait: TimePart) -> Iterator[Sentence]:
    """Name what went through several attempts during a wait."""
    end = wait.begin + wait.microseconds * MICROSECOND
    spans = [measured_span(subtask, run.end) for subtask in graph.subtasks]
    nodes = tuple(
        node
        for node, span in enumerate(spans)
        if span is not None
        and span.kind is SpanKind.SEVERAL_RUNS
        and was_retried(graph.subtasks[node])
        and graph.subtasks[node].status != Status.READY
        and span.start < end
        and span.finish > wait.begin
    )
    if nodes:
        template = (
            "Meanwhile {subtasks} went through several attempts: while a subtask is "
            "FAILED, the engine starts nothing that is PENDING."
        )
        yield of_subtasks("retried-meanwhile", template, nodes)


def _part(claim: str, template: str, part: TimePart) -> Sentence:
    subtask = Subtasks(() if part.node is None else (part.node,))
    time = Clock(part.microseconds)
    return Sentence(claim, template, {"subtask": subtask, "time": time})


def _ideal(graph: TaskGraph, run: AsRun) -> Sentence:
    spans = (measured_span(subtask, run.end) for subtask in graph.subtasks)
    has_pauses = any(span is not None and span.kind in _UNSPLIT for span in spans)
    values: dict[str, Value] = {"ideal": Clock(run.ideal.makespan)}
    if run.ideal_exceeds_wall:
        template = (
            "The longest path of measured times is {ideal}, longer than the clock saw: "
        )
        template += _PAUSES_COUNT if has_pauses else _CLOCKS_DIFFER
        return Sentence("ideal-exceeds-wall", template, values)
    values["rest"] = Clock(run.wall - run.ideal.makespan)
    template = (
        "Had every subtask started as soon as it could, it would be {ideal}; {rest} went "
        "elsewhere."
    )
    if has_pauses:
        template += " In that, pauses between attempts count as work."
    return Sentence("ideal", template, values)


def _retried(run: AsRun) -> Iterator[Sentence]:
    """Name the parts of the path that are no single run."""
    unsplit = tuple(
        part.node
        for part in run.parts
        if part.node is not None and part.kind is PartKind.RUN and part.span in _UNSPLIT
    )
    if unsplit:
        template = (
            "The [time|times] of {subtasks} may hold several attempts or a rollback, and "
            "the pauses between."
        )
        yield of_subtasks("several-runs", template, unsplit)


# --- at worst ------------------------------------------------------------------------


_OVER_LIMIT = "TG405"


def limits(account: Account) -> Iterator[Sentence]:
    """Say how long the task can take by its timeouts, and what is left of that."""
    diagnosis, task = account.sound, account.graph.task
    if not account.graph.subtasks:
        return
    if diagnosis is None:
        yield from _no_return(account.analysis)
        return
    if not diagnosis.tells_worst_case:
        text = "How long it can take cannot be told: the document has no timeouts."
        yield Sentence("budget-unknown", text, {}, Place.PARAGRAPH)
    else:
        threshold = diagnosis.settings.thresholds.dominant_timeout
        yield from _budget(diagnosis, threshold)
        yield from _over_limit(account.checked.findings)
        if task.status == Status.RUNNING:
            yield from _left(diagnosis)
    yield from _no_return(diagnosis)
    goes_on = task.status != Status.SUCCESSFUL and not is_rolling_back(task)
    if goes_on and diagnosis.tells_rollback and task.origin.dialect != "obshell":
        yield from _fail_late(diagnosis.rollback)
    if diagnosis.tells_worst_case and diagnosis.budget.seconds:
        yield assumptions(diagnosis)


def _budget(analysis: Analysis, threshold: float) -> Iterator[Sentence]:
    graph, budget = analysis.graph, analysis.budget
    values: dict[str, Value] = {"budget": Duration(budget.seconds)}
    by = "its timeouts"
    if by_default(analysis):
        values["each"] = Duration(analysis.assumed_timeout or 0)
        by = "obshell's default of {each} for each node"
    if budget.is_bounded:
        template = f"By {by} it takes at most {{budget}} from start to end."
        if analysis.is_rolling_back:
            template = f"By {by} it takes at most {{budget}} without the rollback."
        yield Sentence("budget", template, values, Place.PARAGRAPH)
    else:
        values["unlimited"] = Subtasks(budget.unlimited)
        has = plural(len(budget.unlimited), "has", "have")
        template = "By its timeouts it takes at most {budget} from start to end, not "
        template += f"counting {{unlimited}}, which {has} no limit."
        if not budget.seconds:
            template = f"There is no limit to its time: {{unlimited}} {has} no timeout."
        if len(budget.unlimited) == len(budget.shares):
            template = "There is no limit to its time: no subtask has a timeout."
        yield Sentence("budget-unbounded", template, values, Place.PARAGRAPH)
    if budget.bounds.may_wait:
        template = (
            "That counts with at most {limit} in flight; without that limit it "
            "would be {longest}."
        )
        values = {
            "limit": Count(budget.bounds.limit, "subtask"),
            "longest": Duration(budget.schedule.makespan),
        }
        yield Sentence("concurrency", template, values)
    yield from _dominant(graph, budget, threshold)


def _dominant(graph: TaskGraph, budget: Budget, threshold: float) -> Iterator[Sentence]:
    """Name the subtask that holds more of the worst case than the settings' share."""
    held = max(budget.shares, default=0)
    several = sum(map(bool, budget.schedule.durations)) > 1
    if several and held > threshold * budget.seconds:
        node = budget.shares.index(held)
        what = "the timeout of " if held == graph.subtasks[node].timeout else ""
        template = f"More than {{part}} of that is {what}{{subtask}}, {{share}}."
        values: dict[str, Value] = {
            "part": Own("half" if threshold == 0.5 else f"{100 * threshold:g} %"),
            "subtask": Subtasks((node,)),
            "share": Duration(held),
        }
        yield Sentence("dominant", template, values)


def _over_limit(findings: Iterable[Finding]) -> Iterator[Sentence]:
    """Say that it may take longer than it must, where a rule says so."""
    for finding in findings:
        if finding.code == _OVER_LIMIT:
            values = {"rule": finding.code, "message": finding.message.rstrip(".")}
            template = "That is too long: {message} ({rule})."
            yield Sentence("over-limit", template, values)


def _left(analysis: Analysis) -> Iterator[Sentence]:
    progress = analysis.progress
    rest = progress.worst_case
    by = by_default(analysis)
    if progress.endless is not None:
        template = f"Nothing promises that it ends: {progress.endless}."
        yield Sentence("endless", template, {}, Place.PARAGRAPH)
    elif progress.latest_finish is not None:
        values: dict[str, Value] = {
            "left": Duration(rest.seconds),
            "latest": progress.latest_finish,
        }
        template = f"It takes at most {{left}} more{by}, until {{latest}}."
        yield Sentence("left", template, values, Place.PARAGRAPH)
        yield from likely(analysis)
        yield from _later(analysis)
    elif rest.is_bounded:
        template = f"It takes at most {{left}} more{by}."
        yield Sentence("left", template, {"left": Duration(rest.seconds)}, Place.PARAGRAPH)
        yield from likely(analysis)
    else:
        values = {"left": Duration(rest.seconds), "unlimited": Subtasks(rest.unlimited)}
        has = plural(len(rest.unlimited), "has", "have")
        template = "It takes at most {left} more, not counting {unlimited}, which "
        template += f"{has} no limit."
        yield Sentence("left-unbounded", template, values, Place.PARAGRAPH)
        yield from likely(analysis)
    yield from slow(analysis)
    if analysis.overdue:
        yield _overdue(analysis, tuple(sorted(analysis.overdue)))
    row = progress.nearest
    if row is not None and row.basis is Basis.LEFT and row.seconds_left is not None:
        subtask, left = Subtasks((row.node,)), Duration(row.seconds_left)
        limit = "its timeout and the grace" if analysis.settings.grace else "its timeout"
        template = f"{{subtask}} is nearest to {limit}, with {{left}} to go."
        beside = analysis.tally.failed or analysis.tally.canceling
        if len(progress.in_flight) == 1 and not beside:
            template = f"It has {{left}} to go to {limit}."
        if any(other.basis is Basis.START_UNKNOWN for other in progress.in_flight):
            template = f"Of those whose last start is known {template}"
        yield Sentence("nearest", template, {"subtask": subtask, "left": left})


def _overdue(analysis: Analysis, nodes: tuple[int, ...]) -> Sentence:
    """Name what runs past its timeout, and for how long where all have the same."""
    subtasks = [analysis.graph.subtasks[node] for node in nodes]
    spans = [measured_span(subtask, analysis.as_of) for subtask in subtasks]
    limits = {subtask.timeout for subtask in subtasks}
    times = [span.microseconds for span in spans if span and span.kind is SpanKind.RUNNING]
    ends = ": the engine has not ended that yet."
    if len(times) < len(nodes) or len(limits) > 1:
        past = "[runs past its timeout|run past their timeouts]"
        return of_subtasks("overdue", f"{{subtasks}} {past}{ends}", nodes)
    words, spread = ran(times)
    timeout = Duration(subtasks[0].timeout or 0)
    values = {"subtasks": Subtasks(nodes), **spread, "timeout": timeout}
    template = f"{{subtasks}} [has|have] run {words} of {{timeout}}{ends}"
    return Sentence("overdue", worded(template, len(nodes)), values)


def _later(analysis: Analysis) -> Iterator[Sentence]:
    """Say why a task may end later than its worst case after its start."""
    if analysis.seconds_late:
        what = "the way there, polls, waiting, retries"
        if not analysis.is_rolling_back:
            what = "polls, waiting, retries"
        template = "The latest end is {late} later than its start and its timeouts allow, "
        template += f"for what was not counted: {what}."
        yield Sentence("later", template, {"late": Duration(analysis.seconds_late)})


def _no_return(analysis: Analysis) -> Iterator[Sentence]:
    task = analysis.task
    is_known = task.origin.dialect == "obshell" and analysis.is_sound  # by the way out
    if task.status == Status.SUCCESSFUL or is_known:
        return
    if analysis.prohibits_rollback:
        text = "The task itself prohibits rollback, from its start."
        yield Sentence("never-return", text, {}, Place.PARAGRAPH)
        return
    subtasks = enumerate(analysis.graph.subtasks)
    gates = tuple(node for node, subtask in subtasks if subtask.prohibit_rollback)
    if not gates:
        claim = "no-return-unknown"
        text = "The document does not say what prohibits rollback."
        if analysis.tells_rollback:
            claim = "no-point-of-no-return"
            text = "Every subtask allows rollback: there is no point of no return."
        yield Sentence(claim, text, {}, Place.PARAGRAPH)
    elif not analysis.is_sound:
        template = "{subtasks} [prohibits|prohibit] rollback from [its|their] start on."
        yield of_subtasks("prohibiting", template, gates, Place.PARAGRAPH)
    elif (point := analysis.no_return) is not None:
        yield _point(point, ran=not task.is_definition)


def _point(point: PointOfNoReturn, *, ran: bool) -> Sentence:
    values: dict[str, Value] = {
        "subtasks": Subtasks(point.nodes),
        "after": Duration(point.seconds_after),
    }
    passed = ": it has been passed" if point.passed else ": it has not been reached"
    start = plural(len(point.nodes), "the start of", "the first start among")
    template = f"The point of no return is {start} {{subtasks}}{passed if ran else ''}. "
    template += "From there on it is at most {after} to the end"
    if point.unlimited:
        has = plural(len(point.unlimited), "has", "have")
        template += f", not counting {{unlimited}}, which {has} no limit"
        values["unlimited"] = Subtasks(point.unlimited)
    template += "."
    return Sentence("no-return", template, values, Place.PARAGRAPH)


def _fail_late(rollback: Rollback) -> Iterator[Sentence]:
    """Say how long it can take to fail as late as possible and to be rolled back."""
    late = rollback.fail_late
    gate = rollback.no_return
    if late is None or late.unlimited or rollback.has_failed or rollback.obstacles:
        return
    if gate is not None and gate.passed:
        return
    before = "" if gate is None else " before that"
    template = f"If it fails{before} and is rolled back, both take at most {{both}}."
    yield Sentence("fail-late", template, {"both": Duration(late.at_most)})
