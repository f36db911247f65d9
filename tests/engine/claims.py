"""Whether what is said of a photographed task is so: the oracle of every claim.

The simulator knows what happened and can go on. Each kind of sentence of an explanation,
each fact of `show` and each figure of the page has a judge, which gives the reasons for
which it is false. A kind without a judge is a fault of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from taskgraph.api import LoadedTask
from taskgraph.history import collect
from taskgraph.reports.explaining.explanation import explain
from taskgraph.reports.explaining.sentences import Duration, Sentence, SubtaskList
from taskgraph.reports.results import figures
from taskgraph.reports.text.console import Style
from taskgraph.reports.text.show import show_text
from taskgraph.settings import DEFAULTS, Settings
from taskgraph.sources.reading import read_bytes
from tests.engine import claims_likely, claims_next, claims_past
from tests.engine.case import (
    HIDDEN_WAY,
    Case,
    Judge,
    Reasons,
    Told,
    about_each,
    is_at_work,
    so,
)
from tests.engine.engine import History
from tests.engine.journal import Journal
from tests.engine.obshell import DagHistory, simulate_dag
from tests.engine.photo import Photo
from tests.engine.plan import SECOND
from tests.engine.trial import DIALECTS, UNUSUAL, photographed, running


class Judged(NamedTuple):
    """One claim, judged.

    Attributes
    ----------
    kind : str
        The kind of sentence; for facts ``show: `` or ``page: `` and their label.
    text : str
    reasons : tuple of str
        Why it is false; empty where it is so.
    """

    kind: str
    text: str
    reasons: tuple[str, ...]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The kind with each reason."""
        return [(self.kind, reason) for reason in self.reasons]


class ClaimTrial(NamedTuple):
    """Everything that is said of one photograph, judged."""

    seed: int
    dialect: str
    data: bytes
    judged: tuple[Judged, ...]


# --- what not to trust -----------------------------------------------------------------


def inconsistent(case: Case, told: Told) -> Reasons:
    rule = str(told.values["rule"])
    if rule not in case.deserved:
        yield f"{rule} is a false alarm"


_ALL_FAILED: Final = about_each(
    "subtasks", lambda case, n: case.rows[n].state == "FAILED", "it has not failed"
)

