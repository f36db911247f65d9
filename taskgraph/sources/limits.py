"""How much is unpacked from one file, and what is packed at all."""

from __future__ import annotations

from typing import Protocol

from taskgraph.errors import InputError, Problem
from taskgraph.sources.naming import has_tar_name
from taskgraph.sources.options import ReadOptions

__all__ = [
    "MOST_MEMBERS",
    "Allowance",
    "check_values",
    "foreign_packing",
    "is_compressed",
    "is_tar",
    "is_zip",
    "read_up_to",
]

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BZIP2, XZ = b"BZh", b"\xfd7zXZ\0"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
)
_TAR = b"ustar"
MOST_MEMBERS = 100_000
_MOST_TOGETHER = 16
_PIECE = 1 << 20
_DEEPEST = 3
_MANY = 4_000_000
_SAMPLE = 1024
_LIMIT = "the limit can be set: ReadOptions.max_bytes in Python"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_up_to(stream: _Readable, size: int) -> bytes:
    """Read a stream to its end, but no more bytes than so many.

    In pieces: asked for all at once, a stream takes the memory for all of them first.
    """
    pieces = []
    while size > 0 and (piece := stream.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def check_values(data: bytes, file: str, *, was_packed: bool) -> None:
    """Refuse one document that would be too large in memory.

    Each value takes far more memory than the few bytes that it may be written in. They
    are counted in what was packed; elsewhere a sixteenth of it tells whether to count.

    Raises
    ------
    InputError
    """
    if len(data) <= _MANY:
        return
    if not was_packed:
        places = range(0, len(data), 16 * _SAMPLE)
        sample = b"".join([data[place : place + _SAMPLE] for place in places])
        if not _are_many(sample, _MANY // 32):  # half as many as are allowed
            return
    if _are_many(data, _MANY):
        problem = Problem(f"holds about {sum(_counts(data)):,} values")
        raise InputError(file, [problem], "no task response has so many")


def _are_many(data: bytes, most: int) -> bool:
    containers, commas = _counts(data)
    return containers > most or containers + commas > 2 * most


def _counts(data: bytes) -> tuple[int, int]:
    """Count the containers, and the commas between values."""
    return data.count(b"[") + data.count(b"{"), data.count(b",")


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
        self.members = MOST_MEMBERS
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

    @property
    def is_spent(self) -> bool:
        """Whether there is no more to be unpacked, so that the rest is not looked at."""
        return self.bytes < 0 or self.members < 0

    def read(self, stream: _Readable, file: str, *, is_counted: bool = False) -> bytes:
        """Read one document to its end.

        Parameters
        ----------
        stream : readable
        file : str
            The name for messages.
        is_counted : bool
            The bytes are spent as they pass, as those of a tar archive are.

        Raises
        ------
        InputError
            If it is too large, or all of them together are.
        """
        data = read_up_to(stream, min(self.options.max_bytes, self.bytes) + 1)
        self.check_size(data, file)
        if not is_counted:
            self.spend(len(data))
        return data

    def check_size(self, data: bytes, file: str) -> None:
        """Refuse what is too large.

        Raises
        ------
        InputError
        """
        limit = self.options.max_bytes
        if len(data) > limit:
            raise InputError(file, [Problem(f"is larger than {_size(limit)}")], _LIMIT)

    def take_member(self) -> None:
        """Take note of one more document.

        Raises
        ------
        InputError
            If there are too many.
        """
        self.members -= 1
        if self.members < 0:
            problem = Problem(f"holds more than {MOST_MEMBERS:,} documents")
            raise InputError(self.file, [problem], "unpack it first")

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


def foreign_packing(data: bytes) -> str:
    """Say how data is packed in a way that is not read; ``""`` where it is not."""
    for start, kind in _FOREIGN:
        if data.startswith(start):
            return kind
    return ""


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size:,} {unit}"
    return f"{count:,} bytes"


def is_compressed(data: bytes) -> bool:
    """Tell gzip, Zstandard, bzip2 and xz by their first bytes."""
    return data.startswith((GZIP, ZSTD, BZIP2, XZ))


def is_tar(data: bytes, file: str) -> bool:
    """Tell a tar archive by its first bytes; an old or damaged one also by its name."""
    if data[257:262] == _TAR:
        return True
    return has_tar_name(file) and not data[:100].lstrip().startswith((b"{", b"["))


def is_zip(data: bytes) -> bool:
    """Tell a zip archive by its first bytes."""
    return data.startswith(_ZIP)
