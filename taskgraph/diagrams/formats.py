"""The forms that a diagram can take, and the one function that makes any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

    def scene(self, at_most: int | None = None) -> Scene:
        """Build the scene of the dependencies, collapsed to a number of boxes if given."""
        from taskgraph.diagrams.scene import build_scene

        options = self.options
        if at_most is not None:
            options = replace(options, collapse="auto", max_nodes=at_most)
        return build_scene(
            self.graph,
            schedule=self.schedule,
            no_return=self.no_return,
            options=options,
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


def _mermaid(request: Request) -> str:
    from taskgraph.diagrams.mermaid import render_fitting

    return render_fitting(request.scene)


def _columns(request: Request) -> dict[str, Sequence[int]]:
    """Give what the schedule says about each node."""
    timing = request.schedule
    if timing is None:
        return {}
    return {
        "early_start": timing.early_start,
        "early_finish": timing.early_finish,
        "total_float": timing.total_float,
        "critical": [slack == 0 for slack in timing.total_float],
    }


def _graphml(request: Request) -> str:
    from taskgraph.graph.export import export_graphml

    return export_graphml(request.graph, _columns(request))


def _gexf(request: Request) -> str:
    from taskgraph.graph.export import export_gexf

    return export_gexf(request.graph, _columns(request))


def _node_link(request: Request) -> str:
    from taskgraph.graph.export import export_node_link

    return export_node_link(request.graph, _columns(request))


FORMATS: Mapping[str, DiagramFormat] = MappingProxyType(
    {
        form.name: form
        for form in (
            DiagramFormat("svg", (".svg",), "a picture for pages", {"graph": _svg}),
            DiagramFormat("dot", (".dot", ".gv"), "Graphviz source", {"graph": _dot}),
            DiagramFormat(
                "mermaid",
                (".mmd", ".mermaid"),
                "text that wikis and trackers draw, within Mermaid's limits",
                {"graph": _mermaid},
            ),
            DiagramFormat(
                "graphml",
                (".graphml",),
                "the whole graph for yEd, Gephi and networkx",
                {"graph": _graphml},
            ),
            DiagramFormat(
                "gexf", (".gexf",), "the whole graph for Gephi", {"graph": _gexf}
            ),
            DiagramFormat(
                "json",
                (".json",),
                "the whole graph as node-link JSON, for networkx and d3",
                {"graph": _node_link},
            ),
        )
    }
)
"""By name."""
