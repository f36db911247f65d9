"""The one writer: files, standard output and standard error, and the exit codes."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from taskgraph.errors import ConfigError
from taskgraph.model.words import visible

if TYPE_CHECKING:
    from taskgraph.history.collecting import CollectionProgress

_PATIENCE = 2.0  # seconds until a run counts as long
_PERIOD = 0.2  # seconds between two counts
EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_INPUT = 2
EXIT_FAULT = 3
EXIT_INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
EXIT_READER_GONE = 141
NAMES_OF_INPUTS = frozenset({"files", "file", "before", "after"})
"""The parameters of commands that name documents: nothing is written over one."""
NAMES_OF_FILES = frozenset({"config_file", "durations", "baseline"})
"""Those that name another file that is read."""
_MOST_LINKS = 40  # as the system has it
_HANDED = re.compile(r"/dev/(fd/|std)|/proc/")


def complain(message: str) -> None:
    """Write a message for people to standard error.

    What a message quotes of a document cannot steer the terminal.
    """
    if sys.stderr is None:
        return  # nobody listens
    lines = [visible(line) for line in f"taskgraph: {message}".split("\n")]
    with contextlib.suppress(OSError):
        _write_text(sys.stderr, "\n".join(lines) + "\n")


def wants_color(path: str | None) -> bool:
    """Tell whether the output may hold colours: a terminal, and no ``NO_COLOR``."""
    if path not in (None, "-") or sys.stdout is None or os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty()


def terminal_width() -> int:
    """Give the width for text, in columns."""
    return max(40, known_width() or 100)


def known_width() -> int | None:
    """Give how many columns ``COLUMNS`` or the terminal says that there are."""
    import shutil

    return shutil.get_terminal_size((0, 0)).columns or None


def write(content: str | bytes | Iterable[str], path: str | None) -> None:
    """Write a result to a file, all of it or nothing, or to standard output.

    That is what ``None`` and ``-`` stand for; the pieces of an iterable go there as they
    come. What cannot be written is a :class:`~taskgraph.errors.ConfigError`, and so is a
    file that the command reads.
    """
    pieces = (content,) if isinstance(content, str | bytes) else content
    if path == "":
        raise ConfigError("a file to write has no name; - is standard output")
    context = click.get_current_context(silent=True)
    options = {} if context is None else context.params
    if path in (None, "-", "/dev/stdout"):
        if _is_appended() and _is_input(1, options):
            raise ConfigError("standard output is added to a file that is read too")
        _write_standard(pieces)
        return
    try:
        target = Path(str(path))
        if context is not None and target.is_file() and _is_read(target, options):
            raise ConfigError(f"{path}: is read too, and would be overwritten")
        _replace(target, map(_encoded, pieces))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _is_read(target: Path, options: Mapping[str, Any]) -> bool:
    """Tell whether a command reads a file, by itself or in what it names."""
    from taskgraph.config import find_config
    from taskgraph.sources.opening import has_history

    full = target.resolve()
    if full == find_config(full.parent) or any(map(has_history, full.parents)):
        return True
    renewed = options.get("write_baseline")  # which keeps what it accepted
    if renewed and _is_same(target, renewed):
        options = {**options, "baseline": None}
    named = [options.get(name) for name in NAMES_OF_FILES]
    return any(_is_same(target, name) for name in named if name) or _is_input(
        target, options
    )


def _is_same(target: Path | int, file: str | int) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(os.stat(target), os.stat(file))
    return False


def _is_appended() -> bool:
    """Tell whether standard output is added to a file, which a shell did not empty."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import fcntl

        handle = sys.stdout.fileno()
        flags = fcntl.fcntl(handle, fcntl.F_GETFL)
        return bool(flags & os.O_APPEND) and stat.S_ISREG(os.fstat(handle).st_mode)
    return False


