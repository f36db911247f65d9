"""The exchange formats give networkx the same graph back."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import networkx
import pytest
from hypothesis import given

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.formats import render
from taskgraph.graph import export
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Task
from tests.diagrams.tasks import (
    HOSTILE,
    chain,
    fan,
    graph_of,
    make_task,
    shuffled,
    stages,
    tasks,
)
from tests.effort import examples

Nodes = set[Any]
Export = Callable[[TaskGraph], str]
Pairs = set[tuple[Any, Any]]


def export_graphml(graph: TaskGraph) -> str:
    return "".join(export.export_graphml(graph))


def export_gexf(graph: TaskGraph) -> str:
    return "".join(export.export_gexf(graph))


def export_node_link(graph: TaskGraph) -> str:
    return "".join(export.export_node_link(graph))


def expected(graph: TaskGraph) -> tuple[Nodes, Pairs]:
    ids = [subtask.id for subtask in graph.subtasks]
    return set(ids), {(ids[a], ids[b]) for a, b in graph.edges()}


def as_text(found: tuple[Nodes, Pairs]) -> tuple[Nodes, Pairs]:
    nodes, pairs = found
    return set(map(str, nodes)), {(str(a), str(b)) for a, b in pairs}


def read_graphml(text: str) -> networkx.Graph[Any]:
    return networkx.read_graphml(io.BytesIO(text.encode()))


def read_gexf(text: str) -> networkx.Graph[Any]:
    return networkx.read_gexf(io.BytesIO(text.encode()))


@examples(25)
@given(tasks(faulty=True))
def test_every_format_gives_back_nodes_and_edges(task: Task) -> None:
    graph = graph_of(task)
    wanted = expected(graph)
    linked = networkx.node_link_graph(json.loads(export_node_link(graph)), edges="edges")
    assert (set(linked.nodes), set(linked.edges)) == wanted
    marked = read_graphml(export_graphml(graph))
    assert (set(marked.nodes), set(marked.edges)) == as_text(wanted)
    drawn = read_gexf(export_gexf(graph))
    assert (set(drawn.nodes), set(drawn.edges)) == as_text(wanted)


def test_attributes_keep_their_types() -> None:
    row = {"timeout": 90, "prohibit_rollback": True, "status": "FAILED", "name": "停止"}
    graph = graph_of(make_task({1: row}))
    for found in (
        read_graphml(export_graphml(graph)).nodes["1"],
        read_gexf(export_gexf(graph)).nodes["1"],
        json.loads(export_node_link(graph))["nodes"][0],
    ):
        assert {key: found[key] for key in row} == row


def test_times_are_text_with_their_offset() -> None:
    start = datetime(2025, 3, 4, 10, tzinfo=timezone(timedelta(hours=8)))
    graph = graph_of(make_task({1: {"start_time": start}}))
    assert read_graphml(export_graphml(graph)).nodes["1"]["start_time"] == start.isoformat()


def test_the_labels_of_gexf_are_the_names() -> None:
    graph = graph_of(make_task({1: {"name": "Stop"}, 2: {"name": ""}}))
    read = read_gexf(export_gexf(graph))
    assert [read.nodes[key]["label"] for key in ("1", "2")] == ["Stop", "2"]


def test_the_schedule_is_exported_too() -> None:
    graph = graph_of(fan(3))
    data = json.loads(render(Analysis(graph), "json"))
    assert data["nodes"][-1]["early_start"] == 120
    assert all(node["critical"] for node in data["nodes"])


def test_a_one_sided_edge_says_who_names_it() -> None:
    task = chain("ab")
    rows = (task.subtasks[0], task.subtasks[1]._replace(upstreams=()))
    graph = graph_of(replace(task, subtasks=rows))
    assert json.loads(export_node_link(graph))["edges"][0]["named_in"] == "downstreams"


@pytest.mark.parametrize("write", [export_graphml, export_gexf])
def test_hostile_texts_are_well_formed(write: Export) -> None:
    rows = {text: {"name": text, "status": text} for text in HOSTILE}
    ids = list(rows)
    graph = graph_of(make_task(rows, [(ids[0], ids[1])], name=HOSTILE[0]))
    root = ET.fromstring(write(graph))
    assert root.find(".//script") is None
    text = "".join(root.itertext()) + str([list(e.attrib.values()) for e in root.iter()])
    assert "<script>window.hacked = 1</script>" in text
    assert "␛[31mred" in text
    lines = write(graph).split("\n")
    assert not any(line.startswith(("::", "##[")) for line in lines)


def test_ids_that_are_one_text_stay_apart() -> None:
    graph = graph_of(make_task({1: {}, "1": {}}, [(1, "1")]))
    read = read_graphml(export_graphml(graph))
    assert list(read.edges) == [("n0", "n1")]
    assert [read.nodes[name]["id"] for name in ("n0", "n1")] == ["1", "1"]
    linked = json.loads(export_node_link(graph))
    assert [node["id"] for node in linked["nodes"]] == [1, "1"]


@pytest.mark.parametrize("write", [export_graphml, export_gexf, export_node_link])
def test_the_same_task_gives_the_same_bytes(write: Export) -> None:
    task = stages(3, 4, 2)
    text = write(graph_of(task))
    assert write(graph_of(shuffled(task))) == text
    assert "lastmodifieddate" not in text


def test_numbers_that_javascript_would_round_are_texts() -> None:
    large = 2**53
    rows: dict[Any, dict[str, Any]] = {large: {}, large + 1: {}, 7: {}}
    graph = graph_of(make_task(rows, [(large, large + 1), (large + 1, 7)], id=large + 3))
    written = json.loads(export_node_link(graph))
    assert [node["id"] for node in written["nodes"]] == [7, str(large), str(large + 1)]
    assert {edge["source"] for edge in written["edges"]} == {str(large), str(large + 1)}
    assert written["graph"]["task"] == str(large + 3)
