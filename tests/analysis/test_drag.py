"""Drag against computing the makespan again without each subtask."""

from __future__ import annotations

from hypothesis import given

from taskgraph.analysis.schedule import drags, schedule
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.dags import make_graph, timed_dags
from tests.effort import examples


def recomputed(graph: TaskGraph, durations: list[int]) -> tuple[int, ...]:
    """Take each subtask's time away in turn and look at the makespan."""
    makespan = schedule(graph, durations).makespan
    rows = []
    for node in range(len(graph)):
        without = [0 if other == node else value for other, value in enumerate(durations)]
        rows.append(makespan - schedule(graph, without).makespan)
    return tuple(rows)


@examples(1000)
@given(timed_dags(most=8, longest=5))
def test_drag_equals_computing_again_with_no_duration(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    assert drags(graph, schedule(graph, durations)) == recomputed(graph, durations)


@examples(150)
@given(timed_dags(most=14, longest=40))
def test_drag_in_wider_graphs(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    assert drags(graph, schedule(graph, durations)) == recomputed(graph, durations)


def test_the_drag_in_a_chain_is_the_whole_duration():
    graph = make_graph("abcd", ["ab", "bc", "cd"])
    durations = [3, 0, 5, 2]
    assert drags(graph, schedule(graph, durations)) == (3, 0, 5, 2)


def test_a_shorter_branch_limits_the_drag():
    # a 2 -> b 10 -> d 1, beside it a -> c 7 -> d: b can save 3, then c is critical.
    graph = make_graph("abcd", ["ab", "bd", "ac", "cd"])
    assert drags(graph, schedule(graph, [2, 10, 7, 1])) == (2, 3, 0, 1)


def test_a_separate_component_limits_the_drag():
    # a 4 -> b 6 beside c 9: no subtask saves more than 10 - 9 = 1.
    graph = make_graph("abc", ["ab"])
    assert drags(graph, schedule(graph, [4, 6, 9])) == (1, 1, 0)


def test_two_critical_paths_leave_drag_only_where_they_meet():
    graph = make_graph("abcd", ["ab", "bd", "ac", "cd"])
    assert drags(graph, schedule(graph, [2, 5, 5, 1])) == (2, 0, 0, 1)


def test_no_subtask_at_all():
    graph = make_graph([])
    assert drags(graph, schedule(graph, [])) == ()
