"""A second collection mends what the first could not do, and disturbs no other."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from taskgraph.errors import ConfigError
from taskgraph.history import collecting
from taskgraph.history.collecting import Collected, collect_documents
from taskgraph.history.parts import Batch, Part, build_part
from taskgraph.history.statistics import statistics
from taskgraph.history.store import RunStore
from tests.history.documents import response, step, write

pytestmark = pytest.mark.slow

Collect: TypeAlias = Callable[..., RunStore]


def again(store: RunStore, *paths: Path | str, **options: Any) -> Collected:
    return collect_documents([str(path) for path in paths], store, **options)


def rejects(store: RunStore) -> dict[str, str]:
    lines = store.rejects_file.read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {Path(line["document"]).name: line["reason"] for line in found}


def some(count: int, first: int = 1) -> list[bytes]:
    return [response(first + i, [step(1, "a")]) for i in range(count)]


def tar(path: Path, documents: dict[str, bytes], mode: Any = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in documents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path: Path, documents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in documents.items():
            archive.writestr(name, data)
    return path


def refuse(name: str) -> None:
    raise PermissionError(13, "Permission denied", name)


# --- one at a time ------------------------------------------------------------


def test_a_second_collection_in_the_same_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {f"{i}.json": d for i, d in enumerate(some(30))})
    tiny = write(tmp_path / "tiny", {"x.json": some(1, 99)[0]})
    store = RunStore(tmp_path / "runs")
    monkeypatch.setattr(collecting, "BATCH_DOCUMENTS", 7)
    refusals = []

    def disturb(_: object) -> None:
        with pytest.raises(ConfigError) as caught:
            again(RunStore(store.folder), tiny)
        refusals.append(str(caught.value))

    again(store, folder, report=disturb)
    assert len(refusals) > 4
    assert all("another collection is under way" in text for text in refusals)
    assert statistics(store).tasks == 30
    again(store, tiny)
    assert statistics(store).tasks == 31


# --- tried again --------------------------------------------------------------


@pytest.mark.parametrize("pack", ["all.jsonl", "all.tar", "all.zip"])
def test_an_archive_that_could_not_be_opened_is_tried_again(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch, pack: str
) -> None:
    documents = {f"{i}.json": d for i, d in enumerate(some(3))}
    makers: dict[str, Callable[[Path], Any]] = {
        "all.jsonl": lambda path: path.write_bytes(b"\n".join(some(3))),
        "all.tar": lambda path: tar(path, documents),
        "all.zip": lambda path: zipped(path, documents),
    }
    makers[pack](tmp_path / pack)
    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.history.finding.open_file", refuse)
        store = collected(tmp_path / pack)
        assert "cannot be opened: Permission denied" in rejects(store)[pack]
        assert again(store, tmp_path / pack).rejects == 1
    assert again(store, tmp_path / pack).tasks == 3
    assert rejects(store) == {}
    assert statistics(store).tasks == 3
    assert again(store, tmp_path / pack) == Collected(skipped=1)


class Blind:
    """An engine whose worker does not see the files."""

    workers = 1

    def map(self, function: Callable[[Batch], Part], items: Any) -> Any:
        assert function is build_part
        for batch in items:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("taskgraph.history.parts.LargeZip", _missing)
                yield build_part(batch)


def _missing(name: str, _file: str) -> None:
    raise FileNotFoundError(2, "No such file or directory", name)


def test_members_that_a_worker_could_not_open_are_tried_again(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"{i}.json": d for i, d in enumerate(some(3))})
    store = RunStore(tmp_path / "runs")
    engine: Any = Blind()
    assert again(store, path, engine=engine).rejects == 3
    done = again(store, path)
    assert (done.tasks, done.rejects) == (3, 0)
    assert rejects(store) == {}
    assert again(store, path) == Collected(skipped=1)


def test_what_wants_an_extra_is_tried_again_once_it_is_there(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    zstd = pytest.importorskip("backports.zstd")
    content = zstd.compress(some(1)[0])
    folder = write(tmp_path / "in", {"a.json.zst": content})
    zipped(folder / "b.zip", {"c.json.zst": zstd.compress(some(1, 5)[0])})
    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.sources.unpacking._zstd", lambda: None)
        store = collected(folder)
        assert set(rejects(store)) == {"a.json.zst", "b.zip!c.json.zst"}
    assert again(store, folder).tasks == 2
    assert rejects(store) == {}
    assert again(store, folder) == Collected(skipped=2)


def test_what_was_read_of_a_rejected_archive_is_not_added_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zstd = pytest.importorskip("backports.zstd")
    documents = {"a.json": some(1)[0], "b.json.zst": zstd.compress(some(1, 5)[0])}
    inner = zipped(tmp_path / "inner", documents).read_bytes()
    folder = write(tmp_path / "in", {"a.json": inner})
    tar(folder / "b.tar", {"c.zip": inner, "d.json": inner.replace(b"a.json", b"x.json")})
    zipped(folder / "e.zip", {"f.json": inner})
    store = RunStore(tmp_path / "runs")
    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.sources.unpacking._zstd", lambda: None)
        assert again(store, folder).tasks == 4
        assert again(store, folder).tasks == 0
    assert again(store, folder).tasks == 4
    assert store.count("tasks") == 8
    assert rejects(store) == {}


def test_all_rejects_are_read_again_where_that_is_asked_for(
    tmp_path: Path, collected: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [*some(2), b'{"status": "FAILED"}']
    folder = write(tmp_path / "in", {"a.json": some(1, 7)[0], "b.json": b"\n".join(lines)})
    write(folder, {"c.jsonl": b"\n".join([*some(2, 20), b"{"])})

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.history.tables.check_document", fail)
        store = collected(folder)
    assert len(rejects(store)) == 5
    assert again(store, folder) == Collected(skipped=3)
    done = again(store, folder, retry_rejects=True)
    assert (done.documents, done.rejects, done.tasks) == (5, 2, 5)
    assert set(rejects(store)) == {"b.json", "c.jsonl:3"}
    done = again(store, folder, retry_rejects=True)
    assert (done.documents, done.rejects, done.tasks) == (2, 2, 0)
    assert len(rejects(store)) == 2


# --- damage -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.jsonl.gz", gzip.compress(b"\n".join(some(200)))[:60] + b"\x00\xff" * 99),
        ("bad.tar.xz", lzma.compress(b"x" * 5000)[:40]),
        ("bad.tgz", gzip.compress(b"x" * 5000)[:15] + b"\xff" * 20),
        ("bad.zip", b"PK\x03\x04" + bytes(99)),
        ("bad.tar", b"nothing" * 200),
        ("bad.jsonl.gz", b""),
    ],
    ids=["deflate", "xz", "tgz", "zip", "tar", "nothing"],
)
def test_a_corrupt_archive_stops_nothing(
    tmp_path: Path, collected: Collect, name: str, content: bytes
) -> None:
    folder = write(tmp_path / "in", {"a.json": some(1, 999)[0], name: content})
    write(folder, {"z.json": some(1, 998)[0]})
    store = collected(folder)
    assert statistics(store).tasks == 2
    assert set(rejects(store)) == ({name} if content else set())
    assert again(store, folder).documents == 0


def test_a_tar_that_is_cut_or_damaged_is_rejected(
    tmp_path: Path, collected: Collect
) -> None:
    documents = {f"{i}.json": d for i, d in enumerate(some(8))}
    whole = tar(tmp_path / "whole.tar", documents).read_bytes()
    second = whole.index(b"1.json")
    header = whole[:second] + b"\xff" * 300 + whole[second + 300 :]
    packed = bytearray(gzip.compress(whole))
    packed[-5] ^= 1  # the size; nothing else is wrong
    bad = {
        "header.tar": header,
        "cut.tar": whole[: second + 900],
        "at_a_border.tar": whole[:second],
        "two.tar": whole + whole,
        "header.tgz": gzip.compress(header),
        "cut.tgz": gzip.compress(whole)[:-30],
        "sum.tgz": bytes(packed),
    }
    for name, content in bad.items():
        store = collected(write(tmp_path / "in", {name: content}) / name, name=f"r{name}")
        assert name in rejects(store), name
        assert statistics(store).tasks >= 1 or name == "cut.tgz"
    good = write(tmp_path / "in", {"good.tgz": gzip.compress(whole)}) / "good.tgz"
    store = collected(good)
    assert (rejects(store), statistics(store).tasks) == ({}, 8)


@pytest.mark.parametrize("pack", [tar, zipped])
def test_json_lines_in_an_archive_are_read(
    tmp_path: Path, collected: Collect, pack: Callable[..., Path]
) -> None:
    lines = b"\n".join([*some(3), b"{", *some(2, 50)])
    inner = zipped(tmp_path / "inner.zip", {"q.json": some(1, 90)[0]}).read_bytes()
    documents = {
        "x/a.jsonl": lines,
        "b.ndjson.gz": gzip.compress(b"\n".join(some(2, 70))),
        "c.json": some(1, 80)[0],
        "d.zip": inner,
        "e.jsonl.gz": gzip.compress(b"\n".join(some(200, 200)))[:900],
        "f.json": some(1, 81)[0],
    }
    path = pack(tmp_path / ("all.tar" if pack is tar else "all.zip"), documents)
    store = collected(path)
    assert statistics(store).tasks >= 10
    lines_of = [name.endswith("a.jsonl:4") for name in rejects(store)]
    packed = [name.endswith("e.jsonl.gz") for name in rejects(store)]
    assert (sum(lines_of), sum(packed), len(packed)) == (1, 1, 2)
    assert again(store, path) == Collected(skipped=1)


def test_a_folder_that_cannot_be_listed_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {"a.json": some(1)[0], "shut/b.json": some(1, 2)[0]})
    listed = os.scandir

    def shut(path: str) -> Any:
        return refuse(path) if str(path).endswith("shut") else listed(path)

    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.sources.opening.os.scandir", shut)
        store = RunStore(tmp_path / "runs")
        assert again(store, folder).rejects == 1
        assert "cannot be opened: Permission denied" in rejects(store)["shut"]
        assert again(store, folder / "shut").rejects == 1
    assert statistics(store).tasks == 1
    assert again(store, folder).tasks == 1
    assert rejects(store) == {}


# --- the list of rejects ------------------------------------------------------


def test_what_is_no_longer_there_is_no_longer_listed(
    tmp_path: Path, collected: Collect
) -> None:
    folder = write(tmp_path / "in", {"a.json": b"{", "b.json": some(1)[0]})
    other = write(tmp_path / "other", {"c.json": b"{"})
    write(folder, {"d.jsonl": b"\n".join([b"{", *some(2, 10), b"{ "])})
    zipped(folder / "e.zip", {"f.json": b"{", "g.json": some(1, 20)[0]})
    store = collected(folder)
    again(store, other)
    expected = {"a.json", "d.jsonl:1", "d.jsonl:4", "e.zip!f.json", "c.json"}
    assert set(rejects(store)) == expected
    (folder / "a.json").unlink()
    write(folder, {"d.jsonl": b"\n".join(some(3, 10)) + b"\n{"})
    zipped(folder / "e.zip", {"g.json": some(1, 20)[0], "h.json": some(1, 21)[0]})
    again(store, folder)
    assert set(rejects(store)) == {"d.jsonl:4", "c.json"}
    shutil.rmtree(other)
    again(store, folder)
    assert set(rejects(store)) == {"d.jsonl:4"}
    assert statistics(store).tasks == 6


def test_a_rejected_diagnosis_archive_is_listed(tmp_path: Path, collected: Collect) -> None:
    path = zipped(tmp_path / "diagnosis.zip", {"task_info.txt": b"nonsense"})
    assert set(rejects(collected(path))) == {"diagnosis.zip"}


def test_a_rejected_document_that_was_touched_stays_listed(
    tmp_path: Path, collected: Collect
) -> None:
    lines = b"\n".join([*some(2), b"{}"])
    path = write(tmp_path / "in", {"a.json": lines}) / "a.json"
    store = collected(path)
    os.utime(path, (1, 1))
    done = again(store, path)
    assert (done.rejects, done.tasks) == (1, 0)
    assert set(rejects(store)) == {"a.json"}


# --- the store ----------------------------------------------------------------


def test_a_document_keeps_its_origin(tmp_path: Path, collected: Collect) -> None:
    folder = write(tmp_path / "in", {"a.json": some(1)[0], "b.json": b"{"})
    store = collected(folder, origin="east")
    with pytest.raises(ConfigError, match=r"1 of these files .* the origin 'east'"):
        again(store, folder, origin="west")
    with pytest.raises(ConfigError, match="another folder"):
        again(store, folder)
    assert again(store, folder, origin="east") == Collected(skipped=2)


def test_an_address_is_no_store() -> None:
    with pytest.raises(ConfigError, match="local folder"):
        RunStore("memory://runs")


def test_other_stores_in_a_folder_are_left_out(tmp_path: Path, collected: Collect) -> None:
    folder = write(tmp_path / "in", {"a.json": some(1)[0], "b.json": b"{"})
    collected(folder, name="in/old")
    store = collected(folder, name="in/new")
    assert store.count("documents") == 2
    assert statistics(store).tasks == 1


def test_a_store_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {"a.json": some(1)[0]})
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(ConfigError, match="is no folder"):
            again(RunStore(place), folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("taskgraph.history.store.os.fsync", full)
        with pytest.raises(
            ConfigError, match=r"No space left on device\n  hint: make room"
        ):
            again(RunStore(tmp_path / "runs"), folder)
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.gettempdir", full)
        assert again(RunStore(tmp_path / "runs"), folder).tasks == 1
        with pytest.raises(ConfigError, match="temporary files"):
            statistics(RunStore(tmp_path / "runs"))