SENTENCES: Final[dict[str, Judge]] = {
    "about": so,
    "as-of": claims_past.as_of,
    "attempt": claims_past.attempt,
    "at-work": claims_past.at_work("subtasks"),
    "blocked": claims_past.blocked,
    "broken": so,
    "budget": claims_next.budget,
    "assumptions": so,
    "budget-unbounded": claims_next.budget_unbounded,
    "budget-unknown": claims_next.budget_unknown,
    "call": claims_next.call,
    "cancel": claims_next.cancel,
    "cause-canceled": claims_past.cause_canceled,
    "cause-no-times": so,
    "cause-no-timeout": claims_past.cause("itself", "poll"),
    "cause-not-stated": so,
    "cause-over-timeout": claims_past.cause("itself"),
    "canceling": about_each(
        "subtasks", lambda case, n: not is_at_work(case.rows[n]), "it is at work"
    ),
    "cause-polled": claims_past.cause("poll"),
    "cause-rollback": claims_past.cause_rollback,
    "cause-runs-unknown": claims_past.cause_runs_unknown,
    "cause-several-runs": claims_past.cause_several_runs,
    "cause-timeout": claims_past.cause("deadline"),
    "cause-within-timeout": claims_past.cause("itself"),
    "cause-zero-timeout": claims_past.cause("poll", "itself"),
    "concurrency": claims_next.concurrency,
    "copies-failed": claims_next.never,
    "counts": claims_past.counts,
    "critical-share": claims_past.critical_share,
    "dag-cancel": claims_next.never,
    "dag-pass": claims_next.never,
    "dag-retry": claims_next.never,
    "dag-rollback": claims_next.never,
    "dag-unknown": claims_next.never,
    "dominant": claims_next.dominant,
    "ended": claims_past.ended,
    "endless": claims_past.endless,
    "failed-on": so,
    "failed-on-list": so,
    "others-failed": _ALL_FAILED,
    "part-failed": claims_past.part_failed,
    "run-by": claims_past.run_by,
    "blocks-nothing": claims_past.blocks_nothing,
    "fail-late": claims_next.fail_late,
    "failed-later": claims_past.failed_later,
    "flaws": so,
    "fresh": claims_next.fresh,
    "held": claims_past.held,
    "held-by": claims_next.held_by,
    "held-up": claims_past.held_up,
    "hint": so,
    "ideal": claims_past.ideal,
    "ideal-exceeds-wall": claims_past.ideal_exceeds_wall,
    "inconsistent": inconsistent,
    "later": so,
    "left": claims_next.left,
    "left-unbounded": claims_next.left_unbounded,
    "likely": claims_likely.likely,
    "likely-unknown": claims_likely.likely_unknown,
    "log": so,
    "log-line": so,
    "longest-run": claims_past.longest_run,
    "longest-wait": claims_past.longest_wait,
    "more-cycles": claims_next.never,
    "more-failed": _ALL_FAILED,
    "more-hints": claims_next.never,
    "more-inconsistent": so,
    "more-roots": _ALL_FAILED,
    "nearest": claims_next.nearest,
    "never-finishes": claims_next.never,
    "never-return": claims_next.never_return,
    "no-failed-subtask": claims_past.no_failed_subtask,
    "no-point-of-no-return": claims_next.no_point_of_no_return,
    "no-return": claims_next.no_return,
    "no-return-unknown": claims_next.no_return_unknown,
    "nothing-to-retry": claims_next.nothing_failed,
    "over": claims_next.over,
    "prohibited": claims_next.prohibited,
    "prohibiting": claims_next.prohibiting,
    "over-limit": so,
    "overdue": claims_next.overdue,
    "parts": claims_past.parts,
    "ran-on": claims_past.ran_on,
    "ready": about_each(
        "subtasks", lambda case, n: case.rows[n].state == "READY", "it is not ready"
    ),
    "releases": claims_next.releases,
    "repeats": claims_next.repeats,
    "retried-meanwhile": claims_past.retried_meanwhile,
    "retried": about_each(
        "subtasks", lambda case, n: len(case.runs_of(n)) > 1, "it ran once"
    ),
    "retry-accepted": claims_next.retry_accepted,
    "retry-refused": claims_next.retry_refused,
    "retry-task": claims_next.retry_task,
    "retry-unknown": claims_next.untold("operation"),
    "rollback-accepted": claims_next.rollback_accepted,
    "rollback-if-failed": claims_next.rollback_if_failed,
    "rollback-loses": claims_next.rollback_loses,
    "rollback-only-failed": so,
    "rollback-refused": claims_next.rollback_refused,
    "rollback-unknown": claims_next.rollback_unknown,
    "root-failure": claims_past.root_failure,
    "running": claims_past.at_work("subtask"),
    "several-runs": claims_past.several_runs,
    "shape": claims_past.shape,
    "size": claims_past.size,
    "skip-accepted": claims_next.skip_accepted,
    "skip-refused": claims_next.skip_refused,
    "skip-unknown": claims_next.untold("operation", "prohibitSkip"),
    "stalled": claims_past.stalled,
    "left-in-place": claims_past.standing_at("PENDING", "ROLLBACK_SKIP"),
    "skipped": claims_past.standing_at("SUCCESSFUL", "SKIP"),
    "to-be-undone": claims_past.to_be_undone,
    "undone": claims_past.standing_at("PENDING", "ROLLBACK"),
    "slots-taken": claims_past.slots_taken,
    "slow": claims_likely.slow,
    "started": claims_past.started,
    "state-unknown": claims_past.state_unknown,
    "taken-up-again": claims_past.taken_up_again,
    "unsound": so,
    "verdict": claims_past.verdict,
    "whole-task": so,
    "wall": claims_past.wall,
}
"""The judge of each kind of sentence."""

