"""What people save who meant to save JSON is read, or named with what mends it."""

from __future__ import annotations

import base64
import html
import json
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from taskgraph.errors import InputError
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import Reading, read_bytes, read_source

TASK: dict[str, Any] = {
    "data": {
        "id": 7, "name": "Stop obproxy", "status": "RUNNING",
        "subtasks": [
            {"id": 1, "name": "first", "upstreams": [], "timeout": 60},
            {"id": 2, "name": "second 停止", "upstreams": [1], "prohibitSkip": False},
        ],
    },
    "successful": True,
}  # fmt: skip
TEXT = json.dumps(TASK, indent=2, ensure_ascii=False)
LINE = json.dumps(TASK, ensure_ascii=False)
LAST = TEXT.count("\n") + 1
ENTRY = {"response": {"content": {"mimeType": "application/json", "text": LINE}}}
OTHER = {"response": {"content": {"mimeType": "text/html", "text": "<html>"}}}
PACKED = {
    "response": {
        "content": {"text": base64.b64encode(LINE.encode()).decode(), "encoding": "base64"}
    }
}


def har(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": [*entries]}})


def reading(text: str | bytes, name: str = "saved.txt") -> Reading:
    data = text.encode() if isinstance(text, str) else text
    (found,) = read_source(Source(name, lambda: data))
    return found


class Meant(NamedTuple):
    """A paste of which it is beyond doubt what is meant, and a part of the note."""

    name: str
    text: str
    note: str
    line: int | None = 1
    """Where the JSON begins, if lines of the file mean something in it."""


MEANT = [
    Meant(
        "fence", f"Look:\n\n```json\n{TEXT}\n```\nWhat now?\n", f"lines 4 to {LAST + 3}", 4
    ),
    Meant("open fence", f"```\n{TEXT}\n", "in a block of code", 2),
    Meant("tildes", f"~~~ json\n{TEXT}\n~~~\n", "in a block of code", 2),
    Meant(
        "fence beside another", f"```sh\ncurl x\n```\n```\n{LINE}\n```", "block of code", 5
    ),
    Meant("prompt", f"{TEXT}\n$ ", f"ends at line {LAST}: the prompt of a shell"),
    Meant("long prompt", f"{TEXT}\n[root@ocp-1 ~]# \n", "the prompt of a shell"),
    Meant("prompt on its line", f"{TEXT}admin@ocp:~/logs$ exit", "the prompt of a shell"),
    Meant("PowerShell", f"{TEXT}\r\nPS C:\\Users\\ob> ", "the prompt of a shell"),
    Meant("zsh", f"{TEXT}\n(venv) ~/ocp ❯ ", "the prompt of a shell"),
    Meant("curl -w code", f"{TEXT}200", "what curl -w writes"),
    Meant(
        "curl -w line", f"{TEXT}\nhttp_code=200 time_total=0.123s\n", "what curl -w writes"
    ),
    Meant("curl -w protocol", f"{TEXT}\nHTTP/1.1 200", "what curl -w writes"),
    Meant("text", json.dumps(LINE), "is a text that holds JSON", None),
    Meant(
        "text in a field", json.dumps({"code": 0, "body": LINE}), "as a text in /body", None
    ),
    Meant("text as data", json.dumps({"data": LINE}), "as a text in /data", None),
    Meant(
        "Postman", json.dumps({"item": [{"response": [{"body": TEXT}]}]}), "/item/0/", None
    ),
    Meant("bytes of Python", repr(TEXT.encode("ascii", "ignore")), "escaped", None),
    Meant("inside of a text", json.dumps(LINE)[1:-1], "escaped quotes", None),
    Meant("broken inside", json.dumps(TEXT)[1:-1], "escaped quotes", None),
    Meant("HAR", har(OTHER, ENTRY, OTHER), "is a HAR file, of which", None),
    Meant("HAR in base64", har(PACKED), "entry 0", None),
]


@pytest.mark.parametrize("meant", MEANT, ids=lambda meant: meant.name)
def test_what_is_beyond_doubt_is_read_and_noted(meant: Meant) -> None:
    found = reading(meant.text)
    assert found.error is None
    (task,) = found.tasks
    assert (task.id, task.subtasks[0].name, len(task.subtasks)) == (7, "first", 2)
    assert meant.note in found.note
    assert found.told == f"saved.txt: {found.note}"
    if meant.line is None:
        assert task.origin.syntax == "none"
    else:
        lines = task.origin.data.split(b"\n")
        assert lines[meant.line - 1].lstrip().startswith(b"{")


def test_a_byte_order_mark_is_no_matter() -> None:
    assert reading(b"\xef\xbb\xbf" + TEXT.encode()).note == ""


class Named(NamedTuple):
    """A paste that is told, and its remedy."""

    name: str
    text: str
    told: str
    hint: str


_VERBOSE = "* Connected to ocp (192.0.2.1) port 8080\n> GET /api HTTP/1.1\n< HTTP/1.1 200\n"
_SHOWN = "id: 11\ndag_id: 1\nname: Init\nmax_stage: 5\nnodes:\n  id: 11\n  node_id: 1\n"
_SDK = '{"state":"FAILED", "generic_id":"12", "nodes":"["{"node_id":"2"}"]"}'
CURLY = TEXT.replace('": "', "”: “").replace('"', "”")
NAMED = [
    Named("prompt before", f"$ curl -s http://ocp/api\n{TEXT}", "the prompt of a shell",
          f"begins at line 2, column 1, and ends at line {LAST + 1}, column 1: tail -n +2"),
    Named("log", f"2025-01-16 11:43:38.123  INFO 12 --- [exec-3] c.o.Client : body={LINE}",
          "beginning of a line of a log", f"ends at line 1, column {len(LINE) + 64}: cut"),
    Named("log in brackets", f"[2025-01-16 11:43:38] INFO body={LINE}", "a line of a log",
          "begins at line 1, column 33"),
    Named("log, indented", f"2025-01-16 11:43:38 INFO [x] {TEXT}", "a line of a log",
          "sed '1s/^.\\{29\\}//' saved.txt"),
    Named("curl -v", f"{_VERBOSE}{TEXT}", "what curl -v tells", "use curl -s without -v"),
    Named("progress", f"  % Total    % Received\n100  4235    0  4235\n{TEXT}", "curl -v",
          "use curl -s"),
    Named("sentence", f"Here it is: {LINE}", "other text stands before it", "cut -c13-"),
    Named("sentence after", f"{TEXT}\nThat was it.", "other text stands after it",
          f"ends at line {LAST}, column 1: remove the rest"),
    Named("sentences around", f"Look:\n{TEXT}\nWhat now?", "other text stands before it",
          "remove what is around it"),
    Named("several", f"one: {LINE}\ntwo: {LINE}\n", "has JSON in 2 places", "of its own"),
    Named("several blocks", f"```\n{TEXT}\n```\n```\n{TEXT}\n```\n", "in 2 blocks of code",
          "save each in a file of its own"),
    Named("Python", repr(TASK), "is what Python prints", "json.dumps"),
    Named("Python list", repr([TASK]), "is what Python prints", "json.dumps"),
    Named("Python's prompt", f">>> r.json()\n{TASK!r}", "is what Python prints", "json"),
    Named("Java map", "{data={id=7, name=Stop, subtasks=[{id=1}]}}", "Java", "as JSON"),
    Named("Java object", "TaskInstance(id=7, name=Stop)", "is what Java", "ObjectMapper"),
    Named("Java bean", '[Task{id=7, context={"a": 1}}]', "is what Java", "ObjectMapper"),
    Named("JavaScript", "{data: {id: 7, subtasks: []}}", "JavaScript", "JSON.stringify"),
    Named("colours", f"\x1b[1;39m{TEXT}\x1b[0m", "the colours of a terminal", "sed"),
    Named("curly quotes", CURLY, "has curly quotes in it", "sed"),
    Named("no-break spaces", TEXT.replace("  ", "\u00a0\u00a0"), "no-break spaces", "sed"),
    Named("both", CURLY.replace("  ", "\u00a0 "), "curly quotes and no-break", "sed"),
    Named("obshell's text", _SHOWN, "is what obshell task show prints",
          "GET /api/v1/task/dag/11, with show_details"),
    Named("obshell's SDK", _SDK, "is what obshell's SDK prints", "GET /api/v1/task/dag/12"),
    Named("HAR without", har(OTHER), "is a HAR file", "save it again"),
    Named("HAR of several", har(ENTRY, ENTRY), "2 responses", "entries[N].response"),
    Named("base64", base64.b64encode(LINE.encode()).decode(), "in base64", "base64 -d"),
    Named("URL", urllib.parse.quote(LINE), "the writing of a URL", "unquote"),
    Named("HTML", html.escape(LINE), "the writing of HTML", "html.unescape"),
    Named("margin", "".join(f"app-1  | {x}\n" for x in TEXT.splitlines()), "9 characters",
          "cut -c10- saved.txt"),
    Named("numbered", "".join(f"{n:6}\t{x}\n" for n, x in enumerate(TEXT.splitlines())),
          "7 characters stand before each line", "cut -c8- saved.txt"),
    Named("logger", "".join(f"11:43 [main] {{}} : {x}\n" for x in TEXT.splitlines()),
          "18 characters stand before each line", "cut -c19- saved.txt"),
    Named("YAML", "data:\n  id: 7\n  subtasks: []\n", "is YAML, not JSON", "yq"),
    Named("a comma after", f"{TEXT},\n", "other text stands after it", "remove the rest"),
    Named("assigned", f"const x = {TEXT};", "other text stands before it", "around it"),
    Named("left out", LINE.replace("[1]", "[...]"), "a part was left out", "whole"),
    Named("comment", TEXT.replace("[\n", "[  // all\n", 1), "no comments", "remove"),
    Named("half Python", LINE.replace("false", "False"), "Python's False", "json.dumps"),
    Named("no JSON at all", "2025-01-16 11:43:38 nothing here", "neither { nor [", "API"),
    Named("broken line", LINE.replace("Stop ", "Stop\n"), "broken over two lines", "join"),
    Named("a comma too many", LINE.replace("60}", "60,}"), "a comma stands", "remove"),
]  # fmt: skip


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.name)
def test_what_is_not_is_named_with_its_remedy(named: Named) -> None:
    error = reading(named.text).error
    assert error is not None
    assert named.told in str(error)
    assert named.hint in error.hint
    assert "damaged" not in str(error)


