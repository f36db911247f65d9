"""One object answers every question, each once, and refuses where paths mean nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.schedule import drags, schedule
from taskgraph.analysis.weights import Basis, WeightKind
from taskgraph.analysis.whatif import Changes
from taskgraph.api import LoadedTask
from taskgraph.errors import AnalysisError, ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Envelope
from taskgraph.settings import DEFAULTS, Settings
from tests.analysis.dags import SETTINGS, make_graph, named_dags
from tests.analysis.documents import analyse, at, ids
from tests.effort import examples

CHAIN = {
    "a": {"timeout": 10, "status": "SUCCESSFUL"},
    "b": {"timeout": 100, "status": "FAILED"},
    "c": {"timeout": 1000, "status": "PENDING"},
}
EDGES = ["ab", "bc"]
ANSWERS = [
    *("budget", "schedule", "drags", "no_return", "rollback", "left", "remaining"),
    *("progress", "failure", "ways_out", "as_run", "longest_path"),
]


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_is_computed_once(name: str):
    answers = Analysis(make_graph(CHAIN, EDGES))
    assert getattr(answers, name) is getattr(answers, name)
    assert answers.settings is DEFAULTS
    assert answers.is_sound


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"left"}))
@pytest.mark.parametrize("edges", [["ab", "ba"], ["ab", "bc", "ca"]])
def test_a_faulty_graph_has_no_answer_about_graph_and_time(name: str, edges: list[str]):
    answers = analyse(make_graph(CHAIN, edges), attempts=2)
    assert not answers.is_sound
    with pytest.raises(AnalysisError, match="form a cycle"):
        getattr(answers, name)


def test_what_needs_no_path_is_known_of_a_faulty_graph_too():
    answers = analyse(make_graph(CHAIN, ["ab", "ba"]), attempts=2, overhead=1)
    assert answers.left.durations == (0, 101, 2002)
    assert answers.weigh("timeout").durations == (22, 202, 2002)
    assert answers.slots == 10
    for by in ("timeout", "actual", "remaining"):
        with pytest.raises(AnalysisError, match="form a cycle"):
            answers.timetable(by)


def test_the_moment_is_the_settings_before_the_documents():
    graph = make_graph(CHAIN, EDGES, envelope=Envelope(timestamp=at(5)))
    assert Analysis(graph).as_of == at(5)
    assert analyse(graph, as_of=at(9)).as_of == at(9)
    assert Analysis(make_graph(CHAIN, EDGES)).as_of is None


@examples(150)
@given(named_dags(), SETTINGS)
def test_answers_rest_on_the_same_durations(graph: TaskGraph, assumed: dict[str, Any]):
    answers = analyse(graph, **assumed)
    assert answers.budget.schedule is answers.schedule
    assert answers.schedule == schedule(graph, answers.worst_durations)
    assert answers.weigh("timeout").durations == answers.worst_durations
    assert answers.drags == drags(graph, answers.schedule)
    assert answers.longest_path == answers.schedule.makespan
    assert answers.budget.bounds.longest_path == answers.longest_path
    assert answers.rollback.no_return is answers.no_return
    assert answers.progress.worst_case is answers.remaining
    assert answers.progress.left is answers.left
    timetable = answers.timetable()
    assert (timetable.graph, timetable.what_if) == (graph, None)
    assert timetable.schedule == answers.schedule
    assert timetable.drags == answers.drags


@examples(100)
@given(named_dags(), SETTINGS, st.sampled_from(["timeout", "remaining", "actual"]))
def test_a_change_that_changes_nothing(
    graph: TaskGraph, assumed: dict[str, Any], by: WeightKind
):
    answers = analyse(graph, **assumed)
    plain, changed = answers.timetable(by), answers.timetable(by, changes=Changes())
    assert changed.what_if is not None
    assert changed.what_if.change == 0
    assert (changed.schedule, changed.drags) == (plain.schedule, plain.drags)


def test_near_critical_is_told_in_the_unit_of_the_weights():
    answers = analyse(make_graph(CHAIN, EDGES))
    assert answers.timetable(within=5).within_units == 5
    assert answers.timetable("actual", within=5).within_units == 5_000_000
    assert answers.timetable().within_units == 0
    assert answers.timetable("actual").as_run is answers.as_run


@given(named_dags(), st.integers(0, 500))
def test_started_at_the_latest_every_path_ends_in_the_window(graph: TaskGraph, window: int):
    """Against the longest path from each node to an end, by definition."""
    answers = analyse(graph, concurrency=0)
    table = answers.timetable(window=window)
    durations = table.schedule.durations
    longest = [0] * len(graph)
    for node in reversed(graph.order):
        after = max((longest[down] for down in graph.downstreams[node]), default=0)
        longest[node] = durations[node] + after
    spare = table.spare
    assert spare == window - max(longest, default=0)
    latest = [late + spare for late in table.schedule.late_start]
    assert latest == [window - path for path in longest]


def test_waiting_for_a_slot_counts_beside_a_window():
    rows = {f"{number}": {"timeout": 60} for number in range(20)}
    answers = analyse(make_graph(rows, []), concurrency=4)
    table = answers.timetable(window=100)
    assert (table.spare, table.schedule.makespan + table.waits) == (
        40,
        answers.budget.seconds,
    )
    assert answers.timetable("actual", window=1).spare == 1_000_000
    longer = answers.timetable(window=100, changes=Changes(durations={"0": 80}))
    slower = {name: {"timeout": 80 if name == "0" else 60} for name in rows}
    whole = analyse(make_graph(slower, []), concurrency=4).budget.seconds
    assert (longer.spare, longer.schedule.makespan + longer.waits) == (20, whole)


def test_a_rollback_is_scheduled_upstream():
    rows = {name: {**row, "status": "SUCCESSFUL"} for name, row in CHAIN.items()}
    graph = make_graph(rows, EDGES, operation="ROLLBACK", status="RUNNING")
    answers = analyse(graph, attempts=3, overhead=1)
    timetable = answers.timetable("remaining")
    assert ids(graph, timetable.schedule.critical_path) == ["c", "b", "a"]
    assert timetable.schedule.makespan == answers.remaining.seconds == 1110 + 3
    assert timetable.schedule.early_start == (1102, 1001, 0)
    # An edge is dropped as the document has it.
    dropped = answers.timetable("remaining", changes=Changes(dropped_edges=(("a", "b"),)))
    assert dropped.schedule.makespan == 1001 + 101
    with pytest.raises(ConfigError, match="no edge from b to a"):
        answers.timetable("remaining", changes=Changes(dropped_edges=(("b", "a"),)))
    assert ids(graph, answers.schedule.critical_path) == ["a", "b", "c"]


def test_an_assumed_timeout_holds_in_every_answer():
    rows = {"a": {"status": "FAILED"}, "b": {"status": "PENDING", "timeout": 0}}
    graph = make_graph(rows, ["ab"], status="FAILED", operation="EXECUTE")
    answers = analyse(graph, assume_timeout=60, as_of=at(0))
    assert (answers.budget.seconds, answers.budget.is_bounded) == (120, True)
    assert answers.left.basis == (Basis.ASSUMED, Basis.ASSUMED)
    assert answers.remaining.seconds == 120
    assert answers.progress.latest_finish is None  # what failed waits for a person
    (way_out,) = answers.ways_out
    bounds = (way_out.retry.worst_case, way_out.skip.worst_case)
    assert [bound and bound.seconds for bound in bounds] == [120, 60]
    assert way_out.rollback.worst_case == answers.rollback.worst_case
    assert (answers.rollback.worst_case.seconds, answers.rollback.worst_case.unlimited) == (
        60,
        (),
    )
    without = analyse(graph, as_of=at(0))
    assert without.progress.latest_finish is None
    assert without.rollback.worst_case.unlimited == (0,)
    assert not without.budget.is_bounded


def test_a_moment_before_that_of_the_document_is_refused():
    graph = make_graph({"a": {"status": "RUNNING", "start_time": at(10)}}, [])
    for seconds, allowed in ((9, True), (8, False), (11, True)):
        settings = Settings(as_of=at(seconds))
        if allowed:
            assert Analysis(graph, settings).as_of == at(seconds)
            assert LoadedTask(graph.task, settings).analysis.as_of == at(seconds)
        else:
            with pytest.raises(ConfigError, match="before the document: its latest time"):
                Analysis(graph, settings)
            with pytest.raises(ConfigError, match="before the document"):
                LoadedTask(graph.task, settings)


def test_the_moment_has_the_offset_of_the_document():
    graph = make_graph({"a": {"status": "RUNNING", "start_time": at(10)}}, [])
    other = timezone(timedelta(hours=9, minutes=30))
    settings = Settings(as_of=at(20).astimezone(other))
    told = Analysis(graph, settings).as_of
    assert told is not None
    assert (told, told.utcoffset()) == (at(20), at(10).utcoffset())
    with pytest.raises(ConfigError, match="with which it would be"):
        Analysis(graph, Settings(as_of=at(20).replace(tzinfo=other)))
    last = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))
    assert Analysis(graph, Settings(as_of=last)).as_of == last
