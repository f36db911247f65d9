"""``taskgraph history``: what many documents say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import each_task, output_option, text_style
from taskgraph.cli.output import EXIT_FINDINGS, EXIT_INPUT, EXIT_OK, complain, write
from taskgraph.errors import ConfigError
from taskgraph.history.extras import needs_extras
from taskgraph.model import parse_duration

if TYPE_CHECKING:
    from taskgraph.history import Engine, Limits, Progress
    from taskgraph.reports.history_tables import TableReport

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])

_ENDINGS = {
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
}


def _duration(_: click.Context, __: click.Parameter, value: str) -> int:
    """Read seconds, or a duration as people write it."""
    try:
        return parse_duration(value)
    except ValueError:
        message = f"{value!r} is no duration like 30, 30s, 90m or 1h30m"
        raise click.BadParameter(message) from None


def _form_option(*names: str) -> Callable[[F], F]:
    return click.option(
        "-f", "--format", "form", type=click.Choice(names),
        help="The form of the output; by default what the ending of --output says.",
    )  # fmt: skip


_runs_option = click.option(
    "-r", "--runs", default="runs", show_default=True, metavar="DIR",
    help="What collect wrote.",
)  # fmt: skip
_memory_option = click.option(
    "--memory", default="1GB", show_default=True, metavar="SIZE",
    help="What the database may use in each process; the rest goes to temporary files.",
)  # fmt: skip
_workers_option = click.option(
    "-j", "--workers", type=click.IntRange(min=1), metavar="N",
    help="Processes of this machine; by default one for each core.",
)  # fmt: skip
_scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS",
    help="Let the workers of this Dask scheduler do it; they must see the same paths.",
)  # fmt: skip


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
@_workers_option
@_scheduler_option
@_memory_option
@needs_extras
def collect_command(
    paths: tuple[str, ...],
    runs: str,
    origin: str,
    workers: int | None,
    scheduler: str | None,
    memory: str,
) -> None:
    """Collect the runs in any number of documents.

    PATH is a file, a folder, a pattern, an archive (zip, tar), JSON Lines, or the address
    of any of them in an object store, such as s3://bucket/folder. What was collected
    before is left out; if this is stopped, the same command goes on from there. What
    cannot be read is listed in rejects.jsonl, with the reasons.

    \b
    Examples:
      taskgraph history collect responses/ archive.zip -o runs
      taskgraph history collect 's3://backup/ocp/*.jsonl.gz' -o runs --origin ocp-east
    """
    from taskgraph.history import RunStore, collect

    store = RunStore(runs)
    with _engine(workers, scheduler) as engine, _progress() as report:
        done = collect(
            paths,
            store,
            origin=origin,
            engine=engine,
            limits=_limits(memory),
            report=report,
        )
    complain(
        f"{done.documents} documents read, {done.skipped} files unchanged, "
        f"{done.tasks} tasks and {done.subtasks} subtasks added to {runs}"
    )
    if done.rejects:
        complain(
            f"{done.rejects} documents cannot be read\n"
            f"  hint: {store.rejects_file} says why"
        )
    sys.exit(EXIT_INPUT if done.rejects else EXIT_OK)


@command.command("stats")
@_runs_option
@_form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option("--task", metavar="PATTERN", help="Only tasks with such a name.")
@_workers_option
@_scheduler_option
@_memory_option
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

    with _engine(workers or 1, scheduler) as engine:
        found = to_plain(statistics(RunStore(runs), engine=engine, limits=_limits(memory)))
    found["kinds"] = _matching(found["kinds"], task)
    _write(statistics_report(found), form, output)


@command.command("timeouts")
@click.argument("definitions", nargs=-1, metavar="[FILE]...")
@_runs_option
@_form_option("text", "csv", "json", "markdown", "html", "patch")
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
@_workers_option
@_scheduler_option
@_memory_option
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

    With definitions or responses as FILE it also tells what the advice does to their worst
    case; --format patch writes the change for one of them, as a JSON Patch.

    \b
    Examples:
      taskgraph history timeouts
      taskgraph history timeouts --share 99.9 --margin 100 -o timeouts.md
      taskgraph history timeouts stop.json --format patch -o stop.patch.json
    """
    from taskgraph.history import (
        AdviceOptions,
        RunStore,
        advise_timeouts,
        timeout_patch,
        to_plain,
    )
    from taskgraph.reports.history import timeouts_report

    options = AdviceOptions(share / 100, confidence / 100, margin / 100, across_tasks)
    if form == "patch" and len(definitions) != 1:
        raise ConfigError("--format patch needs one FILE that it is for")
    with _engine(workers or 1, scheduler) as engine:
        advice = advise_timeouts(
            RunStore(runs), options, engine=engine, limits=_limits(memory)
        )
    tasks: list[LoadedTask] = []
    code, _ = each_task(definitions, tasks.append)
    patches = [timeout_patch(loaded.task, advice) for loaded in tasks]
    if form == "patch":
        _write_patch(
            [operation for patch in patches for operation in patch.operations], output
        )
    else:
        effects = [
            {
                "file": loaded.file,
                "changes": sum(one["op"] != "test" for one in patch.operations),
                "before": patch.before and patch.before.seconds,
                "after": patch.after and patch.after.seconds,
            }
            for loaded, patch in zip(tasks, patches, strict=True)
        ]
        rows = _matching(to_plain(advice), task)
        _write(timeouts_report(rows, to_plain(options), effects), form, output)
    sys.exit(code)