def _is_input(target: Path | int, options: Mapping[str, Any]) -> bool:
    """Tell whether a file is among the documents that are named, or a log of one."""
    from taskgraph.sources.limits import ReadOptions
    from taskgraph.sources.naming import DIAGNOSIS_LIST
    from taskgraph.sources.opening import find_logs, find_sources
    from taskgraph.sources.reading import read_source

    values = [options[name] for name in NAMES_OF_INPUTS & options.keys()]
    named = [p for value in values for p in ((value,) if isinstance(value, str) else value)]
    if "-" in named and _is_same(target, 0):
        return True
    reading = ReadOptions(glob=options.get("glob"))
    for source in find_sources(named, io.BytesIO(), reading):
        if source.path and _is_same(target, source.path):
            # what check wrote into a folder of documents it leaves out there
            is_left_out = "outputs" in options and source.path not in named
            readings = read_source(source, reading)
            return not is_left_out or not all(one.is_foreign for one in readings)
        if os.path.basename(source.path) == DIAGNOSIS_LIST and any(
            _is_same(target, log) for log in find_logs(source.path)
        ):
            return True
    return False


def _encoded(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "replace")


def _write_standard(pieces: Iterable[str | bytes]) -> None:
    for piece in pieces:
        if sys.stdout is None:
            raise ConfigError("standard output is closed")
        try:
            if isinstance(piece, str) and sys.stdout.isatty():
                _write_text(sys.stdout, piece)
            else:  # programs read UTF-8, whatever the encoding of the terminal
                sys.stdout.buffer.write(_encoded(piece))
                sys.stdout.buffer.flush()
        except BrokenPipeError:
            _forget_standard_output()
            raise ReaderGoneError from None
        except OSError as error:
            with contextlib.suppress(OSError):
                sys.stdout.close()  # or what it still holds would fail again at the exit
            reason = error.strerror
            raise ConfigError(f"standard output cannot be written: {reason}") from None


class ReaderGoneError(SystemExit):
    """Whoever read standard output has seen enough, ``head`` for example."""

    def __init__(self) -> None:
        super().__init__(EXIT_READER_GONE)


def _forget_standard_output() -> None:
    """Let what standard output still holds go nowhere, or it would fail at the exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _write_text(stream: TextIO, text: str) -> None:
    """Write text to a stream whose encoding may not know every character."""
    if text:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


class Ticker:
    """Says on a terminal how far a long run is, of what is counted, and leaves no trace."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._shown = False
        self._next = time.monotonic() + _PATIENCE

    def __enter__(self) -> Ticker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.hide()

    def hide(self) -> None:
        """Make room for other lines."""
        if self._shown:
            self._shown = False
            _write_text(sys.stderr, "\r\x1b[K")

    def tick(self) -> None:
        """Count one more."""
        self._count += 1
        if (
            time.monotonic() >= self._next
            and sys.stderr is not None
            and sys.stderr.isatty()
        ):
            self._next = time.monotonic() + _PERIOD
            self._shown = True
            _write_text(sys.stderr, f"\r{self._count:,} {self._what}")


@contextlib.contextmanager
def collection_bar() -> Iterator[Callable[[CollectionProgress], None] | None]:
    """Show on a terminal how far a collection is, how fast, and how long it will take."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[documents]} documents"),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, documents=0, rate=0.0)

        def report(progress: CollectionProgress) -> None:
            documents = progress.collected.documents
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                documents=documents,
                rate=documents / max(elapsed, 1e-9),
            )

        yield report


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write next to the file, then put it in place at once."""
    import tempfile

    if path.exists() and (not path.is_file() or _is_handed(path)):
        with path.open("ab") as stream:  # a device or a pipe is written to, not replaced
            stream.writelines(pieces)
        return
    path = Path(os.path.realpath(path))  # through a link, so that the link stays
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=".taskgraph-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(pieces)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise


def _is_handed(path: Path) -> bool:
    """Tell whether a name, maybe by links, stands for what a process has open already."""
    name = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        if _HANDED.match(name):
            return True
        if not os.path.islink(name):
            break
        name = os.path.abspath(os.path.join(os.path.dirname(name), os.readlink(name)))
    return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
