"""A real browser for the tests, where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@contextmanager
def launch() -> Iterator[Browser]:
    """Start the system's Chromium; skip where it or Playwright is missing."""
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no Chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def mermaid_script() -> Path:
    """Give Mermaid's own script; skip where ``TASKGRAPH_NODE_MODULES`` has none."""
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    if not folder:
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with mermaid")
    script = Path(folder) / "mermaid/dist/mermaid.min.js"
    if not script.is_file():
        pytest.skip(f"{script} does not exist")
    return script


class Watch:
    """What a page did that a drawing must not do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))

    def assert_quiet(self, *allowed: str) -> None:
        """Nothing was loaded but what is allowed, nothing failed and nothing ran."""
        assert [url for url in self.requests if url not in allowed] == []
        assert self.problems == []
        assert self.page.evaluate("typeof window.hacked") == "undefined"
