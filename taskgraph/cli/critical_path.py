"""``taskgraph critical-path``."""

from __future__ import annotations

import sys
from typing import Any

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import files_argument, format_option, output_option, run_report

__all__ = ["command"]


@click.command("critical-path")
@files_argument
@format_option("text", "json")
@output_option
def command(files: tuple[str, ...], form: str, output: str | None) -> None:
    """Compute the schedule with the timeouts as durations.

    It gives the critical path, every other subtask with its float, and ties.

    \b
    Examples:
      taskgraph critical-path samples/obproxy_stop.json
      taskgraph critical-path response.json --format json
    """
    sys.exit(run_report(files, form, output, "critical-path", _json, _text))


def _json(loaded: LoadedTask) -> dict[str, Any]:
    from taskgraph.reports.json import critical_path_json

    return critical_path_json(loaded.graph, loaded.schedule)


def _text(loaded: LoadedTask, style: Any) -> str:
    from taskgraph.reports.text.critical_path import critical_path_text

    return critical_path_text(loaded.graph, loaded.schedule, style)
