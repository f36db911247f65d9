"""Arguments and options that several commands share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from taskgraph.config import Configuration, UnusedPatterns, find_config, read_config
from taskgraph.errors import ConfigError
from taskgraph.model.durations import parse_duration
from taskgraph.model.words import nearest_text
from taskgraph.settings import Settings
from taskgraph.sources.limits import ReadOptions

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True)
class Resolver:
    """Gives the configuration for each file, with the command line's options on top.

    It is sent to the processes that check, and so holds plain values only.
    """

    named: str | None = None  # the file that the user named
    is_isolated: bool = False  # read no file at all
    changes: Mapping[str, Any] = field(default_factory=dict)  # by the name of the setting
    also_ignored: tuple[str, ...] = ()  # rules, beside those of the file
    _changed: dict[Path | None, Configuration] = field(default_factory=dict, compare=False)
    _of_folder: dict[str, Path | None] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.named is not None and self.is_isolated:
            raise ConfigError("--config and --isolated exclude each other")

    def on_top(self, *, also_ignored: tuple[str, ...] = (), **changes: Any) -> Resolver:
        """Add what the command line says; ``None`` and ``()`` leave a setting as it is.

        An option ``attempts`` is for all subtasks, whatever their names; ``select`` begins
        anew, whatever rules a file selects and ignores.
        """
        said = {key: value for key, value in changes.items() if value not in (None, ())}
        if "attempts" in said:
            said["attempts_by_name"] = ()
        if "select" in said:
            said |= {"extend_select": (), "ignore": ()}
        return Resolver(
            self.named, self.is_isolated, {**self.changes, **said}, also_ignored
        )

    def file_for(self, name: str) -> Path | None:
        """Give the configuration file that is in force for a document."""
        if self.is_isolated:
            return None
        if self.named is not None:
            return Path(self.named)
        if name.startswith("<"):
            return find_config(Path.cwd())
        if os.path.islink(name):
            name = os.path.realpath(name)
        folder = name if os.path.isdir(name) else os.path.dirname(name)
        if folder not in self._of_folder:
            self._of_folder[folder] = find_config(Path(folder).resolve())
        return self._of_folder[folder]

    def __call__(self, name: str) -> Configuration:
        """Give what is in force for a document, or raise what is wrong with that."""
        path = self.file_for(name)
        if path not in self._changed:
            configuration = Configuration() if path is None else read_config(path)
            self._changed[path] = self._on_top_of(configuration)
        return self._changed[path]

    def _on_top_of(self, configuration: Configuration) -> Configuration:
        changes = dict(self.changes)
        if self.also_ignored:
            before = changes.get("ignore", configuration.settings.ignore)
            changes["ignore"] = (*before, *self.also_ignored)
        if not changes:
            return configuration
        settings = configuration.settings.model_copy(update=changes)
        return replace(configuration, settings=settings)


def moment(_ctx: object, param: click.Parameter, text: str | None) -> datetime | None:
    """Read the moment of an option, which needs its UTC offset."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        example = "2025-01-16T11:43:38+08:00"
        raise ConfigError(
            f"{param.opts[0]} must be a time with its offset, like {example}: {text}"
        )
    return time


# --- arguments and options -----------------------------------------------------------


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Inputs:
    """The documents that the user names, how to read them, and what is assumed."""

    paths: tuple[str, ...]
    options: ReadOptions = field(default_factory=ReadOptions)
    resolver: Resolver = field(default_factory=Resolver)
    unused: UnusedPatterns = field(default_factory=UnusedPatterns)
    """Learns which patterns of the configurations fit."""

    def on_top(self, **changes: Any) -> Inputs:
        """Put options on top of each document's settings; see :meth:`Resolver.on_top`."""
        return replace(self, resolver=self.resolver.on_top(**changes))


class Choice(click.Choice[str]):
    """A choice that knows what was meant by a word that is none of its own."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Say which words there are, and which of them is spelled nearly so."""
        said = super().get_invalid_choice_message(value, ctx)
        near = nearest_text(str(value), self.choices, 0.6)
        return said if near is None else f"{said} Did you mean {near!r}?"


def config_options(command: F) -> F:
    """Add the options that say which configuration is in force."""
    command = click.option(
        "--isolated", is_flag=True, help="Read no configuration file at all."
    )(command)
    return click.option(
        "--config", "config_file", metavar="FILE", type=click.Path(),
        help="Read this configuration; by default the taskgraph.toml or pyproject.toml "
        "found from the folder of each file upwards.",
    )(command)  # fmt: skip


def complete_rules(_ctx: object, _param: object, begun: str) -> list[CompletionItem]:
    """Give the rules whose code or name begins so, the last of several."""
    from click.shell_completion import CompletionItem

    from taskgraph.checks.registry import RULES

    before, comma, last = begun.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{word}", help=rule.doc.summary)
        for rule in RULES
        for word in (rule.code, rule.name)
        if word.lower().startswith(last.lower()) and (last or word == rule.code)
    ]


def task_option(command: F) -> F:
    """Add the option that chooses tasks of documents with several."""
    return click.option("--task", metavar="ID", help="Only the task with this id or name.")(
        command
    )


