"""``taskgraph history``: what many documents say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.history_options import (
    duration,
    engine_of,
    form_option,
    limits_of,
    memory_option,
    progress_bar,
    runs_option,
    scheduler_option,
    workers_option,
    write_report,
)
from taskgraph.cli.options import Inputs, each_task, output_option
from taskgraph.cli.output import EXIT_FINDINGS, EXIT_INPUT, EXIT_OK, complain, write
from taskgraph.errors import ConfigError
from taskgraph.history.extras import needs_extras

if TYPE_CHECKING:
    from taskgraph.reports.history_tables import TableReport

__all__ = ["command"]


@click.group("history")
def command() -> None:
    """Say what many documents say: durations, failures, timeouts, odds.

    \b
    Examples:
      taskgraph history collect responses/ -o runs
      taskgraph history stats -r runs -o stats.html
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
@workers_option
@scheduler_option
@memory_option
@needs_extras
def collect_command(
    paths: tuple[str, ...],
    runs: str,
    origin: str,
    retry_rejects: bool,
    workers: int | None,
    scheduler: str | None,
    memory: str,
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
    from taskgraph.history import RunStore, collect
    from taskgraph.reports.history_tables import counted

    store = RunStore(runs)
    try:
        with engine_of(workers, scheduler) as engine, progress_bar() as report:
            done = collect(
                paths,
                store,
                origin=origin,
                retry_rejects=retry_rejects,
                engine=engine,
                limits=limits_of(memory),
                report=report,
            )
    except KeyboardInterrupt:
        complain("what is collected is kept: the same command goes on from there")
        raise
    complain(
        f"{counted(done.documents, 'document')} read, {counted(done.skipped, 'file')} "
        f"unchanged, {counted(done.tasks, 'task')} and "
        f"{counted(done.subtasks, 'subtask')} added to {runs}"
    )
    if listed := store.count_rejects():
        new = f", {done.rejects} of them looked at now" if done.rejects < listed else ""
        rejects = counted(listed, "document")
        complain(f"{rejects} cannot be read{new}\n  hint: {store.rejects_file} says why")
    sys.exit(EXIT_INPUT if done.rejects else EXIT_OK)


@command.command("stats")
@runs_option
@form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@workers_option
@scheduler_option
@memory_option
@needs_extras
def stats_command(
    runs: str,
    form: str | None,
    output: str | None,
    task: str | None,
    workers: int | None,
    scheduler: str | None,
    memory: str,
) -> None:
    """Tell for each kind of task and subtask how long it takes and how often it fails.

    \b
    Examples:
      taskgraph history stats
      taskgraph history stats -r runs --task 'Stop *' --format csv
      taskgraph history stats -o stats.html
    """
    from taskgraph.history import RunStore, statistics, to_plain
    from taskgraph.reports.history import statistics_report

    with engine_of(workers or 1, scheduler) as engine:
        found = to_plain(
            statistics(RunStore(runs), engine=engine, limits=limits_of(memory))
        )
    found["kinds"] = [kind for kind in found["kinds"] if _matches(kind["task"], task)]
    write_report(statistics_report(found), form, output)


@command.command("timeouts")
@click.argument("definitions", nargs=-1, metavar="[FILE]...")
@runs_option
@form_option("text", "csv", "json", "markdown", "html", "patch")
@output_option
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
@workers_option
@scheduler_option
@memory_option
@needs_extras
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
    scheduler: str | None,
    memory: str,
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
    from taskgraph.history import (
        AdviceOptions,
        RunStore,
        advice_for,
        advise_timeouts,
        timeout_patch,
        to_plain,
    )
    from taskgraph.reports.history import timeouts_report

    options = AdviceOptions(share / 100, confidence / 100, margin / 100, across_tasks)
    if form == "patch" and len(definitions) != 1:
        raise ConfigError("--format patch needs one FILE that it is for")
    if across_tasks and task is not None and not definitions:
        raise ConfigError("--task chooses among kinds of tasks; --across-tasks has none")
    with engine_of(workers or 1, scheduler) as engine:
        advice = advise_timeouts(
            RunStore(runs), options, engine=engine, limits=limits_of(memory)
        )
    advice = tuple(one for one in advice if one.task is None or _matches(one.task, task))
    tasks: list[LoadedTask] = []
    code, _ = each_task(Inputs(definitions), tasks.append)
    matching = [loaded for loaded in tasks if _matches(loaded.task.name, task)]
    if tasks and not matching:
        raise ConfigError(f"no task in {', '.join(definitions)} has such a name: {task}")
    tasks = matching
    patches = [timeout_patch(loaded.task, advice) for loaded in tasks]
    if form == "patch":
        _write_patch([patch.operations for patch in patches], definitions[0], output)
    else:
        effects = [
            _task(loaded)
            | {
                "changes": sum(one["op"] != "test" for one in patch.operations),
                "before": patch.before and patch.before.seconds,
                "after": patch.after and patch.after.seconds,
                "advice": to_plain(advice_for(loaded.task, advice, options)),
            }
            for loaded, patch in zip(tasks, patches, strict=True)
        ]
        if tasks or not definitions:
            report = timeouts_report(to_plain(advice), to_plain(options), effects)
            write_report(report, form, output)
    sys.exit(code)


def _write_patch(
    patches: list[tuple[dict[str, Any], ...]], file: str, output: str | None
) -> None:
    """Write the patch for the one task of a file; where it has none, that was said."""
    import json

    if len(patches) > 1:
        raise ConfigError(
            f"{file}: holds {len(patches)} tasks; a patch is for one\n"
            "  hint: choose it by its name: --task"
        )
    for operations in patches:
        write(json.dumps(operations, ensure_ascii=False, indent=2) + "\n", output)


@command.command("odds")
@click.argument("file")
@click.option(
    "--window", callback=duration, required=True, metavar="DURATION",
    help="What the task may take, for example 2h.",
)  # fmt: skip
@runs_option
@form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option("--samples", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--attempts", type=click.IntRange(min=1), default=1, show_default=True,
    help="How often a subtask that fails is started at most, besides the past's retries.",
)  # fmt: skip
@memory_option
@needs_extras
def odds_command(
    file: str,
    window: int,
    runs: str,
    form: str | None,
    output: str | None,
    samples: int,
    seed: int,
    attempts: int,
    memory: str,
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
    from taskgraph.history import OddsOptions, RunStore, odds, to_plain
    from taskgraph.reports.history import odds_report

    options = OddsOptions(window, samples, seed, attempts)
    reports: list[TableReport] = []

    def work(loaded: LoadedTask) -> None:
        found = odds(loaded.graph, RunStore(runs), options, limits=limits_of(memory))
        reports.append(odds_report(_task(loaded), to_plain(found)))

    code, _ = each_task(Inputs((file,)), work)
    if len(reports) > 1:
        raise ConfigError(f"{file}: holds {len(reports)} tasks; the odds are those of one")
    for report in reports:
        write_report(report, form, output)
    sys.exit(code)


@command.command("anomalies")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@runs_option
@form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option(
    "--least-runs", type=click.IntRange(min=1), default=20, show_default=True,
    metavar="N", help="With fewer other runs nothing is said.",
)  # fmt: skip
@click.option(
    "--fail-on-any", is_flag=True, help="Make the exit code 1 where a run departs."
)
@memory_option
@needs_extras
def anomalies_command(
    files: tuple[str, ...],
    runs: str,
    form: str | None,
    output: str | None,
    least_runs: int,
    fail_on_any: bool,
    memory: str,
) -> None:
    """Tell where a run departs from its kind: slow, retried, out of order, and so on.

    \b
    Examples:
      taskgraph history anomalies last-night.json
      taskgraph history anomalies runs/*.json --format json --fail-on-any
    """
    from taskgraph.history import AnomalyOptions, RunStore, find_anomalies, to_plain
    from taskgraph.reports.history import anomaly_report

    options = AnomalyOptions(least_runs=least_runs)
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def work(loaded: LoadedTask) -> None:
        limits = limits_of(memory)
        anomalies = find_anomalies(loaded.graph, RunStore(runs), options, limits=limits)
        found.append((_task(loaded), to_plain(anomalies)))

    code, _ = each_task(Inputs(files), work)
    write_report(anomaly_report(found), form, output)
    departs = any(anomalies["found"] for _, anomalies in found)
    sys.exit(max(code, EXIT_FINDINGS if departs and fail_on_any else EXIT_OK))


def _task(loaded: LoadedTask) -> dict[str, Any]:
    task = loaded.task
    return {"file": loaded.file, "id": task.id, "name": task.name}


def _matches(name: str, pattern: str | None) -> bool:
    from fnmatch import fnmatchcase

    return pattern is None or fnmatchcase(name, pattern)
