"""The shapes of the documents, as pydantic validates them in the one pass over the JSON.

Everything that is not named here is kept as it is. ``None`` is allowed wherever a field
may be left out. Times stay texts: :mod:`taskgraph.sources.times` reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Required, TypeAlias

from pydantic import ConfigDict, Field, GetPydanticSchema, with_config
from pydantic_core import core_schema
from typing_extensions import TypedDict

__all__ = [
    "EnvelopeOfTask",
    "EnvelopeOfTasks",
    "Integer",
    "RawEnvelope",
    "RawId",
    "RawPayload",
    "RawSubtask",
    "RawTask",
    "Text",
]

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1

Text: TypeAlias = Annotated[str, Field(strict=True)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Integer: TypeAlias = Annotated[int, Field(strict=True, ge=_SMALLEST, le=_LARGEST)]
RawId: TypeAlias = Annotated[
    int | str,
    # One error for both kinds, and no union labels in its location.
    GetPydanticSchema(
        lambda _source, _handler: core_schema.union_schema(
            [
                core_schema.int_schema(strict=True, ge=_SMALLEST, le=_LARGEST),
                core_schema.str_schema(strict=True, min_length=1),
            ],
            mode="left_to_right",
            custom_error_type="id_type",
            custom_error_message="an id is a whole number or a text",
        )
    ),
]

_OPEN = ConfigDict(extra="allow")


@with_config(_OPEN)
class RawSubtask(TypedDict, total=False):
    """A subtask in any of OCP's documents."""

    id: Required[RawId]
    name: Text | None
    description: Text | None
    status: Text | None
    operation: Text | None
    timeout: Integer | None
    runTime: Integer | None
    upstreams: list[RawId] | None
    downstreams: list[RawId] | None
    prohibitRollback: Flag | None
    prohibitSkip: Flag | None
    parallelIdx: Integer | None
    seriesId: Integer | None
    taskId: RawId | None
    nodeType: Text | None
    className: Text | None
    executor: Text | None
    createTime: Text | None
    startTime: Text | None
    finishTime: Text | None
    # The documentation's tables spell three fields in another way than the responses.
    paralleIdx: Integer | None
    upstream: list[RawId] | None
    downstream: list[RawId] | None


@with_config(_OPEN)
class _TaskFields(TypedDict, total=False):
    id: RawId | None
    name: Text | None
    operation: Text | None
    type: Text | None
    creator: Any
    executor: Text | None
    createTime: Text | None
    startTime: Text | None
    finishTime: Text | None
    prohibitRollback: Flag | None
    taskDefinitionId: RawId | None
    cluster: Any
    tenant: Any
    host: Any
    clusterId: RawId | None
    tenantId: RawId | None
    hostId: RawId | None
    context: dict[str, Any] | None
    subtasks: list[RawSubtask] | None


@with_config(_OPEN)
class RawTask(_TaskFields, total=False):
    """A task in any of OCP's documents."""

    status: Text | None


@with_config(_OPEN)
class RawPayload(RawTask, total=False):
    """What ``data`` holds: a task, or a page of tasks."""

    contents: list[RawTask] | None


@with_config(_OPEN)
class RawEnvelope(TypedDict, total=False):
    """What a response says about itself."""

    successful: Flag | None
    timestamp: Text | None
    duration: Integer | None
    server: Text | None
    traceId: Text | None
    error: Any


@with_config(_OPEN)
class EnvelopeOfTask(RawEnvelope, _TaskFields, total=False):
    """A response with one object in ``data``; also a bare task without a response."""

    status: RawId | None
    data: RawPayload | None


@with_config(_OPEN)
class EnvelopeOfTasks(RawEnvelope, total=False):
    """A response with a list of tasks in ``data``."""

    status: RawId | None
    data: list[RawTask]
