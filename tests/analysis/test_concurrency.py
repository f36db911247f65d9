"""The list schedule and the bounds around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.concurrency import (
    Enough,
    bounds,
    enough,
    list_schedule,
)
from taskgraph.analysis.schedule import schedule
from taskgraph.analysis.width import Width, width
from taskgraph.errors import AnalysisError
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.dags import make_graph, reversed_input, timed_dags
from tests.analysis.documents import analyse
from tests.effort import examples

Case = tuple[TaskGraph, list[int]]


def in_flight_at_starts(starts: tuple[int, ...], durations: list[int]) -> dict[int, int]:
    """Count for each moment at which something starts what is at work just after it."""
    return {
        moment: sum(
            start <= moment < start + duration
            for start, duration in zip(starts, durations, strict=True)
        )
        for moment in starts
    }


def behind_one(case: Case) -> Case:
    """Put a subtask that takes no time before all others: then none of them is first."""
    graph, durations = case
    edges = [(a + 1, b + 1) for a, b in graph.edges()]
    edges += [(0, node + 1) for node, ups in enumerate(graph.upstreams) if not ups]
    return make_graph(range(len(graph) + 1), edges), [0, *durations]


@examples(600)
@given(timed_dags(most=8), st.integers(1, 4))
def test_the_list_schedule_respects_edges_and_limit(case: Case, limit: int):
    graph, durations = behind_one(case)
    found = list_schedule(graph, durations, limit)
    for upstream, downstream in graph.edges():
        assert found.starts[downstream] >= found.starts[upstream] + durations[upstream]
    assert max(in_flight_at_starts(found.starts, durations).values()) <= limit
    assert found.peak <= limit
    ends = [start + length for start, length in zip(found.starts, durations, strict=True)]
    assert found.makespan == max(ends)


@examples(600)
@given(timed_dags(most=8), st.integers(1, 4), st.booleans())
def test_the_list_schedule_lies_between_the_bounds(case: Case, limit: int, waits: bool):
    graph, durations = behind_one(case) if waits else case
    timetable = schedule(graph, durations)
    found = bounds(graph, timetable, limit)
    run = list_schedule(graph, durations, limit)
    assert found.longest_path <= found.lower <= found.listed <= found.upper
    assert found.listed == run.makespan
    assert found.upper <= found.total
    if not found.may_wait:
        assert found.lower == found.upper == timetable.makespan
        assert run.starts == timetable.early_start
    else:
        others = (limit - 1) * timetable.makespan
        assert found.upper == (sum(durations) + others) // limit  # Graham's bound


@examples(200)
@given(timed_dags(most=7), st.integers(1, 3), st.data())
def test_no_quicker_run_breaks_the_bound(case: Case, limit: int, data: st.DataObject):
    for graph, durations in (case, behind_one(case)):
        most = bounds(graph, schedule(graph, durations), limit).upper
        shorter = [data.draw(st.integers(0, value)) for value in durations]
        assert list_schedule(graph, shorter, limit).makespan <= most


@examples(100)
@given(timed_dags(most=8), st.integers(1, 3))
def test_only_the_first_wave_goes_over_the_limit(case: Case, limit: int):
    graph, durations = case
    run = list_schedule(graph, durations, limit)
    first = [node for node, ups in enumerate(graph.upstreams) if not ups]
    assert all(run.starts[node] == 0 for node in first)
    counts = in_flight_at_starts(run.starts, durations)
    later = [n for n, ups in enumerate(graph.upstreams) if ups and durations[n]]
    for node in later:
        alone = [n for n in first if durations[n] > run.starts[node]]
        assert counts[run.starts[node]] <= max(limit, len(alone))


@given(timed_dags(most=8))
def test_without_a_limit_nothing_waits(case: Case):
    graph, durations = case
    timetable = schedule(graph, durations)
    assert list_schedule(graph, durations, 0).starts == timetable.early_start
    assert bounds(graph, timetable, 0).upper == timetable.makespan


@given(timed_dags(most=8), st.integers(1, 3))
def test_the_order_of_the_document_has_no_say(case: Case, limit: int):
    graph, durations = case
    run = list_schedule(graph, durations, limit)
    assert run == list_schedule(reversed_input(graph), durations, limit)


def test_five_equal_subtasks_two_at_a_time():
    graph = make_graph(range(6), [(0, node) for node in range(1, 6)])
    durations = [1, 4, 4, 4, 4, 4]
    found = bounds(graph, schedule(graph, durations), 2)
    # The longest path is 5, all work is 21: Graham allows (21 + 1 * 5) / 2 = 13, and two
    # at a time need 21 / 2, rounded up to 11. As listed: 1, then three rounds of 4.
    assert (found.upper, found.lower, found.listed) == (13, 11, 13)
    assert len(found.widest) == 3


def test_not_even_a_first_wave_has_more_than_the_workers():
    graph = make_graph(range(5))
    durations = [2, 2, 2, 2, 2]
    assert list_schedule(graph, durations, 1).makespan == 2
    run = list_schedule(graph, durations, 1, workers=2)
    # Handed over at once, in their order, and worked on two at a time.
    assert (run.starts, run.peak) == ((0, 0, 2, 2, 4), 2)


def test_the_work_that_a_first_wave_does_beyond_the_limit():
    graph = make_graph(range(3))
    found = bounds(graph, schedule(graph, [5, 4, 3]), 2)
    assert (found.lower, found.listed) == (5, 5)
    graph, durations = behind_one((graph, [5, 4, 3]))
    waiting = bounds(graph, schedule(graph, durations), 2)
    # 12 of work for two slots; the third starts when the second ends: 4 + 3.
    assert (waiting.lower, waiting.listed) == (6, 7)


def test_shorter_durations_can_take_longer():
    # Graham (1966): nine jobs, three slots, every job shortened by one.
    edges = [(1, 9), (4, 5), (4, 6), (4, 7), (4, 8)]
    edges += [(0, node) for node in (1, 2, 3, 4)]  # which takes no time
    graph = make_graph(range(10), edges)
    durations = [3, 2, 2, 2, 4, 4, 4, 4, 9]
    first = list_schedule(graph, [0, *durations], 3)
    second = list_schedule(graph, [0, *(d - 1 for d in durations)], 3)
    assert first.makespan == 12
    assert second.makespan == 13


def test_a_faulty_graph_is_refused():
    with pytest.raises(AnalysisError, match="cycle"):
        list_schedule(make_graph([1, 2], [(1, 2), (2, 1)]), [1, 1], 1)


def test_a_negative_setting_is_the_default_of_the_engine_again() -> None:
    graph = make_graph({number: {"timeout": 60} for number in range(25)})
    ten, again = (analyse(graph, concurrency=limit) for limit in (10, -1))
    assert again.slots == ten.slots == 10
    assert again.budget.seconds == ten.budget.seconds


@examples(600)
@given(timed_dags(most=8), st.integers(0, 3))
def test_so_many_slots_are_enough_and_no_smaller_number_is(case: Case, workers: int):
    graph, durations = behind_one(case)
    timetable, widest = schedule(graph, durations), width(graph).size
    free = [
        limit
        for limit in range(1, min(widest, workers or widest) + 1)
        if list_schedule(graph, durations, limit, workers).makespan == timetable.makespan
    ]
    found = enough(graph, timetable, width(graph), workers)
    assert found.is_searched
    assert found.limit == (free[0] if free else None)
    assert found.tried == (free[0] if free else min(widest, workers or widest))
    if not workers:
        assert found.limit is not None


def test_the_first_wave_needs_no_slots():
    graph = make_graph(range(6), [(4, 5)])
    timetable = schedule(graph, [60, 60, 60, 60, 30, 30])
    assert enough(graph, timetable, width(graph)) == Enough(5, 5, is_searched=True)
    graph = make_graph(range(6), [])
    timetable = schedule(graph, [60, 60, 60, 60, 30, 30])
    assert enough(graph, timetable, width(graph)) == Enough(1, 1, is_searched=True)


def test_a_bound_of_work_leaves_what_was_tried():
    fan = [(0, node) for node in range(1, 41)]
    graph = make_graph(range(41), fan)
    timetable = schedule(graph, [1, *range(1, 41)])
    whole = enough(graph, timetable, width(graph))
    assert whole.limit is not None
    cut = enough(graph, timetable, width(graph), most_steps=0)
    assert (cut.limit, cut.is_searched) == (None, False)
    assert cut.tried < whole.limit
    assert enough(graph, timetable, Width(30, is_exact=False)) == cut


def test_what_the_work_rules_out_is_not_all_where_more_may_be_in_flight():
    graph = make_graph(range(5), [(0, 1), (0, 3), (1, 4)])
    timetable = schedule(graph, [1, 1, 60, 60, 60])
    known = width(graph, most_steps=0)
    assert known == Width(2, is_exact=False)
    assert enough(graph, timetable, known) == Enough(None, 2, is_searched=False)
    assert enough(graph, timetable, width(graph)) == Enough(3, 3, is_searched=True)
