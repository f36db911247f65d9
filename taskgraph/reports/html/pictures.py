"""The pictures of a task, as they stand in the page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.svg import render_svg
from taskgraph.model import Id
from taskgraph.reports.results import Account

__all__ = ["Picture", "diagram", "timeline"]

_DARK = re.compile(r"(<style>[^<]*)@media \(prefers-color-scheme")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Attributes
    ----------
    svg : str
        Safe to stand in a page.
    boxes : tuple of tuple of ids
        Which subtasks are behind each box, by the number that the box has in the SVG.
    notes : tuple of str
        What is collapsed or left out.
    """

    svg: str
    boxes: tuple[tuple[Id, ...], ...] = ()
    notes: tuple[str, ...] = ()


def diagram(account: Account) -> Picture:
    """Draw the dependencies; a large task collapses by itself."""
    from markupsafe import Markup

    scene = build_scene(account.analysis)
    svg = Markup(_light_on_paper(render_svg(scene)))
    return Picture(svg, tuple(node.ids for node in scene.nodes), scene.notes)


def timeline(account: Account) -> Picture | None:
    """Draw what ran when, or what is planned; ``None`` where times mean nothing."""
    from markupsafe import Markup

    if account.sound is None or not account.graph.subtasks:
        return None
    svg = render(account.analysis, "svg", DiagramOptions(view="timeline"))
    return Picture(Markup(_light_on_paper(str(svg))))


def _light_on_paper(svg: str) -> str:
    """Let the dark colours of a picture be for screens only."""
    return _DARK.sub(r"\1@media screen and (prefers-color-scheme", svg, count=1)
