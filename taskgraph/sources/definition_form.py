"""What a definition of a task may hold: the declarations for pydantic, and for the schema.

It has the shape of a task as OCP returns it, without what only a run can have.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Required, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from taskgraph.sources import fields
from taskgraph.sources.fields import (
    Apart,
    Duration,
    Flag,
    Free,
    Maybe,
    Object,
    Text,
    rounded,
)
from taskgraph.sources.ocp import Other

__all__ = [
    "KIND",
    "OWN",
    "DefinedSubtask",
    "DefinedTask",
    "DefinedTasks",
    "DefinitionDocument",
    "SubtaskRow",
    "TaskRow",
]

KIND = "task-definition"
OWN = "x-*"
"""The field of pydantic's that holds those whose names begin with ``x-``."""


def _name_or_object(value: Any) -> Any:
    if type(value) not in (str, dict):
        raise PydanticCustomError("named", "named")
    return value


def _own_apart(value: Any) -> Any:
    """Put the fields whose names begin with ``x-`` into one, so that others are none."""
    if type(value) is not dict or not any(key.startswith("x-") for key in value):
        return value
    own = {key: item for key, item in value.items() if key.startswith("x-")}
    return {key: item for key, item in value.items() if key not in own} | {OWN: own}


def _own_allowed(schema: dict[str, Any]) -> None:
    del schema["properties"][OWN]
    schema["patternProperties"] = {"^x-": True}


def _id_or_name(schema: dict[str, Any]) -> None:
    _own_allowed(schema)
    one, other = (schema["properties"][key]["anyOf"][0] for key in ("id", "name"))
    schema["anyOf"] = [
        {"required": ["id"], "properties": {"id": one}},
        {"required": ["name"], "properties": {"name": other | {"minLength": 1}}},
    ]


Whole: TypeAlias = Annotated[fields.Whole, BeforeValidator(rounded)]
Id: TypeAlias = Annotated[fields.Id, BeforeValidator(rounded)]
Ids: TypeAlias = Annotated[tuple[Id, ...], Field(fail_fast=True)]
Named: TypeAlias = Annotated[
    Free,
    BeforeValidator(_name_or_object),
    WithJsonSchema(
        {
            "description": "A name, or an object with id and name.",
            "type": ["string", "object"],
        }
    ),
]
Own: TypeAlias = Annotated[Object | None, Field(default=None, alias=OWN)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_id_or_name))
class DefinedSubtask(TypedDict, total=False):
    """One step of a task; edges may name others, and one direction is enough."""

    id: Annotated[
        Id | None, Field(default=None, description="The name, where it is left out.")
    ]
    name: Maybe[Text]
    description: Maybe[Text]
    timeout: Maybe[Duration]
    upstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what must end before."),
    ]
    downstreams: Annotated[
        Ids | None,
        Field(default=None, description="The ids or names of what waits for this."),
    ]
    prohibitRollback: Annotated[
        Flag | None,
        Field(default=None, description="Once it starts, there is no way back."),
    ]
    prohibitSkip: Annotated[
        Flag | None,
        Field(default=None, description="It cannot be skipped where it fails."),
    ]
    parallelIdx: Annotated[
        Whole | None,
        Field(default=None, description="0..k-1 for the k parts of a split one."),
    ]
    seriesId: Maybe[Whole]
    nodeType: Maybe[Text]
    className: Maybe[Text]
    upstream: Other[Ids]
    downstream: Other[Ids]
    paralleIdx: Other[Whole]
    own: Own


SubtaskRow: TypeAlias = Annotated[DefinedSubtask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid", json_schema_extra=_own_allowed))
class DefinedTask(TypedDict, total=False):
    """A task that is to be run."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    id: Maybe[Id]
    name: Maybe[Text]
    description: Maybe[Text]
    type: Maybe[Text]
    budget: Maybe[Duration]
    prohibitRollback: Maybe[Flag]
    taskDefinitionId: Maybe[Id]
    context: Annotated[
        Object | None, Field(default=None, description="Parameters of the engine.")
    ]
    cluster: Maybe[Named]
    clusterId: Maybe[Id]
    tenant: Maybe[Named]
    tenantId: Maybe[Id]
    host: Maybe[Named]
    hostId: Maybe[Id]
    subtasks: Required[Annotated[list[Any], Apart(DefinedSubtask)] | None]
    own: Own


TaskRow: TypeAlias = Annotated[DefinedTask, BeforeValidator(_own_apart)]


@with_config(ConfigDict(extra="forbid"))
class DefinedTasks(TypedDict, total=False):
    """Several tasks in one document."""

    schema: Annotated[Text | None, Field(default=None, alias="$schema")]
    kind: Maybe[Literal["task-definition"]]
    tasks: Required[Annotated[list[Any], Apart(DefinedTask, at_least=1)]]


DefinitionDocument: TypeAlias = (
    DefinedTask | DefinedTasks | Annotated[list[DefinedTask], Field(min_length=1)]
)
