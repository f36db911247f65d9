"""What a diagram is asked to show."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Literal, TypeAlias, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from taskgraph.errors import RenderError

View: TypeAlias = Literal["graph", "timeline"]
Direction: TypeAlias = Literal["auto", "LR", "TB"]
Collapse: TypeAlias = Literal["auto", "none", "parallel", "chains", "name"]
LayoutEngine: TypeAlias = Literal["builtin", "dot"]


@dataclass(frozen=True, slots=True)
class DiagramOptions:
    """The choices that a user has.

    Attributes
    ----------
    view : {"graph", "timeline"}
        The dependencies, or what ran when.
    direction : {"auto", "LR", "TB"}
        Left to right or top to bottom; by default the latter only where less has to be
        collapsed then, or where several edges would turn at a fold.
    collapse : {"auto", "none", "parallel", "chains", "name"}
        What is drawn as one box: nothing, the parts of a split, chains without branches,
        subtasks of one name at one stage; ``auto`` as little as fits ``max_nodes``.
    focus : str or None
        ``ID`` or ``ID:DEPTH``: only this subtask, what it depends on and what depends on
        it, at most DEPTH edges away.
    around_failed : bool
        Only the failed subtasks, what they block, and what is at most two edges before or
        after them.
    critical_only : bool
        Only the subtasks on a critical path.
    max_nodes : int or None
        The most boxes to draw. ``auto`` collapses until they fit (300 where this is
        ``None``); what else does not fit is refused.
    engine : {"builtin", "dot"}
        Who lays out and draws SVG, PNG and PDF; ``dot`` is the Graphviz program.

    Raises
    ------
    RenderError
        If there is no such choice.
    """

    view: View = "graph"
    direction: Direction = "auto"
    collapse: Collapse = "auto"
    focus: str | None = None
    around_failed: bool = False
    critical_only: bool = False
    max_nodes: Annotated[int, Field(ge=1)] | None = None
    engine: LayoutEngine = "builtin"

    def __post_init__(self) -> None:
        for name in self.changed():
            value = getattr(self, name)
            declared = get_type_hints(type(self), include_extras=True)[name]
            try:
                TypeAdapter(declared).validate_python(value, strict=True)
            except ValidationError as error:
                must = error.errors()[0]["msg"].replace("Input should", "must")
                raise RenderError(f"{name} {must}, not {value!r}") from None

    def changed(self) -> list[str]:
        """Name the choices that are made otherwise than by default."""
        own = ((field, getattr(self, field.name)) for field in fields(self))
        return [field.name for field, value in own if value != field.default]
