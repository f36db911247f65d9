"""``taskgraph config``."""

from __future__ import annotations

import click

from taskgraph.cli.options import Resolver, config_options, format_option
from taskgraph.cli.output import write
from taskgraph.config import in_force


@click.command("config")
@click.argument("file", default=".")
@config_options
@format_option("text", "json")
def command(file: str, config_file: str | None, isolated: bool, form: str) -> None:
    """Say which configuration is in force for a document, and where each value is from.

    FILE is a document or a folder; by default the folder that you are in. Options of other
    commands come on top: check --ignore adds to what is ignored here, and after check
    --select neither select, extend-select nor ignore count, but only per-path-ignores.

    \b
    Examples:
      taskgraph config
      taskgraph config tasks/stop.json --format json
    """
    entries = in_force(Resolver(config_file, isolated)(file), file)
    if form == "json":
        from taskgraph.reports.contract import (
            CONFIG,
            ConfigContent,
            OptionContent,
            declared,
            to_json,
        )

        content: ConfigContent = {
            "format": "taskgraph/config",
            "version": 1,
            "options": [declared(OptionContent, entry) for entry in entries],
        }
        write(to_json(CONFIG.checked(content), indent=2) + "\n", None)
        return
    width = max(len(entry.key) for entry in entries)
    lines = [f"{e.key:{width}}  {e.text}  ({e.origin})\n" for e in entries]
    write("".join(lines), None)
