"""What a user names: paths, folders, patterns and standard input."""

from __future__ import annotations

import glob
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

from taskgraph.errors import ConfigError, InputError
from taskgraph.sources.limits import ReadOptions, read_up_to, refusal
from taskgraph.sources.naming import DIAGNOSIS_LIST, is_document_name, is_log_name

PathLike: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = PathLike | Iterable[PathLike]

_DEFAULT = ReadOptions()
_SMALL = ReadOptions(max_bytes=16 << 20)
STORE_MANIFEST = "manifest.jsonl"
STORE_HEADER = {"format": "taskgraph/history", "version": 1}
"""The first line of the manifest of a history."""
_MOST_PACKED = 4  # times the largest document: an archive holds several


class Source(NamedTuple):
    """One file or stream that can be opened.

    Attributes
    ----------
    name : str
        As the user gave it; ``<stdin>`` for standard input without a name.
    read : callable
        Gives the bytes, or raises :class:`~taskgraph.errors.InputError`.
    path : str
        Of the file; ``""`` where it is none.
    cause : OSError or None
        Why a folder cannot be listed.
    is_found : bool
        Whether it lies in a folder that is named, and so may be something else.
    depth : int
        How many times it was unpacked already.
    """

    name: str
    read: Callable[[], bytes]
    path: str = ""
    cause: OSError | None = None
    is_found: bool = False
    depth: int = 0


def named_paths(paths: Paths) -> list[str]:
    """Give the paths of one who may name a single one; a text is no list of letters."""
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def find_sources(
    paths: Iterable[str],
    stdin: IO[bytes],
    options: ReadOptions = _DEFAULT,
    *,
    leave_out: Callable[[str], bool] = lambda _: False,
) -> Iterator[Source]:
    """Give the files that the user names, none of them opened yet.

    Parameters
    ----------
    paths : iterable of str
        A path; a folder, of which every document is meant, also in the folders in it; a
        pattern like ``saved/**/*.json``; or ``-`` for standard input.
    stdin : binary stream
        What ``-`` stands for.
    options : ReadOptions
    leave_out : callable
        Tells of a folder whether nothing in it is meant.

    Yields
    ------
    Source
        In the order of the paths, by name within one. A path that leads nowhere gives a
        source that cannot be read.
    """
    for path in paths:
        if not path:
            yield _unreadable(path, "is no path", "name a file or a folder")
        elif path == "-":
            name = options.stdin_name
            yield Source(name, partial(read_stream, stdin, name, options))
        elif os.path.isdir(path):
            yield from _in_folder(path, options, leave_out)
        elif glob.has_magic(path) and not os.path.lexists(path):
            yield from _matching(path, options)
        else:
            yield _file(path, options)


def _file(path: str, options: ReadOptions) -> Source:
    if os.path.basename(path) == DIAGNOSIS_LIST:
        return Source(path, partial(pack_diagnosis, path, options), path)
    return Source(path, partial(_read_file, path, options), path)


def _in_folder(
    folder: str, options: ReadOptions, leave_out: Callable[[str], bool]
) -> Iterator[Source]:
    """Give the documents of a folder and of those in it; links to folders are left out."""
    errors: list[OSError] = []
    is_empty = True
    for where, folders, names in _walk(folder, errors.append):
        if leave_out(where) or has_history(where):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = "" if where == folder else f"{os.path.relpath(where, folder)}/"
        inside = inside.replace(os.sep, "/")
        for name in sorted(names):
            is_list = name == DIAGNOSIS_LIST and options.glob is None
            if name.startswith(".") or not (
                is_list or is_document_name(f"{inside}{name}", options)
            ):
                continue
            path = os.path.join(where, name)
            if os.path.isfile(path) or not os.path.exists(path):  # a link to nowhere
                is_empty = False
                yield _file(path, options)._replace(is_found=True)
    for error in errors:
        place = error.filename or folder
        what = f"cannot be listed: {error.strerror}"
        yield _unreadable(str(place), what, "ask for permission to list it", error)
    if is_empty and not errors:
        hint = "name the files in it, or choose them with a glob"
        yield _unreadable(folder, "is a directory without documents", hint)


