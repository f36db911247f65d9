"""What a task is: frozen values, without input or output."""

from __future__ import annotations

from taskgraph.model.durations import format_duration, parse_duration
from taskgraph.model.masking import mask_task
from taskgraph.model.redaction import redact_error, redact_task, redact_tasks
from taskgraph.model.secrets import mask_text
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
from taskgraph.model.text import visible
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
    "mask_task",
    "mask_text",
    "parse_duration",
    "redact_error",
    "redact_task",
    "redact_tasks",
    "visible",
]
