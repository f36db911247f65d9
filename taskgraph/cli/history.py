"""``taskgraph history``: what many documents say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from taskgraph import history
from taskgraph.api import HISTORY_FORMS, LoadedTask
from taskgraph.cli.main import Group
from taskgraph.cli.options import (
    Choice,
    Inputs,
    files_argument,
    moment,
    output_option,
    seconds,
    setting_option,
)
from taskgraph.cli.output import (
    EXIT_FINDINGS,
    EXIT_INPUT,
    EXIT_OK,
    collection_bar,
    complain,
)
from taskgraph.cli.tasks import each_task, one_task, require_tasks, write_history
from taskgraph.errors import ConfigError
from taskgraph.history import CONFIDENCE, LEAST_RUNS, MARGIN, MEMORY, RUNS, SHARE
from taskgraph.model.words import counted, listed, plural
from taskgraph.sources.limits import ReadOptions

if TYPE_CHECKING:
    from taskgraph.history.departures import Anomalies

F = TypeVar("F", bound=Callable[..., Any])


def _result_options(*more: str) -> Callable[[F], F]:
    """Give the options on what was collected, and on where and how a result is written."""

    def decorate(command: F) -> F:
        command = output_option(command)
        command = click.option(
            "-f", "--format", "form", type=Choice((*HISTORY_FORMS, *more)),
            help="The form of the output; by default what the ending of --output says.",
        )(command)  # fmt: skip
        return click.option(
            "-r", "--runs", default=RUNS, show_default=True, metavar="DIR",
            help="What collect wrote.",
        )(command)  # fmt: skip

    return decorate


_only_option = click.option(
    "--task", "only", metavar="PATTERN", help="Only tasks with such a name."
)
_memory_option = click.option(
    "--memory", default=MEMORY, show_default=True, metavar="SIZE",
    help="What the database may use in each process; the rest goes to temporary files.",
)  # fmt: skip


def _engine_options(workers: int) -> Callable[[F], F]:
    """Give the options on who does the work, and by how many processes if none says so."""

    def decorate(command: F) -> F:
        command = click.option(
            "--scheduler", metavar="ADDRESS",
            help="Let the workers of this Dask scheduler do it; they must see the same "
            "paths.",
        )(_memory_option(command))  # fmt: skip
        return click.option(
            "-j", "--workers", type=click.IntRange(min=1), default=workers, metavar="N",
            help="Processes of this machine; by default one, and to collect one for each "
            "core.",
        )(command)  # fmt: skip

    return decorate


@click.group("history", cls=Group)
def command() -> None:
    """Say what many documents say: durations, failures, timeouts, odds.

    \b
    Examples:
      taskgraph history collect responses/ -o runs
      taskgraph history stats -r runs -o stats.html
      taskgraph history report -r runs -o trends.html
      taskgraph history compare -r runs --since 2025-01-16T00:00:00+08:00
      taskgraph history timeouts -r runs
      taskgraph history odds tonight.json -r runs --window 2h
      taskgraph history anomalies last-night.json -r runs
    """


@command.command("collect")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o", "--output", "runs", default=RUNS, show_default=True, metavar="DIR",
    help="Where to collect; what is there is added to.",
)  # fmt: skip
@click.option(
    "--origin", default="", metavar="NAME",
    help="What the installation is called that wrote the documents: tasks of different "
    "origins are different tasks.",
)  # fmt: skip
@click.option(
    "--retry-rejects", is_flag=True,
    help="Read again what was rejected before, changed or not.",
)  # fmt: skip
@_engine_options(os.cpu_count() or 1)
def collect_command(paths: tuple[str, ...], runs: str, **asked: Any) -> None:
    """Collect the runs in any number of documents.

    PATH is a file, a folder, a pattern, an archive (zip, tar), JSON Lines, or the address
    of any of them in an object store, such as s3://bucket/folder. What was collected
    before is left out; if this is stopped, the same command goes on from there. What
    cannot be read is listed in rejects.jsonl, with the reasons; what could not be opened
    is tried again next time.

    \b
    Examples:
      taskgraph history collect responses/ archive.zip -o runs
      taskgraph history collect 's3://backup/ocp/*.jsonl.gz' -o runs --origin ocp-east
    """
    from taskgraph.reports.history import collection_messages

    try:
        with collection_bar() as progress:
            done = history.collect(paths, runs, progress=progress, **asked)
    except KeyboardInterrupt:
        complain("what is collected is kept: the same command goes on from there")
        raise
    for message in collection_messages(done):
        complain(message)
    collected = done.collected
    missing = require_tasks(
        paths,
        ReadOptions(),
        collected.foreign,
        collected.passed - len(collected.foreign),
        was_found=not collected.is_empty,
    )
    sys.exit(EXIT_INPUT if collected.rejects else missing)


@command.command("stats")
@_result_options()
@_only_option
@_engine_options(1)
def stats_command(form: str | None, output: str | None, **asked: Any) -> None:
    """Tell for each kind of task and subtask how long it takes and how often it fails.

    \b
    Examples:
      taskgraph history stats
      taskgraph history stats -r runs --task 'Stop *' --format csv
      taskgraph history stats -o stats.html
    """
    write_history(history.stats(**asked), form, output)


@command.command("report")
@_result_options()
@_only_option
@_memory_option
def report_command(form: str | None, output: str | None, **asked: Any) -> None:
    """Show how runs changed over time: a page of runs by subtasks, since when, where.

    \b
    Examples:
      taskgraph history report -o trends.html
      taskgraph history report -r runs --task 'Stop *' --format json
    """
    write_history(history.trends(**asked), form, output)


@command.command("compare")
@_result_options()
@click.option(
    "--since", callback=moment, metavar="TIME",
    help="Compare the runs from then on with those before, as 2025-01-16T00:00:00+08:00.",
)  # fmt: skip
@click.option(
    "--base", metavar="DIR", help="Compare with what was collected there, instead."
)
@_only_option
@_memory_option
def compare_command(form: str | None, output: str | None, **asked: Any) -> None:
    """Tell which subtasks made a kind of task slower or faster, and how sure that is.

    The growth of the mean wall clock is parted among the subtasks on the path that the
    clock saw; the parts sum to the whole.

    \b
    Examples:
      taskgraph history compare --since 2025-01-16T00:00:00+08:00
      taskgraph history compare -r runs-new --base runs-old --task 'Stop *' -o growth.html
    """
    write_history(history.compare_runs(**asked), form, output)


@command.command("timeouts")
@partial(files_argument, beside_runs=True)
@_result_options("patch")
@click.option(
    "--share", type=click.FloatRange(0, 100, min_open=True, max_open=True),
    default=round(100 * SHARE), show_default=True, metavar="PERCENT",
    help="Of the healthy runs that must pass.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0, 100, min_open=True, max_open=True),
    default=round(100 * CONFIDENCE), show_default=True, metavar="PERCENT",
    help="Of that promise.",
)  # fmt: skip
@click.option(
    "--margin", type=click.FloatRange(min=0), default=round(100 * MARGIN),
    show_default=True, metavar="PERCENT", help="What to add on top.",
)  # fmt: skip
@click.option(
    "--across-tasks", is_flag=True,
    help="Take subtasks of one name in all kinds of tasks together.",
)  # fmt: skip
@_only_option
@_engine_options(1)
def timeouts_command(
    files: Inputs,
    form: str | None,
    output: str | None,
    share: float,
    confidence: float,
    margin: float,
    across_tasks: bool,
    **asked: Any,
) -> None:
    """Advise on timeouts: which are too long or too short for the runs that were measured.

    With definitions or responses as FILE it judges their timeouts, and tells what the
    advice does to their worst case; --format patch writes the change for one of them, as
    a JSON Patch.

    \b
    Examples:
      taskgraph history timeouts
      taskgraph history timeouts --share 99.9 --margin 100 -o timeouts.md
      taskgraph history timeouts stop.json --format patch -o stop.patch.json
    """
    from taskgraph.history.advising import AdviceOptions

    options = AdviceOptions(share / 100, confidence / 100, margin / 100, across_tasks)
    if form == "patch" and len(files.paths) != 1:
        raise ConfigError("--format patch needs one FILE that it is for")
    tasks: list[LoadedTask] = []
    code, _ = each_task(files, tasks.append)
    if tasks or not files.paths:
        write_history(history.timeouts(tasks, options=options, **asked), form, output)
    sys.exit(code)


@command.command("odds")
@files_argument
@click.option(
    "--window", callback=seconds, required=True, metavar="DURATION",
    help="What the task may take, for example 2h.",
)  # fmt: skip
@_result_options()
@click.option(
    "--samples", type=click.IntRange(min=1), metavar="N",
    help="How often it is simulated; by default 10000 times, less often where slots are "
    "told and much is ahead.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@setting_option(
    "attempts", "N",
    "How often a subtask that fails is started at most, besides the past's retries.",
)  # fmt: skip
@setting_option(
    "concurrency", "N",
    "How many subtasks may be in flight, 0 for any number, -1 for the engine's 10; by "
    "default the waits of the past hold the queues.",
)  # fmt: skip
@_memory_option
def odds_command(
    files: Inputs,
    form: str | None,
    output: str | None,
    attempts: int | None,
    concurrency: int | None,
    **asked: Any,
) -> None:
    """Tell the odds that a task ends within a window of time.

    It simulates the task of FILE many times, with what its subtasks did in the past: how
    long they took and waited, failed and were retried. A running task goes on from the
    moment of the document; any other is taken from its start, as if it began now. Where
    nothing promises that it ends, or it goes back, the reason is told and no figures.

    \b
    Examples:
      taskgraph history odds tonight.json --window 2h
      taskgraph history odds tonight.json --window 90m --samples 100000 -o odds.html
    """
    code, odds = one_task(
        files.on_top(attempts=attempts, concurrency=concurrency),
        partial(history.odds, **asked),
        lambda count: (
            f"{listed(files.paths)} {plural(len(files.paths), 'holds', 'hold')} "
            f"{counted(count, 'task')}; the odds are those of one: choose it with --task ID"
        ),
    )
    if odds is not None:
        write_history(odds, form, output)
    sys.exit(code)


@command.command("anomalies")
@files_argument
@_result_options()
@click.option(
    "--least-runs", type=click.IntRange(min=1), default=LEAST_RUNS, show_default=True,
    metavar="N", help="With fewer other runs nothing is said.",
)  # fmt: skip
@click.option(
    "--fail-on-any", is_flag=True, help="Make the exit code 1 where a run departs."
)
@_memory_option
def anomalies_command(
    files: Inputs,
    form: str | None,
    output: str | None,
    fail_on_any: bool,
    **asked: Any,
) -> None:
    """Tell where a run departs from its kind: slow, retried, out of order, and so on.

    \b
    Examples:
      taskgraph history anomalies last-night.json
      taskgraph history anomalies runs/*.json --format json --fail-on-any
    """
    results: list[Anomalies] = []
    code, _ = each_task(files, lambda one: results.append(history.anomalies(one, **asked)))
    write_history(results, form, output)
    departs = fail_on_any and any(result.found for result in results)
    sys.exit(max(code, EXIT_FINDINGS if departs else EXIT_OK))
