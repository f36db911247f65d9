"""Reads a drawing back from its SVG, as numbers that geometry tests can compare."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from taskgraph.diagrams.text import text_width

SVG = "{http://www.w3.org/2000/svg}"
SIZES = {
    "t": 18.0,
    "u": 12.0,
    "h": 13.0,
    "m": 11.0,
    "s": 11.0,
    "n": 12.0,
    "r": 10.0,
    "": 10.0,
}


class Rect(NamedTuple):
    """A rectangle in the coordinates of the whole picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: Rect) -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: Rect) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def contains(self, x: float, y: float, margin: float = 0.0) -> bool:
        return (
            self.x + margin < x < self.right - margin
            and self.y + margin < y < self.bottom - margin
        )


class Label(NamedTuple):
    """A text with the room that it takes, and the box that it belongs to."""

    text: str
    rect: Rect
    box: Rect | None


@dataclass
class Drawing:
    """What a picture shows.

    ``boxes`` has the top-level boxes by number of the scene's node, ``inner`` those
    within a frame with their frame's number; ``edges`` the numbers of both ends and
    points along the path.
    """

    view: Rect
    boxes: dict[int, Rect] = field(default_factory=dict)
    inner: list[tuple[int, Rect]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    edges: list[tuple[int, int, list[tuple[float, float]]]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)


def read_drawing(svg: str) -> Drawing:
    """Read the picture that ``render_svg`` wrote."""
    root = ET.fromstring(svg)
    drawing = Drawing(Rect(*map(float, root.attrib["viewBox"].split())))
    _read(root, 0.0, 0.0, drawing, None, None)
    return drawing


def _read(
    element: ET.Element,
    dx: float,
    dy: float,
    drawing: Drawing,
    number: int | None,
    box: Rect | None,
) -> None:
    place = element.get("transform", "")
    moved = re.fullmatch(r"translate\((\S+) (\S+)\)( rotate\(-90\))?", place)
    if moved:
        dx, dy = dx + float(moved[1]), dy + float(moved[2])
    classes = element.get("class", "").split()
    if element.tag == f"{SVG}g" and classes[:1] == ["n"]:
        outer, number = number, int(element.get("data-node", -1))
        own = [c for c in element if c.tag == f"{SVG}rect" and c.get("class") == "b"][-1]
        box = Rect(dx, dy, float(own.attrib["width"]), float(own.attrib["height"]))
        title = element.find(f"{SVG}title")
        drawing.titles.append("" if title is None else title.text or "")
        if number >= 0:
            drawing.boxes[number] = box
        elif outer is not None:
            drawing.inner.append((outer, box))
    if moved and moved[3]:
        flat = _label(element[0], ["r"], 0.0, 0.0, None)
        x, y, width, height = flat.rect
        upright = Rect(dx + y, dy - x - width, height, width)
        drawing.labels.append(flat._replace(rect=upright))
        return
    if element.tag == f"{SVG}text":
        drawing.labels.append(_label(element, classes, dx, dy, box))
    if element.tag == f"{SVG}path" and "data-edge" in element.attrib:
        tail, head = map(int, element.attrib["data-edge"].split())
        points = [(x + dx, y + dy) for x, y in path_points(element.attrib["d"])]
        drawing.edges.append((tail, head, points))
    inside = None if classes[:1] == ["gate"] else box  # the tab sits on the box's edge
    for child in element:
        _read(child, dx, dy, drawing, number, inside)


def _label(
    element: ET.Element, classes: list[str], dx: float, dy: float, box: Rect | None
) -> Label:
    text = element.text or ""
    size = SIZES[classes[0] if classes else ""]
    width = float(element.get("textLength", text_width(text, size)))
    x, y = float(element.attrib["x"]) + dx, float(element.attrib["y"]) + dy
    if element.get("text-anchor") == "middle":
        x -= width / 2
    return Label(text, Rect(x, y - 0.8 * size, width, size), box)


def path_points(data: str, steps: int = 12) -> Iterator[tuple[float, float]]:
    """Give points along a path of moves, lines and cubic curves."""
    here = (0.0, 0.0)
    for letter, rest in re.findall(r"([MLC])([^MLC]*)", data):
        numbers = [float(number) for number in rest.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "M":
            here = points[0]
            yield here
            continue
        for step in range(1, steps + 1):
            yield _along([here, *points], step / steps)
        here = points[-1]


def _along(points: list[tuple[float, float]], share: float) -> tuple[float, float]:
    """Walk along a curve (de Casteljau)."""
    while len(points) > 1:
        points = [
            (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            for a, b in pairwise(points)
        ]
    return points[0]


def contrast(first: str, second: str) -> float:
    """Give the contrast ratio of two colours ``#rrggbb`` (WCAG 2.2), from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    total = 0.0
    for place, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        value = int(colour[place : place + 2], 16) / 255
        linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        total += weight * linear
    return total
