"""What people save who meant to save JSON is read, or named with what mends it."""

from __future__ import annotations

import base64
import html
import json
import pprint
import re
import subprocess
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from taskgraph.cli.main import cli
from taskgraph.errors import InputError
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import Reading, read_bytes, read_source
from tests.fuzz.target import no_longer_than

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
MOMENT = datetime(2025, 1, 16, tzinfo=UTC)
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


_VERBOSE = "* Connected to ocp (192.0.2.1) port 8080\n> GET /api HTTP/1.1\n< HTTP/1.1 200\n"
CURLY = TEXT.replace('": "', "”: “").replace('"', "”")
ROWS = TEXT.splitlines()
ALONE = f"from line 1, column 1 to line {LAST}, column 1, without"
MEANT = [
    Meant("fence", f"Look:\n\n```json\n{TEXT}\n```\n!\n", f"lines 4 to {LAST + 3}", 4),
    Meant("open fence", f"```\n{TEXT}\n", "the block of code", 2),
    Meant("tildes", f"~~~ json\n{TEXT}\n~~~\n", "the block of code", 2),
    Meant("fence beside another", f"```sh\ncurl x\n```\n```\n{LINE}\n```", "of code", 5),
    Meant("indented fence", f"  ```\n  {LINE}\n  ```\n", "the block of code", 2),
    Meant("fence of a print", f"```python\n{TASK!r}\n```", "as Python or", None),
    Meant("prompt after", f"{TEXT}\n$ ", f"{ALONE} the prompt of a shell"),
    Meant("long prompt", f"{TEXT}\n[root@ocp-1 ~]# \n", f"{ALONE} the prompt of a shell"),
    Meant("prompt on its line", f"{TEXT}admin@ocp:~/logs$ exit", "the prompt of a shell"),
    Meant("PowerShell", f"{TEXT}\r\nPS C:\\Users\\ob> ", "the prompt of a shell"),
    Meant("zsh", f"{TEXT}\n(venv) ~/ocp ❯ ", "the prompt of a shell"),
    Meant("prompt before", f"$ curl -s http://ocp/api\n{TEXT}", "the prompt of a shell", 2),
    Meant("prompts around", f"$ curl x\n{TEXT}\n[root@h ~]# ", "prompt of a shell", 2),
    Meant("curl -w code", f"{TEXT}200", "what curl -w wrote after it"),
    Meant("curl -w line", f"{TEXT}\nhttp_code=200 time_total=0.1s\n", "curl -w wrote"),
    Meant("curl -w protocol", f"{TEXT}\nHTTP/1.1 200", "what curl -w wrote"),
    Meant("curl -v", f"{_VERBOSE}{TEXT}\n* Connection left intact\n", "curl -v tells", 4),
    Meant("progress", f"  % Total    % Received\n100  42    0  42\n{TEXT}", "curl -v", 3),
    Meant("log", f"2025-01-16 11:43:38.123  INFO 12 --- [exec-3] c.o.Client : body={LINE}",
          f"column 65 to line 1, column {len(LINE) + 64}, without the beginning of"),
    Meant("log in brackets", f"[2025-01-16 11:43:38] INFO body={LINE}", "column 33 to"),
    Meant("log, indented", f"2025-01-16 11:43:38 INFO [x] {TEXT}", "line of a log"),
    Meant("log and more", f"11:43:38 INFO go\n11:43:39 INFO {TEXT}\n11:44:00 INFO end\n",
          "line of a log", 2),
    Meant("sentence", f"Here it is: {LINE}", "the other text around it"),
    Meant("sentence after", f"{TEXT}\nThat was it.", f"{ALONE} the other text"),
    Meant("sentences around", f"Look:\n{TEXT}\nWhat now?", "the other text", 2),
    Meant("a comma after", f"{TEXT},\n", f"{ALONE} the other text"),
    Meant("assigned", f"const x = {TEXT};", "column 11 to line"),
    Meant("JSONP", f"callback({LINE});", "column 10 to line"),
    Meant("less", f"{TEXT}\n(END)\n", f"{ALONE} the other text"),
    Meant("chunks", f"HTTP/1.1 200 OK\r\n\r\n1a2\r\n{LINE}\r\n0\r\n", "other text", 4),
    Meant("row of SQL", f"*** 1. row ***\n  task: {LINE}\n1 row in set\n", "other text", 2),
    Meant("margin", "".join(f"app-1  | {x}\n" for x in ROWS), "before each", None),
    Meant("numbered", "".join(f"{n:6}\t{x}\n" for n, x in enumerate(ROWS)), "each", None),
    Meant("grep -n", "".join(f"a.js:{n}:{x}\n" for n, x in enumerate(ROWS)), "each", None),
    Meant("logger", "".join(f"11:43 [main] {{}} : {x}\n" for x in ROWS), "each", None),
    Meant("times", "".join(f"11:43:{n:02} INFO {x}\n" for n, x in enumerate(ROWS)), "each",
          None),
    Meant("diff", "@@ -0,0 +1,9 @@\n" + "".join(f"+{x}\n" for x in ROWS), "each", None),
    Meant("quoted mail", "He wrote:\n" + "".join(f"> {x}\n" for x in ROWS), "each", None),
    Meant("colours", f"\x1b[1;39m{TEXT}\x1b[0m", "the colours of a terminal", None),
    Meant("ends of lines", TEXT.replace("\n", "\x1b[K\n"), "colours of a terminal", None),
    Meant("title of a window", f"\x1b]0;root@h\x07{TEXT}", "colours of a terminal", None),
    Meant("colours in a log", f"\x1b[32mINFO\x1b[0m got {LINE}", "other text"),
    Meant("curly quotes", CURLY, "with straight quotes for curly ones", None),
    Meant("some curly quotes", TEXT.replace('"name"', "“name”"), "straight quotes", None),
    Meant("no-break spaces", TEXT.replace("  ", "\u00a0\u00a0"), "blanks for no-br", None),
    Meant("zero-width spaces", f"\u200b{TEXT}\u200b", "and invisible ones", None),
    Meant("both", CURLY.replace("  ", "\u00a0 "), "no-break and invisible ones, wi", None),
    Meant("commas of China", LINE.replace(", ", "，"), "as Python or", None),
    Meant("colours spelt out", f"^[[1;39m{TEXT}^[[0m", "colours of a terminal", None),
    Meant("single curly quotes", TEXT.replace('"', "’"), "straight quotes", None),
    Meant("wrapped", "\n".join(LINE[n : n + 60] for n in range(0, len(LINE), 60)),
          "with lines joined, broken at 60 columns", None),
    Meant("an object in an object", json.dumps({"code": 0, "result": TASK["data"]}),
          "from the object in /result"),
    Meant("a log in JSON", json.dumps({"level": "info", "response": TASK}, indent=1),
          "from the object in /response", 3),
    Meant("a list of logs", json.dumps([{"request": 1}, {"response": TASK}]),
          "from the object in /1/response"),
    Meant("text", json.dumps(LINE), "from the text that it is", None),
    Meant("text of a text", json.dumps(json.dumps(LINE)), "from the text that it is", None),
    Meant("text in a field", json.dumps({"code": 0, "body": LINE}), "in /body", None),
    Meant("text as data", json.dumps({"data": LINE}), "from the text in /data", None),
    Meant("Postman", json.dumps({"item": [{"body": TEXT}]}), "text in /item/0/body", None),
    Meant("bytes of Python", repr(LINE.encode("ascii", "ignore")), "other text", 1),
    Meant("broken bytes", repr(TEXT.encode("ascii", "ignore")), "escaped quotes", None),
    Meant("inside of a text", json.dumps(LINE)[1:-1], "escaped quotes", None),
    Meant("broken inside", json.dumps(TEXT)[1:-1], "escaped quotes", None),
    Meant("cell of CSV", '7,"' + LINE.replace('"', '""') + '",x\n', "cell of CSV", None),
    Meant("HAR", har(OTHER, ENTRY, OTHER), "from entry 1 of a HAR file", None),
    Meant("HAR in base64", har(PACKED), "entry 0", None),
    Meant("base64", base64.b64encode(LINE.encode()).decode(), "from base64", None),
    Meant("base64 in lines", base64.encodebytes(TEXT.encode()).decode(), "base64", None),
    Meant("URL", urllib.parse.quote(LINE), "the writing of a URL", None),
    Meant("HTML", html.escape(LINE), "the writing of HTML", None),
    Meant("Python", repr(TASK), "as Python or JavaScript print it", None),
    Meant("Python list", repr([TASK]), "as Python or", None),
    Meant("pprint", pprint.pformat(TASK, width=30), "as Python or", None),
    Meant("Python's prompt", f">>> r.json()\n{TASK!r}\n>>> ", "as Python or", None),
    Meant("IPython", f"Out[3]: {TASK!r}", "as Python or", None),
    Meant("assigned in Python", f"resp = {TASK!r}", "column 8 to", None),
    Meant("log of Python", f"2025-01-16 11:43:38,1 INFO root: {TASK!r}\n", "as Py", None),
    Meant("half Python", LINE.replace("false", "False"), "as Python or", None),
    Meant("single quotes", LINE.replace('"', "'"), "as Python or", None),
    Meant("JavaScript", re.sub(r'"(\w+)":', r"\1:", TEXT), "as Python or", None),
]  # fmt: skip


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


