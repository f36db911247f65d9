"""Archives, compressed files and JSON Lines: what is in them, bounds, and damage."""

from __future__ import annotations

import gc
import gzip
import importlib
import io
import json
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from taskgraph.errors import InputError
from taskgraph.sources import limits, unpacking
from taskgraph.sources import reading as reading_module
from taskgraph.sources.dialects import read_document
from taskgraph.sources.document import DocumentText, ReadTasks
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_bytes, read_source
from tests.conftest import RunCli

TASK = b'{"id": 1, "name": "t", "subtasks": []}'


def archive(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return data.getvalue()


def refusal(data: bytes, name: str = "saved", options: ReadOptions | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_bytes(data, name, options or ReadOptions())
    assert caught.value.hint
    return str(caught.value)


def readings(data: bytes, name: str, options: ReadOptions | None = None) -> list[str]:
    """Say of each document what came of it."""
    source = Source(name, lambda: data)
    found = read_source(source, options or ReadOptions())
    return [
        f"{file}: {error.problems[0] if error is not None else tasks[0].id}"
        for file, tasks, error, *_ in found
    ]


def test_one_bad_member_does_not_hide_the_others() -> None:
    five = "the top of the document at line 2, column 1: the document must be an object"
    five += ", not the number 5"
    files = {"c.json": TASK, "a/b.json": b"{", "z.jsonl": TASK + b"\n5\n", "x.txt": b""}
    assert readings(archive(files), "a.zip") == [
        "a.zip!a/b.json: line 1, column 1: is not valid JSON: the document ends too early",
        "a.zip!c.json: 1",
        "a.zip!z.jsonl: 1",
        f"a.zip!z.jsonl: {five}",
    ]


def test_one_bad_line_does_not_hide_the_others(run_cli: RunCli, tmp_path: Path) -> None:
    bad = b'{"subtasks": [{"id": 1, "timeout": "30"}]}'
    faulty = b'{"subtasks": [{"id": 1, "upstreams": [2], "downstreams": []}]}'
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([TASK, b"", bad, b"  ", faulty, b""]))
    done = run_cli("check", tmp_path / "a.jsonl")
    assert done.returncode == 2
    assert "/subtasks/0/timeout at line 3, column 36: timeout must be" in done.stderr
    assert "  5:39  error TG102" in done.stdout


def test_positions_of_lines_are_those_of_the_file() -> None:
    data = TASK + b'\n{"id": 2, "subtasks": [{"id": 1,\n'
    assert "line 2, column 32" in readings(data, "a.jsonl")[1]
    twice = TASK + b'\n{"id": 2, "subtasks": [], "x": {"a": 1, "a": 2}}'
    assert "/x/a at line 2, column 46" in readings(twice, "a.jsonl")[1]
    broken = TASK + b'\n\n{"id": 2, "x": "\xff"}'
    assert "line 3, column 17: byte 0xff" in readings(broken, "a.jsonl")[1]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.JSONL.gz", "a.jsonl.zst"])
def test_the_name_tells_lines(name: str) -> None:
    assert readings(b"5\n" + TASK, name)[1] == f"{name}: 1"


def test_lines_are_told_without_the_name() -> None:
    assert readings(TASK + b"\r\n" + TASK, "saved.txt") == ["saved.txt: 1"] * 2
    assert readings(b"\n" + TASK + b"\n\n", "a.json") == ["a.json: 1"]
    found = readings(b'{"cut": \n' + TASK + b"\n[" + TASK + b"]\n", "<stdin>")
    assert found[0].startswith("<stdin>: line 1, column 7: is not valid JSON")
    assert found[1:] == ["<stdin>: 1", "<stdin>: 1"]
    for indent in (0, 1):
        text = json.dumps([json.loads(TASK)] * 2, indent=indent).encode()
        assert readings(text, "a.json") == ["a.json: 1"]
    listed = b"[\n" + TASK + b",\n" + TASK + b"\n]\n"
    assert readings(listed, "a.json") == ["a.json: 1"]
    assert "more text follows" in refusal(TASK + b"\n}")
    assert "is empty" in refusal(b"\n \n", "a.jsonl")


def test_archives_in_archives() -> None:
    inner = archive({"x.json": TASK})
    outer = archive({"in.zip": inner, "y.json.gz": gzip.compress(TASK)})
    assert readings(outer, "a.zip") == ["a.zip!in.zip!x.json: 1", "a.zip!y.json.gz: 1"]
    deeper = archive({"o.zip": archive({"p.zip": archive({"q.zip": inner})})})
    assert "is packed more than 3 times" in readings(deeper, "a.zip")[0]


def test_hidden_files_and_links_are_left_out() -> None:
    files = {"__MACOSX/a.json": b"", ".x.json": b"", ".d/y.json": b"", "./a.json": TASK}
    data = io.BytesIO(archive(files))
    with zipfile.ZipFile(data, "a") as file:
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    assert readings(data.getvalue(), "a.zip") == ["a.zip!./a.json: 1"]


def test_a_member_without_a_name_is_left_out() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("a.json", TASK)
        file.writestr(zipfile.ZipInfo(""), TASK)
    assert readings(data.getvalue(), "a.zip") == ["a.zip!a.json: 1"]


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    files = {"../../up.json": TASK, "/etc/x.json": TASK, "c:\\w.json": TASK}
    names = [line.removesuffix(": 1") for line in readings(archive(files), "a.zip")]
    assert sorted(names) == ["a.zip!../../up.json", "a.zip!/etc/x.json", "a.zip!c:\\w.json"]
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_documents_is_refused() -> None:
    message = refusal(archive({"a.txt": b"", "b.png": b""}), "a.zip")
    assert "none of its 2 members is named like one" in message
    assert "none of its 0 members" in refusal(archive({}), "a.zip")


def test_a_glob_chooses_members() -> None:
    data = archive({"d/a.txt": TASK, "b.txt": TASK, "c.json": b"{"})
    assert readings(data, "z", ReadOptions(glob="*.txt")) == ["z!b.txt: 1", "z!d/a.txt: 1"]
    assert readings(data, "z", ReadOptions(glob="d/*")) == ["z!d/a.txt: 1"]
    assert readings(data, "z", ReadOptions(glob="**/a.txt")) == ["z!d/a.txt: 1"]


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: archive({"a.json": data})])
def test_a_bomb_is_refused(pack: object) -> None:
    assert callable(pack)
    options = ReadOptions(max_bytes=1 << 20)
    packed = pack(b" " * (5 << 20))
    assert len(packed) < 10_000
    assert "is larger than 1 MiB" in refusal(packed, "a", options)


