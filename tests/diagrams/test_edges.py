"""Junctions change how edges are drawn, never which there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.edges import bundle
from taskgraph.diagrams.scene import SceneEdge


def through(count: int, edges: list[SceneEdge]) -> set[tuple[int, int]]:
    """Give the pairs that are connected directly or through one junction."""
    into: dict[int, list[int]] = {}
    out_of: dict[int, list[int]] = {}
    pairs = set()
    for edge in edges:
        if edge.head >= count:
            into.setdefault(edge.head, []).append(edge.tail)
        elif edge.tail >= count:
            out_of.setdefault(edge.tail, []).append(edge.head)
        else:
            pairs.add((edge.tail, edge.head))
    assert into.keys() == out_of.keys()
    return pairs | {(a, b) for key in into for a in into[key] for b in out_of[key]}


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 9), max_size=6), st.sets(st.integers(10, 19), max_size=6)
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_the_same_nodes_are_connected(
    blocks: list[tuple[set[int], set[int]]], critical: bool
) -> None:
    pairs = sorted({(a, b) for tails, heads in blocks for a in tails for b in heads})
    edges = [SceneEdge(a, b, critical=critical) for a, b in pairs]
    junctions, bundled = bundle(20, edges)
    assert through(20, bundled) == set(pairs)
    assert len(bundled) + junctions <= len(edges)
    assert all(edge.critical == critical for edge in bundled)


def test_all_with_all_takes_one_edge_for_each_end() -> None:
    edges = [SceneEdge(a, b) for a in range(100) for b in range(100, 200)]
    junctions, bundled = bundle(200, edges)
    assert (junctions, len(bundled)) == (1, 200)


def test_edges_that_show_a_fault_are_left_alone() -> None:
    edges = [SceneEdge(a, b, one_sided=True) for a in range(9) for b in range(10, 19)]
    assert bundle(19, edges) == (0, edges)


def test_a_critical_edge_stays_marked_on_both_sides() -> None:
    edges = [
        SceneEdge(a, b, critical=(a, b) == (1, 4)) for a in range(3) for b in range(3, 6)
    ]
    _, bundled = bundle(6, edges)
    marked = {(edge.tail, edge.head) for edge in bundled if edge.critical}
    assert marked == {(1, 6), (6, 4)}
