"""Read what a task orchestrator returned, check it, time it and draw it."""

from __future__ import annotations

from taskgraph.analysis.analysis import Analysis
from taskgraph.api import (
    Document,
    LoadedTask,
    check,
    compare,
    load,
    load_all,
    loads,
    read_documents,
    render,
    report,
    to_frame,
)
from taskgraph.errors import (
    AnalysisError,
    ConfigError,
    InputError,
    RenderError,
    TaskgraphError,
)
from taskgraph.model.task import Subtask, Task
from taskgraph.settings import Settings
from taskgraph.version import __version__

__all__ = [
    "Analysis",
    "AnalysisError",
    "ConfigError",
    "Document",
    "InputError",
    "LoadedTask",
    "RenderError",
    "Settings",
    "Subtask",
    "Task",
    "TaskgraphError",
    "__version__",
    "check",
    "compare",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
    "report",
    "to_frame",
]
