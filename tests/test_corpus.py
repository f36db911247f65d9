"""Real documents: no false error, the budgets worked out by hand, published schedules."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from taskgraph.api import check, load, load_all
from taskgraph.errors import InputError
from taskgraph.settings import Severity

BUDGETS = {
    "ob-cluster-stops-zone": (7320, True),
    "delete-a-tenant-replica": (5100, True),
    "failover-switchover": (5700, True),
    "stops-the-basic-processes-of-the-ocp-agent": (780, True),
    "query-task-instance-details": (7320, True),
    "api-add-obproxy": (10890, False),
    "api-delete-obproxy-cluster": (30, False),
}


def the_one(corpus: Path, part: str) -> Path:
    (path,) = (path for path in (corpus / "ocp").iterdir() if part in path.name)
    return path


def test_no_real_document_gives_an_error(corpus: Path) -> None:
    checked = 0
    for path in sorted(corpus.glob("*/*.json")):
        try:
            tasks = load_all(path)
        except InputError:
            continue
        for loaded in tasks:
            errors = [f for f in check(loaded).findings if f.severity is Severity.ERROR]
            assert not errors, path
            checked += 1
    assert checked >= len(BUDGETS)


@pytest.mark.parametrize("part", BUDGETS)
def test_budgets_are_as_worked_out_by_hand(corpus: Path, part: str) -> None:
    budget = load(the_one(corpus, part)).budget
    assert (budget.seconds, budget.is_bounded) == BUDGETS[part]


def test_published_longest_paths_are_found(corpus: Path) -> None:
    with (corpus / "known" / "expected.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        loaded = load(corpus / "known" / row["file"])
        assert len(loaded.graph) == int(row["nodes"])
        assert loaded.graph.edge_count == int(row["edges"])
        by_timeout = loaded.timetable().schedule.makespan
        assert by_timeout == int(row["critical_path_seconds_by_timeout"])
        by_clock = loaded.timetable("actual").schedule.makespan / 1e6
        assert math.isclose(by_clock, float(row["critical_path_seconds_by_duration"]))
        if row["published_kind"] == "MPM_time":
            assert by_timeout == int(row["published_value"])
