"""From a file that holds several documents to each of them: archives and JSON Lines."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from taskgraph.history.parts import Entry, digest_of, open_file

__all__ = ["File", "Known", "expand", "is_container", "is_document"]

_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_DOCUMENTS = (".json", ".json.gz", ".json.zst", ".jsonl.zst", ".ndjson.zst")
_DIAGNOSIS = "task_info.txt"
_PIECE = 1 << 20


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


@dataclass(frozen=True, slots=True)
class Known:
    """The documents of one container that were looked at before.

    Attributes
    ----------
    names : set of (str, str)
        As (name, stamp), of those that could be read.
    rejected : mapping of (str, str) to bytes
        Of those that could not, with their digests.
    contents, bad : set of str
        The stamps alone: without an index a document is known by its content.
    """

    names: Set[tuple[str, str]] = frozenset()
    rejected: Mapping[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def contents(self) -> Set[str]:
        """The stamps of what could be read."""
        return {stamp for _, stamp in self.names}

    @property
    def bad(self) -> Set[str]:
        """The stamps of what could not."""
        return {stamp for _, stamp in self.rejected}


def is_container(name: str) -> bool:
    """Tell by its name whether a file holds several documents."""
    return name.lower().endswith((*_LINES, *_TARS, ".zip"))


def is_document(name: str) -> bool:
    """Tell by its name whether a file is one document."""
    return name.lower().endswith(_DOCUMENTS)


def expand(file: File, known: Known) -> Iterator[Entry]:
    """Give the documents of a container that were not read before.

    What was rejected before is given again: so it is known to be still there.

    Parameters
    ----------
    file : File
    known : Known

    Yields
    ------
    Entry

    Raises
    ------
    Exception
        If the container is damaged or cannot be opened; what came before stays good.
    """
    name = file.name.lower()
    expanders: tuple[tuple[tuple[str, ...], Callable[..., Iterator[Entry]]], ...] = (
        (_LINES, _jsonl),
        (_TARS, _tar),
        ((".zip",), _zip),
    )
    for endings, expander in expanders:
        if name.endswith(endings):
            yield from expander(file, known)


class _Contents:
    """Gives entries for contents that are not known, with their share of the input."""

    def __init__(self, file: File, known: Known) -> None:
        self.file = file
        self.known = known.contents
        self.bad = known.bad
        self.position = 0

    def entry(self, name: str, data: bytes, position: int) -> Iterator[Entry]:
        """Give the entry of one document, up to a position in the file."""
        digest = digest_of(data)
        stamp = digest.hex()
        if stamp in self.known:
            return
        weight = max(position - self.position, 0)
        self.position = position
        rejected = digest if stamp in self.bad else b""
        container = self.file.name
        yield Entry(name, container, stamp, data=data, rejected=rejected, weight=weight)

    def lines(self, stream: IO[bytes], name: str, raw: IO[bytes]) -> Iterator[Entry]:
        """Give the entries of JSON Lines."""
        with _unpacked(stream, name) as lines:
            for number, full in enumerate(lines, 1):
                if line := full.strip():
                    yield from self.entry(f"{name}:{number}", line, raw.tell())


def _unpacked(raw: IO[bytes], name: str) -> AbstractContextManager[IO[bytes]]:
    if name.lower().endswith(".gz"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    return nullcontext(raw)


def _jsonl(file: File, known: Known) -> Iterator[Entry]:
    with open_file(file.name) as raw:
        yield from _Contents(file, known).lines(raw, file.name, raw)


def _tar(file: File, known: Known) -> Iterator[Entry]:
    found = _Contents(file, known)
    with (
        open_file(file.name) as raw,
        tarfile.open(fileobj=raw, mode="r:*", tarinfo=_Header) as archive,
    ):
        for member in archive:
            wanted = member.isreg() and _is_member(member.name)
            stream = archive.extractfile(member) if wanted else None
            archive.members.clear()  # type: ignore[attr-defined] # it would keep all
            if stream is None:
                continue
            name = f"{file.name}!{member.name}"
            if member.name.lower().endswith(_LINES):
                try:
                    yield from found.lines(stream, name, raw)
                except Exception:  # noqa: BLE001 - damage shows itself in many ways
                    stream.seek(0)  # as one document it is rejected alone
                    yield from found.entry(name, stream.read(), raw.tell())
            else:
                yield from found.entry(name, stream.read(), raw.tell())
        _refuse_more(archive)


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
            text = f"the archive ends early or is damaged at byte {archive.offset:,}"
            raise tarfile.ReadError(f"{text}: {error}") from None


def _refuse_more(archive: tarfile.TarFile) -> None:
    """Read on to the end of the file, where a checksum may be, and find nothing there."""
    rest: Any = archive.fileobj
    while piece := rest.read(_PIECE):
        if piece.strip(b"\0"):
            raise tarfile.ReadError("there is more after the end of the archive")


def _zip(file: File, known: Known) -> Iterator[Entry]:
    found = _Contents(file, known)
    with open_file(file.name) as raw, zipfile.ZipFile(raw) as archive:
        if any(name.rpartition("/")[2] == _DIAGNOSIS for name in archive.namelist()):
            yield Entry(file.name, file.name, file.stamp, weight=file.size)
            return
        for member in archive.infolist():
            if member.is_dir() or not _is_member(member.filename):
                continue
            name = f"{file.name}!{member.filename}"
            if member.filename.lower().endswith(_LINES):
                try:
                    with archive.open(member) as stream:
                        yield from found.lines(stream, name, raw)
                    continue
                except Exception:  # noqa: BLE001 - damage shows itself in many ways
                    pass  # as one document it is rejected alone
            stamp = f"{member.file_size}-{member.CRC:08x}"
            if (name, stamp) not in known.names:
                yield Entry(
                    name,
                    file.name,
                    stamp,
                    member=member.filename,
                    version=file.stamp,
                    rejected=known.rejected.get((name, stamp), b""),
                    weight=member.compress_size,
                )


def _is_member(name: str) -> bool:
    base = name.rpartition("/")[2]
    if base.startswith("."):
        return False
    return is_document(base) or base.lower().endswith((*_LINES, ".zip"))
