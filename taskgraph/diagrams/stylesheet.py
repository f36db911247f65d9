"""The style sheet of the SVG, for light and dark surroundings."""

from __future__ import annotations

from taskgraph.diagrams.palette import DARK, LIGHT, Theme

__all__ = ["FONTS", "stylesheet"]

FONTS = (
    'Arial,Helvetica,"Liberation Sans","Noto Sans","PingFang SC","Microsoft YaHei",'
    '"Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","WenQuanYi Micro Hei",'
    "sans-serif"
)

_SHAPES = (
    ("text", f"font:11px {FONTS};white-space:pre"),
    ("text.t", "font-size:18px;font-weight:bold"),
    ("text.u", "font-size:12px"),
    ("text.h", "font-size:13px;font-weight:bold"),
    ("text.s", "font-weight:bold"),
    ("path.e", "fill:none;stroke-width:1.3"),
    ("path.e.c", "stroke-width:2.6"),
    ("path.e.f", "stroke-width:2.2"),
    ("path.e.o", "stroke-dasharray:6 4"),
    ("path.i", "fill:none;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round"),
    (".n .b", "stroke-width:1.1"),
    (".n.c>.b", "stroke-width:2.6"),
    (".n.x>.b", "stroke-dasharray:5 3"),
    (".n.f>.b", "stroke-width:2.2"),
    (".n.ghost>.b", "stroke-dasharray:3 3"),
    (".gate text", "font-size:10px;font-weight:bold"),
)


def stylesheet(unique: str) -> str:
    """Give the rules, each for the elements of one drawing only.

    Colours are written out, not as custom properties: some programs that draw SVG do not
    know those.
    """
    scope = f".{unique} "
    shapes = _rules(scope, _SHAPES)
    heads = "".join(
        f"{scope}path.e{which}{{marker-end:url(#{unique}-{kind})}}"
        for which, kind in (("", "plain"), (".c", "critical"), (".f", "fault"))
    )
    plain_ends = f"{scope}path.e.j,{scope}.l path.e{{marker-end:none}}"
    dark = f"@media (prefers-color-scheme:dark){{{_rules(scope, _colours(DARK))}}}"
    return shapes + heads + plain_ends + _rules(scope, _colours(LIGHT)) + dark


def _rules(scope: str, rules: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"{scope}{selector}{{{body}}}" for selector, body in rules)


def _colours(theme: Theme) -> tuple[tuple[str, str], ...]:
    rules = [
        (".page", f"fill:{theme.page}"),
        ("text", f"fill:{theme.text}"),
        ("text.m", f"fill:{theme.muted}"),
        ("text.u", f"fill:{theme.muted}"),
        ("path.e", f"stroke:{theme.edge}"),
        ("path.e.c", f"stroke:{theme.critical}"),
        ("path.e.f", f"stroke:{theme.fault}"),
        (".a.plain path", f"fill:{theme.edge}"),
        (".a.critical path", f"fill:{theme.critical}"),
        (".a.fault path", f"fill:{theme.fault}"),
        ("circle.j", f"fill:{theme.edge}"),
        (".n .b", f"stroke:{theme.border}"),
    ]
    for name, (strong, soft) in theme.tones.items():
        rules += [
            (f".n.{name}>.b", f"fill:{soft}"),
            (f".n.{name}>.k", f"fill:{strong}"),
            (f"text.{name}", f"fill:{strong}"),
            (f"path.i.{name}", f"stroke:{strong}"),
        ]
    rules += [
        (".n.failed>.b", f"stroke:{theme.tones['failed'][0]}"),
        (".n.frame>.b", f"fill:{theme.frame}"),
        (".n.ghost>.b", f"fill:{theme.page}"),
        (".n.c>.b", f"stroke:{theme.critical}"),
        (".n.f>.b", f"stroke:{theme.fault}"),
        (".gate rect", f"fill:{theme.gate}"),
        (".gate text", f"fill:{theme.gate_text}"),
    ]
    return tuple(rules)
