"""PNG and PDF without Graphviz."""

from __future__ import annotations

import re
import struct
import sys

import pytest

from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.picture import render_picture
from taskgraph.errors import RenderError
from tests.diagrams.tasks import CHINESE, HOSTILE, analysed, chain


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.fixture
def typst() -> None:
    pytest.importorskip("typst")


@pytest.mark.uncovered
@pytest.mark.usefixtures("typst")
def test_a_png_has_two_dots_per_pixel() -> None:
    analysis = analysed(chain([CHINESE, *HOSTILE]))
    svg = str(render(analysis, "svg"))
    width, height = map(int, re.findall(r' (?:width|height)="(\d+)"', svg)[:2])
    png = render(analysis, "png")
    assert isinstance(png, bytes)
    assert size_of(png) == (2 * width, 2 * height)


@pytest.mark.slow
@pytest.mark.usefixtures("typst")
def test_a_large_png_has_fewer_dots() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="9000"></svg>'
    width, height = size_of(render_picture(svg, "png"))
    assert width == height
    assert 40_000_000 < width * height <= 50_200_000


@pytest.mark.uncovered
@pytest.mark.usefixtures("typst")
@pytest.mark.parametrize("form", ["png", "pdf"])
def test_the_same_task_gives_the_same_bytes(form: str) -> None:
    analysis = analysed(chain([CHINESE, "Two"]))
    assert render(analysis, form) == render(analysis, form)


@pytest.mark.usefixtures("typst")
def test_a_pdf_is_one_page_of_text() -> None:
    pdf = render(analysed(chain(["One", "Two"])), "pdf")
    assert isinstance(pdf, bytes)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type/Page/") + pdf.count(b"/Type /Page\n") <= 1
    assert b"/ToUnicode" in pdf


@pytest.mark.usefixtures("typst")
def test_what_typst_cannot_draw_is_told() -> None:
    with pytest.raises(RenderError, match="typst cannot draw this"):
        render_picture('<svg width="1" height="1"', "png")


@pytest.mark.uncovered
@pytest.mark.usefixtures("typst")
def test_timelines_can_be_pictures() -> None:
    task = chain(["One", "Two"])
    png = render(analysed(task), "png", DiagramOptions(view="timeline"))
    assert isinstance(png, bytes)
    assert size_of(png) > (600, 100)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RenderError, match="extra 'picture'"):
        render(analysed(chain(["One"])), "png")
