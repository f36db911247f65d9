"""OCP's archive for a diagnosis."""

from __future__ import annotations

import io
import os
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from taskgraph.errors import InputError
from taskgraph.model.task import Task
from taskgraph.sources import diagnosis
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source, find_sources
from taskgraph.sources.reading import read_bytes, read_source
from tests.conftest import RunCli

LINE = "Subtask: {}, State: SUCCESSFUL, Dependencies: [{}]\n"


Files: TypeAlias = Mapping[str, str | bytes]


def archive(files: Files) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return data.getvalue()


def read(files: Files, name: str = "diag.zip") -> Task:
    (task,) = read_bytes(archive(files), name)
    return task


def refusal(files: Files) -> InputError:
    with pytest.raises(InputError) as caught:
        read(files)
    return caught.value


def test_the_sample(samples: Path) -> None:
    path = samples / "formats" / "ocp_diagnosis.zip"
    (task,) = read_bytes(path.read_bytes(), str(path))
    start = task.subtasks[3]
    assert (start.id, start.status, start.attempts) == (5104, "RUNNING", 1)
    assert start.upstreams == (5102, 5103)
    assert len(start.logs) == 101
    assert start.logs[0] == "… 21 earlier lines are left out"
    assert start.logs[-1].endswith("attempt 599")
    assert task.origin.file == f"{path}!task_info.txt"
    assert task.origin.subtask_pointer(3) == "/3"


def test_other_lines_are_kept_and_broken_ones_refused() -> None:
    info = "Task 5\n" + LINE.format(1, "") + "\n" + LINE.format(2, "1")
    task = read({"task_info.txt": info})
    assert [subtask.id for subtask in task.subtasks] == [1, 2]
    assert task.extra == {"task_info.txt": ["Task 5"]}
    error = refusal({"task_info.txt": f"{info}Subtask: 3, State\n"})
    assert (error.problems[0].line, error.problems[0].pointer) == (5, "/4")
    assert "must be a line like Subtask: ID" in str(error)


def test_a_list_without_subtasks_is_refused() -> None:
    assert "lists no subtask" in str(refusal({"task_info.txt": "nothing\n"}))


def test_an_id_beyond_64_bits_is_refused() -> None:
    assert "must fit in 64 bits" in str(
        refusal({"task_info.txt": LINE.format("9" * 20, "9" * 5000)})
    )


def test_logs_of_several_runs_are_told_apart() -> None:
    files = {"d/task_info.txt": LINE.format(1, "")}
    files |= {f"d/subtask_1_{run}.log": f"run {run}\r\n" for run in range(1, 9)}
    files |= {"d/subtask_2_1.log": "of another\n", "subtask_1_9.log": "elsewhere\n"}
    (subtask,) = read(files).subtasks
    assert subtask.attempts == 8
    assert subtask.logs[0] == "… the logs of 3 earlier runs are left out"
    assert subtask.logs[1:3] == ("subtask_1_4.log:", "run 4")
    assert subtask.logs[-2:] == ("subtask_1_8.log:", "run 8")


def test_a_long_line_is_cut_and_what_is_no_text_is_marked() -> None:
    log = b"x" * 100_000 + b"\n\xff\xfe\n" + b"y" * 50_000
    files: Files = {"task_info.txt": LINE.format(1, ""), "subtask_1_1.log": log}
    first, second, third = read(files).subtasks[0].logs
    assert first == "x" * 2000 + "…"
    assert second == "\ufffd\ufffd"
    assert third == "y" * 2000 + "…"


@pytest.mark.slow
def test_the_end_of_a_huge_log_is_shown() -> None:
    files: Files = {
        "task_info.txt": LINE.format(1, ""),
        "subtask_1_1.log": (b"x" * 1023 + b"\n") * (65 << 10) + b"the end",
    }
    logs = read(files).subtasks[0].logs
    assert logs[-1] == "the end"
    assert "earlier lines are left out" in logs[0]
    assert len(logs) == 101


def test_a_log_is_read_so_far_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_MOST_OF_A_LOG", 1 << 20)
    files: Files = {"task_info.txt": LINE.format(1, ""), "subtask_1_1.log": b"x\n" * 2**21}
    logs = read(files).subtasks[0].logs
    assert logs[-1] == "… only the first 2 MiB of this log were read"
    assert len(logs) == 102


