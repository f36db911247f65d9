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
    seconds,
    text_style,
)
from taskgraph.cli.output import write

if TYPE_CHECKING:
    from taskgraph.analysis.analysis import Analysis

__all__ = ["command"]


@click.command("budget")
@files_argument
@click.option(
    "--attempts", type=click.IntRange(min=1), metavar="N",
    help="How often each subtask may be started; at least as often as it was.",
)  # fmt: skip
@click.option(
    "--grace", callback=seconds, metavar="SECONDS",
    help="What the engine may take to notice a missed deadline, per attempt: up to 12 s.",
)  # fmt: skip
@click.option(
    "--overhead", callback=seconds, metavar="SECONDS",
    help="What the engine may take to get to each attempt; it polls, so up to 2 s.",
)  # fmt: skip
@click.option(
    "--concurrency", type=click.IntRange(min=-1), metavar="N",
    help="How many subtasks may be in flight, 0 for any number, -1 for the engine's 10; "
    "by default what the document says, else those 10.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(min=0), metavar="N",
    help="How many workers the server has for all such tasks, 0 for any number; by "
    "default the engine's 16, for scheduled tasks 32.",
)  # fmt: skip
@click.option(
    "--assume-timeout", callback=seconds, metavar="SECONDS",
    help="The timeout of subtasks that have none.",
)  # fmt: skip
@format_option("text", "json")
@output_option
def command(
    files: Inputs,
    form: str,
    output: str | None,
    **assumptions: int | None,
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
    analyses: list[Analysis] = []

    def compute(loaded: LoadedTask) -> None:
        loaded.analysis.graph.require_sound()
        analyses.append(loaded.analysis)

    code, messages = each_task(files.on_top(**assumptions), compute)
    if form == "json":
        from taskgraph.reports.json import budget_json, document

        write(document("budget", list(map(budget_json, analyses)), messages), output)
    else:
        from taskgraph.reports.text.budget import budget_text

        write(budget_text(analyses, text_style(output)), output)
    sys.exit(code)
