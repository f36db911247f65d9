"""The whole graph in the exchange formats of graph tools, written node by node.

The writers of networkx hold the graph twice, in fifty times the memory of the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal, NamedTuple, NotRequired, TypeAlias

from pydantic import Field

from taskgraph.graph.taskgraph import Side, TaskGraph
from taskgraph.model.declaration import Closed, Declaration
from taskgraph.model.task import Id, Subtask
from taskgraph.model.words import visible

Value: TypeAlias = str | int | bool
Attributes: TypeAlias = dict[str, Value]
Columns: TypeAlias = Mapping[str, Sequence[Value]]
"""Further attributes by name, each with a value for every node."""

_AT_ONCE = 1000  # rows
_ENTITIES = str.maketrans({char: f"&#{ord(char)};" for char in '&<>"\t\n'})
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


def export_graphml(graph: TaskGraph, columns: Columns | None = None) -> Iterator[str]:
    """Write GraphML, also of a faulty graph, in pieces.

    The nodes are the ids; where two ids are one text (``1`` and ``"1"``), or XML cannot
    hold one, ``n0``, ``n1``, ... in ascending order of the ids, with the id as attribute
    ``id``. An edge that only one end names has ``named_in``.
    """
    written = _Written(graph, columns or {}, _xml_keys(graph), _xml_text)
    about = written.about()
    kinds = [("graph", name, _kind(value)) for name, value in about.items()]
    kinds += [("node", *kind) for kind in written.kinds().items()]
    kinds += [("edge", "named_in", "string")]
    numbers = {kind[:2]: place for place, kind in enumerate(kinds)}

    def data(what: str, attributes: Attributes) -> str:
        return "".join(
            f'<data key="d{numbers[what, name]}">{_xml(value)}</data>'
            for name, value in attributes.items()
        )

    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for place, (what, name, kind) in enumerate(kinds):
        about_key = f'for="{what}" attr.name="{name}" attr.type="{kind}"'
        yield f'  <key id="d{place}" {about_key}/>\n'
    yield f'  <graph edgedefault="directed">{data("graph", about)}\n'
    for key, attributes in written.nodes():
        yield f'    <node id="{_xml(key)}">{data("node", attributes)}</node>\n'
    for source, target, attributes in written.edges():
        ends = f'source="{_xml(source)}" target="{_xml(target)}"'
        yield f"    <edge {ends}>{data('edge', attributes)}</edge>\n"
    yield "  </graph>\n</graphml>\n"


def export_gexf(graph: TaskGraph, columns: Columns | None = None) -> Iterator[str]:
    """Write GEXF, with the names as labels; otherwise as :func:`export_graphml`."""
    written = _Written(graph, columns or {}, _xml_keys(graph), _xml_text)
    kinds = written.kinds()
    numbers = {name: place for place, name in enumerate(kinds)} | {"named_in": 0}

    def values(attributes: Attributes) -> str:
        told = (
            f'<attvalue for="{numbers[name]}" value="{_xml(value)}"/>'
            for name, value in attributes.items()
        )
        return f"<attvalues>{''.join(told)}</attvalues>"

    yield '<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
    name = _xml(written.about()["name"])
    yield f'  <graph defaultedgetype="directed" mode="static" name="{name}">\n'
    for what, declared in (("edge", {"named_in": "string"}), ("node", kinds)):
        yield f'    <attributes mode="static" class="{what}">\n'
        for title, kind in declared.items():
            about_key = f'id="{numbers[title]}" title="{title}" type="{kind}"'
            yield f"      <attribute {about_key}/>\n"
        yield "    </attributes>\n"
    yield "    <nodes>\n"
    for key, attributes in written.nodes():
        label = _xml(attributes["name"] or key)
        yield f'      <node id="{_xml(key)}" label="{label}">{values(attributes)}</node>\n'
    yield "    </nodes>\n    <edges>\n"
    for place, (source, target, attributes) in enumerate(written.edges()):
        ends = f'id="{place}" source="{_xml(source)}" target="{_xml(target)}"'
        yield f"      <edge {ends}>{values(attributes)}</edge>\n"
    yield "    </edges>\n  </graph>\n</gexf>\n"


def export_node_link(graph: TaskGraph, columns: Columns | None = None) -> Iterator[str]:
    """Write node-link JSON, as networkx and d3 read it, in pieces; the nodes are the ids.

    Numbers that JavaScript would round are texts.
    """
    keys: Sequence[str | int] = [*map(_exact, graph.ids)]
    if len(set(keys)) < len(keys):
        keys = graph.ids
    written = _Written(graph, columns or {}, keys, str)
    head = {"directed": True, "multigraph": False, "graph": written.about()}
    nodes = (attributes | {"id": key} for key, attributes in written.nodes())
    edges = (
        attributes | {"source": source, "target": target}
        for source, target, attributes in written.edges()
    )
    yield json.dumps(head)[:-1]
    for name, rows in ("nodes", nodes), ("edges", edges):
        mark = f',\n"{name}": ['
        while some := list(islice(rows, _AT_ONCE)):
            whole = head | {"nodes": [], "edges": []} | {name: some}
            part: Mapping[str, Any] = NODE_LINK.checked(whole)
            yield f"{mark}\n" + ",\n".join(map(json.dumps, part[name]))
            mark = ","
        yield "]" if mark == "," else f"{mark}]"
    yield "}\n"


class _Written(NamedTuple):
    """A graph whose attributes every format can hold: no nulls and no lists."""

    graph: TaskGraph
    columns: Columns
    keys: Sequence[str | int]
    text: Callable[[str], str]

    def about(self) -> Attributes:
        """Describe the task in attributes of the graph."""
        task = self.graph.task
        identifier = None if task.id is None else _exact(task.id)
        about = {"task": identifier, "name": task.name, "status": task.status}
        return {name: self._plain(v) for name, v in about.items() if v is not None}

    def nodes(self) -> Iterator[tuple[str | int, Attributes]]:
        """Give the nodes in ascending order of the ids."""
        for node, subtask in enumerate(self.graph.subtasks):
            values = ((name, getattr(subtask, name)) for name in _FIELDS)
            attributes = {name: self._plain(v) for name, v in values if v is not None}
            if str(self.keys[node]) != str(subtask.id):
                attributes["id"] = self.text(str(subtask.id))
            yield (
                self.keys[node],
                attributes | {name: column[node] for name, column in self.columns.items()},
            )

    def kinds(self) -> dict[str, str]:
        """Tell the kind of each attribute of nodes: GraphML and GEXF declare it first."""
        return {
            name: _kind(value)
            for _, attributes in self.nodes()
            for name, value in attributes.items()
        }

    def edges(self) -> Iterator[tuple[str | int, str | int, Attributes]]:
        """Give the edges by their ends; ``named_in`` where only one end names one."""
        named_in = {edge[:2]: edge.named_in for edge in self.graph.one_sided}
        for edge in self.graph.edges():
            side = named_in.get(edge)
            attributes: Attributes = {} if side is None else {"named_in": side}
            yield self.keys[edge[0]], self.keys[edge[1]], attributes

    def _plain(self, value: object) -> Value:
        if isinstance(value, int):
            return value
        if isinstance(value, datetime):
            return value.isoformat()
        return self.text(str(value))


def _exact(value: int | str) -> int | str:
    """Give a number as text where a reader with doubles only would round it."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "long" if isinstance(value, int) else "string"


def _xml(value: Value) -> str:
    """Write a value for a text or an attribute of XML, on one line of plain ASCII."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.translate(_ENTITIES).encode("ascii", "xmlcharrefreplace").decode()


def _xml_keys(graph: TaskGraph) -> Sequence[str | int]:
    texts = [*map(str, graph.ids)]
    if len(set(texts)) == len(texts) and not any(map(_NOT_XML.search, texts)):
        return graph.ids
    return [f"n{node}" for node in range(len(texts))]


def _xml_text(value: str) -> str:
    return _NOT_XML.sub(lambda match: visible(match[0]), value)
