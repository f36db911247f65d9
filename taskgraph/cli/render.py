"""``taskgraph render``."""

from __future__ import annotations

import sys

import click

from taskgraph.api import LoadedTask, render
from taskgraph.cli.options import each_task, ending, files_argument, one_output
from taskgraph.cli.output import EXIT_INPUT, write

__all__ = ["command"]

_FORMATS = ("svg", "dot")


@click.command("render")
@files_argument
@click.option(
    "-f", "--format", "form", type=click.Choice(_FORMATS),
    help="The form of the picture; by default what the ending of --output says, else svg.",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE", help="Write there instead of to standard output."
)
@click.option(
    "--engine", type=click.Choice(["builtin", "dot"]), default="builtin",
    show_default=True, help="Who lays the picture out; dot is the program of Graphviz.",
)  # fmt: skip
def command(
    files: tuple[str, ...], form: str | None, output: str | None, engine: str
) -> None:
    """Draw a task.

    \b
    Examples:
      taskgraph render samples/obproxy_stop.json -o stop.svg
      taskgraph render response.json --format dot
    """
    from taskgraph.diagrams import DiagramOptions

    tasks: list[LoadedTask] = []
    code, _ = each_task(files, tasks.append)
    one_output(len(tasks), output)
    chosen = form or (ending(output) if ending(output) in _FORMATS else "svg")
    options = DiagramOptions(engine=engine)  # type: ignore[arg-type]
    for loaded in tasks:
        write(render(loaded, chosen, options), output)
    sys.exit(code if tasks else max(code, EXIT_INPUT))
