"""A task written in any dialect and any container reads back to an equal one."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from taskgraph.model.task import Envelope, Task
from taskgraph.sources.reading import read_bytes
from tests.sources.native import write_task
from tests.sources.strategies import (
    ENVELOPES,
    OCP_TASKS,
    OWN_TASKS,
    definitions,
    diagnosis_archives,
    obshell_documents,
    ocp_envelope,
    ocp_task,
)

INDENTS = st.sampled_from([None, 2])


def encoded(value: Any, indent: int | None = None, *, ascii_only: bool = False) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()


@given(OCP_TASKS, INDENTS, st.booleans())
def test_bare_task_of_ocp(task: Task, indent: int | None, ascii_only: bool) -> None:
    data = encoded(ocp_task(task), indent, ascii_only=ascii_only)
    assert read_bytes(data) == (task,)


@given(OCP_TASKS, ENVELOPES)
def test_response_of_ocp(task: Task, envelope: Envelope) -> None:
    data = ocp_task(task)
    # Where a response tells of a failure, what has next to no fields is no task.
    assume(len(data) > 2 or not (envelope.successful is False or envelope.error))
    response = {**ocp_envelope(envelope), "data": data}
    assert read_bytes(encoded(response)) == (replace(task, envelope=envelope),)


@given(
    st.lists(OCP_TASKS, min_size=1, max_size=3), st.sampled_from(["array", "data", "page"])
)
def test_lists_of_ocp(tasks: list[Task], where: str) -> None:
    rows = [ocp_task(task) for task in tasks]
    document: Any = rows
    envelope = None
    if where != "array":
        envelope = Envelope(successful=True)
        data = rows if where == "data" else {"contents": rows, "page": {"number": 1}}
        document = {"data": data, "successful": True}
    expected = tuple(replace(task, envelope=envelope) for task in tasks)
    assert read_bytes(encoded(document)) == expected


@given(OCP_TASKS, st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(task: Task, random: Random) -> None:
    raw = ocp_task(task)
    rows = [_shuffled(row, random) for row in raw["subtasks"]]
    document = _shuffled({**raw, "subtasks": rows}, random)
    assert read_bytes(encoded(document)) == (task,)


def _shuffled(values: dict[str, Any], random: Random) -> dict[str, Any]:
    keys = list(values)
    random.shuffle(keys)
    return {key: values[key] for key in keys}


@given(OCP_TASKS)
def test_null_is_as_good_as_nothing(task: Task) -> None:
    raw = ocp_task(task)
    absent = {"creator", "createTime", "context", "type", "hostId"} - raw.keys()
    assert read_bytes(encoded(dict.fromkeys(absent) | raw)) == (task,)


@given(obshell_documents(), st.sampled_from(["bare", "response", "array", "page"]))
def test_obshell(pair: tuple[dict[str, Any], Task], where: str) -> None:
    raw, task = pair
    documents = {
        "bare": raw,
        "array": [raw],
        "response": {"successful": True, "data": raw},
        "page": {"successful": True, "data": {"contents": [raw]}},
    }
    envelope = Envelope(successful=True) if where in ("response", "page") else None
    assert read_bytes(encoded(documents[where])) == (replace(task, envelope=envelope),)


@given(diagnosis_archives())
def test_diagnosis_archive(pair: tuple[bytes, Task]) -> None:
    data, task = pair
    assert read_bytes(data, "saved/diagnosis.zip") == (task,)


@given(definitions(), st.sampled_from(["json", "yaml", "flow"]))
def test_definition(pair: tuple[dict[str, Any], Task], syntax: str) -> None:
    raw, task = pair
    if syntax == "json":
        data, file = encoded(raw), "saved.json"
    else:
        text = yaml.safe_dump(raw, allow_unicode=True, default_flow_style=syntax == "flow")
        data, file = text.encode(), "saved.yaml"
    assert read_bytes(data, file) == (task,)


@given(OWN_TASKS)
def test_own_json(task: Task) -> None:
    text = write_task(task)
    assert read_bytes(text.encode()) == (task,)
    assert write_task(*read_bytes(text.encode())) == text


@given(OCP_TASKS)
def test_own_json_keeps_what_another_dialect_said(task: Task) -> None:
    (read,) = read_bytes(encoded({"data": ocp_task(task)}))
    (again,) = read_bytes(write_task(read).encode())
    assert again == read
    assert again.origin.dialect == "ocp"


def as_gzip(data: bytes) -> bytes:
    return gzip.compress(data)


def as_zst(data: bytes) -> bytes:
    return bytes(pytest.importorskip("backports.zstd").compress(data))


def as_zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.json", data)
        archive.writestr("readme.txt", "no document")
    return file.getvalue()


def as_http(data: bytes) -> bytes:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200 \r\nContent-Type: text/plain\r\n\r\n"
    return head + data


def in_utf16(data: bytes) -> bytes:
    return data.decode().encode("utf-16")


def with_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


CONTAINERS = [as_gzip, as_zst, as_zip, as_http, in_utf16, with_mark]


@pytest.mark.uncovered
@pytest.mark.parametrize("pack", CONTAINERS)
@given(task=OCP_TASKS)
def test_container(pack: Callable[[bytes], bytes], task: Task) -> None:
    data = encoded(ocp_task(task))
    assert read_bytes(pack(data)) == (task,)
    assert read_bytes(as_gzip(pack(data))) == (task,)


@given(st.lists(OCP_TASKS, min_size=2, max_size=4), st.sampled_from(["a.jsonl", "a.json"]))
def test_json_lines(tasks: list[Task], file: str) -> None:
    data = b"\n".join(encoded(ocp_task(task)) for task in tasks)
    assert read_bytes(data, file) == tuple(tasks)
    assert [task.origin.first_line for task in read_bytes(data, file)] == [
        line for line, _ in enumerate(tasks, 1)
    ]