def test_a_bomb_of_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MANY", 1000)
    for pack in (bytes, gzip.compress):
        assert "about 4,001 values" in refusal(pack(b"[" + b"[],{}," * 1000 + b"0]"))
        assert "about 2,001 values" in refusal(pack(b"[" + b"0," * 2000 + b"0]"))
        assert "must be an object" in refusal(pack(b"[" + b"0," * 1000 + b"0]"))
    lines = b"\n".join([TASK] * 2000)
    assert len(readings(lines, "a.jsonl")) == 2000


@pytest.mark.slow
def test_an_error_does_not_hold_its_document() -> None:
    documents = [b'{"id": 1, "x": "%s"' % (b"y" * 500_000), b" " * 500_000 + b"}"]
    packed = archive({f"{i}.json": data for i, data in enumerate(documents * 3)})
    tracemalloc.start()
    try:
        found = list(read_source(Source("a.zip", lambda: packed)))
        assert tracemalloc.get_traced_memory()[0] < 250_000
    finally:
        tracemalloc.stop()
    assert all(reading.error is not None for reading in found)


def test_an_archive_cut_off_behind_one_inside_it_is_refused() -> None:
    inner = archive({"inner.json": TASK})
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_STORED) as file:
        file.writestr("first.json", TASK)
        file.writestr("in.zip", inner)
    data = outer.getvalue()
    assert len(readings(data, "a.zip")) == 2
    (cut,) = readings(data[: data.rindex(b"PK\x01\x02", 0, -60) - 5], "a.zip")
    assert "is damaged: there is more in it" in cut
    (two,) = readings(archive({"a.json": TASK}) + inner, "a.zip")
    assert "is damaged: there is more in it" in two


