"""The postmortem as a page: what is in it, and what can never be."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from taskgraph.api import LoadedTask, load, loads, postmortem_of, report
from taskgraph.diagrams.palette import DARK, LIGHT
from taskgraph.errors import RenderError
from taskgraph.graph.taskgraph import build_graph
from taskgraph.model.task import Task
from taskgraph.reports.html import view
from taskgraph.settings import DEFAULTS
from tests.diagrams.tasks import HOSTILE, make_task, stages


class Page(HTMLParser):
    """Collects the elements, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.contents: dict[str, list[str]] = {"script": [], "style": []}
        self.inside = ""
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag
        if tag in self.contents:
            self.contents[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in self.contents:
            self.contents[self.inside][-1] += data
        else:
            self.text += data

    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.elements if "id" in attrs]


def hashed(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def page_of(*tasks: Task) -> Page:
    return Page(report(postmortem_of([LoadedTask(task).account for task in tasks])))


@pytest.fixture
def failed(samples: Path) -> Task:
    return load(samples / "three_hosts_failed.json").task


def test_the_verdict_comes_first_then_everything_else(failed: Task) -> None:
    text = page_of(failed).text
    order = [
        "Task 9100 'Replace binaries on three hosts' failed",
        "failed on 10.0.0.2",
        "may be retried",
        "It cannot be rolled back",
        "Without times: 3 PENDING.",
        "The critical path has 4 of 11 subtasks",
        "All 11",
        "What it is",
        "may be skipped",
        "These have begun and prohibit a rollback",
        "make up the longest path",
        "Findings",
        "rollback-blocked",
        "as it was read",
        '"status": "FAILED"',
    ]
    places = [text.index(words) for words in order[:-1]]
    assert places[0] == min(places)
    assert order[-1] in text


def test_the_policy_names_every_style_and_script_and_allows_nothing_else(
    failed: Task,
) -> None:
    text = report(LoadedTask(failed))
    page = Page(text)
    policy = next(
        str(attrs["content"])
        for tag, attrs in page.elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    scripts = [
        content
        for content, (_, attrs) in zip(
            page.contents["script"],
            [found for found in page.elements if found[0] == "script"],
            strict=True,
        )
        if attrs.get("type") != "application/json"
    ]
    assert len(scripts) == 2
    for rule, contents in (("script-src", scripts), ("style-src", page.contents["style"])):
        assert set(rules[rule].split()) == {f"'{hashed(content)}'" for content in contents}


def test_it_refers_to_nothing_outside_and_sets_nothing_inline(failed: Task) -> None:
    page = page_of(failed, failed)
    for _, attrs in page.elements:
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "action", "data", "srcset"):
            assert not attrs.get(name) or str(attrs[name]).startswith("#")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"link", "img", "iframe", "object", "embed", "form", "base"}
    for style in page.contents["style"]:
        assert not re.search(r"@import|url\((?!#)", style)


def test_every_link_leads_somewhere_and_no_id_comes_twice(
    failed: Task, samples: Path
) -> None:
    other = load(samples / "obproxy_stop.json").task
    page = page_of(failed, other)
    ids = page.ids()
    assert len(ids) == len(set(ids))
    links = {str(attrs["href"])[1:] for tag, attrs in page.elements if tag == "a"}
    assert links <= set(ids)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    def page(text: str) -> Page:
        row = {"name": text, "logs": (text,), "extra": {text: text}, "executor": text}
        return page_of(make_task({1: row}, name=text, status=text))

    hostile, plain = page(name), page("x")
    assert shape(hostile) == shape(plain)
    assert len(hostile.contents["script"]) == 3
    assert not re.search("[\x00-\x08\x1b\u202e\u2066]", hostile.text)


def shape(page: Page) -> set[tuple[str, ...]]:
    """Give the kinds of elements of a page, each with its attributes' names."""
    return {(tag, *sorted(attrs)) for tag, attrs in page.elements if tag != "text"}


def test_the_document_on_the_page_is_the_same_in_any_order() -> None:
    rows = [
        {"id": 2, "name": "b", "upstreams": [1, 9, 1], "startTime": "2025-01-16T11:00:00"},
        {"id": 1, "name": "a", "downstreams": ["x", 2], "startTime": "2025-01-16T11:00:00"},
        {"id": 2, "name": "a", "upstreams": [9, 1]},
    ]
    shown = set()
    for order in permutations(rows):
        turned = [
            {
                key: value[::-1] if isinstance(value, list) else value
                for key, value in row.items()
            }
            for row in order
        ]
        for subtasks in (order, turned):
            page = report(loads(json.dumps({"id": 7, "subtasks": subtasks})))
            _, _, rest = page.partition('<pre class="raw" tabindex="0">')
            shown.add(unescape(rest.partition("</pre>")[0]))
    (text,) = shown
    content = json.loads(text)["task"]
    named = [content["subtasks"][at]["name"] for at, _ in content["naive_times"]]
    assert named == ["a", "b"]