# --- the facts of `show` and the figures of the page -----------------------------------


def progress_fact(case: Case, told: Told) -> Reasons:
    if case.hides_direction:
        if "successful" not in told.text + told.claim.lower():
            yield HIDDEN_WAY
        return
    done = int(re.sub(r"\D*([\d,]+) of .*", r"\1", told.text, flags=re.DOTALL))
    if case.is_back:
        if done != case.undone:
            yield "it counts as undone what never began or was left in place"
    elif done != sum(row.state == "SUCCESSFUL" for row in case.rows):
        yield "another number is done"


def worst_fact(case: Case, told: Told) -> Reasons:
    if not case.loaded.analysis.is_sound:
        return
    worst = case.loaded.analysis.budget
    if "not known" in told.text:
        yield from claims_next.budget_unknown(case, told)
        return
    if not worst.is_bounded:
        nodes = (case.places[node] for node in worst.unlimited)
        if any(case.photo.plan.steps[index].timeout for index in nodes):
            yield "it has a limit, which the document does not tell"
        return
    start = case.photo.plan.submitted
    yield from claims_next.until_it_ends(case, worst.seconds * SECOND, start, told.beside)


def left_fact(case: Case, told: Told) -> Reasons:
    if "promise" in told.text:
        yield from claims_past.endless(case, told)
        return
    if "not known" in told.text:
        yield from claims_next.budget_unknown(case, told)
        return
    if "not counting" in told.text:
        return
    seconds = case.loaded.analysis.progress.worst_case.seconds
    bound = seconds * SECOND + case.photo.timestamp - case.photo.moment
    yield from claims_next.until_it_ends(case, bound, case.photo.moment, told.beside)


def no_return_fact(case: Case, told: Told) -> Reasons:
    plan = case.photo.plan
    if "not known" in told.text:
        return
    if re.match("the start( |:) ?the task", told.text):
        yield from claims_next.never_return(case, told)
        return
    if re.match(r"none\b|.*no subtask|.*every subtask", told.text):
        yield from claims_next.no_point_of_no_return(case, told)
    elif "passed" in told.text and "not passed" not in told.text:
        if not case.photo.blockers():
            yield "it has not been reached"
    elif case.photo.blockers():
        yield "it has been passed"
    if plan.forbids_rollback and "not passed" in told.text:
        yield "the task itself prohibits rollback"


def ran_fact(case: Case, _: Told) -> Reasons:
    task, ran = case.photo.task, case.loaded.analysis.as_run
    last = max(row.finish or 0 for row in case.photo.rows)
    ends = [case.photo.timestamp, last]
    if task.finish is not None and task.state != "RUNNING":
        ends.append(max(task.finish, last))
    if ran is not None and round(ran.wall / SECOND) not in [e - task.start for e in ends]:
        yield "it took another time"


FIGURES: Final[dict[str, Judge]] = {
    "page: Done": progress_fact,
    "page: Findings": so,
    "page: Left at worst": left_fact,
    "page: Likely done": claims_likely.likely_fact,
    "page: Point of no return": no_return_fact,
    "page: Ran": ran_fact,
    "page: Running for": ran_fact,
    "page: Slow": claims_likely.slow_fact,
    "page: Successful": progress_fact,
    "page: Undone": progress_fact,
    "page: Worst case": worst_fact,
    "show: As of": so,
    "show: Assumes": so,
    "show: Critical": so,
    "show: Document": so,
    "show: Findings": so,
    "show: Finite part": so,
    "show: If retried": so,
    "show: In between": so,
    "show: Left": left_fact,
    "show: Likely done": claims_likely.likely_fact,
    "show: Longest path": so,
    "show: No return": no_return_fact,
    "show: No timeout": so,
    "show: Progress": progress_fact,
    "show: Ran": ran_fact,
    "show: Running for": ran_fact,
    "show: Slow": claims_likely.slow_fact,
    "show: Started": so,
    "show: Waiting": so,
    "show: Worst case": worst_fact,
}
"""The judge of each fact of `show` and of each figure of the page."""

