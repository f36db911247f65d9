"""Taking compressed files and archives apart, within bounds that are told.

Names of members are only ever shown and compared: nothing is written to disk. Links,
devices and what is hidden are left out. A tar archive is read from front to end, and a
diagnosis in one is packed again as the zip archive that OCP makes of it.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from typing import IO, Any, NamedTuple, cast

from taskgraph.errors import InputError
from taskgraph.sources.limits import MOST_MEMBERS, Allowance, ReadOptions, refusal
from taskgraph.sources.naming import (
    BZIP2,
    DIAGNOSIS_LIST,
    GZIP,
    XZ,
    is_document_name,
    is_log_name,
)

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

    Raises InputError if that needs an extra that is not installed.
    """
    start = stream.read(len(XZ))
    stream.seek(0)
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if start.startswith(BZIP2):
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if start.startswith(XZ):
        return cast("IO[bytes]", lzma.LZMAFile(stream))
    zstd = _zstd()
    if zstd is None:
        what = "is compressed with Zstandard"
        hint = 'install the extra "zst" of ocp-taskgraph, or decompress it with zstd -d'
        raise refusal(file, what, hint)
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

    Raises InputError if the data is damaged, too large, or needs an extra that is not
    installed.
    """
    try:
        with open_compressed(io.BytesIO(data), file) as stream:
            return allowance.read(stream, file)
    except DAMAGED as error:
        raise damaged(file, error) from None


def damaged(file: str, error: Exception) -> InputError:
    """Say that compressed data cannot be read."""
    reason = str(error).partition("\n")[0][:200] or type(error).__name__
    return refusal(file, f"cannot be unpacked: {reason}", _CHECK)


def open_zip(data: bytes, file: str) -> zipfile.ZipFile:
    """Open a zip archive.

    Raises InputError if it is damaged, or has far too many members.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGED as error:
        raise damaged(file, error) from None
    if len(archive.infolist()) > MOST_MEMBERS:
        raise refusal(file, f"has more than {MOST_MEMBERS:,} members", "unpack it first")
    refuse_cut_zip(archive, file)
    return archive


def refuse_cut_zip(archive: zipfile.ZipFile, file: str) -> None:
    """Refuse an archive that was cut off behind one inside it.

    The list of members stands at the end. Where an archive was cut off, that of an archive
    inside it is taken for its own.
    """
    if min((info.header_offset for info in archive.infolist()), default=0):
        what = "is damaged: there is more in it than its list of members names"
        raise refusal(file, what, "copy or save it again, and one archive a file")


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
    """Read members one after the other, with their names; in place of a bad one, why."""
    seen: Counter[str] = Counter()
    for info in infos:
        name = f"{file}!{numbered(info.filename, seen)}"
        try:
            content: bytes | InputError = read_member(archive, info, name, allowance)
        except InputError as error:
            content = error
        yield name, content


def numbered(member: str, seen: Counter[str]) -> str:
    """Tell a member from those before it that have the same name."""
    seen[member] += 1
    return member if seen[member] == 1 else f"{member} ({seen[member]})"


def read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str, allowance: Allowance
) -> bytes:
    """Read one member of an archive.

    Raises InputError if it is damaged, encrypted or too large.
    """
    if info.flag_bits & 1:
        raise refusal(file, "is encrypted", "unpack it first")
    allowance.take_member()
    try:
        with archive.open(info) as stream:
            return allowance.read(stream, file)
    except DAMAGED as error:
        raise damaged(file, error) from None


def document_members(
    archive: zipfile.ZipFile, options: ReadOptions
) -> list[zipfile.ZipInfo]:
    """Choose the members that are documents, by their names."""
    return [i for i in members(archive) if is_document_name(i.filename, options)]


