"""From a file that holds several documents to each of them, and which are known."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO

from taskgraph.history.finding import File, is_run_name
from taskgraph.history.parts import Entry, digest_of, open_file
from taskgraph.sources import ReadOptions
from taskgraph.sources.diagnosis import find_task_infos
from taskgraph.sources.limits import Allowance, is_compressed, read_up_to
from taskgraph.sources.naming import has_lines_name, has_tar_name
from taskgraph.sources.tar import Diagnoses, tar_members
from taskgraph.sources.unpacking import (
    document_members,
    open_compressed,
    refuse_cut_zip,
)

__all__ = ["Known", "expand", "is_container"]

_OPTIONS = ReadOptions()


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
    return has_lines_name(name) or has_tar_name(name) or _has_zip_name(name)


def _has_zip_name(name: str) -> bool:
    return name.lower().endswith(".zip")


def expand(file: File, known: Known) -> Iterator[Entry]:
    """Give the documents of a container that were not read before.

    What was rejected before is given again: so it is known to be still there. The memory
    that this takes grows neither with the container nor with what is in it, but for the
    list of members that a zip archive ends with.

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
    with open_file(file.name) as raw:
        if _has_zip_name(file.name):
            yield from _zip(file, known, raw)
            return
        walk = _Walk(file, known, raw)
        if has_lines_name(file.name):
            yield from walk.lines(raw, file.name)
        else:
            yield from walk.tar()


class _Walk:
    """Goes through a container without an index, and gives entries for new contents."""

    def __init__(self, file: File, known: Known, raw: IO[bytes]) -> None:
        self.file = file
        self.raw = raw
        self.known = known.contents
        self.bad = known.bad
        self.position = 0

    def entry(self, name: str, data: bytes) -> Iterator[Entry]:
        """Give the entry of one document, with its share of the input."""
        digest = digest_of(data)
        stamp = digest.hex()
        if stamp in self.known:
            return
        position = self.raw.tell()
        weight = max(position - self.position, 0)
        self.position = position
        rejected = digest if stamp in self.bad else b""
        container = self.file.name
        yield Entry(name, container, stamp, data=data, rejected=rejected, weight=weight)

    def lines(self, stream: IO[bytes], name: str) -> Iterator[Entry]:
        """Give the entries of JSON Lines."""
        allowance = Allowance(name, _OPTIONS)
        number = 0
        with _unpacked(stream, name) as lines:
            while full := lines.readline(_OPTIONS.max_bytes + 1):
                number += 1
                allowance.check_size(full, f"{name}:{number}")
                if line := full.strip():
                    yield from self.entry(f"{name}:{number}", line)

    def tar(self) -> Iterator[Entry]:
        """Give the entries of a tar archive."""
        diagnoses = Diagnoses(with_logs=False)
        with _unpacked(self.raw, self.file.name) as stream:
            for member, content in tar_members(stream):
                if content is None or diagnoses.take(member, content):
                    continue
                if not is_run_name(member):
                    continue
                name = f"{self.file.name}!{member}"
                if has_lines_name(member):
                    try:
                        yield from self.lines(content, name)
                        continue
                    except Exception:  # noqa: BLE001 - damage shows itself in many ways
                        content.seek(0)  # as one document it is rejected alone
                yield from self.entry(name, read_up_to(content, _OPTIONS.max_bytes + 1))
        if packed := diagnoses.packed():
            yield from self.entry(self.file.name, packed)


def _unpacked(stream: IO[bytes], name: str) -> AbstractContextManager[IO[bytes]]:
    """Open what may be compressed."""
    start = stream.read(8)
    stream.seek(0)
    if is_compressed(start):
        return open_compressed(stream, name)
    return nullcontext(stream)


def _zip(file: File, known: Known, raw: IO[bytes]) -> Iterator[Entry]:
    with zipfile.ZipFile(raw) as archive:
        refuse_cut_zip(archive, file.name)
        if find_task_infos(archive):
            yield Entry(file.name, file.name, file.stamp, weight=file.size)
            return
        walk = _Walk(file, known, raw)
        for member in document_members(archive, _OPTIONS):
            if not is_run_name(member.filename):
                continue
            name = f"{file.name}!{member.filename}"
            if has_lines_name(member.filename):
                try:
                    with archive.open(member) as stream:
                        yield from walk.lines(stream, name)
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
