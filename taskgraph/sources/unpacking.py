"""Taking compressed documents apart, within bounds that are told."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import IO, Any, cast

from taskgraph.errors import InputError, Problem
from taskgraph.sources.limits import BZIP2, GZIP, MOST_MEMBERS, XZ, Allowance
from taskgraph.sources.naming import is_document_name
from taskgraph.sources.options import ReadOptions

__all__ = [
    "DAMAGED",
    "damaged",
    "decompress",
    "document_members",
    "is_hidden",
    "members",
    "no_documents",
    "open_compressed",
    "open_zip",
    "read_member",
    "read_members",
    "refuse_cut_zip",
    "start_of",
]

_CHECK = "copy or save it again"


def _zstd() -> Any:
    """Give the standard library's module, from Python 3.14 on, or its backport."""
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return import_module(name)
    return None


DAMAGED: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    *(zstd.ZstdError for zstd in (_zstd(),) if zstd is not None),
)
"""What the libraries that unpack raise where compressed data is damaged or unusual."""


def open_compressed(stream: IO[bytes], file: str) -> IO[bytes]:
    """Open a stream of gzip, Zstandard, bzip2 or xz, told by its first bytes.

    Damage shows itself as one of `DAMAGED` when it is read.

    Raises
    ------
    InputError
        If that needs an extra that is not installed.
    """
    start = stream.read(len(XZ))
    stream.seek(0)
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if start.startswith(BZIP2):
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if start.startswith(XZ):
        return cast("IO[bytes]", lzma.LZMAFile(stream))
    return _open_zstd(stream, file)


def _open_zstd(stream: IO[bytes], file: str) -> IO[bytes]:
    zstd = _zstd()
    if zstd is None:
        problem = Problem("is compressed with Zstandard")
        hint = 'install the extra "zst" of ocp-taskgraph, or decompress it with zstd -d'
        raise InputError(file, [problem], hint)

    return cast("IO[bytes]", zstd.ZstdFile(stream))


def start_of(data: bytes, file: str) -> bytes:
    """Give the first bytes of what is compressed; none where it is damaged there."""
    try:
        with open_compressed(io.BytesIO(data), file) as stream:
            return stream.read(tarfile.BLOCKSIZE)
    except DAMAGED:
        return b""


def decompress(data: bytes, file: str, allowance: Allowance) -> bytes:
    """Decompress one document.

    Raises
    ------
    InputError
        If the data is damaged, too large, or needs an extra that is not installed.
    """
    try:
        with open_compressed(io.BytesIO(data), file) as stream:
            return allowance.read(stream, file)
    except DAMAGED as error:
        raise damaged(file, error) from None


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
    if len(archive.infolist()) > MOST_MEMBERS:
        problem = Problem(f"has more than {MOST_MEMBERS:,} members")
        raise InputError(file, [problem], "unpack it first")
    refuse_cut_zip(archive, file)
    return archive


def refuse_cut_zip(archive: zipfile.ZipFile, file: str) -> None:
    """Refuse an archive that was cut off behind one inside it.

    The list of members stands at the end. Where an archive was cut off, that of an archive
    inside it is taken for its own.

    Raises
    ------
    InputError
    """
    if min((info.header_offset for info in archive.infolist()), default=0):
        problem = Problem("is damaged: there is more in it than its list of members names")
        raise InputError(file, [problem], "copy or save it again, and one archive a file")


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Give the regular files of an archive by name, hidden ones left out.

    Names are only ever shown and compared: nothing is written to disk.
    """
    files = [
        info
        for info in archive.infolist()
        if info.filename
        and not info.filename.endswith("/")
        and stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)
        and not is_hidden(info.filename)
    ]
    return sorted(files, key=lambda info: (info.filename, info.header_offset))


def is_hidden(name: str) -> bool:
    """Tell whether a member, or a folder that it lies in, is hidden."""
    return any(
        part.startswith((".", "__MACOSX")) and part not in (".", "..")
        for part in name.split("/")
    )


def read_members(
    archive: zipfile.ZipFile,
    infos: Iterable[zipfile.ZipInfo],
    file: str,
    allowance: Allowance,
) -> Iterator[tuple[str, bytes | InputError]]:
    """Give the names and contents of members, or why one cannot be read."""
    for info in infos:
        name = f"{file}!{info.filename}"
        try:
            content: bytes | InputError = read_member(archive, info, name, allowance)
        except InputError as error:
            content = error
        yield name, content


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


def no_documents(count: int, file: str) -> InputError:
    """Say that of so many members of an archive none is a document."""
    problem = Problem(f"holds no document: none of its {count} members is named like one")
    return InputError(file, [problem], "choose the files with --glob")
