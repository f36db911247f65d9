"""What a task is: frozen values, without input or output."""

from __future__ import annotations

from taskgraph.model.durations import format_duration, parse_duration
from taskgraph.model.task import (
    ApiError,
    Envelope,
    Id,
    Origin,
    Reference,
    Subtask,
    Task,
    id_key,
)
from taskgraph.model.vocabulary import (
    NODE_TYPES,
    OPERATIONS,
    STATUSES,
    TASK_OPERATIONS,
    TASK_STATUSES,
    TASK_TYPES,
    Operation,
    Status,
)
from taskgraph.model.words import visible

__all__ = [
    "NODE_TYPES",
    "OPERATIONS",
    "STATUSES",
    "TASK_OPERATIONS",
    "TASK_STATUSES",
    "TASK_TYPES",
    "ApiError",
    "Envelope",
    "Id",
    "Operation",
    "Origin",
    "Reference",
    "Status",
    "Subtask",
    "Task",
    "format_duration",
    "id_key",
    "parse_duration",
    "visible",
]
