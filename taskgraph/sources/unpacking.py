"""Taking compressed documents apart, within bounds that are told."""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from importlib import import_module
from typing import Any

from taskgraph.errors import InputError, Problem
from taskgraph.sources.limits import GZIP, MOST_MEMBERS, Allowance
from taskgraph.sources.naming import is_document_name
from taskgraph.sources.options import ReadOptions

__all__ = [
    "DAMAGED",
    "decompress",
    "document_members",
    "members",
    "no_documents",
    "open_zip",
    "read_member",
]

_CHECK = "copy or save it again"

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


def decompress(data: bytes, file: str, allowance: Allowance) -> bytes:
    """Decompress gzip or Zstandard.

    Raises
    ------
    InputError
        If the data is damaged, too large, or needs an extra that is not installed.
    """
    try:
        if data.startswith(GZIP):
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
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        problem = Problem(f"has more than {MOST_MEMBERS:,} members")
        raise InputError(file, [problem], "unpack it first")
    if min((info.header_offset for info in infos), default=0):
        # The list of members stands at the end. Where an archive was cut off, that of
        # an archive inside it is taken for its own.
        problem = Problem("is damaged: there is more in it than its list of members names")
        raise InputError(file, [problem], "copy or save it again, and one archive a file")
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
    allowance.take_member()
    try:
        with archive.open(info) as stream:
            return allowance.read(stream, file)
    except DAMAGED as error:
        raise damaged(file, error) from None


def document_members(
    archive: zipfile.ZipFile, options: ReadOptions
) -> list[zipfile.ZipInfo]:
    """Give the members that are documents."""
    return [i for i in members(archive) if is_document_name(i.filename, options)]


def no_documents(archive: zipfile.ZipFile, file: str) -> InputError:
    """Say that no member of an archive is a document."""
    count = len(archive.infolist())
    problem = Problem(f"holds no document: none of its {count} members is named like one")
    return InputError(file, [problem], "choose the files with --glob")
