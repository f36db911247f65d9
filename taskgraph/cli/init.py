"""``taskgraph init``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from taskgraph.cli.output import write
from taskgraph.errors import ConfigError

_FILES = ("example.task.yaml", "taskgraph.toml")


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False))
def command(folder: str) -> None:
    """Write a definition and a configuration to start from, both with comments.

    What is there already is never overwritten.

    \b
    Examples:
      taskgraph init
      taskgraph init tasks
    """
    target = Path(folder)
    there = [str(target / name) for name in _FILES if (target / name).exists()]
    if there:
        raise ConfigError(f"{' and '.join(there)}: is there already, and stays as it is")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror}") from None
    source = files("taskgraph.reports") / "templates"
    for name in _FILES:
        write((source / name).read_text("utf-8"), str(target / name))
    written = "".join(f"wrote {target / name}\n" for name in _FILES)
    write(f"{written}next: taskgraph check {target}\n", None)
