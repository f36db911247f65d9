"""No output of any command shows a secret, and with --redact no host or person either.

Commands and forms are taken from the command line itself: a new one joins here by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from tests.model.test_masking import DOCUMENT, SECRET

# Pictures of the same scene that SVG writes, made by other programs.
_PICTURES = frozenset({"pdf", "png"})
_PRIVATE = ("jane", "10.9.8", "db-host-seven", "zone-blue")


class Output(NamedTuple):
    """One thing that can be written of a document."""

    command: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.command, *self.options))


def outputs() -> Iterator[Output]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if not any(parameter.name == "redact" for parameter in command.params):
            continue
        choices = [
            (parameter.opts[0], choice)
            for parameter in command.params
            if isinstance(parameter.type, click.Choice) and parameter.name != "fail_on"
            for choice in parameter.type.choices
        ]
        yield Output(name)
        for option, choice in choices:
            if choice not in _PICTURES and option != "--engine":
                yield Output(name, (option, str(choice)))


def written(output: Output, tmp_path: Path, *more: str) -> str:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    done = CliRunner().invoke(cli, [output.command, *output.options, *more, str(path)])
    assert done.exit_code in (0, 1), done.output
    assert done.output.strip()
    return done.output


def test_there_are_outputs() -> None:
    commands = {output.command for output in outputs()}
    assert commands >= {"show", "check", "critical-path", "budget", "render"}


@pytest.mark.parametrize("output", list(outputs()), ids=str)
def test_no_secret_is_shown(output: Output, tmp_path: Path) -> None:
    assert SECRET not in written(output, tmp_path)


@pytest.mark.parametrize("output", list(outputs()), ids=str)
def test_nothing_private_is_shown_where_it_is_redacted(
    output: Output, tmp_path: Path
) -> None:
    text = written(output, tmp_path, "--redact")
    assert not [word for word in (SECRET, *_PRIVATE) if word in text]
