"""The forms that a diagram can take, and the one function that makes any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from taskgraph.diagrams.options import DiagramOptions, View
from taskgraph.errors import RenderError
from taskgraph.graph import TaskGraph

if TYPE_CHECKING:
    from taskgraph.analysis.recovery import PointOfNoReturn
    from taskgraph.analysis.schedule import Schedule
    from taskgraph.diagrams.scene import Scene

__all__ = ["FORMATS", "DiagramFormat", "Request", "render"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be drawn, with the results that mark it."""

    graph: TaskGraph
    options: DiagramOptions
    schedule: Schedule | None = None
    no_return: PointOfNoReturn | None = None
    as_of: datetime | None = None

    def scene(self) -> Scene:
        """Build the scene of the dependencies."""
        from taskgraph.diagrams.scene import build_scene

        return build_scene(
            self.graph,
            schedule=self.schedule,
            no_return=self.no_return,
            options=self.options,
        )


Writer: TypeAlias = Callable[[Request], str | bytes]


@dataclass(frozen=True, slots=True)
class DiagramFormat:
    """A form that a diagram can take.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        The endings of file names that mean it, with the dot.
    summary : str
        What it is good for, a few words.
    views : mapping of view to function
        What makes it, for each view that it can show.
    """

    name: str
    suffixes: tuple[str, ...]
    summary: str
    views: Mapping[View, Writer]


def render(
    graph: TaskGraph,
    format: str = "svg",  # noqa: A002 (the word that the user knows)
    *,
    options: DiagramOptions | None = None,
    schedule: Schedule | None = None,
    no_return: PointOfNoReturn | None = None,
    as_of: datetime | None = None,
) -> str | bytes:
    """Draw a task.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too: the faults are drawn.
    format : str
        A name in :data:`FORMATS`.
    options : DiagramOptions, optional
    schedule : Schedule, optional
        By timeouts; marks the critical path, and is the plan of a task that did not run.
    no_return : PointOfNoReturn, optional
        Marks the point of no return.
    as_of : datetime, optional
        The moment that the document describes; where it is missing, the document's own.

    Returns
    -------
    str or bytes
        The same for the same task and options, whatever the order in the document.

    Raises
    ------
    RenderError
        If the format is unknown or cannot show the view, the options ask for something
        that is not there, or a program or package is missing.
    """
    chosen = FORMATS.get(format)
    if chosen is None:
        raise RenderError(f"no diagram format {format!r}: choose from {', '.join(FORMATS)}")
    options = options or DiagramOptions()
    writer = chosen.views.get(options.view)
    if writer is None:
        able = [name for name, other in FORMATS.items() if options.view in other.views]
        raise RenderError(
            f"{format} cannot show the {options.view}: choose from {', '.join(able)}"
        )
    return writer(Request(graph, options, schedule, no_return, as_of))


def _svg(request: Request) -> str | bytes:
    if request.options.engine == "dot":
        from taskgraph.diagrams.dot import render_with_dot

        return render_with_dot(request.scene(), "svg").decode()
    from taskgraph.diagrams.svg import render_svg

    return render_svg(request.scene())


def _dot(request: Request) -> str:
    from taskgraph.diagrams.dot import render_dot

    return render_dot(request.scene())


FORMATS: Mapping[str, DiagramFormat] = MappingProxyType(
    {
        form.name: form
        for form in (
            DiagramFormat("svg", (".svg",), "a picture for pages", {"graph": _svg}),
            DiagramFormat("dot", (".dot", ".gv"), "Graphviz source", {"graph": _dot}),
        )
    }
)
"""By name."""
