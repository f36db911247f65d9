"""Every form in which the findings can be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any

from taskgraph.checks import AnyRun, CheckRun
from taskgraph.errors import ConfigError

__all__ = [
    "CHECK_FORMATS",
    "check_format_of",
    "check_renderer",
    "check_streamer",
    "is_streamed",
]

CHECK_FORMATS = (
    "text",
    "json",
    "jsonl",
    "sarif",
    "junit",
    "github",
    "gitlab",
    "markdown",
)


_ENDINGS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "text",
    ".xml": "junit",
}
_STREAMED = frozenset({"text", "jsonl"})


def check_format_of(file: str) -> str | None:
    """Tell the form by the ending of a file's name; ``None`` where it says nothing."""
    return next((form for end, form in _ENDINGS.items() if file.endswith(end)), None)


def is_streamed(name: str) -> bool:
    """Tell whether a form is written while the run goes on; others need all of it."""
    return name in _STREAMED


def check_streamer(name: str) -> Callable[[AnyRun], Iterable[str]]:
    """Give the function that writes a run in a form, piece by piece.

    Raises
    ------
    ConfigError
        If there is no such form.
    """
    if name in _STREAMED:
        streamer: Callable[[AnyRun], Iterable[str]]
        streamer = getattr(_module(name), f"stream_check_{name}")
        return streamer
    render: Any = check_renderer(name)
    return lambda run: (render(run),)


def check_renderer(name: str) -> Callable[[CheckRun], str]:
    """Give the function that writes a finished run in a form; only that form is imported.

    Raises
    ------
    ConfigError
        If there is no such form.
    """
    renderer: Callable[[CheckRun], str] = getattr(_module(name), f"render_check_{name}")
    return renderer


def _module(name: str) -> ModuleType:
    if name not in CHECK_FORMATS:
        raise ConfigError(
            f"there is no form {name!r} of the findings: {', '.join(CHECK_FORMATS)}"
        )
    return import_module(f"taskgraph.reports.check_{name}")
