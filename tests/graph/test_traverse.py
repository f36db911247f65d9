"""Passes over adjacency lists, against what networkx finds."""

from __future__ import annotations

from itertools import permutations
from random import Random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.graph.traverse import (
    adjacency,
    cyclic_components,
    feedback_edges,
    immediate_dominators,
    levels,
    reverse,
    runs,
    shortest_cycle,
)
from tests.effort import examples

Edges = set[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    count = draw(st.integers(1, 9))
    node = st.integers(0, count - 1)
    return count, draw(st.sets(st.tuples(node, node), max_size=30))


@given(graphs())
def test_without_the_edges_there_is_no_cycle(graph: tuple[int, Edges]) -> None:
    count, edges = graph
    rows = adjacency(count, sorted(edges))
    chosen: Edges = set()
    for component in cyclic_components(rows):
        found = feedback_edges(rows, component).edges
        assert list(found) == sorted(found)
        chosen |= set(found)
    assert chosen <= edges
    assert nx.is_directed_acyclic_graph(nx.DiGraph(edges - chosen))
    for edge in chosen:
        rest = nx.DiGraph(edges - (chosen - {edge}))
        assert not nx.is_directed_acyclic_graph(rest), "not needed"


@examples(20)
@given(graphs())
def test_no_fewer_edges_do(graph: tuple[int, Edges]) -> None:
    count, edges = graph
    rows = adjacency(count, sorted(edges))
    for component in cyclic_components(rows):
        found = feedback_edges(rows, component)
        assert found.is_smallest
        inner = [edge for edge in edges if set(edge) <= set(component)]
        if len(component) < 8:
            orders = permutations(component)
            backward = (sum(o.index(a) >= o.index(b) for a, b in inner) for o in orders)
            assert len(found.edges) == min(backward)


def test_of_a_large_component_nothing_is_proven_but_each_edge_is_needed() -> None:
    rng = Random(1)
    edges = {(rng.randrange(60), rng.randrange(60)) for _ in range(400)}
    rows = adjacency(60, sorted(edges))
    (component,) = cyclic_components(rows)
    found = feedback_edges(rows, component)
    assert not found.is_smallest
    for edge in found.edges:
        rest = nx.DiGraph(edges - (set(found.edges) - {edge}))
        assert not nx.is_directed_acyclic_graph(rest)


def test_one_edge_may_break_every_cycle() -> None:
    edges = [(0, 2), (2, 3), (3, 0), (3, 1), (1, 2), (1, 0)]
    rows = adjacency(4, edges)
    assert feedback_edges(rows, range(4)) == (((2, 3),), True)


@given(graphs())
def test_the_cycle_is_a_shortest_one_through_the_smallest(graph: tuple[int, Edges]) -> None:
    count, edges = graph
    rows = adjacency(count, sorted(edges))
    whole = nx.DiGraph(edges)
    for component in cyclic_components(rows):
        cycle = shortest_cycle(rows, component)
        start = component[0]
        assert cycle[0] == start
        assert len(set(cycle)) == len(cycle)
        assert all(pair in edges for pair in zip(cycle, [*cycle[1:], start], strict=True))
        back = [
            1 + nx.shortest_path_length(whole, b, start)
            for b in rows[start]
            if b in component
        ]
        assert len(cycle) == min(back)


def test_a_plain_cycle_is_broken_by_one_edge() -> None:
    rows = [[(node + 1) % 50] for node in range(50)]
    assert len(feedback_edges(rows, range(50)).edges) == 1


def test_a_loop_is_always_among_the_edges() -> None:
    assert feedback_edges([[0, 1], [0]], (0, 1)).edges.count((0, 0)) == 1


@pytest.mark.slow
def test_a_long_cycle_needs_no_recursion() -> None:
    count = 100_000
    rows = [[(node + 1) % count] for node in range(count)]
    assert len(shortest_cycle(rows, range(count))) == count
    assert len(feedback_edges(rows, range(count)).edges) == 1


def test_what_holds_no_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="no cycle"):
        shortest_cycle([[1], []], (0,))


@st.composite
def upstream_lists(draw: st.DrawFn) -> list[list[int]]:
    """Draw a graph whose nodes are in topological order."""
    count = draw(st.integers(1, 14))
    return [
        sorted(draw(st.sets(st.integers(0, node - 1), max_size=4)) if node else [])
        for node in range(count)
    ]


@given(upstream_lists())
def test_the_dominators_are_those_of_networkx(upstreams: list[list[int]]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    for node, before in enumerate(upstreams):
        graph.add_edges_from((other, node) for other in (before or [-1]))
    expected = nx.immediate_dominators(graph, -1)
    found = immediate_dominators(upstreams, range(len(upstreams)))
    assert found == tuple(expected[node] for node in range(len(upstreams)))


@pytest.mark.uncovered
def test_a_long_chain_is_ordinary() -> None:
    count = 100_000
    upstreams = [[node - 1] if node else [] for node in range(count)]
    assert immediate_dominators(upstreams, range(count)) == tuple(range(-1, count - 1))


@given(upstream_lists())
def test_a_level_counts_the_edges_of_the_longest_way(upstreams: list[list[int]]) -> None:
    downstreams = reverse(upstreams)
    graph: nx.DiGraph[int] = nx.DiGraph(
        (node, target) for node, row in enumerate(downstreams) for target in row
    )
    graph.add_nodes_from(range(len(upstreams)))
    found = levels(downstreams, range(len(upstreams)))
    for node, level in enumerate(found):
        before = graph.subgraph({node, *nx.ancestors(graph, node)})
        assert level == nx.dag_longest_path_length(before)


def test_runs_go_from_what_follows_nothing_to_the_last() -> None:
    assert runs({4: 1, 2: 3, 1: 0}) == [[2, 3], [4, 1, 0]]
    assert runs({}) == []
