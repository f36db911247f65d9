"""The JSON Schema of definitions, for editors and for everyone who writes them."""

from __future__ import annotations

from typing import Any

from taskgraph.sources.definition import KIND

__all__ = ["definition_schema"]

_COUNT = "[0-9]{1,12}"
_INTEGER = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
_NAMED = {
    "description": "A name, or an object with id and name.",
    "type": ["string", "object", "null"],
}
_ID = {
    "description": "A whole number or a text.",
    "anyOf": [_INTEGER, {"type": "string", "minLength": 1}],
}
_DURATION = {
    "description": "Seconds, or a text like 30s, 30m or 1h30m.",
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        {
            "type": "string",
            "pattern": (
                rf"^ *({_COUNT}|(?=[0-9])({_COUNT} *d *)?({_COUNT} *h *)?"
                rf"({_COUNT} *(m|min) *)?({_COUNT} *s *)?) *$"
            ),
        },
        {"type": "null"},
    ],
}


def _optional(schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    """Let a field be null, which is as good as leaving it out."""
    anyone = {"anyOf": [schema, {"type": "null"}]}
    return {"description": description, **anyone} if description else anyone


def definition_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a definition."""
    text, flag = {"type": "string"}, {"type": "boolean"}
    edges = {"type": "array", "items": {"$ref": "#/$defs/id"}}
    own_fields = {"patternProperties": {"^x-": True}, "additionalProperties": False}
    subtask = {
        "type": "object",
        "anyOf": [
            {"required": ["id"], "properties": {"id": {"$ref": "#/$defs/id"}}},
            {
                "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1}},
            },
        ],
        "properties": {
            "id": _optional({"$ref": "#/$defs/id"}, "The name, where it is left out."),
            "name": _optional(text),
            "description": _optional(text),
            "timeout": {"$ref": "#/$defs/duration"},
            "upstreams": _optional(edges, "The ids or names of what must end before."),
            "downstreams": _optional(edges, "The ids or names of what waits for this."),
            "upstream": _optional(edges),
            "downstream": _optional(edges),
            "prohibitRollback": _optional(flag, "Once it starts, there is no way back."),
            "prohibitSkip": _optional(flag, "It cannot be skipped where it fails."),
            "parallelIdx": _optional(_INTEGER, "0..k-1 for the k parts of a split one."),
            "paralleIdx": _optional(_INTEGER),
            "seriesId": _optional(_INTEGER),
            "nodeType": _optional(text),
            "className": _optional(text),
        },
        **own_fields,
    }
    named = {}
    for key in ("cluster", "tenant", "host"):
        named[key] = _NAMED
        named[f"{key}Id"] = _optional({"$ref": "#/$defs/id"})
    task = {
        "type": "object",
        "required": ["subtasks"],
        "properties": {
            "$schema": _optional(text),
            "kind": {"enum": [KIND, None]},
            "id": _optional({"$ref": "#/$defs/id"}),
            "name": _optional(text),
            "description": _optional(text),
            "type": _optional(text),
            "budget": {"$ref": "#/$defs/duration"},
            "prohibitRollback": _optional(flag),
            "taskDefinitionId": _optional({"$ref": "#/$defs/id"}),
            "context": _optional({"type": "object"}, "Parameters of the engine."),
            **named,
            "subtasks": _optional({"type": "array", "items": {"$ref": "#/$defs/subtask"}}),
        },
        **own_fields,
    }
    tasks = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/task"}}
    several = {
        "type": "object",
        "required": ["tasks"],
        "properties": {
            "$schema": _optional(text),
            "kind": {"enum": [KIND, None]},
            "tasks": tasks,
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition of a task",
        "description": f"Files named *.task.json or *.task.yaml, or with kind {KIND}.",
        "if": {"type": "object", "required": ["tasks"]},
        "then": several,
        "else": {"if": {"type": "array"}, "then": tasks, "else": {"$ref": "#/$defs/task"}},
        "$defs": {"id": _ID, "duration": _DURATION, "subtask": subtask, "task": task},
    }
