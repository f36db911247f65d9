"""``taskgraph budget``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from taskgraph import history
from taskgraph.api import LoadedTask
from taskgraph.cli.options import (
    Inputs,
    files_argument,
    format_option,
    output_option,
    past_options,
    seconds,
    setting_option,
)
from taskgraph.cli.output import write
from taskgraph.cli.tasks import each_task, one_task, text_style, write_history
from taskgraph.errors import ConfigError

if TYPE_CHECKING:
    from taskgraph.analysis.analysis import Analysis


@click.command("budget")
@files_argument
@setting_option("attempts", "N")
@setting_option("grace", "SECONDS")
@setting_option("overhead", "SECONDS")
@setting_option("concurrency", "N")
@setting_option("workers", "N")
@setting_option("assume_timeout", "SECONDS")
@click.option(
    "--fit", "window", callback=seconds, metavar="DURATION",
    help="Tell which timeouts to lower for the worst case to fit that, for example 2h.",
)  # fmt: skip
@past_options
@format_option("text", "json", "diff")
@output_option
def command(
    files: Inputs,
    form: str,
    output: str | None,
    window: int | None,
    runs: str | None,
    **assumptions: Any,
) -> None:
    """Compute how long a task can take at worst, and which subtasks hold that time.

    The worst case is the longest path of timeouts; where subtasks may have to wait for a
    slot, a bound on every order. A subtask without a timeout makes it unbounded: the
    finite part is given then. It also tells the point of no return and the way back.

    With --fit it tells which timeouts to lower, and --format diff writes the change of the
    file: with past runs (--runs) those that healthy work misses least, else the fewest.

    \b
    Examples:
      taskgraph budget samples/obproxy_stop.json
      taskgraph budget response.json --attempts 3 --concurrency 4
      taskgraph budget *.json --format json
      taskgraph budget task.yaml --fit 2h --runs runs --format diff | git apply
    """
    if window is not None:
        sys.exit(_fit(files.on_top(**assumptions, runs=runs), window, form, output))
    if form == "diff":
        raise ConfigError("--format diff is for --fit DURATION")
    analyses: list[Analysis] = []

    def compute(loaded: LoadedTask) -> None:
        if runs is not None and not loaded.settings.attempts_seen:
            raise ConfigError("--runs is for --fit DURATION, or for --attempts-seen")
        loaded.analysis.graph.require_sound()
        analyses.append(loaded.analysis)

    code, messages = each_task(files.on_top(**assumptions, runs=runs), compute)
    if form == "json":
        from taskgraph.reports.json import budget_json, document

        write(document("budget", list(map(budget_json, analyses)), messages), output)
    else:
        from taskgraph.reports.text.budget import budget_text

        write(budget_text(analyses, text_style(output)), output)
    sys.exit(code)


def _fit(files: Inputs, window: int, form: str, output: str | None) -> int:
    """Tell how one task is made to fit."""
    code, fit = one_task(
        files,
        lambda one: history.fit(one, window),
        lambda count: f"--fit is for one task, not {count:,}: choose with --task ID",
    )
    if fit is not None:
        write_history(fit, form, output)
    return code
