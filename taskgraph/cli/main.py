"""The command ``taskgraph`` and its exit codes."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import signal
import sys
from typing import NoReturn

import click

from taskgraph.cli.output import EXIT_FAULT, EXIT_INPUT, EXIT_INTERRUPTED, EXIT_OK, complain
from taskgraph.errors import TaskgraphError
from taskgraph.model.words import nearest_text
from taskgraph.version import __version__

_COMMANDS = {
    "show": "What is this task, how far is it, what is wrong, what is critical.",
    "check": "Which rules does it break.",
    "critical-path": "The schedule: critical path, float, ties.",
    "budget": "How long it can take at worst.",
    "explain": "Why it failed or stalled, what that held up, what may be done now.",
    "render": "Draw it.",
    "report": "The postmortem: one page with everything, to open or to attach.",
    "diff": "What changed between two documents, or two folders of them.",
    "history": "What many documents say: durations, failures, timeouts, odds.",
    "init": "Write a definition and a configuration to start from.",
    "rules": "The rules that check knows.",
    "schema": "The JSON Schemas of what goes in and what comes out.",
    "config": "The configuration in force, and where it is from.",
}


class Interrupts:
    """Raises an interrupt as Python does, and keeps that one came.

    What is in between may make something else of it: where a class is made, Python up to
    3.11 makes a RuntimeError, and code in C that calls back may lose it.
    """

    def __init__(self) -> None:
        self.came = False

    def __call__(self, number: int, _frame: object) -> None:
        """Handle the signal, as the standard library calls it."""
        self.came = True
        signal.default_int_handler(number, None)


interrupts = Interrupts()
"""What handles the signal, where the command is a process of its own."""


class Group(click.Group):
    """A group that suggests the command that is spelled nearly so."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant."""
        if args and args[0] not in self.list_commands(ctx):
            self._suggest(ctx, args[0])
        return super().resolve_command(ctx, args)

    def _suggest(self, ctx: click.Context, name: str) -> None:
        if name.startswith("-") and name != "-":
            return  # an option, which click knows to suggest itself
        known = self.list_commands(ctx)
        near = nearest_text(name, known, 0.6)
        if near is None and "show" in known and (name == "-" or os.path.exists(name)):
            near = f"show {name}"
        meant = f"did you mean '{ctx.command_path} {near}'?" if near else ""
        ctx.fail(f"there is no command '{name}': {meant or ', '.join(known)}")


class _Commands(Group):
    """Imports the module of a command when it is called, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"taskgraph.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Read the JSON that a task orchestrator returned, check it, time it and draw it.

    FILE is the path of a saved response, or - for standard input.

    \b
    Examples:
      taskgraph show response.json
      taskgraph check response.json
      taskgraph render response.json -o task.svg
      curl -s .../api/v2/tasks/instances/42 | taskgraph critical-path -

    \b
    Exit codes: 0 all is well; 1 findings; 2 wrong usage or an unreadable input;
    3 a fault of taskgraph itself. The highest wins.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    # Documents and graphs hold few cycles, and a large one has millions of objects:
    # with the usual thresholds the collector walks them all again and again.
    gc.set_threshold(500_000, 20, 100)
    # Plugins of pydantic have nothing to do here, and to look for them takes as long as
    # to check a document: every installed distribution is asked.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = cli.main(args, prog_name="taskgraph", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _interrupted()
    except TaskgraphError as error:
        if interrupts.came:  # of a process that it ended, for example
            _interrupted()
        complain(str(error))
        sys.exit(EXIT_INPUT)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            _fault(error)
        with contextlib.suppress(OSError):
            sys.stdout.close()  # or what it still holds would fail again at the exit
        complain(f"standard output cannot be written: {error.strerror}")
        sys.exit(EXIT_INPUT)
    except Exception as error:  # noqa: BLE001 - the last resort before a traceback
        _fault(error)
    finally:
        # At its end the interpreter walks all that is left once more, for nothing: of a
        # small document that takes a tenth of the whole run.
        gc.freeze()
    sys.exit(code if isinstance(code, int) else EXIT_OK)


def _interrupted() -> NoReturn:
    complain("interrupted")
    sys.exit(EXIT_INTERRUPTED)


def _fault(error: BaseException) -> NoReturn:
    """Say that the fault is ours, and where, in one message."""
    if interrupts.came:
        _interrupted()
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    complain(
        f"a fault of taskgraph itself: {type(error).__name__}: {error} ({place})\n"
        "  hint: please report it with the command and, if you may, the document"
    )
    sys.exit(EXIT_FAULT)
