"""Every form in which the findings can be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from taskgraph.checks.result import AnyRun, CheckRun
from taskgraph.errors import ConfigError

__all__ = [
    "CHECK_FORMATS",
    "check_format_of",
    "check_renderer",
    "check_streamer",
    "is_of_repository",
    "is_streamed",
]


class _Form(NamedTuple):
    """In which module ``render_check_NAME`` is, and which ending of a name means it."""

    module: str
    ending: str = ""
    is_streamed: bool = False
    is_of_repository: bool = False


_FORMS: Final[Mapping[str, _Form]] = {
    "text": _Form("check_text", ".txt", is_streamed=True),
    "json": _Form("check_json", ".json"),
    "jsonl": _Form("check_json", ".jsonl", is_streamed=True),
    "sarif": _Form("check_sarif", ".sarif", is_of_repository=True),
    "junit": _Form("check_ci", ".xml"),
    "github": _Form("check_ci", is_of_repository=True),
    "gitlab": _Form("check_ci", is_of_repository=True),
    "markdown": _Form("check_text", ".md"),
}
CHECK_FORMATS = tuple(_FORMS)


def check_format_of(file: str) -> str | None:
    """Tell the form by the ending of a file's name; ``None`` where it says nothing."""
    forms = ((form.ending, name) for name, form in _FORMS.items() if form.ending)
    return next((name for ending, name in forms if file.endswith(ending)), None)


def is_streamed(name: str) -> bool:
    """Tell whether a form is written while the run goes on; others need all of it."""
    return name in _FORMS and _FORMS[name].is_streamed


def is_of_repository(name: str) -> bool:
    """Tell whether who reads a form looks for the files from the repository's root on."""
    return name in _FORMS and _FORMS[name].is_of_repository


def check_streamer(name: str) -> Callable[[AnyRun], Iterable[str]]:
    """Give the function that writes a run in a form, piece by piece."""
    if is_streamed(name):
        streamer: Callable[[AnyRun], Iterable[str]] = _function("stream", name)
        return streamer
    render = _function("render", name)
    return lambda run: (render(run),)


def check_renderer(name: str) -> Callable[[CheckRun], str]:
    """Give the function that writes a finished run in a form; only that form is imported.

    That there is no such form is a :class:`~taskgraph.errors.ConfigError`.
    """
    renderer: Callable[[CheckRun], str] = _function("render", name)
    return renderer


def _function(verb: str, name: str) -> Any:
    if name not in _FORMS:
        raise ConfigError(
            f"there is no form {name!r} of the findings: {', '.join(CHECK_FORMATS)}"
        )
    module = import_module(f"taskgraph.reports.{_FORMS[name].module}")
    return getattr(module, f"{verb}_check_{name}")
