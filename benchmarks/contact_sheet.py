"""Put all pictures of some documents on one sheet, to be looked at.

    python -m benchmarks.contact_sheet FOLDER -o sheet.png [--dark] [--view timeline]

Each document of the folder, and of a few shapes that grow, is drawn as `render` draws it by
default, in a real Chromium, scaled to fit its place; under it stands what it measures. A
picture that had to be scaled to less than a third is marked: nobody can read it.
"""

from __future__ import annotations

import argparse
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.diagrams import graph_of, random_dag
from benchmarks.documents import chain, layered
from taskgraph.analysis.analysis import Analysis
from taskgraph.api import load_all
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from tests.diagrams.browser import launch

PLACE = (760, 560)  # the pixels that a picture has on the sheet
READABLE = 1 / 3

GROWN: dict[str, Callable[[], list[list[int]]]] = {
    "random 25": lambda: random_dag(25, 35, 1),
    "random 60": lambda: random_dag(60, 80, 1),
    "random 300": lambda: random_dag(300, 400, 1),
    "random 2,000": lambda: random_dag(2000, 2600, 1),
    "layered 1,000": lambda: layered(1000),
    "layered 10,000": lambda: layered(10_000),
    "chain 1,000": lambda: chain(1000),
    "wide 1,000": lambda: [[], *([0] for _ in range(1000)), list(range(1, 1001))],
}


def documents(folder: Path) -> Iterator[tuple[str, Analysis]]:
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".yaml", ".gz"):
            for number, loaded in enumerate(load_all(path)):
                yield f"{path.name} {number or ''}", loaded.analysis
    for name, rows in GROWN.items():
        yield name, Analysis(graph_of(rows()))


def cell(name: str, svg: str) -> str:
    """Give a picture its place, with its size and its scale below."""
    width, height = (
        float(n) for n in re.findall(r'<svg[^>]* width="(\d+)" height="(\d+)"', svg)[0]
    )
    scale = min(PLACE[0] / width, PLACE[1] / height, 1.0)
    told = f"{name}: {width:.0f} x {height:.0f}, {len(svg) / 1e3:.0f} kB, {scale:.2f}"
    style = "" if scale >= READABLE else ' class="small"'
    drawn = (
        f'<div class="p"><div style="transform:scale({scale});transform-origin:0 0;'
        f'width:{width}px;height:{height}px">{svg}</div></div>'
    )
    return f"<figure>{drawn}<figcaption{style}>{html.escape(told)}</figcaption></figure>"


def sheet(folder: Path, view: str) -> str:
    options = DiagramOptions(view="timeline" if view == "timeline" else "graph")
    cells = [
        cell(name, str(render(analysis, "svg", options)))
        for name, analysis in documents(folder)
    ]
    return (
        "<!doctype html><meta charset=utf-8><style>body{margin:8px;color:#888;"
        "font:14px sans-serif;display:grid;grid-template-columns:1fr 1fr;gap:8px;"
        "background:#8882}"
        f".p{{width:{PLACE[0]}px;height:{PLACE[1]}px;overflow:hidden}}figure{{margin:0}}"
        f".small{{color:#c00;font-weight:bold}}</style>{''.join(cells)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a contact sheet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--view", choices=("graph", "timeline"), default="graph")
    parser.add_argument("--dark", action="store_true")
    chosen = parser.parse_args()
    with launch() as browser:
        scheme = "dark" if chosen.dark else "light"
        page = browser.new_page(
            viewport={"width": 2 * PLACE[0] + 32, "height": 1000}, color_scheme=scheme
        )
        page.set_content(sheet(chosen.folder, chosen.view))
        page.screenshot(path=chosen.output, full_page=True)


if __name__ == "__main__":
    main()