def test_memory_is_taken_only_for_what_is_there() -> None:
    packed = archive({"a.json": TASK})
    tracemalloc.start()
    try:
        for data in (gzip.compress(TASK), packed):
            assert readings(data, "a")[0].endswith(": 1")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20


@pytest.mark.uncovered
def test_read_archives_do_not_pile_up() -> None:
    packed = archive({"a.json": TASK})
    for _ in range(1000):
        read_bytes(packed, "a.zip")
    left = [thing for thing in gc.get_objects() if isinstance(thing, zipfile.ZipFile)]
    assert len(left) < 500


def test_a_bomb_in_zstandard_is_refused() -> None:
    zstd = pytest.importorskip("backports.zstd")
    packed = zstd.compress(b" " * (5 << 20))
    assert "is larger than 1 MiB" in refusal(packed, "a", ReadOptions(max_bytes=1 << 20))


def test_members_may_not_be_too_much_together() -> None:
    files = {f"{number:02}.json": b" " * 1000 for number in range(40)}
    found = readings(archive(files), "a.zip", ReadOptions(max_bytes=1000))
    assert found[-1] == "a.zip: unpacks to more than 16,000 bytes"
    assert len(found) == 17


def test_an_archive_may_not_have_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 5)
    monkeypatch.setattr(limits, "MOST_MEMBERS", 5)
    many = archive({f"{number}.json": TASK for number in range(6)})
    assert "has more than 5 members" in refusal(many)
    nested = {f"{n}.zip": archive({f"{m}.json": TASK for m in range(3)}) for n in range(3)}
    assert readings(archive(nested), "a.zip")[-1] == "a.zip: holds more than 5 documents"


