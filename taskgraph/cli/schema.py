"""``taskgraph schema``."""

from __future__ import annotations

import json
from typing import Any

import click

from taskgraph.cli.options import output_option
from taskgraph.cli.output import write

__all__ = ["command"]


@click.command("schema")
@click.argument("name", type=click.Choice(["definition", "check"]))
@output_option
def command(name: str, output: str | None) -> None:
    """Print the JSON Schema of definitions, or of what check --format json writes.

    \b
    Examples:
      taskgraph schema definition -o taskgraph.schema.json
      taskgraph schema check
    """
    write(json.dumps(_schema(name), indent=2, ensure_ascii=False) + "\n", output)


def _schema(name: str) -> dict[str, Any]:
    if name == "definition":
        from taskgraph.sources import definition_schema

        return definition_schema()
    from taskgraph.reports.check_json import check_schema

    return check_schema()
