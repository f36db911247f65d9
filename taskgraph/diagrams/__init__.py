"""Drawing a task: one scene, many formats.

:func:`taskgraph.diagrams.formats.render` is all that a caller needs, and
:data:`taskgraph.diagrams.formats.FORMATS` names what it can make. Nothing that draws is
imported before it is used.
"""
