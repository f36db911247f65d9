"""One function makes every format."""

from __future__ import annotations

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from taskgraph.diagrams.formats import FORMATS, render
from taskgraph.diagrams.options import DiagramOptions, View
from taskgraph.errors import RenderError
from taskgraph.model.task import Task
from tests.diagrams.tasks import (
    HOSTILE,
    analysed,
    chain,
    fan,
    make_task,
    shuffled,
    stages,
)

EVERY = [(name, view) for name, form in FORMATS.items() for view in form.views]
TEXTS = [(name, view) for name, view in EVERY if name not in ("png", "pdf")]


def drawn(task: Task, form: str, view: View) -> str | bytes:
    options = DiagramOptions(view=view)
    return render(analysed(task), form, options)


@pytest.mark.parametrize(("form", "view"), TEXTS)
@pytest.mark.parametrize("task", [fan(12), stages(3, 4, 2), chain(HOSTILE)])
def test_the_order_of_the_document_does_not_matter(
    form: str, view: View, task: Task
) -> None:
    assert drawn(shuffled(task), form, view) == drawn(task, form, view)


@pytest.mark.parametrize(("form", "view"), TEXTS)
def test_every_text_ends_its_last_line_and_is_plain(form: str, view: View) -> None:
    text = str(drawn(chain([*HOSTILE, "停止"]), form, view))
    assert text.endswith("\n")
    assert text.encode()  # no lone surrogate
    assert not set(text) & set("\x00\x07\x1b\r\u202e\u2066")


@pytest.mark.parametrize("form", ["svg", "graphml", "gexf"])
def test_xml_is_well_formed_whatever_the_names(form: str) -> None:
    rows = {text: {"name": text, "status": text, "timeout": 0} for text in HOSTILE}
    task = make_task(rows, name=HOSTILE[0], id=HOSTILE[1], status=HOSTILE[2])
    root = ET.fromstring(drawn(task, form, "graph"))
    assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in ("script", "img")]
    assert not [key for e in root.iter() for key in e.attrib if key.startswith("on")]


def test_a_lone_number_beyond_64_bits_is_an_id_too() -> None:
    task = make_task({10**30: {"timeout": 10**25}})
    for form, view in TEXTS:
        if view == "graph":
            assert str(10**30) in str(drawn(task, form, view))


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(RenderError, match="choose from svg, png, pdf"):
        render(analysed(fan(2)), "bmp")


def test_a_format_that_cannot_show_a_view_names_those_that_can() -> None:
    options = DiagramOptions(view="timeline")
    with pytest.raises(RenderError, match="dot cannot show the timeline: choose from svg"):
        render(analysed(fan(2)), "dot", options)


CHOICES: dict[str, Any] = {
    "direction": "TB",
    "collapse": "name",
    "focus": "10",
    "around_failed": True,
    "critical_only": True,
    "max_nodes": 3,
    "engine": "dot",
}
REFUSED: dict[str, Collection[str]] = {
    "svg": (),
    "txt": {"direction", "engine"},
    "dot": {"engine"},
    "mermaid": {"engine"},
    **dict.fromkeys(("trace", "graphml", "gexf", "json"), CHOICES),
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize(("form", "view"), TEXTS)
def test_a_choice_changes_what_is_drawn_or_is_refused(
    form: str, view: View, choice: str
) -> None:
    """A failed part of three, with two steps behind it, the other of which is idle."""
    if choice == "engine" and shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    names = {1: "Start", 10: "Stop", 11: "Stop", 12: "Stop", 20: "Wait", 30: "Report"}
    rows = {n: {"name": name, "timeout": 60 + n} for n, name in names.items()}
    rows[10] |= {"status": "FAILED"}
    ends = [(1, 10), (1, 11), (1, 12), (10, 20), (11, 20), (12, 20), (20, 30)]
    task = analysed(make_task(rows, ends))
    plain = render(task, form, DiagramOptions(view=view))
    options = replace(DiagramOptions(view=view), **{choice: CHOICES[choice]})
    if choice in REFUSED[form] or (view == "timeline" and choice in REFUSED["txt"]):
        named = choice.replace("_", "-")
        with pytest.raises(RenderError, match=f"takes no notice of {named}: leave it out"):
            render(task, form, options)
    else:
        assert render(task, form, options) != plain


def test_who_refuses_a_choice_names_who_does_not() -> None:
    options = DiagramOptions(focus="10", engine="dot")
    with pytest.raises(RenderError) as refused:
        render(analysed(fan(2)), "graphml", options)
    assert str(refused.value) == (
        "graphml takes no notice of focus and engine: leave it out, "
        "or choose from svg, png, pdf"
    )
    with pytest.raises(RenderError, match="a timeline takes no notice of engine: leave"):
        render(analysed(fan(2)), "svg", DiagramOptions(view="timeline", engine="dot"))


def test_who_shows_all_collapses_nothing() -> None:
    for form in ("graphml", "gexf", "json", "trace"):
        whole = render(analysed(fan(2)), form, DiagramOptions(collapse="none"))
        assert whole == render(analysed(fan(2)), form)


def test_no_two_formats_share_a_suffix() -> None:
    suffixes = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.uncovered
def test_drawing_imports_nothing_heavy_before_it_is_asked_to() -> None:
    heavy = "'graphviz', 'networkx', 'typst', 'rich', 'numpy', 'taskgraph.diagrams.svg'"
    code = (
        f"import sys, taskgraph.diagrams.formats; assert not {{{heavy}}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.uncovered
def test_the_built_in_svg_needs_neither_graphviz_nor_networkx() -> None:
    code = (
        "import sys; from taskgraph.analysis.analysis import Analysis;"
        "from taskgraph.diagrams.formats import render;"
        "from taskgraph.graph.taskgraph import build_graph;"
        "from taskgraph.model.task import Subtask, Task;"
        "render(Analysis(build_graph(Task(1, subtasks=(Subtask(1), Subtask(2))))));"
        "assert not {'graphviz', 'networkx', 'typst'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_picture_says_what_it_is_without_being_seen() -> None:
    task = replace(fan(3), name="Stop & go")
    root = ET.fromstring(drawn(task, "svg", "graph"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "graphics-document"
    named = root.attrib["aria-labelledby"].split()
    own = [root.find(f"{space}title"), root.find(f"{space}desc")]
    assert [element.attrib["id"] for element in own if element is not None] == named
    assert own[0] is not None
    assert own[0].text == "Stop & go"
    assert own[1] is not None
    assert "5 subtasks" in str(own[1].text)
    nodes = [e for e in root.iter() if e.get("class", "").startswith("n ")]
    assert len(nodes) == 6
    assert all(node.find(f"{space}title") is not None for node in nodes)
    assert root.find(".//{*}script") is None
    assert "http" not in ET.tostring(root, encoding="unicode").replace(
        "http://www.w3.org/2000/svg", ""
    )


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"collapse": "all"}, "collapse must be 'auto', 'none', 'parallel', 'chains' or"),
        ({"view": "gantt"}, "view must be 'graph' or 'timeline', not 'gantt'"),
        ({"engine": "neato"}, "engine must be 'builtin' or 'dot', not 'neato'"),
        ({"max_nodes": 0}, "max_nodes must be greater than or equal to 1, not 0"),
        ({"focus": 108}, "focus must be a valid string, not 108"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(choice: dict[str, Any], said: str) -> None:
    with pytest.raises(RenderError, match=said):
        DiagramOptions(**choice)
