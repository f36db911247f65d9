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
from taskgraph.model.words import listed

if TYPE_CHECKING:
    from taskgraph.diagrams.scene import Scene
    from taskgraph.diagrams.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be drawn, and how many columns the terminal has, if it is one."""

    analysis: Analysis
    options: DiagramOptions
    width: int | None = None

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
_Picture: TypeAlias = Literal["svg", "png", "pdf"]
_Export: TypeAlias = Callable[[TaskGraph, Columns], Iterator[str]]


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
    choices : set of str
        The options that change it, apart from the view; others are refused.
    may_follow : bool
        Whether one text may hold several, one behind the other.
    """

    name: str
    suffixes: tuple[str, ...]
    summary: str
    views: Mapping[View, Writer]
    choices: frozenset[str] = frozenset()
    may_follow: bool = False

    def heeds(self, option: str, options: DiagramOptions) -> bool:
        """Tell whether an option changes anything, or asks for what is so anyway."""
        if options.view == "timeline" and option in _OF_GRAPHS:
            return False
        is_so = {"view": True, "collapse": options.collapse == "none"}
        return option in self.choices or is_so.get(option, False)


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
        that is not there, or that the format takes no notice of, or a program or package is
        missing.
    """
    drawn = render_pieces(analysis, form, options)
    return drawn if isinstance(drawn, str | bytes) else "".join(drawn)


def render_pieces(
    analysis: Analysis,
    form: str = "svg",
    options: DiagramOptions | None = None,
    width: int | None = None,
) -> Drawn:
    """Draw as :func:`render` does; what may be large comes in pieces.

    ``width`` is how many columns the terminal has that a text is for.
    """
    options = options or DiagramOptions()
    return writer_of(form, options)(Request(analysis, options, width))


def writer_of(form: str, options: DiagramOptions) -> Writer:
    """Give what makes a form; RenderError if it cannot, whatever the task."""
    chosen = FORMATS.get(form)
    if chosen is None:
        raise RenderError(f"no diagram format {form!r}: choose from {', '.join(FORMATS)}")
    able = [other for other in FORMATS.values() if options.view in other.views]
    if chosen not in able:
        names = ", ".join(other.name for other in able)
        raise RenderError(f"{form} cannot show the {options.view}: choose from {names}")
    if ignored := [
        option for option in options.changed() if not chosen.heeds(option, options)
    ]:
        heeding = [o.name for o in able if all(o.heeds(each, options) for each in ignored)]
        what = form if heeding else f"a {options.view}"
        named = listed(option.replace("_", "-") for option in ignored)
        choice = f", or choose from {', '.join(heeding)}" if heeding else ""
        raise RenderError(f"{what} takes no notice of {named}: leave it out{choice}")
    return chosen.views[options.view]


def _picture(form: _Picture, request: Request) -> str | bytes:
    if request.options.view == "timeline":
        from taskgraph.diagrams.timeline_svg import render_timeline_svg

        svg = render_timeline_svg(request.timeline())
    elif request.options.engine == "dot":
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
        return render_timeline_text(request.timeline(), request.width)
    return render_tree(request.scene(), request.width)


def _dot(request: Request) -> str:
    from taskgraph.diagrams.dot import render_dot

    return render_dot(request.scene())


def _mermaid(request: Request) -> str:
    from taskgraph.diagrams.mermaid import render_fitting

    return render_fitting(request.scene)


def _trace(request: Request) -> str:
    from taskgraph.diagrams.trace import render_trace

    return render_trace(request.analysis)


def _whole(export: _Export, request: Request) -> Iterator[str]:
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
_CHOOSING = frozenset({"collapse", "focus", "around_failed", "critical_only", "max_nodes"})
_OF_GRAPHS = frozenset({"direction", "engine"})
_DRAWING = _CHOOSING | {"direction"}
_PICTURES: tuple[tuple[_Picture, str], ...] = (
    ("svg", "a picture for pages, light and dark"),
    ("png", "a picture of dots; needs the extra 'picture' or Graphviz"),
    ("pdf", "a page; needs the extra 'picture' or Graphviz"),
)
_WHOLE: tuple[tuple[str, _Export, str], ...] = (
    ("graphml", export_graphml, "the whole graph for yEd and networkx"),
    ("gexf", export_gexf, "the whole graph for Gephi"),
    ("json", export_node_link, "the whole graph as node-link data, for networkx and d3"),
)
_FORMS = (
    *(
        DiagramFormat(
            name,
            (f".{name}",),
            summary,
            dict.fromkeys(_BOTH, partial(_picture, name)),
            _CHOOSING | _OF_GRAPHS,
        )
        for name, summary in _PICTURES
    ),
    DiagramFormat(
        "txt",
        (".txt",),
        "text for a terminal",
        dict.fromkeys(_BOTH, _text),
        _CHOOSING,
        may_follow=True,
    ),
    DiagramFormat(
        "dot",
        (".dot", ".gv"),
        "Graphviz source",
        {"graph": _dot},
        _DRAWING,
        may_follow=True,
    ),
    DiagramFormat(
        "mermaid",
        (".mmd", ".mermaid"),
        "text that wikis and trackers draw, within Mermaid's limits",
        {"graph": _mermaid},
        _DRAWING,
    ),
    DiagramFormat(
        "trace",
        (".trace.json", ".trace"),
        "what ran when, for Perfetto and chrome://tracing",
        dict.fromkeys(_BOTH, _trace),
    ),
    *(
        DiagramFormat(name, (f".{name}",), summary, {"graph": partial(_whole, export)})
        for name, export, summary in _WHOLE
    ),
)
FORMATS: Mapping[str, DiagramFormat] = MappingProxyType(
    {form.name: form for form in _FORMS}
)
"""By name."""
