"""From the bytes that were saved to text in UTF-8."""

from __future__ import annotations

import codecs
import re

from taskgraph.errors import InputError, Problem
from taskgraph.sources.document import Document

__all__ = ["decode", "refuse_invalid", "without_headers"]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTTP_HEADERS = re.compile(
    rb"\s*(?P<status>HTTP/[0-9.]+ [0-9]{3}[^\r\n]*)\r?\n"
    rb"(?:[^\s:]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?(?:\n|\Z)"
)
_SAVE_AS_TEXT = "save the response again, as UTF-8 text"


def decode(data: bytes, file: str) -> bytes:
    """Give the text of a saved document as UTF-8 without a byte order mark.

    UTF-16 and UTF-32 are told by their byte order mark or their zero bytes. The headers
    of an HTTP response before the body (``curl -i``) are blanked out and not cut off, so
    that lines are still counted as in the file. Whether UTF-8 is valid is left to the
    parser, which sees every byte anyway: see :func:`refuse_invalid`.

    Raises
    ------
    InputError
        If the bytes are not valid in UTF-16 or UTF-32, or are headers alone.
    """
    encoding = "utf-8"
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    else:
        encoding = _guess(data[:4])
    if encoding != "utf-8":
        try:
            data = data.decode(encoding).encode()
        except UnicodeDecodeError as error:
            problem = Problem(f"is not valid {encoding.upper()}: {error.reason}")
            raise InputError(file, [problem], _SAVE_AS_TEXT) from None
    return _blank_headers(data, file)


def _guess(start: bytes) -> str:
    """Tell UTF-16 without a mark by the zero bytes of its ASCII (RFC 4627, section 3)."""
    if len(start) == 4:
        if start[1] == start[3] == 0 != start[0]:
            return "utf-16-le"
        if start[0] == start[2] == 0 != start[1]:
            return "utf-16-be"
    return "utf-8"


def without_headers(data: bytes) -> bytes:
    """Give the body of a response that was saved with its headers."""
    return data[_headers(data)[0] :]


def _headers(data: bytes) -> tuple[int, str]:
    """Find where the body of a saved response begins, and its status line.

    A proxy's answer, or one that only says to go on, may come before.
    """
    end, status = 0, ""
    while match := _HTTP_HEADERS.match(data, end):
        end, status = match.end(), match["status"].decode("ascii", "replace")
    return end, status


def _blank_headers(data: bytes, file: str) -> bytes:
    end, status = _headers(data)
    if not end:
        return data
    body = data[end:].removeprefix(codecs.BOM_UTF8)
    if not body.strip():
        problem = Problem(f"is a response without a body: {status}")
        raise InputError(file, [problem], "save a response that has the task in it")
    return re.sub(rb"[^\n]", b" ", data[: len(data) - len(body)]) + body


def refuse_invalid(document: Document) -> None:
    """Refuse text that is not valid UTF-8.

    Raises
    ------
    InputError
        With the place of the first byte that does not fit.
    """
    data = document.data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + document.first_line
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        message = f"byte 0x{data[error.start]:02x} is not valid UTF-8"
        problem = Problem(message, line=line, column=column)
        raise InputError(document.file, [problem], _SAVE_AS_TEXT) from None
