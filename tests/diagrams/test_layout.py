"""The steps of the layout, each against its definition."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.layout.layering import acyclic_edges, assign_layers, split_edges
from taskgraph.diagrams.layout.layout import lay_out
from taskgraph.diagrams.layout.ordering import count_crossings, order_layers
from taskgraph.diagrams.layout.routing import lanes_of
from taskgraph.diagrams.layout.simplex import SimplexLink, shorten_links
from taskgraph.graph.traverse import reverse, topological_order, weak_components
from tests.effort import examples

Edges = list[tuple[int, int]]


def adjacency(count: int, edges: Edges) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(count)]
    for tail, head in edges:
        rows[tail].append(head)
    return rows


def is_acyclic(count: int, edges: Edges) -> bool:
    rows = adjacency(count, edges)
    return len(topological_order(reverse(rows), rows)) == count


def length(layer: list[int], edges: Edges) -> int:
    return sum(layer[head] - layer[tail] for tail, head in edges)


@st.composite
def connected_dags(draw: st.DrawFn, most: int = 5) -> tuple[int, Edges]:
    count = draw(st.integers(2, most))
    edges = {(draw(st.integers(0, node - 1)), node) for node in range(1, count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges |= {(a, b) for a, b in draw(st.lists(pairs, max_size=6)) if a < b}
    order = draw(st.permutations(range(count)))
    return count, sorted((order[a], order[b]) for a, b in edges)


@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
)
def test_turning_edges_round_leaves_no_cycle(count: int, pairs: Edges) -> None:
    edges = sorted({(a % count, b % count) for a, b in pairs if a % count != b % count})
    forward = acyclic_edges(count, edges)
    assert is_acyclic(count, forward)
    assert all(new in (old, old[::-1]) for old, new in zip(edges, forward, strict=True))
    if is_acyclic(count, edges):
        assert forward == edges


@examples(100)
@given(connected_dags())
def test_no_layers_make_the_edges_shorter(dag: tuple[int, Edges]) -> None:
    count, edges = dag
    layer = assign_layers(count, edges)
    assert min(layer) == 0
    assert all(layer[tail] < layer[head] for tail, head in edges)
    every = product(range(count), repeat=count)
    legal = (rows for rows in every if all(rows[a] < rows[b] for a, b in edges))
    assert length(layer, edges) == min(length(list(rows), edges) for rows in legal)


@examples(40)
@given(connected_dags(4), st.data(), st.booleans())
def test_no_places_make_the_links_shorter(
    dag: tuple[int, Edges], data: st.DataObject, balanced: bool
) -> None:
    count, edges = dag
    lengths, weights = st.integers(0, 2), st.integers(0, 2)
    links = [SimplexLink(*edge, data.draw(lengths), data.draw(weights)) for edge in edges]
    place = [3.0 * layer for layer in assign_layers(count, edges)]

    def cost(places: list[float]) -> float:
        return sum(link.weight * (places[link.head] - places[link.tail]) for link in links)

    def is_legal(places: list[float]) -> bool:
        return all(places[b] - places[a] >= length for a, b, length, _ in links)

    found = shorten_links(place, links, 10**6, balanced=balanced)
    assert is_legal(found)
    every = (list(map(float, row)) for row in product(range(7), repeat=count))
    assert cost(found) == min(cost(row) for row in every if is_legal(row))


@given(connected_dags(9))
def test_split_edges_reach_from_layer_to_layer(dag: tuple[int, Edges]) -> None:
    count, edges = dag
    layer = assign_layers(count, edges)
    layering = split_edges(layer, edges, frozenset())
    for (tail, head), route in zip(edges, layering.routes, strict=True):
        assert route is not None
        assert (route[0], route[-1]) == (tail, head)
        steps = [layering.layer_of[vertex] for vertex in route]
        assert steps == list(range(layer[tail], layer[head] + 1))


def test_long_edges_are_bounded() -> None:
    count = 3000
    edges = [(node, node + 1) for node in range(count - 1)]
    edges += [(node, count - 1 - node) for node in range(count // 2 - 2)]
    layering = split_edges(list(range(count)), edges, frozenset())
    assert len(layering.layer_of) < 5 * count
    assert None in layering.routes


@given(connected_dags(8))
def test_crossings_are_counted_as_defined(dag: tuple[int, Edges]) -> None:
    count, edges = dag
    layering = split_edges(assign_layers(count, edges), edges, frozenset())
    layers = order_layers(layering)
    assert sorted(v for row in layers for v in row) == list(range(len(layering.layer_of)))
    place = {vertex: number for row in layers for number, vertex in enumerate(row)}
    segments = [(a, b) for a, ends in enumerate(layering.lower) for b in ends]
    crossing = sum(
        (place[a] - place[c]) * (place[b] - place[d]) < 0
        for number, (a, b) in enumerate(segments)
        for c, d in segments[number + 1 :]
        if layering.layer_of[a] == layering.layer_of[c]
    )
    places = [place[vertex] for vertex in range(len(layering.layer_of))]
    assert count_crossings(layers, layering.lower, places) == crossing


def test_a_tree_is_drawn_without_crossings() -> None:
    edges = [((node - 1) // 3, node) for node in range(1, 121)]
    layering = split_edges(assign_layers(121, edges), edges, frozenset())
    layers = order_layers(layering)
    place = [0] * len(layering.layer_of)
    for row in layers:
        for number, vertex in enumerate(row):
            place[vertex] = number
    assert count_crossings(layers, layering.lower, place) == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=15))
def test_edges_on_one_lane_do_not_meet(pairs: Edges) -> None:
    spans = [(start, start + size) for start, size in pairs]
    lanes = lanes_of(spans)
    for one, first in enumerate(spans):
        for two in range(one):
            second = spans[two]
            apart = first[1] < second[0] or second[1] < first[0]
            assert lanes[one] != lanes[two] or apart
    deepest = max(
        (sum(a <= point <= b for a, b in spans) for point in range(31)), default=0
    )
    assert max(lanes, default=-1) + 1 == deepest


def test_parts_that_are_not_connected_fill_the_page() -> None:
    layout = lay_out([(100, 50)] * 60, [])
    assert len(weak_components([[]] * 60, [[]] * 60)) == 60
    assert layout.width < 1200
    assert layout.height < 900


def test_a_chain_of_many_is_folded_to_a_page_shape() -> None:
    layout = lay_out([(150, 60)] * 400, [(n, n + 1) for n in range(399)])
    assert 0.8 < layout.width / layout.height < 3
    columns = lay_out([(150, 60)] * 400, [(n, n + 1) for n in range(399)], top_down=True)
    assert 0.8 < columns.width / columns.height < 3


# NOIMPORT
