"""How long each subtask takes: by its timeout, by the clock, by what is left of it."""

from __future__ import annotations

from taskgraph.model import Subtask

__all__ = ["has_limit", "timeout_seconds"]


def has_limit(subtask: Subtask) -> bool:
    """Tell whether the engine arms a deadline for the subtask."""
    return subtask.timeout is not None and subtask.timeout > 0


def timeout_seconds(subtask: Subtask) -> int:
    """Give the subtask's timeout, 0 where it has no limit."""
    return max(subtask.timeout or 0, 0)