def test_a_bomb_of_logs_hides_no_subtask() -> None:
    files: dict[str, str | bytes] = {"task_info.txt": LINE.format(1, "")}
    files |= {f"subtask_1_{run}.log": bytes(1 << 20) for run in range(1, 5)}
    options = ReadOptions(max_bytes=100_000)
    (task,) = read_bytes(archive(files), "diag.zip", options)
    assert task.subtasks[0].logs[-1] == "… only the first 0 MiB of this log were read"


def test_logs_lie_below_the_list_and_may_be_old() -> None:
    files = {"d/task_info.txt": LINE.format(1, "") + LINE.format(2, "1")}
    files |= {"d/logs/subtask_1_1.log": "new", "d/logs/subtask_1_1.log.1": "older"}
    files |= {"d/logs/subtask_1_1.log.2": "oldest", "d/subtask_2.log": "no run"}
    files |= {"d/subtask_7_1.log": "of nothing", "subtask_1_9.log": "elsewhere"}
    task = read(files)
    one, two = task.subtasks
    assert [line for line in one.logs if not line.endswith(":")] == [
        "oldest",
        "older",
        "new",
    ]
    assert (one.attempts, two.attempts, two.logs) == (1, None, ("no run",))
    unlisted = ["d/subtask_7_1.log", "subtask_1_9.log"]
    assert task.extra == {"logs of no subtask": unlisted}
    assert task.name == "diag.zip"


def test_everything_in_an_archive_is_read() -> None:
    files: dict[str, str | bytes] = {
        "a/task_info.txt": LINE.format(1, ""),
        "a/subtask_1_1.log": "of a",
        "b/task_info.txt": LINE.format(1, "") + "Subtask: 2\n",
        "b/c/task_info.txt": LINE.format(1, ""),
        "b/c/subtask_1_1.log": "of c",
        "response.json": b'{"id": 5, "subtasks": []}',
    }
    source = Source("x.zip", lambda: archive(files))
    first, second, third, fourth = read_source(source)
    assert first.file == "x.zip!a/task_info.txt"
    assert first.tasks[0].subtasks[0].logs == ("of a",)
    assert second.tasks[0].subtasks[0].logs == ("of c",)
    assert [reading.tasks[0].name for reading in (first, second)] == ["a", "c"]
    assert "line 2" in str(third.error)
    assert (fourth.file, fourth.tasks[0].id) == ("x.zip!response.json", 5)


@pytest.mark.parametrize("break_line", ["\u2028", "\x0c", "\x85"])
def test_lines_are_counted_as_editors_do(break_line: str) -> None:
    info = f"note{break_line}more\r\n" + LINE.format(1, "") + "Subtask: 2\n"
    assert refusal({"task_info.txt": info}).problems[0].line == 3


def test_a_damaged_log_does_not_hide_the_task() -> None:
    files = {"task_info.txt": LINE.format(1, ""), "subtask_1_1.log": "unmistakable" * 9}
    data = bytearray(archive(files))
    place = data.index(b"subtask_1_1.log") + len("subtask_1_1.log")
    data[place] ^= 0xFF
    (task,) = read_bytes(bytes(data), "diag.zip")
    assert "this log cannot be read" in task.subtasks[0].logs[-1]


def test_findings_point_to_the_line(run_cli: RunCli, tmp_path: Path) -> None:
    info = LINE.format(1, "") + LINE.format(2, "1, 7")
    (tmp_path / "diag.zip").write_bytes(archive({"task_info.txt": info}))
    done = run_cli("check", tmp_path / "diag.zip")
    assert done.returncode == 1
    assert "TG102" in done.stdout
    assert "  2:1 " in done.stdout


