"""Finding what the user names: files, folders, patterns, standard input."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskgraph.config import find_config
from taskgraph.errors import ConfigError
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import find_logs, find_sources, read_text
from taskgraph.sources.reading import read_source
from tests.conftest import RunCli

TASK = b'{"id": 1, "name": "t", "subtasks": []}'


def names(*paths: str | Path, options: ReadOptions | None = None) -> list[str]:
    found = find_sources(map(str, paths), io.BytesIO(), options or ReadOptions())
    return [source.name for source in found]


def message(path: str | Path, options: ReadOptions | None = None) -> str:
    (source,) = find_sources([str(path)], io.BytesIO(), options or ReadOptions())
    (reading,) = read_source(source)
    assert reading.error is not None
    assert reading.error.hint
    return str(reading.error)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.json", "a.JSON", "notes.txt", "compose.yaml", "x.task.yaml", "y.taskdef.yml",
        "c/d.jsonl", "c/e.json.gz", "c/.hidden.json", ".git/f.json", "z.zip",
        "z.ndjson.zst",
    ):  # fmt: skip
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TASK)
    return tmp_path / "in"


def test_a_folder_gives_its_documents_by_name(folder: Path) -> None:
    assert names(folder) == [
        str(folder / name)
        for name in (
            "a.JSON", "b.json", "x.task.yaml", "y.taskdef.yml", "z.ndjson.zst", "z.zip",
            "c/d.jsonl", "c/e.json.gz",
        )
    ]  # fmt: skip


def test_a_glob_chooses_files_of_a_folder(folder: Path) -> None:
    assert names(folder, options=ReadOptions(glob="*.txt")) == [str(folder / "notes.txt")]
    for glob in ("c/*", "c/**/*.json*", "**/c/*"):
        assert names(folder, options=ReadOptions(glob=glob)) == [
            str(folder / "c/d.jsonl"), str(folder / "c/e.json.gz"),
        ]  # fmt: skip


def test_a_pattern_gives_what_it_matches(folder: Path) -> None:
    assert names(folder / "*.json") == [str(folder / "b.json")]
    assert names(folder / "**" / "*.json*") == [
        str(folder / "b.json"), str(folder / "c/d.jsonl"), str(folder / "c/e.json.gz"),
    ]  # fmt: skip
    assert "matches no file" in message(folder / "*.nothing")


def test_stars_match_as_in_a_shell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = sorted(str(path) for path in folder.rglob("*") if path.is_file())
    hidden = [name for name in every if "/." in name]
    assert names(folder / "**") == [name for name in every if name not in hidden]
    assert names(folder / "**" / ".*") == [str(folder / "c/.hidden.json")]
    assert names(folder / ".git" / "*") == [str(folder / ".git/f.json")]
    assert names(folder / "c**" / "d**") == [str(folder / "c/d.jsonl")]
    monkeypatch.chdir(folder)
    assert names("?.json") == ["b.json"]
    assert names("**/d*") == ["c/d.jsonl"]


def test_a_file_with_a_star_in_its_name_is_that_file(folder: Path) -> None:
    (folder / "b*.json").write_bytes(TASK)
    assert names(folder / "b*.json") == [str(folder / "b*.json")]


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    assert "is a directory without documents" in message(tmp_path)
    assert "is a directory without documents" in message(tmp_path, ReadOptions(glob="x"))


def test_links_are_not_followed_in_a_circle(folder: Path) -> None:
    (folder / "c" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "c" / "link.json").symlink_to(folder / "b.json")
    (folder / "c" / "broken.json").symlink_to(folder / "nowhere")
    (folder / "c" / "again").symlink_to(folder, target_is_directory=True)
    expected = [
        str(folder / "c" / name)
        for name in ("broken.json", "d.jsonl", "e.json.gz", "link.json")
    ]
    assert [name for name in names(folder) if "/c/" in name] == expected
    assert [name for name in names(folder / "**" / "*.json*") if "/c/" in name] == expected
    assert "broken.json: does not exist" in message(folder / "c" / "broken.json")


def test_what_is_no_file_is_left_out_of_a_folder(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    assert str(folder / "pipe.json") not in names(folder)


def test_a_folder_that_cannot_be_listed_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("c"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    sources = list(find_sources([str(folder)], io.BytesIO()))
    assert sources[-1].name == str(folder / "c")
    (reading,) = read_source(sources[-1])
    assert "cannot be listed: Permission denied" in str(reading.error)


def test_standard_input() -> None:
    (source,) = find_sources(["-"], io.BytesIO(TASK))
    (reading,) = read_source(source)
    assert (reading.file, reading.tasks[0].id) == ("<stdin>", 1)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b" " * (5 << 20))
    options = ReadOptions(max_bytes=1 << 20)
    assert "is larger than 4 MiB" in message(path, options)


def test_a_pipe_is_read(run_cli: RunCli, tmp_path: Path) -> None:
    done = run_cli("check", "-", input=TASK)
    assert (done.returncode, done.stderr) == (0, "")
    done = run_cli("check", tmp_path)
    assert done.returncode == 2
    assert "is a directory without documents" in done.stderr


@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "/dev/null"])
def test_what_has_no_end_is_refused(tmp_path: Path, target: str) -> None:
    if target == "pipe":
        os.mkfifo(tmp_path / target)
    (tmp_path / "a.json").symlink_to(tmp_path / target)
    assert "is no file but a pipe or a device" in message(tmp_path / "a.json")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_pipe_that_a_shell_made_is_read() -> None:
    read, write = os.pipe()
    os.write(write, TASK)
    os.close(write)
    (source,) = find_sources([f"/dev/fd/{read}"], io.BytesIO())
    assert [reading.tasks[0].id for reading in read_source(source)] == [1]
    os.close(read)


def test_links_that_lead_in_circles_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "a.json")
    assert "Too many levels of symbolic links" in message(tmp_path / "a.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_what_never_ends_is_refused_whatever_it_is_read_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", "/dev/zero"):
        with pytest.raises(ConfigError, match="no file but a pipe or a device"):
            read_text(str(path))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_what_a_shell_hands_over_is_read_for_options_too(
    root: Path, tmp_path: Path
) -> None:
    stop, base = "samples/obproxy_stop.json", tmp_path / "base.json"
    lines = (
        f"critical-path {stop} --durations <(echo 13175721,60)",
        f"check {stop} --write-baseline {base}",
        f"check {stop} --baseline <(cat {base})",
        f"show {stop} --config <(echo 'grace = 12')",
    )
    for line in lines:
        command = ["bash", "-c", f"{sys.executable} -m taskgraph {line}"]
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), line


def test_a_folder_may_be_as_deep_as_the_system_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("a")
        os.chdir("a")
    Path("task_info.txt").write_text("Subtask: 1, State: FAILED, Dependencies: []\n")
    Path("subtask_1_1.log").write_text("it failed\n")
    os.chdir(tmp_path)
    try:
        (source,) = find_sources(["a"], io.BytesIO())
        (reading,) = read_source(source)
        assert reading.tasks[0].subtasks[0].logs == ("it failed",)
        assert len([*find_logs(source.path)]) == 1
        assert find_config(Path(source.path).resolve().parent) is None
        found, *_ = find_sources(["a/**/*.txt"], io.BytesIO())
        assert found.path or "name the folder" in message("a/**/*.txt")
    finally:
        for _ in range(1200):  # which not every version of Python can remove by itself
            os.chdir("a")
        for path in (*Path().iterdir(),):
            path.unlink()
        for _ in range(1200):
            os.chdir("..")
            os.rmdir("a")


def test_a_link_to_itself_hides_nothing_beside_it(folder: Path) -> None:
    before = names(folder)
    (folder / "round.json").symlink_to("round.json")
    (folder / "c" / "up").symlink_to("..")
    assert sorted(names(folder)) == sorted([*before, str(folder / "round.json")])
    assert "cannot be read" in message(folder / "round.json")


def test_a_history_in_a_folder_is_no_document(folder: Path) -> None:
    before = names(folder)
    runs = folder / "runs"
    (runs / "tasks").mkdir(parents=True)
    (runs / "rejects.jsonl").write_text("")
    (runs / "manifest.jsonl").write_text(
        '{"format": "taskgraph/history", "version": 1}\n{"part": 1, "subtasks": 2}\n'
    )
    assert names(folder) == before
    (runs / "manifest.jsonl").write_text('{"name": "t"}\n')  # of somebody else
    assert len(names(folder)) == len(before) + 2
