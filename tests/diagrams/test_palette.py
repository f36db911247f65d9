"""The colours: readable, and apart for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import dist

import pytest

from taskgraph.diagrams.palette import DARK, ICONS, LIGHT, Theme
from taskgraph.model.statuses import SIGNS, look
from taskgraph.model.task import STATUSES
from tests.diagrams.drawing import contrast

themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])

# How the colours reach the eyes of people without red, green or blue cones, in linear
# light (Machado, Oliveira and Fernandes, 2009, severity 1).
BLINDNESS = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def linear(colour: str) -> tuple[float, ...]:
    values = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return tuple(
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values
    )


def lab(light: tuple[float, ...]) -> tuple[float, float, float]:
    """Give the CIE L*a*b* coordinates of linear sRGB, white D65."""
    r, g, b = (min(1.0, max(0.0, value)) for value in light)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def least_distance(colours: Iterable[str], kind: str | None) -> float:
    """Tell how far apart those are that are most alike, to eyes of one kind."""
    seen = []
    for colour in colours:
        light = linear(colour)
        if kind is not None:
            light = tuple(
                sum(a * b for a, b in zip(row, light, strict=True))
                for row in BLINDNESS[kind]
            )
        seen.append(lab(light))
    return min(dist(first, second) for first, second in combinations(seen, 2))


def test_contrast_has_the_known_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@themes
def test_texts_are_readable_on_what_lies_behind_them(theme: Theme) -> None:
    behind = [theme.page, theme.frame, *(soft for _, soft in theme.tones.values())]
    for back in behind:
        assert contrast(theme.text, back) >= 7
        assert contrast(theme.muted, back) >= 4.5
    for strong, soft in theme.tones.values():
        assert contrast(strong, soft) >= 4.5
        assert contrast(strong, theme.page) >= 4.5
    assert contrast(theme.gate_text, theme.gate) >= 4.5


@themes
def test_lines_can_be_seen(theme: Theme) -> None:
    for line in (theme.edge, theme.critical, theme.fault, theme.border, theme.gate):
        assert contrast(line, theme.page) >= 3


@themes
@pytest.mark.parametrize("kind", [None, *BLINDNESS])
def test_failed_running_and_successful_differ_for_everybody(
    theme: Theme, kind: str | None
) -> None:
    tones = [theme.tones[name][0] for name in ("failed", "running", "successful")]
    assert least_distance(tones, kind) > 15


@themes
@pytest.mark.parametrize("kind", [None, *BLINDNESS])
def test_paces_differ_for_everybody(theme: Theme, kind: str | None) -> None:
    assert least_distance(theme.paces, kind) > 15
    usual = 2
    for place, colour in enumerate(theme.paces):
        assert place == usual or contrast(colour, theme.page) >= 3


def test_every_status_has_its_own_icon_and_sign() -> None:
    tones = [look(status).tone for status in [*STATUSES, None]]
    assert len({ICONS[name] for name in tones}) == len(tones)
    assert len({SIGNS[name] for name in tones}) == len(tones)


def test_an_unknown_status_has_colours_too() -> None:
    assert look("PAUSED").tone == look(None).tone
    assert look("PAUSED").tone in LIGHT.tones
