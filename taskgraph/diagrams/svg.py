"""The built-in SVG: one self-contained text, no program and no font file needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import chain
from zlib import crc32

from taskgraph.diagrams.boxes import Face, Line, faces, header_lines
from taskgraph.diagrams.layout import Layout, Path, lay_out
from taskgraph.diagrams.legend import Entry, legend
from taskgraph.diagrams.palette import ICONS
from taskgraph.diagrams.scene import Kind, Scene, SceneEdge, SceneNode
from taskgraph.diagrams.stylesheet import stylesheet
from taskgraph.diagrams.text import is_measured, text_width

__all__ = ["render_svg"]

_MARGIN = 28
_HEADER_STEP = 20
_LEGEND_STEP = 24
_NARROWEST = 460
_WIDEST_HEADER = 1000
_ARROW = 2
"""How far an arrow's tip lies beyond the end of its line."""
_TAB = "Point of no return"


def render_svg(scene: Scene) -> str:
    """Draw a scene.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    str
        An SVG document that ends in a line feed. It follows the surroundings' light or
        dark preference, loads nothing and contains no script. The same for the same
        scene.
    """
    drawn = faces(scene)
    marked = frozenset(n for n, edge in enumerate(scene.edges) if edge.critical)
    layout = lay_out(
        [(face.width, face.height) for face in drawn],
        [edge[:2] for edge in scene.edges],
        marked=marked,
        top_down=scene.direction == "TB",
    )
    entries = legend(scene)
    width = max(round(layout.width), _NARROWEST)
    header = header_lines(scene, min(width, _WIDEST_HEADER))
    top = _MARGIN + _HEADER_STEP * len(header) + 20
    body = [*_header(header), f'<g transform="translate({_MARGIN} {top})">']
    body += _edges(scene, layout)
    for number, (node, face) in enumerate(zip(scene.nodes, drawn, strict=True)):
        box = layout.boxes[number]
        body.append(_node(node, face, round(box.x), round(box.y), number))
    body.append("</g>")
    bottom = top + round(layout.height) + _MARGIN + 4
    rows = _legend_rows(entries, width)
    body += _legend(rows, bottom)
    height = bottom + _LEGEND_STEP * len(rows) + 12
    return _document(scene, body, width + 2 * _MARGIN, height)


def _document(scene: Scene, body: list[str], width: int, height: int) -> str:
    """Wrap the drawing; its ids are its own where several stand on one page."""
    drawing = "\n".join(body)
    unique = f"tg{crc32(drawing.encode()):08x}"
    markers = "".join(
        f'<marker id="{unique}-{kind}" class="a {kind}" markerWidth="10" markerHeight="9" '
        'refX="7" refY="4.5" orient="auto" markerUnits="userSpaceOnUse">'
        '<path d="M0 .5L9 4.5L0 8.5z"/></marker>'
        for kind in ("plain", "critical", "fault")
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="taskgraph {unique}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="graphics-document" aria-labelledby="{unique}-t {unique}-d">'
        f'<title id="{unique}-t">{escape(scene.title)}</title>'
        f'<desc id="{unique}-d">{escape(scene.description)}</desc>'
        f"<style>{stylesheet(unique)}</style><defs>{markers}</defs>"
        f'<rect class="page" width="{width}" height="{height}"/>'
    )
    return f"{head}\n{drawing}\n</svg>\n"


def _header(lines: list[tuple[str, str, float]]) -> Iterable[str]:
    for number, (text, style, size) in enumerate(lines):
        y = _MARGIN + 12 + _HEADER_STEP * number
        yield _text(text, style, _MARGIN, y, size)


def _text(text: str, style: str, x: float, y: float, size: float) -> str:
    """Write a text; one in a script of unknown width is told how wide to be."""
    fixed = ""
    if not is_measured(text):
        length = round(text_width(text, size))
        fixed = f' textLength="{length}" lengthAdjust="spacingAndGlyphs"'
    return (
        f'<text class="{style}" x="{x}" y="{y}"{fixed}>{escape(text, quote=False)}</text>'
    )


# Edges ------------------------------------------------------------------------------


def _edges(scene: Scene, layout: Layout) -> Iterable[str]:
    """Draw the edges, the ones that matter on top."""
    numbers = sorted(range(len(scene.edges)), key=lambda n: (_edge_rank(scene.edges[n]), n))
    for number in numbers:
        edge = scene.edges[number]
        joint = scene.nodes[edge.head].kind is Kind.JUNCTION
        data = _path_data(layout.paths[number], 0 if joint else _ARROW)
        style = _edge_style(edge) + (" j" if joint else "")
        yield f'<path class="{style}" data-edge="{edge.tail} {edge.head}" d="{data}"/>'


def _edge_rank(edge: SceneEdge) -> int:
    return 2 if edge.cyclic or edge.ghostly or edge.one_sided else int(edge.critical)


