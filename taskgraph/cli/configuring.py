"""Which settings are in force: the defaults, then a file, then the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from taskgraph.config import Configuration, find_config, read_config
from taskgraph.errors import ConfigError

__all__ = ["Resolver", "moment"]


@dataclass(frozen=True)
class Resolver:
    """Gives the configuration for each file, with the command line's options on top.

    It is sent to the processes that check, and so holds plain values only.

    Attributes
    ----------
    named : str or None
        The file that the user named.
    is_isolated : bool
        Read no file at all.
    changes : mapping of str to object
        What the command line says, by the name of the setting.
    also_ignored : tuple of str
        Rules not to use, beside those of the file.
    """

    named: str | None = None
    is_isolated: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    also_ignored: tuple[str, ...] = ()
    _changed: dict[Path | None, Configuration] = field(default_factory=dict, compare=False)
    _of_folder: dict[str, Path | None] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.named is not None and self.is_isolated:
            raise ConfigError("--config and --isolated exclude each other")

    def on_top(self, *, also_ignored: tuple[str, ...] = (), **changes: Any) -> Resolver:
        """Add what the command line says; ``None`` and ``()`` leave a setting as it is.

        An option ``attempts`` is for all subtasks, whatever their names.
        """
        said = {key: value for key, value in changes.items() if value not in (None, ())}
        if "attempts" in said:
            said["attempts_by_name"] = ()
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
        """Give what is in force for a document.

        Raises
        ------
        ConfigError
            If its configuration has a mistake.
        """
        path = self.file_for(name)
        if path not in self._changed:
            configuration = Configuration() if path is None else read_config(path)
            self._changed[path] = self._on_top_of(configuration)
        return self._changed[path]

    def _on_top_of(self, configuration: Configuration) -> Configuration:
        changes = dict(self.changes)
        if self.also_ignored:
            changes["ignore"] = (*configuration.settings.ignore, *self.also_ignored)
        if not changes:
            return configuration
        settings = configuration.settings.model_copy(update=changes)
        return replace(configuration, settings=settings)


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
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        example = "2025-01-16T11:43:38+08:00"
        raise ConfigError(f"--as-of must be a time with its offset, like {example}: {text}")
    return time
