"""How long a task can take at worst, when it is likely done, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import Forecast
from taskgraph.analysis.rollback import PointOfNoReturn
from taskgraph.analysis.weights import Basis
from taskgraph.checks.result import Finding
from taskgraph.model.engine import (
    DISPATCH_SECONDS,
    SpanKind,
    blocks_rollback,
    measured_span,
)
from taskgraph.model.task import Status, Subtask
from taskgraph.model.words import OF_ITS_NAME, counted, labels, listed, percent, plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Duration,
    Moment,
    Own,
    Place,
    Sentence,
    SubtaskList,
    Value,
    of_subtasks,
    ran,
    uncounted,
    worded,
)
from taskgraph.reports.results import Account

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
        text = f"How long it can take cannot be told: {diagnosis.unknown}."
        yield Sentence("budget-unknown", text, {}, Place.PARAGRAPH)
    else:
        yield from _budget(diagnosis)
        yield from _over_limit(account.checked.findings)
        if task.status == Status.RUNNING:
            yield from _left(diagnosis)
        else:
            yield from overdue(diagnosis)
    yield from _no_return(diagnosis)
    yield from _fail_late(diagnosis)
    if diagnosis.tells_worst_case and diagnosis.budget.seconds:
        yield _assumptions(diagnosis)


def _budget(analysis: Analysis) -> Iterator[Sentence]:
    budget = analysis.budget
    values: dict[str, Value] = {"budget": Duration(budget.seconds)}
    whole = "without the rollback" if analysis.is_rolling_back else "from start to end"
    by = "its timeouts"
    if by_default(analysis):
        values["each"] = Duration(analysis.assumed_timeout or 0)
        by = "obshell's default of {each} for each node"
    if budget.is_bounded:
        template = f"By {by} it takes at most {{budget}} {whole}."
        yield Sentence("budget", template, values, Place.PARAGRAPH)
    else:
        values["unlimited"] = SubtaskList(budget.unlimited)
        template = f"By its timeouts it takes at most {{budget}} {whole}"
        template += f"{uncounted(budget.unlimited)}."
        if not budget.seconds:
            template = "There is no limit to its time: {unlimited} [has|have] no timeout."
            template = worded(template, len(budget.unlimited))
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
    yield from _dominant(analysis)


def _dominant(analysis: Analysis) -> Iterator[Sentence]:
    """Name the subtasks that hold more of the worst case than the settings' share."""
    threshold = analysis.settings.thresholds.dominant_timeout
    part = Own("half" if threshold == 0.5 else f"{100 * threshold:g} %")
    values: dict[str, Value] = {"part": part}
    if len(analysis.dominant) == 1:
        (node,) = analysis.dominant
        held = analysis.budget.shares[node]
        is_timeout = held == analysis.graph.subtasks[node].timeout
        what = "the timeout of " if is_timeout else ""
        template = f"More than {{part}} of that is {what}{{subtask}}, {{share}}."
        values |= {"subtask": SubtaskList((node,)), "share": Duration(held)}
        yield Sentence("dominant", template, values)
    elif analysis.dominant:
        template = "Each of {subtasks} holds more than {part} of that."
        values["subtasks"] = SubtaskList(analysis.dominant)
        yield Sentence("dominant", template, values)


def _over_limit(findings: Iterable[Finding]) -> Iterator[Sentence]:
    """Say that it may take longer than it must, where a rule says so."""
    for finding in findings:
        if finding.code == _OVER_LIMIT:
            values = {"rule": finding.code, "message": finding.message.rstrip(".")}
            template = "It may take too long: {message} ({rule})."
            yield Sentence("over-limit", template, values)


