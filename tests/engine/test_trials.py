"""The checks against the simulator: no false alarm, no fault missed.

``python -m benchmarks.false_alarms`` and ``python -m benchmarks.missed_faults`` do the same
with many more.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from taskgraph.analysis.analysis import Analysis
from taskgraph.checks.registry import RULES
from taskgraph.checks.runner import run_checks
from taskgraph.graph.taskgraph import build_graph
from taskgraph.settings import Settings, Severity
from taskgraph.sources.reading import read_bytes
from tests.engine.dialects import task_list
from tests.engine.engine import simulate
from tests.engine.mutations import MUTATIONS
from tests.engine.oracle import deserved
from tests.engine.plan import SECOND
from tests.engine.trial import try_dag, try_mutation, try_photo

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

CODES = {rule.code for rule in RULES}


def test_no_photograph_gives_a_false_alarm() -> None:
    for seed in range(600):
        assert try_photo(seed).false_alarms == []


def test_no_dag_of_obshell_gives_a_false_alarm() -> None:
    for seed in range(200):
        assert try_dag(seed).false_alarms == []


def test_a_page_of_the_task_list_gives_no_false_alarm() -> None:
    rng = Random(0)
    for seed in range(0, 300, 3):
        photos = [simulate(seed + offset).random_photo(rng) for offset in range(3)]
        tasks = read_bytes(json.dumps(task_list(photos, rng)).encode())
        for task, photo in zip(tasks, photos, strict=True):
            # the page has one moment for all: each was photographed at its own
            moment = datetime.fromtimestamp(photo.timestamp / SECOND, UTC)
            alone = replace(task, envelope=None)
            analysis = Analysis(build_graph(alone), Settings(as_of=moment))
            found = run_checks(analysis).findings
            loud = {finding.code for finding in found if finding.severity > Severity.INFO}
            assert loud <= deserved(photo).keys()


def test_every_rule_has_a_fault_to_find() -> None:
    # The engine writes no definitions, and one task alone has no past runs.
    others = {"TG001", "TG002", "TG003", "TG407", "TG605"}
    assert {mutation.code for mutation in MUTATIONS} >= CODES - others


@pytest.mark.parametrize(
    "number",
    [number for number, mutation in enumerate(MUTATIONS) if mutation.code in CODES],
    ids=lambda number: MUTATIONS[number].name.replace(" ", "-"),
)
def test_every_fault_is_found_by_its_rule(number: int) -> None:
    for turn in range(8):
        trial = try_mutation(number + turn * len(MUTATIONS))
        assert trial.document is not None
        assert trial.is_found, trial.document
