"""The forms that a diagram can take, and the one function that makes any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.options import DiagramOptions, View
from taskgraph.errors import RenderError
from taskgraph.graph.export import Columns, export_gexf, export_graphml, export_node_link
from taskgraph.graph.taskgraph import TaskGraph

if TYPE_CHECKING:
    from taskgraph.diagrams.scene import Scene
    from taskgraph.diagrams.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be drawn."""

    analysis: Analysis
    options: DiagramOptions

    def scene(self, at_most: int | None = None) -> Scene:
        """Build the scene of the dependencies, collapsed to a number of boxes if given."""
        from taskgraph.diagrams.building import build_scene

        options = self.options
        if at_most is not None:
            options = replace(options, collapse="auto", max_nodes=at_most)
        return build_scene(self.analysis, options)

    def timeline(self) -> Timeline:
        """Build the timeline."""
        from taskgraph.diagrams.timeline import build_timeline

        return build_timeline(self.analysis, self.options)


Drawn: TypeAlias = str | bytes | Iterator[str]
Writer: TypeAlias = Callable[[Request], Drawn]


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
    analysis: Analysis, form: str = "svg", options: DiagramOptions | None = None
) -> str | bytes:
    """Draw a task.

    Parameters
    ----------
    analysis : Analysis
        Of a faulty task too: the faults are drawn.
    form : str
        A name in :data:`FORMATS`.
    options : DiagramOptions, optional

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
    drawn = render_pieces(analysis, form, options)
    return drawn if isinstance(drawn, str | bytes) else "".join(drawn)


def render_pieces(
    analysis: Analysis, form: str = "svg", options: DiagramOptions | None = None
) -> Drawn:
    """Draw as :func:`render` does; what may be large comes in pieces."""
    chosen = FORMATS.get(form)
    if chosen is None:
        raise RenderError(f"no diagram format {form!r}: choose from {', '.join(FORMATS)}")
    options = options or DiagramOptions()
    writer = chosen.views.get(options.view)
    if writer is None:
        able = [name for name, other in FORMATS.items() if options.view in other.views]
        raise RenderError(
            f"{form} cannot show the {options.view}: choose from {', '.join(able)}"
        )
    return writer(Request(analysis, options))


def _picture(form: Literal["svg", "png", "pdf"], request: Request) -> str | bytes:
    with_dot = request.options.engine == "dot"
    if request.options.view == "timeline":
        if with_dot:
            raise RenderError("Graphviz draws no timelines: use the built-in engine")
        from taskgraph.diagrams.timeline_svg import render_timeline_svg

        svg = render_timeline_svg(request.timeline())
    elif with_dot:
        from taskgraph.diagrams.dot import render_with_dot

        drawn = render_with_dot(request.scene(), form)
        return drawn.decode() if form == "svg" else drawn
    else:
        from taskgraph.diagrams.svg import render_svg

        svg = render_svg(request.scene())
    if form == "svg":
        return svg
    from taskgraph.diagrams.picture import render_picture

    return render_picture(svg, form)


def _text(request: Request) -> str:
    from taskgraph.diagrams.terminal import render_timeline_text, render_tree

    if request.options.view == "timeline":
        return render_timeline_text(request.timeline())
    return render_tree(request.scene())


def _dot(request: Request) -> str:
    from taskgraph.diagrams.dot import render_dot

    return render_dot(request.scene())


def _mermaid(request: Request) -> str:
    from taskgraph.diagrams.mermaid import render_fitting

    return render_fitting(request.scene)


def _trace(request: Request) -> str:
    from taskgraph.diagrams.trace import render_trace

    return render_trace(request.analysis)


def _whole(
    export: Callable[[TaskGraph, Columns], Iterator[str]], request: Request
) -> Iterator[str]:
    """Write the graph itself, with what the schedule says about each node."""
    analysis = request.analysis
    columns: dict[str, Sequence[int]] = {}
    if analysis.is_sound:
        timing = analysis.schedule
        columns = {
            "early_start": timing.early_start,
            "early_finish": timing.early_finish,
            "total_float": timing.total_float,
            "critical": [slack == 0 for slack in timing.total_float],
        }
    return export(analysis.graph, columns)


_BOTH: tuple[View, ...] = ("graph", "timeline")
_FORMS = (
    DiagramFormat(
        "svg",
        (".svg",),
        "a picture for pages, light and dark",
        dict.fromkeys(_BOTH, partial(_picture, "svg")),
    ),
    DiagramFormat(
        "png",
        (".png",),
        "a picture of dots; needs the extra 'picture' or Graphviz",
        dict.fromkeys(_BOTH, partial(_picture, "png")),
    ),
    DiagramFormat(
        "pdf",
        (".pdf",),
        "a page; needs the extra 'picture' or Graphviz",
        dict.fromkeys(_BOTH, partial(_picture, "pdf")),
    ),
    DiagramFormat("txt", (".txt",), "text for a terminal", dict.fromkeys(_BOTH, _text)),
    DiagramFormat("dot", (".dot", ".gv"), "Graphviz source", {"graph": _dot}),
    DiagramFormat(
        "mermaid",
        (".mmd", ".mermaid"),
        "text that wikis and trackers draw, within Mermaid's limits",
        {"graph": _mermaid},
    ),
    DiagramFormat(
        "trace",
        (".trace.json", ".trace"),
        "what ran when, for Perfetto and chrome://tracing",
        dict.fromkeys(_BOTH, _trace),
    ),
    DiagramFormat(
        "graphml",
        (".graphml",),
        "the whole graph for yEd and networkx",
        {"graph": partial(_whole, export_graphml)},
    ),
    DiagramFormat(
        "gexf",
        (".gexf",),
        "the whole graph for Gephi",
        {"graph": partial(_whole, export_gexf)},
    ),
    DiagramFormat(
        "json",
        (".json",),
        "the whole graph as node-link data, for networkx and d3",
        {"graph": partial(_whole, export_node_link)},
    ),
)
FORMATS: Mapping[str, DiagramFormat] = MappingProxyType(
    {form.name: form for form in _FORMS}
)
"""By name."""
