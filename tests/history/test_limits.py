"""What is endless, or unpacks to far too much, stops no collection and is told."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from taskgraph.errors import ConfigError
from taskgraph.history.collecting import collect_documents
from taskgraph.history.store import RunStore
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import find_sources
from taskgraph.sources.reading import read_source
from tests.history.documents import response, step, write

pytestmark = pytest.mark.slow

SMALL = ReadOptions(max_bytes=20_000)
GOOD = response(1, [step(1, "a")])
HUGE = b" " * 3_000_000


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", HUGE)


def _many(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(60):
            archive.writestr(f"{number}.json", b" " * 19_000)


def _tar(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("a.json")
        info.size = len(HUGE)
        archive.addfile(info, io.BytesIO(HUGE))


def _lines(path: Path) -> None:
    path.write_bytes(gzip.compress(HUGE + b"\n"))


def _many_lines(path: Path) -> None:
    path.write_bytes(gzip.compress(b"{}\n" * 200_000))


BOMBS = {
    "a.zip": _zip, "many.zip": _many, "a.tgz": _tar, "a.jsonl.gz": _lines,
    "many.jsonl.gz": _many_lines,
}  # fmt: skip


def rejects(store: RunStore) -> str:
    lines = map(json.loads, store.rejects_file.read_text("utf-8").splitlines())
    return "\n".join(f"{line['document']}: {line['reason']}" for line in lines)


@pytest.mark.parametrize(("name", "make"), BOMBS.items(), ids=BOMBS)
def test_what_unpacks_to_too_much_is_refused_and_the_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[Path], None]
) -> None:
    for module in ("finding", "parts"):
        monkeypatch.setattr(f"taskgraph.history.{module}._OPTIONS", SMALL)
    folder = write(tmp_path / "in", {"good.json": GOOD})
    make(folder / name)
    store = RunStore(tmp_path / "runs")
    done = collect_documents([str(folder)], store)
    assert done.tasks == 1
    assert name in rejects(store)
    assert "bytes" in rejects(store) or "MiB" in rejects(store)
    assert collect_documents([str(folder)], store).tasks == 0


@pytest.mark.parametrize("line", [b"{}", b'{"a": 1}', b"[]", b"0"])
@pytest.mark.parametrize("is_named", [True, False])
def test_very_many_lines_without_a_task_are_summed_up(
    tmp_path: Path, line: bytes, is_named: bool
) -> None:
    lines = b"\n".join([*[line] * 500, GOOD, *[line] * 500])
    path = tmp_path / "in" / "many.jsonl"
    path.parent.mkdir()
    path.write_bytes(lines)
    store = RunStore(tmp_path / "runs")
    done = collect_documents([str(path if is_named else path.parent)], store)
    assert done.tasks == 1
    is_foreign = not is_named and line[:1] == b"{"
    assert done.rejects == (0 if is_foreign else 21)
    assert ("980 more lines cannot be read" in rejects(store)) is not is_foreign
    assert collect_documents([str(path)], store).tasks == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_pipes_devices_and_links_to_them_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"good.json": GOOD})
    os.mkfifo(folder / "pipe.json")
    (folder / "zero.json").symlink_to("/dev/zero")
    (folder / "link.jsonl").symlink_to(folder / "pipe.json")
    (folder / "round.json").symlink_to(folder / "round.json")
    (folder / "up").symlink_to(folder)
    store = RunStore(tmp_path / "runs")
    assert collect_documents([str(folder)], store).tasks == 1
    named = [str(folder / name) for name in ("pipe.json", "zero.json", "good.json")]
    assert collect_documents([*named, "/dev/zero"], store).rejects == 3
    with pytest.raises(ConfigError):
        collect_documents([str(folder / "missing.json")], store)


def test_archives_in_archives_have_the_limits_of_other_commands(tmp_path: Path) -> None:
    """A member is unpacked once already; how much it may hold goes by its size."""
    packed, name = response(1, [step(1, "a")]), "a.json"
    for depth in range(1, 5):
        inside = io.BytesIO()
        with zipfile.ZipFile(inside, "w") as archive:
            archive.writestr(name, packed)
        packed, name = inside.getvalue(), f"{depth}.zip"
        path = tmp_path / name
        path.write_bytes(packed)
        store = RunStore(tmp_path / f"runs{depth}")
        collect_documents([str(path)], store)
        assert store.count("tasks") == (depth < 4)
        (source,) = find_sources([str(path)], io.BytesIO())
        assert all(one.error is None for one in read_source(source)) == (depth < 4)
    assert "packed more than 3 times" in store.rejects_file.read_text("utf-8")


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_an_archive_without_documents_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("notes.txt", "nothing")
    else:
        with tarfile.open(path, "w") as tar:
            tar.addfile(tarfile.TarInfo("notes.txt"))
    store = RunStore(tmp_path / "runs")
    assert collect_documents([str(path)], store).rejects == 1
    assert "holds no document" in store.rejects_file.read_text("utf-8")
