"""Tar archives: what is in them, bounds, and damage."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from taskgraph.errors import InputError
from taskgraph.sources import limits, unpacking
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_source

Pack: TypeAlias = Callable[[bytes], bytes]

TASK = b'{"id": 1, "name": "t", "subtasks": [{"id": 2, "timeout": 5}]}'


def archive(files: Mapping[str, bytes], *others: tarfile.TarInfo) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as packed:
        for info in others:
            packed.addfile(info)
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            packed.addfile(info, io.BytesIO(text))
    return data.getvalue()


def other(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return data.getvalue()


def zstd(data: bytes) -> bytes:
    compressed: bytes = pytest.importorskip("backports.zstd").compress(data)
    return compressed


PACKS: dict[str, Pack] = {
    "x.tar": bytes,
    "x.tar.gz": gzip.compress,
    "x.tgz": gzip.compress,
    "x.tar.bz2": bz2.compress,
    "x.tar.xz": lzma.compress,
    "x.tar.zst": zstd,
}
every_pack = pytest.mark.parametrize(("name", "pack"), PACKS.items(), ids=PACKS)


def readings(
    data: bytes, name: str = "x.tar", options: ReadOptions | None = None
) -> list[str]:
    """Say of each document what came of it."""
    found = read_source(Source(name, lambda: data), options or ReadOptions())
    return [
        f"{file}: {error.problems[0].message if error is not None else tasks[0].id}"
        for file, tasks, error, *_ in found
    ]


def refusal(data: bytes, name: str = "x.tar", options: ReadOptions | None = None) -> str:
    *_, last = read_source(Source(name, lambda: data), options or ReadOptions())
    assert isinstance(last.error, InputError)
    assert last.error.hint
    return str(last.error)


@every_pack
def test_each_member_is_a_document(name: str, pack: Pack) -> None:
    files = {"c.json": TASK, "a/b.json": b"{", "z.jsonl": TASK + b"\n5\n", "x.txt": b""}
    assert readings(pack(archive(files)), name) == [
        f"{name}!c.json: 1",
        f"{name}!a/b.json: is not valid JSON: the document ends too early",
        f"{name}!z.jsonl: 1",
        f"{name}!z.jsonl: the document must be an object, not the number 5",
    ]
    assert readings(pack(archive({"a.json": TASK})), "saved") == ["saved!a.json: 1"]


def test_archives_in_archives() -> None:
    inner = archive({"x.json": TASK})
    outer = {
        "i.tar": inner,
        "i.zip": zipped({"y.json": TASK}),
        "z.json.xz": lzma.compress(TASK),
    }
    assert readings(archive(outer)) == [
        "x.tar!i.tar!x.json: 1",
        "x.tar!i.zip!y.json: 1",
        "x.tar!z.json.xz: 1",
    ]
    packed = {"i.tgz": gzip.compress(inner)}
    assert readings(zipped(packed), "x.zip") == ["x.zip!i.tgz!x.json: 1"]
    deep = archive({"a.tar": archive({"b.tar": archive({"c.tar": inner})})})
    assert "is packed more than 3 times" in readings(deep)[0]


def test_what_is_no_file_or_hidden_is_left_out() -> None:
    kinds = (
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
    )
    others = [other(f"{number}.json", kind) for number, kind in enumerate(kinds)]
    files = {"__MACOSX/a.json": b"", ".x.json": b"", ".d/y.json": b"", "./a.json": TASK}
    assert readings(archive(files, *others)) == ["x.tar!./a.json: 1"]


def test_names_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["../../up.json", "/etc/x.json", "c:\\w.json"]
    found = readings(archive(dict.fromkeys(names, TASK)))
    assert found == [f"x.tar!{name}: 1" for name in names]
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_documents_is_refused() -> None:
    assert "none of its 2 members" in refusal(archive({"a.txt": b"", "b.png": b""}))
    assert "none of its 0 members" in refusal(archive({}))
    data = archive({"d/a.txt": TASK, "c.json": b"{"})
    assert readings(data, options=ReadOptions(glob="*.txt")) == ["x.tar!d/a.txt: 1"]


def test_a_diagnosis_in_a_tar_archive_is_read_as_in_zip() -> None:
    listing = b"Subtask: 1, State: FAILED, Dependencies: []\n"
    files = {
        "d/subtask_1_1.log": b"early\n",
        "d/task_info.txt": listing,
        "d/subtask_1_2.log": b"late\nlast\n",
        "d/other.log": b"no subtask's\n",
    }
    for more in ({}, {"e.json": TASK}, {"f/task_info.txt": listing}):
        both = {
            name: list(read_source(Source("x.tar", partial(pack, files | more))))
            for name, pack in (("tar", archive), ("zip", zipped))
        }
        ours, theirs = (
            {file: (tasks, error) for file, tasks, error, *_ in both[name]} for name in both
        )
        assert ours == theirs
        assert all(reading.error is None for reading in both["tar"])
        assert len(ours) == 1 + len(more)
    assert ours["x.tar!d/task_info.txt"][0][0].subtasks[0].attempts == 2


def test_logs_alone_are_no_diagnosis_and_too_many_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs = {f"subtask_{n}_1.log": Random(n).randbytes(2000) for n in range(9)}
    assert "none of its 9 members" in refusal(archive(logs))
    monkeypatch.setattr(unpacking, "_MOST_OF_LOGS", 3000)
    lines = "".join(f"Subtask: {n}, State: FAILED, Dependencies: []\n" for n in range(9))
    data = archive(logs | {"task_info.txt": lines.encode()})
    (reading,) = read_source(Source("x.tar", lambda: data))
    with_logs = [subtask.id for subtask in reading.tasks[0].subtasks if subtask.logs]
    assert with_logs[:1] == [0]
    assert len(with_logs) < 9


@every_pack
def test_a_bomb_is_refused(name: str, pack: Pack) -> None:
    options = ReadOptions(max_bytes=1 << 20)
    large = pack(archive({"a.json": b" " * (2 << 20), "b.json": TASK}))
    assert readings(large, name, options) == [
        f"{name}!a.json: is larger than 1 MiB",
        f"{name}!b.json: 1",
    ]
    left_out = pack(archive({"b.json": TASK, "a.log": bytes(20 << 20)}))
    found = readings(left_out, name, options)
    assert found == [f"{name}!b.json: 1", f"{name}: unpacks to more than 16 MiB"]


def test_a_header_that_claims_much_takes_no_memory() -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 30 << 20
    data = gzip.compress(long_name.tobuf() + bytes(30 << 20) + archive({"a.json": TASK}))
    tracemalloc.start()
    try:
        assert "a header in it is too long" in refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_holes_count_as_what_they_stand_for() -> None:
    info = tarfile.TarInfo("a.json")
    info.pax_headers = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,0"}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as packed:
        packed.addfile(info)
    assert "unpacks to more than 2 GiB" in refusal(data.getvalue())


def test_members_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 5)
    monkeypatch.setattr(limits, "MOST_MEMBERS", 5)
    many = archive({f"{number}.txt": b"" for number in range(6)})
    assert "has more than 5 members" in refusal(many)
    nested = {f"{n}.tar": archive({f"{m}.json": TASK for m in range(3)}) for n in range(3)}
    assert readings(archive(nested))[-1] == "x.tar: holds more than 5 documents"


def test_damage_is_one_clear_message() -> None:
    whole = archive({f"{number}.json": TASK for number in range(4)})
    second = whole.index(b"1.json")
    damages = {
        "cut in a member": (whole[: second + 520], "unexpected end of data"),
        "cut in a header": (whole[: second + 100], "it ends early or is damaged at byte"),
        "cut between members": (whole[:second], "it ends early or is damaged at byte"),
        "a damaged header": (
            whole[:second] + b"\xff" * 300 + whole[second + 300 :],
            "it ends early or is damaged at byte",
        ),
        "two in one": (whole + whole, "there is more after the end"),
    }
    for damage, (data, message) in damages.items():
        first, *_, last = readings(data)
        assert first == "x.tar!0.json: 1", damage
        assert last.startswith("x.tar: cannot be unpacked: "), damage
        assert message in last, damage
        assert sum("cannot be" in one for one in readings(data)) == 1, damage


@pytest.mark.uncovered
@pytest.mark.parametrize("name", [name for name in PACKS if name != "x.tar"])
def test_a_cut_compressed_archive_is_told(name: str) -> None:
    files = {f"{n}.json": TASK + bytes(str(n**9), "ascii") * 200 for n in range(100)}
    data = PACKS[name](archive(files))
    for cut in (data[: len(data) * 3 // 4], data[:-3]):
        assert "cannot be unpacked" in readings(cut, name)[-1]


def test_what_is_named_tar_and_is_none() -> None:
    assert readings(TASK, "x.tar") == ["x.tar: 1"]
    assert "cannot be unpacked: empty file" in refusal(b"")
    assert "cannot be unpacked: invalid header" in refusal(b"nothing" * 200)
    assert "cannot be unpacked" in refusal(gzip.compress(b"nothing" * 200), "x.tgz")


def test_an_old_archive_without_a_mark_is_told_by_its_name() -> None:
    data = bytearray(archive({"a.json": TASK}))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert readings(bytes(data)) == ["x.tar!a.json: 1"]


def test_other_compressions_of_one_document() -> None:
    for name, pack in (("a.json.bz2", bz2.compress), ("a.json.xz", lzma.compress)):
        assert readings(pack(TASK), name) == [f"{name}: 1"]
        assert "cannot be unpacked" in readings(pack(TASK)[:-9], name)[0]
