"""Drawing a task: one scene, many formats.

:func:`render` is all that a caller needs; :data:`FORMATS` names what it can make.
Nothing that draws is imported before it is used.
"""

from __future__ import annotations

from taskgraph.diagrams.formats import FORMATS, DiagramFormat, render
from taskgraph.diagrams.options import DiagramOptions

__all__ = ["FORMATS", "DiagramFormat", "DiagramOptions", "render"]
