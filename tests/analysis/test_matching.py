"""Which subtask is which in another document."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.matching import match
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Id
from tests.analysis.dags import dags, make_graph, reversed_input
from tests.analysis.documents import changed
from tests.effort import examples


def pairs(before: TaskGraph, after: TaskGraph) -> list[tuple[Id, Id]]:
    found = match(before, after).pairs
    return [(before.subtasks[a].id, after.subtasks[b].id) for a, b in found]


def renumbered(graph: TaskGraph, number: dict[Id, Id], **task: Id) -> TaskGraph:
    """Give every subtask another id, as another run of the same kind has."""
    return changed(
        graph,
        lambda row: {
            "id": number[row.id],
            "upstreams": tuple(number[name] for name in row.upstreams or ()),
            "downstreams": tuple(number[name] for name in row.downstreams or ()),
        },
        **{"id": 2, **task},
    )


@examples(100)
@given(dags(), st.data())
def test_another_run_of_the_same_task_is_matched_by_names(
    graph: TaskGraph, data: st.DataObject
):
    named = changed(graph, lambda row: {"name": f"step {row.id}"})
    order = data.draw(st.permutations(range(len(graph))))
    number: dict[Id, Id] = {name: 100 + place for name, place in enumerate(order)}
    other = renumbered(named, number)
    found = match(named, other)
    assert not found.by_id
    assert pairs(named, other) == [(name, number[name]) for name in range(len(graph))]


@examples(100)
@given(dags(), dags(), st.integers(1, 3))
def test_every_pair_has_one_name_and_no_subtask_two_partners(
    before: TaskGraph, after: TaskGraph, names: int
):
    before = changed(before, lambda row: {"name": f"{row.id % names}"})
    after = renumbered(after, {n: f"x{n}" for n in range(len(after))})
    after = changed(after, lambda row: {"name": f"{int(row.id[1:]) % names}"})
    found = match(before, after)
    assert not set(found.pairs) ^ set(match(reversed_input(before), after).pairs)
    assert len({a for a, _ in found.pairs}) == len(found.pairs)
    assert len({b for _, b in found.pairs}) == len(found.pairs)
    for a, b in found.pairs:
        assert before.subtasks[a].name == after.subtasks[b].name
    # Nothing is left on both sides that could be the same.
    rest = {s.name for n, s in enumerate(before.subtasks) if n not in dict(found.pairs)}
    taken = {b for _, b in found.pairs}
    assert not rest & {s.name for n, s in enumerate(after.subtasks) if n not in taken}


def test_waits_between_named_subtasks_keep_their_place():
    names = ["Start", "Wait", "Copy", "Wait", "Check", "Wait", "Finish"]
    before = make_graph(
        {n: {"name": name} for n, name in enumerate(names)}, pairwise(range(7))
    )
    # The second run has one step less, so the second wait is gone.
    shorter = ["Start", "Wait", "Copy", "Check", "Wait", "Finish"]
    after = make_graph(
        {f"r{n}": {"name": name} for n, name in enumerate(shorter)},
        pairwise([f"r{n}" for n in range(6)]),
        id=2,
    )
    assert pairs(before, after) == [
        *((0, "r0"), (1, "r1"), (2, "r2"), (4, "r3"), (5, "r4"), (6, "r5")),
    ]


def test_the_parts_of_a_split_subtask_are_matched_by_their_index():
    def run(first: int, order: list[int]) -> TaskGraph:
        rows = {
            first + place: {"name": "Stop", "parallel_index": index}
            for place, index in enumerate(order)
        }
        return make_graph(rows, id=first)

    assert pairs(run(10, [0, 1, 2]), run(20, [2, 0, 1])) == [(10, 21), (11, 22), (12, 20)]


def test_within_one_task_the_id_decides():
    before = make_graph({1: {"name": "Old name"}, 2: {"name": "Wait"}})
    after = make_graph({1: {"name": "New name"}, 3: {"name": "Wait"}})
    assert pairs(before, after) == [(1, 1), (2, 3)]  # 2 is 3 by its name, alone with it


def test_within_one_task_an_added_wait_is_no_removed_one():
    rows = {n: {"name": "Wait"} for n in (1, 2, 3)}
    before = make_graph(
        {**rows, 8: {"name": "Wait"}, 9: {"name": "Wait"}}, [(1, 8), (2, 9)]
    )
    after = make_graph({**rows, 6: {"name": "Wait"}, 7: {"name": "Wait"}}, [(3, 6), (3, 7)])
    assert pairs(before, after) == [(1, 1), (2, 2), (3, 3)]


def test_the_same_id_and_another_name_is_another_subtask_in_another_task():
    before = make_graph({1: {"name": "Start"}, 2: {"name": "Stop"}})
    after = make_graph({1: {"name": "Stop"}, 2: {"name": "Start"}}, id=2)
    assert pairs(before, after) == [(1, 2), (2, 1)]


def test_a_long_chain_of_one_name():
    chain: list[Id] = list(range(5000))
    random.Random(2).shuffle(chain)
    graph = make_graph({name: {"name": "Wait"} for name in chain}, pairwise(chain))
    number: dict[Id, Id] = {name: 100_000 - place for place, name in enumerate(chain)}
    other = renumbered(graph, number)
    assert pairs(graph, other) == [(name, number[name]) for name in range(5000)]


def test_faulty_graphs_are_matched_too():
    rows = {1: {"name": "a"}, 2: {"name": "b"}}
    before = make_graph(rows, [(1, 2), (2, 1)])
    after = make_graph(
        {"x": {"name": "b"}, "y": {"name": "a"}}, [("x", "y"), ("y", "x")], id=2
    )
    assert pairs(before, after) == [(1, "y"), (2, "x")]


@pytest.mark.parametrize("below", [[], [(0, 3)]])
@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"timeout": 60}, {"timeout": 300}),
        ({"class_name": "Quick"}, {"class_name": "Slow"}),
        ({"prohibit_rollback": True}, {"prohibit_rollback": False}),
        ({"prohibit_skip": True}, {"prohibit_skip": None}),
    ],
)
def test_what_is_defined_alike_is_matched_before_what_comes_first(
    short: dict[str, Any], long: dict[str, Any], below: list[tuple[int, int]]
):
    def run(first: int, *rows: dict[str, Any]) -> TaskGraph:
        subtasks = {first: {"name": "Begin"}, first + 3: {"name": "End"}}
        for place, row in enumerate(rows, 1):
            subtasks[first + place] = {"name": "Wait node", **row}
        edges = [(first, first + 1), (first, first + 2)]
        return make_graph(subtasks, edges + [(a + first, b + first) for a, b in below])

    before, after = run(0, short, long), run(10, long, short)
    assert match(before, after).pairs == ((0, 0), (1, 2), (2, 1), (3, 3))
