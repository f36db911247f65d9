"""From saved bytes to text in UTF-8, and to plain values, or to what is wrong with it."""

from __future__ import annotations

import codecs
import gc
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from taskgraph.errors import InputError, Problem
from taskgraph.sources.document import DocumentText, Problems
from taskgraph.sources.limits import refusal
from taskgraph.sources.naming import is_definition_name
from taskgraph.sources.oddities import explained
from taskgraph.sources.places import escape_token, line_begin

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTTP_HEADERS = re.compile(
    rb"\s*+(?P<status>HTTP/[0-9.]+ [0-9]{3}[^\r\n]*)\r?\n"
    rb"(?:[^\s:]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?(?:\n|\Z)"
)
_SAVE_AS_TEXT = "save the response again, as UTF-8 text"


def decode(data: bytes, file: str) -> bytes:
    """Give the text of a saved document as UTF-8 without a byte order mark.

    UTF-16 and UTF-32 are told by their byte order mark or their zero bytes. The headers
    of an HTTP response before the body (``curl -i``) are blanked out and not cut off, so
    that lines are still counted as in the file. Whether UTF-8 is valid is left to the
    parser, which sees every byte anyway: see :func:`refuse_invalid`.

    Raises InputError if the bytes are not valid in UTF-16 or UTF-32, or are headers alone.
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
            what = f"is not valid {encoding.upper()}: {error.reason}"
            raise refusal(file, what, _SAVE_AS_TEXT) from None
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
        what = f"is a response without a body: {status}"
        raise refusal(file, what, "save a response that has the task in it")
    return re.sub(rb"[^\n]", b" ", data[: len(data) - len(body)]) + body


def refuse_invalid(document: DocumentText) -> None:
    """Refuse text that is not valid UTF-8.

    Raises InputError with the place of the first byte that does not fit.
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


_MOST_REPEATED = 900  # of the 1,000 problems that are told of a document
_MUCH = 50_000  # new objects: with fewer the next walk is short
_PLACE = re.compile(r" at line (\d+) column (\d+)$")
_CODE = re.compile(r"\\u\{(\w{1,4})\}")  # as the parser writes a character
_REPEATED = "Detected duplicate key"
_DAMAGED = "the document is damaged from there on: mend it, or save the response again"
_BROKEN = "a terminal or a mail broke a long line there: join the two lines"
_HEAD = 2000  # bytes of a page
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>\s*([45]\d\d\b[^<]{0,60})", re.IGNORECASE)
_LOG_IN = "log in again and save the response of the API, not the page of a browser"
_ANSWERS = {
    "4": "look at the address: the server knows no such one",
    "5": "the gateway got no answer from the server behind it: try again when that runs",
}
_COMMENT = "remove the comment"
_NO_JSON = (
    (b"--More--", "a pager stopped there", "save the response without a pager: | cat"),
    (b"...", "a part was left out there", "save the whole response"),
    ("…".encode(), "a part was left out there", "save the whole response"),
    *((sign, "JSON has no comments", _COMMENT) for sign in (b"//", b"/*", b"#")),
    (b"True", "Python's True is no JSON", "print json.dumps(response) there"),
    (b"False", "Python's False is no JSON", "print json.dumps(response) there"),
    (b"None", "Python's None is no JSON", "print json.dumps(response) there"),
)
"""What stands where the parser stops, by its beginning, and what to do."""
_COMMA, _ONE_OF_TWO = "remove the comma", "remove one of the two"
_MEND = "mend it there: an editor that knows JSON shows what is open"
_DEFINED = {
    "Python": "write true, false and null",
    "key must": 'put keys and texts into straight double quotes: "',
    "neither": "if it is YAML, name it *.task.yaml",
    "empty": "taskgraph init writes a definition to start from",
}
"""What to do about a definition, by what is said of it."""
_AS_IT_IS = "save the response again, as the API gives it"
_ENDS_EARLY = "it was cut off: save the response again"


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the cyclic garbage collector from walking a growing document again and again.

    A document holds no reference cycles, so there is nothing for it to find. If much was
    made, it goes to the oldest generation, which is walked last: freezing and thawing
    moves it there at once. Little is left to the next walk, which finds the garbage that
    came up on the way, of archives for example.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > _MUCH and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def parse_json(document: DocumentText, problems: Problems | None = None) -> Any:
    """Parse a document in which no object has a key twice: one value would be lost.

    With `problems` such keys are noted there, where nothing else is wrong.
    NaN and the infinities are let through, to be refused where their pointer is known.
    """
    import jiter

    try:
        return jiter.from_json(document.data, catch_duplicate_keys=True)
    except ValueError as error:
        reason = str(error)
    if reason.startswith(_REPEATED):
        noted = Problems(document) if problems is None else problems
        with suppress(ValueError, RecursionError):  # there is more wrong further down
            root, pointers = _with_repeated(document.data)
            for pointer in pointers:
                noted.repeat(pointer)
            if problems is None:
                raise noted.repeated_error()
            return root
    # A name for the error here would hold it, and it this call and the whole document.
    raise _for_definitions(_syntax_error(reason, document), document)


