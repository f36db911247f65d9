"""Every arrow points at the box that it enters, and ends on its border."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from math import dist
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.options import Collapse, DiagramOptions, Direction
from taskgraph.diagrams.scene import NodeKind, Scene
from taskgraph.diagrams.svg import render_svg
from taskgraph.model.task import Id, Task
from tests.diagrams.browser import launch
from tests.diagrams.drawing import SVG, Drawing, Rect, read_drawing
from tests.diagrams.tasks import analysed, fan, make_task, stages, tasks
from tests.effort import examples

pytestmark = pytest.mark.uncovered

Point = tuple[float, float]
TIP = 2  # how far a tip lies beyond the end of its line
ALMOST = 1.0  # coordinates are whole pixels


class Arrow(NamedTuple):
    """An edge as it is drawn, in the coordinates of the drawing's group."""

    tail: int
    head: int
    has_head: bool
    start: Point
    before: Point  # what the last stretch comes from
    end: Point
    stretch: float

    @property
    def direction(self) -> Point:
        """Along which axis the last stretch goes, and which way."""
        dx, dy = self.end[0] - self.before[0], self.end[1] - self.before[1]
        assert not dx or not dy, "the last stretch is parallel to an axis"
        return ((dx > 0) - (dx < 0), (dy > 0) - (dy < 0))

    @property
    def tip(self) -> Point:
        dx, dy = self.direction
        return (self.end[0] + TIP * dx, self.end[1] + TIP * dy)


def arrows(svg: str) -> Iterator[Arrow]:
    """Read the edges of an SVG as a browser would: by the commands of the path."""
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        if "data-edge" not in path.attrib:
            continue
        tail, head = map(int, path.attrib["data-edge"].split())
        points: list[Point] = []
        last: list[Point] = []
        for _, rest in re.findall(r"([MLC])([^MLC]*)", path.attrib["d"]):
            numbers = [float(number) for number in rest.split()]
            here = list(zip(numbers[::2], numbers[1::2], strict=True))
            last = [*points[-1:], *here]
            points += here
        has_head = "j" not in path.attrib["class"].split()
        length = dist(last[0], last[-1])
        yield Arrow(tail, head, has_head, points[0], last[-2], last[-1], length)


def moved(svg: str) -> Point:
    """Give where the drawing's group lies in the picture."""
    found = re.search(r'\n<g transform="translate\((\d+) (\d+)\)">', svg)
    assert found
    return float(found[1]), float(found[2])


def side_of(box: Rect, point: Point) -> str:
    """Name the border of a box on which a point lies."""
    x, y = point
    inside_x = box.x - ALMOST <= x <= box.right + ALMOST
    inside_y = box.y - ALMOST <= y <= box.bottom + ALMOST
    if abs(x - box.x) <= ALMOST and inside_y:
        return "left"
    if abs(x - box.right) <= ALMOST and inside_y:
        return "right"
    if abs(y - box.y) <= ALMOST and inside_x:
        return "top"
    if abs(y - box.bottom) <= ALMOST and inside_x:
        return "bottom"
    return ""


INWARD: dict[str, Point] = {
    "left": (1, 0),
    "right": (-1, 0),
    "top": (0, 1),
    "bottom": (0, -1),
}


def check(svg: str, scene: Scene) -> None:
    """Hold every arrow of a picture against what must be true of any."""
    drawing, (dx, dy) = read_drawing(svg), moved(svg)
    arriving: dict[Point, Arrow] = {}
    leaving: dict[Point, Arrow] = {}
    for arrow in arrows(svg):
        assert arrow.stretch >= 4, "a stretch too short to tell its direction"
        if scene.nodes[arrow.tail].kind is not NodeKind.JUNCTION:
            box = drawing.boxes[arrow.tail]
            start = (arrow.start[0] + dx, arrow.start[1] + dy)
            assert side_of(box, start), "it leaves at no border"
            leaving[start] = arrow
        if arrow.has_head:
            x, y = arrow.tip
            tip = (x + dx, y + dy)
            side = side_of(drawing.boxes[arrow.head], tip)
            assert side, "its tip is on no border"
            assert arrow.direction == INWARD[side], "it does not point into the box"
            arriving[tip] = arrow
    assert arriving.keys().isdisjoint(leaving), "two edges look like one that goes on"


