"""``taskgraph report``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, get_args

import click

from taskgraph.api import REPORTS, LoadedTask, postmortem_of, redacted, report_pieces
from taskgraph.cli.options import (
    Choice,
    Inputs,
    files_argument,
    form_by_ending,
    output_option,
    runs_option,
)
from taskgraph.cli.output import EXIT_INPUT, write
from taskgraph.cli.tasks import each_task
from taskgraph.diagrams.options import Collapse, DiagramOptions, View

collapse_option = click.option(
    "--collapse", type=Choice(get_args(Collapse)), default="auto", show_default=True,
    help="What to draw as one box: as little as fits, nothing, the parts of a split, "
    "chains without branches, or subtasks of one name.",
)  # fmt: skip


@click.command("report")
@files_argument
@click.option(
    "-f", "--format", "form", type=Choice(list(REPORTS)),
    help="The form of the page; by default what the ending of --output says, else html.",
)  # fmt: skip
@click.option(
    "--view", type=Choice(get_args(View)), default="graph",
    show_default=True, help="Which picture comes first.",
)  # fmt: skip
@collapse_option
@runs_option
@output_option
def command(
    files: Inputs, form: str | None, output: str | None, runs: str | None, **choices: Any
) -> None:
    """Write the postmortem: one page with everything, to open or to attach.

    The HTML page loads nothing, and can be read without its script too. Several tasks
    give a page with an index; two documents of one task also give what changed.

    \b
    Examples:
      taskgraph report samples/three_hosts_failed.json -o report.html
      taskgraph report yesterday.json today.json -o report.md
    """
    tasks: list[LoadedTask] = []
    inputs = files.on_top(runs=runs)
    together = replace(inputs.options, redacts_apart=False)
    code, messages = each_task(replace(inputs, options=together), tasks.append)
    if not tasks:
        sys.exit(max(code, EXIT_INPUT))
    if together.redact:
        tasks = redacted(tasks)
    accounts = [loaded.account for loaded in tasks]
    form = form or form_by_ending(output, REPORTS)
    options = DiagramOptions(**choices)
    write(report_pieces(postmortem_of(accounts, messages), form, options), output)
    sys.exit(code)
