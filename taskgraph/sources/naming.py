"""What the name of a file says of the document in it."""

from __future__ import annotations

from fnmatch import fnmatchcase

from taskgraph.sources.options import ReadOptions

__all__ = [
    "has_json_name",
    "has_lines_name",
    "has_yaml_name",
    "is_definition_name",
    "is_document_name",
]

_PACKED = (".gz", ".zst")
_YAML = (".yaml", ".yml")
_LINES = (".jsonl", ".ndjson")
_DEFINITIONS = tuple(
    f".{mark}.{ending}"
    for mark in ("task", "taskdef")
    for ending in ("json", "yaml", "yml")
)


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


def has_json_name(file: str) -> bool:
    """Tell whether the name of a file says JSON, in lines or not."""
    return _plain(file).endswith((".json", *_LINES))


def is_document_name(path: str, options: ReadOptions) -> bool:
    """Tell whether a file of a folder or an archive is a document, by its name.

    Parameters
    ----------
    path : str
        From the folder or the archive on, with ``/``.
    options : ReadOptions
    """
    if options.glob is not None:
        pattern = options.glob.removeprefix("**/")
        return fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)
    return _plain(path).endswith((".json", ".zip", *_LINES, *_DEFINITIONS))
