"""``taskgraph budget``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from taskgraph.api import LoadedTask, worst_case
from taskgraph.cli.configuring import Configuration, config_options, on_top
from taskgraph.cli.options import (
    Inputs,
    each_task,
    files_argument,
    format_option,
    output_option,
    text_style,
)
from taskgraph.cli.output import write
from taskgraph.config import Config
from taskgraph.errors import ConfigError
from taskgraph.model import parse_duration

if TYPE_CHECKING:
    from taskgraph.reports.results import WorstCaseReport

__all__ = ["command"]


def _seconds(_ctx: object, param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parse_duration(value)
    except ValueError:
        raise ConfigError(
            f"{param.opts[0]} must be seconds or a duration like 1h30m, not {value}"
        ) from None


@click.command("budget")
@files_argument
@click.option(
    "--attempts", type=click.IntRange(min=1), metavar="N",
    help="How often each subtask may be started; at least as often as it was.",
)  # fmt: skip
@click.option(
    "--overhead", callback=_seconds, metavar="SECONDS",
    help="What the engine may take to get to each subtask; it polls, so up to 2 s.",
)  # fmt: skip
@click.option(
    "--concurrency", type=click.IntRange(min=0), metavar="N",
    help="How many subtasks may be in flight, 0 for any number; by default what the "
    "document says, else the engine's 10.",
)  # fmt: skip
@click.option(
    "--assume-timeout", callback=_seconds, metavar="SECONDS",
    help="The timeout of subtasks that have none.",
)  # fmt: skip
@config_options
@format_option("text", "json")
@output_option
def command(
    files: Inputs,
    attempts: int | None,
    overhead: int | None,
    concurrency: int | None,
    assume_timeout: int | None,
    config_file: str | None,
    isolated: bool,
    form: str,
    output: str | None,
) -> None:
    """Compute how long a task can take at worst, and which subtasks hold that time.

    The worst case is the longest path of timeouts; where subtasks may have to wait for a
    slot, a bound on every order. A subtask without a timeout makes it unbounded: the
    finite part is given then. It also tells the point of no return and the way back.

    \b
    Examples:
      taskgraph budget samples/obproxy_stop.json
      taskgraph budget response.json --attempts 3 --concurrency 4
      taskgraph budget *.json --format json
    """

    def change(config: Config) -> Config:
        if attempts is not None:
            config = replace(config, attempts_by_name=())
        return on_top(
            config,
            {},
            attempts=attempts,
            overhead=overhead,
            concurrency=concurrency,
            assume_timeout=assume_timeout,
        )

    configuration = Configuration(config_file, isolated, change)
    reports: list[WorstCaseReport] = []

    def compute(loaded: LoadedTask) -> None:
        names = [subtask.name for subtask in loaded.task.subtasks]
        options = configuration.for_file(loaded.file).budget_options(names)
        reports.append(worst_case(loaded, options))

    code, messages = each_task(files, compute)
    write(_report(reports, messages, form, output), output)
    sys.exit(code)


def _report(reports: list[Any], messages: list[str], form: str, output: str | None) -> str:
    if form == "json":
        from taskgraph.reports.json import budget_json, document

        return document("budget", [budget_json(report) for report in reports], messages)
    from taskgraph.reports.text.budget import budget_text

    return budget_text(reports, text_style(output))
