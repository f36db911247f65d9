"""Options of the commands of ``taskgraph history``, and what they stand for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from taskgraph.api import history
from taskgraph.cli.options import Choice, form_by_ending, output_option
from taskgraph.cli.output import write
from taskgraph.cli.tasks import text_style

if TYPE_CHECKING:
    from taskgraph.history.collecting import Progress
    from taskgraph.reports.history import HistoryResult

__all__ = [
    "engine_options",
    "memory_option",
    "progress_bar",
    "result_options",
    "write_result",
]

F = TypeVar("F", bound=Callable[..., Any])


def result_options(*more: str) -> Callable[[F], F]:
    """Give the options on what was collected, and on where and how a result is written."""

    def decorate(command: F) -> F:
        command = output_option(command)
        command = click.option(
            "-f", "--format", "form", type=Choice((*history.FORMS, *more)),
            help="The form of the output; by default what the ending of --output says.",
        )(command)  # fmt: skip
        return _runs_option(command)

    return decorate


def engine_options(command: F) -> F:
    """Add the options on who does the work, named as the parameters of `api.history`."""
    return _workers_option(_scheduler_option(memory_option(command)))


_runs_option = click.option(
    "-r", "--runs", default="runs", show_default=True, metavar="DIR",
    help="What collect wrote.",
)  # fmt: skip
memory_option = click.option(
    "--memory", default="1GB", show_default=True, metavar="SIZE",
    help="What the database may use in each process; the rest goes to temporary files.",
)  # fmt: skip
_workers_option = click.option(
    "-j", "--workers", type=click.IntRange(min=1), metavar="N",
    help="Processes of this machine; by default one, and to collect one for each core.",
)  # fmt: skip
_scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS",
    help="Let the workers of this Dask scheduler do it; they must see the same paths.",
)  # fmt: skip


def write_result(result: HistoryResult, form: str | None, output: str | None) -> None:
    """Write a result in the form that was asked for, or that the file's name says."""
    form = form or form_by_ending(output, history.FORMS)
    style = text_style(output) if form == "text" else None
    write(history.report(result, form, style), output)


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