def is_store(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder is one in which a history is collected.

    Raises OSError if its manifest cannot be read.
    """
    path = os.path.join(folder, STORE_MANIFEST)
    if not os.path.isfile(path):  # a pipe may never end
        return False
    with open(path, "rb") as stream:
        line = stream.readline(1000)
    with suppress(ValueError):
        return line.endswith(b"\n") and bool(json.loads(line) == STORE_HEADER)
    return False


def has_history(folder: str | os.PathLike[str]) -> bool:
    """Tell the same where it can be told."""
    with suppress(OSError):
        return is_store(folder)
    return False


def _walk(
    folder: str, told: Callable[[OSError], object] = lambda _: None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Go through a folder as os.walk does, which fails in deep ones before Python 3.12."""
    waiting = [folder]
    while waiting:
        where = waiting.pop()
        folders: list[str] = []
        names: list[str] = []
        try:
            with os.scandir(where) as entries:
                for entry in entries:
                    is_folder = False
                    with suppress(OSError):  # a link that leads round in circles
                        is_folder = entry.is_dir()
                    (folders if is_folder else names).append(entry.name)
        except OSError as error:
            told(error)
            continue
        yield where, folders, names
        below = (os.path.join(where, name) for name in reversed(folders))
        waiting += [path for path in below if not os.path.islink(path)]


def _matching(pattern: str, options: ReadOptions) -> Iterator[Source]:
    try:
        files = [path for path in _match(pattern) if not os.path.isdir(path)]
    except InputError as error:
        yield Source(pattern, partial(_refuse, error))
        return
    if not files:
        hint = "quote the pattern, or check the path"
        yield _unreadable(pattern, "matches no file", hint)
    for path in files:
        yield _file(path, options)


def _match(pattern: str) -> list[str]:
    """Give the paths that a pattern like ``saved/**/*.json`` matches, sorted.

    Links to folders are not followed by ``**``, which may lead in circles, and what is
    hidden is matched only by a pattern that says so.
    """
    parts = Path(pattern).parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:first])
    # pathlib wants ** to be a whole part, and gives only folders where it is the last
    wanted = [part if part == "**" else re.sub(r"\*+", "*", part) for part in parts[first:]]
    wanted += ["*"] if wanted[-1] == "**" else []
    asks_for_hidden = any(part.startswith(".") for part in wanted)
    try:
        matches = [
            (path, path.relative_to(base).parts) for path in base.glob("/".join(wanted))
        ]
    except (OSError, ValueError):
        return []
    except RecursionError:
        what = "meets too many folders, one in the other"
        raise refusal(pattern, what, "name the folder, and not a pattern") from None
    return sorted(
        str(path)
        for path, below in matches
        if asks_for_hidden or not any(part.startswith(".") for part in below)
    )


def _unreadable(name: str, what: str, hint: str, cause: OSError | None = None) -> Source:
    return Source(name, partial(_refuse, refusal(name, what, hint)), cause=cause)


def _refuse(error: InputError) -> bytes:
    raise error


def _read_file(path: str, options: ReadOptions) -> bytes:
    try:
        if not _can_end(path):
            hint = "give it to standard input, which - stands for"
            raise refusal(path, "is no file but a pipe or a device", hint)
        with open(path, "rb", buffering=0) as stream:
            expected = os.fstat(stream.fileno()).st_size + 1
            return read_stream(stream, path, options, expected)
    except FileNotFoundError:
        problem, hint = "does not exist", "check the path"
    except IsADirectoryError:
        problem, hint = "is a directory", "name the file in it"
    except PermissionError:
        problem, hint = "may not be read", "ask for read permission"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem, hint = f"cannot be read: {reason}", "check the path"
    raise refusal(path, problem, hint)


def read_text(path: str) -> str:
    """Read a file that is no document, but was written for taskgraph.

    Raises ConfigError if it cannot be read, is no file or no text, or is far too large.
    """
    try:
        return _read_file(path, _SMALL).decode("utf-8-sig")
    except InputError as error:
        raise ConfigError(f"{path}: {error.problems[0].message}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is no UTF-8 text: save it as UTF-8") from None


def _can_end(path: str) -> bool:
    """Tell a file from a pipe, on which to wait may take for ever, and from a device.

    A shell names the output of another command by a number of the process, and so that
    pipe is one on which somebody writes.
    """
    kind = os.stat(path).st_mode
    if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        return True
    return os.path.realpath(path).startswith("/proc/")


def pack_diagnosis(path: str, options: ReadOptions) -> bytes:
    """Pack the archive for a diagnosis again that somebody unpacked: the list, and logs.

    A log that cannot be read, or is too large for an archive, says so.
    """
    import zipfile

    packed = io.BytesIO()
    folder = os.path.dirname(path) or "."
    room = _MOST_PACKED * options.max_bytes
    with zipfile.ZipFile(packed, "w") as archive:

        def put(name: str, data: bytes) -> None:  # with no time: the same bytes each time
            archive.writestr(
                zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), data
            )

        put(DIAGNOSIS_LIST, _read_file(path, options))
        for log in find_logs(path):
            data = _read_log(log, room)
            room -= len(data)
            put(os.path.relpath(log, folder).replace(os.sep, "/"), data)
    return packed.getvalue()


def _read_log(path: str, room: int) -> bytes:
    what = "cannot be read: it is a pipe or a device"
    try:
        if _can_end(path):
            with open(path, "rb") as stream:
                data = read_up_to(stream, room + 1)
            if len(data) <= room:
                return data
            what = f"is left out: it is larger than {max(room, 0) >> 20:,} MiB"
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    return f"… this log {what}".encode()


def find_logs(path: str) -> Iterator[str]:
    """Give the logs that lie beside the list of a diagnosis that somebody unpacked."""
    folder = os.path.dirname(path) or "."
    for where, folders, names in _walk(folder):
        if where != folder and DIAGNOSIS_LIST in names:
            folders.clear()  # a diagnosis of its own
            continue
        for name in sorted(names):
            if is_log_name(name):
                yield os.path.join(where, name)


def read_stream(
    stream: IO[bytes], name: str, options: ReadOptions = _DEFAULT, expected: int = 0
) -> bytes:
    """Read a file to its end, unless it is larger than an archive may be."""
    limit = _MOST_PACKED * options.max_bytes
    data = read_up_to(stream, limit + 1, expected)
    if len(data) > limit:
        what = f"is larger than {limit >> 20} MiB"
        raise refusal(name, what, "split it, or name a folder of documents")
    return data
