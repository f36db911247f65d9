"""From what the user names to files, and to each document in those that hold several.

What the other commands find is found here too, and what lies in object stores.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

from taskgraph.errors import ConfigError
from taskgraph.history.parts import Entry, digest_of, open_file, reason_of
from taskgraph.history.tables import encodable
from taskgraph.sources.limits import Allowance, ReadOptions, read_up_to
from taskgraph.sources.lines import Lines
from taskgraph.sources.naming import (
    has_lines_name,
    has_tar_name,
    has_yaml_name,
    is_compressed,
    is_document_name,
)
from taskgraph.sources.opening import find_sources, has_history
from taskgraph.sources.unpacking import (
    Diagnoses,
    LargeZip,
    ZipMember,
    no_documents,
    open_compressed,
    tar_members,
)

_MAGIC = "*?["
_OPTIONS = ReadOptions()

Refuse: TypeAlias = Callable[[str, str], None]
"""Told the name of what cannot be looked at, and the reason."""


class File(NamedTuple):
    """A file that may hold documents."""

    name: str
    """An absolute path, or an address."""
    size: int
    """In bytes."""
    stamp: str
    """Changes when the file does."""
    is_found: bool = False
    """It was found in a folder, and not named."""


def find_files(paths: Iterable[str], store: Path, refuse: Refuse) -> Iterator[File]:
    """Find every file; in a folder those whose names say that they are documents.

    Paths are files, folders, patterns, or addresses of any of them that fsspec knows. The
    store is left out. What cannot be looked at is told, a path that leads to nothing too;
    the others are found all the same.

    Raises ConfigError if all paths lead to nothing.
    """
    nowhere: list[tuple[str, str]] = []
    holds_any = False
    for path in paths:
        nothing = True
        why = "no document is found there"

        def told(name: str, reason: str) -> None:
            nonlocal nothing
            nothing = False
            refuse(name, reason)

        files = _find_remote(path) if "://" in path else _find_local(path, store, told)
        try:
            for file in files:
                nothing = False
                yield file
        except _UnlistedError as error:
            why = f"cannot be listed: {error}"
        if nothing and has_history(path):
            why = (
                "is a history, and what lies in it is passed over\n"
                "  hint: name the files in it, or choose them with a pattern"
            )
        holds_any = holds_any or not nothing
        nowhere += [(path, why)] * nothing
    for path, why in nowhere:
        if not holds_any:
            raise ConfigError(f"{path}: {why}")
        refuse(encodable(path), why)


def _find_local(path: str, store: Path, refuse: Refuse) -> Iterator[File]:
    own = str(store.absolute())
    place = os.path.abspath(path) if path else path
    is_folder = os.path.isdir(place)
    for source in find_sources(
        [place], io.BytesIO(), _OPTIONS, leave_out=lambda folder: folder == own
    ):
        name = encodable(source.name)
        if source.cause is not None:
            refuse(name, reason_of(name, source.cause))
        elif source.path and not (is_folder and has_yaml_name(source.path)):
            yield from _look_at(source.path, refuse, is_found=source.is_found)


def _look_at(path: str, refuse: Refuse, *, is_found: bool) -> Iterator[File]:
    """Describe a file; one that went away meanwhile, or a link to nothing, is none.

    One whose name is no UTF-8 cannot be opened, which is told later.
    """
    name = encodable(path)
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return
    except OSError as error:
        refuse(name, reason_of(name, error))
        return
    if stat.S_ISREG(status.st_mode):
        yield File(name, status.st_size, f"{status.st_size}-{status.st_mtime_ns}", is_found)


class _UnlistedError(Exception):
    """An object store does not tell what it has."""


def _find_remote(address: str) -> Iterator[File]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        is_pattern = any(char in path for char in _MAGIC)
        is_folder = not is_pattern and system.isdir(path)
        if is_pattern:
            listed = system.glob(path, detail=True)
        elif is_folder:
            listed = system.find(path, detail=True)
            listed = {name: info for name, info in listed.items() if is_run_name(name)}
        else:
            listed = {path: system.info(path)}
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001 - each kind of store fails in its own way
        raise _UnlistedError(str(error) or type(error).__name__) from None
    for name, info in listed.items():
        if info.get("type") != "directory":
            place, size = system.unstrip_protocol(name), info.get("size") or 0
            yield File(place, size, _stamp(info), is_folder)


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


@dataclass(frozen=True)
class Known:
    """The documents of one container that were looked at before."""

    names: Set[tuple[str, str]] = frozenset()
    """As (name, stamp), of those that could be read."""
    held: Set[tuple[bytes, str]] = frozenset()
    """The tasks that could be read of those that could not, by digest and place."""

    @cached_property
    def contents(self) -> Set[str]:
        """The stamps of what could be read."""
        return {stamp for _, stamp in self.names}


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

    Raises Exception if the container is damaged or cannot be opened; what came before stays
    good.
    """
    with open_file(file.name) as raw:
        walk = _Walk(file, known, raw)
        if _has_zip_name(file.name):
            yield from walk.zip()
        elif has_lines_name(file.name):
            yield from walk.lines(raw, file.name)
        else:
            yield from walk.tar()