_SHOWN = "id: 11\ndag_id: 1\nname: Init\nmax_stage: 5\nnodes:\n  id: 11\n  node_id: 1\n"
_SDK = '{"state":"FAILED", "generic_id":"12", "nodes":"["{"node_id":"2"}"]"}'
_NODE = "{\n  data: { id: 7, subtasks: [ [Object], [Object] ] }\n}\n"
SEVERAL = [
    Named(
        "logs", f"11:43:38 INFO {LINE}\n11:44:38 INFO {LINE}\n", "2 documents", "tail -c"
    ),
    Named(
        "blocks", f"停止\n```\n{TEXT}\n```\n```\n{TEXT}\n```\n", "2 documents", "tail -c"
    ),
    Named("prompts", f"{TEXT}\n$ curl x\n{TEXT}\n$ ", "2 documents", "tail -c"),
    Named("side by side", f"{TEXT}{TEXT}", "2 documents", "jq -c"),
    Named(
        "HAR of several", har(OTHER, ENTRY, ENTRY), "2 documents", ".entries[2].response"
    ),
    Named("objects", json.dumps({"a": TASK, "b": {"c": TASK}}), "2 documents", "jq "),
    Named("HAR in base64", har(ENTRY, PACKED), "2 documents", "| base64 -d"),
    Named("texts", json.dumps({"it's": [LINE, LINE]}), "2 documents", "jq -r"),
]
NAMED = [
    *SEVERAL,
    Named("half a log", f"11:43 INFO {LINE[:99]}", "column 12: begins as", "all of it"),
    Named("half of its lines", "".join(f"11:43 INFO {x}\n" for x in ROWS[:9]),
          "its end is missing", "all of it is needed"),
    Named("half a block", f"Look:\n```json\n{TEXT[:150]}", "line 3, column 1", "all of it"),
    Named("half behind a prompt", f"$ curl x\n{TEXT[:150]}", "line 2, column 1", "all of"),
    Named("half in colours", f"\x1b[1m$ curl\n{TEXT[:150]}", "its end is", "all of it"),
    Named("the second half", TEXT[70:], "its beginning is missing", "all of it"),
    Named("the second half of lines", "\n".join(ROWS[5:]), "its beginning is", "all of it"),
    Named("the midst", LINE[40:150], "its beginning and its end", "all of it is needed"),
    Named("a pager", "\n".join([*ROWS[:9], ":"]), "a pager stopped there", "| cat"),
    Named("its end", "\n".join([*ROWS[:9], "(END)"]), "a pager stopped", "| cat"),
    Named("a gateway", "<html><h1>502 Bad Gateway</h1></html>", "says 502 Bad", "gateway"),
    Named("no such page", "<html><title>404 Not Found</title>", "says 404", "the address"),
    Named("a login", "<html><title>401 Unauthorized</title>", "says 401", "log in again"),
    Named("XML", "<?xml version='1.0'?><task/>", "is markup", "Accept: application/json"),
    Named("TOML", "[data]\nid = 1\n", "TOML or INI", "save the response"),
    Named("a log of the SDK", f"2025 INFO {_SDK}", "obshell's SDK", "GET /api/v1"),
    Named("a code alone", "200\n", "curl -w writes", "save the body"),
    Named("no code", "\n000", "curl -w writes", "no answer came"),
    Named("an error", "Traceback (most recent call last):\n  x\n", "Python tells", "mend"),
    Named("CSV", "id,name\n1,x\n", "is a table of CSV", "save the response"),
    Named("a table", "+----+\n| id |\n+----+\n", "is a table", "save the response"),
    Named("PowerShell's object", "PS C:\\> irm x\n\ndata : @{id=1}\n", "what PowerShell",
          "ConvertTo-Json"),
    Named("Python's times", repr(TASK | {"at": MOMENT}), "is what Python", "default=str"),
    Named("a response", "<Response [200]>\n", "Python prints of a", "response.text"),
    Named("Go's map", "map[data:map[id:7 name:Stop]]", "Go prints of a", "json.Marshal"),
    Named("Go's struct", "{ID:7 Name:Stop Subtasks:[{ID:1}]}", "Go prints", "json.Marshal"),
    Named("Java map", "{data={id=7, name=Stop, subtasks=[{id=1}]}}", "Java", "as JSON"),
    Named("Java object", "TaskInstance(id=7, name=Stop)", "is what Java", "ObjectMapper"),
    Named("Java bean", '[Task{id=7, context={"a": 1}}]', "is what Java", "ObjectMapper"),
    Named("Node", _NODE, "is what JavaScript prints", "JSON.stringify"),
    Named("Ruby", '{"id"=>7, :name=>"x"}', "Ruby or Perl", "to_json"),
    Named("Perl", "$VAR1 = {'id' => 7};", "what", "print"),
    Named("PHP", "Array\n(\n    [id] => 7\n)\n", "PHP prints", "json_encode"),
    Named("PowerShell", "id       : 7\nname     : Stop\n", "PowerShell", "ConvertTo-Json"),
    Named("curl's error", "curl: (7) Failed to connect\n", "curl tells", "save"),
    Named("obshell's text", _SHOWN, "is what obshell task show prints",
          "GET /api/v1/task/dag/11, with show_details"),
    Named("obshell's SDK", _SDK, "is what obshell's SDK prints", "GET /api/v1/task/dag/12"),
    Named("HAR without", har(OTHER), "a HAR file", "save it again"),
    Named("YAML", "data:\n  id: 7\n  subtasks: []\n", "is YAML, and no JSON", "yq"),
    Named("prompt alone", "[root@ocp ~]# ls\n", "the prompt of a shell", "remove the line"),
    Named("merge", f"<<<<<<< a\n{LINE}\n=======\n{LINE[:-1]}\n>>>>>>> b\n",
          "the marks of a merge conflict", "keep one of the sides"),
    Named("left out", LINE.replace("[1]", "[...]"), "a part was left out", "whole"),
    Named("comment", TEXT.replace("[\n", "[  // all\n", 1), "no comments", "remove"),
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


@pytest.mark.slow
@pytest.mark.parametrize("named", SEVERAL, ids=lambda row: row.name)
def test_the_command_that_is_told_mends_it(named: Named, tmp_path: Path) -> None:
    (tmp_path / "saved.txt").write_text(named.text, "utf-8")
    error = reading(named.text).error
    assert error is not None
    command = error.hint.partition(": ")[2]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)  # noqa: S602
    (made,) = (path for path in tmp_path.iterdir() if path.name != "saved.txt")
    tasks = read_bytes(made.read_bytes(), made.name)
    assert {(task.id, len(task.subtasks)) for task in tasks} == {(7, 2)}


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