def test_a_plain_document_has_a_bound_too() -> None:
    options = ReadOptions(max_bytes=30)
    assert "is larger than 30 bytes" in refusal(TASK, "a", options)


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(archive({"a.json": TASK}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(signature) + offset
        data[place : place + 2] = struct.pack("<H", 1)
    assert "a.zip!a.json: is encrypted" in refusal(bytes(data), "a.zip")


@pytest.mark.parametrize("end", [5, 15, -1])
def test_a_cut_off_archive_is_refused(end: int) -> None:
    for packed in (gzip.compress(TASK), archive({"a.json": TASK})):
        assert "cannot be unpacked" in refusal(packed[:end])


def test_a_damaged_member_is_refused() -> None:
    data = bytearray(archive({"a.json": TASK, "b.json": TASK}))
    data[data.index(b"a.json") + 10] ^= 0xFF
    first, second = readings(bytes(data), "a.zip")
    assert first.startswith("a.zip!a.json: cannot be unpacked: ")
    assert second == "a.zip!b.json: 1"


def test_without_the_extra_zstandard_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str) -> object:
        if "zstd" in name:
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(unpacking, "import_module", missing)
    message = refusal(b"\x28\xb5\x2f\xfd" + bytes(20), "a.json.zst")
    assert "is compressed with Zstandard" in message
    assert 'install the extra "zst"' in message


def test_headers_of_any_kind() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: b\r\n  folded\r\n\tmore\r\n\r\n"
    for body in (TASK, b"\xef\xbb\xbf" + TASK, gzip.compress(TASK)):
        (task,) = read_bytes(head + body, "dump.txt")
        assert task.id == 1


def test_a_list_of_responses_is_one_document() -> None:
    response = b'{"successful": true, "traceId": "%d", "data": %s}'
    page = b'{"data": {"contents": [%s, %s]}}' % (TASK, TASK)
    first, second, third = read_bytes(b"[%s, %s]" % (response % (7, TASK), page), "a.json")
    assert first.envelope is not None
    assert (first.envelope.trace_id, first.origin.pointer) == ("7", "/0/data")
    assert second.origin.pointer == "/1/data/contents/0"
    assert third.origin.pointer == "/1/data/contents/1"
    failed = b'{"successful": false, "data": null, "error": {"message": "gone"}}'
    message = refusal(b"[%s, %s]" % (response % (7, TASK), failed))
    assert "/1/error at line 1" in message
    assert "is an error response: gone" in message


def test_a_response_saved_with_its_headers() -> None:
    head = b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 200\r\ndate: today\r\n\r\n"
    (task,) = read_bytes(head + TASK, "dump.txt")
    assert task.id == 1
    assert "line 7, column 5" in refusal(head + b'{\n"a" 1}')
    assert "is an HTML page" in refusal(b"HTTP/1.1 502 Bad\r\n\r\n<html>")
    assert b"today" not in task.origin.data


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_in_an_archive(mark: str) -> None:
    text = json.dumps({"id": 1, "name": "停", "subtasks": []}, ensure_ascii=False)
    assert readings(archive({"a.json": text.encode(mark)}), "z") == ["z!a.json: 1"]


def test_bad_lines_are_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [b"0"] * 30 + [TASK] + [b'{"a": 1}'] * 10 + [TASK]
    read = list(read_source(Source("a.jsonl", lambda: b"\n".join(lines))))
    assert sum(len(reading.tasks) for reading in read) == 2
    errors = [str(reading.error) for reading in read if reading.error]
    assert len(errors) == 21
    assert "a.jsonl: 20 more lines cannot be read" in errors[-1]
    monkeypatch.setattr(reading_module, "_MOST_UNREAD", 25)
    wrong = [b"0"] * 30 + [TASK] + [b'{"subtasks": 1}'] * 10 + [TASK]
    *_, last = read_source(Source("a.jsonl", lambda: b"\n".join(wrong)))
    assert "15 more lines cannot be read, and from line 37 on none was" in str(last.error)


@pytest.mark.parametrize("line", [b"{}", b'{"a": 1}', b"[]", b"0", b'{"a": {"b": "c"}}'])
@pytest.mark.parametrize("is_found", [True, False])
def test_of_very_many_lines_without_a_task_few_are_looked_into(
    monkeypatch: pytest.MonkeyPatch, line: bytes, is_found: bool
) -> None:
    looked_into = []

    def read(document: DocumentText) -> ReadTasks:
        looked_into.append(document)
        return read_document(document)

    monkeypatch.setattr(reading_module, "read_document", read)
    data = b"\n".join([line] * 3000)
    assert [*read_source(Source("a.jsonl", lambda: data, is_found=is_found))]
    assert len(looked_into) <= 20


def test_tasks_among_many_lines_without_one_are_read() -> None:
    hidden = json.dumps(TASK.decode()).encode()
    odd = TASK.replace(b"subtasks", b"\\u0073ubtasks")
    step = b'{"id": 1, "name": "s", "status": "FAILED", "upstreams": []}'
    wrapped = b'{"response": %s}' % TASK.replace(b"[]", b"[%s]" % step)
    for line in (TASK, odd, wrapped, b'{"body": %s}' % hidden):
        for bare in (b"{}", b'{"a": 1}', b"0"):
            data = b"\n".join([*[bare] * 50, line, *[bare] * 50, line])
            for is_found in (True, False):
                source = Source("a.jsonl", lambda d=data: d, is_found=is_found)  # type: ignore[misc]
                read = [*read_source(source)]
                assert sum(len(reading.tasks) for reading in read) == 2
                told = [reading for reading in read if reading.error or reading.note]
                assert told


@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_members_of_one_name_are_told_apart(pack: str) -> None:
    packed = io.BytesIO()
    texts = [TASK, TASK.replace(b"1", b"2")]
    if pack == "zip":
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(packed, "w") as file:
            for text in texts:
                file.writestr("a.json", text)
    else:
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for text in texts:
                info = tarfile.TarInfo("a.json")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
    first, second = read_source(Source(f"x.{pack}", packed.getvalue))
    assert (first.file, first.tasks[0].id) == (f"x.{pack}!a.json", 1)
    assert (second.file, second.tasks[0].id) == (f"x.{pack}!a.json (2)", 2)
