"""The colours of the page: those of the diagrams in it."""

from __future__ import annotations

from taskgraph.diagrams.palette import DARK, LIGHT, Theme

__all__ = ["colours"]


def colours() -> str:
    """Give the custom properties for light and for dark surroundings.

    On paper it is always light.
    """
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_rules(DARK)}}}}}"
    return f":root{{{_rules(LIGHT)}}}\n{dark}\n"


def _rules(theme: Theme) -> str:
    named = {
        "page": theme.page,
        "text": theme.text,
        "muted": theme.muted,
        "border": theme.border,
        "frame": theme.frame,
        "critical": theme.critical,
        "gate": theme.gate,
        "gate-text": theme.gate_text,
    }
    for tone, (strong, soft) in theme.tones.items():
        named |= {tone: strong, f"{tone}-soft": soft}
    return ";".join(f"--{name}:{value}" for name, value in named.items())
