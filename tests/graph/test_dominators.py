"""Immediate dominators against those that networkx finds."""

from __future__ import annotations

import networkx
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.graph import immediate_dominators


@st.composite
def upstream_lists(draw: st.DrawFn) -> list[list[int]]:
    """Draw a graph whose nodes are in topological order."""
    count = draw(st.integers(1, 14))
    return [
        sorted(draw(st.sets(st.integers(0, node - 1), max_size=4)) if node else [])
        for node in range(count)
    ]


@given(upstream_lists())
def test_they_are_those_of_networkx(upstreams: list[list[int]]) -> None:
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    for node, before in enumerate(upstreams):
        graph.add_edges_from((other, node) for other in (before or [-1]))
    expected = networkx.immediate_dominators(graph, -1)
    found = immediate_dominators(upstreams, range(len(upstreams)))
    assert found == tuple(expected[node] for node in range(len(upstreams)))


def test_a_long_chain_is_ordinary() -> None:
    count = 100_000
    upstreams = [[node - 1] if node else [] for node in range(count)]
    assert immediate_dominators(upstreams, range(count)) == tuple(range(-1, count - 1))
