"""The archive that OCP makes for a diagnosis: states, dependencies and logs."""

from __future__ import annotations

import os
import re
import zipfile
from typing import NamedTuple

from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Id, Subtask, Task, known_word
from taskgraph.model.words import shorten
from taskgraph.privacy.masking import mask_text
from taskgraph.sources.document import DocumentText, Problems, ReadTasks
from taskgraph.sources.limits import Allowance
from taskgraph.sources.naming import DIAGNOSIS_LIST, LOG_NAME
from taskgraph.sources.parsing import decode
from taskgraph.sources.unpacking import DAMAGED, find_task_infos, members, read_member

_LINE = re.compile(
    r"\s*Subtask:\s*(?P<id>[^,\s]+)\s*,\s*State:\s*(?P<state>[^,\s]+)\s*,"
    r"\s*Dependencies:\s*\[(?P<ups>[^\[\]]*)\]\s*"
)
_LARGEST = 2**63 - 1  # ids have 64 bits
_CHUNK = 1 << 20
_MOST_OF_A_LOG = 1 << 30  # bytes of one that are unpacked to find its end
_MOST_LINES = 100  # of a log, the last ones: why it failed stands there
_MOST_RUNS = 5
_LONGEST_LINE = 2000  # in characters
_ROW = re.compile(r"[^\n]*(?:\n|\Z)")
_MOST_OTHERS = 100  # lines, and names of logs, that belong to no subtask


def _split(path: str) -> tuple[str, str]:
    """Give the folder of a member, and its name there."""
    folder, _, name = path.rpartition("/")
    return folder, name


class _Log(NamedTuple):
    """The log of one run of a subtask, or an older part of it."""

    run: int
    younger: int
    """The higher, the later it was written."""
    info: zipfile.ZipInfo


def read_diagnosis(
    archive: zipfile.ZipFile,
    listing: zipfile.ZipInfo,
    file: str,
    allowance: Allowance,
    member: str = "",
) -> ReadTasks:
    """Read a task of an archive, in which the list may be called otherwise than it is.

    Of each log the last 100 lines are kept, of the last five runs of a subtask; what is
    left out is said in its place. Logs of what the list does not name are named too.

    Raises InputError if the list of subtasks cannot be read.
    """
    is_unpacked = os.path.basename(file) == DIAGNOSIS_LIST
    name = file if is_unpacked else f"{file}!{member or listing.filename}"
    data = decode(read_member(archive, listing, name, allowance), name)
    document = DocumentText(name, data, syntax="lines")
    problems = Problems(document)
    logs = _find_logs(archive, listing)
    subtasks: list[Subtask] = []
    places: list[str] = []
    others: list[str] = []
    for place, row in enumerate(_ROW.finditer(data.decode("utf-8", "replace"))):
        line = row[0].rstrip("\n").removesuffix("\r")
        match = _LINE.fullmatch(line)
        if match is None:
            if line.lstrip().startswith("Subtask"):
                expected = "Subtask: ID, State: STATE, Dependencies: [ID, ID]"
                problems.add(f"must be a line like {expected}", f"/{place}")
            elif line.strip() and len(others) < _MOST_OTHERS:
                others.append(line)
            continue
        identifier = _id(match["id"], place, problems)
        ups = [
            _id(up.strip(), place, problems) for up in match["ups"].split(",") if up.strip()
        ]
        runs = logs.pop(match["id"], [])
        subtasks.append(
            Subtask(
                id=identifier,
                status=known_word(match["state"]),
                attempts=max((log.run for log in runs), default=0) or None,
                upstreams=tuple(ups),
                logs=_read_logs(archive, runs, allowance),
            )
        )
        places.append(f"/{place}")
    if wrong := problems.error():
        raise wrong
    if not subtasks:
        problem = Problem("lists no subtask", "")
        raise document.error([problem], "ask OCP for the diagnosis again")
    unlisted = [log.info.filename for runs in logs.values() for log in runs]
    extra = {DIAGNOSIS_LIST: others, "logs of no subtask": sorted(unlisted)}
    task = Task(
        id=None,
        name=_name(archive, listing, file),
        subtasks=tuple(subtasks),
        extra={key: rows[:_MOST_OTHERS] for key, rows in extra.items() if rows},
        origin=document.origin("diagnosis", "", tuple(places)),
    )
    return ReadTasks([task])


