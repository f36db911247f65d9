"""The schedule against enumeration of every path."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given

from taskgraph.analysis.schedule import PATH_COUNT_LIMIT, schedule
from taskgraph.errors import AnalysisError
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.dags import full_paths, longest, make_graph, reversed_input, timed_dags
from tests.effort import examples


@examples(1000)
@given(timed_dags())
def test_every_time_and_float_equals_its_definition(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    found = schedule(graph, durations)
    paths = full_paths(graph)
    makespan = longest(paths, durations)
    assert found.makespan == makespan
    for node, duration in enumerate(durations):
        through = [path for path in paths if node in path]
        heads = [path[: path.index(node)] for path in through]
        tails = [path[path.index(node) :] for path in through]
        start = longest(heads, durations)
        late = makespan - longest(tails, durations)
        assert found.early_start[node] == start
        assert found.early_finish[node] == start + duration
        assert found.late_start[node] == late
        assert found.late_finish[node] == late + duration
        assert found.total_float[node] == makespan - longest(through, durations)
    for node, row in enumerate(graph.downstreams):
        following = [found.early_start[other] for other in row] or [makespan]
        assert found.free_float[node] == min(following) - found.early_finish[node]


@examples(1000)
@given(timed_dags())
def test_critical_paths_equal_enumeration(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    found = schedule(graph, durations)
    longest_paths = [
        path
        for path in full_paths(graph)
        if sum(durations[node] for node in path) == found.makespan
    ]
    assert found.path_count == len(longest_paths)
    assert not found.has_more_paths
    assert found.critical_path == min(longest_paths)
    assert set(found.critical) == {node for path in longest_paths for node in path}
    places = [graph.order.index(node) for node in found.critical]
    assert places == sorted(places)


@examples(150)
@given(timed_dags())
def test_a_float_is_what_a_subtask_may_take_longer(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    found = schedule(graph, durations)
    for node in range(len(graph)):
        longer = list(durations)
        longer[node] += found.total_float[node]
        assert schedule(graph, longer).makespan == found.makespan
        longer[node] += 1
        assert schedule(graph, longer).makespan == found.makespan + 1


@given(timed_dags())
def test_the_order_of_the_document_has_no_say(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    assert schedule(graph, durations) == schedule(reversed_input(graph), durations)


@given(timed_dags())
def test_near_critical_is_ordered_by_float(case: tuple[TaskGraph, list[int]]):
    graph, durations = case
    found = schedule(graph, durations)
    near = found.near_critical(2)
    assert {found.total_float[node] for node in near} <= {1, 2}
    assert set(near) == {n for n, f in enumerate(found.total_float) if f in {1, 2}}
    assert list(near) == sorted(near, key=lambda node: (found.total_float[node], node))


def diamonds(count: int) -> TaskGraph:
    """A row of diamonds: each doubles the number of paths."""
    edges = []
    for first in range(0, 3 * count, 3):
        edges += [(first, first + 1), (first, first + 2)]
        edges += [(first + 1, first + 3), (first + 2, first + 3)]
    return make_graph(range(3 * count + 1), edges)


def test_the_number_of_paths_is_exact_up_to_the_limit():
    exact = schedule(diamonds(59), [1] * 178)
    assert (exact.path_count, exact.has_more_paths) == (2**59, False)
    assert 2**59 < PATH_COUNT_LIMIT < 2**60
    more = schedule(diamonds(60), [1] * 181)
    assert (more.path_count, more.has_more_paths) == (10**18, True)
    many = schedule(diamonds(5000), [1] * 15001)
    assert (many.path_count, many.has_more_paths) == (10**18, True)


@pytest.mark.uncovered
def test_a_long_chain_in_any_order_of_ids():
    ids = list(range(30_000))
    random.Random(3).shuffle(ids)
    graph = make_graph(ids, itertools.pairwise(ids))
    found = schedule(graph, [1] * len(ids))
    assert found.makespan == len(ids)
    assert found.critical_path == tuple(ids)


def test_no_subtask_at_all():
    found = schedule(make_graph([]), [])
    assert (found.makespan, found.critical_path, found.path_count) == (0, (), 0)


def test_a_faulty_graph_is_refused_with_its_flaws():
    graph = make_graph([1, 2], [(1, 2), (2, 1)])
    with pytest.raises(AnalysisError, match="form a cycle"):
        schedule(graph, [1, 1])


@pytest.mark.parametrize("durations", [[1], [1, -1]])
def test_durations_must_fit(durations: list[int]):
    with pytest.raises(ValueError, match="duration"):
        schedule(make_graph([1, 2]), durations)