COMMANDS = [
    "prompt before", "log", "colours", "no-break spaces", "base64", "Python", "URL", "HTML",
    "margin", "numbered", "sentence", "log, indented", "logger",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "named", [row for row in NAMED if row.name in COMMANDS], ids=lambda row: row.name
)
def test_the_command_that_is_told_mends_it(named: Named, tmp_path: Path) -> None:
    (tmp_path / "saved.txt").write_text(named.text, "utf-8")
    error = reading(named.text).error
    assert error is not None
    command = next(
        error.hint[start:]
        for name in ("tail -n", "cut -c", "sed '", "base64 -d", "python3 -c")
        if (start := error.hint.find(name)) >= 0
    )
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)  # noqa: S602
    assert read_bytes((tmp_path / "task.json").read_bytes(), "task.json")[0].id == 7


def test_no_command_that_is_told_empties_the_file_itself() -> None:
    for named in NAMED:
        error = reading(named.text, "saved/task.json").error
        assert error is not None
        assert "> task.json" not in error.hint


def test_what_was_cut_off_is_not_taken_for_a_paste() -> None:
    for cut in range(1, len(TEXT) - 1, 7):
        error = reading(TEXT[:cut]).error
        assert error is not None
        assert "cut off" in error.hint or "join" in error.hint


def test_a_definition_is_not_told_to_save_a_response() -> None:
    for name, text in (("a.task.yaml", "name: [\n"), ("a.task.json", '{"name": "a",')):
        error = reading(text, name).error
        assert error is not None
        assert "save" not in str(error)


@pytest.mark.parametrize("command", ["check", "show", "budget", "diff"])
def test_the_note_is_on_standard_error(tmp_path: Path, command: str) -> None:
    file = tmp_path / "saved.md"
    file.write_text(MEANT[0].text, "utf-8")
    given = [command, str(file)] + [str(file)] * (command == "diff")
    told = CliRunner().invoke(cli, given)
    assert f"saved.md: {reading(MEANT[0].text).note}" in told.stderr
    assert "block of code" not in told.stdout


def test_an_error_inside_a_paste_is_told_of_the_paste() -> None:
    with pytest.raises(InputError, match="holds no task"):
        read_bytes(b'```\n{"a": 1}\n```\n', "saved.md")
