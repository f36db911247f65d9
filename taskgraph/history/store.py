"""A folder of immutable Parquet parts under one manifest.

The manifest is a text file to which one line is added for each part, after the files of
the part are in place. A part without a line does not exist: a collection that is killed
leaves whole parts and files that nobody counts. The key of a part comes from the names and
stamps of its documents and from the number of parts before the collection: no file that
counts is ever written over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from taskgraph.errors import ConfigError
from taskgraph.history.parts import Part
from taskgraph.history.tables import TABLES
from taskgraph.sources.opening import STORE_HEADER, STORE_MANIFEST, is_store

Count: TypeAlias = Literal["documents", "rejects", "unchanged", "tasks", "subtasks"]
_Natural: TypeAlias = Annotated[int, Field(strict=True, ge=0)]


class _PartLine(TypedDict):
    """What the manifest says of a part."""

    part: Annotated[int, Field(strict=True, ge=0, lt=1 << 64)]
    tables: list[str]
    origin: NotRequired[str | None]
    generation: NotRequired[_Natural]
    documents: _Natural
    rejects: _Natural
    unchanged: _Natural
    tasks: _Natural
    subtasks: _Natural


@cache
def _adapter() -> TypeAdapter[_PartLine]:
    return TypeAdapter(_PartLine)


_LOCK = ".lock"
_REJECTS = "rejects.jsonl"
_TEMPORARY = ".temporary"
_OF_A_PART = re.compile(r"[0-9a-f]{16}\.parquet(\.\d+\.new)?")
_ELSEWHERE = "collect into an empty folder, or one that does not exist yet"


class RunStore:
    """What has been collected."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if not os.fspath(folder):
            raise ConfigError("a history lies in a folder, and no name was given")
        if "://" in os.fspath(folder):
            raise ConfigError(
                f"{folder}: a history lies in a local folder, not at an address\n"
                "  hint: name a folder of this machine, or one that is mounted"
            )
        self.folder = Path(folder)

    @property
    def rejects_file(self) -> Path:
        """Where the documents that could not be read are listed, with the reasons."""
        return self.folder / _REJECTS

    @property
    def temporary_folder(self) -> str:
        """Where the one collection under way writes what does not fit into its memory."""
        return str(self.folder / _TEMPORARY)

    @contextmanager
    def collecting(self, paths: Iterable[str] = ()) -> Iterator[None]:
        """Make the folder where it does not exist yet, and keep others from adding to it.

        What collections that were killed left behind is removed.

        Raises ConfigError if it cannot be written, is something else, or is being added to,
        or if a history would begin in one of the paths that are to be collected.
        """
        with ExitStack() as stack:
            with _writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._require_own(paths)
                try:
                    stack.enter_context(held(self.folder / _LOCK))
                except BlockingIOError:
                    raise ConfigError(
                        f"{self.folder}: another collection is under way there\n"
                        "  hint: wait for its end, or collect into another folder"
                    ) from None
                for table in TABLES:
                    (self.folder / table).mkdir(exist_ok=True)
                if not self._manifest.exists():
                    _write_whole(self._manifest, f"{json.dumps(STORE_HEADER)}\n".encode())
                self._sweep()
            yield

    @property
    def stamp(self) -> tuple[int, int] | None:
        """What is another once something was added; ``None`` where nothing ever was."""
        try:
            facts = os.stat(self._manifest)
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size

    def require(self) -> None:
        """Refuse a folder in which nothing was collected, by a ConfigError."""
        if not self._manifest.is_file():
            raise ConfigError(
                f"{self.folder}: holds no history\n"
                f"  hint: taskgraph history collect FOLDER -o {self.folder}"
            )
        try:
            self._require_header()
        except OSError as error:
            message = f"{self._manifest}: cannot be read: {error.strerror}"
            raise ConfigError(message) from None

    @property
    def _manifest(self) -> Path:
        return self.folder / STORE_MANIFEST

    def _require_own(self, paths: Iterable[str]) -> None:
        """Refuse a folder in which a history would take the place of something else.

        Of a folder that becomes a history all that lies in it is passed over from then on.
        """
        if os.path.lexists(self._manifest):
            self._require_header()
            return
        taken = [self.rejects_file, Path(self.temporary_folder)]
        for table in TABLES:
            if (self.folder / table).is_dir():
                taken += filter(_is_foreign, (self.folder / table).iterdir())
        for path in filter(os.path.lexists, taken):
            raise ConfigError(
                f"{path}: is there already, where a history would write\n"
                f"  hint: {_ELSEWHERE}"
            )
        own = os.path.abspath(self.folder)
        for named in paths:
            if named and os.path.abspath(named) == own:
                raise ConfigError(
                    f"{named}: is to be collected, so no history may begin there\n"
                    f"  hint: {_ELSEWHERE}"
                )

    def _require_header(self) -> None:
        if not is_store(self.folder):
            raise ConfigError(f"{self._manifest}: is not a manifest of this version")

    def parts(self) -> Iterator[_PartLine]:
        """Give the line of each part, in the order in which they were added.

        Raises ConfigError at a line that no collection writes.
        """
        seen = set()
        with self._manifest.open("rb") as stream:
            stream.readline()
            for number, line in enumerate(stream, 2):
                if not _is_whole(line):
                    continue
                try:
                    part = _adapter().validate_json(line)
                except ValidationError:
                    raise ConfigError(
                        f"{self._manifest}:{number}: tells of no part of a history\n"
                        "  hint: remove the line; the next collection reads again what "
                        "it told of"
                    ) from None
                if part["part"] not in seen:
                    seen.add(part["part"])
                    yield part

    def count(self, what: Count) -> int:
        """Add up one of the counts of all parts."""
        return sum(part[what] for part in self.parts())

    def files(self, table: str) -> list[str]:
        """Give the files of a table, in the order in which they were added."""
        folder = self.folder / table
        parts = (part["part"] for part in self.parts() if table in part["tables"])
        return [str(folder / _file_name(key)) for key in parts]

    def add(self, part: Part) -> None:
        """Put a part in place, for good.

        The files are on disk before the manifest says that they count.

        Raises ConfigError if they cannot be written, as where the disk is full.
        """
        line: _PartLine = {
            "part": part.key,
            "tables": [table for table, _ in part.files],
            "origin": part.origin,
            "generation": part.generation,
            "documents": part.documents,
            "rejects": part.rejects,
            "unchanged": part.unchanged,
            "tasks": part.tasks,
            "subtasks": part.subtasks,
        }
        with _writing(self.folder):
            for table, content in part.files:
                _write_whole(self.folder / table / _file_name(part.key), content)
            self._append(json.dumps(line).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        handle = os.open(
            self._manifest, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
        )
        try:
            end = os.lseek(handle, 0, os.SEEK_END)
            os.lseek(handle, end - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":  # the last write was cut off
                line = b"\n" + line
            while line:  # a disk that is getting full takes only some of it
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        """Remove what collections that were killed left behind."""
        shutil.rmtree(self.temporary_folder, ignore_errors=True)
        keys = {_file_name(part["part"]) for part in self.parts()}
        for table in TABLES:
            for path in (self.folder / table).iterdir():
                if path.name not in keys and not _is_foreign(path):
                    path.unlink(missing_ok=True)

    def count_rejects(self) -> int:
        """Count the documents that could not be read when something was last collected."""
        if not self.rejects_file.exists():
            return 0
        with self.rejects_file.open("rb") as stream:
            return sum(1 for _ in stream)

    def write_rejects(self, lines: Iterable[dict[str, str]]) -> None:
        """Replace the list of rejected documents; a ConfigError if it cannot be written."""
        temporary = self.rejects_file.with_suffix(".new")
        with (
            _writing(self.folder),
            temporary.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        with _writing(self.folder):
            os.replace(temporary, self.rejects_file)


def _is_foreign(path: Path) -> bool:
    """Tell whether a file among those of a table is none that a collection writes."""
    return _OF_A_PART.fullmatch(path.name) is None or not path.is_file()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say what the user can do where the system refuses to write."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(
            f"{error.filename or folder}: is no folder\n"
            "  hint: name a folder for the history, which may be new"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be written: {error.strerror or error}\n  hint: make room "
            "or ask for permission; the same command then goes on from there"
        ) from None


def _file_name(key: int) -> str:
    return f"{key:016x}.parquet"


def _is_whole(line: bytes) -> bool:
    """Tell whether a line was written to its end."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n")


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)


if sys.platform == "win32":  # pragma: no cover - tested where it runs
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    _TAKEN = (PermissionError,)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    _TAKEN = (BlockingIOError,)


@contextmanager
def held(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a file that nobody else can hold; the system frees it when the process dies.

    Raises BlockingIOError if another process holds it, another OSError if it cannot be
    made, or the file system knows no locks.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(handle)
        except _TAKEN as error:
            raise BlockingIOError(error.errno, error.strerror) from None
        yield
    finally:
        os.close(handle)
