"""The archive that OCP makes for a diagnosis: states, dependencies and logs."""

from __future__ import annotations

import re
import zipfile
from typing import NamedTuple

from taskgraph.errors import InputError
from taskgraph.model import Id, Subtask, Task
from taskgraph.sources.decoding import decode
from taskgraph.sources.document import Document, Problems
from taskgraph.sources.limits import Allowance
from taskgraph.sources.unpacking import DAMAGED, members, read_member

__all__ = ["find_task_info", "read_diagnosis"]

_INFO = "task_info.txt"
_LINE = re.compile(
    r"\s*Subtask:\s*(?P<id>[^,\s]+)\s*,\s*State:\s*(?P<state>[^,\s]+)\s*,"
    r"\s*Dependencies:\s*\[(?P<ups>[^\[\]]*)\]\s*"
)
_LOG = re.compile(r"subtask_(?P<id>[^/_]+)_(?P<run>\d{1,9})\.log")
_LARGEST = 2**63 - 1
_CHUNK = 1 << 20
_MOST_OF_A_LOG = 64 << 20
_MOST_LINES = 100
_MOST_RUNS = 5
_LONGEST_LINE = 2000
_MOST_OTHER_LINES = 100


def find_task_info(archive: zipfile.ZipFile) -> zipfile.ZipInfo | None:
    """Find the list of subtasks that makes an archive one for a diagnosis."""
    for info in members(archive):
        if info.filename.rpartition("/")[2] == _INFO:
            return info
    return None


class _Log(NamedTuple):
    """The log of one run of a subtask."""

    run: int
    info: zipfile.ZipInfo


def read_diagnosis(
    archive: zipfile.ZipFile, listing: zipfile.ZipInfo, file: str, allowance: Allowance
) -> list[Task]:
    """Read the task of an archive.

    Of each log the last 100 lines are kept, of the last five runs of a subtask; what is
    left out is said in its place.

    Raises
    ------
    InputError
        If the list of subtasks cannot be read.
    """
    name = f"{file}!{listing.filename}"
    data = decode(read_member(archive, listing, name, allowance), name)
    document = Document(name, data, syntax="lines")
    problems = Problems(document)
    logs = _find_logs(archive, listing.filename.rpartition("/")[0])
    subtasks: list[Subtask] = []
    places: list[str] = []
    others: list[str] = []
    for place, line in enumerate(data.decode("utf-8", "replace").splitlines()):
        match = _LINE.fullmatch(line)
        if match is None:
            if line.lstrip().startswith("Subtask"):
                expected = "Subtask: ID, State: STATE, Dependencies: [ID, ID]"
                problems.add(f"must be a line like {expected}", f"/{place}")
            elif line.strip() and len(others) < _MOST_OTHER_LINES:
                others.append(line)
            continue
        identifier = _id(match["id"], place, problems)
        ups = [
            _id(up.strip(), place, problems) for up in match["ups"].split(",") if up.strip()
        ]
        runs = logs.get(match["id"], [])
        subtasks.append(
            Subtask(
                id=identifier,
                status=match["state"],
                attempts=max((log.run for log in runs), default=None),
                upstreams=tuple(ups),
                logs=_read_logs(archive, runs, allowance),
            )
        )
        places.append(f"/{place}")
    problems.finish()
    if not subtasks:
        raise problems.refuse("lists no subtask", "", "ask OCP for the diagnosis again")
    return [
        Task(
            id=None,
            name=file.replace("\\", "/").rpartition("/")[2],
            subtasks=tuple(subtasks),
            extra={_INFO: others} if others else {},
            origin=document.origin("diagnosis", "", tuple(places)),
        )
    ]


def _id(text: str, place: int, problems: Problems) -> Id:
    if not (text.isascii() and text.isdecimal()):
        return text
    if len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        problems.add("an id must fit in 64 bits", f"/{place}")
        return 0
    return int(text)


def _find_logs(archive: zipfile.ZipFile, folder: str) -> dict[str, list[_Log]]:
    """Give the logs beside the list, by the id of the subtask, in the order of runs."""
    logs: dict[str, list[_Log]] = {}
    for info in members(archive):
        where, _, name = info.filename.rpartition("/")
        match = _LOG.fullmatch(name)
        if match is not None and where == folder:
            logs.setdefault(match["id"], []).append(_Log(int(match["run"]), info))
    for runs in logs.values():
        runs.sort(key=lambda log: log.run)
    return logs


def _read_logs(
    archive: zipfile.ZipFile, runs: list[_Log], allowance: Allowance
) -> tuple[str, ...]:
    lines: list[str] = []
    if len(runs) > _MOST_RUNS:
        lines.append(f"… the logs of {len(runs) - _MOST_RUNS} earlier runs are left out")
    for log in runs[-_MOST_RUNS:]:
        if len(runs) > 1:
            lines.append(f"{log.info.filename.rpartition('/')[2]}:")
        try:
            lines += _last_lines(archive, log.info, allowance)
        except InputError:
            raise
        except DAMAGED as error:
            lines.append(f"… this log cannot be read: {error}")
    return tuple(lines)


def _last_lines(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowance: Allowance
) -> list[str]:
    """Read a log to its end, keeping only so much of it."""
    count = size = 0
    before = last = b""
    with archive.open(info) as stream:
        while size <= _MOST_OF_A_LOG and (chunk := stream.read(_CHUNK)):
            allowance.spend(len(chunk))
            before, last = last, chunk
            size += len(chunk)
            count += chunk.count(b"\n")
    text = before + last
    if text and not text.endswith(b"\n"):
        count += 1
        text += b"\n"
    lines = [_shown(line) for line in text.split(b"\n")[-_MOST_LINES - 1 : -1]]
    if count > len(lines):
        lines.insert(0, f"… {count - len(lines):,} earlier lines are left out")
    if size > _MOST_OF_A_LOG:
        lines.append(f"… only the first {_MOST_OF_A_LOG >> 20} MiB of this log were read")
    return lines


def _shown(line: bytes) -> str:
    text = line[: 4 * _LONGEST_LINE + 1].decode("utf-8", "replace").rstrip("\r")
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"
