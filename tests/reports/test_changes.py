"""What changed as a page and as pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from taskgraph.analysis.compare import compare_analyses
from taskgraph.model.task import Task
from taskgraph.reports.comparison import (
    Pair,
    change_lines,
    diff_markdown,
    diff_svg,
    diff_text,
)
from taskgraph.reports.html.page import changes_html
from tests.diagrams.tasks import HOSTILE, analysed, fan, graph_of, make_task
from tests.reports.test_html import Page, hashed


def pair(before: Task, after: Task) -> Pair:
    first, second = analysed(before), analysed(after)
    return Pair(after.name, first.graph, second.graph, compare_analyses(first, second))


STEP = {1: {"name": "Step", "timeout": 5}}
LONGER = {1: {"name": "Step", "timeout": 65}}
GREW = pair(make_task(STEP, name="grew"), make_task(LONGER, name="grew"))
SAME = pair(make_task(STEP, name="same"), make_task(STEP, name="same"))
NEW = Pair("new", None, graph_of(make_task(STEP)))


def test_what_did_not_change_is_told_in_one_line() -> None:
    text = diff_text([GREW, *[SAME] * 7])
    assert text.endswith("\n\nNo change: same, same, same, same, same and 2 more\n")
    assert "### same" not in diff_markdown([GREW, SAME])
    assert diff_markdown([GREW, SAME]).endswith("\n\nNo change: same\n")


def test_parts_of_which_the_same_is_told_are_one_line() -> None:
    before, after = fan(3), fan(30)
    lines = change_lines(pair(before, after), str)
    assert len(lines) < 8
    assert any(line.startswith("added 27 parts of ") for line in lines)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (1.0006, 2.0001, "1 s → 2 s (+1 s)"),
        (65.9, 67.1, "1 min 5 s → 1 min 7 s (+2 s)"),
        (59.9, 61.7, "59.900 s → 1 min 1 s (+1.100 s)"),
        (61.2, 61.9, None),
    ],
)
def test_a_printed_change_fits_its_two_sides(
    before: float, after: float, told: str | None
) -> None:
    start = datetime(2025, 3, 4, tzinfo=UTC)
    row = {"status": "SUCCESSFUL", "operation": "EXECUTE", "attempts": 1}
    sides = [
        make_task({1: {**row, "start_time": start, "finish_time": start + ran}})
        for ran in map(timedelta, (0, 0), (before, after))
    ]
    lines = change_lines(pair(*sides), str)
    path = [line.partition(": ")[2] for line in lines if "path of measured" in line]
    assert path == ([told] if told else [])


def test_what_is_told_of_causes_sums_to_the_total() -> None:
    limits = {1: (5, 10), 2: (0, 20), 3: (30, 0), 4: (40, 25)}
    edges = [(1, 2), (2, 3), (3, 4)]
    for turn in (1, -1):
        sides = [
            make_task({n: {"timeout": limits[n][side]} for n in limits}, edges)
            for side in (0, 1)[::turn]
        ]
        both = pair(*sides)
        assert both.comparison is not None
        assert both.comparison.budget is not None
        costs = re.findall(r"; .*?([+-]\d+) s", "\n".join(change_lines(both, str)))
        assert len(costs) == 4
        assert sum(map(int, costs)) == both.comparison.budget.attribution.change


def test_pictures_stand_one_below_the_other() -> None:
    alone = diff_svg([GREW, SAME])
    root = ET.fromstring(alone)
    assert "grew" in alone
    assert "same" not in alone
    both = ET.fromstring(diff_svg([GREW, NEW]))
    first, second = both.findall("{http://www.w3.org/2000/svg}svg")
    assert (first.get("y"), second.get("y")) == ("0", root.get("height"))
    assert int(both.get("height", "")) == sum(
        int(s.get("height", "")) for s in (first, second)
    )
    assert "3 subtasks" not in diff_svg([SAME])  # it is drawn where it is all there is


def test_the_page_has_the_words_and_the_pictures() -> None:
    page = Page("".join(changes_html([GREW, SAME, NEW], ["b.json: is no JSON"])))
    assert [attrs.get("class") for tag, attrs in page.elements if tag == "svg"]
    assert sum(tag == "svg" for tag, _ in page.elements) == 2
    for text in (
        "worst case: 5 s → 1 min 5 s (+1 min)",
        "the task is new",
        "b.json: is no",
    ):
        assert text in page.text
    ids = page.ids()
    assert len(ids) == len(set(ids))
    (policy,) = [
        str(attrs["content"])
        for tag, attrs in page.elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    for kind, texts in page.contents.items():
        assert all(hashed(text) in policy for text in texts), kind


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    hostile = pair(make_task({}, name=name), make_task({1: {"name": name}}, name=name))
    page = Page("".join(changes_html([hostile], [name])))
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    assert not any(tag in ("img", "b") and attrs for tag, attrs in page.elements)
    assert not any(re.match("on", key) for _, attrs in page.elements for key in attrs)
