"""Taking compressed documents apart, within bounds that are told."""

from __future__ import annotations

import fnmatch
import gzip
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

from taskgraph.errors import InputError, Problem
from taskgraph.sources.options import ReadOptions

__all__ = [
    "DAMAGED",
    "Allowance",
    "decompress",
    "is_compressed",
    "is_document_name",
    "is_zip",
    "members",
    "open_zip",
    "read_member",
]

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENDINGS = tuple(
    f"{ending}{packed}"
    for ending in (".json", ".jsonl", ".ndjson")
    for packed in ("", ".gz", ".zst")
)
_DEFINITIONS = tuple(
    f".{mark}.{ending}" for mark in ("task", "taskdef") for ending in ("yaml", "yml")
)
_MOST_MEMBERS = 100_000
_MOST_TOGETHER = 16
_DEEPEST = 3
_MANY_CONTAINERS = 4_000_000
_CHECK = "copy or save it again"
_LIMIT = "the limit can be set: ReadOptions.max_bytes in Python"

DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises where compressed data is damaged or unusual."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Allowance:
    """How much may still be unpacked from one file, however deep it is packed.

    Parameters
    ----------
    file : str
        The name for messages.
    options : ReadOptions
    """

    def __init__(self, file: str, options: ReadOptions) -> None:
        self.file = file
        self.options = options
        self.members = _MOST_MEMBERS
        self.bytes = _MOST_TOGETHER * options.max_bytes
        self.depth = 0

    def enter(self) -> None:
        """Go one level deeper.

        Raises
        ------
        InputError
        """
        self.depth += 1
        if self.depth > _DEEPEST:
            problem = Problem(f"is packed more than {_DEEPEST} times")
            raise InputError(self.file, [problem], "unpack it first")

    def leave(self) -> None:
        """Come back from a level."""
        self.depth -= 1

    def read(self, stream: _Readable, file: str) -> bytes:
        """Read one document to its end.

        Raises
        ------
        InputError
            If it is too large, or all of them together are.
        """
        data = stream.read(min(self.options.max_bytes, self.bytes) + 1)
        self.check_size(data, file)
        self.spend(len(data))
        if len(data) > _MANY_CONTAINERS:
            # Brackets pack well, and each takes far more memory than its byte.
            count = data.count(b"[") + data.count(b"{")
            if count > _MANY_CONTAINERS:
                problem = Problem(f"unpacks to {count:,} lists and objects")
                raise InputError(file, [problem], "no task response has so many")
        return data

    def check_size(self, data: bytes, file: str) -> None:
        """Refuse a document that is too large.

        Raises
        ------
        InputError
        """
        limit = self.options.max_bytes
        if len(data) > limit:
            raise InputError(file, [Problem(f"is larger than {_size(limit)}")], _LIMIT)

    def spend(self, count: int) -> None:
        """Take note of unpacked bytes.

        Raises
        ------
        InputError
            If all of them together are too many.
        """
        self.bytes -= count
        if self.bytes < 0:
            total = _size(_MOST_TOGETHER * self.options.max_bytes)
            problem = Problem(f"unpacks to more than {total}")
            raise InputError(self.file, [problem], "unpack it first")


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size:,} {unit}"
    return f"{count:,} bytes"


def is_compressed(data: bytes) -> bool:
    """Tell gzip and Zstandard by their first bytes."""
    return data.startswith((_GZIP, _ZSTD))


def is_zip(data: bytes) -> bool:
    """Tell a zip archive by its first bytes."""
    return data.startswith(_ZIP)


def decompress(data: bytes, file: str, allowance: Allowance) -> bytes:
    """Decompress gzip or Zstandard.

    Raises
    ------
    InputError
        If the data is damaged, too large, or needs an extra that is not installed.
    """
    try:
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                return allowance.read(stream, file)
        return _decompress_zstd(data, file, allowance)
    except DAMAGED as error:
        raise damaged(file, error) from None


def _decompress_zstd(data: bytes, file: str, allowance: Allowance) -> bytes:
    zstd = _zstd()
    if zstd is None:
        problem = Problem("is compressed with Zstandard")
        hint = 'install the extra "zst" of ocp-taskgraph, or decompress it with zstd -d'
        raise InputError(file, [problem], hint)
    try:
        with zstd.ZstdFile(io.BytesIO(data)) as stream:
            return allowance.read(stream, file)
    except zstd.ZstdError as error:
        raise damaged(file, error) from None


def _zstd() -> Any:
    """Give the standard library's module, from Python 3.14 on, or its backport."""
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return import_module(name)
    return None


def damaged(file: str, error: Exception) -> InputError:
    """Say that compressed data cannot be read."""
    reason = str(error).partition("\n")[0][:200] or type(error).__name__
    return InputError(file, [Problem(f"cannot be unpacked: {reason}")], _CHECK)


def open_zip(data: bytes, file: str) -> zipfile.ZipFile:
    """Open a zip archive.

    Raises
    ------
    InputError
        If it is damaged, or has far too many members.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGED as error:
        raise damaged(file, error) from None
    if len(archive.infolist()) > _MOST_MEMBERS:
        problem = Problem(f"has more than {_MOST_MEMBERS:,} members")
        raise InputError(file, [problem], "unpack it first")
    return archive


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Give the regular files of an archive by name, hidden ones left out.

    Names are only ever shown and compared: nothing is written to disk.
    """
    found = [
        info
        for info in archive.infolist()
        if info.filename
        and not info.filename.endswith("/")
        and stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)
        and not any(
            part.startswith((".", "__MACOSX")) and part not in (".", "..")
            for part in info.filename.split("/")
        )
    ]
    return sorted(found, key=lambda info: (info.filename, info.header_offset))


def read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str, allowance: Allowance
) -> bytes:
    """Read one member of an archive.

    Raises
    ------
    InputError
        If it is damaged, encrypted or too large.
    """
    if info.flag_bits & 1:
        raise InputError(file, [Problem("is encrypted")], "unpack it first")
    allowance.members -= 1
    if allowance.members < 0:
        problem = Problem(f"holds more than {_MOST_MEMBERS:,} documents")
        raise InputError(allowance.file, [problem], "unpack it first")
    try:
        with archive.open(info) as stream:
            return allowance.read(stream, file)
    except DAMAGED as error:
        raise damaged(file, error) from None


def is_document_name(path: str, options: ReadOptions) -> bool:
    """Tell whether a file of a folder or an archive is a document, by its name.

    Parameters
    ----------
    path : str
        From the folder or the archive on, with ``/``.
    options : ReadOptions
    """
    name = path.rpartition("/")[2]
    if options.glob is not None:
        pattern = options.glob.removeprefix("**/")
        return fnmatch.fnmatchcase(path if "/" in pattern else name, pattern)
    lower = name.lower()
    return lower.endswith((*_ENDINGS, *_DEFINITIONS, ".zip"))


def document_members(
    archive: zipfile.ZipFile, file: str, options: ReadOptions
) -> Iterator[zipfile.ZipInfo]:
    """Give the members that are documents.

    Raises
    ------
    InputError
        If none is.
    """
    found = [i for i in members(archive) if is_document_name(i.filename, options)]
    if not found:
        count = len(archive.infolist())
        problem = Problem(
            f"holds no document: none of its {count} members is named like one"
        )
        raise InputError(file, [problem], "name the files with a glob")
    yield from found
