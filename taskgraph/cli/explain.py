"""``taskgraph explain``."""

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


@click.command("explain")
@files_argument
@format_option("text", "markdown", "json")
@click.option(
    "--brief", is_flag=True, help="Say only how it stands, what failed and what to do."
)
@runs_option
@output_option
def command(
    files: Inputs, form: str, *, brief: bool, output: str | None, runs: str | None
) -> None:
    """Explain in sentences what happened to a task and what may be done now.

    It names what failed first, whether a timeout was the cause, what that holds up, where
    the time went, which of retry, skip, cancel and rollback the engine would accept, and
    what in the document contradicts itself.

    \b
    Examples:
      taskgraph explain samples/three_hosts_failed.json
      taskgraph explain samples/three_hosts_failed.json --brief
      taskgraph explain response.json --format markdown
    """

    def tell(loaded: LoadedTask, style: Style | None) -> Any:
        from taskgraph.reports.explaining.explanation import explain, in_short

        said = explain(loaded.account)
        said = in_short(loaded.account, said) if brief else said
        if style is None:
            from taskgraph.reports.json import explain_json

            return explain_json(said)
        if form == "markdown":
            from taskgraph.reports.task_markdown import explain_markdown

            return explain_markdown(said)
        from taskgraph.reports.text.explain import explain_text

        return explain_text(said, style)

    files = files.on_top(runs=runs)
    sys.exit(run_report(files, form, output, "explain", tell))