@pytest.mark.parametrize("odd", ["the “big” one", "no\u00a0break", "a\u200bb"])
def test_what_stands_in_a_text_is_not_blamed_for_something_else(odd: str) -> None:
    text = LINE.replace("Stop obproxy", odd)
    assert reading(text).note == ""
    error = reading(text[:-9]).error
    assert error is not None
    assert "cut off" in error.hint
    yaml = f"name: {odd}\nsubtasks: [\n"
    error = reading(yaml, "ci.task.yaml").error
    assert error is not None
    assert "bracket" in error.hint


def test_the_log_of_a_container_is_told_once() -> None:
    lines = (json.dumps({"log": f"{row}\n", "stream": "stdout"}) for row in ROWS)
    error = reading("\n".join(lines), "c.jsonl").error
    assert error is not None
    assert "jq -rj .log c.jsonl" in error.hint


def test_sound_json_is_not_blamed_for_what_stands_in_its_texts() -> None:
    error = reading(json.dumps({"scripts": "echo x: {{ y }}"})).error
    assert "holds no task" in str(error)


def test_many_objects_are_found_at_once() -> None:
    whole = json.dumps({"logs": [{"response": TASK}] * 2000})
    assert "holds 2,000 documents" in str(reading(whole).error)


def test_blank_lines_are_looked_at_once() -> None:
    for begin, told in ((b"", "is empty"), (b"x\n", "not valid JSON")):
        with no_longer_than(20), pytest.raises(InputError, match=told):
            read_bytes(begin + b" \n" * 200_000 + begin)
