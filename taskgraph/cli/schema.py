"""``taskgraph schema``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from taskgraph.cli.options import output_option
from taskgraph.cli.output import write
from taskgraph.errors import ConfigError

if TYPE_CHECKING:
    from taskgraph.model.declaration import Declaration


class Published(NamedTuple):
    """A schema that users can have: what it is of, and what makes it."""

    summary: str
    make: Callable[[], dict[str, Any]]


_READ = {
    "ocp": "A response of OCP, as its API returns it",
    "obshell": "A DAG or a node of obshell, as its API returns it",
    "definition": "A task that a person writes",
    "task": "A task in taskgraph's own JSON",
}


def published() -> dict[str, Published]:
    """Give every schema by its name: of what is read, then of what is written."""
    from taskgraph.checks.baseline import BASELINE
    from taskgraph.config import configuration_schema
    from taskgraph.graph.export import NODE_LINK
    from taskgraph.reports.check_json import CHECK, CHECK_LINE
    from taskgraph.reports.contract import CONFIG
    from taskgraph.reports.history_contract import HISTORY_OUTPUTS
    from taskgraph.reports.task_contract import REPORTS
    from taskgraph.sources.dialects import input_schemas

    declared: list[Declaration[Any]] = [
        BASELINE,
        CHECK,
        CHECK_LINE,
        *REPORTS.values(),
        *HISTORY_OUTPUTS.values(),
        CONFIG,
        NODE_LINK,
    ]
    return {
        **{name: Published(_READ[name], make) for name, make in input_schemas().items()},
        "configuration": Published("A configuration file", configuration_schema),
        **{one.name: Published(one.summary, one.schema) for one in declared},
    }


@click.command("schema")
@click.argument("name", required=False)
@output_option
def command(name: str | None, output: str | None) -> None:
    """List the JSON Schemas of what goes in and what comes out, or print the one named.

    They are draft 2020-12, and made from the declarations that taskgraph itself goes by.

    \b
    Examples:
      taskgraph schema
      taskgraph schema definition -o taskgraph.schema.json
      taskgraph schema check
    """
    schemas = published()
    if name is None:
        width = max(map(len, schemas))
        write(
            "".join(f"{key:{width}}  {s.summary}\n" for key, s in schemas.items()), output
        )
        return
    if name not in schemas:
        raise ConfigError(f"there is no schema {name}: choose from {', '.join(schemas)}")
    write(json.dumps(schemas[name].make(), indent=2, ensure_ascii=False) + "\n", output)
