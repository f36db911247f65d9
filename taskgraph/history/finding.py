"""From what the user names to files: what the other commands find, and object stores."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from taskgraph.errors import ConfigError
from taskgraph.history.parts import reason_of
from taskgraph.history.store import is_store
from taskgraph.sources import ReadOptions, find_sources
from taskgraph.sources.naming import has_yaml_name, is_document_name

__all__ = ["File", "Refuse", "find_files", "is_run_name"]

_MAGIC = "*?["
_OPTIONS = ReadOptions()

Refuse: TypeAlias = Callable[[str, str], None]
"""Told the name of what cannot be looked at, and the reason."""


class File(NamedTuple):
    """A file that may hold documents.

    Attributes
    ----------
    name : str
        An absolute path, or an address.
    size : int
        In bytes.
    stamp : str
        Changes when the file does.
    """

    name: str
    size: int
    stamp: str


def find_files(paths: Iterable[str], store: Path, refuse: Refuse) -> Iterator[File]:
    """Find every file; in a folder those whose names say that they are documents.

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

        files = _find_remote(path) if "://" in path else _find_local(path, store, told)
        for file in files:
            nothing = False
            yield file
        if nothing:
            raise ConfigError(f"{path}: no document is found there")


def _find_local(path: str, store: Path, refuse: Refuse) -> Iterator[File]:
    own = str(store.absolute())

    def holds_runs(folder: str) -> bool:
        return folder == own or _is_store(folder)

    place = os.path.abspath(path) if path else path
    is_folder = os.path.isdir(place)
    for source in find_sources([place], io.BytesIO(), _OPTIONS, leave_out=holds_runs):
        if source.cause is not None:
            refuse(
                _encodable(source.name), reason_of(_encodable(source.name), source.cause)
            )
        elif source.path and not (is_folder and has_yaml_name(source.path)):
            yield from _look_at(source.path, refuse)


def _is_store(folder: str) -> bool:
    """Tell whether a folder is the store of another collection."""
    try:
        return is_store(folder)
    except OSError:
        return False


def _look_at(path: str, refuse: Refuse) -> Iterator[File]:
    """Describe a file; one that went away meanwhile, or a link to nothing, is none."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
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
            listed = system.glob(path, detail=True)
        elif system.isdir(path):
            listed = system.find(path, detail=True)
            listed = {name: info for name, info in listed.items() if is_run_name(name)}
        else:
            listed = {path: system.info(path)}
    except FileNotFoundError:
        return
    except (ImportError, OSError, ValueError) as error:
        raise ConfigError(f"{address}: cannot be listed: {error}") from None
    for name, info in listed.items():
        if info.get("type") != "directory":
            yield File(system.unstrip_protocol(name), info.get("size") or 0, _stamp(info))


def is_run_name(name: str) -> bool:
    """Tell by its name whether a file may be about runs; a definition in YAML is not."""
    return is_document_name(name, _OPTIONS) and not has_yaml_name(name)


def _stamp(info: dict[str, Any]) -> str:
    """Give what changes with a file, as far as the object store tells it."""
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
    mark = next((info[name] for name in marks if info.get(name)), "")
    if isinstance(mark, datetime):  # one and the same store writes its times in two ways
        mark = mark.timestamp()
    return f"{info.get('size')}-{mark}"
