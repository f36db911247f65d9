"""How large the postmortem of a large task is, and how fast it opens and reacts.

    python -m benchmarks.postmortem

The page is opened in Chromium where it and Playwright are there. The times of the page are
those that its main thread is at work: others on the machine do not count.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.documents import document, layered
from taskgraph.api import loads, report

SIZES = (2_000, 10_000)
ACTIONS = {
    "search": "s = document.querySelector('.search'); s.value = 'step 10';"
    "s.dispatchEvent(new Event('input', {bubbles: true}))",
    "filter": "document.querySelector('.tools input[type=checkbox]').click()",
    "sort": "document.querySelectorAll('.sortable thead button')[4].click()",
    "click": "document.querySelector('g.n[data-node]')"
    ".dispatchEvent(new MouseEvent('click', {bubbles: true}))",
    "row": "document.querySelector('.sortable tbody .on td').click()",
}


def write(folder: Path, size: int) -> Path:
    """Write the page of a layered task and say how large it is."""
    loaded = loads(document(layered(size, 20)))
    began = time.process_time()
    text = report(loaded)
    seconds = time.process_time() - began
    path = folder / f"{size}.html"
    path.write_text(text, "utf-8")
    print(
        f"{size:6} subtasks  {len(text.encode()) / 1e6:6.2f} MB  {seconds:6.2f} s to write"
    )
    return path


def look(page: Any, path: Path, actions: Mapping[str, str] = ACTIONS) -> None:
    """Open a page, act on it, and print how long its main thread was at work."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def work() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(row["value"] for row in found if row["name"] == "TaskDuration"))

    began = work()
    page.goto(path.as_uri())
    print(f"{'':14}open    {work() - began:6.2f} s")
    for name, action in actions.items():
        began = work()
        page.evaluate(f"() => {{ let s; {action}; return document.body.offsetHeight; }}")
        print(f"{'':14}{name:7} {work() - began:6.2f} s")


def opened_in_chromium(paths: Iterable[Path]) -> Iterator[tuple[Path, Any]]:
    """Give a page of the browser for each file, where there is a browser."""
    program = shutil.which("chromium")
    if program is None:
        print("no Chromium: not opened")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path in paths:
            yield path, browser.new_page()
        browser.close()


def main() -> None:
    """Measure all sizes."""
    with TemporaryDirectory() as name:
        paths = [write(Path(name), size) for size in SIZES]
        for path, page in opened_in_chromium(paths):
            print(path.stem, "subtasks in Chromium")
            look(page, path)


if __name__ == "__main__":
    main()
