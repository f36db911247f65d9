"""``taskgraph history``: what many documents say."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from taskgraph.api import LoadedTask, history
from taskgraph.cli.group import Group
from taskgraph.cli.history_options import (
    engine_options,
    memory_option,
    progress_bar,
    result_options,
    write_result,
)
from taskgraph.cli.options import Inputs, moment, seconds, task_option
from taskgraph.cli.output import EXIT_FINDINGS, EXIT_INPUT, EXIT_OK, complain
from taskgraph.cli.tasks import each_task, require_tasks
from taskgraph.errors import ConfigError
from taskgraph.sources.limits import ReadOptions

if TYPE_CHECKING:
    from taskgraph.history.anomalies import Anomalies
    from taskgraph.history.odds import Odds

__all__ = ["command"]


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
    "-o", "--output", "runs", default="runs", show_default=True, metavar="DIR",
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
@engine_options
def collect_command(
    paths: tuple[str, ...],
    runs: str,
    origin: str,
    retry_rejects: bool,
    workers: int | None,
    **engine: Any,
) -> None:
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
        with progress_bar() as progress:
            done = history.collect(
                paths,
                runs,
                origin=origin,
                retry_rejects=retry_rejects,
                workers=workers or os.cpu_count() or 1,
                progress=progress,
                **engine,
            )
    except KeyboardInterrupt:
        complain("what is collected is kept: the same command goes on from there")
        raise
    for message in collection_messages(done):
        complain(message)
    found = done.collected
    missing = require_tasks(
        paths,
        ReadOptions(),
        found.foreign,
        found.passed - len(found.foreign),
        was_found=bool(found.documents or found.skipped or found.rejects),
    )
    sys.exit(EXIT_INPUT if found.rejects else missing)


@command.command("stats")
@result_options()
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@engine_options
def stats_command(
    runs: str,
    form: str | None,
    output: str | None,
    task: str | None,
    workers: int | None,
    **engine: Any,
) -> None:
    """Tell for each kind of task and subtask how long it takes and how often it fails.

    \b
    Examples:
      taskgraph history stats
      taskgraph history stats -r runs --task 'Stop *' --format csv
      taskgraph history stats -o stats.html
    """
    result = history.stats(runs, only=task, workers=workers or 1, **engine)
    write_result(result, form, output)


@command.command("report")
@result_options()
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@memory_option
def report_command(
    runs: str, form: str | None, output: str | None, task: str | None, memory: str
) -> None:
    """Show how runs changed over time: a page of runs by subtasks, since when, where.

    \b
    Examples:
      taskgraph history report -o trends.html
      taskgraph history report -r runs --task 'Stop *' --format json
    """
    write_result(history.trends(runs, only=task, memory=memory), form, output)


@command.command("compare")
@result_options()
@click.option(
    "--since", metavar="TIME",
    help="Compare the runs from then on with those before, as 2025-01-16T00:00:00+08:00.",
)  # fmt: skip
@click.option(
    "--base", metavar="DIR", help="Compare with what was collected there, instead."
)
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@memory_option
def compare_command(
    runs: str,
    form: str | None,
    output: str | None,
    since: str | None,
    base: str | None,
    task: str | None,
    memory: str,
) -> None:
    """Tell which subtasks made a kind of task slower or faster, and how sure that is.

    The growth of the mean wall clock is parted among the subtasks on the path that the
    clock saw; the parts sum to the whole.

    \b
    Examples:
      taskgraph history compare --since 2025-01-16T00:00:00+08:00
      taskgraph history compare -r runs-new --base runs-old --task 'Stop *' -o growth.html
    """
    result = history.compare(
        runs, since=moment(since, "--since"), base=base, only=task, memory=memory
    )
    write_result(result, form, output)


@command.command("timeouts")
@click.argument("definitions", nargs=-1, metavar="[FILE]...")
@result_options("patch")
@click.option(
    "--share", type=click.FloatRange(0, 100, min_open=True, max_open=True), default=99,
    show_default=True, metavar="PERCENT", help="Of the healthy runs that must pass.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0, 100, min_open=True, max_open=True),
    default=95, show_default=True, metavar="PERCENT", help="Of that promise.",
)  # fmt: skip
@click.option(
    "--margin", type=click.FloatRange(min=0), default=50, show_default=True,
    metavar="PERCENT", help="What to add on top.",
)  # fmt: skip
@click.option(
    "--across-tasks", is_flag=True,
    help="Take subtasks of one name in all kinds of tasks together.",
)  # fmt: skip
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@engine_options
def timeouts_command(
    definitions: tuple[str, ...],
    runs: str,
    form: str | None,
    output: str | None,
    share: float,
    confidence: float,
    margin: float,
    across_tasks: bool,
    task: str | None,
    workers: int | None,
    **engine: Any,
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
    from taskgraph.history.advice import AdviceOptions

    options = AdviceOptions(share / 100, confidence / 100, margin / 100, across_tasks)
    if form == "patch" and len(definitions) != 1:
        raise ConfigError("--format patch needs one FILE that it is for")
    if across_tasks and task is not None and not definitions:
        raise ConfigError("--task chooses among kinds of tasks; --across-tasks has none")
    tasks: list[LoadedTask] = []
    code, _ = each_task(Inputs(definitions), tasks.append)
    if tasks or not definitions:
        result = history.timeouts(
            tasks, runs, options, only=task, workers=workers or 1, **engine
        )
        write_result(result, form, output)
    sys.exit(code)


@command.command("odds")
@click.argument("file")
@click.option(
    "--window", callback=seconds, required=True, metavar="DURATION",
    help="What the task may take, for example 2h.",
)  # fmt: skip
@result_options()
@click.option(
    "--samples", type=click.IntRange(min=1), metavar="N",
    help="How often it is simulated; by default 10000 times, less often where slots are "
    "told and much is ahead.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--attempts", type=click.IntRange(min=1), metavar="N",
    help="How often a subtask that fails is started at most, besides the past's retries.",
)  # fmt: skip
@click.option(
    "--concurrency", type=click.IntRange(min=-1), metavar="N",
    help="How many subtasks may be in flight, 0 for any number, -1 for the engine's 10; "
    "by default the waits of the past hold the queues.",
)  # fmt: skip
@memory_option
@task_option
def odds_command(
    file: str,
    task: str | None,
    window: int,
    runs: str,
    form: str | None,
    output: str | None,
    samples: int | None,
    seed: int,
    memory: str,
    **assumptions: int | None,
) -> None:
    """Tell the odds that a task ends within a window of time.

    It simulates the task of FILE many times, with what its subtasks did in the past: how
    long they took and waited, failed and were retried. A running task goes on from the
    moment of the document; any other is taken from its start, as if it began now.

    \b
    Examples:
      taskgraph history odds tonight.json --window 2h
      taskgraph history odds tonight.json --window 90m --samples 100000 -o odds.html
    """
    results: list[Odds] = []

    def work(loaded: LoadedTask) -> None:
        results.append(
            history.odds(loaded, window, runs, samples=samples, seed=seed, memory=memory)
        )

    inputs = Inputs((file,), ReadOptions(task=task)).on_top(**assumptions)
    code, _ = each_task(inputs, work)
    if len(results) > 1:
        held = f"{file}: holds {len(results)} tasks; the odds are those of one"
        raise ConfigError(f"{held}: choose it with --task ID")
    for result in results:
        write_result(result, form, output)
    sys.exit(code)


@command.command("anomalies")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@result_options()
@click.option(
    "--least-runs", type=click.IntRange(min=1), default=20, show_default=True,
    metavar="N", help="With fewer other runs nothing is said.",
)  # fmt: skip
@click.option(
    "--fail-on-any", is_flag=True, help="Make the exit code 1 where a run departs."
)
@memory_option
@task_option
def anomalies_command(
    files: tuple[str, ...],
    task: str | None,
    runs: str,
    form: str | None,
    output: str | None,
    fail_on_any: bool,
    **comparison: Any,
) -> None:
    """Tell where a run departs from its kind: slow, retried, out of order, and so on.

    \b
    Examples:
      taskgraph history anomalies last-night.json
      taskgraph history anomalies runs/*.json --format json --fail-on-any
    """
    results: list[Anomalies] = []

    def work(loaded: LoadedTask) -> None:
        results.append(history.anomalies(loaded, runs, **comparison))

    code, _ = each_task(Inputs(files, ReadOptions(task=task)), work)
    write_result(results, form, output)
    departs = any(result.found for result in results)
    sys.exit(max(code, EXIT_FINDINGS if departs and fail_on_any else EXIT_OK))
