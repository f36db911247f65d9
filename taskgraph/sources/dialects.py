"""The one place that tells the dialects of documents apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from taskgraph.errors import InputError
from taskgraph.model import Task
from taskgraph.sources.document import Document, Problems
from taskgraph.sources.obshell import looks_like_obshell, read_obshell
from taskgraph.sources.ocp import read_ocp
from taskgraph.sources.parsing import parse_json
from taskgraph.sources.times import with_offsets

__all__ = ["read_document"]

_LARGE = 1 << 20
_PACKED = (".gz", ".zst")
_YAML_NAMES = (".yaml", ".yml")
_YAML_START = re.compile(
    rb"(?:%YAML|---(?=\s)|\s*#|(?s:.{0,4000}?)^kind[ \t]*:)", re.MULTILINE
)


def read_document(document: Document) -> list[Task]:
    """Tell what a document is, and read every task of it.

    A definition is told by its file name or its ``kind``, so that a damaged response is
    never taken for one; everything else by the fields that it has.

    Raises
    ------
    InputError
        With every problem, if the document cannot be read or holds no task.
    """
    name = document.file.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    if _is_yaml(name, document.data):
        return _read_yaml(replace(document, syntax="yaml"), name)
    return _read_json(document, name)


def _is_yaml(name: str, data: bytes) -> bool:
    if name.endswith(_YAML_NAMES):
        return True
    start = data[:100].lstrip()[:1]
    has_other_name = name.endswith((".json", ".jsonl", ".ndjson"))
    if has_other_name or start in (b"", b"{", b"[", b"<", b'"'):
        return False
    return _YAML_START.match(data) is not None


def _read_yaml(document: Document, name: str) -> list[Task]:
    from taskgraph.sources.definition import KIND, read_definition
    from taskgraph.sources.yaml_text import parse_yaml

    root = parse_yaml(document)
    problems = Problems(document)
    if not _is_definition(root, name):
        hint = f"name it *.task.yaml if it is one, or say kind: {KIND}"
        raise problems.refuse("is YAML, and no definition of a task", "", hint)
    tasks = read_definition(root, problems)
    problems.finish()
    return tasks


def _read_json(document: Document, name: str) -> list[Task]:
    """Read JSON in which no object has a key twice.

    In a large document that has no quote inside a text, lost keys are found by counting
    quotes, which is faster than to look for them while parsing.
    """
    data = document.data
    has_no_quote = b"\\" not in data or b'\\"' not in data
    by_count = len(data) > _LARGE and has_no_quote
    root = parse_json(document, refuse_repeated=not by_count)
    problems = Problems(document)
    tasks = _read_root(root, name, problems)
    problems.finish()
    if by_count and 2 * problems.tally.texts != data.count(b'"'):
        parse_json(document)
    return [with_offsets(task) for task in tasks] if problems.has_naive_times else tasks


def _read_root(root: Any, name: str, problems: Problems) -> list[Task]:
    if _is_definition(root, name):
        from taskgraph.sources.definition import read_definition

        return read_definition(root, problems)
    if isinstance(root, dict) and str(root.get("format")).startswith("taskgraph/"):
        from taskgraph.sources.native import FORMAT, read_native

        if root["format"] == FORMAT:
            return read_native(root, problems)
        raise _own_output(root["format"], problems)
    if looks_like_obshell(root):
        return read_obshell(root, problems)
    return read_ocp(root, problems)


def _is_definition(root: Any, name: str) -> bool:
    from taskgraph.sources.definition import is_definition_name

    if is_definition_name(name):
        return True
    kind = root.get("kind") if isinstance(root, dict) else None
    return isinstance(kind, str) and "definition" in kind.lower()


def _own_output(form: str, problems: Problems) -> InputError:
    what = f"is an output of taskgraph {form.partition('/')[2]}, not a task"
    return problems.refuse(what, "/format", "give the document that it was made from")
