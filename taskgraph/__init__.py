"""Read what a task orchestrator returned, check it, time it and draw it."""

from __future__ import annotations

from importlib import import_module

from taskgraph.version import __version__

TYPE_CHECKING = False  # as typing's own, which takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from taskgraph import history
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
        report_history,
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
    "history",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
    "report",
    "report_history",
    "to_frame",
]

_HOMES = {
    "Analysis": "taskgraph.analysis.analysis",
    "Settings": "taskgraph.settings",
    **dict.fromkeys(("Subtask", "Task"), "taskgraph.model.task"),
    **dict.fromkeys((name for name in __all__ if "Error" in name), "taskgraph.errors"),
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: a command needs few of them (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "history":
        return import_module("taskgraph.history")
    value = getattr(import_module(_HOMES.get(name, "taskgraph.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
