"""Which configuration is in force for a file, and the options that change it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from taskgraph.config import Config, find_config, read_config
from taskgraph.errors import ConfigError

__all__ = ["Configuration", "as_of_option", "config_options"]

F = TypeVar("F", bound=Callable[..., Any])

as_of_option = click.option(
    "--as-of", metavar="TIME",
    help="The moment to judge running subtasks at, as 2025-01-16T11:43:38+08:00; by "
    "default what the document says.",
)  # fmt: skip


def config_options(command: F) -> F:
    """Add the options that say which configuration is in force."""
    command = click.option(
        "--isolated", is_flag=True, help="Read no configuration file at all."
    )(command)
    return click.option(
        "--config", "config_file", metavar="FILE",
        help="Read this configuration; by default the taskgraph.toml or pyproject.toml "
        "found from the folder of each file upwards.",
    )(command)  # fmt: skip


class Configuration:
    """Gives the configuration for each file, with the command line's options on top.

    Parameters
    ----------
    config_file : str or None
        The file that the user named.
    isolated : bool
        Read no file at all.
    change : callable, optional
        Puts the command line's options on top of a configuration.

    Raises
    ------
    ConfigError
        If both are given.
    """

    def __init__(
        self,
        config_file: str | None,
        isolated: bool,
        change: Callable[[Config], Config] = lambda config: config,
    ) -> None:
        if config_file is not None and isolated:
            raise ConfigError("--config and --isolated exclude each other")
        self._named = None if config_file is None else Path(config_file)
        self._isolated = isolated
        self._change = change
        self._changed: dict[Path | None, Config] = {}
        self._of_folder: dict[str, Path | None] = {}

    def file_for(self, name: str) -> Path | None:
        """Give the configuration file that is in force for a document."""
        if self._isolated:
            return None
        if self._named is not None:
            return self._named
        if name.startswith("<"):
            return find_config(Path.cwd())
        if os.path.islink(name):
            name = os.path.realpath(name)
        folder = name if os.path.isdir(name) else os.path.dirname(name)
        if folder not in self._of_folder:
            self._of_folder[folder] = find_config(Path(folder).resolve())
        return self._of_folder[folder]

    def for_file(self, name: str) -> Config:
        """Give what is in force for a document.

        Raises
        ------
        ConfigError
            If its configuration has a mistake.
        """
        path = self.file_for(name)
        if path not in self._changed:
            config = Config() if path is None else read_config(path)
            self._changed[path] = self._change(config)
        return self._changed[path].for_path(name)


def moment(text: str | None) -> datetime | None:
    """Read the moment of ``--as-of``.

    Raises
    ------
    ConfigError
        If it is none, or has no UTC offset.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        example = "2025-01-16T11:43:38+08:00"
        raise ConfigError(f"--as-of must be a time with its offset, like {example}: {text}")
    return found


def on_top(config: Config, check: dict[str, Any], **values: Any) -> Config:
    """Put options on top of a configuration; ``None`` and ``()`` leave it as it is."""
    check = {key: value for key, value in check.items() if value not in (None, ())}
    values = {key: value for key, value in values.items() if value is not None}
    if check:
        values["check"] = replace(config.check, **check)
    return replace(config, **values) if values else config
