"""What the parts of a split work on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from taskgraph import load
from taskgraph.api import LoadedTask
from taskgraph.graph.parallel import targets
from taskgraph.graph.taskgraph import build_graph
from tests.diagrams.tasks import fan, graph_of, make_task


def parts(count: int, lists: dict[str, Any], **fields: Any) -> dict[Any, str]:
    """Give the targets of a fan by id."""
    graph = graph_of(replace(fan(count, **fields), context={"listMap": lists}))
    return {graph.subtasks[node].id: text for node, text in targets(graph).items()}


def test_an_address_needs_no_name() -> None:
    hosts = ["10.0.0.1", "fe80::1", "10.0.0.3:2882"]
    assert parts(3, {"server_addresses": hosts}) == dict(
        zip((10, 11, 12), hosts, strict=True)
    )


def test_what_else_is_named_by_its_list() -> None:
    assert parts(2, {"server_ids": [13, 14]}) == {10: "server_ids 13", 11: "server_ids 14"}


def test_of_several_lists_that_fit_all_count() -> None:
    found = parts(
        2, {"zone_names": ["z1", "z2"], "ips": ["10.0.0.1", "10.0.0.2"], "x": [1]}
    )
    assert found == {10: "10.0.0.1, zone_names z1", 11: "10.0.0.2, zone_names z2"}


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"ids": [1, 2]},
        {"ids": [1, 2, 3, 4]},
        {"ids": "abc"},
        {"ids": [{"a": 1}, None, True]},
    ],
)
def test_nothing_is_known_where_none_fits(lists: dict[str, Any]) -> None:
    assert parts(3, lists) == {}


def test_the_executor_is_never_a_target() -> None:
    assert parts(3, {}, executor="10.0.0.9") == {}


def test_the_agent_of_obshell_is_the_machine() -> None:
    graph = graph_of(make_task({1: {"host": "10.0.0.1:2886"}, 2: {}}))
    assert targets(graph) == {0: "10.0.0.1:2886"}


def test_a_document_that_is_read(samples: Path, tmp_path: Path) -> None:
    document = json.loads((samples / "three_hosts_failed.json").read_bytes())
    document["data"]["context"] = {
        "listMap": {"hosts": ["10.1.0.1", "10.1.0.2", "10.1.0.3"]}
    }
    path = tmp_path / "task.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    loaded = load(path)
    assert set(loaded.analysis.targets.values()) <= {"10.1.0.1", "10.1.0.2", "10.1.0.3"}
    assert loaded.analysis.targets


def test_parts_that_go_on_one_by_one_are_splits_too() -> None:
    rows = {
        10 * stage + part: {"name": f"stage {stage}", "parallel_index": part}
        for stage in (1, 2)
        for part in range(3)
    }
    edges = [(10 + part, 20 + part) for part in range(3)]
    context = {"listMap": {"hosts": ["10.0.0.1", "10.0.0.2", "10.0.0.3"]}}
    graph = build_graph(make_task(rows, edges, context=context))
    found = {graph.subtasks[node].id: text for node, text in targets(graph).items()}
    assert found == {
        10 * stage + part: f"10.0.0.{part + 1}" for stage in (1, 2) for part in range(3)
    }
    assert "TG110" not in {f.code for f in LoadedTask(graph.task).checked.findings}
