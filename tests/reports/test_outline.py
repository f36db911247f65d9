"""The indented list: complete, in order, and true to the graph."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Id
from taskgraph.reports.text.outline import outline
from tests.diagrams.tasks import chain, fan, make_task, shuffled, stages


@st.composite
def graphs(draw: st.DrawFn) -> TaskGraph:
    count = draw(st.integers(0, 12))
    rows = {
        node: {"name": f"s{node % 3}", "parallel_index": draw(st.integers(-1, 2))}
        for node in range(count)
    }
    edges = [
        (before, node)
        for node in range(1, count)
        for before in draw(st.sets(st.integers(0, node - 1), max_size=3))
    ]
    return build_graph(make_task(rows, edges))


@given(graphs())
def test_every_subtask_is_listed_once_and_after_what_it_waits_for(graph: TaskGraph) -> None:
    rows = outline(graph)
    listed = [node for row in rows for node in row.nodes]
    assert sorted(listed) == list(range(len(graph)))
    row_of = {node: number for number, row in enumerate(rows) for node in row.nodes}
    for node, upstreams in enumerate(graph.upstreams):
        for upstream in upstreams:
            assert row_of[upstream] <= row_of[node]


@given(graphs())
def test_a_branch_hangs_on_the_last_row_one_level_out(graph: TaskGraph) -> None:
    last: dict[int, set[int]] = {}
    for row in outline(graph):
        before = {up for node in row.nodes for up in graph.upstreams[node]}
        outside = before - set(row.nodes)
        if row.begins:
            assert outside == (last.get(row.depth - 1, set()) if outside else set())
        if row.waits_for:
            assert outside == set(row.waits_for)
        last[row.depth] = set(row.nodes)


@given(graphs())
def test_what_follows_branches_waits_for_all_of_them_or_says_for_which(
    graph: TaskGraph,
) -> None:
    rows = outline(graph)
    before: dict[int, set[int]] = {}
    for number, row in enumerate(rows):
        near = {up for node in row.nodes for up in graph.upstreams[node]}
        awaited = near.union(*(before.get(up, set()) for up in near))
        before |= dict.fromkeys(row.nodes, awaited)
        if row.begins or row.waits_for:
            continue
        for above in reversed(rows[:number]):
            assert awaited.issuperset(above.nodes)
            if above.depth <= row.depth:
                break


def test_a_join_names_what_it_waits_for_only_where_that_is_not_every_branch() -> None:
    rows: dict[Id, dict[str, Any]] = {node: {} for node in range(1, 6)}
    every = [(1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5)]
    assert not any(row.waits_for for row in outline(build_graph(make_task(rows, every))))
    some = outline(build_graph(make_task(rows, every[:-1])))
    assert [row.waits_for for row in some] == [(), (), (), (), (1, 2)]
    goes_on = [*every, (2, 6)]
    more = outline(build_graph(make_task({**rows, 6: {}}, goes_on)))
    assert [row.waits_for for row in more if row.waits_for] == [(1, 2, 3)]


def depths(graph: TaskGraph) -> list[tuple[int, bool, int]]:
    return [(row.depth, row.begins, len(row.nodes)) for row in outline(graph)]


def test_forms() -> None:
    assert depths(build_graph(chain("abc"))) == [(0, False, 1)] * 3
    assert depths(build_graph(fan(5))) == [(0, False, 1), (0, False, 5), (0, False, 1)]
    side_by_side = depths(build_graph(stages(1, 2, 1)))
    assert side_by_side == [(0, False, 1), (1, True, 1), (1, True, 1), (0, False, 1)]
    cyclic = build_graph(make_task({1: {}, 2: {}, 3: {}}, [(1, 2), (2, 1), (2, 3)]))
    assert depths(cyclic) == [(0, False, 1)] * 3


def by_host(*pairs: tuple[int, int]) -> TaskGraph:
    """Give two splits of as many parts, and what waits for what: 1 to 9, and 11 to 19."""
    count = len(pairs)
    rows = {
        base + part: {"name": name, "parallel_index": part}
        for base, name in ((1, "stop"), (11, "start"))
        for part in range(count)
    }
    return build_graph(make_task(rows, pairs))


def test_parts_that_go_on_one_by_one_are_one_line() -> None:
    assert depths(by_host((1, 11), (2, 12), (3, 13))) == [(0, False, 3)] * 2
    knot = by_host((1, 11), (12, 2))
    assert sum(count for _, _, count in depths(knot)) == 4
    assert all(count == 1 for _, _, count in depths(knot))


def test_the_order_of_the_document_says_nothing() -> None:
    task = stages(2, 3, 2)
    assert outline(build_graph(shuffled(task))) == outline(build_graph(task))


@given(graphs())
def test_a_bar_is_drawn_as_long_as_its_branch_goes_on(graph: TaskGraph) -> None:
    rows = outline(graph)
    for number, row in enumerate(rows):
        assert len(row.bars) == max(row.depth - 1, 0)
        for level, goes_on in enumerate(row.bars, 1):
            below = next((r.depth for r in rows[number + 1 :] if r.depth <= level), 0)
            assert goes_on == (below == level)
