"""Random DAGs for the property tests, and the short way to write one by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Id, Subtask, Task


def make_graph(
    subtasks: Mapping[Any, Mapping[str, Any]] | Iterable[Id],
    edges: Iterable[Sequence[Id]] = (),
    **task: Any,
) -> TaskGraph:
    """Build a graph from the fields of each subtask and the edges by id."""
    fields = subtasks if isinstance(subtasks, Mapping) else {key: {} for key in subtasks}
    ups: dict[Id, list[Id]] = {name: [] for name in fields}
    downs: dict[Id, list[Id]] = {name: [] for name in fields}
    for a, b in edges:
        downs[a].append(b)
        ups[b].append(a)
    rows = tuple(
        Subtask(id=name, upstreams=tuple(ups[name]), downstreams=tuple(downs[name]), **row)
        for name, row in fields.items()
    )
    return build_graph(Task(**{"id": 1, **task}, subtasks=rows))


def reversed_input(graph: TaskGraph) -> TaskGraph:
    """Build the same graph from a document in the opposite order."""
    rows = [
        row._replace(
            upstreams=row.upstreams and row.upstreams[::-1],
            downstreams=row.downstreams and row.downstreams[::-1],
        )
        for row in graph.task.subtasks
    ]
    task = graph.task.__class__(id=graph.task.id, subtasks=tuple(reversed(rows)))
    return build_graph(task)


@st.composite
def dags(draw: st.DrawFn, most: int = 7) -> TaskGraph:
    """Draw a DAG of up to `most` nodes; its ids are in no topological order."""
    size = draw(st.integers(1, most))
    ids = draw(st.permutations(range(size)))
    pairs = list(combinations(ids, 2))
    mask = draw(st.integers(0, 2 ** len(pairs) - 1))
    return make_graph(
        range(size), [pair for at, pair in enumerate(pairs) if mask >> at & 1]
    )


@st.composite
def timed_dags(
    draw: st.DrawFn, most: int = 7, longest: int = 4
) -> tuple[TaskGraph, list[int]]:
    """Draw a DAG and a duration for each node: short ones, so that ties are common."""
    graph = draw(dags(most))
    size = len(graph)
    return graph, draw(st.lists(st.integers(0, longest), min_size=size, max_size=size))


SETTINGS = st.fixed_dictionaries(
    {
        "attempts": st.integers(1, 3),
        "attempts_by_name": st.dictionaries(
            st.sampled_from(["*", "a*", "ab", "[!a]*"]), st.integers(1, 4), max_size=2
        ),
        "grace": st.integers(0, 12),
        "overhead": st.integers(0, 2),
        "concurrency": st.none() | st.integers(0, 3),
        "assume_timeout": st.none() | st.integers(0, 5),
    }
)
"""All settings that say how long something may take."""


@st.composite
def named_dags(draw: st.DrawFn) -> TaskGraph:
    """Draw a DAG of waiting subtasks with names, timeouts, and perhaps without a limit."""
    graph = draw(dags())
    rows = tuple(
        row._replace(
            status="PENDING",
            name=draw(st.sampled_from(["a", "ab", "b"])),
            timeout=draw(st.none() | st.integers(0, 9)),
        )
        for row in graph.task.subtasks
    )
    return build_graph(Task(id=1, subtasks=rows))


def full_paths(graph: TaskGraph) -> list[tuple[int, ...]]:
    """Enumerate every path from a node without upstreams to one without downstreams."""
    done: list[tuple[int, ...]] = []
    growing: list[tuple[int, ...]] = [
        (node,) for node, ups in enumerate(graph.upstreams) if not ups
    ]
    while growing:
        path = growing.pop()
        if graph.downstreams[path[-1]]:
            growing += [(*path, node) for node in graph.downstreams[path[-1]]]
        else:
            done.append(path)
    return done


def longest(paths: Iterable[tuple[int, ...]], durations: list[int]) -> int:
    """The length of the longest of the paths."""
    return max(sum(durations[node] for node in path) for path in paths)
