"""The path that the clock saw: its parts sum to the wall time, whatever the times are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.as_run import PartKind
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import MICROSECOND, SpanKind
from taskgraph.model.task import Operation, Status
from tests.analysis.dags import dags, make_graph, reversed_input
from tests.analysis.documents import analyse, answered, at, changed, ids
from tests.effort import examples


def ran(begin: float, end: float, **fields: Any) -> dict[str, Any]:
    done = {"status": "SUCCESSFUL", "operation": "EXECUTE", "attempts": 1}
    return {**done, "start_time": at(begin), "finish_time": at(end), **fields}


MOMENTS = st.none() | st.integers(0, 30).map(at)
STATES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status),
        "operation": st.sampled_from(Operation),
        "attempts": st.integers(1, 2),
        "start_time": MOMENTS,
        "finish_time": MOMENTS,
    }
)


@st.composite
def runs(draw: st.DrawFn) -> TaskGraph:
    """Draw a task with any states and times at all, also impossible ones."""
    return changed(
        draw(dags()),
        lambda _: draw(STATES),
        status=draw(st.sampled_from(["RUNNING", "FAILED", "SUCCESSFUL"])),
        start_time=draw(MOMENTS),
        finish_time=draw(MOMENTS),
    )


@examples(250)
@given(runs(), MOMENTS)
def test_the_parts_sum_to_the_wall_time(graph: TaskGraph, as_of: Any):
    found = analyse(answered(graph, as_of)).as_run
    if found is None:
        return
    assert sum(part.microseconds for part in found.parts) == found.wall
    assert found.wall == (found.end - found.begin) // MICROSECOND
    moment = found.begin
    for part in found.parts:
        assert part.begin == moment
        moment += part.microseconds * MICROSECOND
    assert moment == found.end
    assert sum(found.differences.values()) == found.wall - found.ideal.makespan
    runs_of = [part.node for part in found.parts if part.kind is PartKind.RUN]
    assert tuple(runs_of) == found.path
    for part in found.parts:
        if part.kind in {PartKind.DISPATCH, PartKind.WAIT}:
            assert part.microseconds >= 0
        if part.kind is PartKind.OVERLAP:
            assert part.microseconds < 0


@examples(100)
@given(runs())
def test_the_path_follows_the_edges(graph: TaskGraph):
    found = analyse(graph).as_run
    if found is not None:
        way = set(found.path) | set(found.skipped_over)
        for node in found.path[1:]:
            assert way & set(graph.upstreams[node])


@given(dags())
def test_nothing_ran(graph: TaskGraph):
    assert analyse(graph).as_run is None


def test_the_upstream_that_finished_last_counts():
    rows = {1: ran(0, 5), 2: ran(0, 9), 3: ran(10, 12), 4: ran(0, 11)}
    graph = make_graph(rows, [(1, 3), (2, 3)])
    found = analyse(graph).as_run
    assert found is not None
    assert ids(graph, found.path) == [2, 3]


def test_equal_times_lose_no_hop():
    rows = {3: ran(0, 5), 1: ran(5, 5), 2: ran(5, 5)}
    graph = make_graph(rows, [(3, 1), (1, 2)])
    found = analyse(graph).as_run
    assert found is not None
    assert ids(graph, found.path) == [3, 1, 2]


def test_of_equal_upstreams_the_smallest_id_counts():
    rows = {1: ran(0, 5), 2: ran(0, 5), 3: ran(5, 6)}
    graph = make_graph(rows, [(1, 3), (2, 3)])
    found = analyse(graph).as_run
    assert found is not None
    assert found == analyse(reversed_input(graph)).as_run
    assert ids(graph, found.path) == [1, 3]


def test_of_what_is_at_work_the_first_to_begin_counts_whatever_its_id():
    at_work = {"status": "RUNNING", "finish_time": None}
    rows = {"a": ran(0, 1), "o": ran(2, 0, **at_work), "n": ran(8, 0, **at_work), "c": {}}
    for old, new in (("b", "d"), ("d", "b")):
        named = {"o": old, "n": new}
        graph = make_graph(
            {named.get(name, name): row for name, row in rows.items()},
            [f"a{old}", f"a{new}", f"{old}c", f"{new}c"],
        )
        found = analyse(answered(graph, at(10))).as_run
        assert found is not None
        assert ids(graph, found.path) == ["a", old]
    below = make_graph({"a": ran(0, 5), "b": ran(5, 5), "c": ran(1, 5)}, ["ab"])
    found = analyse(below).as_run
    assert found is not None
    assert ids(below, found.path) == ["c"]
    alone = analyse(make_graph({"a": ran(0, 5), "b": ran(5, 5)}, ["ab"])).as_run
    assert alone is not None
    assert alone.path == (0, 1)


def test_dispatch_is_what_polling_explains_and_the_rest_is_waiting():
    graph = make_graph({1: ran(0, 5), 2: ran(10, 12)}, [(1, 2)])
    found = analyse(graph).as_run
    assert found is not None
    assert [(part.kind, part.microseconds) for part in found.parts[2:4]] == [
        (PartKind.DISPATCH, 2_000_000),
        (PartKind.WAIT, 3_000_000),
    ]


def test_an_overlap_is_a_negative_part_and_named():
    graph = make_graph({1: ran(0, 5), 2: ran(3, 8)}, [(1, 2)])
    found = analyse(graph).as_run
    assert found is not None
    overlap = found.parts[2]
    assert (overlap.kind, overlap.microseconds) == (PartKind.OVERLAP, -2_000_000)
    assert found.wall == 8_000_000
    assert found.ideal.makespan == 10_000_000
    assert found.ideal_exceeds_wall
    assert found.differences == {PartKind.OVERLAP: -2_000_000}


def test_what_finished_before_it_started_did_no_negative_work():
    graph = make_graph({1: ran(9, 5), 2: ran(10, 12)}, [(1, 2)])
    found = analyse(graph).as_run
    assert found is not None
    assert found.total(PartKind.RUN) == 2_000_000 == found.ideal.makespan
    assert found.total(PartKind.OVERLAP) == -4_000_000
    assert sum(part.microseconds for part in found.parts) == found.wall


def test_a_subtask_without_times_is_walked_through():
    graph = make_graph(
        {1: ran(0, 5), 2: {"status": "SUCCESSFUL"}, 3: ran(9, 10)}, [(1, 2), (2, 3)]
    )
    found = analyse(graph).as_run
    assert found is not None
    assert ids(graph, found.path) == [1, 3]
    assert ids(graph, found.skipped_over) == [2]
    assert found.total(PartKind.WAIT) == 2_000_000


def test_attempts_are_told_and_never_one_run():
    rows = {1: ran(0, 50, attempts=3, operation="RETRY")}
    found = analyse(make_graph(rows)).as_run
    assert found is not None
    part = found.parts[1]
    assert (part.span, part.attempts) == (SpanKind.SEVERAL_RUNS, 3)


def test_a_running_task_shows_an_old_finish():
    rows = {1: ran(0, 5), 2: ran(6, 7, status="RUNNING")}
    graph = make_graph(
        rows, [(1, 2)], status="RUNNING", start_time=at(-1), finish_time=at(3)
    )
    found = analyse(graph, as_of=at(20)).as_run
    assert found is not None
    assert found.end == at(20)
    assert [part.microseconds for part in found.parts] == [
        *(1_000_000, 5_000_000, 1_000_000, 14_000_000, 0),
    ]
    assert found.parts[3].span is SpanKind.RUNNING


def test_a_failed_task_in_which_a_sibling_ran_on():
    rows = {1: ran(0, 5, status="FAILED"), 2: ran(0, 9)}
    graph = make_graph(rows, status="FAILED", start_time=at(0), finish_time=at(6))
    found = analyse(graph).as_run
    assert found is not None
    assert found.wall == 9_000_000  # the run ends with what ran on, not with the failure
    assert found.parts[-1].kind is PartKind.AFTER
    assert found.parts[-1].microseconds == 0
