"""Read what a task orchestrator returned, check it, time it and draw it."""

from __future__ import annotations

from taskgraph.api import (
    Analysis,
    Document,
    LoadedTask,
    analyze,
    check,
    load,
    load_all,
    loads,
    read_documents,
    render,
)
from taskgraph.errors import (
    AnalysisError,
    ConfigError,
    InputError,
    RenderError,
    TaskgraphError,
)
from taskgraph.model import Subtask, Task

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "AnalysisError",
    "ConfigError",
    "Document",
    "InputError",
    "LoadedTask",
    "RenderError",
    "Subtask",
    "Task",
    "TaskgraphError",
    "analyze",
    "check",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
]
