"""What somebody saved who meant to save JSON: a part of a terminal, a log, another format.

It is looked at only where a document cannot be read. Where it is beyond doubt what is
meant, the document in it is given, to be read; else what it is, and what mends it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from taskgraph.sources.document import Document, escape_token

__all__ = ["Paste", "recognise"]


class Paste(NamedTuple):
    """What a text is that is no document."""

    what: str
    """Continues the name of the file: ``is what Python prints``."""
    hint: str = ""
    place: tuple[int, int] | None = None
    document: Document | None = None
    """What is meant, where that is beyond doubt."""


_TEXT = json.JSONDecoder(parse_int=len, parse_float=len, strict=False)
_MOST_BYTES = 64 << 20
_MOST_BEGINNINGS = 20
_BEGINNING = re.compile(r"[{\[]")
_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^ {0,3}\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PROMPT = re.compile(
    r"(?:\([^()\n]{1,40}\) ?)?(?:\[[^\]\n]{1,80}\]|(?:PS )?[\w.~/@:\\-]{0,80})? ?"
    r"[$#%>❯➜»](?: .*)?"
)
_MEASURED = re.compile(r"(?:[a-z_]{1,20}[:=]|HTTP/?)?[\d.]{1,12}s?|HTTP|[a-z_]{1,20}[:=]")
_VERBOSE = re.compile(r"[*<>{}] |[*<>]$|\s*% Total|\s*Dload|\s*\d+ +\d+[kMG]? ")
_LOG_LINE = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d|\w{3} +\d+ \d\d:\d\d|\[?\d\d:\d\d:\d\d|"
    r".*\b(?:DEBUG|INFO|WARN|ERROR)\b"
)
_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "＂": '"', "″": '"'})
_BLANKS = re.compile(
    "[\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]"
)
_PYTHON = re.compile(r"\s*(?:>>>.*\n|Out\[\d+\]: *)*[\[({]\s*(?:\[?\{\s*)?'")
_JAVA = re.compile(r"\s*(?:[\w.$]+(?:@[0-9a-f]+)?)?[\[({]+\s*[\w.$]+(?:@[0-9a-f]+)?[=({\[]")
_SCRIPT = re.compile(r"\s*[\[{]\s*\{?\s*[A-Za-z_$][\w$]*\s*:")
_AS_YAML = re.compile(r"^(?:data|subtasks):\s*$", re.MULTILINE)
_SDK = re.compile(r'"(?:nodes|sub_tasks|task_logs)":"\[')
_SHOWN = re.compile(r"^\s*dag_id: *(\S+)", re.MULTILINE)
_GENERIC_ID = re.compile(r'^id: *(\S+)|"generic_id": ?"?([\w-]+)', re.MULTILINE)
_TO_PYTHON = (
    "print json.dumps(response) there; or python3 -c 'import ast, json, sys; "
    "print(json.dumps(ast.literal_eval(sys.stdin.read())))' < FILE > task.json"
)
_REMOVE = {
    "ANSI": ("the colours of a terminal", r"sed 's/\x1b\[[0-9;]*m//g' FILE > task.json"),
    "curly": ("curly quotes", """sed 's/[“”„]/"/g' FILE > task.json"""),
    "blanks": ("no-break spaces", r"sed 's/\xc2\xa0/ /g' FILE > task.json"),
}


def recognise(document: Document) -> Paste | None:
    """Tell what a text is; ``None`` where nothing is known beside that it is no task."""
    if len(document.data) > _MOST_BYTES:
        return None
    text = document.data.decode("utf-8", "replace")
    try:
        root = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        pass
    else:
        return _in_json(root, document)
    for look in (_fenced, _printed, _decorated, _with_more, _escaped, _encoded):
        found = look(text, document)
        if found is not None:
            return found
    return None


# --- JSON that holds the document --------------------------------------------------------


def _in_json(root: Any, document: Document) -> Paste | None:
    if isinstance(root, str) and _is_json(root):
        what = "is a text that holds JSON, which was read"
        return Paste(what, document=_inside(document, root))
    log = root.get("log") if isinstance(root, dict) else None
    if isinstance(log, dict) and isinstance(log.get("entries"), list):
        return _har(log["entries"], document)
    bodies = list(islice(_bodies(root), 2))
    if len(bodies) != 1:
        return None
    ((pointer, body),) = bodies
    what = f"holds a response as a text in {pointer}, which was read"
    return Paste(what, document=_inside(document, body))


def _bodies(root: Any) -> Iterator[tuple[str, str]]:
    """Give the texts anywhere in JSON that hold a task, and where they are."""
    stack = [("", root)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            stack += [(f"{pointer}/{escape_token(key)}", v) for key, v in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{place}", item) for place, item in enumerate(value)]
        elif isinstance(value, str) and _has_task(value):
            yield pointer, value


def _har(entries: list[Any], document: Document) -> Paste:
    """Look for the responses with a task in what a browser recorded."""
    found = [(n, body) for n, body in enumerate(map(_body, entries)) if _has_task(body)]
    if len(found) == 1:
        ((number, body),) = found
        what = f"is a HAR file, of which the response with a task was read: entry {number}"
        return Paste(what, document=_inside(document, body))
    if not found:
        what = "is a HAR file, a browser's record, without a response that has a task"
        return Paste(what, "save it again after the page of the task was opened")
    numbers = ", ".join(str(number) for number, _ in found[:10])
    what = f"is a HAR file with {len(found)} responses that have a task: entries {numbers}"
    hint = "take one: jq -r '.log.entries[N].response.content.text' FILE > task.json"
    return Paste(what, hint)


def _body(entry: Any) -> str:
    """Give the body of a recorded response; ``""`` where there is none."""
    for key in ("response", "content"):
        entry = entry.get(key) if isinstance(entry, dict) else None
    text = entry.get("text") if isinstance(entry, dict) else None
    if not isinstance(text, str):
        return ""
    if entry.get("encoding") == "base64":
        return _from_base64(text)
    return text


def _has_task(text: str) -> bool:
    """Tell whether a text is JSON with a task in it."""
    return _names_task(text) and _is_json(text)


def _names_task(text: str) -> bool:
    return '"subtasks"' in text or '"dag_id"' in text


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    return _end(text, len(text) - len(text.lstrip())) == len(text.rstrip())


def _inside(document: Document, text: str) -> Document:
    """Give what a text of the document holds; lines of the file mean nothing there."""
    return replace(document, data=text.encode("utf-8", "replace"), syntax="none")


# --- text around JSON --------------------------------------------------------------------


def _end(text: str, begin: int) -> int | None:
    """Find the end of the object or list that begins at an offset."""
    try:
        return _TEXT.raw_decode(text, begin)[1]
    except (ValueError, RecursionError, StopIteration):
        return None


def _place(text: str, offset: int, document: Document) -> tuple[int, int]:
    before = text[:offset]
    line = before.count("\n") + document.first_line
    return line, offset - before.rfind("\n")


def _only(text: str, begin: int, end: int, document: Document) -> Document:
    """Blank out what is around the JSON, so that lines are counted as in the file."""
    before = re.sub(r"[^\n]", " ", text[:begin])
    return replace(document, data=f"{before}{text[begin:end]}".encode())


def _fenced(text: str, document: Document) -> Paste | None:
    """Look for blocks of code, as Markdown and chats have them."""
    blocks = [match.span(2) for match in islice(_FENCE.finditer(text), _MOST_BEGINNINGS)]
    whole = [span for span in blocks if _is_json(text[slice(*span)])]
    if len(whole) == 1:
        begin, end = whole[0]
        begin += len(text[begin:end]) - len(text[begin:end].lstrip())
        first = _place(text, begin, document)[0]
        last = _place(text, begin + len(text[begin:end].rstrip()), document)[0]
        what = f"has JSON in a block of code, lines {first} to {last}, which alone was read"
        return Paste(what, document=_only(text, begin, end, document))
    if len(whole) > 1:
        what = f"has JSON in {len(whole)} blocks of code"
        place = _place(text, whole[0][0], document)
        return Paste(what, "save each in a file of its own", place)
    return None


def _with_more(text: str, document: Document) -> Paste | None:
    """Look for JSON that other text stands around."""
    wholes = list(islice(_wholes(text), _MOST_BEGINNINGS))
    if wholes and not text[: wholes[0][0]].strip():
        return _with_more_after(text, *wholes[0], document)
    wholes = [span for span in wholes if _names_task(text[slice(*span)])] or wholes
    if not wholes:
        return _with_margin(text, document)
    begin, end = wholes[0]
    first, last = _place(text, begin, document), _place(text, end - 1, document)
    if len(wholes) > 1:
        what = f"has JSON in {len(wholes)} places, and other text between"
        return Paste(what, "save each in a file of its own", first)
    what, hint = _around(text[:begin])
    span = f"JSON begins at line {first[0]}, column {first[1]}"
    span += f", and ends at line {last[0]}, column {last[1]}"
    if not _are_trailers(text[end:]):
        hint = "remove what is around it"
    hint = hint.format(line=first[0], column=len(text[:begin].encode()) + 1)
    return Paste(f"is not JSON alone: {what} stands before it", f"{span}: {hint}", first)


def _with_margin(text: str, document: Document) -> Paste | None:
    """Know JSON of which every line has the same number of characters before it."""
    lines = text.rstrip().splitlines() or [""]
    begin = min((at for sign in "{[" if (at := lines[0].find(sign)) > 0), default=0)
    if not begin or not _is_json("\n".join(line[begin:] for line in lines)):
        return None
    what = f"is not JSON alone: {begin} characters stand before each line of it"
    hint = f"cut -c{begin + 1}- FILE > task.json"
    return Paste(what, hint, (document.first_line, begin + 1))


def _wholes(text: str) -> Iterator[tuple[int, int]]:
    """Give the first objects and lists of a text that are whole and hold something.

    In a text that begins as JSON does, only what begins there: the rest is a part of it.
    """
    start = len(text) - len(text.lstrip())
    begins_so = text[start : start + 1] in ("{", "[") and not _LOG_LINE.match(text, start)
    position = 0
    for _ in range(_MOST_BEGINNINGS):
        match = _BEGINNING.search(text, position)
        if match is None:
            return
        begin = position = match.start()
        end = _end(text, begin)
        if end is not None and '"' in text[begin:end]:
            yield begin, end
        if begins_so:
            return
        position = end or begin + 1


def _with_more_after(text: str, begin: int, end: int, document: Document) -> Paste | None:
    after = text[end:].strip()
    if not after:
        return None  # it is whole, and something in it is wrong
    place = _place(text, end + len(text[end:]) - len(text[end:].lstrip()), document)
    if _are_trailers(after):
        is_prompt = any(_PROMPT.fullmatch(line.strip()) for line in after.splitlines())
        kind = "the prompt of a shell" if is_prompt else "what curl -w writes"
        what = (
            f"ends at line {_place(text, end - 1, document)[0]}: {kind} after it was left"
        )
        return Paste(f"{what} out", document=_only(text, begin, end, document))
    if after[0] in '{[}]",' and after != ",":
        return None  # another document, or a bracket too many: the parser's words are right
    last = _place(text, end - 1, document)
    what = "is not JSON alone: other text stands after it"
    return Paste(
        what, f"JSON ends at line {last[0]}, column {last[1]}: remove the rest", place
    )


def _are_trailers(text: str) -> bool:
    """Tell what a terminal puts after a document: a prompt, or what ``curl -w`` writes."""
    return all(
        _PROMPT.fullmatch(line.strip()) or all(map(_MEASURED.fullmatch, line.split()))
        for line in text.splitlines()
    )


def _around(before: str) -> tuple[str, str]:
    """Say what stands before JSON, and what takes it away."""
    lines = [line for line in before.splitlines() if line.strip()]
    is_on_its_line = not before.endswith("\n") and bool(before.rpartition("\n")[2].strip())
    cut = (
        "cut -c{column}- FILE > task.json"
        if len(lines) == 1
        else "remove what is before it"
    )
    if is_on_its_line and _LOG_LINE.match(lines[-1]):
        return "the beginning of a line of a log", cut
    if is_on_its_line:
        return "other text", cut
    tail = "tail -n +{line} FILE > task.json"
    if any(_VERBOSE.match(line) for line in lines):
        return "what curl -v tells", f"use curl -s without -v, or {tail}"
    if all(_PROMPT.fullmatch(line.strip()) for line in lines):
        return "the prompt of a shell", tail
    return "other text", tail


# --- what programs print -----------------------------------------------------------------


def _printed(text: str, document: Document) -> Paste | None:
    """Know what other programs print that is nearly JSON."""
    place = (document.first_line, 1)
    if _SDK.search(text) and text.lstrip().startswith("{"):
        return Paste("is what obshell's SDK prints, not JSON", _request(text), place)
    if _SHOWN.search(text) and not text.lstrip().startswith(("{", "[")):
        what = "is what obshell task show prints, not JSON"
        return Paste(what, _request(text), place)
    if _PYTHON.match(text):
        return Paste("is what Python prints, not JSON", _TO_PYTHON, place)
    if _JAVA.match(text):
        hint = "write it as JSON there, with ObjectMapper or json, or save the response"
        return Paste("is what Java or Python prints of an object, not JSON", hint, place)
    if _AS_YAML.search(text) and not text.lstrip().startswith(("{", "[")):
        return Paste("is YAML, not JSON", "yq -o=json . FILE > task.json", place)
    if _SCRIPT.match(text):
        hint = "in the console of the browser: copy(JSON.stringify(response))"
        return Paste("is an object of JavaScript, whose keys have no quotes", hint, place)
    return None


def _request(text: str) -> str:
    found = _GENERIC_ID.search(text)
    identifier = (found[1] or found[2]) if found else "ID"
    return f"save the response of GET /api/v1/task/dag/{identifier}, with show_details"


def _decorated(text: str, document: Document) -> Paste | None:
    """Find characters that a terminal, a chat or a word processor put into JSON."""
    plain, kinds = text, []
    for kind, changed in (
        ("ANSI", _ANSI.sub("", text)),
        ("curly", text.translate(_CURLY)),
        ("blanks", _BLANKS.sub(" ", text)),
    ):
        if changed != text:
            kinds.append(kind)
    if "ANSI" in kinds:
        plain = _ANSI.sub("", plain)
    if "curly" in kinds:
        plain = plain.translate(_CURLY)
    plain = _BLANKS.sub(" ", plain).strip()
    if not kinds or plain[:1] not in ("{", "[") or _end(plain, 0) is None:
        return None
    first = min(
        match.start()
        for kind in kinds
        for match in [_SIGNS[kind].search(text)]
        if match is not None
    )
    named = " and ".join(_REMOVE[kind][0] for kind in kinds)
    hint = "; ".join(_REMOVE[kind][1] for kind in kinds)
    return Paste(f"has {named} in it", hint, _place(text, first, document))


_SIGNS = {"ANSI": _ANSI, "curly": re.compile("[“”„‟＂″]"), "blanks": _BLANKS}


def _escaped(text: str, document: Document) -> Paste | None:
    """Read JSON that is escaped: the inside of a text, or what Python prints of one."""
    core = re.sub(r"\A\s*b?[\"']?|[\"']?\s*\Z", "", text)
    if not re.match(r"[\[{]\s*(?:\\[nrt]|\\\")", core):
        return None
    try:
        inner = json.loads(f'"{core}"', strict=False)
    except (ValueError, RecursionError):
        inner = re.sub(r"\\[nrt]", " ", core)
    if not _is_json(inner):
        return None
    what = "is JSON with escaped quotes, the inside of a text, which was read"
    return Paste(what, document=_inside(document, inner))


def _encoded(text: str, document: Document) -> Paste | None:
    """Know JSON in the writing of another medium."""
    place, python = (document.first_line, 1), "python3 -c 'import sys, {}; print({}({}))'"
    stdin, to_json = "sys.stdin.read()", " < FILE > task.json"
    if re.match(r"\s*(?:eyJ|ew[og]|W3s)", text) and _is_json(_from_base64(text)):
        return Paste("is JSON in base64", "base64 -d FILE > task.json", place)
    if re.match(r"\s*(?:%7B|%5B)", text, re.IGNORECASE):
        hint = python.format("urllib.parse", "urllib.parse.unquote", stdin) + to_json
        return Paste("is JSON in the writing of a URL", hint, place)
    if re.match(r"\s*[\[{]\s*&(?:quot|#34);", text):
        hint = python.format("html", "html.unescape", stdin) + to_json
        return Paste("is JSON in the writing of HTML", hint, place)
    return None


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, ValueError):
        return ""
