"""From what the user names to documents: folders, archives, JSON Lines, object stores."""

from __future__ import annotations

import glob
import gzip
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from taskgraph.errors import ConfigError
from taskgraph.history.parts import Entry, digest_of, open_file

__all__ = ["File", "Known", "expand", "find_files", "is_container"]

_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_TARS = (".tar", ".tar.gz", ".tgz")
_DOCUMENTS = (".json", ".json.gz", ".json.zst", ".jsonl.zst", ".ndjson.zst")
_ENDINGS = (*_DOCUMENTS, *_LINES, *_TARS, ".zip")
_DIAGNOSIS = "task_info.txt"
_MAGIC = "*?["


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


Known = Set[tuple[str, str]]
"""The documents of one container that were read before, as (name, stamp)."""


def is_container(name: str) -> bool:
    """Tell by its name whether a file holds several documents."""
    return name.lower().endswith((*_LINES, *_TARS, ".zip"))


def find_files(paths: Iterable[str], store: Path) -> Iterator[File]:
    """Find every file; in a folder those with an ending that documents have.

    Parameters
    ----------
    paths : iterable of str
        Files, folders, patterns, or addresses of any of them that fsspec knows.
    store : Path
        Where the result goes, which is left out.

    Raises
    ------
    ConfigError
        If a path leads to nothing.
    """
    for path in paths:
        found = _find_remote(path) if "://" in path else _find_local(path, store)
        nothing = True
        for file in found:
            nothing = False
            yield file
        if nothing:
            raise ConfigError(f"{path}: no document is found there")


def _find_local(path: str, store: Path) -> Iterator[File]:
    if os.path.isdir(path):
        yield from _walk(os.path.abspath(path), str(store.absolute()))
    elif os.path.exists(path):
        yield _local(os.path.abspath(path), os.stat(path))
    elif any(char in path for char in _MAGIC):
        for match in glob.iglob(path, recursive=True):
            if os.path.isfile(match):
                yield _local(os.path.abspath(match), os.stat(match))


def _walk(folder: str, store: str) -> Iterator[File]:
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.path == store:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.name.lower().endswith(_ENDINGS) and entry.is_file():
                    yield _local(entry.path, entry.stat())


def _local(path: str, status: os.stat_result) -> File:
    """Describe a file; one whose name is no UTF-8 cannot be opened, which is told later."""
    path = path.encode("utf-8", "backslashreplace").decode()
    return File(path, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")


def _find_remote(address: str) -> Iterator[File]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        if any(char in path for char in _MAGIC):
            found = system.glob(path, detail=True)
        elif system.isdir(path):
            found = system.find(path, detail=True)
            found = {k: v for k, v in found.items() if k.lower().endswith(_ENDINGS)}
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


def expand(file: File, known: Known) -> Iterator[Entry]:
    """Give the documents of a container that were not read before.

    Parameters
    ----------
    file : File
    known : set of (str, str)

    Yields
    ------
    Entry

    Raises
    ------
    OSError, EOFError, zipfile.BadZipFile, tarfile.TarError
        If the container is damaged; what came before stays good.
    """
    name = file.name.lower()
    expanders: tuple[tuple[tuple[str, ...], Callable[..., Iterator[Entry]]], ...] = (
        (_LINES, _lines),
        (_TARS, _tar),
        ((".zip",), _zip),
    )
    for endings, expander in expanders:
        if name.endswith(endings):
            yield from expander(file, known)


def _lines(file: File, known: Known) -> Iterator[Entry]:
    contents = {stamp for _, stamp in known}
    with open_file(file.name) as raw, _unpacked(raw, file.name) as stream:
        before = 0
        for number, full in enumerate(stream, 1):
            line = full.strip()
            if not line:
                continue
            stamp = digest_of(line).hex()
            if stamp in contents:
                continue
            position = raw.tell()
            name = f"{file.name}:{number}"
            yield Entry(name, file.name, stamp, data=line, weight=position - before)
            before = position


def _unpacked(raw: IO[bytes], name: str) -> AbstractContextManager[IO[bytes]]:
    if name.lower().endswith(".gz"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    return nullcontext(raw)


def _tar(file: File, known: Known) -> Iterator[Entry]:
    contents = {stamp for _, stamp in known}
    with open_file(file.name) as raw, tarfile.open(fileobj=raw, mode="r:*") as archive:
        before = 0
        for member in archive:
            stream = archive.extractfile(member) if _is_document(member.name) else None
            if stream is None:
                continue
            data = stream.read()
            archive.members.clear()  # type: ignore[attr-defined] # it would keep all
            stamp = digest_of(data).hex()
            if stamp in contents:
                continue
            position = raw.tell()
            name = f"{file.name}!{member.name}"
            yield Entry(name, file.name, stamp, data=data, weight=position - before)
            before = position


def _zip(file: File, known: Known) -> Iterator[Entry]:
    with open_file(file.name) as raw, zipfile.ZipFile(raw) as archive:
        if any(name.rpartition("/")[2] == _DIAGNOSIS for name in archive.namelist()):
            yield Entry(file.name, file.name, file.stamp, weight=file.size)
            return
        for member in archive.infolist():
            if member.is_dir() or not _is_document(member.filename):
                continue
            name = f"{file.name}!{member.filename}"
            stamp = f"{member.file_size}-{member.CRC:08x}"
            if (name, stamp) not in known:
                yield Entry(
                    name,
                    file.name,
                    stamp,
                    member=member.filename,
                    version=file.stamp,
                    weight=member.compress_size,
                )


def _is_document(name: str) -> bool:
    base = name.rpartition("/")[2]
    return not base.startswith(".") and base.lower().endswith(_DOCUMENTS)