@pytest.mark.uncovered
def test_shuffled_subtasks_give_the_same_bytes(failed: Task) -> None:
    expected = report(LoadedTask(failed))
    for seed in range(3):
        rows = Random(seed).sample(failed.subtasks, len(failed.subtasks))
        mixed = LoadedTask(replace(failed, subtasks=tuple(rows)))
        told = report(mixed)
        assert _without_places(told) == _without_places(expected)


def _without_places(text: str) -> str:
    """Leave out lines and columns, which are those of the document."""
    return re.sub(r"Line \d+, column \d+\.", "", text)


def test_secrets_are_masked_in_all_of_it() -> None:
    subtask = {"id": 1, "name": "Log in", "status": "FAILED", "operation": "EXECUTE"}
    subtask |= {"upstreams": [], "downstreams": [], "password": "hunter2"}
    subtask |= {"description": "with token=hunter2"}
    task = {"id": 1, "name": "demo", "status": "FAILED", "subtasks": [subtask]}
    task["context"] = {"stringMap": {"root_password": "hunter2"}}
    loaded = loads(json.dumps({"data": task, "successful": True}))
    for form in ("html", "markdown"):
        text = report(loaded, form)
        assert "Log in" in text
        assert "hunter2" not in text


def test_a_broken_task_gets_its_page_too() -> None:
    rows = {1: {"upstreams": (2,)}, 2: {"upstreams": (1,)}, 3: {"upstreams": (9,)}}
    task = make_task(rows, [(1, 2), (2, 1)])
    assert not build_graph(task).is_sound
    page = page_of(task)
    assert "There is no schedule" in page.text
    assert "dependency-cycle" in page.text
    assert page_of(make_task({})).text


def test_two_documents_of_one_task_say_what_changed(failed: Task) -> None:
    rows = tuple(
        row._replace(timeout=7200) if row.id == 102 else row for row in failed.subtasks
    )
    text = page_of(failed, replace(failed, subtasks=rows)).text
    assert "What changed" in text
    assert "timeout 1 h → 2 h" in text
    assert text.count("Diagram of") == page_of(failed).text.count("Diagram of")
    assert "What changed" not in page_of(failed, replace(failed, id=1)).text


@pytest.mark.uncovered
def test_sizes_stay_small(samples: Path) -> None:
    assert len(report(load(samples / "obproxy_stop.json")).encode()) < 200_000
    large = report(LoadedTask(stages(*[5] * 200)))
    assert len(large.encode()) < 1500 * 1000


def test_counts_have_their_thousands() -> None:
    page = report(LoadedTask(stages(1, 1200)))
    assert "</span> PENDING 1,201</label>" in page
    assert "The critical path has 2 of 1,201 subtasks:" in page
    assert "All 1,201<" in page


def test_a_document_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {1: {}, 2: {"description": "long " * 400}, 3: {}}
    raw = re.compile('<pre class="raw"[^>]*>(.*?)</pre>', re.DOTALL)
    whole, cut = "", ""
    for most in (8_000_000, 1500):
        monkeypatch.setattr(view, "_MOST_DOCUMENT", most)
        whole, cut = cut, raw.findall(report(LoadedTask(make_task(rows))))[0]
    shown, _, told = cut.partition("\n… ")
    assert whole.startswith(shown)
    assert told == f"{len(whole) - len(shown):,} more characters are left out."


def test_the_colours_of_texts_can_be_read() -> None:
    from tests.diagrams.drawing import contrast

    for theme in (LIGHT, DARK):
        for strong, soft in theme.tones.values():
            assert contrast(strong, soft) >= 4.5
            assert contrast(strong, theme.page) >= 4.5
        assert contrast(theme.muted, theme.page) >= 4.5
        assert contrast(theme.muted, theme.frame) >= 4.5


def test_a_finding_lists_its_subtasks_as_every_list_does(failed: Task) -> None:
    assert "Subtasks: 107, 108 and 109." in " ".join(page_of(failed).text.split())


def test_an_unknown_form_is_refused(failed: Task) -> None:
    with pytest.raises(RenderError, match="html, markdown"):
        report(LoadedTask(failed), "pdf")


@pytest.mark.parametrize(
    ("fields", "workers", "told"),
    [
        ({}, 9, "in this order and at worst at these times from its start:"),
        ({"timeout": 0}, 9, "from its start, not counting what has no limit:"),
        ({}, 1, "from its start, if none waits for a slot:"),
        ({"timeout": None}, 9, "in this order:"),
        ({"status": "RUNNING"}, 1, "in this order:"),
    ],
)
def test_the_steps_of_a_rollback_have_times_where_something_promises_them(
    fields: dict[str, Any], workers: int, told: str
) -> None:
    each = {"status": "SUCCESSFUL", "prohibit_rollback": False, **fields}
    rows = {1: each, 2: {**each, "status": "FAILED"}, 3: each}
    task = make_task(rows, [(1, 2)], status="FAILED", prohibit_rollback=False)
    settings = DEFAULTS.model_copy(update={"workers": workers})
    text = Page(report(postmortem_of([LoadedTask(task, settings).account]))).text
    sentence = next(line for line in text.splitlines() if "A rollback would" in line)
    assert sentence.startswith("A rollback would undo, in this order")
    assert sentence.endswith(told)
    assert ("at these times" in text) == (told != "in this order:")