def find_task_infos(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Find the lists of subtasks that make an archive one for a diagnosis."""
    return [
        info
        for info in members(archive)
        if info.filename.rpartition("/")[2] == DIAGNOSIS_LIST
    ]


class ZipMember(NamedTuple):
    """A member of an archive, as the list at its end tells of it."""

    name: str
    place: int
    """Where it begins: members may share a name."""
    size: int
    packed: int
    """Bytes that it takes in the archive."""
    checksum: int


class LargeZip:
    """A zip archive of any size, with any number of members, read one by one.

    Of what is a file, or an address, only the list of members is read to know them. Damage
    shows itself as one of `DAMAGED`; an archive that was cut off is an InputError.
    """

    def __init__(self, opened: str | IO[bytes], file: str) -> None:
        self.file = file
        self._archive = zipfile.ZipFile(opened)
        refuse_cut_zip(self._archive, file)

    def __enter__(self) -> LargeZip:
        return self

    def __exit__(self, *_error: object) -> None:
        self._archive.close()

    @property
    def is_diagnosis(self) -> bool:
        """Whether it is the archive that OCP makes for a diagnosis."""
        return bool(find_task_infos(self._archive))

    def documents(self, options: ReadOptions) -> Iterator[ZipMember]:
        """Give the members that are documents; an InputError where none is."""
        infos = document_members(self._archive, options)
        if not infos:
            raise no_documents(len(self._archive.infolist()), self.file)
        for i in infos:
            place, packed = i.header_offset, i.compress_size
            yield ZipMember(i.filename, place, i.file_size, packed, i.CRC)

    def open(self, place: int) -> IO[bytes]:
        """Open the member that begins there."""
        return self._archive.open(self._by_place[place])

    @cached_property
    def _by_place(self) -> dict[int, zipfile.ZipInfo]:
        return {info.header_offset: info for info in self._archive.infolist()}


def no_documents(count: int, file: str) -> InputError:
    """Say that of so many members of an archive none is a document."""
    what = f"holds no document: none of its {count:,} members is named like one"
    return refusal(file, what, "choose the files with --glob")


_PIECE = 1 << 20
_LONGEST_READ = 4 << 20
"""Documents are read in smaller pieces; a header of this size is an attack, or damage."""
_MOST_OF_LOGS = 256 << 20
"""How much the logs of all diagnoses in an archive may take in memory, packed."""


class Diagnoses:
    """What belongs to diagnoses among the members of an archive, packed as it passes.

    Without `with_logs` only which logs there are is kept. Logs alone are no diagnosis: it
    `has_list` where there is a list of subtasks.
    """

    def __init__(self, *, with_logs: bool = True) -> None:
        self.has_list = False
        self._with_logs = with_logs
        self._data = io.BytesIO()
        self._archive = zipfile.ZipFile(self._data, "w")

    def take(self, member: str, content: IO[bytes]) -> bool:
        """Keep a list of subtasks or a log; tell whether it was one of these.

        Logs for which there is no room are left out.
        """
        name = member.rpartition("/")[2]
        is_list = name == DIAGNOSIS_LIST
        if not is_list and not is_log_name(name):
            return False
        self.has_list = self.has_list or is_list
        if is_list or self._data.tell() <= _MOST_OF_LOGS:
            info = zipfile.ZipInfo(member)  # with no time: the same bytes each time
            info.compress_type = zipfile.ZIP_DEFLATED
            self._archive.NameToInfo.pop(member, None)  # or it warns of a name given twice
            with self._archive.open(info, "w", force_zip64=True) as packed:
                if is_list or self._with_logs:
                    shutil.copyfileobj(content, packed, _PIECE)
        return True

    def packed(self) -> bytes:
        """Give the zip archive; nothing where there is no list."""
        self._archive.close()
        return self._data.getvalue() if self.has_list else b""


def read_tar(
    stream: IO[bytes], file: str, allowance: Allowance, diagnoses: Diagnoses
) -> Iterator[tuple[str, bytes | InputError]]:
    """Give the names and contents of the documents, or why one cannot be read.

    All bytes of the archive, which is not compressed any more, are taken from the
    allowance, read or left out. An archive that is damaged, cut off or too large, or holds
    no document, is an InputError; what came before stays good.
    """
    count = documents = 0
    seen: Counter[str] = Counter()
    try:
        for member, content in tar_members(stream, allowance.spend):
            count += 1
            if count > MOST_MEMBERS:
                what = f"has more than {MOST_MEMBERS:,} members"
                raise refusal(file, what, "unpack it first")
            if content is None:
                continue
            if is_document_name(member, allowance.options):
                documents += 1
                allowance.take_member()
                name = f"{file}!{numbered(member, seen)}"
                yield name, _read(content, name, allowance)
            else:
                diagnoses.take(member, content)
    except DAMAGED as error:
        raise damaged(file, error) from None
    if not documents and not diagnoses.has_list:
        raise no_documents(count, file)


def _read(content: IO[bytes], name: str, allowance: Allowance) -> bytes | InputError:
    try:
        return allowance.read(content, name, is_counted=True)
    except InputError as error:
        if allowance.is_spent:
            raise
        return error


def tar_members(
    stream: IO[bytes], spend: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Give the names of the members, and a stream of the content of each regular file.

    What is no file, or hidden, has none. A stream is good until the next member is asked
    for. The memory that this takes does not grow with the archive. Damage shows itself as
    one of `DAMAGED`, also where the archive was cut off between two members, or where there
    is more behind its end.

    `stream` is not compressed any more, and at its start; `spend` is told of bytes that are
    about to pass, and may refuse them.
    """
    passing: Any = _Passing(stream, spend)
    with tarfile.open(fileobj=passing, mode="r:", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            cast("Any", archive).members.clear()  # it would keep all
            is_wanted = info.isreg() and not is_hidden(info.name)
            if is_wanted and info.issparse():
                spend(info.size)  # which may be any number: holes take no bytes
            content = archive.extractfile(info) if is_wanted else None
            yield info.name.encode("utf-8", "backslashreplace").decode(), content
        while piece := passing.read(_PIECE):  # to the end, where a checksum may be
            if piece.strip(b"\0"):
                raise tarfile.ReadError("there is more after the end of the archive")


class _Passing:
    """A stream of which is told what passes, whether it is read or left out."""

    def __init__(self, stream: IO[bytes], spend: Callable[[int], None]) -> None:
        self._stream = stream
        self._spend = spend
        self._furthest = 0

    def read(self, size: int) -> bytes:
        if size > _LONGEST_READ:
            raise tarfile.ReadError("a header in it is too long")
        data = self._stream.read(size)
        self._pass(self._stream.tell())
        return data

    def seek(self, position: int) -> int:
        self._pass(position)  # before: of what is compressed all between is unpacked
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def _pass(self, position: int) -> None:
        if position > self._furthest:
            self._spend(position - self._furthest)
            self._furthest = position


class _Header(tarfile.TarInfo):
    """A header of a member, of which a damaged one is no end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Header:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            if archive.offset == 0:
                raise
            text = f"it ends early or is damaged at byte {archive.offset:,}"
            raise tarfile.ReadError(f"{text}: {error}") from None