def _left(analysis: Analysis) -> Iterator[Sentence]:
    progress = analysis.progress
    rest = progress.worst_case
    by = by_default(analysis)
    if progress.endless is not None:
        template = f"Nothing promises that it ends: {progress.endless}."
        yield Sentence("endless", template, {}, Place.PARAGRAPH)
    else:
        claim = "left"
        values: dict[str, Value] = {"left": Duration(rest.seconds)}
        template = f"It takes at most {{left}} more{by}"
        if progress.latest_finish is not None:
            values["latest"] = progress.latest_finish
            template += ", until {latest}"
        elif not rest.is_bounded:
            claim, values["unlimited"] = "left-unbounded", SubtaskList(rest.unlimited)
            template += uncounted(rest.unlimited)
            if not rest.seconds:
                template = "There is no limit to what is left: {unlimited} [has|have] none"
                template = worded(template, len(rest.unlimited))
        yield Sentence(claim, f"{template}.", values, Place.PARAGRAPH)
        yield from _likely(analysis)
        yield from _later(analysis)
    yield from _slow(analysis)
    yield from overdue(analysis)
    row = progress.nearest
    if row is not None and row.basis is Basis.LEFT and row.seconds_left is not None:
        subtask, left = SubtaskList((row.node,)), Duration(row.seconds_left)
        limit = f"{by.removeprefix(' by ') or 'its'} timeout"
        limit += " and the grace" * bool(analysis.settings.grace)
        template = f"{{subtask}} is nearest to {limit}, with {{left}} to go."
        beside = analysis.tally.failed or analysis.tally.canceling
        if len(progress.in_flight) == 1 and not beside:
            template = f"It has {{left}} to go to {limit}."
        if any(other.basis is Basis.START_UNKNOWN for other in progress.in_flight):
            template = f"Of those whose last start is known {template}"
        yield Sentence("nearest", template, {"subtask": subtask, "left": left})


def overdue(analysis: Analysis) -> Iterator[Sentence]:
    """Name what runs past its timeout, and for how long where all have the same."""
    nodes = tuple(sorted(analysis.overdue))
    if not nodes:
        return
    subtasks = [analysis.graph.subtasks[node] for node in nodes]
    spans = [measured_span(subtask, analysis.as_of) for subtask in subtasks]
    limits = {subtask.timeout for subtask in subtasks}
    times = [span.microseconds for span in spans if span and span.kind is SpanKind.RUNNING]
    ends = ": the engine has not ended that yet."
    if len(times) < len(nodes) or len(limits) > 1:
        past = "[runs past its timeout|run past their timeouts]"
        yield of_subtasks("overdue", f"{{subtasks}} {past}{ends}", nodes)
        return
    words, spread = ran(times)
    values = spread | {"timeout": Duration(subtasks[0].timeout or 0)}
    template = f"{{subtasks}} [has|have] run {words} of {{timeout}}{ends}"
    yield of_subtasks("overdue", template, nodes, more=values)


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
    gates = [subtask for subtask in task.subtasks if subtask.prohibit_rollback]
    if not gates:
        claim, text = (
            "no-return-unknown",
            "The document does not say what prohibits rollback.",
        )
        if analysis.tells_rollback:
            claim = "no-point-of-no-return"
            text = "Every subtask allows rollback: there is no point of no return."
        yield Sentence(claim, text, {}, Place.PARAGRAPH)
    elif not analysis.is_sound:
        yield _prohibiting(analysis, gates)
    elif (point := analysis.no_return) is not None:
        yield _point(point, ran=not task.is_definition, timed=analysis.tells_worst_case)


def _prohibiting(analysis: Analysis, gates: list[Subtask]) -> Sentence:
    """Say what prohibits rollback in a task that has no paths.

    Of several subtasks with one id only one is a node; the others are named in words.
    """
    claim, when = "prohibiting", "from [its|their] start on"
    if begun := [subtask for subtask in gates if blocks_rollback(subtask)]:
        claim, when, gates = "prohibited", "and [has|have] begun", begun
    template = f"{{subtasks}} [prohibits|prohibit] rollback {when}."
    rows = enumerate(analysis.graph.subtasks)
    nodes = tuple(node for node, subtask in rows if subtask in gates)
    if len(nodes) == len(gates):
        return of_subtasks(claim, template, nodes, Place.PARAGRAPH)
    template = worded(template.replace("{subtasks}", "{named}"), len(gates))
    return Sentence(claim, template, {"named": labels(gates)}, Place.PARAGRAPH)


