"""Simulated documents through the tool's own reading and checking."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.result import Finding
from taskgraph.checks.runner import run_checks
from taskgraph.graph.taskgraph import build_graph
from taskgraph.settings import DEFAULTS, Settings, Severity
from taskgraph.sources.reading import read_bytes
from tests.engine.engine import simulate
from tests.engine.journal import Journal
from tests.engine.legality import judge
from tests.engine.mutations import BUDGET_LIMIT, MUTATIONS, Mutation
from tests.engine.obshell import simulate_dag
from tests.engine.oracle import Deserved, deserved
from tests.engine.photo import Photo
from tests.engine.plan import SECOND, Plan
from tests.engine.world import play_well

Json: TypeAlias = dict[str, Any]
DIALECTS: dict[str, Callable[[Photo, Random], Json]] = {
    "ocp 2021": Photo.as_ocp_2021,
    "ocp 2025": Photo.as_ocp_2025,
    "details": Photo.as_details,
    "contents": Photo.as_contents,
    "list": Photo.as_list,
}
UNUSUAL: dict[str, Callable[[Photo, Random], Json]] = {"lower case": Photo.as_lower_case}
"""What is seldom seen; a document may be written so where words are no matter."""

MOST_TRIES = 2000
_PAST = 30
EVERYTHING = Settings(extend_select=("all",), budgets=(("*", BUDGET_LIMIT),))


class PhotoTrial(NamedTuple):
    """One photograph, checked.

    Attributes
    ----------
    false_alarms : list of Finding
        Errors and warnings that the state does not deserve.
    found, silent : set of str
        The codes of the deserved rules that fired, and of those that did not.
    """

    seed: int
    dialect: str
    data: bytes
    photo: Photo
    false_alarms: list[Finding]
    found: set[str]
    silent: set[str]


def check_bytes(data: bytes, settings: Settings = DEFAULTS) -> list[Finding]:
    """Read a document with one task and check it."""
    (task,) = read_bytes(data)
    return list(run_checks(Analysis(build_graph(task), settings)).findings)


def _dump(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _is_loud(finding: Finding) -> bool:
    return finding.severity >= Severity.WARNING


def photographed(seed: int) -> tuple[Photo, str, bytes]:
    """Simulate a history and photograph it once in one dialect, which is named."""
    history = simulate(seed)
    rng = Random(f"photo {seed}")
    photo = history.random_photo(rng)
    dialect = rng.choice([*DIALECTS, "diagnosis"])
    if dialect == "diagnosis":
        return photo, dialect, photo.as_diagnosis()
    if rng.random() < 0.03:
        dialect = rng.choice(list(UNUSUAL))
    write = (DIALECTS | UNUSUAL)[dialect]
    return photo, dialect, _dump(write(photo, rng))


def running(seed: int) -> tuple[int, Photo, tuple[Journal, ...]]:
    """Photograph a task that runs and in which nothing failed; give past runs like it.

    In those nothing fails, and no other task takes workers. The number that comes first is
    the seed of the task's history.
    """
    rng = Random(f"running {seed}")
    while True:
        history = simulate(rng.randrange(10**9))
        for _ in range(20):
            photo = history.photograph(rng.randrange(history.began, history.ended + 1))
            states = {row.state for row in photo.rows}
            if (
                photo.task.state == "RUNNING"
                and photo.task.operation == "EXECUTE"
                and "RUNNING" in states
                and states.isdisjoint({"FAILED", "CANCELING"})
            ):
                plans = (_earlier(history.plan, number) for number in range(_PAST))
                return history.seed, photo, tuple(play_well(rng, plan) for plan in plans)


def _earlier(plan: Plan, number: int) -> Plan:
    """Give the same task, submitted some days before."""
    days = 10 * (number + 1)
    submitted = plan.submitted - days * 24 * 3600 * SECOND
    return replace(plan, id=plan.id - number - 1, submitted=submitted)


def try_photo(seed: int) -> PhotoTrial:
    """Simulate a history, photograph it once in one dialect, and check the document."""
    photo, dialect, data = photographed(seed)
    right = deserved(photo)
    loud = list(filter(_is_loud, check_bytes(data)))
    false_alarms = [finding for finding in loud if not _is_right(finding, photo, right)]
    codes = {finding.code for finding in loud}
    return PhotoTrial(
        seed=seed,
        dialect=dialect,
        data=data,
        photo=photo,
        false_alarms=false_alarms,
        found=codes & right.keys(),
        silent=right.keys() - codes,
    )


def _is_right(finding: Finding, photo: Photo, right: Deserved) -> bool:
    """Whether a finding is deserved, and about steps that deserve it."""
    if finding.code not in right:
        return False
    ids = {str(photo.plan.ids[index]) for index in right[finding.code]}
    return {str(identifier) for identifier in finding.subtasks} <= ids


class DagTrial(NamedTuple):
    """One document of obshell, checked; none of its DAGs deserves an error or warning."""

    seed: int
    data: bytes
    false_alarms: list[Finding]


def try_dag(seed: int) -> DagTrial:
    """Simulate a DAG of obshell, photograph it once, and check the document."""
    history = simulate_dag(seed)
    rng = Random(f"photo of a DAG {seed}")
    moment = rng.choice(history.moments) + rng.choice((0, rng.randrange(2000)))
    data = _dump(history.document(moment, rng))
    return DagTrial(seed, data, list(filter(_is_loud, check_bytes(data))))


class MutationTrial(NamedTuple):
    """One sound document, broken and checked.

    Attributes
    ----------
    document : dict or None
        As it was broken; ``None`` where no photograph had what there is to break.
    is_found : bool
        Whether the rule that names the fault says something that it did not say before.
    findings : list of Finding
        All that is said of the broken document.
    still_legal : int
        How many broken documents were put aside because the engine can write them.
    """

    seed: int
    mutation: Mutation
    dialect: str
    document: Json | None
    is_found: bool
    findings: list[Finding]
    still_legal: int


def try_mutation(seed: int) -> MutationTrial:
    """Break one document, the operators taking turns, and check it.

    Photographs are taken until there is one that can be broken so that the result is
    no longer legal, where that matters.
    """
    mutation = MUTATIONS[seed % len(MUTATIONS)]
    rng = Random(f"mutation {seed}")
    still_legal = 0
    dialect = ""
    for _ in range(MOST_TRIES):
        photo = simulate(rng.randrange(10**9)).random_photo(rng)
        dialect = rng.choice([name for name in DIALECTS if name != "list"])
        sound = DIALECTS[dialect](photo, rng)
        broken = json.loads(json.dumps(sound))
        if not mutation.apply(broken, rng):
            continue
        if mutation.is_illegal and not _is_worse(sound, broken, mutation.because):
            still_legal += 1
            continue
        findings = check_bytes(_dump(broken), EVERYTHING)
        before = set(map(_said, check_bytes(_dump(sound), EVERYTHING)))
        is_found = any(
            finding.code == mutation.code and _said(finding) not in before
            for finding in findings
        )
        return MutationTrial(
            seed, mutation, dialect, broken, is_found, findings, still_legal
        )
    return MutationTrial(seed, mutation, dialect, None, False, [], still_legal)


def _is_worse(sound: Json, broken: Json, because: str) -> bool:
    """Whether the engine has a new reason, or that one, not to write a document."""
    new = set(judge(broken).reasons).difference(judge(sound).reasons)
    return any(because in reason for reason in new)


def _said(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.subtasks, finding.edges, finding.message)
