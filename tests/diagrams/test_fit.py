"""By default a picture fits, and hides nothing that needs attention."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.picture import PAGE
from taskgraph.diagrams.svg import render_svg
from taskgraph.diagrams.timeline import build_timeline
from taskgraph.diagrams.timeline_svg import render_timeline_svg
from taskgraph.model.task import Id, Task
from tests.diagrams.tasks import analysed, fan, make_task, stages

pytestmark = pytest.mark.uncovered


def layered(width: int, depth: int, seed: int = 1) -> Task:
    """Give layers in which everything waits for two of the layer before, of any length."""
    choose = random.Random(seed)
    rows = {n: {"timeout": choose.randint(1, 900)} for n in range(width * depth)}
    edges = {
        (n - n % width - width + choose.randrange(width), n)
        for n in range(width, width * depth)
        for _ in range(2)
    }
    return make_task(rows, sorted(edges))


def by_host(hosts: int, steps: int) -> Task:
    """Give a chain for each host between a start and an end."""
    rows = {(h, s): {"name": f"Step {s}"} for h in range(hosts) for s in range(steps)}
    named = {f"{h}-{s}": row for (h, s), row in rows.items()}
    edges = [(f"{h}-{s - 1}", f"{h}-{s}") for h, s in rows if s]
    edges += [("start", f"{h}-0") for h in range(hosts)]
    edges += [(f"{h}-{steps - 1}", "end") for h in range(hosts)]
    return make_task({"start": {}, **named, "end": {}}, edges)


def with_states(task: Task, every: int) -> Task:
    """Let a few fail, run or be cancelled."""
    states = ("FAILED", "RUNNING", "CANCELING")
    rows = tuple(
        row._replace(status=states[n // every % 3]) if n % every == every // 2 else row
        for n, row in enumerate(task.subtasks)
    )
    return replace(task, subtasks=rows)


SHAPES: dict[str, Callable[[], Task]] = {
    "10": lambda: layered(3, 4),
    "60": lambda: layered(6, 10),
    "300": lambda: layered(25, 12),
    "50 layers": lambda: layered(4, 50),
    "2,000": lambda: layered(100, 20),
    "4,000 deep": lambda: layered(10, 400),
    "200 hosts": lambda: fan(200),
    "all with all": lambda: stages(1, 100, 100, 1),
    "2,000 by host": lambda: by_host(200, 10),
    "1,000 alone": lambda: make_task({n: {} for n in range(1000)}),
}


def size_of(svg: str) -> tuple[int, int]:
    found = re.search(r' width="(\d+)" height="(\d+)"', svg)
    assert found
    return int(found[1]), int(found[2])


def test_a_drawing_is_turned_rather_than_folded_where_several_edges_would_turn() -> None:
    lanes = make_task(
        {n: {} for n in range(24)}, [(n, n + 2) for n in range(22)] + [(0, 3)]
    )
    assert build_scene(analysed(lanes)).direction == "TB"
    row = make_task({n: {} for n in range(12)}, [(n, n + 1) for n in range(11)])
    assert build_scene(analysed(row)).direction == "LR"


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("attention", [False, True])
def test_any_shape_fits(name: str, *, attention: bool) -> None:
    task = SHAPES[name]()
    if attention:
        task = with_states(task, max(len(task.subtasks) // 6, 2))
    analysis = analysed(task)
    scene = build_scene(analysis)
    width, height = size_of(render_svg(scene))
    assert max(width, height) <= PAGE + 60, "margins, heading and legend included"
    alone = {node.ids[0] for node in scene.boxes() if len(node.ids) == 1}
    for row in task.subtasks:
        if row.status != "PENDING":
            assert row.id in alone, f"{row.id} is {row.status} and hidden"
    shown = {identifier for node in scene.nodes for identifier in node.ids}
    assert shown == {row.id for row in task.subtasks}
    marked = {n for node in scene.nodes if node.critical for n in node.ids}
    path = analysis.schedule.critical_path
    if "all of it critical" in scene.summary:
        marked = shown
    assert {analysis.graph.subtasks[node].id for node in path} <= marked


@pytest.mark.parametrize("length", [1, 2, 10])
def test_a_cycle_is_drawn_however_large_the_rest(length: int) -> None:
    """Its edges, and the one that closes it; without it the stages look like a row."""
    task = layered(20, 20)
    ring = [5 + 20 * step for step in range(length)]
    pairs = list(zip(ring, [*ring[1:], 5], strict=True))
    edges = {(row.id, after) for row in task.subtasks for after in row.downstreams or ()}
    rows: dict[Id, dict[str, Any]] = {row.id: {} for row in task.subtasks}
    scene = build_scene(analysed(make_task(rows, sorted(edges.union(pairs)))))
    assert len(scene.nodes) < 100
    alone = {n for n, node in enumerate(scene.nodes) if node.faulty and len(node.ids) == 1}
    drawn = {edge[:2] for edge in scene.edges if edge.cyclic and alone.issuperset(edge[:2])}
    assert len(alone) == length
    assert {tail for tail, _ in drawn} == {head for _, head in drawn} == alone
    assert any(edge.closing for edge in scene.edges)
    assert "closes a cycle" in render_svg(scene)


def test_cycles_are_left_in_their_stages_where_they_do_not_fit() -> None:
    """Rings of six behind each other, which cannot be folded, among what failed."""
    rows: dict[Id, dict[str, Any]] = {n: {} for n in range(400)}
    edges: set[tuple[Id, Id]] = {(n, n + 20) for n in range(380)}
    edges |= {(10 * n, 10 * n + 10) for n in range(39)} | {(100, 40), (300, 240)}
    for n in range(7, 400, 40):
        rows[n] = {"status": "FAILED"}
    scene = build_scene(analysed(make_task(rows, sorted(edges))))
    assert max(size_of(render_svg(scene))) <= PAGE + 60
    assert any(node.faulty for node in scene.nodes)
    assert "the dependencies form a cycle" in scene.summary


def test_a_box_of_several_tells_what_of_it_is_critical() -> None:
    scene = build_scene(analysed(layered(4, 90)))
    groups = [node for node in scene.nodes if node.critical and len(node.ids) > 1]
    assert groups
    for node in groups:
        assert "critical" in node.facts[0]


def test_what_is_collapsed_is_said() -> None:
    scene = build_scene(analysed(fan(200)))
    assert "1 collapsed box stands for 200 subtasks." in scene.notes


def test_the_whole_is_drawn_where_it_is_asked_for() -> None:
    task = layered(20, 20)
    whole = build_scene(analysed(task), DiagramOptions(collapse="none"))
    assert len(whole.nodes) == 400
    assert len(build_scene(analysed(task), DiagramOptions(max_nodes=400)).nodes) == 400


def test_top_to_bottom_only_where_left_to_right_does_not_fit() -> None:
    assert build_scene(analysed(fan(3))).direction == "LR"
    wide = layered(6, 13)
    assert build_scene(analysed(wide)).direction == "TB"
    assert build_scene(analysed(wide), DiagramOptions(direction="LR")).direction == "LR"


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_the_timeline_of_any_shape_fits(name: str) -> None:
    task = with_states(SHAPES[name](), max(len(SHAPES[name]().subtasks) // 6, 2))
    timeline = build_timeline(analysed(task))
    width, height = size_of(render_timeline_svg(timeline))
    assert max(width, height) <= PAGE + 60
    told = {row.id_text for row in timeline.rows}
    for row in task.subtasks:
        if row.status != "PENDING":
            assert str(row.id) in told, f"{row.id} is {row.status} and hidden"
