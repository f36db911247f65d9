"""``taskgraph render``."""

from __future__ import annotations

import sys
from typing import Any, get_args

import click

from taskgraph.api import LoadedTask
from taskgraph.cli.options import (
    Choice,
    Inputs,
    files_argument,
    output_option,
)
from taskgraph.cli.output import EXIT_INPUT, complain, known_width, write
from taskgraph.cli.report import collapse_option
from taskgraph.cli.tasks import each_task
from taskgraph.diagrams.formats import FORMATS, render_pieces, writer_of
from taskgraph.diagrams.options import DiagramOptions, Direction, LayoutEngine, View
from taskgraph.errors import ConfigError, RenderError
from taskgraph.model.words import counted

_FORMS = "\n".join(f"  {name:8}  {form.summary}" for name, form in FORMATS.items())


@click.command("render", epilog=f"\b\nForms:\n{_FORMS}")
@files_argument
@click.option(
    "-f", "--format", "form", type=Choice(list(FORMATS)),
    help="The form of the picture; by default what the ending of --output says, else svg.",
)  # fmt: skip
@output_option
@click.option(
    "--view", type=Choice(get_args(View)), default="graph",
    show_default=True, help="The dependencies, or what ran when.",
)  # fmt: skip
@click.option(
    "--direction", type=Choice(get_args(Direction)), default="auto",
    show_default=True,
    help="Left to right, or top to bottom; auto: the latter where only that fits, or where "
    "several edges would turn at a fold.",
)  # fmt: skip
@collapse_option
@click.option(
    "--focus", metavar="ID[:DEPTH]",
    help="Only this subtask and what is connected to it, at most DEPTH edges away.",
)  # fmt: skip
@click.option(
    "--around-failed", is_flag=True,
    help="Only failed subtasks, what they block, and what is at most 2 edges away.",
)  # fmt: skip
@click.option("--critical-only", is_flag=True, help="Only the critical subtasks.")
@click.option(
    "--max-nodes", type=click.IntRange(min=1), metavar="N",
    help="The most boxes to draw.  [default: 300]",
)  # fmt: skip
@click.option(
    "--engine", type=Choice(get_args(LayoutEngine)), default="builtin",
    show_default=True, help="Who lays the picture out; dot is the program of Graphviz.",
)  # fmt: skip
def command(files: Inputs, form: str | None, output: str | None, **choices: Any) -> None:
    """Draw a task.

    \b
    Examples:
      taskgraph render samples/obproxy_stop.json -o stop.svg
      taskgraph render response.json --view timeline -o run.svg
      taskgraph render response.json --around-failed --format txt
    """
    options = DiagramOptions(**choices)
    chosen = form or _form_of(output)
    writer_of(chosen, options)  # what no task can change is told once
    to_file = output not in (None, "-")
    width = None if to_file else known_width()
    tasks: list[LoadedTask] = []
    code, _ = each_task(files, tasks.append)
    if len(tasks) > 1 and (to_file or not FORMATS[chosen].may_follow):
        where = output if to_file else "standard output"
        raise ConfigError(
            f"{where}: {counted(len(tasks), 'task')} would be written to one file: "
            "choose one with --task ID"
        )
    for loaded in tasks:
        try:
            drawn = render_pieces(loaded.analysis, chosen, options, width)
        except RenderError as error:
            complain(f"{loaded.task.origin.file}: {error}")
            code = EXIT_INPUT
        else:
            write(drawn, output)
    sys.exit(code if tasks else max(code, EXIT_INPUT))


def _form_of(output: str | None) -> str:
    """Give the form that the ending of a file's name means."""
    if output in (None, "-"):
        return "svg"
    for name, form in FORMATS.items():
        if str(output).lower().endswith(form.suffixes):
            return name
    endings = ", ".join(ending for form in FORMATS.values() for ending in form.suffixes)
    raise RenderError(
        f"{output}: name the form with --format, or end the name in {endings}"
    )