def _shown_options(command: F) -> F:
    redact = click.option(
        "--redact", is_flag=True,
        help="Mask hosts, people, values of the context and logs, not only secrets.",
    )  # fmt: skip
    return task_option(redact(command))


def _as_it_is(command: F) -> F:
    return command


def files_argument(command: F, *, beside_runs: bool = False) -> F:
    """Add the argument FILE, and the options on how to read it and what to assume.

    Parameters
    ----------
    command : callable
    beside_runs : bool
        Whether it is mainly about past runs: FILE may be left out, and there is no option
        that chooses or masks what is shown of it, for names of these runs are shown too.
    """

    @click.argument(
        "files", nargs=-1, required=not beside_runs, type=click.Path(),
        metavar="[FILE]..." if beside_runs else "FILE...",
    )  # fmt: skip
    @click.option(
        "--glob", metavar="PATTERN",
        help="Which files of a folder or an archive to read.  [default: documents]",
    )  # fmt: skip
    @click.option(
        "--stdin-filename", metavar="NAME",
        help="What standard input is called: x.task.yaml is a definition in YAML.",
    )  # fmt: skip
    @(_as_it_is if beside_runs else _shown_options)
    @click.option(
        "--as-of", callback=moment, metavar="TIME",
        help="The moment to judge running subtasks at, as 2025-01-16T11:43:38+08:00; "
        "by default what the document says.",
    )  # fmt: skip
    @config_options
    @wraps(command)
    def wrapped(
        files: tuple[str, ...],
        glob: str | None,
        stdin_filename: str | None,
        as_of: datetime | None,
        config_file: str | None,
        isolated: bool,
        task: str | None = None,
        redact: bool = False,
        **rest: Any,
    ) -> Any:
        resolver = Resolver(config_file, isolated).on_top(as_of=as_of)
        options = ReadOptions(glob, redact, task)
        if stdin_filename is not None:
            if "-" not in files:
                raise ConfigError("--stdin-filename names standard input: FILE is then -")
            options = replace(options, stdin_name=stdin_filename)
        return command(files=Inputs(files, options, resolver), **rest)

    return cast("F", wrapped)


output_option = click.option(
    "-o", "--output", metavar="FILE", type=click.Path(),
    help="Write there instead of to standard output.",
)  # fmt: skip
runs_option = click.option(
    "-r", "--runs", metavar="DIR",
    help="What history collect wrote: judge by these past runs too.",
)  # fmt: skip


def past_options(command: F) -> F:
    """Add the options on past runs of what a definition promises."""

    @runs_option
    @click.option(
        "--attempts-seen", is_flag=True, default=None,
        help="Count in the worst case as many attempts as a past run of --runs had.",
    )  # fmt: skip
    @wraps(command)
    def wrapped(runs: str | None, attempts_seen: bool | None, **rest: Any) -> Any:
        if attempts_seen and runs is None:
            raise ConfigError(
                "--attempts-seen is for --runs DIR, the runs that it is about"
            )
        return command(runs=runs, attempts_seen=attempts_seen, **rest)

    return cast("F", wrapped)


_ENDINGS = {
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".svg": "svg",
    ".txt": "text",
}


def form_by_ending(output: str | None, forms: Sequence[str]) -> str:
    """Tell the form by the ending of a file's name; the first where it has none.

    Raises ConfigError for an ending that says something else.
    """
    ending = PurePath(output or "").suffix.lower()
    form = _ENDINGS.get(ending, "") if ending else forms[0]
    if form in forms:
        return form
    endings = ", ".join(end for end, known in _ENDINGS.items() if known in forms)
    raise ConfigError(
        f"{output}: name the form with --format, or end the name in {endings}"
    )


def format_option(*names: str) -> Callable[[F], F]:
    """Give the option that chooses between forms; the first is the default."""
    return click.option(
        "-f", "--format", "form", type=Choice(names), default=names[0],
        show_default=True, help="The form of the output.",
    )  # fmt: skip


def setting_option(name: str, metavar: str, about: str = "") -> Callable[[F], F]:
    """Give the option that puts a setting on top; the setting's declaration judges it.

    What it is `about` is the first sentence of that declaration, where nothing else is
    said.
    """
    info = Settings.model_fields[name]

    def judged(_ctx: object, param: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        from pydantic import TypeAdapter, ValidationError

        value = int(text) if _WHOLE.fullmatch(text) else text
        try:
            return TypeAdapter[Any](Settings.__annotations__[name]).validate_python(value)
        except ValidationError as error:
            raise ConfigError(f"{param.opts[0]} {error.errors()[0]['msg']}") from None

    first, _, _ = str(info.description).partition(". ")
    return click.option(
        f"--{info.alias}", callback=judged, metavar=metavar,
        help=about or f"{first.removesuffix('.')}.",
    )  # fmt: skip


_WHOLE = re.compile(r"-?[0-9]{1,18}")


def seconds(_ctx: object, param: click.Parameter, value: str | None) -> int | None:
    """Read an option that is a time: seconds, or a duration as people write it."""
    try:
        return None if value is None else parse_duration(value)
    except ValueError:
        raise ConfigError(
            f"{param.opts[0]} must be seconds or a duration like 1h30m, not {value}"
        ) from None
