"""The shapes of the documents, as pydantic-core validates them in one pass over the JSON.

Everything that is not named here is kept as it is. ``None`` is allowed wherever a field
may be left out. Times stay texts: :mod:`taskgraph.sources.times` reads them.

The schemas are written for pydantic's core itself: deriving the same ones from annotated
classes takes a tenth of a second at every start of the command.
"""

from __future__ import annotations

from typing import TypeAlias

from pydantic_core import CoreSchema, core_schema
from pydantic_core.core_schema import TypedDictField

__all__ = [
    "ENVELOPE_FIELDS",
    "SUBTASK_FIELDS",
    "TASK_FIELDS",
    "array_of_tasks",
    "envelope_of_task",
    "envelope_of_tasks",
]

Fields: TypeAlias = dict[str, TypedDictField]

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_TEXT = core_schema.str_schema(strict=True)
_FLAG = core_schema.bool_schema(strict=True)
_INTEGER = core_schema.int_schema(strict=True, ge=_SMALLEST, le=_LARGEST)
_ANY = core_schema.any_schema()
_OBJECT = core_schema.dict_schema(_TEXT, _ANY)
# One error for both kinds, and no union labels in its location.
_ID = core_schema.union_schema(
    [_INTEGER, core_schema.str_schema(strict=True, min_length=1)],
    mode="left_to_right",
    custom_error_type="id_type",
    custom_error_message="an id is a whole number or a text",
)
_IDS = core_schema.list_schema(_ID)


def _fields(schema: CoreSchema, *names: str) -> Fields:
    """Give fields that may be left out."""
    nullable = core_schema.nullable_schema(schema)
    field = core_schema.typed_dict_field(nullable, required=False)
    return dict.fromkeys(names, field)


def _open(fields: Fields) -> CoreSchema:
    """Give the schema of an object with these fields and any others."""
    return core_schema.typed_dict_schema(fields, extra_behavior="allow")


SUBTASK_FIELDS: Fields = {
    "id": core_schema.typed_dict_field(_ID),
    **_fields(_TEXT, "name", "description", "status", "operation", "nodeType"),
    **_fields(_TEXT, "className", "executor", "createTime", "startTime", "finishTime"),
    **_fields(_INTEGER, "timeout", "runTime", "parallelIdx", "seriesId"),
    **_fields(_FLAG, "prohibitRollback", "prohibitSkip"),
    **_fields(_ID, "taskId"),
    **_fields(_IDS, "upstreams", "downstreams"),
    # The documentation's tables spell three fields in another way than the responses.
    **_fields(_INTEGER, "paralleIdx"),
    **_fields(_IDS, "upstream", "downstream"),
}
"""The fields of a subtask in any of OCP's documents."""

TASK_FIELDS: Fields = {
    **_fields(_ID, "id", "taskDefinitionId", "clusterId", "tenantId", "hostId"),
    **_fields(_TEXT, "name", "status", "operation", "type", "executor"),
    **_fields(_TEXT, "createTime", "startTime", "finishTime"),
    **_fields(_FLAG, "prohibitRollback"),
    **_fields(_ANY, "creator", "cluster", "tenant", "host"),
    **_fields(_OBJECT, "context"),
    **_fields(core_schema.list_schema(_open(SUBTASK_FIELDS)), "subtasks"),
}
"""The fields of a task in any of OCP's documents."""

ENVELOPE_FIELDS: Fields = {
    **_fields(_FLAG, "successful"),
    **_fields(_TEXT, "timestamp", "server", "traceId"),
    **_fields(_INTEGER, "duration"),
    **_fields(_ID, "status"),
    **_fields(_ANY, "error"),
}
"""What a response says about itself."""


def envelope_of_task() -> CoreSchema:
    """Give the shape of a response with one object in ``data``: a task or a page of them.

    It is also the shape of a bare task without a response.
    """
    tasks = core_schema.list_schema(_open(TASK_FIELDS))
    payload = _open(TASK_FIELDS | _fields(tasks, "contents"))
    return _open(TASK_FIELDS | ENVELOPE_FIELDS | _fields(payload, "data"))


def envelope_of_tasks() -> CoreSchema:
    """Give the shape of a response with a list of tasks in ``data``."""
    tasks = core_schema.list_schema(_open(TASK_FIELDS))
    return _open(ENVELOPE_FIELDS | {"data": core_schema.typed_dict_field(tasks)})


def array_of_tasks() -> CoreSchema:
    """Give the shape of a bare array of tasks."""
    return core_schema.list_schema(_open(TASK_FIELDS))
