"""The picture's geometry: nothing overlaps, nothing sticks out, whatever is drawn."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.options import Collapse, DiagramOptions, Direction
from taskgraph.diagrams.svg import render_svg
from taskgraph.model.task import Task
from tests.diagrams.drawing import Drawing, read_drawing
from tests.diagrams.tasks import (
    CHINESE,
    HOSTILE,
    analysed,
    chain,
    fan,
    make_task,
    shuffled,
    stages,
    tasks,
)
from tests.effort import examples

BUCKET = 200


def draw(task: Task, options: DiagramOptions | None = None) -> str:
    scene = build_scene(analysed(task), options)
    return render_svg(scene)


def check(drawing: Drawing) -> None:
    """Hold a picture against everything that must be true of any."""
    ordered = sorted(drawing.boxes.values())
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            if second.x >= first.right:
                break
            assert not first.overlaps(second)
    for number, inner in drawing.inner:
        assert drawing.boxes[number].holds(inner)
    for (one, first), (two, second) in combinations(drawing.inner, 2):
        assert one != two or not first.overlaps(second)
    for box in drawing.boxes.values():
        assert drawing.view.holds(box)
    for label in drawing.labels:
        assert drawing.view.holds(label.rect), label.text
        assert label.box is None or label.box.holds(label.rect), label.text
    near = buckets(drawing)
    for tail, head, points in drawing.edges:
        for x, y in points:
            assert drawing.view.contains(x, y)
            for number in near.get((x // BUCKET, y // BUCKET), ()):
                own = number in (tail, head)  # an edge may touch the boxes of its ends
                crossed = drawing.boxes[number].contains(x, y, 3 if own else 0)
                assert not crossed, f"{tail} -> {head} crosses {number}"


def buckets(drawing: Drawing) -> dict[tuple[float, float], list[int]]:
    """Give the boxes that reach into each square of a coarse grid."""
    near: dict[tuple[float, float], list[int]] = {}
    for number, box in drawing.boxes.items():
        for column in range(int(box.x // BUCKET), int(box.right // BUCKET) + 1):
            for row in range(int(box.y // BUCKET), int(box.bottom // BUCKET) + 1):
                near.setdefault((column, row), []).append(number)
    return near


def random_task(size: int, edges: int, seed: int) -> Task:
    mixer = random.Random(seed)
    ids = mixer.sample(range(1000, 1000 + size), size)
    pairs = {tuple(sorted(mixer.sample(range(size), 2))) for _ in range(edges)}
    rows = {name: {"name": f"Step {name}" * mixer.randint(1, 4)} for name in ids}
    return make_task(rows, [(ids[a], ids[b]) for a, b in sorted(pairs)])


directions = st.sampled_from(("LR", "TB"))
collapses = st.sampled_from(("auto", "none", "parallel", "chains", "name"))


@examples(80)
@given(tasks(), directions, collapses)
def test_any_sound_task(task: Task, direction: Direction, collapse: Collapse) -> None:
    check(read_drawing(draw(task, DiagramOptions(direction=direction, collapse=collapse))))


@pytest.mark.uncovered
@examples(80)
@given(tasks(faulty=True), directions, collapses)
def test_any_faulty_task(task: Task, direction: Direction, collapse: Collapse) -> None:
    check(read_drawing(draw(task, DiagramOptions(direction=direction, collapse=collapse))))


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize(
    ("size", "edges"), [(20, 15), (30, 60), (40, 40), (60, 200), (120, 140)]
)
def test_larger_random_dags(size: int, edges: int, direction: Direction) -> None:
    for seed in range(3):
        task = random_task(size, edges, seed)
        check(read_drawing(draw(task, DiagramOptions(direction=direction))))


@pytest.mark.uncovered
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize(
    "task",
    [
        make_task({}),
        chain(["Only"]),
        chain(["Wait node"] * 11),
        chain([CHINESE, "x" * 300, "好" * 300, *HOSTILE]),
        chain([""] * 90),
        fan(3),
        fan(40, status="FAILED"),
        stages(5, 5, 5),
        stages(20, 20, parallel=True),
        make_task({name: {} for name in range(50)}),
    ],
    ids=lambda task: task.subtasks[0].name[:9] if task.subtasks else "none",
)
def test_shapes(task: Task, direction: Direction) -> None:
    drawing = read_drawing(draw(task, DiagramOptions(direction=direction)))
    check(drawing)
    assert len(drawing.boxes) + len(drawing.inner) >= len(task.subtasks)


@pytest.mark.slow
def test_long_edges_are_bounded_and_still_cross_no_box() -> None:
    mixer = random.Random(5)
    edges = {(a, a + 1) for a in range(399)}
    for _ in range(400):
        a, b = sorted(mixer.sample(range(400), 2))
        edges.add((a, b))
    task = make_task({name: {} for name in range(400)}, sorted(edges))
    svg = draw(task, DiagramOptions(collapse="none"))
    check(read_drawing(svg))
    assert len(svg) < 1_500_000


@examples(40)
@given(tasks(most=12, faulty=True), st.integers(0, 99))
def test_the_order_of_the_document_does_not_matter(task: Task, seed: int) -> None:
    assert draw(shuffled(task, seed)) == draw(task)


def test_a_straight_chain_is_straight() -> None:
    drawing = read_drawing(draw(chain(["One", "Two", "Three", "Four"])))
    assert len({box.y for box in drawing.boxes.values()}) == 1
    for _, _, points in drawing.edges:
        assert len({y for _, y in points}) == 1


def test_the_critical_path_is_straight() -> None:
    rows = {n: {"timeout": 900 if n == 5 else 60} for n in range(1, 10)}
    edges = [(1, 2), (1, 5), (1, 6), (2, 9), (5, 9), (6, 9), (1, 9), (9, 7), (9, 8)]
    analysis = analysed(make_task(rows, edges))
    scene = build_scene(analysis)
    drawing = read_drawing(render_svg(scene))
    path = analysis.schedule.critical_path[:3]
    middles = {drawing.boxes[n].y + drawing.boxes[n].height / 2 for n in path}
    assert len(middles) == 1


def test_the_stop_task_fits_a_page() -> None:
    names = ["Start node", "Prepare stop obproxy", "Wait node", "Prevent new requests"]
    names += ["Stop obproxy", "Wait node", "Inactive agent modules", "Wait node"]
    view = read_drawing(draw(chain([*names, "Update status", "Wait", "Unlock"]))).view
    assert view.width <= 1200
    assert view.height <= 700
