"""What a user names on the command line, opened: paths and standard input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from taskgraph.errors import InputError, Problem

__all__ = ["Source", "find_sources"]


@dataclass(frozen=True, slots=True)
class Source:
    """One document that can be opened.

    Attributes
    ----------
    name : str
        As the user gave it; ``<stdin>`` for standard input.
    read : callable
        Gives the bytes, or raises :class:`~taskgraph.errors.InputError`.
    """

    name: str
    read: Callable[[], bytes]


def find_sources(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Source]:
    """Give the documents that the user names.

    Parameters
    ----------
    paths : iterable of str
        A path, or ``-`` for standard input.
    stdin : binary stream
        What ``-`` stands for.
    """
    for path in paths:
        if path == "-":
            yield Source("<stdin>", stdin.read)
        else:
            yield Source(path, partial(_read_file, path))


def _read_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        problem, hint = "does not exist", "check the path"
    except IsADirectoryError:
        problem, hint = "is a directory", "name the file in it"
    except PermissionError:
        problem, hint = "may not be read", "ask for read permission"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem, hint = f"cannot be read: {reason}", "check the path"
    raise InputError(path, [Problem(problem)], hint)
