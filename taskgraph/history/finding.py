"""From what the user names to files: folders, patterns, object stores."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from taskgraph.errors import ConfigError
from taskgraph.history.expanding import File, is_container, is_document
from taskgraph.history.parts import reason_of
from taskgraph.history.store import is_store
from taskgraph.sources.opening import match_pattern

__all__ = ["Refuse", "find_files"]

_MAGIC = "*?["

Refuse: TypeAlias = Callable[[str, str], None]
"""Told the name of what cannot be looked at, and the reason."""


def find_files(paths: Iterable[str], store: Path, refuse: Refuse) -> Iterator[File]:
    """Find every file; in a folder those with an ending that documents have.

    Parameters
    ----------
    paths : iterable of str
        Files, folders, patterns, or addresses of any of them that fsspec knows.
    store : Path
        Where the result goes, which is left out.
    refuse : callable
        Told what cannot be looked at; the others are found all the same.

    Raises
    ------
    ConfigError
        If a path leads to nothing.
    """
    for path in paths:
        nothing = True

        def told(name: str, reason: str) -> None:
            nonlocal nothing
            nothing = False
            refuse(name, reason)

        found = _find_remote(path) if "://" in path else _find_local(path, store, told)
        for file in found:
            nothing = False
            yield file
        if nothing:
            raise ConfigError(f"{path}: no document is found there")


def _find_local(path: str, store: Path, refuse: Refuse) -> Iterator[File]:
    if os.path.isdir(path):
        yield from _walk(os.path.abspath(path), str(store.absolute()), refuse)
    elif os.path.exists(path):
        yield from _look_at(os.path.abspath(path), refuse)
    elif any(char in path for char in _MAGIC):
        for match in match_pattern(path):
            if os.path.isfile(match):
                yield from _look_at(os.path.abspath(match), refuse)


def _walk(folder: str, store: str, refuse: Refuse) -> Iterator[File]:
    folders = [folder]
    while folders:
        place = folders.pop()
        try:
            if place == store or _holds_runs(place):
                continue
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif _has_ending(entry.name):
                        yield from _look_at(entry.path, refuse)
        except OSError as error:
            refuse(_encodable(place), reason_of(_encodable(place), error))


def _holds_runs(folder: str) -> bool:
    """Tell whether a folder is the store of another collection."""
    try:
        return is_store(folder)
    except OSError:
        return False


def _has_ending(name: str) -> bool:
    return is_container(name) or is_document(name)


def _look_at(path: str, refuse: Refuse) -> Iterator[File]:
    """Describe a file; one that went away meanwhile, or a link to nothing, is none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        refuse(_encodable(path), reason_of(_encodable(path), error))
        return
    if stat.S_ISREG(status.st_mode):
        yield _local(path, status)


def _local(path: str, status: os.stat_result) -> File:
    """Describe a file; one whose name is no UTF-8 cannot be opened, which is told later."""
    stamp = f"{status.st_size}-{status.st_mtime_ns}"
    return File(_encodable(path), status.st_size, stamp)


def _encodable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()


def _find_remote(address: str) -> Iterator[File]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        if any(char in path for char in _MAGIC):
            found = system.glob(path, detail=True)
        elif system.isdir(path):
            found = system.find(path, detail=True)
            found = {k: v for k, v in found.items() if _has_ending(k)}
        else:
            found = {path: system.info(path)}
    except FileNotFoundError:
        return
    except (ImportError, OSError, ValueError) as error:
        raise ConfigError(f"{address}: cannot be listed: {error}") from None
    for name, info in found.items():
        if info.get("type") != "directory":
            yield File(system.unstrip_protocol(name), info.get("size") or 0, _stamp(info))


def _stamp(info: dict[str, Any]) -> str:
    """Give what changes with a file, as far as the object store tells it."""
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
    mark = next((info[name] for name in marks if info.get(name)), "")
    if isinstance(mark, datetime):  # one and the same store writes its times in two ways
        mark = mark.timestamp()
    return f"{info.get('size')}-{mark}"
