"""What is the same in every built-in picture, and how one becomes PNG or PDF.

In SVG: document, heading, legend, texts and icons. The others, in light colours, are drawn
by typst, which reads SVG itself. Fonts are those of the system: Chinese names need a
Chinese font to be installed, Noto Sans CJK for example.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import sqrt
from typing import Literal, NamedTuple
from zlib import crc32

from taskgraph.diagrams.palette import ICONS, Rules, stylesheet
from taskgraph.diagrams.scene import GATE, Caption
from taskgraph.diagrams.text import is_measured, joined, text_width, wrap
from taskgraph.errors import RenderError
from taskgraph.model.statuses import UNKNOWN
from taskgraph.model.task import Status

_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
MARGIN = 28
PAGE = 1640
"""The pixels that a picture may be wide and high, if that can be helped."""
_NARROWEST = 460
_WIDEST_HEADING = 1000
_HEADING_STEP = 20
_LEGEND_STEP = 24


class LegendItem(NamedTuple):
    """A line of the legend.

    ``symbol`` is ``icon``, ``line``, ``box``, ``gate``, ``bar``, ``share`` or ``tick``;
    ``style`` the classes that it is drawn with; ``width`` what it takes in pixels.
    """

    symbol: str
    style: str
    text: str
    width: int


_WORDS = {
    UNKNOWN: "unknown status",
    "canceling": Status.CANCELING,
    "skipped": "skipped",
    "undone": "rolled back",
}
"""What tones stand for that statuses are not alone in."""


def legend_items(
    words: Mapping[str, str], marks: Iterable[tuple[bool, str, str, str, int]]
) -> list[LegendItem]:
    """Explain the icons of statuses, by a word for each tone, and the marks that apply."""
    icons = [
        LegendItem("icon", tone, _WORDS.get(tone, word), 12)
        for tone, word in sorted(words.items())
    ]
    return icons + [LegendItem(*mark[1:]) for mark in marks if mark[0]]


def picture(
    caption: Caption,
    legend: Sequence[LegendItem],
    drawing: Sequence[str],
    size: tuple[float, float],
    rules: Rules,
    *,
    heading: bool = True,
    margin: int = MARGIN,
    narrowest: int = _NARROWEST,
) -> str:
    """Put a drawing into a document with heading and legend.

    The drawing is SVG elements with coordinates from (0, 0), ``size`` its width and
    height, and ``rules`` tell how its own classes look. Without a heading it is still
    told in words to those who cannot see it. Its margin is a number of pixels, as is the
    least width within.

    The SVG document ends in a line feed. It follows the surroundings' light or dark
    preference, loads nothing and contains no script.
    """
    width = max(round(size[0]), narrowest)
    told = list(_heading(caption, min(width, _WIDEST_HEADING))) if heading else []
    top = margin + (_HEADING_STEP * len(told) + 20 if told else 0)
    bottom = top + round(size[1]) + margin + 4
    rows = _legend_rows(legend, width)
    height = bottom + _LEGEND_STEP * len(rows) + 12
    body = [*told, f'<g transform="translate({margin} {top})">', *drawing, "</g>"]
    body += _legend(rows, margin, bottom)
    return _document(caption, body, (width + 2 * margin, height), rules)


def stacked(pictures: Sequence[str]) -> str:
    """Put pictures one below the other; one alone stays as it is."""
    if len(pictures) == 1:
        return pictures[0]
    rows = [_size_of(drawn) for drawn in pictures]
    width, height = max((w for w, _ in rows), default=0), sum(h for _, h in rows)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n']
    y = 0
    for drawn, (_, high) in zip(pictures, rows, strict=True):
        parts.append(drawn.replace("<svg ", f'<svg y="{y}" ', 1))
        y += high
    return "".join([*parts, "</svg>\n"])


def _size_of(svg: str) -> tuple[int, int]:
    size = _SIZE.search(svg)
    assert size is not None  # `picture` always writes it
    return int(size[1]), int(size[2])


def _document(
    caption: Caption, body: list[str], size: tuple[int, int], rules: Rules
) -> str:
    """Write the root; ids and classes are its own where several stand on one page."""
    content = "\n".join(body)
    unique = f"tg{crc32(content.encode()):08x}"
    width, height = size
    markers = "".join(
        f'<marker id="{unique}-{kind}" class="a {kind}" markerWidth="{length + 1}" '
        f'markerHeight="{length}" refX="{length - 2}" refY="{length / 2:g}" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0 .5L{length} {length / 2:g}L0 '
        f'{length - 0.5:g}z"/></marker>'
        for kind, length in (("plain", 9), ("critical", 12), ("fault", 11))
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="taskgraph {unique}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="graphics-document" aria-labelledby="{unique}-t {unique}-d">'
        f'<title id="{unique}-t">{escape(caption.title)}</title>'
        f'<desc id="{unique}-d">{escape(caption.description)}</desc>'
        f"<style>{stylesheet(unique, rules)}</style><defs>{markers}</defs>"
        f'<rect class="page" width="{width}" height="{height}"/>'
    )
    return f"{head}\n{content}\n</svg>\n"


def _heading(caption: Caption, room: float) -> Iterable[str]:
    lines = [(text, "t", 18) for text in wrap(caption.title, room, 18, 2)]
    for told in (*joined((caption.subtitle, *caption.summary), room, 12), *caption.notes):
        lines += [(text, "u", 12) for text in wrap(told, room, 12, 2)]
    for number, (text, style, size) in enumerate(lines):
        yield write_text(text, style, MARGIN, MARGIN + 12 + _HEADING_STEP * number, size)


def write_text(
    text: str, style: str, x: float, y: float, size: float, anchor: str = ""
) -> str:
    """Write a text; one in a script of unknown width is told how wide to be."""
    more = f' text-anchor="{anchor}"' if anchor else ""
    if not is_measured(text):
        length = round(text_width(text, size))
        more += f' textLength="{length}" lengthAdjust="spacingAndGlyphs"'
    content = escape(text, quote=False)
    return f'<text class="{style}" x="{x:g}" y="{y:g}"{more}>{content}</text>'


def write_icon(tone: str, x: float, y: float) -> str:
    """Draw the icon of a status in a field of 12 x 12."""
    dx, dy, rest = ICONS[tone]
    return f'<path class="i {tone}" d="M{x + dx:g} {y + dy:g}{rest}"/>'


def hatching(left: int, right: int, bottom: int, height: int) -> str:
    """Draw slanted lines, for what was skipped or undone; the data of a path."""
    return "".join(
        f"M{x} {bottom}l{height} {-height}" for x in range(left, right - height, 9)
    )


def write_gate(x: int) -> str:
    """Draw the tab that marks a point of no return, on the upper edge of a box."""
    width = round(text_width(GATE, 10)) + 12
    return (
        f'<g class="gate"><rect x="{x}" y="-12" width="{width}" height="16" rx="3"/>'
        f'<text x="{x + 6}" y="-0.5">{GATE}</text></g>'
    )


def _legend_rows(
    entries: Sequence[LegendItem], width: int
) -> list[list[tuple[int, LegendItem]]]:
    """Break the legend into rows: the place of each entry along its row."""
    rows: list[list[tuple[int, LegendItem]]] = []
    x = width
    for entry in entries:
        length = entry.width + round(text_width(entry.text, 11)) + 26
        if x + length > width or not rows:
            rows.append([])
            x = 0
        rows[-1].append((x, entry))
        x += length
    return rows


def _legend(rows: list[list[tuple[int, LegendItem]]], left: int, top: int) -> Iterable[str]:
    for number, row in enumerate(rows):
        for x, entry in row:
            y = top + _LEGEND_STEP * number
            yield (
                f'<g class="l" transform="translate({left + x} {y})">{_symbol(entry)}'
                f"{write_text(entry.text, 'm', entry.width + 6, 10, 11)}</g>"
            )


def _symbol(entry: LegendItem) -> str:
    style, width = entry.style, entry.width
    match entry.symbol:
        case "icon":
            return write_icon(style, 0, 0)
        case "line":
            return f'<path class="{style}" d="M0 6L{width - 2} 6"/>'
        case "gate":
            return '<g class="gate"><rect width="16" height="12" rx="3"/></g>'
        case "share":
            return (
                f'<path class="{style}" d="M0 6h{width - 2}"/>'
                f'<path class="{style} v" d="M0 6h{width // 2}"/>'
            )
        case "tick":
            return f'<path class="{style}" d="M3 0V12"/>'
        case "bar":
            return f'<rect class="{style}" y="1" width="{width}" height="10"/>'
    box = f'<rect class="b" x="1" width="{width - 2}" height="12" rx="3"/>'
    return f'<g class="{style}">{box}</g>'


_SHARP = 192.0
"""Dots per inch: two for each pixel of the SVG."""
_MOST_DOTS = 50_000_000
_MOST_POINTS = 14_400
"""The longest side of a page in PDF."""
_PAGE = b"""\
#set document(date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1pt)
"""


def render_picture(svg: str, form: Literal["png", "pdf"]) -> bytes:
    """Turn a built-in SVG into a picture.

    PNG has two dots per pixel, fewer where it would be larger than 50 million dots. Texts
    of a PDF stay texts. A RenderError where typst is not installed, or cannot draw this.
    """
    try:
        import typst
    except ImportError as error:
        raise RenderError(
            f"{form} needs the package 'typst': install taskgraph with its extra "
            "'picture', or use the engine 'dot'"
        ) from error
    width, height = _size_of(svg)
    dots = width * height * 4
    points = width * min(0.75, _MOST_POINTS / max(width, height))
    try:
        drawn: bytes = typst.compile(
            _PAGE,
            format=form,
            ppi=_SHARP * min(1, sqrt(_MOST_DOTS / dots)) if form == "png" else None,
            sys_inputs={"svg": svg, "width": f"{points:.2f}"},
        )
    except RuntimeError as error:
        raise RenderError(f"typst cannot draw this: {error}") from error
    return drawn
