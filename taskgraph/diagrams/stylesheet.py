"""The style sheets of the pictures, for light and dark surroundings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from taskgraph.diagrams.palette import DARK, LIGHT, Theme

__all__ = ["FONTS", "GRAPH", "TIMELINE", "Rules", "stylesheet"]

FONTS = (
    'Arial,Helvetica,"Liberation Sans","Noto Sans","PingFang SC","Microsoft YaHei",'
    '"Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","WenQuanYi Micro Hei",'
    "sans-serif"
)

Rule: TypeAlias = tuple[str, str]
"""A selector and declarations."""


class Rules(NamedTuple):
    """How the elements of one kind of picture look: their shapes, and their colours."""

    shapes: tuple[Rule, ...]
    colours: Callable[[Theme], Iterable[Rule]]


def stylesheet(unique: str, rules: Rules) -> str:
    """Write the rules for the elements inside one element of the class ``unique``.

    Colours are written out, not as custom properties: some programs that draw SVG do not
    know those.
    """
    scope = f".{unique} "
    heads = "".join(
        f"{scope}path.e{which}{{marker-end:url(#{unique}-{kind})}}"
        for which, kind in (("", "plain"), (".c", "critical"), (".f", "fault"))
    )
    plain_ends = f"{scope}path.e.j,{scope}.l path.e{{marker-end:none}}"
    light, dark = (
        _written(scope, [*_common_colours(theme), *rules.colours(theme)])
        for theme in (LIGHT, DARK)
    )
    shapes = _written(scope, (*_SHAPES, *rules.shapes))
    return f"{shapes}{heads}{plain_ends}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _written(scope: str, rules: Iterable[Rule]) -> str:
    return "".join(f"{scope}{selector}{{{body}}}" for selector, body in rules)


_SHAPES = (
    ("text", f"font:11px {FONTS};white-space:pre"),
    ("text.t", "font-size:18px;font-weight:bold"),
    ("text.u", "font-size:12px"),
    ("text.h", "font-size:13px;font-weight:bold"),
    ("text.s", "font-weight:bold"),
    ("path.e", "fill:none;stroke-width:1.3"),
    ("path.e.c", "stroke-width:2.6"),
    ("path.i", "fill:none;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round"),
)


def _common_colours(theme: Theme) -> Iterable[Rule]:
    yield ".page", f"fill:{theme.page}"
    yield "text", f"fill:{theme.text}"
    yield "text.m", f"fill:{theme.muted}"
    yield "text.u", f"fill:{theme.muted}"
    yield "path.e", f"stroke:{theme.edge}"
    yield "path.e.c", f"stroke:{theme.critical}"
    yield "path.e.f", f"stroke:{theme.fault}"
    yield ".a.plain path", f"fill:{theme.edge}"
    yield ".a.critical path", f"fill:{theme.critical}"
    yield ".a.fault path", f"fill:{theme.fault}"
    for name, (strong, _) in theme.tones.items():
        yield f"text.{name}", f"fill:{strong}"
        yield f"path.i.{name}", f"stroke:{strong}"


def _graph_colours(theme: Theme) -> Iterable[Rule]:
    yield "circle.j", f"fill:{theme.edge}"
    yield ".n .b", f"stroke:{theme.border}"
    for name, (strong, soft) in theme.tones.items():
        yield f".n.{name}>.b", f"fill:{soft}"
        yield f".n.{name}>.k", f"fill:{strong}"
    yield ".n.failed>.b", f"stroke:{theme.tones['failed'][0]}"
    yield ".n.frame>.b", f"fill:{theme.frame}"
    yield ".n.ghost>.b", f"fill:{theme.page}"
    yield ".n.c>.b", f"stroke:{theme.critical}"
    yield ".n.f>.b", f"stroke:{theme.fault}"
    yield ".gate rect", f"fill:{theme.gate}"
    yield ".gate text", f"fill:{theme.gate_text}"


GRAPH = Rules(
    shapes=(
        ("path.e.f", "stroke-width:2.2"),
        ("path.e.o", "stroke-dasharray:6 4"),
        (".n .b", "stroke-width:1.1"),
        (".n.c>.b", "stroke-width:2.6"),
        (".n.x>.b", "stroke-dasharray:5 3"),
        (".n.f>.b", "stroke-width:2.2"),
        (".n.ghost>.b", "stroke-dasharray:3 3"),
        (".gate text", "font-size:10px;font-weight:bold"),
    ),
    colours=_graph_colours,
)


def _timeline_colours(theme: Theme) -> Iterable[Rule]:
    yield ".grid", f"stroke:{theme.border}"
    yield ".wait", f"stroke:{theme.muted}"
    yield ".limit", f"stroke:{theme.text}"
    yield ".now", f"stroke:{theme.gate}"
    yield "text.now", f"fill:{theme.gate};stroke:none"
    for name, (strong, soft) in theme.tones.items():
        yield f".bar.{name}", f"fill:{strong};stroke:{strong}"
        yield f".bar.many.{name}", f"fill:{soft}"
    yield ".bar.c", f"stroke:{theme.critical}"


TIMELINE = Rules(
    shapes=(
        ("text.n", "font-size:12px"),
        ("text.n.c", "font-weight:bold"),
        (".grid", "stroke-width:1;opacity:.35"),
        (".wait", "stroke-width:1.4;stroke-dasharray:1 3;stroke-linecap:round"),
        (".limit", "stroke-width:2"),
        (".now", "stroke-width:1.6;stroke-dasharray:6 3"),
        (".bar", "stroke-width:1.2"),
        (".bar.many", "stroke-dasharray:4 2"),
        (".bar.c", "stroke-width:2.6"),
    ),
    colours=_timeline_colours,
)
