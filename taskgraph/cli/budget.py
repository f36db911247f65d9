"""``taskgraph budget``."""

from __future__ import annotations

import sys
from typing import Any

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import files_argument, format_option, output_option, run_report

__all__ = ["command"]


@click.command("budget")
@files_argument
@format_option("text", "json")
@output_option
def command(files: tuple[str, ...], form: str, output: str | None) -> None:
    """Compute how long a task can take at worst, and which subtasks hold that time.

    The worst case is the longest path of timeouts. A subtask without a timeout makes it
    unbounded; the finite part is given then.

    \b
    Examples:
      taskgraph budget samples/obproxy_stop.json
      taskgraph budget *.json --format json
    """
    sys.exit(run_report(files, form, output, "budget", _json, _text))


def _json(loaded: LoadedTask) -> dict[str, Any]:
    from taskgraph.reports.json import budget_json

    return budget_json(loaded.graph, loaded.budget, loaded.point_of_no_return)


def _text(loaded: LoadedTask, style: Any) -> str:
    from taskgraph.reports.text.budget import budget_text

    return budget_text(loaded.graph, loaded.budget, loaded.point_of_no_return, style)
