"""For each kind of claim of an explanation, what the analyses say of it.

A proof computes the values of a claim anew, from the document and the analyses alone. Where
a section makes the same claim several times, it gives the values of each.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeAlias

import networkx

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.as_run import AsRun, PartKind
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.failure import Failure
from taskgraph.analysis.progress import Progress, Tally
from taskgraph.analysis.rollback import PointOfNoReturn, Rollback
from taskgraph.analysis.weights import Basis
from taskgraph.checks.result import Finding
from taskgraph.checks.runner import run_checks
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import (
    SpanKind,
    blocks_rollback,
    measured_span,
    tells_direction,
    was_asked_again,
    was_retried,
)
from taskgraph.model.task import Subtask
from taskgraph.model.words import labels
from taskgraph.settings import Severity

Values: TypeAlias = dict[str, Any]
STANDING = {"TG204", "TG208"}


@dataclass(frozen=True)
class Case:
    """An analysis, of which some answers must be there."""

    analysis: Analysis

    @property
    def graph(self) -> TaskGraph:
        return self.analysis.graph

    @property
    def failure(self) -> Failure:
        found = self.analysis.failure
        assert found is not None
        return found

    @property
    def as_run(self) -> AsRun:
        found = self.analysis.as_run
        assert found is not None
        return found

    @property
    def progress(self) -> Progress:
        return self.analysis.progress

    @property
    def tally(self) -> Tally:
        return self.analysis.tally

    @property
    def budget(self) -> Budget:
        return self.analysis.budget

    @property
    def rollback(self) -> Rollback:
        return self.analysis.rollback

    @property
    def ways_out(self) -> tuple[Any, ...]:
        if self.graph.is_sound:
            return self.analysis.ways_out
        return tuple(map(self._way, self.nodes("FAILED")))

    def _way(self, node: int) -> Any:
        """Give what is known of a failed subtask where there is no graph."""
        accepted = self.graph.subtasks[node].operation != "ROLLBACK"
        retry = {"is_accepted": accepted, "releases": (), "is_held": False}
        way = SimpleNamespace(**retry, worst_case=None)
        return SimpleNamespace(node=node, retry=way, skip=way)

    @property
    def no_return(self) -> PointOfNoReturn:
        found = self.analysis.no_return
        assert found is not None
        return found

    def ids(self, nodes: Any) -> list[Any]:
        return [self.graph.subtasks[node].id for node in nodes]

    def nodes(self, status: str) -> list[int]:
        rows = enumerate(self.graph.subtasks)
        return [node for node, subtask in rows if subtask.status == status]

    @property
    def task(self) -> Any:
        return self.graph.task

    @property
    def as_of(self) -> datetime:
        found = self.analysis.as_of
        assert found is not None
        return found


def known(values: Mapping[str, Any]) -> Values:
    """Leave out what the document does not say."""
    return {key: value for key, value in values.items() if value not in (None, "")}


def iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def verdict(case: Case) -> list[Values]:
    task, graph, tally = case.task, case.graph, case.tally
    values: Values = {"name": task.name.strip(), "id": task.id}
    failed = case.nodes("FAILED")
    if task.is_definition or (task.status == "FAILED" and not failed and graph.subtasks):
        values["subtasks"] = len(graph)
    elif not failed and graph.subtasks:
        back = case.analysis.is_rolling_back
        operations = [subtask.operation for subtask in graph.subtasks]
        pending = case.nodes("PENDING") if back else []
        in_place = [n for n in pending if operations[n] == "ROLLBACK_SKIP"]
        undone = [n for n in pending if operations[n] == "ROLLBACK"]
        whole = len(graph) - len(pending) + len(undone) + len(in_place)
        assert tally.whole == whole
        done = undone if back else case.nodes("SUCCESSFUL")
        if task.status == "SUCCESSFUL" and len(done + in_place) == whole:
            values["in_place"] = len(in_place) or None
            values["subtasks"] = None if in_place else len(graph)
            skipped = 0 if back else sum(operations[n] == "SKIP" for n in done)
            values["skipped"] = skipped or None
        elif task.status not in {"SUCCESSFUL", "RUNNING"}:
            values["status"] = task.status
    return [known(values)]


def roots(case: Case) -> list[list[tuple[int, datetime | None]]]:
    """Give what failed by itself, the parts of a split that did so alike together."""
    subtasks = case.graph.subtasks
    pairs = [(n, subtasks[n].finish_time) for n in case.nodes("FAILED")]
    if case.graph.is_sound:
        pairs = [(root.node, root.failed_at) for root in case.failure.roots]
    pairs.sort(key=lambda pair: (pair[1] is None, pair[1], pair[0]))
    groups: list[tuple[Any, list[tuple[int, datetime | None]]]] = []
    for node, at in pairs:
        sub = subtasks[node]
        again = (sub.attempts or 1) > 1 or sub.operation == "RETRY"
        how = _cause(sub)[0], sub.timeout, _attempts(sub) if again else 1
        key = (sub.name if part(sub) else node, how)
        for other, group in groups:
            if other == key:
                group.append((node, at))
                break
        else:
            groups.append((key, [(node, at)]))
    return [group for _, group in groups]


def part(subtask: Any) -> bool:
    return subtask.parallel_index is not None and subtask.parallel_index >= 0


def _attempts(subtask: Any) -> int:
    least: int = max(subtask.attempts or 1, 1 + (subtask.operation == "RETRY"))
    return least


def root_failures(case: Case) -> list[Values]:
    rows = []
    for group in roots(case)[:5]:
        nodes = [node for node, _ in group]  # in the order in which they failed
        subtask = case.graph.subtasks[nodes[0]]
        row: Values = {"subtasks": case.ids(nodes)}
        row["at"] = iso(min((at for _, at in group if at is not None), default=None))
        found = [case.analysis.targets.get(node) for node in nodes]
        row["targets"] = list(dict.fromkeys(filter(None, found))) or None
        if (subtask.attempts or 1) > 1 or subtask.operation == "RETRY":
            row["attempts"] = _attempts(subtask)
        rows.append(known(row))
    return rows


def run_by(case: Case) -> list[Values]:
    rows = []
    for group in roots(case)[:5]:
        subtasks = [case.graph.subtasks[node] for node, _ in group]
        servers = [sub.executor for sub in subtasks if not sub.host and sub.executor]
        if servers:
            ids = [sub.id for sub in subtasks]
            rows.append({"subtasks": ids, "servers": list(dict.fromkeys(servers))})
    return rows


def parts_failed(case: Case) -> list[Values]:
    rows = []
    for group in roots(case)[:5]:
        for node, at in group[1:] if len(group) <= 5 else ():
            rows += [{"subtask": case.ids([node]), "at": iso(at)}] if at else []
    return rows


def failed_on(case: Case) -> list[Values]:
    nodes = [node for group in roots(case) for node, _ in group]
    if case.graph.is_sound:  # in the order in which they failed
        nodes = [root.node for root in case.failure.roots]
    found = dict.fromkeys(case.analysis.targets.get(node, "") for node in nodes)
    return [{"line": " ".join(filter(None, found))}]


def other_roots(begin: int) -> Callable[[Case], list[Values]]:
    """Prove which groups come after so many."""

    def prove(case: Case) -> list[Values]:
        rest = [node for group in roots(case)[begin:] for node, _ in group]
        return [{"subtasks": case.ids(rest)}]

    return prove


def hint(case: Case) -> list[Values]:
    found = run_checks(case.analysis).findings
    hints = [f.hint for f in found if f.code in {*STANDING, "TG209"}]
    if case.graph.flaws and {"TG101", "TG102", "TG103", "TG104", "TG108"} & {
        finding.code for finding in found
    }:
        cycles = [f.hint for f in cyclic_findings(case)][:3]
        return [as_hint(text) for text in cycles or [first_fault(case).hint]]
    return [as_hint(hints[0])]


def as_hint(text: str) -> Values:
    return {"hint": text[0].upper() + text[1:]}


def cyclic_findings(case: Case) -> list[Finding]:
    """Give the findings of cycles, that of the smallest id first."""
    place = {sub.id: number for number, sub in enumerate(case.graph.subtasks)}
    found = [f for f in run_checks(case.analysis).findings if f.code == "TG101"]
    return sorted(found, key=lambda finding: place[finding.subtasks[0]])


def more_hints(case: Case) -> list[Values]:
    return [{"count": len(cyclic_findings(case)) - 3}]


def whole_task(case: Case) -> list[Values]:
    is_dag = case.task.origin.dialect == "obshell"
    path = "/api/v1/task/dag" if is_dag else "/api/v2/tasks/instances"
    return [{"call": f"GET {path}/{case.task.id}"}]


def at_work(case: Case) -> list[int]:
    subtasks = case.graph.subtasks
    return [node for node in case.nodes("RUNNING") if subtasks[node].operation != "CANCEL"]


def cause(kind: str) -> Callable[[Case], list[Values]]:
    """Prove what a failure is said to come from."""

    def prove(case: Case) -> list[Values]:
        rows = []
        for group in roots(case)[:5]:
            subtasks = [case.graph.subtasks[node] for node, _ in group]
            if _cause(subtasks[0])[0] != kind:
                continue
            told: Values = {"subtasks": [subtask.id for subtask in subtasks]}
            ran = [time for _, time in map(_cause, subtasks) if time is not None]
            if ran:
                told["ran_microseconds"] = max(ran)
                if format_measured(max(ran)) != format_measured(min(ran)):
                    told["least_microseconds"] = min(ran)
            if subtasks[0].timeout and subtasks[0].timeout > 0:
                told["timeout_seconds"] = subtasks[0].timeout
            if kind == "not-stated" and case.task.origin.dialect == "obshell":
                told["default_seconds"] = 3600
            rows.append(told)
        return rows

    return prove


def _cause(subtask: Any) -> tuple[str, int | None]:
    """Judge by the times themselves whether the timeout was the cause."""
    span = measured_span(subtask, None)
    single = subtask.operation == "EXECUTE" and subtask.attempts == 1
    ran = None
    if span is not None and single and span.finish >= span.start:
        ran = round((span.finish - span.start).total_seconds() * 1_000_000)
    limit = (subtask.timeout or 0) * 1_000_000
    if subtask.operation == "CANCEL":
        return "canceled", ran
    if subtask.operation == "ROLLBACK":
        return "rollback", ran
    if subtask.timeout is None:
        return "not-stated", ran
    if limit <= 0:
        zero = ran is not None and ran >= 11_000_000
        return ("zero-timeout" if zero else "no-timeout"), ran
    if ran is None:
        runs = "several-runs" if was_retried(subtask) else "runs-unknown"
        return ("no-times" if span is None or single else runs), None
    if ran < limit:
        return "within-timeout", ran
    if ran < limit + 1_000_000:
        return "timeout", ran
    return ("over-timeout" if ran < limit + 11_000_000 else "polled"), ran


def nothing_blocked(case: Case) -> list[Values]:
    failed = case.analysis.failure
    assert not (failed.blocked if failed is not None else held_up(case)[0]["subtasks"])
    return [{}]


def held_up(case: Case) -> list[Values]:
    """Walk anew from what does not move, or runs past its timeout."""
    analysis, graph = case.analysis, case.graph
    standing = analysis.standstill
    status = "SUCCESSFUL" if analysis.is_rolling_back else "PENDING"
    waiting = case.nodes(status)
    if not standing.is_stalled:
        edges = networkx.DiGraph(graph.edges())
        edges = edges.reverse() if analysis.is_rolling_back else edges
        edges.add_nodes_from(range(len(graph)))
        cyclic = {n for cycle in graph.cycles for n in cycle}
        stuck = {*cyclic, *standing.unclaimed, *standing.hanging, *analysis.overdue}
        beyond = {n for node in stuck for n in networkx.descendants(edges, node)} - cyclic
        assert stuck
        waiting = [node for node in waiting if node in beyond]
    return [{"subtasks": case.ids(waiting)}]


def of_failure(name: str) -> Callable[[Case], list[Values]]:
    return lambda case: [{"subtasks": case.ids(getattr(case.failure, name))}]


def alike(case: Case) -> list[list[Any]]:
    """Give the ways out of what failed, of the parts of a split once."""
    groups: dict[Any, list[Any]] = {}
    for way in case.ways_out:
        sub = case.graph.subtasks[way.node]
        flags = sub.operation == "ROLLBACK", sub.prohibit_skip, way.skip.worst_case
        groups.setdefault((sub.name, flags) if part(sub) else way.node, []).append(way)
    failure = case.analysis.failure if groups and case.graph.is_sound else None
    roots = [root.node for root in failure.roots] if failure is not None else []

    def rank(way: Any) -> int:
        return roots.index(way.node) if way.node in roots else len(roots)

    ordered = [sorted(group, key=rank) for group in groups.values()]
    return sorted(ordered, key=lambda group: rank(group[0]))


def of_group(case: Case, group: list[Any]) -> list[Any]:
    return case.ids(way.node for way in group)


def retried(case: Case) -> list[Values]:
    rows = enumerate(case.graph.subtasks)
    return [{"subtasks": case.ids(n for n, sub in rows if was_retried(sub))}]


def retries(case: Case) -> list[Values]:
    back = case.analysis.is_rolling_back
    return [
        {"subtasks": of_group(case, group)}
        if back
        else _worst(case, group[0].retry.worst_case, subtasks=of_group(case, group))
        for group in alike(case)[:5]
        if group[0].retry.is_accepted
    ]


def skips(case: Case) -> list[Values]:
    return [
        _worst(case, group[0].skip.worst_case, subtasks=of_group(case, group))
        for group in alike(case)[:5]
        if case.graph.subtasks[group[0].node].prohibit_skip is False
    ]


def unknown_skips(case: Case) -> list[Values]:
    known = tells_direction(case.task)
    rows = []
    for group in alike(case)[:5]:
        prohibits = case.graph.subtasks[group[0].node].prohibit_skip
        if prohibits is None or not (prohibits or known):
            rows.append({"subtasks": of_group(case, group)})
    return rows


def calls(case: Case) -> list[Values]:
    """Write the request of each thing that is said to be accepted."""
    begin, rows = f"POST /api/v2/tasks/instances/{case.task.id}", []
    for group in alike(case)[:5]:
        subtask = case.graph.subtasks[group[0].node]
        if tells_direction(case.task) and group[0].retry.is_accepted:
            rows.append(f"{begin}/subtasks/{subtask.id}/retry")
        if tells_direction(case.task) and subtask.prohibit_skip is False:
            rows.append(f"{begin}/subtasks/{subtask.id}/skip")
    if tells_direction(case.task):
        first = [row["subtasks"][0] for row in cancels(case)]
        rows += [f"{begin}/subtasks/{one}/cancel" for one in first]
    forward = case.task.operation in ("EXECUTE", "RETRY")
    if case.task.status == "FAILED" and not case.nodes("FAILED") and forward:
        rows.append(f"{begin}/retry")
    sound = case.graph.is_sound
    if sound and case.rollback.is_accepted and case.analysis.tells_rollback:
        rows.append(f"{begin}/rollback")
    return [{"call": row} for row in rows]


def cancels(case: Case) -> list[Values]:
    flight = case.progress.in_flight if case.graph.is_sound else ()
    late = {row.node for row in flight if row.basis is Basis.OVERDUE}
    running = at_work(case)
    groups = ([n for n in running if n in late], [n for n in running if n not in late])
    return [{"subtasks": case.ids(group)} for group in groups if group]


def command(word: str) -> Callable[[Case], list[Values]]:
    def prove(case: Case) -> list[Values]:
        values: Values = {"call": f"obshell task {word} -i {case.task.id}"}
        back = case.analysis.is_rolling_back
        if word == "retry":
            hours = {"FAILED": 2, "SUCCESSFUL": 0}
            stages: dict[int, int] = {}
            for node in case.graph.order:
                above = [stages[up] for up in case.graph.upstreams[node]]
                status = case.graph.subtasks[node].status or ""
                stages[node] = max(above, default=0) + 3600 * hours.get(status, 1)
            values["worst_seconds"] = max(stages.values())
        if word == "rollback" and not back:
            values["steps"] = len(case.graph) - len(case.nodes("PENDING"))
            values["worst_seconds"] = case.rollback.worst_case.seconds
        return [values]

    return prove


def assumptions(case: Case) -> list[Values]:
    settings, values = case.analysis.settings, dict[str, int]()
    if case.analysis.workers:
        values["workers"] = case.analysis.workers
    if case.analysis.slots:
        values["slots"] = case.analysis.slots
    own = case.task.origin.dialect == "obshell" and not case.analysis.tells_timeouts
    if case.analysis.assumed and (settings.assume_timeout is not None or not own):
        values["each_seconds"] = settings.assume_timeout or 3600
    return [values if settings.overhead else values | {"hop_seconds": 2}]


def repeated(case: Case) -> list[Values]:
    subtasks = case.graph.subtasks
    alive = {*case.nodes("SUCCESSFUL"), *case.nodes("READY"), *case.nodes("RUNNING")}
    again = [n for n in sorted(alive) if subtasks[n].operation == "RETRY"]
    return [{"subtasks": case.ids(again)}]


def left_unbounded(case: Case) -> list[Values]:
    rest = case.progress.worst_case
    return [{"left_seconds": rest.seconds, "unlimited": case.ids(rest.unlimited)}]


def _worst(case: Case, found: Any, **more: Any) -> Values:
    if found is None:
        return more
    ends = {"a cancel", "a subtask runs on", "no worker"}
    endless = str(case.progress.endless or "")
    if not case.analysis.tells_worst_case or any(map(endless.startswith, ends)):
        return more
    values = {"worst_seconds": found.seconds, **more}
    return values if found.is_bounded else values | {"unlimited": case.ids(found.unlimited)}


def released(case: Case) -> list[Values]:
    rows = []
    for group in alike(case)[:5]:
        way, retry = group[0], group[0].retry
        if len(group) == 1 and retry.is_accepted and retry.releases and not retry.is_held:
            subtasks = {"subtasks": case.ids(retry.releases)}
            rows.append({"subtask": case.ids([way.node])} | subtasks)
    return rows


def held_by(case: Case) -> list[Values]:
    assert len(case.nodes("FAILED")) > 1
    back = case.analysis.is_rolling_back
    chosen = [way.skip if back else way.retry for way in case.ways_out]
    assert any(way.is_accepted for way in chosen)
    return [{}]


def rollback_refused(case: Case) -> list[Values]:
    assert not case.rollback.is_allowed
    blockers = case.rollback.blockers
    return [{"blockers": case.ids(blockers)} if blockers else {}]


def rollback_loses(case: Case) -> list[Values]:
    work = case.failure.finished
    values: Values = {"subtasks": len(work.nodes)}
    if len(work.unmeasured) < len(work.nodes):
        values["work_microseconds"] = work.microseconds
    return [values]


def parts(case: Case) -> list[Values]:
    names = {
        PartKind.BEFORE: "before",
        PartKind.RUN: "run",
        PartKind.DISPATCH: "dispatch",
        PartKind.WAIT: "wait",
        PartKind.OVERLAP: "overlap",
        PartKind.AFTER: "after",
    }
    totals = {name: case.as_run.total(kind) for kind, name in names.items()}
    assert sum(totals.values()) == case.as_run.wall
    told = {f"{name}_microseconds": total for name, total in totals.items() if total}
    return [told | {"path": case.ids(case.as_run.path)}]


def longest(kind: PartKind) -> Callable[[Case], list[Values]]:
    def prove(case: Case) -> list[Values]:
        found = [part for part in case.as_run.parts if part.kind is kind]
        time = max(part.microseconds for part in found)
        node = next(part.node for part in found if part.microseconds == time)
        return [{"subtask": case.ids([node]), "time_microseconds": time}]

    return prove


def retried_meanwhile(case: Case) -> list[Values]:
    waits = [part for part in case.as_run.parts if part.kind is PartKind.WAIT]
    longest_wait = max(waits, key=lambda part: part.microseconds)
    begin = longest_wait.begin.timestamp() * 1_000_000
    end = begin + longest_wait.microseconds
    nodes = []
    for node, subtask in enumerate(case.graph.subtasks):
        span = measured_span(subtask, case.as_run.end)
        several = span is not None and span.kind is SpanKind.SEVERAL_RUNS
        if (
            span is not None
            and several
            and was_retried(subtask)
            and subtask.status != "READY"
        ):
            start, finish = span.start.timestamp(), span.finish.timestamp()
            if start * 1_000_000 < end and finish * 1_000_000 > begin:
                nodes.append(node)
    return [{"subtasks": case.ids(nodes)}]


def several_runs(case: Case) -> list[Values]:
    unsplit = (SpanKind.SEVERAL_RUNS, SpanKind.ROLLED_BACK)
    rows = [part for part in case.as_run.parts if part.span in unsplit]
    return [{"subtasks": case.ids(part.node for part in rows)}]


def counts(case: Case) -> list[Values]:
    names = ["done", "failed", "running", "canceling", "ready", "pending", "other"]
    if case.analysis.is_rolling_back:
        names += ["in_place", "untouched"]
    told = {name: len(getattr(case.tally, name)) for name in names}
    assert sum(told.values()) == len(case.graph)
    told["skipped"] = len(case.tally.skipped)
    return [{"subtasks": len(case.graph)} | {name: n for name, n in told.items() if n}]


def percent(case: Case) -> list[Values]:
    done, total = case.progress.critical_seconds_done, case.progress.critical_seconds
    return [{"percent": 100 - 100 * done // total}]


def bounded(case: Case) -> list[Values]:
    assert case.budget.is_bounded
    values = {"budget_seconds": case.budget.seconds}
    is_obshell = case.task.origin.dialect == "obshell"
    is_default = is_obshell and case.analysis.settings.assume_timeout is None
    return [values | {"each_seconds": 3600} if is_default else values]


def unbounded(case: Case) -> list[Values]:
    named = {"unlimited": case.ids(case.budget.unlimited)}
    return [{"budget_seconds": case.budget.seconds} | named]


def concurrency(case: Case) -> list[Values]:
    longest_path = case.budget.schedule.makespan
    return [{"limit": case.budget.bounds.limit, "longest_seconds": longest_path}]


def dominant(case: Case) -> list[Values]:
    part = case.analysis.settings.thresholds.dominant_timeout
    shares, whole = case.budget.shares, case.budget.seconds
    nodes = [node for node, share in enumerate(shares) if share > part * whole]
    words = {"part": "half" if part == 0.5 else f"{100 * part:g} %"}
    if len(nodes) > 1:
        return [words | {"subtasks": case.ids(nodes)}]
    return [words | {"subtask": case.ids(nodes), "share_seconds": shares[nodes[0]]}]


def left(case: Case) -> list[Values]:
    found = case.progress
    latest = iso(found.latest_finish)
    return [known({"left_seconds": found.worst_case.seconds, "latest": latest})]


def likely(case: Case) -> list[Values]:
    found = case.analysis.forecast
    assert found is not None
    assert not found.guessed
    assert found.runs >= found.needed
    assert found.half is not None
    assert found.most is not None
    half, most = found.half.moment, found.most.moment
    assert case.as_of <= half <= most
    told: Values = {"runs": found.runs, "half": iso(half), "most": iso(most)}
    if found.failing:
        told["failing"] = f"{100 * found.failing:.1f} %"
    return [told]


def not_likely(case: Case) -> list[Values]:
    found = case.analysis.forecast
    assert found is not None
    assert found.half is None
    if found.guessed:
        return [{"subtasks": case.ids(found.guessed)}]
    if found.runs < found.needed:
        return [{"runs": found.runs, "needed": found.needed}]
    assert found.failing == 1
    return [{"runs": found.runs}]


def slow(case: Case) -> list[Values]:
    rows = []
    for one in case.analysis.slow:
        start = case.graph.subtasks[one.node].start_time
        assert start is not None
        assert one.node in at_work(case)
        assert one.usual < one.ran
        rows.append(
            {
                "shorter": one.shorter,
                "subtask": case.ids([one.node]),
                "ran_microseconds": round((case.as_of - start).total_seconds() * 1e6),
                "others": one.others,
                "usual_microseconds": one.usual,
            }
        )
    return rows


def later(case: Case) -> list[Values]:
    latest = case.progress.latest_finish
    assert latest is not None
    since = (latest - case.task.start_time).total_seconds()
    assert since > case.budget.seconds
    return [{"late_seconds": int(since) - case.budget.seconds}]


def nearest(case: Case) -> list[Values]:
    found = case.progress.nearest
    assert found is not None
    return [{"subtask": case.ids([found.node]), "left_seconds": found.seconds_left}]


def overdue(case: Case) -> list[Values]:
    rows = [row.node for row in case.progress.in_flight if row.basis is Basis.OVERDUE]
    values: Values = {"subtasks": case.ids(rows)}
    subtasks = [case.graph.subtasks[node] for node in rows]
    spans = [measured_span(subtask, case.as_of) for subtask in subtasks]
    is_one_limit = len({subtask.timeout for subtask in subtasks}) == 1
    if is_one_limit and all(span and span.kind is SpanKind.RUNNING for span in spans):
        ran = [case.as_of - (subtask.start_time or case.as_of) for subtask in subtasks]
        values["ran_microseconds"] = max(ran) // timedelta(microseconds=1)
        if format_measured(max(ran)) != format_measured(min(ran)):
            values["least_microseconds"] = min(ran) // timedelta(microseconds=1)
        values["timeout_seconds"] = subtasks[0].timeout
    return [values]


def working(case: Case) -> list[Values]:
    rows = []
    for nodes in by_doing(case, case.tally.running):
        found = filter(None, (case.analysis.targets.get(node) for node in nodes))
        targets = list(dict.fromkeys(found))
        values: Values = {"subtasks": case.ids(nodes)}
        rows.append(values | ({"targets": targets} if targets else {}))
    return rows


def by_doing(case: Case, nodes: Iterable[int]) -> list[list[int]]:
    """Give apart what is done, undone and skipped."""
    if not case.graph.is_sound:
        return [[*nodes]]
    groups: list[list[int]] = [[], [], []]
    for node in nodes:
        operation = case.graph.subtasks[node].operation
        is_skip = operation in {"SKIP", "ROLLBACK_SKIP"}
        is_undone = case.analysis.is_rolling_back and operation != "RETRY"
        groups[2 if is_skip else int(is_undone)].append(node)
    return [group for group in groups if group]


def broken(case: Case) -> list[Values]:
    return [{"message": first_fault(case).message.rstrip(".")}]


def first_fault(case: Case) -> Finding:
    codes = {"TG101", "TG102", "TG103", "TG104", "TG108"}
    return next(f for f in run_checks(case.analysis).findings if f.code in codes)


def no_return(case: Case) -> list[Values]:
    found = case.no_return
    values: Values = {"subtasks": case.ids(found.nodes)}
    if not case.analysis.tells_worst_case:
        return [values]
    values["after_seconds"] = found.seconds_after
    if found.unlimited:
        values["unlimited"] = case.ids(found.unlimited)
    return [values]


def endless(case: Case) -> list[Values]:
    assert case.progress.endless is not None
    assert case.progress.latest_finish is None
    return [{}]


def nothing(_: Case) -> list[Values]:
    return [{}]


def untold_timeouts(case: Case) -> list[Values]:
    assert all(subtask.timeout is None for subtask in case.graph.subtasks)
    return [{}]


def cyclic(case: Case) -> list[Values]:
    whole = case.graph.to_networkx()
    parts = networkx.strongly_connected_components(whole)
    place = {sub.id: number for number, sub in enumerate(case.graph.subtasks)}
    cycles = [
        sorted(part, key=place.__getitem__)
        for part in parts
        if len(part) > 1 or whole.has_edge(*part, *part)
    ]
    cycles.sort(key=lambda cycle: place[cycle[0]])
    return [{"subtasks": cycle} for cycle in cycles]


def more_cycles(case: Case) -> list[Values]:
    return [{"count": len(cyclic(case)) - 3}]


def never_return(case: Case) -> list[Values]:
    assert case.analysis.prohibits_rollback
    return [{}]


def fail_late(case: Case) -> list[Values]:
    late = case.rollback.fail_late
    assert late is not None
    assert case.graph.subtasks[late.node].status != "SUCCESSFUL"
    assert case.rollback.is_allowed
    assert not late.unlimited
    assert case.progress.endless is None or case.task.is_definition
    assert not case.analysis.seconds_late
    assert not any(map(was_asked_again, case.task.subtasks))
    gate = case.analysis.no_return
    values: Values = {"both_seconds": late.at_most}
    if gate is not None:
        values["gates"] = case.ids(gate.nodes)
    return [values]


def over_limit(case: Case) -> list[Values]:
    found = run_checks(case.analysis).findings
    return [
        {"rule": f.code, "message": f.message.rstrip(".")}
        for f in found
        if f.code == "TG405"
    ]


def no_return_unknown(case: Case) -> list[Values]:
    assert not any(subtask.prohibit_rollback for subtask in case.task.subtasks)
    assert not case.analysis.tells_rollback
    return [{}]


def prohibiting(case: Case) -> list[Values]:
    assert not any(blocks_rollback(subtask) for subtask in case.task.subtasks)
    return _gates(case, [sub for sub in case.task.subtasks if sub.prohibit_rollback])


def prohibited(case: Case) -> list[Values]:
    return _gates(case, [sub for sub in case.task.subtasks if blocks_rollback(sub)])


def _gates(case: Case, gates: list[Subtask]) -> list[Values]:
    assert gates
    assert not case.graph.is_sound
    if all(gate in case.graph.subtasks for gate in gates):
        rows = enumerate(case.graph.subtasks)
        return [{"subtasks": case.ids([n for n, sub in rows if sub in gates])}]
    return [{"named": labels(gates)}]


def failed_copies(case: Case) -> list[Values]:
    named = {(sub.id, sub.name) for sub in case.graph.subtasks}
    failed = [sub for sub in case.task.subtasks if sub.status == "FAILED"]
    others = {(sub.id, sub.name): sub for sub in failed}
    return [{"named": labels(others[key] for key in others.keys() - named)}]


def no_point_of_no_return(case: Case) -> list[Values]:
    assert not any(subtask.prohibit_rollback for subtask in case.task.subtasks)
    return [{}]


def doubts(case: Case) -> list[Finding]:
    """Give the findings that say that the document contradicts itself."""
    codes = ("TG1", "TG2", "TG3", "TG402", "TG403", "TG504", "TG6")
    found = run_checks(case.analysis).findings
    loud = [finding for finding in found if finding.severity >= Severity.WARNING]
    doubted = [finding for finding in loud if finding.code.startswith(codes)]
    return [finding for finding in doubted if finding.code not in STANDING]


def is_told(case: Case, finding: Finding) -> bool:
    """Tell whether a finding is the fault that is told first."""
    codes = {"TG102", "TG103", "TG104", "TG108"}
    if not case.graph.flaws or case.graph.cycles or finding.code not in codes:
        return False
    first = first_fault(case)
    return (first.code, first.message) == (finding.code, finding.message)


def stalled(case: Case) -> list[Values]:
    found = run_checks(case.analysis).findings
    return [{"message": f.message.rstrip(".")} for f in found if f.code in STANDING]


def inconsistent(case: Case) -> list[Values]:
    return [
        {"rule": finding.code, "message": finding.message.rstrip(".")}
        for finding in [*filter(lambda f: not is_told(case, f), doubts(case))][:8]
    ]


def nothing_failed(case: Case) -> list[Values]:
    assert not case.nodes("FAILED")
    return [{}]


def state_unknown(case: Case) -> list[Values]:
    known = {"PENDING", "READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"}
    rows = enumerate(case.graph.subtasks)
    unknown = [node for node, subtask in rows if subtask.status not in known]
    assert unknown
    return [{"subtasks": case.ids(unknown)}]


def only_failed(case: Case) -> list[Values]:
    assert case.task.status == "SUCCESSFUL"
    return [{}]


def if_failed(case: Case) -> list[Values]:
    assert case.rollback.is_allowed
    assert case.task.status != "FAILED"
    return [{}]


def started(case: Case) -> list[Values]:
    who = str(case.task.creator or "") or case.task.executor
    start = case.task.start_time
    run = case.analysis.as_run if case.analysis.is_sound else None
    if run is not None and run.begin == start:  # which the sentence "wall" tells
        start = None
    return [known({"creator": who, "start": iso(start)})]


def about(case: Case) -> list[Values]:
    task = case.task
    named = {word: getattr(task, word) for word in ("cluster", "tenant", "host")}
    return [known({word: str(found) for word, found in named.items() if found})]


def as_of(case: Case) -> list[Values]:
    start = case.task.start_time
    values: Values = {"as_of": iso(case.as_of)}
    if start is not None and case.as_of >= start:
        since = (case.as_of - start).total_seconds()
        values["since_microseconds"] = round(since * 1_000_000)
    return [values]


def flaws(case: Case) -> list[Values]:
    return [{"flaws": "; ".join(case.graph.flaws)}]


def log_lines(case: Case) -> list[Values]:
    logs = [case.graph.subtasks[node].logs for node in quoted(case)]
    return [{"line": line} for log in logs for line in log[-5:]]


def known_at_work(case: Case) -> list[int]:
    """Give those at work of which something more is known, the first few."""
    if not case.graph.is_sound:
        return []
    rows = case.graph.subtasks
    return [n for n in case.tally.running if rows[n].host or rows[n].logs][:5]


def running(case: Case) -> list[Values]:
    rows = [case.graph.subtasks[node] for node in known_at_work(case)]
    if len(case.tally.running) == 1 and case.analysis.targets.get(case.tally.running[0]):
        return []  # it is said of what is at work
    return [{"subtask": [sub.id], "host": sub.host} for sub in rows if sub.host]


def logs(case: Case) -> list[Values]:
    return [{"subtask": case.ids([node])} for node in quoted(case)]


def quoted(case: Case) -> list[int]:
    """Give what has a log: of what is at work, and of what failed."""
    subtasks, nodes = case.graph.subtasks, known_at_work(case)
    for group in roots(case)[:5] if case.nodes("FAILED") else ():
        nodes += [node for node, _ in group[:5]]
    return [node for node in nodes if subtasks[node].logs]


def attempts(case: Case) -> list[Values]:
    known_least: dict[int, list[int]] = {}
    for node in case.tally.running:
        subtask = case.graph.subtasks[node]
        least = 2 if subtask.operation == "RETRY" else 1
        known_least.setdefault(max(subtask.attempts or 1, least), []).append(node)
    return [
        {"subtasks": case.ids(nodes), "count": count}
        for count, nodes in sorted(known_least.items())
        if count > 1
    ]


def fresh(case: Case) -> list[Values]:
    minute = timedelta(seconds=case.analysis.settings.thresholds.event_delay)
    roots = (case.graph.subtasks[root.node] for root in case.failure.roots)
    ends = [sub for sub in roots if sub.operation in ("EXECUTE", "RETRY")]
    ends = [sub for sub in ends if sub.finish_time is not None]
    moment = case.as_of
    found = [s.id for s in ends if timedelta() <= moment - s.finish_time <= minute]  # type: ignore[operator]
    return [{"subtasks": found}]


def standing_at(status: str, operation: str) -> Callable[[Case], list[Values]]:
    def prove(case: Case) -> list[Values]:
        rows = case.graph.subtasks
        found = [n for n in case.nodes(status) if rows[n].operation == operation]
        return [{"subtasks": case.ids(found)}]

    return prove


def to_be_undone(case: Case) -> list[Values]:
    """Walk against the edges, what has no downstream left first, by descending place."""
    todo = set(case.nodes("SUCCESSFUL"))
    order = [node for node in case.graph.order if node in todo]
    return [{"subtasks": case.ids(order[::-1])}]


def slots_taken(case: Case) -> list[Values]:
    """Look at the middle between any two times."""
    waits = [part for part in case.as_run.parts if part.kind is PartKind.WAIT]
    wait = max(waits, key=lambda part: part.microseconds)
    begin, end = wait.begin, wait.begin + timedelta(microseconds=wait.microseconds)
    spans = [measured_span(subtask, case.as_run.end) for subtask in case.graph.subtasks]
    single = {
        node: (span.start, span.finish)
        for node, span in enumerate(spans)
        if span is not None and span.kind in (SpanKind.ONE_RUN, SpanKind.RUNNING)
    }
    times = {begin, end, *(time for span in single.values() for time in span)}
    moments = sorted(time for time in times if begin <= time <= end)
    taken, holders = timedelta(), set[int]()
    for first, last in itertools.pairwise(moments):
        middle = first + (last - first) / 2
        flying = {n for n, (start, over) in single.items() if start < middle < over}
        if len(flying) >= case.analysis.slots:
            taken, holders = taken + (last - first), holders | flying
    return [
        {
            "taken_microseconds": taken // timedelta(microseconds=1),
            "limit": case.analysis.slots,
            "subtasks": case.ids(sorted(holders)),
        }
    ]


PROOFS: dict[str, Callable[[Case], list[Values]]] = {
    "about": about,
    "as-of": as_of,
    "assumptions": assumptions,
    "attempt": attempts,
    "at-work": working,
    "blocked": of_failure("blocked"),
    "broken": broken,
    "budget": bounded,
    "budget-unbounded": unbounded,
    "budget-unknown": untold_timeouts,
    "blocks-nothing": nothing_blocked,
    "call": calls,
    "cancel": cancels,
    "canceling": lambda case: [{"subtasks": case.ids(case.tally.canceling)}],
    "concurrency": concurrency,
    "copies-failed": failed_copies,
    "counts": counts,
    "critical-share": percent,
    "dag-cancel": command("cancel"),
    "dag-pass": command("pass"),
    "dag-retry": command("retry"),
    "dag-rollback": command("rollback"),
    "dag-unknown": nothing,
    "dominant": dominant,
    "ended": lambda case: [{"finish": iso(case.task.finish_time)}],
    "endless": endless,
    "fail-late": fail_late,
    "failed-on": nothing,
    "failed-on-list": failed_on,
    "failed-later": of_failure("consequences"),
    "flaws": flaws,
    "fresh": fresh,
    "held": of_failure("held"),
    "held-up": held_up,
    "hint": hint,
    "held-by": held_by,
    "ideal": lambda case: [
        {
            "ideal_microseconds": case.as_run.ideal.makespan,
            "rest_microseconds": case.as_run.wall - case.as_run.ideal.makespan,
        }
    ],
    "ideal-exceeds-wall": lambda case: [{"ideal_microseconds": case.as_run.ideal.makespan}],
    "inconsistent": inconsistent,
    "later": later,
    "left": left,
    "left-unbounded": left_unbounded,
    "likely": likely,
    "likely-unknown": not_likely,
    "log": logs,
    "log-line": log_lines,
    "longest-run": longest(PartKind.RUN),
    "longest-wait": longest(PartKind.WAIT),
    "more-cycles": more_cycles,
    "more-failed": lambda case: [
        {"subtasks": case.ids(w.node for group in alike(case)[5:] for w in group)}
    ],
    "more-hints": more_hints,
    "more-inconsistent": lambda case: [
        {"count": len([f for f in doubts(case) if not is_told(case, f)]) - 8}
    ],
    "more-roots": other_roots(5),
    "nearest": nearest,
    "never-finishes": lambda case: cyclic(case)[:3],
    "never-return": never_return,
    "no-failed-subtask": nothing_failed,
    "no-point-of-no-return": no_point_of_no_return,
    "no-return": no_return,
    "no-return-unknown": no_return_unknown,
    "nothing-to-retry": nothing_failed,
    "over": nothing_failed,
    "over-limit": over_limit,
    "others-failed": other_roots(1),
    "overdue": overdue,
    "part-failed": parts_failed,
    "prohibited": prohibited,
    "prohibiting": prohibiting,
    "parts": parts,
    "ran-on": of_failure("ran_on"),
    "ready": lambda case: [
        {"subtasks": case.ids(nodes)} for nodes in by_doing(case, case.tally.ready)
    ],
    "releases": released,
    "repeats": repeated,
    "retried-meanwhile": retried_meanwhile,
    "retried": retried,
    "retry-accepted": retries,
    "retry-refused": lambda case: [
        {"subtasks": of_group(case, group)}
        for group in alike(case)[:5]
        if case.graph.subtasks[group[0].node].operation == "ROLLBACK"
    ],
    "retry-task": nothing_failed,
    "retry-unknown": lambda case: [
        {"subtasks": of_group(case, group)} for group in alike(case)[:5]
    ],
    "rollback-accepted": lambda case: [
        _worst(
            case,
            None if case.rollback.is_crowded else case.rollback.worst_case,
            steps=len(case.rollback.steps),
        )
    ],
    "rollback-if-failed": if_failed,
    "rollback-loses": rollback_loses,
    "rollback-only-failed": only_failed,
    "rollback-unknown": no_return_unknown,
    "rollback-refused": rollback_refused,
    "root-failure": root_failures,
    "run-by": run_by,
    "running": running,
    "several-runs": several_runs,
    "shape": lambda case: [
        {"subtasks": len(case.graph), "edges": sum(map(len, case.graph.upstreams))}
    ],
    "size": lambda case: [{"subtasks": len(case.graph)}],
    "skip-accepted": skips,
    "skip-unknown": unknown_skips,
    "skip-refused": lambda case: [
        {"subtasks": of_group(case, group)}
        for group in alike(case)[:5]
        if case.graph.subtasks[group[0].node].prohibit_skip
    ],
    "stalled": stalled,
    "left-in-place": standing_at("PENDING", "ROLLBACK_SKIP"),
    "skipped": standing_at("SUCCESSFUL", "SKIP"),
    "to-be-undone": to_be_undone,
    "undone": standing_at("PENDING", "ROLLBACK"),
    "slots-taken": slots_taken,
    "slow": slow,
    "started": started,
    "taken-up-again": lambda case: [{"finish": iso(case.task.finish_time)}],
    "state-unknown": state_unknown,
    "unsound": flaws,
    "verdict": verdict,
    "whole-task": whole_task,
    "wall": lambda case: [
        {
            "begin": iso(case.as_run.begin),
            "end": iso(case.as_run.end),
            "wall_microseconds": case.as_run.wall,
        }
    ],
} | {
    f"cause-{kind}": cause(kind)
    for kind in (
        "canceled",
        "no-timeout",
        "no-times",
        "not-stated",
        "over-timeout",
        "polled",
        "rollback",
        "runs-unknown",
        "several-runs",
        "timeout",
        "within-timeout",
        "zero-timeout",
    )
}
