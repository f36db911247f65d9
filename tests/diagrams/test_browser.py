"""Pictures in a real browser: text stays in its box and stays text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.model.task import Task
from taskgraph.model.words import visible
from tests.diagrams.browser import Watch, launch, mermaid_script
from tests.diagrams.tasks import (
    CHINESE,
    HOSTILE,
    analysed,
    chain,
    fan,
    graph_of,
    make_task,
    stages,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

SCRIPTS = (
    "WWWWWWWW" * 40,
    "illiwill" * 40,
    CHINESE * 9,
    "ПРИГОТОВИТЬ КЛАСТЕР К ОСТАНОВКЕ",
    "ΣΤΑΜΑΤΗΣΤΕ ΤΟΝ ΔΙΑΚΟΜΙΣΤΗ",
    "إيقاف الخادم والانتظار حتى تنتهي جميع الاتصالات",
    "सर्वर बंद करें और सभी कनेक्शन समाप्त होने तक प्रतीक्षा करें",
    "🚀🔥✅ deploy 👩‍👩‍👧‍👦 family",
    "ﷺ ﷽ \U00012031 long glyphs",
    "ÀÉÎÕÜ ßøåæœ ŁĐŽ",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()


def hostile_task() -> Task:
    """Build a task in which every text that is shown is hostile."""
    rows = {
        f"{place}{text}": {"name": text, "status": text if place % 3 else "FAILED"}
        for place, text in enumerate(HOSTILE)
    }
    edges = pairwise(rows)
    return make_task(rows, edges, id=HOSTILE[0], name="\n".join(HOSTILE), status=HOSTILE[3])


def svg_of(task: Task, options: DiagramOptions | None = None, engine: str = "svg") -> str:
    return str(render(analysed(task), engine, options))


ESCAPING = """() => [...document.querySelectorAll('g.n')].flatMap(node => {
    const box = node.querySelector(':scope > rect.b:last-of-type, :scope > rect.b');
    const frame = box.getBoundingClientRect();
    return [...node.querySelectorAll(':scope > text')].filter(text => {
        const own = text.getBoundingClientRect();
        return own.left < frame.left || own.right > frame.right + 4
            || own.top < frame.top || own.bottom > frame.bottom + 4;
    }).map(text => text.textContent);
})"""


@pytest.mark.parametrize(
    "task",
    [
        chain(SCRIPTS),
        fan(3, name=CHINESE * 3),
        stages(9, 9, parallel=True),
        make_task({"x" * 150: {"name": "W" * 300, "status": "Ж" * 90}}),
    ],
    ids=["scripts", "fan", "stages", "long"],
)
def test_no_label_leaves_its_box(page: Page, task: Task) -> None:
    page.set_content(svg_of(task))
    assert page.evaluate("document.querySelectorAll('g.n > text').length") > 0
    assert page.evaluate(ESCAPING) == []


def test_hostile_names_are_text_in_the_picture(page: Page, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    picture.write_text(svg_of(hostile_task()), encoding="utf-8")
    watch = Watch(page)
    page.goto(picture.as_uri())
    titles = page.evaluate(
        "[...document.querySelectorAll('g.n > title')].map(t => t.textContent)"
    )
    for name in HOSTILE:
        assert any(visible(name).strip() in title for title in titles)
    watch.assert_quiet(picture.as_uri())


@pytest.mark.parametrize("engine", ["builtin", "dot"])
def test_hostile_names_are_text_inside_a_page(page: Page, engine: str) -> None:
    watch = Watch(page)
    options = DiagramOptions(engine="dot" if engine == "dot" else "builtin")
    page.set_content(f"<!doctype html><body>{svg_of(hostile_task(), options)}</body>")
    shown = page.evaluate("document.querySelector('svg').textContent")
    assert "<script>" in shown
    assert page.evaluate("document.querySelectorAll('script, img').length") == 0
    watch.assert_quiet()


def test_two_pictures_on_one_page_keep_to_themselves(page: Page) -> None:
    page.set_content(svg_of(chain(["One", "Two"])) + svg_of(fan(3)))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_dark_surroundings_change_the_colours(browser: Browser) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        page = context.new_page()
        page.set_content(svg_of(chain(["One", "Two"])))
        colours[scheme] = page.evaluate(
            "['.page', 'g.n > rect.b', 'text.h', 'path.e'].map(which => {"
            "const s = getComputedStyle(document.querySelector(which));"
            "return s.fill + s.stroke})"
        )
        context.close()
    assert all(a != b for a, b in zip(colours["light"], colours["dark"], strict=True))


# Mermaid ----------------------------------------------------------------------------

READ = """async text => {
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
    const vertices = diagram.db.getVertices();
    const nodes = vertices instanceof Map ? [...vertices.keys()] : Object.keys(vertices);
    const edges = diagram.db.getEdges().map(edge => [edge.start, edge.end]);
    const groups = diagram.db.getSubGraphs().map(group => group.id);
    return {nodes, edges, groups};
}"""
DRAW = """async text => {
    const {svg} = await mermaid.render('drawn', text);
    document.body.innerHTML = svg;
    return document.body.textContent;
}"""


@pytest.fixture
def mermaid(page: Page) -> Page:
    script = mermaid_script()
    page.set_content("<!doctype html><body></body>")
    page.add_script_tag(path=script)
    page.evaluate("mermaid.initialize({startOnLoad: false})")
    return page


def test_mermaid_reads_the_same_graph(mermaid: Page) -> None:
    graph = graph_of(stages(2, 2, 1))
    read = mermaid.evaluate(READ, svg_of(graph.task, engine="mermaid"))
    assert read["nodes"] == [f"n{node}" for node in range(len(graph))]
    assert read["edges"] == [[f"n{a}", f"n{b}"] for a, b in graph.edges()]


def test_mermaid_shows_hostile_names_as_text(mermaid: Page) -> None:
    watch = Watch(mermaid)
    shown = mermaid.evaluate(DRAW, svg_of(hostile_task(), engine="mermaid"))
    for name in ("</text></svg><script>", "--><img src=x onerror", "<b>bold</b>"):
        assert shown.count(name) > 1  # as name and as id
    assert "＜b＞bold＜/b＞" in shown  # in the title
    assert "Unsupported markdown" not in shown
    watch.assert_quiet()


@pytest.mark.parametrize("task", [fan(60), stages(40, 40, 40), chain(map(str, range(900)))])
def test_mermaid_draws_what_is_too_large_for_it_collapsed(
    mermaid: Page, task: Task
) -> None:
    text = svg_of(task, engine="mermaid")
    assert "Maximum text size" not in mermaid.evaluate(DRAW, text)


def test_mermaid_shows_the_title(mermaid: Page) -> None:
    named = make_task({1: {}}, name='A "title": # & --- \\ 停止')
    shown = mermaid.evaluate(DRAW, svg_of(named, engine="mermaid"))
    assert json.dumps(shown, ensure_ascii=False).count("停止") == 1