def check_task(task: Task, options: DiagramOptions) -> None:
    scene = build_scene(analysed(task), options)
    check(render_svg(scene), scene)


directions = st.sampled_from(("LR", "TB"))
collapses = st.sampled_from(("auto", "none", "parallel", "chains", "name"))


@examples(60)
@given(st.one_of(tasks(), tasks(faulty=True)), directions, collapses)
def test_any_task(task: Task, direction: Direction, collapse: Collapse) -> None:
    check_task(task, DiagramOptions(direction=direction, collapse=collapse))


def random_graph(size: int, edges: int, seed: int, *, cyclic: bool) -> Task:
    """Give a graph of boxes of two sizes, with edges in any direction or only ahead."""
    choose = random.Random(seed)
    pairs = set()
    for _ in range(edges):
        a, b = choose.randrange(size), choose.randrange(size)
        pairs.add((a, b) if cyclic else (min(a, b), max(a, b) + (a == b)))
    rows = {
        n: {"name": f"Step {n}", "parallel_index": -1, "attempts": 1 + n % 3}
        for n in range(size + 1)
    }
    return make_task(rows, sorted(pairs))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("cyclic", [False, True])
def test_random_graphs(direction: Direction, *, cyclic: bool) -> None:
    for seed in range(20):
        size = 4 + seed % 17
        task = random_graph(size, size + seed % 9, seed, cyclic=cyclic)
        check_task(task, DiagramOptions(direction=direction, collapse="none"))


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("cyclic", [False, True])
def test_larger_random_graphs(direction: Direction, *, cyclic: bool) -> None:
    for seed in range(2):
        size = 35 + 25 * seed
        task = random_graph(size, 2 * size, seed, cyclic=cyclic)
        check_task(task, DiagramOptions(direction=direction))
        check_task(task, DiagramOptions(direction=direction, collapse="none"))


def pairs(text: str) -> list[tuple[Id, Id]]:
    return [(edge[0], edge[1]) for edge in text.split()]


DRAWN = {
    "diamond": make_task({n: {} for n in "abcd"}, pairs("ab ac bd cd")),
    "cycle of three": make_task({n: {} for n in "abc"}, pairs("ab bc ca")),
    "two cycles": make_task({n: {} for n in "abcd"}, pairs("ab ba bc cd db dd")),
    "fan of 3": fan(3),
    "fan of 40": fan(40),
    "two splits": stages(5, 5, 5),
    "all with all": stages(1, 8, 8, 1),
    "cyclic": random_graph(9, 16, 3, cyclic=True),
    "random": random_graph(14, 24, 4, cyclic=False),
    "folded": make_task({n: {} for n in range(30)}, [(n, n + 1) for n in range(29)]),
}


@pytest.mark.slow
def test_chromium_draws_the_same_arrows() -> None:
    """Ask the browser for points of each path, and whether its end is inside a box."""
    script = """() => [...document.querySelectorAll('path[data-edge]')].map(path => {
      const length = path.getTotalLength();
      const end = path.getPointAtLength(length), near = path.getPointAtLength(length - 3);
      return {edge: path.dataset.edge, end: [end.x, end.y], near: [near.x, near.y],
              head: getComputedStyle(path).markerEnd != 'none'};
    })"""
    with launch() as browser:
        page = browser.new_page()
        for name, task in DRAWN.items():
            for options in (DiagramOptions(), DiagramOptions(direction="TB")):
                svg = render_svg(build_scene(analysed(task), options))
                page.set_content(svg)
                seen = page.evaluate(script)
                assert seen, name
                _compare(svg, seen, read_drawing(svg))


def _compare(svg: str, seen: list[dict[str, Any]], drawing: Drawing) -> None:
    dx, dy = moved(svg)
    told = list(arrows(svg))
    assert len(seen) == len(told)
    for arrow, row in zip(told, seen, strict=True):
        assert row["head"] == arrow.has_head
        (x, y), (before_x, before_y) = row["end"], row["near"]
        assert (round(x), round(y)) == arrow.end
        if arrow.has_head:
            ahead = (x + (x - before_x) * 2 / 3 + dx, y + (y - before_y) * 2 / 3 + dy)
            assert side_of(drawing.boxes[arrow.head], ahead), arrow
