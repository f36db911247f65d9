"""A what-if equals building the changed task and computing it from the start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.analysis.schedule import schedule
from taskgraph.analysis.weights import custom_weights
from taskgraph.analysis.whatif import Changes, what_if
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Id
from tests.analysis.dags import make_graph, timed_dags
from tests.analysis.documents import analyse, changed, ids
from tests.effort import examples


@examples(250)
@given(timed_dags(), st.data())
def test_a_what_if_equals_building_anew(
    case: tuple[TaskGraph, list[int]], data: st.DataObject
):
    graph, durations = case
    graph = changed(graph, lambda row: {"timeout": durations[row.id]})
    names = range(len(graph))
    edges = list(graph.edges())
    seconds: dict[Id, int] = data.draw(
        st.dictionaries(st.sampled_from(names), st.integers(0, 9))
    )
    skipped = data.draw(st.sets(st.sampled_from(names)))
    dropped = data.draw(st.sets(st.sampled_from(edges))) if edges else set()
    changes = Changes(seconds, tuple(sorted(dropped)), tuple(sorted(skipped)))
    found = what_if(graph, analyse(graph).weigh("timeout"), changes)

    expected = [0 if n in skipped else seconds.get(n, durations[n]) for n in names]
    rest = make_graph(names, [edge for edge in edges if edge not in dropped])
    assert found.before == schedule(graph, durations)
    assert found.after == schedule(rest, expected)
    assert (found.graph.upstreams, found.graph.downstreams) == (
        rest.upstreams,
        rest.downstreams,
    )
    assert found.weights.durations == tuple(expected)
    assert found.change == found.after.makespan - found.before.makespan


def test_an_edge_that_only_one_end_names_can_be_dropped():
    graph = make_graph("ab", ["ab"])
    rows = tuple(row._replace(upstreams=None) for row in graph.task.subtasks)
    one_sided = changed(graph, lambda _: {"upstreams": None})
    assert one_sided.task == replace(graph.task, subtasks=rows)
    found = what_if(
        one_sided, analyse(graph).weigh("timeout"), Changes(dropped_edges=(("a", "b"),))
    )
    assert found.graph.edge_count == 0


def test_a_skipped_subtask_still_stands_between_the_others():
    rows = {"a": {"timeout": 5}, "b": {"timeout": 7}, "c": {"timeout": 9}}
    graph = make_graph(rows, ["ab", "bc"])
    found = what_if(
        graph, analyse(graph).weigh("timeout"), Changes({"b": 3}, skipped=("b",))
    )
    assert found.after.makespan == 14
    assert ids(graph, found.after.critical_path) == ["a", "b", "c"]


def test_seconds_are_seconds_over_measured_times_too():
    graph = make_graph({"a": {"timeout": 5}})
    assert (
        what_if(graph, analyse(graph).weigh("actual"), Changes({"a": 3})).change
        == 3_000_000
    )
    given_weights = custom_weights(graph, analyse(graph).weigh("timeout"), {"a": 8})
    assert what_if(graph, given_weights, Changes({"a": 3})).change == -5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (Changes({"z": 1}), "no subtask has the id z"),
        (Changes(skipped=("z",)), "no subtask has the id z"),
        (Changes(dropped_edges=(("a", "z"),)), "no edge from a to z"),
        (Changes(dropped_edges=(("z", "a"),)), "no edge from z to a"),
        (Changes(dropped_edges=(("b", "a"),)), "no edge from b to a"),
    ],
)
def test_changes_of_what_does_not_exist(changes: Any, message: str):
    graph = make_graph("ab", ["ab"])
    with pytest.raises(ConfigError, match=message):
        what_if(graph, analyse(graph).weigh("timeout"), changes)
