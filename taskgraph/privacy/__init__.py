"""What must not be shown: decided once, before anything else sees a task."""

from __future__ import annotations

from taskgraph.privacy.masking import mask_task
from taskgraph.privacy.redaction import redact_error, redact_task, redact_tasks
from taskgraph.privacy.secrets import mask_text

__all__ = ["mask_task", "mask_text", "redact_error", "redact_task", "redact_tasks"]
