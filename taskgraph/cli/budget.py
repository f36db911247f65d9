"""``taskgraph budget``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import (
    Inputs,
    each_task,
    files_argument,
    format_option,
    output_option,
    text_style,
)
from taskgraph.cli.output import write
from taskgraph.errors import ConfigError
from taskgraph.model import parse_duration

if TYPE_CHECKING:
    from taskgraph.analysis import Analysis

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
    "--grace", callback=_seconds, metavar="SECONDS",
    help="What the engine may take to notice a missed deadline, per attempt: up to 12 s.",
)  # fmt: skip
@click.option(
    "--overhead", callback=_seconds, metavar="SECONDS",
    help="What the engine may take to get to each attempt; it polls, so up to 2 s.",
)  # fmt: skip
@click.option(
    "--concurrency", type=click.IntRange(min=0), metavar="N",
    help="How many subtasks may be in flight, 0 for any number; by default what the "
    "document says, else the engine's 10.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(min=0), metavar="N",
    help="How many workers the server has for all such tasks, 0 for any number; by "
    "default the engine's 16, for scheduled tasks 32.",
)  # fmt: skip
@click.option(
    "--assume-timeout", callback=_seconds, metavar="SECONDS",
    help="The timeout of subtasks that have none.",
)  # fmt: skip
@format_option("text", "json")
@output_option
def command(
    files: Inputs,
    attempts: int | None,
    grace: int | None,
    overhead: int | None,
    concurrency: int | None,
    workers: int | None,
    assume_timeout: int | None,
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
    inputs = files.on_top(
        attempts=attempts,
        grace=grace,
        overhead=overhead,
        concurrency=concurrency,
        workers=workers,
        assume_timeout=assume_timeout,
    )
    analyses: list[Analysis] = []

    def compute(loaded: LoadedTask) -> None:
        loaded.analysis.graph.require_sound()
        analyses.append(loaded.analysis)

    code, messages = each_task(inputs, compute)
    write(_report(analyses, messages, form, output), output)
    sys.exit(code)


def _report(
    analyses: list[Analysis], messages: list[str], form: str, output: str | None
) -> str:
    if form == "json":
        from taskgraph.reports.json import budget_json, document

        return document("budget", list(map(budget_json, analyses)), messages)
    from taskgraph.reports.text.budget import budget_text

    return budget_text(analyses, text_style(output))
