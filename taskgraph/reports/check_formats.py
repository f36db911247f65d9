"""Every form in which the findings can be written."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from taskgraph.checks import CheckRun
from taskgraph.errors import ConfigError

__all__ = ["CHECK_FORMATS", "check_renderer"]

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


def check_renderer(name: str) -> Callable[[CheckRun], str]:
    """Give the function that writes a run in a form; only that form is imported.

    Raises
    ------
    ConfigError
        If there is no such form.
    """
    if name not in CHECK_FORMATS:
        raise ConfigError(
            f"there is no form {name!r} of the findings: {', '.join(CHECK_FORMATS)}"
        )
    module = import_module(f"taskgraph.reports.check_{name}")
    renderer: Callable[[CheckRun], str] = getattr(module, f"render_check_{name}")
    return renderer
