"""``taskgraph show``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from taskgraph.api import LoadedTask, account, analyze
from taskgraph.cli.configuring import Configuration, as_of_option, config_options, moment
from taskgraph.cli.options import (
    Inputs,
    files_argument,
    format_option,
    output_option,
    run_report,
)

if TYPE_CHECKING:
    from taskgraph.reports.text.console import Style

__all__ = ["command"]


@click.command("show")
@files_argument
@format_option("text", "json")
@output_option
@as_of_option
@config_options
def command(
    files: Inputs,
    form: str,
    output: str | None,
    as_of: str | None,
    config_file: str | None,
    isolated: bool,
) -> None:
    """Say what a task is, how far it is, what is wrong and what is critical.

    Subtasks that run side by side are indented; the parts of a split are one line.

    \b
    Examples:
      taskgraph show samples/obproxy_stop.json
      taskgraph show response.json --format json
    """
    at = moment(as_of)
    configuration = Configuration(config_file, isolated)

    def as_text(loaded: LoadedTask, style: Style) -> str:
        from taskgraph.reports.text.show import show_text

        config = configuration.for_file(loaded.file)
        options = config.budget_options(sub.name for sub in loaded.task.subtasks)
        told = account(loaded, checks=config.check, budget=options, as_of=at)
        return show_text(told, style)

    sys.exit(run_report(files, form, output, "show", _json, as_text))


def _json(loaded: LoadedTask) -> Mapping[str, Any]:
    from taskgraph.reports.json import show_json

    results = analyze(loaded)
    no_return = results.point_of_no_return
    return show_json(loaded.graph, loaded.checked, results.budget, no_return)
