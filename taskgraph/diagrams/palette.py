"""Colours, icons and style sheets, for light and for dark surroundings.

The hues are far apart under the common kinds of colour blindness, and every status has
its own icon and its word beside the colour. Texts have a contrast ratio of at least 4.5
to what lies behind them, lines that carry meaning one of at least 3 (WCAG 2.2, 1.4.3
and 1.4.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from taskgraph.model.statuses import UNKNOWN


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one kind of surroundings, each as ``#rrggbb``."""

    page: str
    text: str
    muted: str
    edge: str
    border: str
    frame: str
    critical: str
    fault: str
    """Lines of a cycle or another fault; ``edge`` is for those that are nothing special."""
    gate: str
    """The point of no return."""
    gate_text: str
    tones: dict[str, tuple[str, str]]
    """For each tone the strong colour (bar, icon, status word) and the soft one (the box
    behind the text).
    """
    paces: tuple[str, ...]
    """From far less than the usual time over the usual to far more: blue, grey, orange to
    brown, ever farther from the page.
    """

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """As ``tones``, for what changed between two documents."""
        return {
            "added": self.tones["successful"],
            "removed": self.tones["failed"],
            "changed": self.tones["canceling"],
            "unchanged": (self.tones["pending"][0], self.page),
        }


LIGHT = Theme(
    page="#ffffff",
    text="#1b1f24",
    muted="#57606a",
    edge="#737c87",
    border="#8a939d",
    frame="#f4f6f8",
    critical="#1b1f24",
    fault="#b3006b",
    gate="#7a3e00",
    gate_text="#ffffff",
    tones={
        "pending": ("#57606a", "#f6f8fa"),
        "ready": ("#6f42a8", "#f5f0fb"),
        "running": ("#0969da", "#e8f2fd"),
        "canceling": ("#8a5200", "#fdf3e1"),
        "failed": ("#cf222e", "#fdebe7"),
        "successful": ("#00600f", "#e6f4e8"),
        "skipped": ("#5a5a14", "#f5f5e4"),
        "undone": ("#57606a", "#f6f8fa"),
        UNKNOWN: ("#4b4b4b", "#efefef"),
    },
    paces=("#08519c", "#3f8fcb", "#c3c9d0", "#c77f00", "#a84f00", "#5a2400"),
)

DARK = Theme(
    page="#0f1419",
    text="#eef2f6",
    muted="#a5b0bc",
    edge="#8793a0",
    border="#6b7682",
    frame="#171d24",
    critical="#ffffff",
    fault="#ff8ad0",
    gate="#ffb454",
    gate_text="#241500",
    tones={
        "pending": ("#a5b0bc", "#1d242c"),
        "ready": ("#c9a6ff", "#281f38"),
        "running": ("#79b8ff", "#12283f"),
        "canceling": ("#f0b44c", "#332610"),
        "failed": ("#ff8f7a", "#3d1a15"),
        "successful": ("#8bd450", "#14301a"),
        "skipped": ("#d6d08a", "#26261a"),
        "undone": ("#a5b0bc", "#1d242c"),
        UNKNOWN: ("#c4c4c4", "#2a2a2a"),
    },
    paces=("#9ecbff", "#4a90d9", "#4a545f", "#b9770a", "#f0a53c", "#ffdf9e"),
)

# Each on a field of 12 x 12, drawn with a line of width 1.9 and round ends, unfilled:
# where it starts, and the rest of the path relative to that.
ICONS = {
    "pending": (6, 1.5, "a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9"),
    "ready": (3, 10.5, "v-8.5h7l-2 2.5l2 2.5h-7"),
    "running": (3, 1.5, "l7 4.5l-7 4.5z"),
    "canceling": (2, 2, "h8v8h-8z"),
    "failed": (2, 2, "l8 8m0-8l-8 8"),
    "successful": (1.5, 6.5, "l3 3.5l6-8"),
    "skipped": (1.5, 2, "l4 4l-4 4m5-8l4 4l-4 4"),
    "undone": (5, 1.5, "l-3 3l3 3m-3-3h5a3 3 0 0 1 0 6h-2"),
    UNKNOWN: (3.5, 4, "a2.5 2.5 0 1 1 2.5 2.5v1.5m0 2.6v.1"),
    "added": (6, 1.5, "v9m-4.5-4.5h9"),
    "removed": (1.5, 6, "h9"),
    "changed": (6, 1.5, "l5 8.5h-10z"),
    "unchanged": (2, 4, "h8m-8 4h8"),
}


