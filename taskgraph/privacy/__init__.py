"""What must not be shown: decided once, before anything else sees a task."""

from __future__ import annotations

from taskgraph.privacy.masking import mask_error, mask_task, mask_text
from taskgraph.privacy.redaction import redact_error, redact_task, redact_tasks, redact_text
from taskgraph.privacy.secret_keys import is_secret_key
from taskgraph.privacy.secret_signs import MASK

__all__ = [
    "MASK",
    "is_secret_key",
    "mask_error",
    "mask_task",
    "mask_text",
    "redact_error",
    "redact_task",
    "redact_tasks",
    "redact_text",
]
