"""``taskgraph check``."""

from __future__ import annotations

import sys

import click

from taskgraph.api import check_files
from taskgraph.checks import CheckRun
from taskgraph.cli.configuring import (
    Configuration,
    as_of_option,
    config_options,
    moment,
    on_top,
)
from taskgraph.cli.options import files_argument, format_option, output_option
from taskgraph.cli.output import (
    EXIT_FINDINGS,
    EXIT_INPUT,
    EXIT_OK,
    complain,
    wants_color,
    write,
)
from taskgraph.config import FAIL_ON, Config

__all__ = ["command"]


def _selectors(_ctx: object, _param: object, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name)


@click.command("check")
@files_argument
@format_option("text", "json")
@output_option
@click.option(
    "--select", multiple=True, callback=_selectors, metavar="RULES",
    help="Use these rules only: codes, beginnings of codes, names, or all.",
)  # fmt: skip
@click.option(
    "--ignore", multiple=True, callback=_selectors, metavar="RULES",
    help="Do not use these rules.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(FAIL_ON),
    help="The severity from which on the exit code is 1.  [default: error]",
)  # fmt: skip
@as_of_option
@config_options
def command(
    files: tuple[str, ...],
    form: str,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    as_of: str | None,
    config_file: str | None,
    isolated: bool,
) -> None:
    """Check tasks against the rules; taskgraph rules lists them.

    \b
    Examples:
      taskgraph check samples/obproxy_stop.json
      taskgraph check *.json --format json --fail-on warning
      taskgraph check response.json --select TG1 --ignore redundant-edge
    """
    at = moment(as_of)

    def change(config: Config) -> Config:
        rules = {"select": select, "as_of": at}
        rules["ignore"] = (*config.check.ignore, *ignore)
        return on_top(config, rules, fail_on=fail_on)

    configuration = Configuration(config_file, isolated, change)
    verdict = check_files(files, configuration.for_file)
    for error in verdict.run.unreadable:
        complain(str(error))
    write(_report(verdict.run, form, wants_color(output)), output)
    code = EXIT_INPUT if verdict.run.unreadable else EXIT_OK
    sys.exit(max(code, EXIT_FINDINGS if verdict.failed else EXIT_OK))


def _report(run: CheckRun, form: str, color: bool) -> str:
    if form == "json":
        from taskgraph.reports.check_json import render_check_json

        return render_check_json(run)
    from taskgraph.reports.check_text import ansi, plain, render_check_text

    return render_check_text(run, style=ansi if color else plain)
