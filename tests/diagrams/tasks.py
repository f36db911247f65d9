"""Tasks to draw: a short way to write them, random ones, and a shuffler."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.model.task import Id, Status, Subtask, Task
from taskgraph.settings import Settings

HOSTILE = (
    "</text></svg><script>window.hacked = 1</script>",
    '"\' onload="window.hacked = 1" x=\'',
    "--><img src=x onerror=window.hacked=1>",
    "]]> & &amp; &lt; <b>",
    "line one\nline two\r\tand a tab",
    "\x1b[31mred\x1b[0m \x07\x00",
    "right \u202eto\u2066 left",
    "n0 -> n1; } subgraph x { \\N \\l \\",
    "<b>bold</b>",
    'end["x"] --> n1:::c; %% {{ }} #quot; `code`',
    "javascript:window.hacked=1",
    "lone \udc80 surrogate \ufffe",
    "{}|<f0>:port:n",
)
"""Names that try to be something else than text, in one format or another."""

CHINESE = "停止 OBProxy 进程并等待所有连接关闭"


def make_task(
    subtasks: Mapping[Any, Mapping[str, Any]],
    edges: Iterable[tuple[Id, Id]] = (),
    **task: Any,
) -> Task:
    """Build a task from the fields of each subtask and the edges by id."""
    ups: dict[Id, list[Id]] = {name: [] for name in subtasks}
    downs: dict[Id, list[Id]] = {name: [] for name in subtasks}
    for a, b in edges:
        downs[a].append(b)
        ups[b].append(a)
    rows = tuple(
        Subtask(
            **{
                "id": name,
                "name": f"Subtask {name}",
                "status": "PENDING",
                "operation": "EXECUTE",
                "timeout": 60,
                "upstreams": tuple(ups[name]),
                "downstreams": tuple(downs[name]),
                **fields,
            }
        )
        for name, fields in subtasks.items()
    )
    own = {"id": 1, "name": "Stop cluster", "status": "RUNNING", "operation": "EXECUTE"}
    return Task(**{**own, **task}, subtasks=rows)


def chain(names: Iterable[str]) -> Task:
    """Build a chain of subtasks with these names."""
    rows = {100 + place: {"name": name} for place, name in enumerate(names)}
    return make_task(rows, zip(rows, list(rows)[1:], strict=False))


def fan(parts: int, **fields: Any) -> Task:
    """Build a task whose middle is split into parts that run side by side."""
    rows: dict[Id, dict[str, Any]] = {1: {"name": "Start node", "status": "SUCCESSFUL"}}
    for part in range(parts):
        rows[10 + part] = {"name": "Stop observer", "parallel_index": part, **fields}
    rows[9000] = {"name": "Wait node"}
    middle = range(10, 10 + parts)
    edges = [(1, part) for part in middle] + [(part, 9000) for part in middle]
    return make_task(rows, edges)


def stages(*widths: int, parallel: bool = False) -> Task:
    """Build stages in which everything waits for all of the stage before."""
    rows: dict[Id, dict[str, Any]] = {}
    edges: list[tuple[Id, Id]] = []
    before: list[Id] = []
    for number, width in enumerate(widths, 1):
        own: list[Id] = [1000 * number + place for place in range(width)]
        for place, name in enumerate(own):
            if parallel:
                rows[name] = {"name": f"Stage {number}", "parallel_index": place}
            else:
                rows[name] = {"name": f"Stage {number}, step {place}"}
        edges += [(a, b) for a in before for b in own]
        before = own
    return make_task(rows, edges)


def analysed(task: Task, **settings: Any) -> Analysis:
    """Give what a diagram is made from."""
    return Analysis(build_graph(task), Settings(**settings))


def shuffled(task: Task, seed: int = 0) -> Task:
    """Give the same task with its subtasks and all lists in another order."""
    mixer = random.Random(seed)

    def mixed(ids: tuple[Id, ...] | None) -> tuple[Id, ...] | None:
        return None if ids is None else tuple(mixer.sample(ids, len(ids)))

    rows = [
        row._replace(upstreams=mixed(row.upstreams), downstreams=mixed(row.downstreams))
        for row in mixer.sample(task.subtasks, len(task.subtasks))
    ]
    return Task(
        id=task.id,
        name=task.name,
        status=task.status,
        operation=task.operation,
        subtasks=tuple(rows),
    )


names = st.one_of(
    st.sampled_from(["Wait node", "Stop observer", CHINESE, "W" * 300, "", *HOSTILE]),
    st.text(max_size=60),
)


@st.composite
def tasks(draw: st.DrawFn, most: int = 14, *, faulty: bool = False) -> Task:
    """Draw a task; its ids are in no topological order.

    A faulty one may have cycles, unknown ids, one-sided edges and ids that come twice.
    """
    size = draw(st.integers(0, most))
    ids: list[Id] = draw(st.permutations(range(100, 100 + size)))
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    drawn = draw(st.lists(pairs, max_size=2 * size)) if size else []
    edges = {(a, b) if faulty else (min(a, b), max(a, b)) for a, b in drawn}
    edges = edges if faulty else {(a, b) for a, b in edges if a != b}
    rows = {
        name: {
            "name": draw(names),
            "status": draw(st.sampled_from([*Status, "PAUSED", None])),
            "operation": draw(st.sampled_from(["EXECUTE", "ROLLBACK", "SKIP"])),
            "timeout": draw(st.sampled_from([None, 0, 30, 1800, 86400])),
            "parallel_index": draw(st.integers(-1, 2)),
            "prohibit_rollback": draw(st.booleans()),
        }
        for name in ids
    }
    task = make_task(rows, sorted((ids[a], ids[b]) for a, b in edges))
    return _broken(draw, task) if faulty and size else task


def _broken(draw: st.DrawFn, task: Task) -> Task:
    """Cut some lists, name an unknown id, and repeat a subtask, maybe."""
    rows = list(task.subtasks)
    for place, row in enumerate(rows):
        fault = draw(st.sampled_from(["", "", "cut", "unknown", "twice"]))
        if fault == "cut":
            rows[place] = row._replace(upstreams=())
        if fault == "unknown":
            rows[place] = row._replace(downstreams=(*(row.downstreams or ()), 999, "x:y"))
        if fault == "twice":
            rows.append(row._replace(name="Another"))
    return Task(id=1, name=task.name, status=task.status, subtasks=tuple(rows))


def graph_of(task: Task) -> TaskGraph:
    """Build the graph of a task."""
    return build_graph(task)
