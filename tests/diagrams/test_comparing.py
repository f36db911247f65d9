"""The picture of what changed: both sides in one, told apart without colours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from taskgraph.analysis.compare import compare_analyses
from taskgraph.diagrams.comparing import build_change_scene, one_sided
from taskgraph.diagrams.scene import Caption, NodeKind, Scene, SceneEdge
from taskgraph.diagrams.svg import render_svg
from taskgraph.model.task import Id, Task
from tests.diagrams.drawing import read_drawing
from tests.diagrams.tasks import (
    HOSTILE,
    analysed,
    fan,
    graph_of,
    make_task,
    shuffled,
    stages,
    tasks,
)
from tests.effort import examples

CAPTION = Caption("Title", "", ("worst case: 1 min → 2 min",), ())


def tell(before: int | None, after: int | None) -> Iterator[str]:
    yield f"{before} to {after}"


def scene(before: Task, after: Task) -> Scene:
    first, second = analysed(before), analysed(after)
    comparison = compare_analyses(first, second)
    return build_change_scene(first.graph, second.graph, comparison, CAPTION, tell)


def changes(drawn: Scene) -> dict[str, str]:
    return {node.name: node.tone for node in drawn.nodes}


def edges(drawn: Scene) -> set[tuple[str, str, str]]:
    names = [node.name for node in drawn.nodes]
    return {(names[edge.tail], names[edge.head], edge.change) for edge in drawn.edges}


ROWS = {
    1: {"name": "Check", "timeout": 5},
    2: {"name": "Stop", "timeout": 5},
    3: {"name": "Old", "timeout": 5},
    4: {"name": "Start", "timeout": 5},
}
BEFORE = make_task(ROWS, [(1, 2), (1, 3), (2, 4), (3, 4)])
AFTER = make_task(
    {1: ROWS[1], 2: {"name": "Stop", "timeout": 50}, 5: {"name": "New"}, 4: ROWS[4]},
    [(1, 2), (2, 5), (5, 4)],
)


def test_both_sides_are_in_one_picture() -> None:
    drawn = scene(BEFORE, AFTER)
    assert changes(drawn) == {
        "Check": "unchanged",
        "Stop": "changed",
        "New": "added",
        "Start": "unchanged",
        "Old": "removed",
    }
    assert edges(drawn) == {
        ("Check", "Stop", ""),
        ("Stop", "New", "added"),
        ("New", "Start", "added"),
        ("Stop", "Start", "removed"),
        ("Check", "Old", "removed"),
        ("Old", "Start", "removed"),
    }
    assert drawn.subtitle == (
        "5 subtasks: 1 removed, 1 changed, 1 added, 2 unchanged, "
        "3 edges removed, 2 edges added"
    )
    assert drawn.summary == CAPTION.summary
    assert [node.facts for node in drawn.nodes if node.name == "Old"] == [("2 to None",)]


def test_what_changed_is_told_without_colours() -> None:
    svg = render_svg(scene(BEFORE, AFTER))
    texts = {label.text for label in read_drawing(svg).labels}
    assert {"added", "removed", "changed", "added edge", "removed edge"} <= texts
    for shape in (
        ".n.removed>.b{stroke-width:1.6;stroke-dasharray:6 4}",
        ".n.removed>.h{text-decoration:line-through}",
        "path.e.c{stroke-width:2.6}",
        "path.e.o{stroke-dasharray:6 4}",
    ):
        assert shape in svg


def test_a_picture_of_one_document_knows_no_changes() -> None:
    from taskgraph.diagrams.building import build_scene

    assert "removed" not in render_svg(build_scene(analysed(BEFORE)))


def test_an_edge_that_was_turned_round_is_no_cycle() -> None:
    rows = {1: {"name": "a"}, 2: {"name": "b"}, 3: {"name": "c"}}
    drawn = scene(make_task(rows, [(1, 2), (2, 3)]), make_task(rows, [(2, 1), (2, 3)]))
    (turned,) = [edge for edge in drawn.edges if edge.closing]
    assert turned.change == "removed"
    assert not any(edge.wrong for edge in drawn.edges)
    texts = {label.text for label in read_drawing(render_svg(drawn)).labels}
    assert "removed" in texts
    assert not any("cycle" in text for text in texts)


def test_an_added_edge_that_closes_a_cycle_says_so() -> None:
    """It is the one that is led back, and what longer ways imply is left out as ever."""
    rows: dict[Id, dict[str, Any]] = {n: {} for n in range(300)}
    edges: list[tuple[Id, Id]] = [
        (n, n + step) for step in (17, 23, 31) for n in range(300 - step)
    ]
    drawn = scene(make_task(rows, edges), make_task(rows, [*edges, (104, 2)]))
    (closing,) = [edge for edge in drawn.edges if edge.closing]
    assert closing.change == "added"
    assert [drawn.nodes[n].ids for n in closing[:2]] == [(104,), (2,)]
    assert drawn.in_stages
    assert len(drawn.edges) < 2 * len(drawn.nodes)
    assert '<text class="r added"' in render_svg(drawn)
    assert ">added, closes the cycle</text>" in render_svg(drawn)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_task_of_one_side_is_drawn_whole(is_new: bool) -> None:
    before, after, comparison = one_sided(graph_of(BEFORE), is_new=is_new)
    drawn = build_change_scene(before, after, comparison, CAPTION, tell)
    word = "added" if is_new else "removed"
    assert set(changes(drawn).values()) == {word}
    assert {edge.change for edge in drawn.edges} == {word}
    assert drawn.subtitle == f"4 subtasks: 4 {word}, 4 edges {word}"  # no word of time


def test_what_changed_stays_apart_where_much_is_collapsed() -> None:
    before = stages(*(8,) * 40)
    (first, *rest) = before.subtasks
    odd = rest[150]._replace(timeout=99_999)
    after = replace(before, subtasks=(first, *rest[:150], odd, *rest[151:]))
    drawn = scene(before, after)
    assert len(drawn.nodes) < 100
    assert [node.ids for node in drawn.nodes if node.tone == "changed"] == [(odd.id,)]
    counts = [count for node in drawn.nodes for word, count in node.counts]
    assert sum(counts) == len(before.subtasks) - sum(
        node.kind is NodeKind.SUBTASK for node in drawn.nodes
    )


def test_a_box_of_several_counts_what_became_of_them() -> None:
    drawn = scene(fan(3), fan(300))
    counts = [count for node in drawn.nodes for count in node.counts]
    alone = sum(node.kind is NodeKind.SUBTASK and not node.counts for node in drawn.nodes)
    assert {word for word, _ in counts} == {"added", "unchanged"}
    assert sum(count for _, count in counts) + alone == len(fan(300).subtasks)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    rows = {1: {"name": name}, 2: {"name": "b"}}
    svg = render_svg(scene(make_task({}), make_task(rows, [(1, 2)])))
    root = ET.fromstring(svg)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


@examples(60)
@given(tasks(faulty=True), tasks(faulty=True))
def test_any_two_are_drawn_and_in_any_order_alike(before: Task, after: Task) -> None:
    svg = render_svg(scene(before, after))
    assert render_svg(scene(shuffled(before), shuffled(after))) == svg
    ET.fromstring(svg)


def test_edges_that_changed_meet_in_junctions_of_their_own() -> None:
    rows = {n: {"name": f"n{n}"} for n in range(12)}
    kept = [(a, b) for a in range(6) for b in range(6, 9)]
    new = [(a, b) for a in range(6) for b in range(9, 12)]
    drawn = scene(make_task(rows, kept), make_task(rows, [*kept, *new]))
    joints = {n for n, node in enumerate(drawn.nodes) if node.kind is NodeKind.JUNCTION}
    assert len(joints) == 2
    met: dict[int, set[str]] = {}
    edge: SceneEdge
    for edge in drawn.edges:
        for end in joints.intersection(edge[:2]):
            met.setdefault(end, set()).add(edge.change)
    assert sorted(map(sorted, met.values())) == [[""], ["added"]]
