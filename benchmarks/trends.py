"""How large the page of trends is, and how fast it opens.

    python -m benchmarks.trends

As `benchmarks.postmortem` measures it: the time of the page's main thread, in Chromium.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.postmortem import look, opened_in_chromium
from taskgraph.reports.html.page import trends_html
from tests.reports.trends import make_trends

SIZES = (20, 300, 5_000)
KINDS = tuple(f"Step {number} 重启" for number in range(60))
ACTIONS = {
    "click": "const strip = document.querySelectorAll('td.strip svg')[9];"
    "strip.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: 600}))",
}


def write(folder: Path, runs: int) -> Path:
    """Write the page of so many runs of 60 kinds of subtasks and say how large it is."""
    trends = make_trends(runs, KINDS)
    began = time.process_time()
    text = trends_html(trends)
    seconds = time.process_time() - began
    path = folder / f"{runs}.html"
    path.write_text(text, "utf-8")
    print(f"{runs:6} runs  {len(text.encode()) / 1e6:6.2f} MB  {seconds:6.2f} s to write")
    return path


def main() -> None:
    """Measure all sizes."""
    with TemporaryDirectory() as name:
        paths = [write(Path(name), runs) for runs in SIZES]
        for path, page in opened_in_chromium(paths):
            print(path.stem, "runs in Chromium")
            look(page, path, ACTIONS)


if __name__ == "__main__":
    main()