def _for_definitions(wrong: InputError, document: DocumentText) -> InputError:
    """Hint at what helps with a definition, which is not saved from a response."""
    if not is_definition_name(wrong.file) or wrong.hint in (_ONE_OF_TWO, _COMMA, _COMMENT):
        return wrong
    message = wrong.problems[0].message
    hint = next((h for part, h in _DEFINED.items() if part in message), _MEND)
    return explained(InputError(wrong.file, list(wrong.problems), hint), document)


def _syntax_error(reason: str, document: DocumentText) -> InputError:
    data = document.data
    start = data.lstrip()[:200].lower()
    if not start:
        return refusal(document.file, "is empty", "save the response body again")
    refuse_invalid(document)
    if start.startswith(b"<"):
        return refusal(document.file, *_of_markup(data.lstrip()[:_HEAD]))
    place = _PLACE.search(reason)
    line, column = map(int, place.groups()) if place else (1, 1)
    reason = _PLACE.sub("", reason)
    if reason.startswith(_REPEATED):
        key = reason.removeprefix(_REPEATED).strip().removeprefix('"').removesuffix('"')
        key = _CODE.sub(lambda code: f"\\u{code[1]:0>4}", key)
        with suppress(ValueError):
            key = json.loads(f'"{key}"')  # as it is, so that it can be masked
        line += document.first_line - 1
        problem = Problem(f"the key {key} stands twice", None, line, 1)
        return InputError(document.file, [problem], _ONE_OF_TWO)
    if reason.startswith("trailing") and _is_json(_from_place(data, line, column)):
        hint = "write one document a file, or one a line as jq -c does"
        reason = "another document follows after the end of this one"
    else:
        reason, hint = _explained(reason)
        rest = _from_place(data, line, column)
        if not start.startswith((b"{", b"[", b'"')):
            reason, hint = "it begins with neither { nor [", _AS_IT_IS
        if rest.strip() in (b":", b"(END)") and data.rstrip().endswith(
            b"\n" + rest.strip()
        ):
            reason, hint = _NO_JSON[0][1:]
        for sign, what, remedy in _NO_JSON:
            if rest.startswith(sign):
                reason, hint = what, remedy
    column = _in_characters(data, line, column)
    line += document.first_line - 1
    problem = Problem(f"is not valid JSON: {reason}", None, line, column)
    return InputError(document.file, [problem], hint)


def _of_markup(start: bytes) -> tuple[str, str]:
    """Say what a page or XML is, and what to do."""
    if re.match(rb"<(?:!doctype\s+)?html|<(?:head|body)", start, re.IGNORECASE) is None:
        hint = "save the response in JSON: send the header Accept: application/json"
        return "is markup, not JSON", hint
    title = _TITLE.search(start)
    if title is None:
        return "is an HTML page, not JSON", _LOG_IN
    said = title[1].decode("utf-8", "replace").strip()
    hint = _ANSWERS.get(said[:1], _LOG_IN) if said[:3] not in ("401", "403") else _LOG_IN
    return f"is an HTML page that says {said}, not JSON", hint


def _is_json(data: bytes) -> bool:
    """Tell whether a text is JSON to its end, as far as what ends a block of code."""
    import jiter

    try:
        value = jiter.from_json(data.rstrip().removesuffix(b"```"))
    except ValueError:
        return False
    return isinstance(value, dict | list)


def _from_place(data: bytes, line: int, column: int) -> bytes:
    """Give the rest of a text from a place on that the parser names."""
    return data[line_begin(data, line) + column - 1 :]


def _explained(reason: str) -> tuple[str, str]:
    """Say in plain words what the parser says, and what to do."""
    if reason.startswith("EOF"):
        return "the document ends too early", _ENDS_EARLY
    if reason.startswith("recursion"):
        return "nested more than 200 levels deep", "this is no task response"
    if reason.startswith("number out of range"):
        return reason, "no id, timeout or count has that many digits"
    if reason.startswith("trailing comma"):
        return "a comma stands before the end of an object or a list", _COMMA
    if reason.startswith("control character"):
        return "a text is broken over two lines", _BROKEN
    if "hex escape" in reason:
        return "a \\u escape is half of a pair", "a program cut a text in two there"
    if reason.startswith("trailing characters"):
        return "more text follows after the end of the document", _DAMAGED
    return reason, _DAMAGED


def _in_characters(data: bytes, line: int, column: int) -> int:
    """Turn the parser's column, in bytes, into one in characters, from 1."""
    begin = line_begin(data, line)
    text = data[begin : begin + column].partition(b"\n")[0]
    return max(1, len(text.decode("utf-8", "ignore")))


def _with_repeated(data: bytes) -> tuple[Any, list[str]]:
    """Parse JSON, and find every key that an object has twice, up to a bound."""
    repeated: dict[int, tuple[list[str], Any]] = {}

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = [name for name, count in counts.items() if count > 1]
            repeated[id(members)] = twice, members  # kept, so that no other gets its id
        return members

    tree = json.loads(data, object_pairs_hook=note)
    pointers = (
        f"{pointer}/{escape_token(name)}"
        for pointer, value in _objects(tree)
        if id(value) in repeated
        for name in repeated[id(value)][0]
    )
    return tree, [*islice(pointers, _MOST_REPEATED)]


def _objects(tree: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    stack = [("", tree)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            yield pointer, value
            stack += [(f"{pointer}/{escape_token(key)}", v) for key, v in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{index}", v) for index, v in enumerate(value)]
