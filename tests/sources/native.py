"""Writes tasks as taskgraph's own JSON."""

from __future__ import annotations

import json

from taskgraph.model.task import Task
from taskgraph.model.words import in_json
from taskgraph.sources.native import own_content, own_row


def write_task(task: Task) -> str:
    """Write a task so that reading it again gives an equal one.

    Fields without a value are left out; where it was read from is no part of it, apart
    from the dialect.
    """
    content = own_content(task)
    content["task"]["subtasks"] = [own_row(subtask) for subtask in task.subtasks]
    return in_json(json.dumps(content, ensure_ascii=False, indent=2)) + "\n"
