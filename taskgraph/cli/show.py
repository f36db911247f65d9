"""``taskgraph show``."""

from __future__ import annotations

import sys
from typing import Any

import click

from taskgraph.api import LoadedTask, analyze
from taskgraph.cli.options import (
    Inputs,
    files_argument,
    format_option,
    output_option,
    run_report,
)

__all__ = ["command"]


@click.command("show")
@files_argument
@format_option("text", "json")
@output_option
def command(files: Inputs, form: str, output: str | None) -> None:
    """Say what a task is, how far it is, what is wrong and what is critical.

    \b
    Examples:
      taskgraph show samples/obproxy_stop.json
      taskgraph show response.json --format json
    """
    sys.exit(run_report(files, form, output, "show", _json, _text))


def _json(loaded: LoadedTask) -> dict[str, Any]:
    from taskgraph.reports.json import show_json

    results = analyze(loaded)
    no_return = results.point_of_no_return
    return show_json(loaded.graph, loaded.checked, results.budget, no_return)


def _text(loaded: LoadedTask, style: Any) -> str:
    from taskgraph.reports.text.show import show_text

    results = analyze(loaded)
    no_return = results.point_of_no_return
    return show_text(loaded.graph, loaded.checked, results.budget, no_return, style)
