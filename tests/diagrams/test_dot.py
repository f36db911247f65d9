"""DOT is read back by Graphviz and gives the same graph, whatever the names are."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.dot import render_dot, render_with_dot
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.errors import RenderError
from taskgraph.model.task import Task
from taskgraph.model.words import visible
from tests.diagrams.tasks import (
    HOSTILE,
    analysed,
    chain,
    fan,
    graph_of,
    make_task,
    stages,
    tasks,
)
from tests.effort import examples


@pytest.fixture
def dot() -> str:
    program = shutil.which("dot")
    if program is None:
        pytest.skip("Graphviz is not installed")
    return program


def read(program: str, source: str) -> dict[str, Any]:
    """Let Graphviz read DOT; fail where it only warns."""
    done = subprocess.run(
        [program, "-Tdot_json"],
        input=source.encode(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def edges_of(data: dict[str, Any]) -> set[tuple[str, str]]:
    """Give the edges between subtasks, those through points joined."""
    names = {row["_gvid"]: row.get("subtask") for row in data.get("objects", [])}
    after: dict[int, list[int]] = {}
    for row in data.get("edges", []):
        after.setdefault(row["tail"], []).append(row["head"])
    found = set()
    for start, name in names.items():
        stack = list(after.get(start, [])) if name is not None else []
        while stack:
            node = stack.pop()
            other = names[node]
            if other is None:
                stack += after.get(node, [])
            else:
                found.add((str(name), other))
    return found


def wanted(task: Task) -> set[tuple[str, str]]:
    graph = graph_of(task)
    ids = [visible(str(subtask.id)) for subtask in graph.subtasks]
    return {(ids[a], ids[b]) for a, b in graph.edges()}


@pytest.mark.parametrize(
    "task",
    [
        make_task({}),
        chain("abc"),
        fan(3),
        fan(30),
        stages(2, 3, 1),
        stages(8, 9, 7),
        stages(8, 9, 7, parallel=True),
        make_task({"a:b": {}, "n0": {}, "<x>": {}}, [("a:b", "n0"), ("n0", "<x>")]),
    ],
)
def test_graphviz_reads_the_same_edges(dot: str, task: Task) -> None:
    source = render_dot(build_scene(analysed(task), DiagramOptions(collapse="none")))
    data = read(dot, source)
    assert edges_of(data) == wanted(task)
    ids = {visible(str(subtask.id)) for subtask in task.subtasks}
    assert {row["subtask"] for row in data.get("objects", []) if "subtask" in row} == ids


@examples(12)
@given(tasks())
def test_graphviz_reads_any_sound_task(task: Task) -> None:
    program = shutil.which("dot")
    if program is None:
        pytest.skip("Graphviz is not installed")
    source = render_dot(build_scene(analysed(task), DiagramOptions(collapse="none")))
    assert edges_of(read(program, source)) == wanted(task)


def test_hostile_names_are_labels(dot: str) -> None:
    task = chain(HOSTILE)
    data = read(dot, render_dot(build_scene(analysed(task))))
    labels = "".join(unescape(row.get("label", "")) for row in data["objects"])
    for name in HOSTILE:
        start = visible(name)[:12].replace("\\", "\\\\")
        assert start.replace(" ", "") in labels.replace(" ", "").replace("\\n", "")
    assert len(data["objects"]) == len(HOSTILE)


def test_entities_of_a_name_stay_as_they_are(dot: str) -> None:
    names = ["R&D &lt;x&gt;", "a &#39;q&#39; &nbsp;|", "&amp;amp;"]
    source = render_dot(build_scene(analysed(chain(names))))
    done = subprocess.run(
        [dot, "-Tsvg"], input=source.encode(), capture_output=True, check=True
    )
    root = ET.fromstring(done.stdout)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    tips = [a.get("{http://www.w3.org/1999/xlink}title") or "" for a in root.iter()]
    for name in names:
        assert name in texts
        assert any(tip.startswith(name) for tip in tips)


def test_a_label_that_looks_like_markup_is_none() -> None:
    task = make_task({1: {"name": "<b>x</b>", "status": "<i>"}})
    source = render_dot(build_scene(analysed(task)))
    assert 'label="? <i>\\n<b>x</b>\\n' in source


def test_groups_count_and_faults_are_marked() -> None:
    options = DiagramOptions(collapse="parallel")
    source = render_dot(build_scene(analysed(fan(30, prohibit_rollback=True)), options))
    assert "peripheries=2" in source
    assert "○ 30 PENDING" in source
    failed = {"status": "FAILED", "downstreams": (2, 9)}
    broken = make_task({1: failed, 2: {"upstreams": (1,)}, 3: {}}, [(3, 3)])
    source = render_dot(build_scene(analysed(broken)))
    assert 'style="rounded,filled,dashed"' in source  # what is blocked, and the ghost
    assert source.count("style=dashed") == 2  # to the ghost, and what closes the cycle
    assert source.count("penwidth=2.2") == 4


def test_the_point_of_no_return_is_told() -> None:
    task = make_task({1: {}, 2: {"prohibit_rollback": True}}, [(1, 2)])
    marked = build_scene(analysed(task))
    assert render_dot(marked).count("Point of no return") == 1


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RenderError, match="system package 'graphviz'"):
        render_with_dot(build_scene(analysed(chain("ab"))), "svg")


@pytest.mark.usefixtures("dot")
@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_graphviz_draws_pictures(form: str, start: bytes) -> None:
    drawn = render(analysed(chain("ab")), form, DiagramOptions(engine="dot"))
    assert isinstance(drawn, bytes)
    assert drawn.startswith(start)


@pytest.mark.usefixtures("dot")
def test_graphviz_draws_svg() -> None:
    drawn = render(analysed(fan(3)), "svg", DiagramOptions(engine="dot"))
    assert "Generated by graphviz" in str(drawn)


def test_what_graphviz_refuses_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\ncat >/dev/null\necho out of paper >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RenderError, match="Graphviz failed: out of paper"):
        render_with_dot(build_scene(analysed(chain("ab"))), "svg")