def _edge_style(edge: SceneEdge) -> str:
    style = "e"
    if edge.critical:
        style += " c"
    if edge.cyclic or edge.ghostly:
        style += " f"
    if edge.one_sided or edge.ghostly:
        style += " o"
    return style


def _path_data(path: Path, shortened: int) -> str:
    """Write a path in whole pixels, its end drawn back along its direction."""
    x, y = path[-1][-2:]
    before = path[-1][-4:-2] if len(path[-1]) > 2 else path[-2][-2:]
    if shortened:
        x -= shortened * ((x > before[0]) - (x < before[0]))
        y -= shortened * ((y > before[1]) - (y < before[1]))
    parts = [f"M{path[0][0]:.0f} {path[0][1]:.0f}"]
    for segment in chain(path[1:-1], [(*path[-1][:-2], x, y)]):
        letter = "L" if len(segment) == 2 else "C"
        parts.append(letter + " ".join([f"{value:.0f}" for value in segment]))
    return "".join(parts)


# Nodes ------------------------------------------------------------------------------


def _node(node: SceneNode, face: Face, x: int, y: int, number: int | None) -> str:
    if node.kind is Kind.JUNCTION:
        half = face.width / 2
        return f'<circle class="j" cx="{x + half:g}" cy="{y + half:g}" r="{half:g}"/>'
    data = "" if number is None else f' data-node="{number}"'
    if len(node.ids) == 1:
        data += f' data-id="{escape(node.id_text)}"'
    opening = (
        f'<g class="{_node_style(node)}" transform="translate({x} {y})" '
        f'role="graphics-symbol"{data}>'
        f"<title>{escape(node.description, quote=False)}</title>"
    )
    parts = [opening]
    size = f'width="{face.width}" height="{face.height}" rx="7"'
    if node.kind is Kind.GROUP:
        parts.append(f'<rect class="b" x="4" y="4" {size}/>')
    parts.append(f'<rect class="b" {size}/>')
    if node.kind is not Kind.FRAME:
        parts.append(f'<rect class="k" x="4" y="7" width="4" height="{face.height - 14}"/>')
    parts += [_line(line) for line in face.lines]
    for member, (dx, dy, inner) in zip(node.members, face.members, strict=True):
        parts.append(_node(member, inner, dx, dy, None))
    if node.gate:
        parts.append(_gate())
    parts.append("</g>")
    return "".join(parts)


def _node_style(node: SceneNode) -> str:
    marks = (
        ("c", node.critical),
        ("x", node.blocked),
        ("f", node.faulty),
        ("ghost", node.kind is Kind.GHOST),
        ("frame", node.kind is Kind.FRAME),
    )
    return " ".join(["n", node.tone, *(name for name, applies in marks if applies)])


def _line(line: Line) -> str:
    size = 13 if line.style == "h" else 11
    text = _text(line.text, line.style, line.x, line.y, size)
    return _icon(line.icon, line.x - 17, line.y - 10) + text if line.icon else text


def _icon(tone: str, x: int, y: int) -> str:
    dx, dy, rest = ICONS[tone]
    return f'<path class="i {tone}" d="M{x + dx:g} {y + dy:g}{rest}"/>'


def _gate(x: int = 10, y: int = -9) -> str:
    """Draw the tab that sits on the upper edge of a box."""
    width = round(text_width(_TAB, 10)) + 12
    return (
        f'<g class="gate"><rect x="{x}" y="{y}" width="{width}" height="16" rx="3"/>'
        f'<text x="{x + 6}" y="{y + 11.5:g}">{_TAB}</text></g>'
    )


# Legend -----------------------------------------------------------------------------


def _legend_rows(entries: Sequence[Entry], width: int) -> list[list[tuple[int, Entry]]]:
    """Break the legend into rows: the place of each entry along its row."""
    rows: list[list[tuple[int, Entry]]] = []
    x = width
    for entry in entries:
        length = entry.width + round(text_width(entry.text, 11)) + 26
        if x + length > width or not rows:
            rows.append([])
            x = 0
        rows[-1].append((x, entry))
        x += length
    return rows


def _legend(rows: list[list[tuple[int, Entry]]], top: int) -> Iterable[str]:
    for number, row in enumerate(rows):
        for x, entry in row:
            y = top + _LEGEND_STEP * number
            yield (
                f'<g class="l" transform="translate({_MARGIN + x} {y})">'
                f"{_symbol(entry)}{_text(entry.text, 'm', entry.width + 6, 10, 11)}</g>"
            )


def _symbol(entry: Entry) -> str:
    if entry.symbol == "icon":
        return _icon(entry.style, 0, 0)
    if entry.symbol == "line":
        return f'<path class="{entry.style}" d="M0 6L{entry.width - 2} 6"/>'
    if entry.symbol == "gate":
        return '<g class="gate"><rect width="16" height="12" rx="3"/></g>'
    box = f'<rect class="b" x="1" y="0" width="{entry.width - 2}" height="12" rx="3"/>'
    return f'<g class="{entry.style}">{box}</g>'
