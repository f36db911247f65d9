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
from taskgraph.history.collecting import collect
from taskgraph.history.store import RunStore
from taskgraph.sources.limits import ReadOptions
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
    path.write_bytes(gzip.compress(b"{}\n" * 1_000_000))


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
    done = collect([str(folder)], store)
    assert done.tasks == 1
    assert name in rejects(store)
    assert "bytes" in rejects(store) or "MiB" in rejects(store)
    assert collect([str(folder)], store).tasks == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_pipes_devices_and_links_to_them_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"good.json": GOOD})
    os.mkfifo(folder / "pipe.json")
    (folder / "zero.json").symlink_to("/dev/zero")
    (folder / "link.jsonl").symlink_to(folder / "pipe.json")
    (folder / "round.json").symlink_to(folder / "round.json")
    (folder / "up").symlink_to(folder)
    store = RunStore(tmp_path / "runs")
    assert collect([str(folder)], store).tasks == 1
    named = [str(folder / name) for name in ("pipe.json", "zero.json", "good.json")]
    assert collect([*named, "/dev/zero"], store).rejects == 3
    with pytest.raises(ConfigError):
        collect([str(folder / "missing.json")], store)