OBSHELL: Final = {
    "budget-unbounded": "the engine ends what takes 3600 s",
    "cancel": "only the whole DAG can be cancelled",
    "fresh": "a rule of the other engine",
    "held-by": "a rule of the other engine",
    "ideal-exceeds-wall": "there is one clock, and every node waited",
    "left": "nothing bounds that but the 3600 s of the engine",
    "no-point-of-no-return": "a rule of the other engine",
    "releases": "a rule of the other engine",
    "slots-taken": "a rule of the other engine",
    "retried-meanwhile": "a rule of the other engine",
    "retry-accepted": "only the whole DAG can be retried",
    "retry-refused": "a rule of the other engine",
    "rollback-if-failed": "the document does not tell what can be rolled back",
    "rollback-only-failed": "a rule of the other engine",
    "skip-accepted": "only the whole DAG can be passed",
}
"""What must not be said of a DAG of obshell unless the words are its own, and why."""

OF_OBSHELL: Final = r"obshell|DAG|3600|1 h\b.*(default|assum|engine)"


# --- all of it -------------------------------------------------------------------------


def _told(case: Case) -> Iterator[Told]:
    """Give every sentence, with its section and what all bounds assume beside it."""
    graph = case.loaded.graph
    said = case.explanation
    assumed = [s for s in said.sentences() if s.claim == "assumptions"]
    short = [*said.verdict, *(s for line in said.brief for s in line.sentences)]
    for sentences in (short, *(section.sentences for section in said.sections)):
        # what is told in short rests on all that follows
        told = said.sentences() if sentences is short else [*sentences, *assumed]
        beside = " ".join(sentence.text(graph) for sentence in told)
        for sentence in sentences:
            yield Told(
                case,
                sentence.claim,
                sentence.text(graph),
                dict(sentence.data(graph)),
                _nodes(sentence),
                case.bare(beside),
            )


def _nodes(sentence: Sentence) -> dict[str, tuple[int, ...]]:
    return {
        name: value.nodes
        for name, value in sentence.values.items()
        if isinstance(value, SubtaskList)
    }


def _facts(case: Case) -> Iterator[Told]:
    account = case.loaded.account
    shown = list(figures(account))
    graph = account.graph
    limits = [s for s in case.explanation.sections if s.key == "limits"]
    beside = " ".join(s.text(graph) for section in limits for s in section.sentences)
    beside = " ".join([beside, *(f"{figure.value} {figure.note}" for figure in shown)])
    for figure in shown:
        text = f"{figure.value} {figure.note}"
        yield Told(case, f"page: {figure.label}", text, {}, {}, case.bare(beside))
    screen = show_text(account, Style(width=2000)).split("\n\n")
    beside = next(part for part in screen if part.startswith("Document"))
    for line in beside.split("\n"):
        label, _, text = line.partition("  ")
        if label:
            yield Told(case, f"show: {label}", text.strip(), {}, {}, case.bare(beside))


def try_claims(
    seed: int, continuations: int = 20, settings: Settings = DEFAULTS
) -> ClaimTrial:
    """Photograph a history once, say all that can be said, and judge each claim.

    Parameters
    ----------
    seed : int
    continuations : int, optional
        In how many ways the task goes on where a claim is about what comes.
    settings : Settings, optional
        What is assumed where the claims are made.
    """
    photo, dialect, data = photographed(seed)
    judged = _judge(seed, photo, dialect, data, continuations, settings)
    if dialect in UNUSUAL:
        usual = json.dumps(photo.as_details(Random(seed))).encode()
        known = _judge(seed, photo, "details", usual, continuations, settings)
        keys = {key for row in known for key in row.keys}
        judged = [_only_so(row, keys, dialect) for row in judged]
    return ClaimTrial(seed, dialect, data, tuple(judged))


