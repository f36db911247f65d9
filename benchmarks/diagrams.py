"""What drawing costs, and how well it is drawn, beside Graphviz.

    python -m benchmarks.diagrams [--repeat 5] [--seeds 6]

Every drawing is made in a process of its own: the time is that of the processor from the
scene to the text (the least of the repeats), the peak is of the whole process. Graphviz
draws the same scene with ``dot -Tsvg``; its time is that of its process. Crossings are
pairs of edges whose curves cross, as drawn; length is that of all edges, area that of boxes
and edges.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import dist

from benchmarks.documents import chain, layered
from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.boxes import faces, placed
from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.dot import render_dot
from taskgraph.diagrams.layout.layout import ordered
from taskgraph.diagrams.options import Collapse, DiagramOptions
from taskgraph.diagrams.scene import Scene
from taskgraph.diagrams.svg import render_svg
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Subtask, Task

DAGS = ((15, 20), (25, 35), (40, 60), (60, 80), (60, 120), (100, 130), (300, 400))
"""Subtasks and edges of the random DAGs that Graphviz draws as well."""

Point = tuple[float, float]


def graph_of(upstreams: Iterable[Iterable[int]]) -> TaskGraph:
    rows = tuple(
        Subtask(
            id=node,
            name=f"Step {node}",
            status="PENDING",
            timeout=60,
            upstreams=tuple(sorted(set(ups))),
        )
        for node, ups in enumerate(upstreams)
    )
    return build_graph(Task(id=1, name="Large", status="RUNNING", subtasks=rows))


def long_edges(size: int, edges: int) -> list[list[int]]:
    """Give a chain with so many further edges of any length."""
    choose = random.Random(11)
    rows = chain(size)
    for _ in range(edges):
        a, b = sorted(choose.sample(range(size), 2))
        rows[b].append(a)
    return rows


def random_dag(size: int, edges: int, seed: int) -> list[list[int]]:
    """Give a DAG whose edges are short more often than long."""
    choose = random.Random(seed)
    pairs: set[Point] = set()
    rows: list[list[int]] = [[] for _ in range(size)]
    while len(pairs) < edges:
        a = choose.randrange(size - 1)
        b = min(size - 1, a + 1 + int(choose.expovariate(8 / size)))
        if (a, b) not in pairs:
            pairs.add((a, b))
            rows[b].append(a)
    return rows


SHAPES: dict[str, tuple[Callable[[], list[list[int]]], Collapse]] = {
    "1,000 in layers of 100": (lambda: layered(1000), "none"),
    "1,000 in layers of 50": (lambda: layered(1000, 50), "none"),
    "1,000 in layers of 20": (lambda: layered(1000, 20), "none"),
    "10,000 layered": (lambda: layered(10_000), "none"),
    "100,000 layered": (lambda: layered(100_000), "auto"),
    "100,000 in a chain": (lambda: chain(100_000), "auto"),
    "1,000 more edges over 1,000 layers": (lambda: long_edges(1000, 1000), "none"),
}


def scene_of(graph: TaskGraph, collapse: Collapse = "none") -> Scene:
    return build_scene(Analysis(graph), DiagramOptions(collapse=collapse))


def measure(shape: str, repeat: int) -> dict[str, float]:
    """Draw one shape, in this process."""
    rows, collapse = SHAPES[shape]
    graph = graph_of(rows())
    began = time.process_time()
    scene = scene_of(graph, collapse)
    prepared = time.process_time() - began
    times = []
    text = ""
    for _ in range(repeat):
        ordered.cache_clear()
        began = time.process_time()
        text = render_svg(scene)
        times.append(time.process_time() - began)
    return {
        "edges": graph.edge_count,
        "boxes": len(scene.nodes),
        "scene": prepared,
        "svg": min(times),
        "size": len(text.encode()) / 1e6,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def dot_seconds(source: str, repeat: int) -> float:
    """Give the processor time of ``dot -Tsvg``, the least of the repeats."""
    times = []
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True
        )
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(times)


# Crossings --------------------------------------------------------------------------


def our_curves(scene: Scene) -> list[list[Point]]:
    found = re.findall(
        r'<path class="e[^"]*" data-edge="[^"]*" d="([^"]+)"', render_svg(scene)
    )
    return [points(data) for data in found]


def dot_drawing(scene: Scene) -> tuple[list[list[Point]], float]:
    """Let Graphviz place boxes of our sizes, with its own gaps; give curves and area."""
    lines = [
        f'digraph {{rankdir={scene.direction}; node [shape=box fixedsize=true label=""]'
    ]
    for number, face in enumerate(faces(scene)):
        width, height = face.width / 72, face.height / 72  # a point for each pixel
        lines.append(f"n{number} [width={width:.4f} height={height:.4f}]")
    lines += [f"n{edge.tail} -> n{edge.head}" for edge in scene.edges]
    source = "\n".join([*lines, "}"]).encode()
    drawn = subprocess.run(["dot", "-Tjson"], input=source, capture_output=True, check=True)
    found = json.loads(drawn.stdout)
    curves = []
    for edge in found.get("edges", []):
        start, *rest = re.sub(r"^(e,\S+ )?", "", edge["pos"]).replace(",", " ").split("  ")
        numbers = " ".join([start, *rest]).split()
        pairs = [f"{x} {y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        curves.append(points(f"M{pairs[0]}C" + " ".join(pairs[1:])))
    _, _, width, height = map(float, found["bb"].split(","))
    return curves, width * height


def our_drawing(scene: Scene) -> tuple[list[list[Point]], float]:
    """Give the curves of our drawing, and the area of its boxes and edges."""
    _, layout = placed(scene)
    return our_curves(scene), layout.width * layout.height


def length(curves: list[list[Point]]) -> float:
    """Give the total length of all curves, in pixels."""
    return sum(dist(a, b) for curve in curves for a, b in pairwise(curve))


def points(data: str, steps: int = 12) -> list[Point]:
    """Give points along a path of moves, lines and cubic curves."""
    line: list[Point] = []
    for letter, rest in re.findall(r"([MLC])([^MLC]+)", data):
        numbers = [float(number) for number in rest.split()]
        given = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter != "C":
            line += given
            continue
        for place in range(0, len(given), 3):
            curve = [line[-1], *given[place : place + 3]]
            line += [along(curve, step / steps) for step in range(1, steps + 1)]
    return line


def along(curve: list[Point], share: float) -> Point:
    while len(curve) > 1:
        curve = [
            (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            for a, b in pairwise(curve)
        ]
    return curve[0]


def crossings(curves: list[list[Point]]) -> int:
    """Count the pairs of curves that cross, by a sweep over their pieces."""
    pieces = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), number, a, b)
        for number, curve in enumerate(curves)
        for a, b in pairwise(curve)
    )
    found = set()
    active: list[tuple[float, float, int, Point, Point]] = []
    for piece in pieces:
        active = [other for other in active if other[1] > piece[0]]
        for other in active:
            pair = (min(piece[2], other[2]), max(piece[2], other[2]))
            if pair[0] != pair[1] and pair not in found and cross(piece[3:], other[3:]):
                found.add(pair)
        active.append(piece)
    return len(found)


def cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    def side(a: Point, b: Point, c: Point) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    (a, b), (c, d) = first, second
    return side(a, b, c) * side(a, b, d) < -1e-6 and side(c, d, a) * side(c, d, b) < -1e-6


# The report -------------------------------------------------------------------------


def report(repeat: int, seeds: int) -> None:
    print("built-in SVG, processor seconds; a peak of all memory, the document included")
    for shape, (rows, collapse) in SHAPES.items():
        command = [sys.executable, "-m", "benchmarks.diagrams", "--one", shape]
        command += ["--repeat", str(repeat)]
        done = subprocess.run(command, capture_output=True, check=True)
        cost = json.loads(done.stdout)
        line = (
            f"  {shape:34}  {cost['edges']:7,} edges  {cost['boxes']:6,} boxes"
            f"  scene {cost['scene']:.2f} s  svg {cost['svg']:.2f} s"
            f"  {cost['size']:.1f} MB  peak {cost['peak']:.0f} MiB"
        )
        if shape.startswith("1,000 in"):
            theirs = dot_seconds(render_dot(scene_of(graph_of(rows()), collapse)), repeat)
            line += f"  dot {theirs:.2f} s: {theirs / cost['svg']:.1f} times"
        print(line)
    print(
        f"{seeds} random DAGs of each size, dot's boxes of our size; ours divided by dot's"
    )
    print(f"  {'':26}{'crossings':>17}{'length':>8}{'area':>8}")
    total = [0, 0]
    for size, edges in DAGS:
        counts, lengths, areas = [0, 0], [0.0, 0.0], [0.0, 0.0]
        for seed in range(seeds):
            scene = scene_of(graph_of(random_dag(size, edges, seed)))
            for place, drawing in enumerate((dot_drawing(scene), our_drawing(scene))):
                curves, area = drawing
                counts[place] += crossings(curves)
                lengths[place] += length(curves)
                areas[place] += area
        told = f"{size:3} subtasks, {edges:3} edges"
        ratios = f"{lengths[1] / lengths[0]:8.2f}{areas[1] / areas[0]:8.2f}"
        print(f"  {told:26}{counts[0]:7} {counts[1]:6}   {ratios}")
        total = [a + b for a, b in zip(total, counts, strict=True)]
    print(f"  {'all':26}{total[0]:7} {total[1]:6}   {total[1] / total[0]:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the diagrams.")
    parser.add_argument("--one", choices=SHAPES, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.repeat)))
    else:
        report(options.repeat, options.seeds)


if __name__ == "__main__":
    main()
