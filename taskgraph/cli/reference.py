"""The reference of all commands, made from the commands themselves.

``python -m taskgraph.cli.reference`` prints what ``docs/commands.md`` holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from taskgraph.cli.main import cli
from taskgraph.reports.markdown import escaped

_BEGIN = """\
# Commands

Made from the commands themselves by `python -m taskgraph.cli.reference > docs/commands.md`;
do not edit it. `taskgraph COMMAND --help` says the same."""


def commands_markdown() -> str:
    """Write the usage, the description and the options of every command."""
    root = click.Context(cli, info_name="taskgraph")
    return "\n\n".join([_BEGIN, *_command(root, 2)]) + "\n"


def _command(context: click.Context, level: int) -> Iterator[str]:
    command = context.command
    if level > 2:
        yield f"{'#' * (level - 1)} {context.command_path}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```\n{context.command_path} {usage}\n```"
    yield from _description(command.help or "")
    if command.epilog:
        yield from _description(command.epilog)
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        rows = ["| option | what it does |", "|---|---|"]
        yield "\n".join([*rows, *(_option(context, option) for option in options)])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            if subcommand is not None:
                yield from _command(click.Context(subcommand, context, name), level + 1)


def _description(text: str) -> Iterator[str]:
    """Give the paragraphs; what click leaves indented becomes code."""
    for paragraph in cleandoc(text).split("\n\n"):
        lines = paragraph.removeprefix("\b").strip("\n").split("\n")
        code = [line.removeprefix("  ") for line in lines if line.startswith("  ")]
        words = " ".join(line for line in lines if not line.startswith("  "))
        if words:
            yield escaped(" ".join(words.split()))
        if code:
            yield "\n".join(["```", *code, "```"])


def _option(context: click.Context, option: click.Option) -> str:
    """Give a row of the table, in which a bar would begin another cell."""
    names, words = option.get_help_record(context) or ("", "")
    return f"| `{names.replace('|', ', ')}` | {words.replace('|', ', ')} |"


if __name__ == "__main__":
    click.echo(commands_markdown(), nl=False)
