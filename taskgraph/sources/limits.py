"""How documents are found and read, and how much is unpacked from one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from taskgraph.errors import InputError, Problem


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How documents are found and read.

    Attributes
    ----------
    glob : str or None
        Which files of a folder or an archive are documents, by their path in it
        (``*`` also matches ``/``); by default those whose names say so.
    redact : bool
        Mask hosts, people, values of the context, and logs, beside the secrets that are
        always masked.
    redacts_apart : bool
        Whether each task is redacted by itself. Otherwise only what is said of documents
        is: whoever reads them redacts all tasks together, so that names agree in them.
    task : str or None
        The id or the name of the tasks to read; others are left out.
    max_bytes : int
        The largest document, unpacked, in bytes.
    stdin_name : str
        What standard input is called: as that of a file the name also tells what it is, and
        which configuration is in force.
    """

    glob: str | None = None
    redact: bool = False
    task: str | None = None
    max_bytes: int = 128 << 20
    stdin_name: str = "<stdin>"
    redacts_apart: bool = True

    @property
    def nothing_found(self) -> str:
        """What is to be said where no document holds a task that is meant."""
        if self.task is None:
            return "no document holds a task"
        return (
            f"--task {self.task}: no document that was read holds a task with this id "
            "or name"
        )


MOST_MEMBERS = 100_000
_MOST_TOGETHER = 16  # times the largest document, of all in one file
_MOST_UNPACKED = 100  # times its own size, of a file that holds more; JSON packs 10 to 30
_FIRST_PIECE, _PIECE = 1 << 16, 1 << 20
_DEEPEST = 3  # a zip in a tar that is compressed
_MANY = 4_000_000  # bytes: a smaller document cannot hold too many
_SAMPLE = 1024  # bytes in a row
_LIMIT = "the limit can be set: ReadOptions.max_bytes in Python"


def refusal(file: str, what: str, hint: str) -> InputError:
    """Say of a file the one thing for which it is not read, and what to do."""
    return InputError(file, [Problem(what)], hint)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_up_to(stream: _Readable, size: int, expected: int = 0) -> bytes:
    """Read a stream to its end, but no more bytes than so many.

    In pieces: asked for all at once, a stream takes the memory for all of them first. Most
    documents fit into the first one, which is so small that it costs no fresh pages, and
    all that is `expected` does: what comes in one piece need not be copied.
    """
    pieces = []
    length = max(_FIRST_PIECE, expected)
    while size > 0 and (piece := stream.read(min(size, length))):
        pieces.append(piece)
        size -= len(piece)
        length = _PIECE
    return b"".join(pieces)


def check_values(data: bytes, file: str, *, was_packed: bool) -> None:
    """Refuse one document that would be too large in memory.

    Each value takes far more memory than the few bytes that it may be written in. They
    are counted in what was packed; elsewhere a sixteenth of it tells whether to count.
    """
    if len(data) <= _MANY:
        return
    if not was_packed:
        places = range(0, len(data), 16 * _SAMPLE)
        sample = b"".join([data[place : place + _SAMPLE] for place in places])
        if not _are_many(sample, _MANY // 32):  # half as many as are allowed
            return
    if _are_many(data, _MANY):
        what = f"holds about {sum(_counts(data)):,} values"
        raise refusal(file, what, "no task response has so many")


def _are_many(data: bytes, most: int) -> bool:
    containers, commas = _counts(data)
    return containers > most or containers + commas > 2 * most


def _counts(data: bytes) -> tuple[int, int]:
    """Count the containers, and the commas between values."""
    return data.count(b"[") + data.count(b"{"), data.count(b",")


class Allowance:
    """How much may still be unpacked from one file, however deep it is packed.

    From one that is not read at once, of so many packed bytes, it may be more, and from a
    member that somebody took out of an archive, of which there may be many, less.
    """

    def __init__(
        self,
        file: str,
        options: ReadOptions,
        packed: int = 0,
        *,
        is_found: bool = False,
        depth: int = 0,
    ) -> None:
        self.file = file
        self.is_found = is_found
        self.options = options
        self.members = MOST_MEMBERS
        largest = options.max_bytes * (1 if depth else _MOST_TOGETHER)
        self.bytes = max(largest, _MOST_UNPACKED * packed)
        self._all = self.bytes
        self.depth = depth

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > _DEEPEST:
            what = f"is packed more than {_DEEPEST} times"
            raise refusal(self.file, what, "unpack it first")

    def leave(self) -> None:
        """Come back from a level."""
        self.depth -= 1

    @property
    def is_spent(self) -> bool:
        """Whether there is no more to be unpacked, so that the rest is not looked at."""
        return self.bytes < 0 or self.members < 0

    def read(self, stream: _Readable, file: str, *, is_counted: bool = False) -> bytes:
        """Read one document to its end; refuse one, or all together, that are too large.

        With `is_counted` the bytes are spent as they pass, as those of a tar archive are.
        """
        data = read_up_to(stream, min(self.options.max_bytes, self.bytes) + 1)
        self.check_size(data, file)
        if not is_counted:
            self.spend(len(data))
        return data

    def check_size(self, data: bytes, file: str) -> None:
        """Refuse what is too large."""
        limit = self.options.max_bytes
        if len(data) > limit:
            raise refusal(file, f"is larger than {_size(limit)}", _LIMIT)

    def take_member(self) -> None:
        """Take note of one more document.

        Raises InputError if there are too many.
        """
        self.members -= 1
        if self.members < 0:
            what = f"holds more than {MOST_MEMBERS:,} documents"
            raise refusal(self.file, what, "unpack it first")

    def spend(self, count: int) -> None:
        """Take note of unpacked bytes.

        Raises InputError if all of them together are too many.
        """
        self.bytes -= count
        if self.bytes < 0:
            what = f"unpacks to more than {_size(self._all)}"
            raise refusal(self.file, what, "unpack it first")


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size and count % size == 0:
            return f"{count // size:,} {unit}"
    return f"{count:,} bytes"