class _Walk:
    """Goes through a container, and gives entries for new contents."""

    def __init__(self, file: File, known: Known, raw: IO[bytes]) -> None:
        self.file = file
        self.raw = raw
        self.known = known
        self.position = 0
        self.allowance = Allowance(file.name, _OPTIONS, file.size)

    def entry(self, name: str, data: bytes, line: int = 0) -> Iterator[Entry]:
        """Give the entry of one document, or of a line, with its share of the input."""
        stamp = digest_of(data).hex()
        if stamp in self.known.contents:
            return
        before, self.position = self.position, self.raw.tell()
        yield Entry(
            name,
            self.file.name,
            stamp,
            data=data,
            held=self.known.held,
            weight=max(self.position - before, 0),
            is_found=self.file.is_found,
            line=line,
        )

    def lines(self, stream: IO[bytes], name: str) -> Iterator[Entry]:
        """Give the entries of JSON Lines."""
        number = first = 0
        lines = Lines(name, is_found=self.file.is_found)
        with _unpacked(stream, name) as unpacked:
            while full := unpacked.readline(_OPTIONS.max_bytes + 1):
                number += 1
                self.allowance.check_size(full, f"{name}:{number}")
                self.allowance.spend(len(full))
                line = full.rstrip()
                if line and lines.passes(line):
                    first = first or number
                elif line:
                    yield from self.entry(f"{name}:{number}", line, number)
        if lines.untold:
            reason = str(lines.more_unread())
            stamp = digest_of(reason.encode("utf-8", "replace")).hex()
            place = f"{name}:{first}"
            yield Entry(place, self.file.name, stamp, data=b"", reason=reason)

    def tar(self) -> Iterator[Entry]:
        """Give the entries of a tar archive."""
        diagnoses = Diagnoses(with_logs=False)
        count = documents = 0
        with _unpacked(self.raw, self.file.name) as stream:
            for member, content in tar_members(stream, self.allowance.spend):
                count += 1
                if content is None or diagnoses.take(member, content):
                    continue
                documents += is_document_name(member, _OPTIONS)
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
        elif not documents:
            raise no_documents(count, self.file.name)

    def zip(self) -> Iterator[Entry]:
        """Give the entries of a zip archive, whose members need not be read to be known."""
        file = self.file
        with LargeZip(self.raw, file.name) as archive:
            if archive.is_diagnosis:
                yield Entry(file.name, file.name, file.stamp, weight=file.size)
                return
            for member in archive.documents(_OPTIONS):
                if is_run_name(member.name):
                    yield from self._member(archive, member)

    def _member(self, archive: LargeZip, member: ZipMember) -> Iterator[Entry]:
        file, name = self.file, f"{self.file.name}!{member.name}"
        if has_lines_name(member.name):
            try:
                with archive.open(member.place) as stream:
                    yield from self.lines(stream, name)
                return
            except Exception:  # noqa: BLE001 - damage shows itself in many ways
                pass  # as one document it is rejected alone
        stamp = f"{member.size}-{member.checksum:08x}"
        self.allowance.spend(member.size)
        if (name, stamp) not in self.known.names:
            yield Entry(
                name,
                file.name,
                stamp,
                member=member.name,
                place=member.place,
                version=file.stamp,
                held=self.known.held,
                weight=member.packed,
                is_found=file.is_found,
            )


def _unpacked(stream: IO[bytes], name: str) -> AbstractContextManager[IO[bytes]]:
    """Open what may be compressed."""
    start = stream.read(8)
    stream.seek(0)
    return open_compressed(stream, name) if is_compressed(start) else nullcontext(stream)
