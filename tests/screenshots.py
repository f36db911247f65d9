"""Make the screenshots of the documentation anew: ``python -m tests.screenshots``."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from taskgraph.api import load, report
from tests.diagrams.browser import launch

ROOT = Path(__file__).resolve().parent.parent
SHOTS = {"page.png": (1280, 1500), "page_phone.png": (390, 1200)}
"""By file, how wide and high the window is."""


def main() -> None:
    """Open the postmortem of a sample, and take a picture of what comes first."""
    with TemporaryDirectory() as folder, launch() as browser, chdir(ROOT):
        path = Path(folder) / "report.html"
        path.write_text(report(load("samples/three_hosts_failed.json")), "utf-8")
        for name, (width, height) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(path.as_uri())
            page.screenshot(path=ROOT / "docs" / name)
            page.close()


if __name__ == "__main__":
    main()
