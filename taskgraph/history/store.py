"""A folder of immutable Parquet parts under one manifest.

The manifest is a text file to which one line is added for each part, after the files of
the part are in place. A part without a line does not exist: a collection that is killed
leaves whole parts and files that nobody counts. The key of a part comes from the names and
stamps of its documents, so the same work done twice gives the same part, counted once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taskgraph.errors import ConfigError
from taskgraph.history.parts import Part
from taskgraph.history.schema import TABLES

__all__ = ["RunStore"]

_MANIFEST = "manifest.jsonl"
_HEADER = {"format": "taskgraph/history", "version": 1}
_REJECTS = "rejects.jsonl"


class RunStore:
    """What has been collected.

    Parameters
    ----------
    folder : str or path
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    @property
    def rejects_file(self) -> Path:
        """Where the documents that could not be read are listed, with the reasons."""
        return self.folder / _REJECTS

    def create(self) -> None:
        """Make the folder where it does not exist yet.

        Raises
        ------
        ConfigError
            If it cannot be made, or is something else.
        """
        try:
            for table in TABLES:
                (self.folder / table).mkdir(parents=True, exist_ok=True)
            if not self._manifest.exists():
                _write_whole(self._manifest, f"{json.dumps(_HEADER)}\n".encode())
        except OSError as error:
            message = f"{self.folder}: cannot be written: {error.strerror}"
            raise ConfigError(message) from None
        self._require_header()

    def require(self) -> None:
        """Refuse a folder in which nothing was collected.

        Raises
        ------
        ConfigError
        """
        if not self._manifest.is_file():
            raise ConfigError(
                f"{self.folder}: holds no history\n"
                f"  hint: taskgraph history collect FOLDER -o {self.folder}"
            )
        self._require_header()

    @property
    def _manifest(self) -> Path:
        return self.folder / _MANIFEST

    def _require_header(self) -> None:
        with self._manifest.open("rb") as stream:
            header = _parsed(stream.readline())
        if header != _HEADER:
            raise ConfigError(f"{self._manifest}: is not a manifest of this version")

    def parts(self) -> Iterator[dict[str, Any]]:
        """Give the line of each part, in the order in which they were added."""
        seen = set()
        with self._manifest.open("rb") as stream:
            stream.readline()
            for line in stream:
                content = _parsed(line)  # nothing where a write was cut off
                if content is not None and content["part"] not in seen:
                    seen.add(content["part"])
                    yield content

    def count(self, what: str) -> int:
        """Add up one of the counts of all parts."""
        total: int = sum(part[what] for part in self.parts())
        return total

    def files(self, table: str) -> list[str]:
        """Give the files of a table, in the order in which they were added."""
        folder = self.folder / table
        parts = (part["part"] for part in self.parts() if table in part["tables"])
        return [str(folder / _file_name(key)) for key in parts]

    def add(self, part: Part) -> None:
        """Put a part in place, for good.

        The files are on disk before the manifest says that they count.
        """
        for table, content in part.files:
            _write_whole(self.folder / table / _file_name(part.key), content)
        counts = ("documents", "rejects", "unchanged", "tasks", "subtasks")
        line = {"part": part.key, "tables": [table for table, _ in part.files]}
        line |= {name: getattr(part, name) for name in counts}
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
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    def sweep(self) -> None:
        """Remove what collections that were killed left behind."""
        keys = {_file_name(part["part"]) for part in self.parts()}
        for table in TABLES:
            for entry in os.scandir(self.folder / table):
                if entry.name not in keys:
                    Path(entry.path).unlink(missing_ok=True)

    def count_rejects(self) -> int:
        """Count the documents that could not be read when something was last collected."""
        if not self.rejects_file.exists():
            return 0
        with self.rejects_file.open("rb") as stream:
            return sum(1 for _ in stream)

    def write_rejects(self, lines: Iterator[dict[str, str]]) -> int:
        """Replace the list of rejected documents; give how many there are."""
        count = 0
        temporary = self.rejects_file.with_suffix(".new")
        with temporary.open("w", encoding="utf-8", newline="\n") as stream:
            for line in lines:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
        os.replace(temporary, self.rejects_file)
        return count


def _file_name(key: int) -> str:
    return f"{key:016x}.parquet"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) and line.endswith(b"\n") else None


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
