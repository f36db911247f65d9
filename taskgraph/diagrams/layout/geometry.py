"""Boxes and paths, in pixels from the top left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

__all__ = ["Box", "Layout", "Path", "Point", "Segment", "rounded", "swapped"]

Point: TypeAlias = tuple[float, float]
Segment: TypeAlias = tuple[float, ...]
"""The end of a line, ``(x, y)``, or two control points and the end of a cubic curve."""
Path: TypeAlias = tuple[Segment, ...]
"""The start and what follows it."""

_RADIUS = 8.0


class Box(NamedTuple):
    """A rectangle; ``x`` and ``y`` are those of its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies: a box for each node and a path for each edge."""

    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    width: float
    height: float


def rounded(points: Sequence[Point]) -> list[Segment]:
    """Join points by lines parallel to the axes, with round corners."""
    segments: list[Segment] = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start = _towards(corner, before)
        end = _towards(corner, after)
        segments += [start, (*_middle(start, corner), *_middle(end, corner), *end)]
    segments.append(points[-1])
    return segments


def _towards(corner: Point, other: Point) -> Point:
    """Give the point a radius away from a corner, or half-way where that is less."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    if not length:
        return corner
    share = min(_RADIUS, length / 2) / length
    return (corner[0] + dx * share, corner[1] + dy * share)


def _middle(first: Point, second: Point) -> Point:
    return ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)


def swapped(path: Sequence[Segment]) -> Path:
    """Exchange the axes."""
    return tuple(
        (s[1], s[0]) if len(s) == 2 else (s[1], s[0], s[3], s[2], s[5], s[4]) for s in path
    )
