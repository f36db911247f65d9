"""``taskgraph rules``."""

from __future__ import annotations

import click

from taskgraph.cli.options import complete_rules, format_option, output_option
from taskgraph.cli.output import write


@click.command("rules")
@click.argument("names", nargs=-1, metavar="[RULE]...", shell_complete=complete_rules)
@format_option("text", "markdown")
@output_option
def command(names: tuple[str, ...], form: str, output: str | None) -> None:
    """List the rules that check knows, or explain some, by code or by name.

    The beginning of a code stands for all rules whose code begins so.

    \b
    Examples:
      taskgraph rules
      taskgraph rules TG103
      taskgraph rules TG4
      taskgraph rules no-timeout
      taskgraph rules --format markdown -o rules.md
    """
    from taskgraph.checks.registry import RULES, find_rules

    chosen = dict.fromkeys(rule for name in names for rule in find_rules(name))
    rules = tuple(chosen) or RULES
    if form == "markdown":
        from taskgraph.reports.rules import rules_markdown

        write(rules_markdown(rules), output)
        return
    from taskgraph.reports.rules import rule_text, rules_text

    write("\n".join(map(rule_text, rules)) if names else rules_text(rules), output)
