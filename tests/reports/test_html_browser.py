"""The postmortem in a real browser: what it does, loads, says and looks like."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from taskgraph.api import LoadedTask, load, postmortem_of, report
from taskgraph.model.task import Task
from taskgraph.reports.html.page import changes_html
from tests.diagrams.browser import Watch, launch
from tests.diagrams.tasks import HOSTILE, fan, make_task, stages
from tests.reports.test_changes import GREW, NEW, SAME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as started:
        yield started


class Opened:
    """A report, opened as a file from a mail would be."""

    def __init__(self, page: Page, path: Path, tasks: list[Task]) -> None:
        text = report(postmortem_of([LoadedTask(task).account for task in tasks]))
        path.write_text(text, "utf-8", errors="replace")
        self.page = page
        self.watch = Watch(page)
        page.goto(path.as_uri())
        self.allowed = path.as_uri()

    def assert_quiet(self) -> None:
        self.watch.assert_quiet(self.allowed)


@pytest.fixture
def failed(samples: Path) -> Task:
    return load(samples / "three_hosts_failed.json").task


def hostile_task() -> Task:
    """Build a task in which every text that is shown is hostile."""
    rows = {
        f"{place}{text}": {
            "name": text,
            "status": "FAILED" if place == 3 else text if place % 2 else "SUCCESSFUL",
            "description": text,
            "executor": text,
            "logs": (text, "</script><script>window.hacked = 1</script>"),
            "extra": {text: {"deep": [text]}},
        }
        for place, text in enumerate(HOSTILE)
    }
    return make_task(
        rows, pairwise(rows), id=HOSTILE[0], name="\n".join(HOSTILE), status=HOSTILE[3]
    )


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def shown_ids(page: Page) -> list[str]:
    return [text.split()[0] for text in texts(page, ".sortable tbody tr:visible th")]


def test_nothing_is_loaded_and_nothing_from_a_document_runs(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    opened = Opened(
        page,
        tmp_path / "report.html",
        [hostile_task(), replace(hostile_task(), id=HOSTILE[1])],
    )
    assert page.locator("article").count() == 2
    for box in page.locator("#t0 g.n[data-node]").all()[:3]:
        box.dispatch_event("click")
    page.locator("#t0 .search").fill("<script>")
    page.locator("#t0 .raw").evaluate("raw => raw.closest('details').open = true")
    assert "<img src=x onerror=window.hacked=1>" in page.locator("#t0 .raw").inner_text()
    assert page.locator("img, iframe, object, embed, link, form").count() == 0
    opened.assert_quiet()
    page.close()


def test_it_is_read_searched_filtered_sorted_and_clicked(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])
    assert texts(page, "h1") == [failed.name]

    page.get_by_role("searchbox", name="Search").fill("replace")
    assert shown_ids(page) == ["107", "108", "109"]
    assert page.locator("output").inner_text() == "3 of 11"
    page.get_by_role("checkbox", name="FAILED").check()
    assert shown_ids(page) == ["108"]
    page.get_by_role("searchbox", name="Search").fill("")
    page.get_by_role("checkbox", name="PENDING").check()
    assert shown_ids(page) == ["103", "108", "110", "111"]
    page.get_by_role("checkbox", name="blocked by a failure").check()
    assert shown_ids(page) == ["110", "111"]
    while page.locator(".tools :checked").count():
        page.locator(".tools :checked").first.uncheck()
    assert len(shown_ids(page)) == 11

    heading = page.locator(".sortable thead th").nth(5)
    heading.get_by_role("button").click()
    by_column = texts(page, ".sortable tbody td:nth-child(6)")
    assert by_column[0] == "30 s"
    assert by_column[-1] == "1 h"
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert texts(page, ".sortable tbody td:nth-child(6)")[0] == "1 h"

    page.locator("g.n[data-id='108']").click()
    details = page.get_by_role("complementary", name="Details of a subtask")
    assert "108 Replace binaries" in details.inner_text()
    assert "10.0.0.9" in details.inner_text()
    details.get_by_role("button", name="104 Stop host").click()
    assert "104 Stop host" in details.locator("h3").inner_text()
    page.keyboard.press("Escape")
    assert not details.is_visible()
    page.locator(".brief .failure a.sub").click()
    assert "108" in details.locator("h3").inner_text()
    opened.assert_quiet()
    page.close()


def chosen(page: Page) -> dict[str, list[str]]:
    """Give what is selected in each of the views, by id."""
    found = {
        name: [
            mark.get_attribute("data-id") or ""
            for mark in page.locator(f"{selector}.chosen").all()
        ]
        for name, selector in (("diagram", ".canvas g.n"), ("timeline", "g.row:visible"))
    }
    return found | {"table": [text.split()[0] for text in texts(page, "tr.chosen th")]}


def test_there_is_one_selection(browser: Browser, tmp_path: Path, failed: Task) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])

    def everywhere(identifier: str) -> dict[str, list[str]]:
        return {view: [identifier] for view in ("diagram", "timeline", "table")}

    page.locator("g.row[data-id='102']:visible").click()
    assert chosen(page) == everywhere("102")
    page.locator(".sortable tbody tr").filter(has_text="106").locator("td").first.click()
    assert chosen(page) == everywhere("106")
    page.locator(".canvas g.n[data-id='107']").click()
    assert chosen(page) == everywhere("107")
    page.keyboard.press("n")
    assert chosen(page) == everywhere("108")
    assert page.locator(".brief .failure a.sub.chosen").count() == 1
    assert page.url.endswith("#108")
    page.get_by_role("searchbox", name="Search").fill("10.0.0.3")
    assert shown_ids(page) == ["106", "109"]
    assert page.locator("g.row:visible:not(.off)").count() == 2
    page.keyboard.press("End")
    page.keyboard.press("n")  # is a letter there
    assert page.get_by_role("searchbox", name="Search").input_value() == "10.0.0.3n"
    opened.assert_quiet()

    page.goto(f"{opened.allowed}#104")
    page.reload()
    assert chosen(page) == everywhere("104")
    page.close()


@pytest.mark.parametrize("width", [1400, 390])
def test_details_are_in_sight_where_a_subtask_is_chosen_and_cover_nothing(
    browser: Browser, tmp_path: Path, failed: Task, width: int
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 700}, reduced_motion="reduce"
    )
    opened = Opened(page, tmp_path / "report.html", [failed, replace(failed, id=9200)])
    rows = page.locator(".sortable tbody tr[id]")
    details = page.locator(".details:visible")
    for task, place in (("#t0", "tbody tr[id] td"), ("#t1", "g.row"), ("#t1", "g.n")):
        chosen_there = page.locator(f"{task} {place}:visible").nth(5)
        chosen_there.evaluate("it => it.scrollIntoView({ block: 'end' })")
        chosen_there.dispatch_event("click")
        assert details.count() == 1
        box = details.bounding_box()
        assert box is not None
        assert box["y"] < 700
        assert box["y"] + min(box["height"], 100) > 0
        assert box["y"] + 100 < 700
        for other in (*rows.all(), *page.locator(".stage > *:not(.details)").all()):
            its = other.bounding_box()
            assert its is None or (
                its["y"] >= box["y"] + box["height"]
                or its["y"] + its["height"] <= box["y"]
                or its["x"] + its["width"] <= box["x"]
            )
    assert page.locator(".beneath").count() == 0
    opened.assert_quiet()
    page.close()


def test_escape_closes_details_and_boxes_from_anywhere(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [fan(80, status="SUCCESSFUL"), failed])
    page.locator("#t0 .canvas g.n[data-node='1']").click()
    page.locator(".top").click()
    assert page.locator(".opened").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".opened, .details:visible").count() == 0
    row = page.locator("#t1 .sortable tbody tr").filter(has_text="106")
    row.locator("td").first.click()
    search = page.locator("#t1 .search")
    search.fill("106")
    search.press("Escape")  # empties it
    assert search.input_value() == ""
    assert page.locator(".beneath .details").is_visible()
    search.press("Escape")
    assert page.locator(".opened, .beneath, .chosen, .details:visible").count() == 0
    assert page.evaluate("document.activeElement.className") == "search"
    opened.assert_quiet()
    page.close()


def test_details_follow_their_row_when_it_is_sorted_filtered_and_printed(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])
    row = page.locator(".sortable tbody tr[id]").filter(has_text="106")
    row.locator("td").first.click()

    def above() -> Any:
        return page.locator(".beneath").evaluate("row => row.previousElementSibling.id")

    home = row.get_attribute("id")
    assert above() == home
    page.locator(".sortable thead button").first.click()
    page.locator(".sortable thead button").first.click()
    assert above() == home
    page.locator(".search").fill("108")
    assert page.locator(".beneath").count() == 0
    page.locator(".search").fill("")
    assert above() == home
    page.pdf()
    assert above() == home
    assert len(shown_ids(page)) == 11
    opened.assert_quiet()
    page.close()


def test_a_link_to_parts_selects_them_all(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])
    link = page.locator(".brief .risk a.sub")
    assert link.inner_text() == "'Replace binaries'"
    link.click()
    assert chosen(page) == {
        view: ["107", "108", "109"] for view in ("diagram", "timeline", "table")
    }
    assert len(texts(page, ".details li")) == 3
    marked = texts(page, "a.sub.chosen")
    assert marked == ["'Replace binaries'"] * len(marked) != []
    opened.assert_quiet()
    page.close()


def test_a_failed_part_in_a_box_of_many_is_shown_where_it_is(
    browser: Browser, tmp_path: Path
) -> None:
    task = fan(200, status="FAILED")
    rows = tuple(
        row._replace(status="FAILED" if 1 < n < 62 else "SUCCESSFUL")
        for n, row in enumerate(task.subtasks)
    )
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [replace(task, subtasks=rows)])
    reached = []
    for _ in range(60):
        page.keyboard.press("n")
        places = chosen(page)
        assert places["diagram"] == places["table"]
        assert inside(page, ".canvas g.n.chosen", ".canvas")
        reached += places["table"]
    assert reached == [str(row.id) for row in rows if row.status == "FAILED"]
    opened.assert_quiet()
    page.close()


def test_a_legend_filters_every_view_by_key_too(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    rows = tuple(
        row._replace(status="SUCCESSFUL", operation="SKIP") if row.id == 103 else row
        for row in failed.subtasks
    )
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [replace(failed, subtasks=rows)])

    def left() -> list[list[str]]:
        """Give what the table, the diagram and the timeline still show plainly."""
        found = [sorted(shown_ids(page))]
        for box in (".canvas g.n[data-id]:not(.off)", "g.row:visible:not(.off)"):
            ids = [mark.get_attribute("data-id") or "" for mark in page.locator(box).all()]
            found.append(sorted(ids))
        return found

    for name, ids in (
        ("critical path", ["101", "102", "103", "111"]),
        ("blocked by a failure", ["110", "111"]),
        ("Point of no return: no rollback once it starts", ["107", "108", "109"]),
        ("SKIPPED", ["103"]),
        ("FAILED", ["108"]),
    ):
        entry = page.locator(
            ".canvas g.l", has=page.get_by_text(re.compile(f"^{name}$", re.IGNORECASE))
        )
        assert entry.get_attribute("aria-pressed") == "false"
        entry.focus()
        page.keyboard.press("Enter")
        assert entry.get_attribute("aria-pressed") == "true"
        table, diagram, timeline = left()
        assert table == diagram == ids
        assert set(timeline) <= set(ids)
        page.get_by_role("checkbox", name=name).uncheck()
        assert len(left()[0]) == 11
    opened.assert_quiet()
    page.close()


def test_tasks_whose_subtasks_have_equal_ids_have_links_of_their_own(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    other = replace(failed, id=9200)
    for tasks, prefixes in (
        ([failed, other], ("9100", "9200")),
        ([failed, failed, replace(failed, name="x")], ("t0", "t1", "t2")),
    ):
        opened = Opened(page, tmp_path / f"report{len(tasks)}.html", tasks)
        for place, prefix in enumerate(prefixes):
            row = page.locator(f"#t{place} .sortable tbody tr").filter(has_text="106")
            row.locator("td").first.click()
            assert page.url.endswith(f"#{prefix}/106")
            page.goto(f"{opened.allowed}#{prefix}/104")
            page.reload()
            assert chosen(page)["table"] == ["104"]
            assert page.locator(f"#t{place} tr.chosen").count() == 1
        page.goto(f"{opened.allowed}#101")
        assert page.locator("#t0 tr.chosen").count() == 1
        opened.assert_quiet()
    page.close()


def inside(page: Page, inner: str, outer: str) -> bool:
    """Tell whether one element is drawn within another."""
    a, b = page.locator(inner).bounding_box(), page.locator(outer).bounding_box()
    assert a is not None
    assert b is not None
    return (
        a["x"] >= b["x"]
        and a["y"] >= b["y"]
        and a["x"] + a["width"] <= b["x"] + b["width"]
        and a["y"] + a["height"] <= b["y"] + b["height"]
    )


def test_a_group_opens_legibly_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    Opened(page, tmp_path / "report.html", [fan(200, status="SUCCESSFUL")])
    page.locator(".canvas g.n[data-node='1']").dispatch_event("click")
    layer, frame, cell = page.evaluate(
        """[".canvas .opened", ".canvas", ".canvas .opened g.n"]
            .map(place => document.querySelector(place).getBoundingClientRect().toJSON())"""
    )  # at once, for the page scrolls to the details
    assert cell["height"] > 12
    assert frame["y"] <= layer["y"] < cell["y"] < frame["y"] + frame["height"]
    assert layer["x"] + layer["width"] <= frame["x"] + frame["width"]
    page.close()


def test_a_group_of_groups_opens_step_by_step(browser: Browser, tmp_path: Path) -> None:
    """Stages open to names, those to subtasks; and each step goes back."""
    rows = {n: {"name": f"Work {n // 10}", "status": "SUCCESSFUL"} for n in range(2400)}
    steps = [(n, n - n % 20 + 20) for n in range(2380)]
    edges = [(n, after + (n + far) % 20) for n, after in steps for far in (3, 7)]
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [make_task(rows, edges)])
    group = page.locator(".canvas g.n[data-node]").first
    cells = page.locator(".canvas .opened").last.locator("g.n")
    title = (group.locator("title").text_content() or "").split(" · ")
    assert title[0].startswith("Stages 1 to ")

    group.dispatch_event("click")
    told = [text.split(" · ") for text in cells.locator("title").all_text_contents()]
    assert {name for name, *_ in told} == {f"Work {n}" for n in range(len(told))}
    assert {tuple(more) for _, *more in told} == {("10 subtasks", "10 SUCCESSFUL")}
    assert len(told) * 10 == int(title[1].split()[0])
    page.evaluate("document.querySelector('.canvas .opened g.n').focus()")
    page.keyboard.press("Enter")
    parts = [text.split(" · ")[0] for text in cells.locator("title").all_text_contents()]
    assert sorted(map(int, parts)) == list(range(10))
    page.keyboard.press("Escape")
    assert cells.count() == len(told)
    page.keyboard.press("Escape")
    assert page.locator(".canvas .opened").count() == 0
    assert page.evaluate("document.activeElement.dataset.node") == "0"

    page.goto(f"{opened.allowed}#25")  # through both
    assert page.locator(".canvas .opened").count() == 2
    assert chosen(page)["diagram"] == ["25"]
    opened.assert_quiet()
    page.close()


def test_a_group_opens_in_the_diagram(browser: Browser, tmp_path: Path) -> None:
    task = fan(80, status="SUCCESSFUL")
    ids = {str(subtask.id) for subtask in task.subtasks[1:-1]}
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [task])
    group = page.locator(".canvas g.n[data-node='1']")
    cells = page.locator(".canvas .opened g.n")
    names = page.locator(".canvas .opened g.n title")

    group.click()
    assert {text.split()[0] for text in names.all_text_contents()} == ids
    assert inside(page, ".canvas .opened", ".canvas")
    cells.nth(41).click()
    part = (names.nth(41).text_content() or "").split()[0]
    band = ["10, 11, 12, 13, 14 and 75 more"]
    assert chosen(page) == {"diagram": [part], "table": [part], "timeline": band}
    page.locator(".search").fill(part)
    assert page.locator(".canvas .opened g.n.hit").count() == len(shown_ids(page))
    page.locator(".canvas .opened text").nth(1).click()
    assert cells.count() == 0

    page.locator(".search").fill("")
    group.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert chosen(page)["table"] == [sorted(ids)[1]]
    page.keyboard.press("Escape")  # of the details: back to the box that is there yet
    assert page.evaluate("document.activeElement.dataset.node") == "1"
    page.keyboard.press("Enter")
    cells.nth(1).focus()
    page.keyboard.press("Escape")
    assert cells.count() == 0
    assert page.evaluate("document.activeElement.dataset.node") == "1"
    opened.assert_quiet()
    page.close()


def test_the_table_has_the_time_axis_of_the_timeline(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])

    def bars(selector: str) -> dict[str, tuple[float, float]]:
        """Give by id where each bar begins and ends, as shares of the whole axis."""
        places = page.locator(selector).evaluate_all(
            """bars => bars.map(bar => {
                const at = bar.closest("[data-id]")?.dataset.id
                  ?? bar.closest("tr").cells[0].firstChild.textContent.trim();
                const { x, width } = bar.getBBox();
                return [at, x, x + width];
            })"""
        )
        low, high = min(p[1] for p in places), max(p[2] for p in places)
        return {
            at: ((a - low) / (high - low), (b - low) / (high - low)) for at, a, b in places
        }

    drawn, told = bars(".wide g.row rect.bar"), bars("tbody .when rect")
    assert drawn.keys() == told.keys()
    for identifier, ends in drawn.items():
        assert told[identifier] == pytest.approx(ends, abs=0.02)
    page.get_by_role("button", name="When").click()
    assert shown_ids(page)[-5:-3] == ["108", "109"]  # the others have not begun
    opened.assert_quiet()
    page.close()


def test_ids_calls_and_the_summary_can_be_copied(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    opened = Opened(page, tmp_path / "report.html", [failed])

    def copied() -> str:
        text: str = page.evaluate("navigator.clipboard.readText()")
        return text

    page.locator(".brief .action .copier").click()
    assert copied() == "POST /api/v2/tasks/instances/9100/subtasks/108/retry"
    page.get_by_role("button", name="Copy as Markdown").click()
    assert copied().startswith("## Replace binaries on three hosts\n\n**Task 9100")
    assert "**Risk:** It cannot be rolled back" in copied()
    page.locator(".canvas g.n[data-id='108']").click()
    page.get_by_role("button", name="Copy id").click()
    assert copied() == "108"
    page.get_by_role("button", name="Copy link").click()
    assert copied() == f"{opened.allowed}#108"
    context.close()


def test_a_large_diagram_opens_on_what_failed(browser: Browser, tmp_path: Path) -> None:
    rows: dict[str, dict[str, object]] = {
        f"s{n:03}": {"status": "SUCCESSFUL"} for n in range(120)
    }
    rows["s090"]["status"] = "FAILED"
    page = browser.new_page(viewport={"width": 390, "height": 700})
    Opened(page, tmp_path / "report.html", [make_task(rows, pairwise(rows))])
    canvas = page.locator(".canvas").bounding_box()
    box = page.locator(".canvas g.n[data-id='s090']").bounding_box()
    assert canvas is not None
    assert box is not None
    assert canvas["x"] < box["x"] + box["width"] / 2 < canvas["x"] + canvas["width"]
    page.close()


def test_the_diagram_is_moved_and_zoomed(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])
    svg = page.locator(".canvas svg")

    def box() -> list[float]:
        return [float(value) for value in (svg.get_attribute("viewBox") or "").split()]

    whole = box()
    page.get_by_role("button", name="Zoom in").click()
    closer = box()
    assert closer[2] < whole[2]
    page.locator(".canvas").focus()
    page.keyboard.press("ArrowRight")
    assert box()[0] > closer[0]
    page.locator(".canvas").scroll_into_view_if_needed()
    place = page.locator(".canvas").bounding_box()
    assert place is not None
    before = box()
    page.mouse.move(place["x"] + 200, place["y"] + 150)
    page.mouse.down()
    page.mouse.move(place["x"] + 100, place["y"] + 100, steps=3)
    page.mouse.up()
    assert box()[0] > before[0]
    assert not page.locator(".details").is_visible()
    page.get_by_role("button", name="Fit").click()
    assert box() == whole
    opened.assert_quiet()
    page.close()


def test_on_a_phone_no_part_of_an_address_no_number_and_no_state_is_broken(
    browser: Browser, tmp_path: Path, samples: Path
) -> None:
    text = (samples / "three_hosts_failed.json").read_text("utf-8")
    path = tmp_path / "long.json"
    text = text.replace("10.0.0.", "192.168.100.10")
    path.write_text(text.replace("Verify archive", "VerifyArchive" * 20), "utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    Opened(page, tmp_path / "report.html", [load(path).task])
    cells = "tbody td:nth-child(3), td:has(> .status), td.number"
    heights = page.locator(cells).evaluate_all(
        """cells => cells.flatMap(cell => Array.from(cell.childNodes))
            .filter(it => it.data?.trim())
            .map(it => { const made = new Range(); made.setStart(it, it.data.search(/\\S/));
                         made.setEnd(it, it.data.length);
                         return made.getClientRects().length; })"""
    )
    assert len(heights) > 8
    assert set(heights) == {1}
    page.close()


def test_on_a_phone_no_word_above_the_tasks_is_broken(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    tasks = [failed, replace(failed, id=9200, name="Stop")]
    Opened(page, tmp_path / "report.html", tasks)
    words = page.locator("nav.card :is(thead th, tbody th a):visible").evaluate_all(
        """cells => cells.flatMap(({ firstChild: it }) =>
            [...it.data.matchAll(/\\S+/g)].map(word => {
                const made = new Range();
                made.setStart(it, word.index);
                made.setEnd(it, word.index + word[0].length);
                return made.getClientRects().length; }))"""
    )
    assert len(words) > 5
    assert set(words) == {1}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_the_keyboard_reaches_everything(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened = Opened(page, tmp_path / "report.html", [failed])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    page.locator(".canvas").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.id") == "101"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.id") == "102"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "details"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.id") == "102"
    opened.assert_quiet()
    page.close()


def test_without_script_everything_can_be_read(
    browser: Browser, tmp_path: Path, failed: Task
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    Opened(page, tmp_path / "report.html", [failed])
    assert len(shown_ids(page)) == 11
    assert not page.locator(".tools").is_visible()
    assert page.locator(".canvas svg").is_visible()
    text = page.locator("body").inner_text()
    assert "108 'Replace binaries' failed on 10.0.0.2 at 2025-03-04 10:06:04+08:00" in text
    page.locator("summary").click()
    assert '"status": "FAILED"' in page.locator(".raw").inner_text()
    context.close()


@pytest.mark.parametrize("name", ["three_hosts_failed.json", "obproxy_stop.json"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_fits_and_follows_the_surroundings(
    browser: Browser, tmp_path: Path, samples: Path, scheme: Any, width: int, name: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = Opened(page, tmp_path / "report.html", [load(samples / name).task])
    colour = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    dark = page.evaluate(colour) != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tables = page.locator(".scroll:has(table.sortable)")
    assert tables.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0
    timeline = page.locator(".scroll:has(g.row)")
    assert timeline.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    picture = "getComputedStyle(document.querySelector('.canvas .page')).fill"
    assert page.evaluate(picture) == "rgb(255, 255, 255)"
    assert not page.locator(".tools").is_visible()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    opened.assert_quiet()
    page.close()


def test_on_paper_there_are_all_rows_and_the_headings_again(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    Opened(page, tmp_path / "report.html", [stages(*[20] * 15)])
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    pages = [" ".join(sheet.extract_text().split()) for sheet in paper.pages]
    begin = next(number for number, text in enumerate(pages) if "Drag " in text)
    end = next(number for number, text in enumerate(pages) if "All 300" in text)
    assert end > begin + 1
    assert all("Drag When" in text for text in pages[begin : end + 1])
    assert all(sheet.mediabox.width > sheet.mediabox.height for sheet in paper.pages)
    assert page.locator("tbody .when rect").count() == 300
    told = " ".join(pages[begin : end + 1])
    for subtask in stages(*[20] * 15).subtasks:
        assert f"{subtask.id} " in told
    page.close()


def test_two_thousand_subtasks_show_their_first_rows_and_search_them_all(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    task = stages(*[20] * 100)
    opened = Opened(page, tmp_path / "report.html", [task])
    assert len(shown_ids(page)) == 50
    page.get_by_role("button", name="Show 500 more of 2,000 rows").click()
    assert len(shown_ids(page)) == 550
    page.locator(".search").fill("step 7")
    assert page.locator("output").inner_text() == "100 of 2,000"
    assert len(shown_ids(page)) == 50
    page.locator(".search").fill("")
    page.locator(".canvas .opened, .canvas g.n").first.click()
    page.locator(".details li button").last.click()
    assert page.locator("tr.chosen .when rect").is_visible()
    last = str(task.subtasks[-1].id)
    page.goto(f"{opened.allowed}#t0-n1999")
    assert last in page.locator(".details h3").inner_text()
    assert page.locator("#t0-n1999").is_visible()
    page.close()


def assert_accessible(page: Page, folder: str) -> None:
    page.evaluate((Path(folder) / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    serious = [
        (rule["id"], [node["html"] for node in rule["nodes"][:3]])
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == [], json.dumps(serious, indent=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_changes(
    browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    if not folder:
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with axe-core")
    path = tmp_path / "changes.html"
    path.write_text(
        "".join(changes_html([GREW, SAME, NEW], ["x.json: is no JSON"])), "utf-8"
    )
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    watch = Watch(page)
    page.goto(path.as_uri())
    assert_accessible(page, folder)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watch.assert_quiet(path.as_uri())
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, tmp_path: Path, samples: Path, scheme: Any
) -> None:
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    if not folder:
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with axe-core")
    page = browser.new_page(viewport={"width": 1300, "height": 900}, color_scheme=scheme)
    names = ("three_hosts_failed.json", "obproxy_stop.json")
    opened = Opened(
        page, tmp_path / "report.html", [load(samples / name).task for name in names]
    )
    page.locator("#t0 g.n[data-id='108']").click()
    page.locator("#t0 .search").fill("replace")
    page.locator("#t0 summary").click()
    assert_accessible(page, folder)
    opened.assert_quiet()
    page.close()