def try_forecast(seed: int, folder: Path) -> list[Judged]:
    """Photograph a task as it runs, and judge what past runs like it say besides.

    Parameters
    ----------
    seed : int
    folder : Path
        An empty one, for the documents of the past runs and what is collected of them.
    """
    own, photo, past = running(seed)
    rng = Random(f"past {seed}")
    for number, journal in enumerate(past):
        end = History(number, journal).photograph(journal.moments[-1] + SECOND)
        document = json.dumps(end.as_details(rng))
        (folder / f"{number}.json").write_text(document, "utf-8")
    collect([folder], folder / "runs")
    dialect = rng.choice([name for name in DIALECTS if name != "list"])
    data = json.dumps(DIALECTS[dialect](photo, rng)).encode()
    settings = Settings(runs=str(folder / "runs"))
    return _judge(own, photo, dialect, data, 1, settings, past)


def try_dag_claims(seed: int) -> list[Judged]:
    """Photograph a DAG of obshell once, and judge what is said of it."""
    history = simulate_dag(seed)
    rng = Random(f"photo of a DAG {seed}")
    moment = rng.choice(history.moments) + rng.choice((0, rng.randrange(2000)))
    (task,) = read_bytes(json.dumps(history.document(moment, rng)).encode())
    said = explain(LoadedTask(task).account)
    past = [entry for entry in history.entries if entry.moment <= moment]
    failed = any(entry.row.state == "FAILED" for entry in past)
    judged = []
    for sentence in said.sentences():
        text = sentence.text(said.graph)
        reasons: tuple[str, ...] = ()
        if sentence.claim in OBSHELL and not re.search(OF_OBSHELL, text):
            reasons = (OBSHELL[sentence.claim],)
        if failed and re.search("nothing has failed|No subtask has failed", text):
            reasons += ("something failed before",)
        reasons += tuple(_dag_bound(history, moment, sentence))
        judged.append(Judged(f"obshell: {sentence.claim}", text, reasons))
    return judged


def _dag_bound(history: DagHistory, moment: int, sentence: Sentence) -> Iterator[str]:
    """Tell whether what was asked for next took longer than was said of that."""
    operators = {"dag-retry": "RUN", "dag-rollback": "ROLLBACK"}
    worst = sentence.values.get("worst")
    rest = [e for e in history.entries if e.moment > moment and not e.key]
    if not isinstance(worst, Duration) or not rest:
        return
    asked = operators[sentence.claim]
    ends = [e.moment for e in rest if e.row.state in ("FAILED", "SUCCEED")]
    polls = 5 * len(history.nodes)
    limit = (worst.seconds + polls) * SECOND
    if rest[0].row.operator == asked and min(ends) - rest[0].moment > limit:
        yield "it took longer"


def _only_so(row: Judged, usual: set[tuple[str, str]], dialect: str) -> Judged:
    """Take together what is false only because of how the words are written."""
    pairs = zip(row.reasons, row.keys, strict=True)
    reasons = [reason if key in usual else f"in {dialect}" for reason, key in pairs]
    return row._replace(reasons=tuple(dict.fromkeys(reasons)))


def _judge(
    seed: int,
    photo: Photo,
    dialect: str,
    data: bytes,
    continuations: int,
    settings: Settings,
    past: tuple[Journal, ...] = (),
) -> list[Judged]:
    (task,) = read_bytes(data)
    case = Case(seed, photo, dialect, data, LoadedTask(task, settings), continuations, past)
    judged = []
    for table, claims in ((SENTENCES, _told(case)), (FIGURES, _facts(case))):
        for told in claims:
            judge = table.get(told.claim)
            reasons = ("no judge",) if judge is None else tuple(judge(case, told))
            judged.append(Judged(told.claim, told.text, tuple(dict.fromkeys(reasons))))
    return judged