def _point(point: PointOfNoReturn, *, ran: bool, timed: bool) -> Sentence:
    values = dict[str, Value]()
    template = "The point of no return is [the start of|the first start among] {subtasks}"
    rest = "From there on it is at most {after} to the end"
    if ran and point.passed:
        template += ": it has been passed"
        rest = "By the timeouts it was at most {after} from there to the end"
    elif ran:
        template += ": it has not been reached"
    if timed:
        template += f". {rest}"
        values["after"] = Duration(point.seconds_after)
    if timed and point.unlimited:
        template += uncounted(point.unlimited)
        values["unlimited"] = SubtaskList(point.unlimited)
    return of_subtasks("no-return", f"{template}.", point.nodes, Place.PARAGRAPH, values)


def _fail_late(analysis: Analysis) -> Iterator[Sentence]:
    """Say how long it can take to fail as late as possible and to be rolled back."""
    late, gate = analysis.failing_late, analysis.no_return
    if late is None or late.unlimited:
        return
    values: dict[str, Value] = {"both": Duration(late.at_most)}
    before = ""
    if gate is not None:
        values["gates"] = SubtaskList(gate.nodes)
        before = worded(" before [|the first of ]{gates} begins", len(gate.nodes))
    template = f"If it fails{before} and is rolled back, both take at most {{both}}."
    yield Sentence("fail-late", template, values)


# --- what is likely ------------------------------------------------------------------


def _likely(analysis: Analysis) -> Iterator[Sentence]:
    """Say by when half, and nine of ten, of the runs alike would be done."""
    forecast, as_of = analysis.forecast, analysis.as_of
    if forecast is None or as_of is None:
        return
    values: dict[str, Value] = {"runs": Count(forecast.runs, "past run")}
    half, most = forecast.half, forecast.most
    if half is None or most is None:
        yield _not_likely(forecast, values)
        return
    values |= {"half": Moment(half.moment, as_of), "most": Moment(most.moment, as_of)}
    template = "Going by {runs}, it is likely done by {half}" + " or later" * half.is_least
    template += " (half of what is alike), nine of ten by {most}"
    template += " or later" * most.is_least + ", where nothing fails"
    if forecast.failing:
        values["failing"] = Own(percent(forecast.failing, 1))
        template += "; {failing} of them fail"
    yield Sentence("likely", f"{template}.", values)


def _not_likely(forecast: Forecast, values: dict[str, Value]) -> Sentence:
    template = "When it is likely done cannot be told: "
    if forecast.guessed:
        has = "{subtasks} [has no past run|have no past runs] as long."
        template += worded(has, len(forecast.guessed))
        values = {"subtasks": SubtaskList(forecast.guessed)}
    elif forecast.runs < forecast.needed:
        are = plural(forecast.runs, "is", "are")
        template += f"{{runs}} {are} like it, and {{needed}} are needed."
        values = values | {"needed": Count(forecast.needed)}
    else:
        template += "by {runs} all that is alike would fail."
    return Sentence("likely-unknown", template, values)


def _slow(analysis: Analysis) -> Iterator[Sentence]:
    """Name what runs for longer than is usual in its kind, with the evidence."""
    for one in analysis.slow:
        most = "{shorter} of" if one.shorter < one.others else "each of"
        template = (
            f"{{subtask}} is slow for its kind: it has run {{ran}}, longer than {most} "
            f"{{others}} {OF_ITS_NAME}, half of which took at most {{usual}}."
        )
        values: dict[str, Value] = {
            "shorter": Count(one.shorter),
            "subtask": SubtaskList((one.node,)),
            "ran": Clock(one.ran),
            "others": Count(one.others, "past run"),
            "usual": Clock(one.usual),
        }
        yield Sentence("slow", template, values, Place.PARAGRAPH)