def _write_patch(operations: list[dict[str, Any]], output: str | None) -> None:
    import json

    write(json.dumps(operations, ensure_ascii=False, indent=2) + "\n", output)


@command.command("odds")
@click.argument("file")
@click.option(
    "--window", callback=_duration, required=True, metavar="DURATION",
    help="What the task may take, for example 2h.",
)  # fmt: skip
@_runs_option
@_form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option("--samples", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--attempts", type=click.IntRange(min=1), default=1, show_default=True,
    help="How often a subtask that fails is started at most, besides the past's retries.",
)  # fmt: skip
@_memory_option
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

    It simulates the whole task of FILE many times, from its start, with what its subtasks
    did in the past: how long they took and waited, failed and were retried.

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
        found = odds(loaded.graph, RunStore(runs), options, limits=_limits(memory))
        reports.append(odds_report(_task(loaded), to_plain(found)))

    code, _ = each_task((file,), work)
    if len(reports) > 1:
        raise ConfigError(f"{file}: holds {len(reports)} tasks; the odds are those of one")
    for report in reports:
        _write(report, form, output)
    sys.exit(code)


@command.command("anomalies")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_runs_option
@_form_option("text", "csv", "json", "markdown", "html")
@output_option
@click.option(
    "--least-runs", type=click.IntRange(min=1), default=20, show_default=True,
    metavar="N", help="With fewer other runs nothing is said.",
)  # fmt: skip
@click.option(
    "--fail-on-any", is_flag=True, help="Make the exit code 1 where a run departs."
)
@_memory_option
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
        limits = _limits(memory)
        anomalies = find_anomalies(loaded.graph, RunStore(runs), options, limits=limits)
        found.append((_task(loaded), to_plain(anomalies)))

    code, _ = each_task(files, work)
    _write(anomaly_report(found), form, output)
    departs = any(anomalies["found"] for _, anomalies in found)
    sys.exit(max(code, EXIT_FINDINGS if departs and fail_on_any else EXIT_OK))


def _task(loaded: LoadedTask) -> dict[str, Any]:
    task = loaded.task
    return {"file": loaded.file, "id": task.id, "name": task.name}


def _matching(rows: list[dict[str, Any]], pattern: str | None) -> list[dict[str, Any]]:
    from fnmatch import fnmatchcase

    if pattern is None:
        return rows
    return [row for row in rows if fnmatchcase(row["task"] or "", pattern)]


def _limits(memory: str) -> Limits:
    from taskgraph.history import Limits

    return Limits(memory=memory)


def _engine(workers: int | None, scheduler: str | None) -> Engine:
    from taskgraph.history import open_engine

    return open_engine(workers or os.cpu_count() or 1, scheduler)


def _write(report: TableReport, form: str | None, output: str | None) -> None:
    """Write a report in the form that was asked for, or that the file's name says."""
    from taskgraph.reports import history_tables

    form = form or _ENDINGS.get(Path(output or "").suffix.lower(), "text")
    if form == "html":
        from taskgraph.reports.history_html import render_html

        text = render_html(report)
    elif form == "text":
        from taskgraph.reports.text.history import render_text

        text = render_text(report, text_style(output))
    else:
        text = getattr(history_tables, f"render_{form}")(report)
    write(text, output)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """Show on a terminal how far a collection is, how fast, and how long it will take."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[documents]} documents"),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, documents=0, rate=0.0)

        def report(progress: Progress) -> None:
            documents = progress.collected.documents
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                documents=documents,
                rate=documents / max(elapsed, 1e-9),
            )

        yield report