def _name(archive: zipfile.ZipFile, listing: zipfile.ZipInfo, file: str) -> str:
    """Give the name of the archive, or of the folder where it has several lists."""
    path = file.replace("\\", "/")
    folder, name = _split(path)
    if name == DIAGNOSIS_LIST:  # unpacked
        return _split(folder)[1] or name
    inside = _split(listing.filename)[0] if len(find_task_infos(archive)) > 1 else ""
    return _split(inside or path)[1]


def _id(text: str, place: int, problems: Problems) -> Id:
    if not (text.isascii() and text.isdecimal()):
        return text
    if len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        problems.add("an id must fit in 64 bits", f"/{place}")
        return 0
    return int(text)


def _find_logs(archive: zipfile.ZipFile, listing: zipfile.ZipInfo) -> dict[str, list[_Log]]:
    """Give the logs below the list's folder, by the id of the subtask, in order.

    A log that lies deeper, beside another list, is that one's. One that lies below no
    list is kept with the first list, under its own name, which is no id.
    """
    folder = _split(listing.filename)[0]
    folders = [_split(info.filename)[0] for info in find_task_infos(archive)]
    logs: dict[str, list[_Log]] = {}
    for info in members(archive):
        where, name = _split(info.filename)
        match = LOG_NAME.fullmatch(name)
        if match is None:
            continue
        above = [other for other in folders if _holds(where, other)]
        if folder == max(above, key=len, default=folders[0]):
            key = match["id"] if above else f"{where}/{name}, "
            log = _Log(int(match["run"] or 0), -int(match["age"] or 0), info)
            logs.setdefault(key, []).append(log)
    for runs in logs.values():
        runs.sort(key=lambda log: (log.run, log.younger, log.info.filename))
    return logs


def _holds(path: str, folder: str) -> bool:
    """Tell whether a folder is a path, or above it."""
    return not folder or f"{path}/".startswith(f"{folder}/")


def _read_logs(
    archive: zipfile.ZipFile, runs: list[_Log], allowance: Allowance
) -> tuple[str, ...]:
    lines: list[str] = []
    if len(runs) > _MOST_RUNS:
        lines.append(f"… the logs of {len(runs) - _MOST_RUNS:,} earlier runs are left out")
    for log in runs[-_MOST_RUNS:]:
        if len(runs) > 1:
            lines.append(f"{log.info.filename.rpartition('/')[2]}:")
        try:
            lines += _last_lines(archive, log.info, allowance)
        except InputError:
            raise
        except DAMAGED as error:
            reason = "it is encrypted" if log.info.flag_bits & 1 else error
            lines.append(f"… this log cannot be read: {reason}")
    return tuple(lines)


def _last_lines(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowance: Allowance
) -> list[str]:
    """Read a log to its end, keeping only so much of it."""
    count = size = 0
    before = last = b""
    is_whole = False
    with archive.open(info) as stream:
        while size <= _MOST_OF_A_LOG and allowance.bytes > _CHUNK:
            if not (chunk := stream.read(_CHUNK)):
                is_whole = True
                break
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
    if not is_whole:
        lines.append(f"… only the first {size >> 20:,} MiB of this log were read")
    return lines


def _shown(line: bytes) -> str:
    """Give a line, or its begin; what is cut must be masked before."""
    text = line[: 5 * _LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
    return (
        text if len(text) <= _LONGEST_LINE else shorten(mask_text(text), _LONGEST_LINE + 1)
    )
