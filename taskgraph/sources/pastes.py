"""What somebody saved who meant to save JSON: a part of a terminal, a log, another format.

It is looked at only where a document cannot be read. Where there is one document in it, in
whatever way, that is given to be read; else what the text is, and what mends it.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import accumulate, islice
from shlex import quote
from typing import Any, NamedTuple

from taskgraph.model.words import counted
from taskgraph.sources.document import DocumentText
from taskgraph.sources.lenses import (
    LENSES,
    Seen,
    begins_as_json,
    end_of,
    from_base64,
    is_json,
    is_prompt,
)
from taskgraph.sources.oddities import COLOUR, CONFLICT, IN_QUOTES, oddity_in
from taskgraph.sources.places import escape_token, locate, place_in


class Paste(NamedTuple):
    """What a text is that is no document."""

    what: str
    """Continues the name of the file: ``is what Python prints``."""
    hint: str = ""
    place: tuple[int, int] | None = None
    document: DocumentText | None = None
    """What is meant, where that is beyond doubt."""


_MOST_BYTES = 32 << 20
_DEEPEST = 4  # a log of a text with escaped quotes in a block of code
_MOST_SEEN = 2 << 20  # characters that are looked at deeper, each time
_YAML = "yq -o=json . FILE > task.json"
_NAME_IT = (
    "if it is a definition, name it *.task.yaml, say kind: task-definition in it, or give "
    f"--stdin-filename x.task.yaml; else {_YAML}"
)
_API = "save the response of GET /api/v1/task/dag/{id}, with show_details"
_POWERSHELL = "add | ConvertTo-Json -Depth 20 there"
_AGAIN = "look at the address, and save the response again"
_MEND = "mend what it tells of, and save the response again"
_BODY = "save the body, which -o wrote elsewhere; after 000 there is none: no answer came"
_WHOLE = "save the response of the API, which has the whole task"
_CUT = "all of it is needed: save it again, and not with head, tail or a log that cuts"
_VISITED = "save it again after the page of the task was opened"
_KINDS = [
    (
        re.compile(sign, re.MULTILINE),
        what if what.startswith("is ") else f"is what {what}",
        hint if " " in hint else f"print {hint} there",
    )
    for sign, what, hint in (
        (
            r'[^{\[\n]*[{\[].*"(?:nodes|sub_tasks|task_logs)":"\[',
            "obshell's SDK prints",
            _API,
        ),
        (r"[^{\[]*^ *dag_id: *\S", "obshell task show prints", _API),
        (r"\s*<Response \[\d+\]>", "Python prints of a response", "response.text"),
        (r"\s*(?:\w+ *:?= *)?&?map\[", "Go prints of a map", "json.Marshal(value)"),
        (r"\s*&?[\[{]+\w+:[^\s,]+ \w+:", "Go prints", "json.Marshal(value)"),
        (r"\s*\[\w+:", "Groovy prints of a map", "groovy.json.JsonOutput.toJson(value)"),
        (r"\s*(?:\w+ \{ \w+:|%\{)", "Rust or Elixir prints", "print it as JSON there"),
        (r"\s*System\.", "C# prints of an object", "JsonSerializer.Serialize(value)"),
        (
            r"(?:[^{\[\n]*|>>>.*\n)[\[({]\s*(?:\[?\{\s*)?'",
            "Python prints",
            "print json.dumps(response, default=str) there",
        ),
        (
            r"\s*(?:[\w.$]+(?:@[0-9a-f]+)?)?[\[({]+\s*[\w.$]+(?:@[0-9a-f]+)?[=({\[]",
            "Java or Python prints of an object",
            "write it as JSON there, with ObjectMapper or json",
        ),
        (
            r"\s*[\[{]\s*(?:\{\s*)?[A-Za-z_$][\w$]*\s*:|\[object \w+\]",
            "JavaScript prints of an object",
            "print JSON.stringify(response) there; in a browser, copy(JSON.stringify(it))",
        ),
        (r"\s*(?:\$VAR1 = )?[{\[].*=>", "Ruby or Perl prints", "print it with to_json"),
        (r"\s*(?:array|Array|object)\b\s*\(", "PHP prints", "json_encode($value)"),
        (
            r"\s*\w+ +: .*\n(?:\w+ +: .*\n?)+|(?:[^{]*\n)?(?:\w+ *: |\s*)@\{",
            "PowerShell prints",
            _POWERSHELL,
        ),
        (r"\s*(?:\d{3}\s*)\Z", "curl -w writes of a response, without its body", _BODY),
        (r"\s*Traceback \(most recent", "Python tells of an error", _MEND),
        (r"\s*\+[-+]+\+\s*\n *\|", "is a table", _WHOLE),
        (r"\s*\[[\w.-]+\]\s*\n(?:#.*\n)*[\w-]+ *=", "a file in TOML or INI has", _WHOLE),
        (r"\s*\w+(?:([,;\t])\w+)(?:\1\w+)*\s*\n.*\1", "is a table of CSV", _WHOLE),
        (r"\s*curl: \(\d+\)", "curl tells of a request that failed", _AGAIN),
        (r'\s*\{\s*"log"\s*:\s*\{', "a HAR file holds without a task", _VISITED),
    )
]
"""What something prints that is no JSON, by how it begins, and what gives JSON there."""
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n){3,}")
_ID = re.compile(r'^id: *(\S+)|"generic_id": ?"?([\w-]+)', re.MULTILINE)


def recognise(document: DocumentText) -> Paste | None:
    """Tell what a text is; ``None`` where nothing is known beside that it is no task."""
    if len(document.data) > _MOST_BYTES:
        return None
    text = document.data.decode("utf-8", "replace")
    excerpts = [] if CONFLICT.search(text) else _search(text)
    if not any(_names_task(seen.text) for seen in excerpts):
        known = _named(text, document) or _cut(text, document)
        if known is None and not excerpts and not is_json(text):
            known = _odd(text, document)
        if known is not None or not excerpts:
            return known
    if len(excerpts) > 1:
        return _several(excerpts, text, document)
    return Paste(
        f"was read {excerpts[0].how}", document=_given(excerpts[0], text, document)
    )


def _search(text: str) -> list[Seen]:
    """Look ever deeper until there is a document: one, or several in the same way."""
    level = [Seen(text, "", (0, len(text)))]
    others: list[Seen] = []
    known = {text}
    for _ in range(_DEEPEST):
        deeper: list[Seen] = []
        for seen in level:
            for group in _looks(seen):
                whole = [below for below in group if is_json(below.text)]
                tasks = [below for below in whole if _names_task(below.text)]
                if tasks:
                    return tasks
                others = others or [s for s in whole if _stands_alone(s, text, whole)]
                deeper += [below for below in group if below.text not in known]
                known.update(below.text for below in group)
        sizes = accumulate(len(below.text) for below in deeper)
        level = deeper[: sum(size <= _MOST_SEEN for size in sizes)]
    return others


def _names_task(text: str) -> bool:
    """Tell whether a text, if it is JSON, may hold a task."""
    return '"subtasks"' in text or '"dag_id"' in text


def _stands_alone(seen: Seen, text: str, whole: list[Seen]) -> bool:
    """Tell whether it is the only JSON in a text that is something else.

    The items of a list are shown where they are wrong, and behind a key may be secrets.
    """
    is_inside = seen.span is not None and text[: seen.span[0]].strip() != ""
    return is_inside and len(whole) == 1 and seen.text.startswith("{")


def _looks(seen: Seen) -> Iterator[list[Seen]]:
    """See a text in every way, one after the other."""
    try:
        root: Any = json.loads(seen.text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        ways = (lens(seen.text) for lens in LENSES)
    else:
        ways = (look(root, seen.text) for look in _BODIES)
    for way in ways:
        yield [_within(seen, below) for below in way]


def _within(seen: Seen, below: Seen) -> Seen:
    """Say how a text is seen that stands in one that is seen already."""
    span = None
    if seen.span is not None and below.span is not None:
        span = (seen.span[0] + below.span[0], seen.span[0] + below.span[1])
    how = ", ".join(filter(None, (seen.how, below.how)))
    return Seen(below.text, how, span, "" if seen.how else below.command)


def _given(seen: Seen, text: str, document: DocumentText) -> DocumentText:
    """Give what is meant, with the lines of the file if they mean something in it."""
    if seen.span is None:
        return replace(document, data=seen.text.encode("utf-8", "replace"), syntax="none")
    blank = defaultdict(lambda: " ", {ord("\n"): "\n"})
    before = text[: seen.span[0]].translate(blank)
    return replace(document, data=f"{before}{seen.text}".encode("utf-8", "replace"))


def _several(excerpts: list[Seen], text: str, document: DocumentText) -> Paste:
    """Tell of several documents, and what takes the last of them out."""
    last = excerpts[-1]
    what = f"holds {counted(len(excerpts), 'document')} with a task"
    if last.span is None or last.command:
        one = f"take one: {last.command} > task.json" if last.command else "save one alone"
        return Paste(what, one)
    place = place_in(text, last.span[0], document.first_line)
    rest = text
    for seen in excerpts:
        rest = rest.replace(seen.text, "")
    if not rest.strip():
        return Paste(what, "write one a line: jq -c . FILE > tasks.jsonl", place)
    begin, size = len(text[: last.span[0]].encode()), len(last.text.encode())
    take = f"tail -c +{begin + 1} FILE | head -c {size} > task.json"
    where = last.how.partition(", without")[0]
    return Paste(what, f"take the last, {where}: {take}", place)


def _named(text: str, document: DocumentText) -> Paste | None:
    """Know what other programs print."""
    place = (document.first_line, 1)
    begin = _BLANK_LINES.sub("\n\n\n", text.lstrip())  # or each is tried as a begin
    for sign, what, hint in _KINDS:
        if sign.match(begin):
            named = _ID.search(text)
            identifier = (named[1] or named[2]) if named else "ID"
            remedy = hint.replace("{id}", identifier)
            return Paste(f"{what}, and no JSON", remedy, place)
    if is_prompt(text):
        return Paste("is the prompt of a shell, and no JSON", "remove the line", place)
    if re.search(r"^(?:data|subtasks):\s*$", text, re.MULTILINE) and text[:1] not in "{[":
        hint = _YAML if "\ndata:" in f"\n{text}" else _NAME_IT
        return Paste("is YAML, and no JSON", hint, place)
    return None


def _cut(text: str, document: DocumentText) -> Paste | None:
    """Know a part of JSON in other text, or without its beginning."""
    part = _fragment_in(text)
    if part is None or CONFLICT.search(text):
        return None
    place = place_in(text, part.begin, document.first_line)
    if part.has_no_beginning:
        rest = " and its end are" if part.has_no_end else " is"
        return Paste(f"is a part of JSON: its beginning{rest} missing", _CUT, place)
    return Paste("begins as JSON there and is cut off: its end is missing", _CUT, place)


_FIELD = re.compile(r'"\w+"\s*:')
_FEWEST_FIELDS = 3  # in what is a part of JSON
_BRACKET_OUTSIDE = re.compile(rf"{IN_QUOTES}|{COLOUR.pattern}|(?P<bracket>[{{}}\[\]])")


class _Fragment(NamedTuple):
    """A part of JSON that was cut off."""

    begin: int
    """The offset of what is there of it."""
    has_no_beginning: bool
    has_no_end: bool


def _fragment_in(text: str) -> _Fragment | None:
    """Find JSON that lacks its beginning, or begins behind other text and lacks its end."""
    fields = islice(_FIELD.finditer(text), _FEWEST_FIELDS)
    if begins_as_json(text) or sum(1 for _ in fields) < _FEWEST_FIELDS:
        return None
    before = max("", '"', key=lambda mark: sum(1 for _ in _brackets(f"{mark}{text}")))
    opened = depth = 0
    has_no_beginning = False
    for bracket in _brackets(f"{before}{text}"):
        if bracket[0] in "{[":
            if not depth:
                opened = bracket.start() - len(before)
            depth += 1
        elif depth:
            depth -= 1
        else:
            has_no_beginning = True
    if not depth and not has_no_beginning:
        return None
    if depth and not has_no_beginning:
        has_no_beginning = _FIELD.search(text, 0, opened) is not None
    begin = 0 if has_no_beginning else opened
    return _Fragment(begin, has_no_beginning, depth > 0)


def _brackets(text: str) -> Iterator[re.Match[str]]:
    """Find the brackets that do not stand in quotes, where they are none."""
    brackets = _BRACKET_OUTSIDE.finditer(text)
    return (match for match in brackets if match["bracket"])


def _odd(text: str, document: DocumentText) -> Paste | None:
    """Name what does not belong into JSON."""
    odd = oddity_in(text)
    if odd is None:
        return None
    what, remedy, offset = odd
    return Paste(f"has {what} in it", remedy, place_in(text, offset, document.first_line))


_OF_A_RESPONSE = ("data", "contents")
_OF_A_SUBTASK = frozenset({"operation", "operator", "status", "timeout", "upstreams"})


def _whole_text(root: Any, _: str) -> Iterator[Seen]:
    if isinstance(root, str):
        yield Seen(root, "from the text that it is")


def _recorded(root: Any, _: str) -> Iterator[Seen]:
    """Give the responses in what a browser recorded."""
    log = root.get("log") if isinstance(root, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        content = entry
        for key in ("response", "content"):
            content = content.get(key) if isinstance(content, dict) else None
        text = content.get("text") if isinstance(content, dict) else None
        if isinstance(text, str):
            is_packed = content.get("encoding") == "base64"
            body = from_base64(text) if is_packed else text
            how = f"from entry {number} of a HAR file, a browser's record"
            take = f"jq -r '.log.entries[{number}].response.content.text' FILE"
            yield Seen(body, how, None, take + " | base64 -d" * is_packed)


def _below(root: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Give what stands anywhere in JSON, with the steps to it; nothing below a task."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), root)]
    while stack:
        steps, value = stack.pop()
        yield steps, value
        if isinstance(value, dict) and not _is_task(value):
            stack += [((*steps, key), below) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            stack += [((*steps, n), below) for n, below in reversed([*enumerate(value)])]


def _is_task(value: dict[str, Any]) -> bool:
    rows = value.get("subtasks", value.get("nodes"))
    return isinstance(rows, list) and any(
        isinstance(row, dict) and row.keys() & _OF_A_SUBTASK for row in rows
    )


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{escape_token(str(step))}" for step in steps)


def _texts(root: Any, _: str) -> Iterator[Seen]:
    """Give the texts anywhere in JSON that may hold a task, and where they are."""
    for steps, value in _below(root):
        if isinstance(value, str) and ("subtasks" in value or "dag_id" in value):
            take = f"jq -r {quote(f'getpath({json.dumps(steps)})')} FILE"
            yield Seen(value, f"from the text in {_pointer(steps)}", None, take)


def _nested(root: Any, text: str) -> Iterator[Seen]:
    """Give the tasks that stand deeper in JSON than in a response."""
    paths: dict[str, tuple[str | int, ...]] = {}
    for steps, value in _below(root):
        is_deep = any(isinstance(s, str) and s not in _OF_A_RESPONSE for s in steps)
        if is_deep and isinstance(value, dict) and _is_task(value):
            around = steps[:-1] if steps[-1] == "data" else steps
            paths[_pointer(around)] = around
    starts = array("q", [0])  # a list of numbers would take many times the text
    starts.extend(match.end() for match in re.finditer("\n", text if paths else ""))
    for pointer, (line, column) in locate(text.encode(), paths).items():
        begin = starts[line - 1] + column - 1
        end = end_of(text, begin)
        take = f"jq {quote(f'getpath({json.dumps(paths[pointer])})')} FILE"
        if end is not None:
            yield Seen(text[begin:end], f"from the object in {pointer}", (begin, end), take)


_BODIES: tuple[Callable[[Any, str], Iterator[Seen]], ...] = (
    _whole_text,
    _recorded,
    _texts,
    _nested,
)
"""Where in parsed JSON a document may stand as a text, or deeper than in a response."""
