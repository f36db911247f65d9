"""Every real document is read, or refused for the right reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.errors import InputError
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.reading import read_bytes
from tests.sources.native import write_task

REFUSED = {
    "600.retry-a-subtask__1.malformed": "is not valid JSON: more text follows",
    "600.retry-a-subtask__1": "is one subtask, not a task",
}


def reason(path: Path) -> str | None:
    """Why a document is refused, if it is."""
    stem = path.name.removesuffix(".json").partition("__")[2].partition("__")[2]
    return REFUSED.get(stem)


def test_everything_is_read_or_refused(corpus: Path) -> None:
    paths = sorted(corpus.rglob("*.json"))
    refused = [path for path in paths if reason(path)]
    assert len(refused) == 2
    for path in paths:
        data = path.read_bytes()
        if path in refused:
            with pytest.raises(InputError, match=reason(path)) as caught:
                read_bytes(data, path.name)
            assert caught.value.problems[0].line is not None
            continue
        tasks = read_bytes(data, path.name)
        assert tasks
        for task in tasks:
            assert task.extra.keys().isdisjoint({"id", "name", "subtasks"})
            assert read_bytes(write_task(task).encode()) == (task,)
        assert all(read_bytes(data, path.name, ReadOptions(redact=True)))


def test_dialects(corpus: Path) -> None:
    for folder, dialect in (("ocp", "ocp"), ("known", "ocp"), ("obshell", "obshell")):
        for path in sorted((corpus / folder).glob("*.json")):
            if not reason(path):
                (task, *_) = read_bytes(path.read_bytes(), path.name)
                assert task.origin.dialect == dialect


def test_no_field_of_a_real_document_is_unknown(corpus: Path) -> None:
    unknown: set[str] = set()
    for path in sorted((corpus / "ocp").glob("*.json")):
        if not reason(path):
            for task in read_bytes(path.read_bytes(), path.name):
                for subtask in task.subtasks:
                    unknown |= subtask.extra.keys()
    assert unknown == set()
