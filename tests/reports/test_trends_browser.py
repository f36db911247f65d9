"""The page of trends in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph.model.durations import format_measured
from taskgraph.reports.html.page import trends_html
from tests.diagrams.browser import Watch, launch
from tests.diagrams.tasks import HOSTILE
from tests.reports.test_html_browser import assert_accessible
from tests.reports.trends import make_trends

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]
_CUT = """[...document.querySelectorAll('.plain')].flatMap((table) => {
  const frame = table.parentElement;
  const line = (cell) => { const range = document.createRange();
    range.selectNodeContents(cell); return new Set(Array.from(
      range.getClientRects(), (rect) => Math.round(rect.bottom))).size; };
  return [...table.querySelectorAll('.number')].filter((cell) => cell.offsetParent
    && (line(cell) > 1 || table.offsetWidth > frame.clientWidth)).map((c) => c.innerText);
})"""
"""Numbers that are broken, or stand in a table that does not fit."""
NAMES = ("Prepare", "Copy 复制", "Verify", *HOSTILE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as started:
        yield started


def opened(page: Page, folder: Path, runs: int, anchor: str = "") -> Watch:
    path = folder / "trends.html"
    path.write_text(trends_html(make_trends(runs, NAMES)), "utf-8", errors="replace")
    watch = Watch(page)
    page.goto(path.as_uri() + anchor)
    return watch


def click(page: Page, row: int, share: float) -> None:
    strip = page.locator("td.strip svg").nth(row)
    box = strip.bounding_box()
    assert box is not None
    strip.click(position={"x": box["width"] * share, "y": 10})


def test_every_cell_leads_to_its_run(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    watch = opened(page, tmp_path, 100)
    panel = page.get_by_role("complementary", name="A run")
    assert not panel.is_visible()
    kinds = make_trends(100, NAMES).tasks[0].kinds
    for run in (0, 42, 99):
        click(page, 1, (run + 0.5) / 100)
        assert panel.locator("h3").inner_text() == f"Run {1000 + run}"
        assert f"a.zip/{run}.json" in panel.inner_text()
        assert page.url.endswith(f"#k0-r{run}")
        shown = panel.locator("tbody tr td:nth-child(2)").all_inner_texts()
        told = [kind.spans_us[run] for kind in kinds]
        assert shown == [
            format_measured(span // 1000 * 1000) if span else "–" for span in told
        ]
    panel.get_by_role("button", name="Earlier").click()
    assert panel.locator("h3").inner_text() == "Run 1098"
    page.keyboard.press("Escape")
    page.locator(".heat").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert panel.locator("h3").inner_text() == "Run 1001"
    panel.get_by_role("button", name="Close").click()
    assert page.evaluate("document.activeElement.className") == "heat"
    watch.assert_quiet(page.url.partition("#")[0])
    page.close()


def test_a_column_of_several_runs_offers_them_all(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    opened(page, tmp_path, 1000, "#k0-r402")
    panel = page.get_by_role("complementary", name="A run")
    assert panel.locator("h3").inner_text() == "Run 1402"
    buttons = panel.locator(".columns-of").last.get_by_role("button").all_inner_texts()
    assert buttons == ["1400", "1401", "1402", "1403"]
    panel.get_by_role("button", name="1403").click()
    assert panel.locator("h3").inner_text() == "Run 1403"
    page.locator(".changes a.run").click()
    assert panel.locator("h3").inner_text() == "Run 1500"
    page.close()


@pytest.mark.parametrize("width", [360, 500, 1300])
def test_every_number_of_a_row_has_a_heading(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    opened(page, tmp_path, 20)
    heads = page.locator(".heat thead .number")
    told = page.eval_on_selector_all(
        ".heat tbody tr:first-child .number",
        "(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)",
    )
    if heads.first.is_visible():
        assert heads.all_inner_texts() == ["p50", "p95"]
        assert told == ["none", "none"]
    else:
        assert [re.sub('[" ]', "", text) for text in told] == ["p50", "p95"]
    page.close()


def test_it_is_readable_without_script(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    opened(page, tmp_path, 100)
    text = page.locator("body").inner_text()
    assert "slower since 2024-01-07 06:00:00+00:00: 7.00 s → 21.0 s" in text
    assert "a.zip/99.json" in text
    assert page.locator("td.strip svg").first.is_visible()
    page.locator(".changes a.run").click()
    assert page.locator("#k0-r50").is_visible()
    context.close()


@pytest.mark.parametrize("runs", [1, 100, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_fits_and_follows_the_surroundings(
    browser: Browser, tmp_path: Path, scheme: Any, width: int, runs: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    watch = opened(page, tmp_path, runs)
    click(page, 1, 0.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heat = page.locator(".heat")
    assert heat.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0
    assert page.evaluate(_CUT) == []
    colour = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    assert (page.evaluate(colour) != "rgb(255, 255, 255)") == (scheme == "dark")
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    if folder and runs == 100:  # which takes longer than all the rest
        assert_accessible(page, folder)
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    assert not page.locator(".details").is_visible()
    watch.assert_quiet(page.url.partition("#")[0])
    page.close()
