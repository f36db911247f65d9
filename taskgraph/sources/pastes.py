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
from typing import Any

from taskgraph.sources.among_text import (
    Paste,
    among_text,
    end_of,
    in_a_fence,
    is_json,
    names_task,
    place_of,
)
from taskgraph.sources.document import Document, escape_token

__all__ = ["recognise"]


_MOST_BYTES = 64 << 20
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
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
    for look in (in_a_fence, _printed, _decorated, among_text, _escaped, _encoded):
        found = look(text, document)
        if found is not None:
            return found
    return None


# --- JSON that holds the document --------------------------------------------------------


def _in_json(root: Any, document: Document) -> Paste | None:
    if isinstance(root, str) and is_json(root):
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
    return names_task(text) and is_json(text)


def _inside(document: Document, text: str) -> Document:
    """Give what a text of the document holds; lines of the file mean nothing there."""
    return replace(document, data=text.encode("utf-8", "replace"), syntax="none")


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
        hint = "yq -o=json . FILE > task.json"
        if "\ndata:" not in f"\n{text}":
            hint = "if it is a definition, name it *.task.yaml, say kind: task-definition "
            hint += "in it, or give --stdin-filename x.task.yaml; else "
            hint += "yq -o=json . FILE > task.json"
        return Paste("is YAML, not JSON", hint, place)
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
    if not kinds or plain[:1] not in ("{", "[") or end_of(plain, 0) is None:
        return None
    first = min(
        match.start()
        for kind in kinds
        for match in [_SIGNS[kind].search(text)]
        if match is not None
    )
    named = " and ".join(_REMOVE[kind][0] for kind in kinds)
    hint = "; ".join(_REMOVE[kind][1] for kind in kinds)
    return Paste(f"has {named} in it", hint, place_of(text, first, document))


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
    if not is_json(inner):
        return None
    what = "is JSON with escaped quotes, the inside of a text, which was read"
    return Paste(what, document=_inside(document, inner))


def _encoded(text: str, document: Document) -> Paste | None:
    """Know JSON in the writing of another medium."""
    place, python = (document.first_line, 1), "python3 -c 'import sys, {}; print({}({}))'"
    stdin, to_json = "sys.stdin.read()", " < FILE > task.json"
    if re.match(r"\s*(?:eyJ|ew[og]|W3s)", text) and is_json(_from_base64(text)):
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
