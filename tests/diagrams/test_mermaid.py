"""Mermaid text stays within its limits and escapes what could mean something."""

from __future__ import annotations

import json
import re

import pytest

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.mermaid import CHARACTERS, EDGES, render_fitting, render_mermaid
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import Scene
from taskgraph.errors import RenderError
from taskgraph.model.task import Task
from tests.diagrams.tasks import HOSTILE, analysed, chain, fan, make_task, stages

EDGE = re.compile(r"^  n\d+ (?:-->|==>|-\.->) n\d+$", re.MULTILINE)


def mermaid(task: Task, options: DiagramOptions | None = None) -> str:
    return str(render(analysed(task), "mermaid", options))


@pytest.mark.parametrize(
    "task",
    [
        stages(*range(40, 50)),
        chain([f"A rather long name for step {n}" for n in range(900)]),
        fan(900),
        make_task({n: {} for n in range(600)}, [(n, n + 7) for n in range(593)]),
    ],
)
def test_it_collapses_until_it_fits(task: Task) -> None:
    text = mermaid(task, DiagramOptions(collapse="none"))
    assert len(text) <= CHARACTERS
    assert len(EDGE.findall(text)) <= EDGES
    title = json.loads(text.splitlines()[1].removeprefix("title: "))
    assert "collapsed" in title


def test_what_fits_is_drawn_as_asked() -> None:
    text = mermaid(fan(30), DiagramOptions(collapse="none"))
    assert text.count("Stop observer") == 31  # with the heading


def test_what_cannot_be_small_enough_is_refused() -> None:
    scene = build_scene(analysed(chain("abc")))
    large = Scene("x" * CHARACTERS, "", (), (), scene.nodes, scene.edges)
    with pytest.raises(RenderError, match="too large for Mermaid"):
        render_fitting(lambda _: large)


@pytest.mark.parametrize("name", [*HOSTILE, "1. list", "- list", "  # heading", "a_b*c*"])
def test_a_label_holds_nothing_that_means_something(name: str) -> None:
    text = render_mermaid(build_scene(analysed(make_task({1: {"name": name}}))))
    label = re.search(r'^  n0\["(.*)"\]$', text, re.MULTILINE)
    assert label is not None
    for line in label[1].split("<br/>"):
        rest = re.sub(r"#\d+;", "", line)
        assert not re.search(r'["<>#`;&|{}\[\]%\\*=+.?!]', rest)
        assert not re.match(r"\s*(\d+[.)]|[-+*])", line)


def test_lines_show_what_is_critical_and_what_is_faulty() -> None:
    task = make_task({1: {"downstreams": (9,)}, 2: {}, 3: {}}, [(1, 2), (2, 3), (3, 2)])
    text = mermaid(task)
    assert "  n0 -.-> n3\n" in text
    assert "  n1 ==> n2\n" in text
    assert "  class n1,n2,n3 faulty\n" in text
    assert "  linkStyle" in text


def test_a_split_is_a_subgraph() -> None:
    text = mermaid(fan(3))
    assert '  subgraph n1["Stop observer · 3 parts"]\n  direction LR\n' in text
    assert "  n0 --> n1\n" in text
    assert text.startswith('---\ntitle: "Stop cluster (all of it critical)"\n')
