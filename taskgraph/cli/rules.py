"""``taskgraph rules``."""

from __future__ import annotations

import click

from taskgraph.cli.output import write

__all__ = ["command"]


@click.command("rules")
@click.argument("names", nargs=-1, metavar="[RULE]...")
def command(names: tuple[str, ...]) -> None:
    """List the rules that check knows, or explain some, by code or by name.

    \b
    Examples:
      taskgraph rules
      taskgraph rules TG103
      taskgraph rules no-timeout
    """
    from taskgraph.checks import RULES, find_rule
    from taskgraph.reports.rules import rule_text, rules_text

    if names:
        write("\n".join(rule_text(find_rule(name)) for name in names), None)
    else:
        write(rules_text(RULES), None)
