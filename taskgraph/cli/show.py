"""``taskgraph show``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import (
    Inputs,
    files_argument,
    format_option,
    output_option,
    runs_option,
)
from taskgraph.cli.tasks import run_report

if TYPE_CHECKING:
    from taskgraph.reports.text.console import Style


@click.command("show")
@files_argument
@format_option("text", "json")
@runs_option
@output_option
def command(files: Inputs, form: str, output: str | None, runs: str | None) -> None:
    """Say what a task is, how far it is, what is wrong and what is critical.

    Subtasks that run side by side are indented; the parts of a split are one line.

    \b
    Examples:
      taskgraph show samples/obproxy_stop.json
      taskgraph show response.json --format json
    """

    def tell(loaded: LoadedTask, style: Style | None) -> Any:
        if style is None:
            from taskgraph.reports.json import show_json

            return show_json(loaded.account)
        from taskgraph.reports.text.show import show_text

        return show_text(loaded.account, style)

    files = files.on_top(runs=runs)
    sys.exit(run_report(files, form, output, "show", tell))
