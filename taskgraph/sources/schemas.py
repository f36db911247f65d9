"""The JSON Schemas of the documents that are read, for editors and other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from taskgraph.sources.validating import json_schema

__all__ = ["SCHEMAS"]


def _ocp() -> dict[str, Any]:
    from taskgraph.sources.ocp import OcpDocument

    about = "A response with a task, or several; or tasks alone."
    return json_schema(OcpDocument, "Task of OCP", about)


def _obshell() -> dict[str, Any]:
    from taskgraph.sources.obshell import ObshellDocument

    about = "A response with a DAG or a node, or several; or those alone."
    return json_schema(ObshellDocument, "DAG of obshell", about)


def _definition() -> dict[str, Any]:
    from taskgraph.sources.definition import KIND, DefinitionDocument

    about = f"Files named *.task.json or *.task.yaml, or with kind {KIND}."
    return json_schema(DefinitionDocument, "Definition of a task", about)


def _task() -> dict[str, Any]:
    from taskgraph.sources.native import FORMAT, OwnDocument

    about = f"A task in taskgraph's own JSON, {FORMAT}."
    return json_schema(OwnDocument, "Task of taskgraph", about)


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {"ocp": _ocp, "obshell": _obshell, "definition": _definition, "task": _task}
)
