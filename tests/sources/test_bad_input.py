"""What cannot be read is refused with its place and a remedy, and with nothing else."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from taskgraph.api import loads
from taskgraph.errors import InputError, Problem
from taskgraph.sources.opening import find_sources
from taskgraph.sources.reading import read_bytes, read_source
from tests.conftest import RunCli

SUBTASK: dict[str, Any] = {
    "id": 2,
    "name": "second",
    "timeout": 30,
    "upstreams": [1],
    "downstreams": [],
}
TASK: dict[str, Any] = {
    "id": 7,
    "name": "Restart",
    "status": "RUNNING",
    "subtasks": [
        {"id": 1, "name": "first", "timeout": 60, "upstreams": [], "downstreams": [2]},
        SUBTASK,
    ],
}
TEXT = json.dumps(TASK)


def changed(**fields: Any) -> bytes:
    """Write the task with other fields in its second subtask."""
    task = copy.deepcopy(TASK)
    task["subtasks"][1] |= fields
    return json.dumps(task).encode()


def replaced(old: str, new: str) -> bytes:
    """Write the task with the last occurrence of a text replaced."""
    before, found, after = TEXT.rpartition(old)
    assert found
    return f"{before}{new}{after}".encode()


class Bad(NamedTuple):
    """A document that cannot be read, and what must be said of it."""

    name: str
    data: bytes
    message: str
    hint: str
    pointer: str | None = None
    has_place: bool = True


TIMEOUT = "/subtasks/1/timeout"
BAD = [
    Bad("empty file", b"", "is empty", "save the response body again", None, False),
    Bad("blank file", b" \r\n\t ", "is empty", "save the response", None, False),
    Bad("no JSON", b"hello", "is not valid JSON", "save the response again"),
    Bad("zero bytes", bytes(8), "is not valid JSON", "save the response again"),
    Bad("truncated", TEXT[:-20].encode(), "ends too early", "cut off"),
    Bad("stray brace", TEXT.encode() + b"}", "more text follows", "mend it"),
    Bad("list of numbers", b"[1, 2]", "must be an object, not the number 1", "mend", "/0"),
    Bad("text", b'"abc"', 'must be an object, not the text "abc"', "mend", ""),
    Bad("null", b"null", "must be an object, not null", "mend", ""),
    Bad("empty object", b"{}", "holds no task", "a task has subtasks", ""),
    Bad("empty list", b"[]", "is a list without tasks", "Query task instance", ""),
    Bad(
        "HTML",
        b"<!DOCTYPE html>\n<html><body>502</body></html>",
        "is an HTML page",
        "log in again",
        None,
        False,
    ),
    Bad(
        "XML", b"<?xml version='1.0'?><error/>", "is markup", "the response", None, False
    ),
    Bad(
        "no data",
        b'{"successful": true, "status": 200, "traceId": "5f3a"}',
        "is a response without data (trace id 5f3a)",
        "save the response of",
        "",
    ),
    Bad("null data", b'{"data": null, "status": 200}', "without data", "save", ""),
    Bad("number as data", b'{"data": 5}', "data must be an object", "mend", "/data"),
    Bad(
        "error response",
        b'{"successful": false, "error": {"code": 404, "message": "gone"}, "traceId": "f"}',
        "is an error response 404: gone (trace id f)",
        "the request failed",
        "/error",
    ),
    *[
        Bad(
            f"error with {data}",
            b'{"successful": false, "data": %s, "error": {"code": 1, "message": "boom"}}'
            % data.encode(),
            "is an error response 1: boom",
            "the request failed",
            "/error",
        )
        for data in ("[]", "{}", '""', '{"contents": []}', '{"code": 5}', "null")
    ],
    Bad(
        "error of a framework",
        b'{"timestamp": 1700000000, "status": 401, "error": "Unauthorized", "path": "/x"}',
        "is an error response 401: Unauthorized",
        "the request failed",
        "/error",
    ),
    Bad(
        "error without a frame",
        b'{"code": 401, "message": "Unauthorized", "traceId": "zz"}',
        "is an error response 401: Unauthorized (trace id zz)",
        "the request failed",
        "/message",
    ),
    Bad(
        "headers alone",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        "is a response without a body: HTTP/1.1 401 Unauthorized",
        "save a response that has",
        None,
        False,
    ),
    Bad(
        "two documents",
        json.dumps(TASK, indent=1).encode() * 2,
        "holds 2 documents with a task",
        "write one a line: jq -c",
    ),
    Bad("7-Zip", b"7z\xbc\xaf\x27\x1c" + bytes(30), "is a 7-Zip archive", "unpack it", None,
        False),
    Bad("tar", b"a".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 500,
        "cannot be unpacked: bad checksum", "save it again", None, False),
    Bad("two spellings", changed(upstream=[2]), "upstreams and upstream are one field",
        "mend", "/subtasks/1/upstream"),
    Bad("two spellings of a number", changed(parallelIdx=1, paralleIdx=2),
        "parallelIdx and paralleIdx are one field", "mend", "/subtasks/1/paralleIdx"),
    Bad(
        "key twice and more",
        rb'{"x": "\"", "data": {"a": 1, "a": 2,,}}',
        "the key a stands twice",
        "remove",
    ),
    Bad(
        "failed without error",
        b'{"successful": false, "status": 500}',
        "says that the request failed, and not why",
        "log",
        "/successful",
    ),
    Bad(
        "one subtask",
        json.dumps({"data": SUBTASK, "successful": True}).encode(),
        "is one subtask, not a task",
        "/api/v2/tasks/instances/{task id}",
        "/data",
    ),
    Bad("float id", changed(id=1.0), "id must be a whole number or a text", "mend",
        "/subtasks/1/id"),
    Bad("no id", replaced('"id": 2,', ""), "id is missing", "mend", "/subtasks/1/id"),
    Bad("empty id", changed(id=""), "id must be", "mend", "/subtasks/1/id"),
    Bad("text as timeout", changed(timeout="30"), 'not the text "30"', "mend", TIMEOUT),
    Bad("true as timeout", changed(timeout=True), "number, not true", "mend", TIMEOUT),
    Bad("NaN", changed(timeout=float("nan")), "whole number, not NaN", "mend", TIMEOUT),
    Bad("NaN beside", changed(x=[float("nan")]), "item 0 of x must be a finite",
        "mend", "/subtasks/1/x/0"),
    Bad("infinity beside", replaced("30", '30, "x/y": 1e999'),
        "x/y must be a finite number, not Infinity", "mend", "/subtasks/1/x~1y"),
    Bad("5,000 digits", replaced("30", "9" * 5000), "number out of range", "digits"),
    Bad("5,000 digits beside", replaced("30", f'30, "x": {"9" * 5000}'),
        "number out of range", "digits"),
    Bad("beyond 64 bits", replaced("30", "9" * 20), "must fit in 64 bits", "mend", TIMEOUT),
    Bad("lone surrogate", replaced("second", r"\ud800"), "half of a pair", "cut a text"),
    Bad("lone low surrogate", replaced("second", r"\udc00!"), "half of a pair", "cut"),
    Bad("surrogate in a key", replaced('"name"', r'"\ud83d"'), "half of a pair", "cut"),
    Bad("key twice", replaced("30", '30, "timeout": 31'), "stands twice", "remove",
        TIMEOUT),
    Bad("key twice, spaced", replaced('"timeout":', '"timeout" : 1, "timeout"\n:'),
        "stands twice", "remove", TIMEOUT),
    Bad("key twice, escaped", replaced("30", r'30, "\u0074imeout": 31'),
        "stands twice", "remove", TIMEOUT),
    Bad("key twice below", replaced("30", '30, "x": [{"a": 1, "a": 2}]'),
        "stands twice", "remove", "/subtasks/1/x/0/a"),
    Bad("100,000 lists deep", b"[" * 100_000, "nested more than 200", "no task"),
    Bad("100,000 objects deep", b'{"a":' * 100_000, "nested more than 200", "no task"),
    Bad("deep and closed", b"[" * 100_000 + b"]" * 100_000, "nested more", "no task"),
    Bad("deep beside", replaced("30", '30, "x": ' + "[" * 100_000), "nested", "no task"),
    Bad("invalid UTF-8", replaced("second", "s").replace(b'"s"', b'"s\xff"'),
        "byte 0xff is not valid UTF-8", "as UTF-8 text"),
    Bad("half of UTF-16", TEXT.encode("utf-16")[:-1], "is not valid UTF-16", "as UTF-8",
        None, False),
    Bad("number as time", changed(startTime=5), "startTime must be a time, not the number",
        "mend", "/subtasks/1/startTime"),
    Bad("NaN in an own field", changed(**{"x-*": float("nan")}), "x-* must be a finite",
        "mend", "/subtasks/1/x-*"),
    Bad("NaN in a page", b'{"data": {"contents": [%s], "x": NaN}}' % TEXT.encode(),
        "x must be a finite number, not NaN", "mend", "/data/x"),
    Bad("NaN in an error", b'{"error": {"code": 5, "message": "boom", "x": [NaN, NaN]}}',
        "is an error response 5: boom", "the request failed", "/error"),
    Bad("no time", changed(startTime="yesterday"), "startTime must be a time like",
        "mend", "/subtasks/1/startTime"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_is_refused_with_place_and_remedy(bad: Bad) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(bad.data, "saved.json")
    error = caught.value
    assert str(error).startswith("saved.json: ")
    assert bad.message in str(error)
    assert bad.hint in error.hint
    first = error.problems[0]
    assert first.pointer == bad.pointer
    assert (first.line is not None) == bad.has_place


def test_half_of_a_pair_in_a_text_is_told_with_its_place() -> None:
    with pytest.raises(InputError, match="line 1, column 7: byte 0xed is not valid UTF-8"):
        loads('{"a":"\ud800"}')


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_place_lies_inside_the_document(bad: Bad) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(bad.data, "saved.json")
    lines = bad.data.decode("utf-8", "replace").split("\n")
    for problem in caught.value.problems:
        if problem.line is not None and problem.column is not None:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def test_every_problem_is_named_in_the_order_of_the_document() -> None:
    document = changed(timeout="30", runTime=1.5).replace(b'"id": 1,', b'"id": null,')
    with pytest.raises(InputError) as caught:
        read_bytes(document, "saved.json")
    assert [problem.pointer for problem in caught.value.problems] == [
        "/subtasks/0/id", "/subtasks/1/timeout", "/subtasks/1/runTime",
    ]  # fmt: skip


def test_the_column_counts_characters_not_bytes() -> None:
    with pytest.raises(InputError) as caught:
        read_bytes('{"subtasks":\n[{"name": "停止", "id": 1.5}]}'.encode(), "saved.json")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (2, 23)


def test_many_problems_are_counted_and_not_all_shown() -> None:
    rows = [{"id": None} for _ in range(1000)]
    with pytest.raises(InputError) as caught:
        read_bytes(json.dumps({"subtasks": rows}).encode(), "saved.json")
    error = caught.value
    assert len(error.problems) == 1000
    assert "1,000 problems" in str(error)
    assert "and 980 more" in str(error)
    assert str(error).count("\n") == 22


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_encoding_of_unicode_is_read(encoding: str) -> None:
    text = json.dumps(TASK | {"name": "停止 OBProxy 🛑"}, ensure_ascii=False)
    (task,) = read_bytes(text.encode(encoding), "saved.json")
    assert task.name == "停止 OBProxy 🛑"


def test_a_duplicate_id_is_kept_for_the_checks() -> None:
    (task,) = read_bytes(changed(id=1))
    assert [subtask.id for subtask in task.subtasks] == [1, 1]


def test_a_pair_of_surrogates_is_one_character() -> None:
    (task,) = read_bytes(replaced("second", r"\ud83d\uded1"))
    assert task.subtasks[1].name == "🛑"


def read_path(path: Path) -> str:
    """Give what is said of a path that cannot be read."""
    (source,) = find_sources([str(path)], io.BytesIO())
    (reading,) = read_source(source)
    assert reading.error is not None
    assert str(path) in str(reading.error)
    assert reading.error.hint
    return str(reading.error)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in read_path(tmp_path / "missing.json")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"{}")
    assert "cannot be read" in read_path(tmp_path / "file" / "saved.json")


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in read_path(tmp_path / "a\0b")


def test_a_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(b"{}")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("taskgraph.sources.opening.open", refuse, raising=False)
    assert "may not be read" in read_path(path)


def test_the_process_says_so_and_exits_with_2(run_cli: RunCli, tmp_path: Path) -> None:
    names = []
    for position, bad in enumerate(BAD):
        path = tmp_path / f"{position}.json"
        path.write_bytes(bad.data)
        names.append(path)
    done = run_cli("budget", *names, tmp_path / "missing.json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for path, bad in zip(names, BAD, strict=True):
        assert f"taskgraph: {path}: " in done.stderr
        assert bad.message in done.stderr
    assert done.stdout == ""


def test_a_bad_document_does_not_hide_the_others(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"{")
    (tmp_path / "good.json").write_bytes(TEXT.encode())
    done = run_cli("budget", tmp_path / "bad.json", tmp_path / "good.json")
    assert done.returncode == 2
    assert "Restart" in done.stdout
    assert "bad.json" in done.stderr


def test_a_problem_without_a_place_is_only_its_message() -> None:
    assert str(Problem("is empty")) == "is empty"
    assert str(InputError("a.json", [Problem("is empty")])) == "a.json: is empty"