HATCHED = frozenset({"skipped", "undone"})
"""The tones of what ended, and not by doing the work."""

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
    ("path.z", "fill:none;stroke-width:1;opacity:.45"),
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
        yield f"path.i.{name},path.z.{name}", f"stroke:{strong}"


def _graph_colours(theme: Theme) -> Iterable[Rule]:
    yield "circle.j", f"fill:{theme.edge}"
    yield "path.q", f"stroke:{theme.muted}"
    yield "text.r", f"fill:{theme.fault}"
    yield ".n .b", f"stroke:{theme.border}"
    for name, (strong, soft) in theme.tones.items():
        yield f".n.{name}>.b", f"fill:{soft}"
        yield f".n.{name}>.k", f"fill:{strong}"
        yield f".n.{name}>.q", f"stroke:{strong}"
    yield ".n>.q.w", f"stroke:{theme.tones['failed'][0]}"
    yield "path.q.t", f"stroke:{theme.text}"
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
        ("path.e.r", "stroke-dasharray:9 3"),
        ("path.q", "fill:none;stroke-width:3;opacity:.3"),
        ("path.q.v", "opacity:1"),
        ("path.q.t", "opacity:1;stroke-width:2"),
        ("text.r", "font-size:10px"),
        (".n .b", "stroke-width:1.1"),
        (".n.c>.b", "stroke-width:2.6"),
        (".n.x>.b", "stroke-dasharray:5 3"),
        (".n.f>.b", "stroke-width:2.2"),
        (".n.ghost>.b", "stroke-dasharray:3 3"),
        (".gate text", "font-size:10px;font-weight:bold"),
    ),
    colours=_graph_colours,
)


def _changed_colours(theme: Theme) -> Iterable[Rule]:
    yield from _graph_colours(theme)
    added, removed = theme.changes["added"][0], theme.changes["removed"][0]
    yield "path.e.c", f"stroke:{added}"
    yield "path.e.f", f"stroke:{removed}"
    yield "text.r", f"fill:{theme.muted}"
    yield ".a.critical path", f"fill:{added}"
    yield ".a.fault path", f"fill:{removed}"
    for name, (strong, soft) in theme.changes.items():
        yield f"text.{name}", f"fill:{strong}"
        yield f"path.i.{name}", f"stroke:{strong}"
        yield f".n.{name}>.b", f"fill:{soft};stroke:{strong}"
        yield f".n.{name}>.k", f"fill:{strong}"


CHANGED = Rules(
    shapes=(
        *GRAPH.shapes,
        (".n.added>.b", "stroke-width:2.6"),
        (".n.changed>.b", "stroke-width:2.6"),
        (".n.removed>.b", "stroke-width:1.6;stroke-dasharray:6 4"),
        (".n.removed>.h", "text-decoration:line-through"),
    ),
    colours=_changed_colours,
)
"""Added edges have the shape of critical ones, removed ones that of faults."""


def _timeline_colours(theme: Theme) -> Iterable[Rule]:
    yield ".grid", f"stroke:{theme.border}"
    yield ".wait", f"stroke:{theme.muted}"
    yield ".pause", f"stroke:{theme.muted}"
    yield ".limit", f"stroke:{theme.text}"
    yield ".now", f"stroke:{theme.gate}"
    yield "text.now", f"fill:{theme.gate};stroke:none"
    for name, (strong, soft) in theme.tones.items():
        yield f".bar.{name}", f"fill:{strong};stroke:{strong}"
        yield f".bar.many.{name}", f"fill:{soft}"
        yield f".ghost.{name}", f"fill:{soft};stroke:{strong}"
        yield f".d.{name}", f"fill:{strong}"
    yield ".bar.c", f"stroke:{theme.critical}"


TIMELINE = Rules(
    shapes=(
        ("text.n", "font-size:12px"),
        ("text.n.c", "font-weight:bold"),
        (".grid", "stroke-width:1;opacity:.35"),
        (".wait", "stroke-width:1.4;stroke-dasharray:1 3;stroke-linecap:round"),
        (".pause", "stroke-width:1.4"),
        (".limit", "stroke-width:2"),
        (".now", "stroke-width:1.6;stroke-dasharray:6 3"),
        (".bar", "stroke-width:1.2"),
        (".bar.many", "stroke-dasharray:4 2"),
        (".d", "opacity:.4"),
        (".ghost", "stroke-width:1;stroke-dasharray:2 2;opacity:.8"),
        (".bar.c", "stroke-width:2.6"),
    ),
    colours=_timeline_colours,
)