def test_an_unpacked_diagnosis_is_read_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "diag_7"
    (folder / "logs").mkdir(parents=True)
    (folder / "other").mkdir()
    (folder / "task_info.txt").write_text(LINE.format(1, "") + LINE.format(2, "1"))
    (folder / "logs" / "subtask_1_1.log").write_text("one\n")
    (folder / "subtask_2_1.log").write_text("two\n")
    (folder / "notes.txt").write_text("x")
    (folder / "other" / "task_info.txt").write_text(LINE.format(1, ""))
    (folder / "other" / "subtask_1_1.log").write_text("of the other\n")
    found = find_sources([str(folder), str(folder / "task_info.txt")], io.BytesIO())
    first, second, again = [reading for source in found for reading in read_source(source)]
    (task,) = first.tasks
    assert first.file == task.origin.file == str(folder / "task_info.txt")
    assert task.name == "diag_7"
    assert [subtask.logs for subtask in task.subtasks] == [("one",), ("two",)]
    assert second.tasks[0].subtasks[0].logs == ("of the other",)
    assert again.tasks == first.tasks
    monkeypatch.chdir(folder)
    (source,) = find_sources(["task_info.txt"], io.BytesIO())
    (reading,) = read_source(source)
    assert reading.tasks[0].subtasks == task.subtasks


def test_odd_logs_of_an_unpacked_diagnosis_do_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "task_info.txt").write_text(LINE.format(1, "") + LINE.format(2, "1"))
    old, odd = tmp_path / "subtask_1_1.log", tmp_path / "subtask_\udcff_1.log"
    for path in (old, odd, tmp_path / "subtask_2_1.log"):
        path.write_text("said\n")
    os.utime(old, (0, 0))  # before the times that a zip archive knows
    real = open

    def refuse(file: str, *rest: Any, **named: Any) -> Any:
        if str(file).endswith("subtask_2_1.log"):
            raise PermissionError(13, "Permission denied", file)
        return real(file, *rest, **named)

    monkeypatch.setattr("builtins.open", refuse)
    (source,) = find_sources([str(tmp_path)], io.BytesIO())
    (reading,) = read_source(source)
    first, second = reading.tasks[0].subtasks
    assert first.logs == ("said",)
    assert second.logs == ("… this log cannot be read: Permission denied",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_a_log_that_is_left_out_is_noted_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "task_info.txt").write_text("".join(LINE.format(i, "") for i in range(6)))
    os.mkfifo(tmp_path / "subtask_0_1.log")
    (tmp_path / "subtask_1_1.log").symlink_to("/dev/zero")
    (tmp_path / "subtask_2_1.log").symlink_to("nowhere")
    (tmp_path / "subtask_3_1.log").symlink_to("subtask_3_1.log")
    (tmp_path / "subtask_4_1.log").mkdir()  # none
    (tmp_path / "subtask_5_1.log").write_bytes(b"x" * 5_000_000)
    (source,) = find_sources([str(tmp_path)], io.BytesIO(), ReadOptions(max_bytes=1 << 20))
    (reading,) = read_source(source)
    assert [subtask.logs for subtask in reading.tasks[0].subtasks] == [
        ("… this log cannot be read: it is a pipe or a device",),
        ("… this log cannot be read: it is a pipe or a device",),
        ("… this log cannot be read: No such file or directory",),
        ("… this log cannot be read: Too many levels of symbolic links",),
        (),
        ("… this log is left out: it is larger than 3 MiB",),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")  # of what this writes
def test_two_lists_of_one_name_are_two_documents(tmp_path: Path) -> None:
    packed, taped = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for identifier in (1, 2):
            file.writestr("task_info.txt", LINE.format(identifier, ""))
    with tarfile.open(fileobj=taped, mode="w") as tape:
        for identifier in (1, 2):
            info = tarfile.TarInfo("task_info.txt")
            info.size = len(LINE.format(identifier, ""))
            tape.addfile(info, io.BytesIO(LINE.format(identifier, "").encode()))
    for data, name in ((packed, "d.zip"), (taped, "d.tar")):
        path = tmp_path / name
        path.write_bytes(data.getvalue())
        (source,) = find_sources([str(path)], io.BytesIO())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            first, second = read_source(source)
        assert [first.file, second.file] == [
            f"{path}!task_info.txt", f"{path}!task_info.txt (2)"
        ]  # fmt: skip
        assert [one.tasks[0].origin.file for one in (first, second)] == [
            first.file,
            second.file,
        ]
        assert [one.tasks[0].subtasks[0].id for one in (first, second)] == [1, 2]
