"""Read what a task orchestrator returned, check it, time it and draw it."""

from __future__ import annotations

from taskgraph.api import (
    Analysis,
    Document,
    LoadedTask,
    account,
    analyze,
    check,
    load,
    load_all,
    loads,
    read_documents,
    render,
    report,
    timetable,
    to_frame,
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
    "account",
    "analyze",
    "check",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
    "report",
    "timetable",
    "to_frame",
]
