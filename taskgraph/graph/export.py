"""The whole graph in the exchange formats of graph tools, written by networkx."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal, NotRequired, TypeAlias

from pydantic import Field

from taskgraph.graph.taskgraph import Side, TaskGraph
from taskgraph.model.declaration import Closed, Declaration
from taskgraph.model.task import Id, Subtask
from taskgraph.model.words import visible

if TYPE_CHECKING:
    import networkx

__all__ = [
    "NODE_LINK",
    "Columns",
    "NodeLinkContent",
    "export_gexf",
    "export_graphml",
    "export_node_link",
]

Value: TypeAlias = str | int | bool
Columns: TypeAlias = Mapping[str, Sequence[Value]]
"""Further attributes by name, each with a value for every node."""

# What XML 1.0 cannot hold, and the carriage return, which no parser gives back.
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


class LinkedTask(Closed):
    """The task; what the document does not say is left out."""

    task: NotRequired[Annotated[Id, Field(description="The id of the task.")]]
    name: str
    status: NotRequired[str]


class LinkedNode(Closed):
    """A subtask; what the document does not say is left out."""

    name: str
    description: NotRequired[str]
    status: NotRequired[str]
    operation: NotRequired[str]
    timeout: NotRequired[
        Annotated[int, Field(description="Seconds per attempt; 0 is no deadline.")]
    ]
    attempts: NotRequired[
        Annotated[int, Field(description="How many were started, counted from 1.")]
    ]
    parallel_index: NotRequired[
        Annotated[int, Field(description="The place in its split, -1 outside one.")]
    ]
    prohibit_rollback: NotRequired[bool]
    prohibit_skip: NotRequired[bool]
    node_type: NotRequired[str]
    create_time: NotRequired[Annotated[str, Field(description="ISO 8601.")]]
    start_time: NotRequired[Annotated[str, Field(description="The first start.")]]
    finish_time: NotRequired[Annotated[str, Field(description="The last end.")]]
    early_start: NotRequired[
        Annotated[int, Field(description="Seconds from the start of the task.")]
    ]
    early_finish: NotRequired[
        Annotated[int, Field(description="Seconds from the start of the task.")]
    ]
    total_float: NotRequired[Annotated[int, Field(description="Seconds.")]]
    critical: NotRequired[bool]
    id: Annotated[Id, Field(description="The id of the subtask.")]


_FIELDS = [name for name in LinkedNode.__annotations__ if name in Subtask._fields]
_FIELDS.remove("id")  # the key of the node


class Link(Closed):
    """An edge."""

    named_in: NotRequired[
        Annotated[Side, Field(description="The only list that names it, if one does not.")]
    ]
    source: Annotated[Id, Field(description="The id of the upstream.")]
    target: Annotated[Id, Field(description="The id of the downstream.")]


class NodeLinkContent(Closed):
    """A graph as networkx and d3 read it."""

    directed: Literal[True]
    multigraph: Literal[False]
    graph: LinkedTask
    nodes: list[LinkedNode]
    edges: list[Link]


NODE_LINK: Final[Declaration[NodeLinkContent]] = Declaration(
    "node-link",
    NodeLinkContent,
    "The graph of a task, as taskgraph render --format json writes it",
)


def export_graphml(graph: TaskGraph, columns: Columns | None = None) -> str:
    """Write GraphML, also of a faulty graph.

    The nodes are the ids; where two ids are one text (``1`` and ``"1"``), or XML cannot
    hold one, ``n0``, ``n1``, ... in ascending order of the ids, with the id as attribute
    ``id``. An edge that only one end names has ``named_in``.
    """
    import networkx

    drawn = _digraph(graph, columns or {}, _xml_keys(graph), _xml_text)
    return "\n".join(networkx.generate_graphml(drawn)) + "\n"


def export_gexf(graph: TaskGraph, columns: Columns | None = None) -> str:
    """Write GEXF, with the names as labels; otherwise as :func:`export_graphml`."""
    import networkx

    drawn = _digraph(graph, columns or {}, _xml_keys(graph), _xml_text)
    for key, attributes in drawn.nodes.items():
        attributes["label"] = attributes["name"] or str(key)
    text = "\n".join(networkx.generate_gexf(drawn, version="1.2draft"))
    # The writer puts the day of writing in: the same task must give the same bytes.
    return re.sub(r"\s*<meta\b.*?</meta>", "", text, count=1, flags=re.DOTALL) + "\n"


def export_node_link(graph: TaskGraph, columns: Columns | None = None) -> str:
    """Write node-link JSON, as networkx and d3 read it; the nodes are the ids.

    Numbers that JavaScript would round are texts.
    """
    import networkx

    keys: list[str | int] = [_exact(subtask.id) for subtask in graph.subtasks]
    if len(set(keys)) < len(keys):
        keys = [subtask.id for subtask in graph.subtasks]
    drawn = _digraph(graph, columns or {}, keys, str)
    linked = NODE_LINK.checked(networkx.node_link_data(drawn, edges="edges"))
    return json.dumps(linked, indent=2) + "\n"


def _digraph(
    graph: TaskGraph,
    columns: Columns,
    keys: Sequence[str | int],
    text: Callable[[str], str],
) -> networkx.DiGraph[str | int]:
    """Build a graph whose attributes every format can hold: no nulls and no lists."""
    import networkx

    task = graph.task
    identifier = None if task.id is None else _exact(task.id)
    about = {"task": identifier, "name": task.name, "status": task.status}
    drawn: networkx.DiGraph[str | int] = networkx.DiGraph()
    drawn.graph.update(
        {name: _plain(value, text) for name, value in about.items() if value is not None}
    )
    for node, subtask in enumerate(graph.subtasks):
        attributes = _attributes(subtask, text)
        if str(keys[node]) != str(subtask.id):
            attributes["id"] = text(str(subtask.id))
        attributes.update({name: column[node] for name, column in columns.items()})
        drawn.add_node(keys[node], **attributes)
    named_in = {edge[:2]: edge.named_in for edge in graph.one_sided}
    for edge in graph.edges():
        side = named_in.get(edge)
        attributes = {} if side is None else {"named_in": side}
        drawn.add_edge(keys[edge[0]], keys[edge[1]], **attributes)
    return drawn


def _attributes(subtask: Subtask, text: Callable[[str], str]) -> dict[str, Value]:
    values = ((name, getattr(subtask, name)) for name in _FIELDS)
    return {name: _plain(value, text) for name, value in values if value is not None}


def _exact(value: int | str) -> int | str:
    """Give a number as text where a reader with doubles only would round it."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value


def _plain(value: object, text: Callable[[str], str]) -> Value:
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return text(str(value))


def _xml_keys(graph: TaskGraph) -> list[str | int]:
    texts = [str(subtask.id) for subtask in graph.subtasks]
    if len(set(texts)) == len(texts) and not any(map(_NOT_XML.search, texts)):
        return [subtask.id for subtask in graph.subtasks]
    return [f"n{node}" for node in range(len(texts))]


def _xml_text(value: str) -> str:
    return _NOT_XML.sub(lambda match: visible(match[0]), value)
