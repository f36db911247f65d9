"""Options of the commands of ``taskgraph history``, and what they stand for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from taskgraph.cli.options import text_style
from taskgraph.cli.output import write
from taskgraph.model import parse_duration

if TYPE_CHECKING:
    from taskgraph.history import Engine, Limits, Progress
    from taskgraph.reports.history_tables import TableReport

__all__ = [
    "duration",
    "engine_of",
    "form_option",
    "limits_of",
    "memory_option",
    "progress_bar",
    "runs_option",
    "scheduler_option",
    "workers_option",
    "write_report",
]

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


def duration(_: click.Context, __: click.Parameter, value: str) -> int:
    """Read seconds, or a duration as people write it."""
    try:
        return parse_duration(value)
    except ValueError:
        message = f"{value!r} is no duration like 30, 30s, 90m or 1h30m"
        raise click.BadParameter(message) from None


def form_option(*names: str) -> Callable[[F], F]:
    """Give the option that chooses the form of the output."""
    return click.option(
        "-f", "--format", "form", type=click.Choice(names),
        help="The form of the output; by default what the ending of --output says.",
    )  # fmt: skip


runs_option = click.option(
    "-r", "--runs", default="runs", show_default=True, metavar="DIR",
    help="What collect wrote.",
)  # fmt: skip
memory_option = click.option(
    "--memory", default="1GB", show_default=True, metavar="SIZE",
    help="What the database may use in each process; the rest goes to temporary files.",
)  # fmt: skip
workers_option = click.option(
    "-j", "--workers", type=click.IntRange(min=1), metavar="N",
    help="Processes of this machine; by default one, and to collect one for each core.",
)  # fmt: skip
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS",
    help="Let the workers of this Dask scheduler do it; they must see the same paths.",
)  # fmt: skip


def limits_of(memory: str) -> Limits:
    """Give the limits of the database."""
    from taskgraph.history import Limits

    return Limits(memory=memory)


def engine_of(workers: int | None, scheduler: str | None) -> Engine:
    """Give the engine; by default a process for each core."""
    from taskgraph.history import open_engine

    return open_engine(workers or os.cpu_count() or 1, scheduler)


def write_report(report: TableReport, form: str | None, output: str | None) -> None:
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
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
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
