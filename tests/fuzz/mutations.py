"""Valid documents of every dialect and container, damaged in many ways."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples" / "formats"
TOKENS = [
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"null", b"true", b"-1", b"0",
    b"1e999",
    b"NaN", b"9" * 30, b"1.5", b'""', b"{}", b"[]", b'"id":', b'"subtasks":', b"\\ud800",
    b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\n", b"\r\n", b" ", b"[" * 300,
    b'{"a":' * 300, b"&a ", b"*a", b"<<: ", b"!!int ", b"---\n", b"kind: ", b"<html>",
    b"HTTP/1.1 200 OK\r\n\r\n", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd",
    "停".encode(),
    b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59-14:00", b"password=x", b"\xe2\x80\xae",
]  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 2**63, -(2**63), 10**25, 1.5, 1e308, float("nan"), "", "x",
     "30", "1h30m", "2024-06-03T09:00:00", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-14:00", [], {}, [[]], [{}], [None], [1, "1", True],
     {"id": 1}, {"id": None}, [[1]], "SUCCEED",
     "FAILED", "ROLLBACK", "taskgraph/task", "task-definition", "a\nb\x1b[31m", "\u202e"]
).map(copy.deepcopy)  # fmt: skip


def seeds() -> dict[str, bytes]:
    """Give the samples of every accepted document, by name."""
    return {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir())}


@st.composite
def damaged_documents(draw: st.DrawFn) -> tuple[bytes, str]:
    """Draw damaged bytes, and the name of their file."""
    samples = seeds()
    name = draw(st.sampled_from(sorted(samples)))
    data = samples[name]
    if name.endswith(".json") and not name.endswith("utf16.json") and draw(st.booleans()):
        data = _with_other_values(draw, data)
    for _ in range(draw(st.integers(0, 4))):
        data = draw(st.sampled_from(DAMAGES))(draw, data)
    pack = draw(st.sampled_from(PACKS))
    if pack is not None:
        data, name = pack(data, name), f"packed.{name}"
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
            data = draw(st.sampled_from(DAMAGES))(draw, data)
    return data, name


def _with_other_values(draw: st.DrawFn, data: bytes) -> bytes:
    """Put other values in some places of a JSON document."""
    try:
        root = json.loads(data)
    except ValueError:
        return data
    for _ in range(draw(st.integers(1, 3))):
        places = _places(root)
        if places:
            parent, key = places[draw(st.integers(0, len(places) - 1))]
            parent[key] = draw(VALUES)
    return json.dumps(root, ensure_ascii=draw(st.booleans())).encode()


def _places(root: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    stack = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            keys: list[Any] = list(value)
        elif isinstance(value, list):
            keys = list(range(len(value)))
        else:
            continue
        found += [(value, key) for key in keys]
        stack += [value[key] for key in keys]
    return found


def _span(draw: st.DrawFn, data: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(data)))
    return start, min(len(data), start + draw(st.sampled_from([0, 1, 2, 8, 40, 400])))


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: draw(st.integers(0, len(data)))]


def _insert(draw: st.DrawFn, data: bytes) -> bytes:
    start, end = _span(draw, data)
    return data[:start] + draw(st.sampled_from(TOKENS)) + data[end:]


def _repeat(draw: st.DrawFn, data: bytes) -> bytes:
    start, end = _span(draw, data)
    return data[:end] + data[start:end] * draw(st.sampled_from([1, 2, 50])) + data[end:]


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    if not data:
        return data
    place = draw(st.integers(0, len(data) - 1))
    return (
        data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[place + 1 :]
    )


def _recode(draw: st.DrawFn, data: bytes) -> bytes:
    coding = draw(st.sampled_from(["utf-16", "utf-16-be", "utf-32", "latin-1", "gb18030"]))
    return data.decode("utf-8", "replace").encode(coding, "replace")


Damage = Callable[[st.DrawFn, bytes], bytes]
DAMAGES: list[Damage] = [_cut, _insert, _insert, _repeat, _flip, _recode]


def _gzipped(data: bytes, _name: str) -> bytes:
    return gzip.compress(data, mtime=0)


def _zipped(data: bytes, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"folder/{name}"), data)
        archive.writestr(zipfile.ZipInfo("other.jsonl"), b'{"subtasks": []}\n')
    return file.getvalue()


def _with_headers(data: bytes, _name: str) -> bytes:
    return b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + data


def _as_lines(data: bytes, _name: str) -> bytes:
    line = data.replace(b"\r", b" ").replace(b"\n", b" ")
    return b"\n".join([line, b'{"subtasks": []}', line])


Pack = Callable[[bytes, str], bytes]
PACKS: list[Pack | None] = [None, None, None, _gzipped, _zipped, _with_headers, _as_lines]
