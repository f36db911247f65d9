"""OCP's archive for a diagnosis."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from taskgraph.errors import InputError
from taskgraph.model import Task
from taskgraph.sources import ReadOptions, read_bytes
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


def test_a_huge_log_is_read_so_far_and_says_so() -> None:
    files: Files = {
        "task_info.txt": LINE.format(1, ""),
        "subtask_1_1.log": (b"x" * 1023 + b"\n") * (65 << 10),
    }
    logs = read(files).subtasks[0].logs
    assert logs[-1] == "… only the first 64 MiB of this log were read"
    assert "earlier lines are left out" in logs[0]
    assert len(logs) == 102


def test_a_bomb_of_logs_is_refused() -> None:
    files: dict[str, str | bytes] = {"task_info.txt": LINE.format(1, "")}
    files |= {f"subtask_1_{run}.log": bytes(1 << 20) for run in range(1, 5)}
    options = ReadOptions(max_bytes=100_000)
    with pytest.raises(InputError, match="unpacks to more than 1,600,000 bytes"):
        read_bytes(archive(files), "diag.zip", options)


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