# --- what every bound rests on -------------------------------------------------------


def by_default(analysis: Analysis) -> str:
    """Say of a bound on a DAG of obshell what stands for the timeouts that it lacks."""
    stand_in = analysis.stand_in
    if stand_in is None or not stand_in.is_default or analysis.tells_timeouts:
        return ""
    return " by obshell's default"


def _assumptions(analysis: Analysis) -> Sentence:
    """Name what is assumed, and what is not counted."""
    settings, values = analysis.settings, dict[str, Value]()
    assumed = ["that the engine goes on and keeps its deadlines", "that no cancel hangs"]
    if analysis.workers:
        values["workers"] = Count(analysis.workers, "worker")
        assumed.append("that the task has the server's {workers} to itself")
    if analysis.slots:
        values["slots"] = Count(analysis.slots)
        one = plural(analysis.slots, "is", "are")
        assumed.append(f"that at most {{slots}} of its subtasks {one} in flight")
    assumed.append(f"that {_nobody(analysis, 'all else that failed')}")
    is_once = max(analysis.attempts, default=1) == 1
    extra = ["automatic retries" if is_once else "further retries"]
    if not settings.overhead:
        values["hop"] = Duration(DISPATCH_SECONDS)
        extra.append("polls, up to {hop} from one subtask to the next")
    text = f"Each 'at most' assumes {listed(assumed)}. Not counted are {listed(extra)}."
    if (stand_in := analysis.stand_in) is not None and not by_default(analysis):
        values["each"] = Duration(stand_in.seconds)
        text += f" What has no timeout is counted with {stand_in.origin}{{each}}."
    return Sentence("assumptions", text, values, Place.PARAGRAPH)


def _asked_at_once(analysis: Analysis) -> str:
    """Name what the bounds rest on that is asked of all else that failed, if they do."""
    if not analysis.tally.failed:
        return ""
    if analysis.is_rolling_back and len(analysis.ways_out) == 1:
        return ""
    ways = (one for way in analysis.ways_out for one in (way.retry, way.skip))
    if any(way.is_accepted and way.worst_case is not None for way in ways):
        return "skip" if analysis.is_rolling_back else "retry"
    return ""


def _nobody(analysis: Analysis, whom: str) -> str:
    asked = _asked_at_once(analysis)
    return f"nobody intervenes{f' but to {asked} at once {whom}' if asked else ''}"


def assumes(analysis: Analysis) -> Sentence:
    """Say in one short line what the bounds rest on of what may be done now."""
    asked = {"retry": "all retried at once", "skip": "all skipped at once"}.get(
        _asked_at_once(analysis), "nobody intervenes"
    )
    words = ["Deadlines kept", asked, *(["workers free"] if analysis.workers else [])]
    values = dict[str, Value]()
    if (stand_in := analysis.stand_in) is not None:
        values["each"] = Duration(stand_in.seconds)
        words.append(f"{stand_in.origin}{{each}} where there is no timeout")
    words.append("no more retries")
    if not analysis.settings.overhead:
        words[-1] = "no polls or more retries"
    return Sentence("assumes", f"{', '.join(words)}.", values)


def assumptions_in_short(analysis: Analysis) -> str:
    """Say the same in a line beside figures."""
    words = ["deadlines kept", "no cancel hangs", "the engine goes on"]
    words.append(_nobody(analysis, "all that failed"))
    if (stand_in := analysis.stand_in) is not None:
        words.append(f"{stand_in} where there is no timeout")
    if analysis.workers:
        words.append(f"alone on {counted(analysis.workers, 'worker')}")
    if analysis.slots:
        words.append(f"at most {counted(analysis.slots)} in flight")
    words.append("further retries not counted")
    if not analysis.settings.overhead:
        words.append("polls not counted")
    return ", ".join(words)
