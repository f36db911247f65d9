"""The antichains that a concurrency limit cannot hold."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.width import Width, wide_antichain, width
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.dags import dags, make_graph
from tests.effort import examples


def brute_width(graph: TaskGraph) -> int:
    """Try every set of nodes of which none is an ancestor of another."""
    above = [graph.ancestors([node]) for node in range(len(graph))]
    for size in range(len(graph), 1, -1):
        for nodes in itertools.combinations(range(len(graph)), size):
            if all(not above[node] & set(nodes) for node in nodes):
                return size
    return 1


@examples(400)
@given(dags(most=8), st.integers(1, 5))
def test_an_antichain_is_found_where_one_is_too_wide(graph: TaskGraph, limit: int):
    found = wide_antichain(graph, limit)
    if brute_width(graph) <= limit:
        assert found == ()
    else:
        assert len(found) == limit + 1
        assert found == tuple(sorted(set(found)))
        assert not graph.descendants(found) & set(found)
        assert not any(graph.ancestors([node]) & set(found) for node in found)


@examples(400)
@given(dags(most=8), st.integers(1, 3), st.sets(st.integers(0, 7)))
def test_of_some_nodes_only_the_edges_between_them_count(
    graph: TaskGraph, limit: int, chosen: set[int]
):
    among = sorted(chosen.intersection(range(len(graph))))
    part = make_graph(among, [e for e in graph.edges() if chosen.issuperset(e)])
    found = wide_antichain(graph, limit, among)
    there = [part.index[node] for node in found]
    assert len(found) == (limit + 1 if among and brute_width(part) > limit else 0)
    assert not part.descendants(there) & set(there)


def comb(size: int) -> TaskGraph:
    """Two chains with a rung between each pair: the rungs are on no common level."""
    edges = []
    for at in range(size):
        edges += [(3 * at, 3 * at + 1), (3 * at + 1, 3 * at + 2)]
        if at:
            edges += [(3 * at - 3, 3 * at), (3 * at - 1, 3 * at + 2)]
    return make_graph(range(3 * size), edges)


def test_nodes_of_different_depth_can_be_in_flight_together():
    graph = comb(12)
    assert wide_antichain(graph, 12) == ()
    found = wide_antichain(graph, 11)
    assert len(found) == 12
    assert not graph.descendants(found) & set(found)


@pytest.mark.uncovered
@pytest.mark.parametrize("limit", [2, 3])
def test_a_long_ladder_is_narrow(limit: int):
    size = 10_000
    edges = []
    for at in range(0, 3 * size, 3):
        edges += [(at, at + 1), (at, at + 2), (at + 1, at + 3), (at + 2, at + 3)]
    assert wide_antichain(make_graph(range(3 * size + 1), edges), limit) == ()


def test_a_narrow_graph_in_any_order_of_ids():
    choose = random.Random(5)
    ids = list(range(3000))
    choose.shuffle(ids)
    rows = [ids[at : at + 3] for at in range(0, len(ids), 3)]
    edges = [
        (a, b)
        for above, below in itertools.pairwise(rows)
        for a in above
        for b in below
        if choose.random() < 0.4
    ]
    found = wide_antichain(make_graph(range(3000), edges), 2)
    assert len(found) == 3


@examples(400)
@given(dags(most=8))
def test_the_width_is_that_of_the_largest_antichain(graph: TaskGraph):
    assert width(graph) == Width(brute_width(graph), is_exact=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_bound_of_work_leaves_a_width_that_is_there(seed: int):
    rng = random.Random(seed)
    edges = {(max(0, b - rng.randint(1, 40)), b) for b in range(1, 300) for _ in range(6)}
    graph = make_graph(range(300), sorted(edges))
    whole = width(graph, 10**6)
    assert whole.is_exact
    assert len(wide_antichain(graph, whole.size - 1)) == whole.size
    assert wide_antichain(graph, whole.size) == ()
    for steps in (0, 2000, 5000):
        found = width(graph, steps)
        assert not found.is_exact
        assert len(wide_antichain(graph, found.size - 1)) == found.size
        assert found.size <= whole.size
