"""What the name of a file, and its first bytes, say of the document in it."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

from taskgraph.sources.limits import ReadOptions

DIAGNOSIS_LIST = "task_info.txt"
"""The list of subtasks in an archive for a diagnosis."""
LOG_NAME = re.compile(
    r"subtask_(?P<id>[^/_]+?)(?:_(?P<run>\d{1,9}))?\.log(?:\.(?P<age>\d{1,4}))?"
)
"""The log of one run of a subtask beside that list, or an older part of it."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BZIP2, XZ = b"BZh", b"\xfd7zXZ\0"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF-", "a PDF file"),
)
_TAR = b"ustar"
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_TARS = (".tar", ".tgz", ".tzst", ".tbz", ".tbz2", ".txz")
_YAML = (".yaml", ".yml")
_LINES = (".jsonl", ".ndjson")
_DEFINITIONS = tuple(
    f".{mark}.{ending}"
    for mark in ("task", "taskdef")
    for ending in ("json", "yaml", "yml")
)


@lru_cache(maxsize=64)
def _plain(file: str) -> str:
    """Give the last part of a path in small letters, without how it is compressed."""
    name = file.replace("\\", "/").rpartition("/")[2].lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return name


def is_definition_name(file: str) -> bool:
    """Tell whether the name of a file says that it is a definition.

    Examples
    --------
    >>> is_definition_name("ci/upgrade.task.yaml"), is_definition_name("task.json")
    (True, False)
    """
    return _plain(file).endswith(_DEFINITIONS)


def has_yaml_name(file: str) -> bool:
    """Tell whether the name of a file says YAML."""
    return _plain(file).endswith(_YAML)


def has_lines_name(file: str) -> bool:
    """Tell whether the name of a file says JSON Lines."""
    return _plain(file).endswith(_LINES)


def has_tar_name(file: str) -> bool:
    """Tell whether the name of a file says tar, compressed or not.

    Examples
    --------
    >>> has_tar_name("saved.tar.zst"), has_tar_name("saved.TGZ"), has_tar_name("tar.gz")
    (True, True, False)
    """
    return _plain(file).endswith(_TARS)


def has_json_name(file: str) -> bool:
    """Tell whether the name of a file says JSON, in lines or not."""
    return _plain(file).endswith((".json", *_LINES))


def is_log_name(name: str) -> bool:
    """Tell whether a file beside the list of a diagnosis is the log of a subtask."""
    return LOG_NAME.fullmatch(name) is not None


def is_document_name(path: str, options: ReadOptions) -> bool:
    """Tell whether a file is a document, by its path in a folder or an archive."""
    if options.glob is not None:
        pattern = options.glob.removeprefix("**/")
        if "/" not in pattern:
            return fnmatchcase(path.rpartition("/")[2], pattern)
        without = pattern.replace("**/", "")  # which also stands for no folder at all
        return fnmatchcase(path, pattern) or fnmatchcase(path, without)
    return _plain(path).endswith((".json", ".zip", *_TARS, *_LINES, *_DEFINITIONS))


def foreign_packing(data: bytes) -> str:
    """Say how data is packed in a way that is not read; ``""`` where it is not."""
    for start, kind in _FOREIGN:
        if data.startswith(start):
            return kind
    return ""


def is_compressed(data: bytes) -> bool:
    """Tell gzip, Zstandard, bzip2 and xz by their first bytes."""
    return data.startswith((GZIP, ZSTD, BZIP2, XZ))


def is_tar(data: bytes, file: str) -> bool:
    """Tell a tar archive by its first bytes; an old or damaged one also by its name."""
    if data[257:262] == _TAR:
        return True
    return has_tar_name(file) and not data[:100].lstrip().startswith((b"{", b"["))


def is_zip(data: bytes) -> bool:
    """Tell a zip archive by its first bytes."""
    return data.startswith(_ZIP)
