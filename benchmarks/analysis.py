"""The schedule with all floats and the drag of every subtask, beside networkx.

    python benchmarks/analysis.py [--sizes 100000 1000000] [--repeat 3]

For a chain and a layered graph, in one run: the time of ``networkx.dag_longest_path``
on a ready graph (one path and nothing else), of ``schedule`` (early and late times, all
floats, all critical subtasks, the number of critical paths), and of ``schedule`` with
``drags``. Graphs are built before the clock starts; our topological order is computed
within it, as networkx computes its own. Times are of the processor, the least of the
repeats. Memory is the peak of Python's allocations during one more run, per subtask.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import random
import time
import tracemalloc
from collections.abc import Callable

import networkx

from taskgraph.analysis.schedule import drags, schedule
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.task import Subtask, Task

WIDTH = 100


def chain(size: int) -> list[list[int]]:
    return [[node - 1] if node else [] for node in range(size)]


def layered(size: int) -> list[list[int]]:
    """Layers of 100; each subtask waits for one to three of the layer before."""
    choose = random.Random(7)
    rows: list[list[int]] = []
    for node in range(size):
        above = node // WIDTH * WIDTH - WIDTH
        count = choose.randint(1, 3) if above >= 0 else 0
        rows.append(sorted({above + choose.randrange(WIDTH) for _ in range(count)}))
    return rows


def build(upstreams: list[list[int]]) -> TaskGraph:
    downstreams: list[list[int]] = [[] for _ in upstreams]
    for node, row in enumerate(upstreams):
        for upstream in row:
            downstreams[upstream].append(node)
    subtasks = tuple(
        Subtask(id=node, upstreams=tuple(up), downstreams=tuple(down))
        for node, (up, down) in enumerate(zip(upstreams, downstreams, strict=True))
    )
    return TaskGraph(
        task=Task(id=1, subtasks=subtasks),
        positions=tuple(range(len(subtasks))),
        upstreams=tuple(map(tuple, upstreams)),
        downstreams=tuple(map(tuple, downstreams)),
    )


def build_peer(graph: TaskGraph, durations: list[int]) -> networkx.DiGraph[int]:
    """Put each duration on the edges that leave its node, and a sink behind all."""
    peer: networkx.DiGraph[int] = networkx.DiGraph()
    peer.add_nodes_from(range(len(graph) + 1))
    peer.add_weighted_edges_from((a, b, durations[a]) for a, b in graph.edges())
    ends = [node for node, row in enumerate(graph.downstreams) if not row]
    peer.add_weighted_edges_from((node, len(graph), durations[node]) for node in ends)
    return peer


def clock(action: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        gc.collect()
        began = time.process_time()
        action()
        times.append(time.process_time() - began)
    return min(times)


def peak(action: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def compare(shape: str, size: int, repeat: int) -> None:
    graph = build(chain(size) if shape == "chain" else layered(size))
    choose = random.Random(1)
    durations = [choose.randint(1, 3600) for _ in range(size)]
    peer = build_peer(graph, durations)

    def theirs() -> object:
        return networkx.dag_longest_path(peer)

    def floats() -> object:
        return schedule(dataclasses.replace(graph), durations)  # nothing cached yet

    def everything() -> object:
        fresh = dataclasses.replace(graph)
        return drags(fresh, schedule(fresh, durations))

    path = networkx.dag_longest_path(peer)
    timetable = schedule(graph, durations)
    assert sum(durations[node] for node in path if node < size) == timetable.makespan
    assert max(drags(graph, timetable)) > 0

    reference = clock(theirs, repeat)
    print(f"{shape}, {size:,} subtasks, {graph.edge_count:,} edges")
    rows = {
        "networkx.dag_longest_path": (reference, theirs),
        "schedule, all floats": (clock(floats, repeat), floats),
        "schedule and drags": (clock(everything, repeat), everything),
    }
    for name, (seconds, action) in rows.items():
        each = peak(action) / size
        ratio = seconds / reference
        print(f"  {name:26} {seconds:8.3f} s  {ratio:5.2f} x  {each:6.0f} bytes each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    for size in options.sizes:
        for shape in ("chain", "layered"):
            compare(shape, size, options.repeat)


if __name__ == "__main__":
    main()
