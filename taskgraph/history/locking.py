"""One collection at a time in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taskgraph.errors import ConfigError

__all__ = ["locked"]

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
def locked(path: Path) -> Iterator[None]:
    """Hold a file that nobody else can hold; the system frees it when the process dies.

    Raises
    ------
    ConfigError
        If another process holds it.
    OSError
        If it cannot be made, or the file system knows no locks.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(handle)
        except _TAKEN:
            raise ConfigError(
                f"{path.parent}: another collection is under way there\n"
                "  hint: wait for its end, or collect into another folder"
            ) from None
        yield
    finally:
        os.close(handle)
