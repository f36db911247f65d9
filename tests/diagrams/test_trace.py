"""The trace of a run: slices that do not overlap, and an arrow for each dependency."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from taskgraph import load
from taskgraph.diagrams.formats import render
from taskgraph.errors import RenderError
from taskgraph.model.task import Envelope, Id
from tests.diagrams.tasks import HOSTILE, analysed, chain, fan, make_task, shuffled, tasks
from tests.effort import examples

SAMPLES = Path(__file__).parents[2] / "samples"


def trace(analysis: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(render(analysis, "trace"))["traceEvents"]
    return events


def check(events: list[dict[str, Any]]) -> None:
    """Hold a trace against its format, as a viewer does that imports it."""
    slices: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        assert {"ph", "pid", "tid", "ts", "name"} <= event.keys()
        assert event["ph"] in "MXsfbe"
        assert isinstance(event["ts"], int)
        assert event["ts"] >= 0
        if event["ph"] == "X":
            assert event["dur"] >= 1
            slices[event["tid"]].append(event)
    for row in slices.values():
        row.sort(key=lambda event: event["ts"])
        for before, after in pairwise(row):
            assert before["ts"] + before["dur"] <= after["ts"], "slices of a track overlap"
    flows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["ph"] in "sf":
            flows[event["id"]].append(event)
            assert any(
                one["ts"] <= event["ts"] <= one["ts"] + one["dur"]
                for one in slices[event["tid"]]
            ), "an arrow that is bound to no slice"
    for pair in flows.values():
        assert [event["ph"] for event in pair] == ["s", "f"]
        assert pair[1]["bp"] == "e"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_samples(path: Path) -> None:
    analysis = load(path).analysis
    events = trace(analysis)
    check(events)
    ids = {event["args"]["id"] for event in events if event["ph"] == "X"}
    spans = [s for s in analysis.graph.subtasks if s.start_time and s.finish_time]
    assert len(ids) >= len(spans)


@examples(60)
@given(tasks())
def test_plans(task: Any) -> None:
    events = trace(analysed(task))
    check(events)
    graph = analysed(task).graph
    assert sum(event["ph"] == "X" for event in events) == len(graph)
    assert sum(event["ph"] == "s" for event in events) == graph.edge_count


def test_a_track_for_each_machine() -> None:
    rows = [row._replace(host=f"10.0.0.{n}") for n, row in enumerate(fan(3).subtasks)]
    events = trace(analysed(replace(fan(3), subtasks=tuple(rows))))
    names = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == {f"10.0.0.{n}" for n in range(5)}


def test_a_wait_ends_where_its_run_begins() -> None:
    start = datetime(2025, 3, 4, 10, tzinfo=UTC)
    rows: dict[Id, dict[str, Any]] = {
        n: {
            "status": "SUCCESSFUL",
            "attempts": n,
            "start_time": start + timedelta(seconds=10 * n),
            "finish_time": start + timedelta(seconds=10 * n + 7),
        }
        for n in (1, 2)
    }
    events = trace(analysed(make_task(rows, [(1, 2)])))
    check(events)
    assert [(e["ph"], e["ts"]) for e in events if e.get("cat") == "wait"] == [
        ("b", 7_000_000),
        ("e", 10_000_000),
    ]
    assert [e["args"]["attempts"] for e in events if e["ph"] == "X"] == [1, 2]


def test_hostile_names_and_any_order() -> None:
    task = chain(HOSTILE)
    assert render(analysed(task), "trace") == render(analysed(shuffled(task)), "trace")


def test_nothing_to_show_is_said() -> None:
    cyclic = make_task({1: {}, 2: {}}, [(1, 2), (2, 1)])
    with pytest.raises(RenderError, match="form a cycle"):
        render(analysed(cyclic), "trace")


def test_a_slice_says_that_it_is_overdue() -> None:
    begin = datetime(2025, 3, 4, 10, tzinfo=UTC)
    row = {"status": "RUNNING", "start_time": begin, "attempts": 1, "timeout": 30}
    task = make_task({1: row})
    task = replace(task, envelope=Envelope(timestamp=begin + timedelta(seconds=99)))
    (run,) = (event for event in trace(analysed(task)) if event["ph"] == "X")
    assert run["args"]["state"] == "RUNNING, overdue"
