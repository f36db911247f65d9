"""Real documents and published schedules, where the folder of them is at hand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taskgraph.analysis.as_run import PartKind
from taskgraph.analysis.schedule import drags, schedule
from taskgraph.errors import InputError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.sources.reading import read_bytes
from tests.analysis.documents import analyse, ids, load


def known(corpus: Path) -> list[tuple[Path, dict[str, str]]]:
    folder = corpus / "known"
    with (folder / "expected.csv").open(encoding="utf-8") as lines:
        return [(folder / row["file"], row) for row in csv.DictReader(lines)]


def test_known_critical_paths(corpus: Path):
    rows = known(corpus)
    assert rows
    for path, expected in rows:
        graph = load(path)
        assert len(graph) == int(expected["nodes"])
        assert graph.edge_count == int(expected["edges"])
        measured = analyse(graph).timetable("actual").schedule
        seconds = float(expected["critical_path_seconds_by_duration"])
        assert measured.makespan == round(seconds * 1_000_000), path.name
        assert sum(measured.durations) == round(
            float(expected["total_work_seconds"]) * 10**6
        )
        by_timeout = analyse(graph).timetable().schedule
        assert by_timeout.makespan == int(expected["critical_path_seconds_by_timeout"])
        found = analyse(graph).budget
        assert found.bounds.longest_path == by_timeout.makespan
        assert found.bounds.lower <= found.bounds.listed <= found.bounds.upper
        if expected["published_kind"] == "MPM_time":
            assert by_timeout.makespan == int(expected["published_value"])


def test_drag_of_known_schedules(corpus: Path):
    for path, _ in known(corpus):
        graph = load(path)
        durations = analyse(graph).weigh("actual").durations
        timetable = schedule(graph, durations)
        found = drags(graph, timetable)
        for node in [*timetable.critical, *timetable.near_critical(10**9)[:5]]:
            without = [0 if n == node else d for n, d in enumerate(durations)]
            assert found[node] == timetable.makespan - schedule(graph, without).makespan


@pytest.mark.parametrize(
    ("name", "seconds", "bounded"),
    [
        ("V3.1.1__en__1100.ob-cluster-stops-zone__1", 7320, True),
        ("V3.1.1__en__1100.delete-a-tenant-replica__1", 5100, True),
        ("V4.2.1__zh__2900.failover-switchover__1", 5700, True),
        (
            "V3.1.1__en__300.stops-the-basic-processes-of-the-ocp-agent-on-multiple__1",
            780,
            True,
        ),
        ("V4.0.3__en__200.query-task-instance-details__1", 7320, True),
        ("V3.1.1__en__600.api-add-obproxy__1", 10890, False),
        ("V3.1.1__en__200.api-delete-obproxy-cluster__1", 30, False),
    ],
)
def test_budgets(corpus: Path, name: str, seconds: int, bounded: bool):
    found = analyse(load(corpus / "ocp" / f"{name}.json")).budget
    assert (found.seconds, found.is_bounded) == (seconds, bounded)


def test_reinstalling_the_agent_by_the_clock(corpus: Path):
    graph = load(corpus / "ocp" / "V4.0.3__en__200.query-task-instance-details__1.json")
    found = analyse(graph).as_run
    assert found is not None
    assert found.wall == 22_327_000
    assert found.ideal.makespan == 17_839_000
    assert ids(graph, found.path) == [13000335, 13000333, 13000336, 13000334]
    assert [(part.kind, part.microseconds // 1000) for part in found.parts] == [
        (PartKind.BEFORE, 948),
        (PartKind.RUN, 394),
        (PartKind.DISPATCH, 650),
        (PartKind.RUN, 1894),
        (PartKind.DISPATCH, 1195),
        (PartKind.RUN, 15361),
        (PartKind.DISPATCH, 880),
        (PartKind.RUN, 190),
        (PartKind.AFTER, 815),
    ]
    assert sum(part.microseconds for part in found.parts) == found.wall


def test_the_parts_of_every_run_sum_to_its_wall_time(corpus: Path):
    finished = []
    for path in sorted(corpus.rglob("*.json")):
        try:
            tasks = read_bytes(path.read_bytes(), path.name)
        except InputError:  # no task in it, or cut in half
            continue
        for graph in map(build_graph, tasks):
            found = analyse(graph).as_run if graph.is_sound else None
            if found is not None:
                finished.append(path.name)
                assert sum(part.microseconds for part in found.parts) == found.wall
    assert len(finished) >= 8
