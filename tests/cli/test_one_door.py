"""Whatever command reads an archive finds the same documents in it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq
import pytest

from taskgraph.cli.main import main
from taskgraph.history.store import RunStore
from tests.sources.test_tar import TASK, archive, other, zipped, zstd

pytestmark = pytest.mark.uncovered

Run: TypeAlias = Callable[..., tuple[int, str, str]]

FAULTY = b'{"id": 3, "subtasks": [{"id": 1, "upstreams": [2], "downstreams": []}]}'
FILES = {
    "a/b.json": TASK,
    "faulty.json": FAULTY,
    "bad.json": b"{",
    "n.tar.gz": gzip.compress(archive({"in.json": TASK.replace(b"1", b"5")})),
    "n.zip": zipped({"in.json": TASK.replace(b"1", b"6")}),
    "z.json.gz": gzip.compress(TASK.replace(b"1", b"7")),
    ".hidden.json": b"{",
    "notes.txt": b"",
}
PACKED = archive(FILES, other("link.json", tarfile.SYMTYPE))
ARCHIVES: dict[str, Callable[[], bytes]] = {
    "x.tar": lambda: PACKED,
    "x.tar.gz": lambda: gzip.compress(PACKED),
    "x.tar.bz2": lambda: bz2.compress(PACKED),
    "x.tar.xz": lambda: lzma.compress(PACKED),
    "x.tar.zst": lambda: zstd(PACKED),
    "x.zip": lambda: zipped(FILES),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process; give the exit code and both outputs."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(map(str, arguments)))
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return call


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("by_folder", [False, True])
def test_check_and_the_history_give_the_same_findings(
    tmp_path: Path, run: Run, name: str, by_folder: bool
) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_bytes(ARCHIVES[name]())
    place, runs = (path.parent if by_folder else path), tmp_path / "runs"
    code, text, err = run("check", "--isolated", "--format", "jsonl", place)
    lines = list(map(json.loads, text.splitlines()))
    findings = Counter(line["severity"] for line in lines if "severity" in line)
    assert code == 2
    assert f"{path}!bad.json: line 1" in err

    code, _, err = run("history", "collect", place, "-o", runs, "-j1")
    store = RunStore(runs)
    assert (code, "6 documents looked at" in err) == (2, True)
    assert len(err.splitlines()) == 3
    (reject,) = map(json.loads, store.rejects_file.read_text("utf-8").splitlines())
    assert reject["document"] == f"{path}!bad.json"
    rows = pq.read_table(store.files("tasks")).to_pylist()
    assert sorted(row["task_id"] for row in rows) == ["1", "3", "5", "6", "7"]
    kept = {
        kind: sum(row[f"{kind}s"] for row in rows) for kind in ("error", "warning", "info")
    }
    assert kept == {kind: findings[kind] for kind in kept}
    assert kept["error"] > 0

    code, _, err = run("history", "collect", place, "-o", runs, "-j1")
    assert (code, "0 documents looked at, 1 file unchanged" in err) == (0, True)


def test_other_commands_read_a_tar_archive_too(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(archive({"a.json": TASK})))
    for command in ("show", "budget", "critical-path"):
        code, text, err = run(command, path)
        assert (code, err) == (0, "")
        assert text


def test_the_members_of_an_archive_are_bounded_by_no_number_for_the_history(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskgraph.sources.unpacking.MOST_MEMBERS", 5)
    monkeypatch.setattr("taskgraph.sources.unpacking.MOST_MEMBERS", 5)
    files = {f"{n}.json": TASK.replace(b"1", b"%d" % n) for n in range(1, 9)}
    for name, data in (("x.tar", archive(files)), ("x.zip", zipped(files))):
        (tmp_path / name).write_bytes(data)
        assert "more than 5 members" in run("check", tmp_path / name)[2]
        code, _, err = run(
            "history", "collect", tmp_path / name, "-o", tmp_path / "r", "-j1"
        )
        assert (code, "8 documents looked at" in err) == (0, True)
