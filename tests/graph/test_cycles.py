"""Shortest cycles, and the edges that break all of them."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.graph import cyclic_components, feedback_edges, shortest_cycle

Edges = set[tuple[int, int]]


def adjacency(edges: Edges, count: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(count)]
    for a, b in sorted(edges):
        rows[a].append(b)
    return rows


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    count = draw(st.integers(1, 9))
    node = st.integers(0, count - 1)
    return count, draw(st.sets(st.tuples(node, node), max_size=30))


@given(graphs())
def test_without_the_edges_there_is_no_cycle(graph: tuple[int, Edges]) -> None:
    count, edges = graph
    rows = adjacency(edges, count)
    chosen: Edges = set()
    for component in cyclic_components(rows):
        found = feedback_edges(rows, component)
        assert found == sorted(found)
        chosen |= set(found)
    assert chosen <= edges
    assert nx.is_directed_acyclic_graph(nx.DiGraph(edges - chosen))


@given(graphs())
def test_the_cycle_is_a_shortest_one_through_the_smallest(graph: tuple[int, Edges]) -> None:
    count, edges = graph
    rows = adjacency(edges, count)
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
    assert len(feedback_edges(rows, range(50))) == 1


def test_a_loop_is_always_among_the_edges() -> None:
    assert feedback_edges([[0, 1], [0]], (0, 1)).count((0, 0)) == 1


def test_a_long_cycle_needs_no_recursion() -> None:
    count = 100_000
    rows = [[(node + 1) % count] for node in range(count)]
    assert len(shortest_cycle(rows, range(count))) == count
    assert len(feedback_edges(rows, range(count))) == 1


def test_what_holds_no_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="no cycle"):
        shortest_cycle([[1], []], (0,))
