"""How documents are found and read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReadOptions"]


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
    max_bytes : int
        The largest document, unpacked, in bytes.
    """

    glob: str | None = None
    redact: bool = False
    max_bytes: int = 128 << 20
