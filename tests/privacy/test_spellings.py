"""The table of secrets and of harmless phrases, in every place that a document has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from taskgraph.errors import InputError
from taskgraph.privacy.masking import mask_text, mask_value
from taskgraph.sources.limits import ReadOptions
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_bytes, read_source
from tests.privacy.documents import DOCUMENTS, REFUSED
from tests.privacy.spellings import HARMLESS, LEAK, PRIVATE, SECRETS, TOLD, VALUES
from tests.sources.native import write_task

pytestmark = pytest.mark.uncovered

AROUND = ("{}", "x {} y", "Stop ({})", "a，{}", "[2025-01-16 11:43:38] INFO {}")


def test_the_tables_are_large_enough() -> None:
    assert len({*SECRETS}) >= 150
    assert len({*HARMLESS}) >= 150
    assert all(map(LEAK.search, SECRETS))


@pytest.mark.parametrize("secret", SECRETS)
def test_no_spelling_of_a_secret_stays(secret: str) -> None:
    for around in AROUND:
        masked = mask_text(around.replace("{}", secret))
        assert not LEAK.search(masked)
        assert mask_text(masked) == masked


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_no_secret_stays_in_a_value(value: Any) -> None:
    masked = mask_value(value)
    assert not LEAK.search(json.dumps(masked, ensure_ascii=False))
    assert mask_value(masked) == masked
    if isinstance(value, dict):
        assert not LEAK.search(mask_text(json.dumps(value)))


def test_what_only_looks_like_a_secret_stays_readable() -> None:
    changed = [phrase for phrase in HARMLESS if mask_text(phrase) != phrase]
    assert len(changed) <= 0.03 * len(HARMLESS), changed


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, marks=pytest.mark.slow if file.endswith("yaml") else ())
        for file in DOCUMENTS
    ],
)
@pytest.mark.parametrize("redact", [False, True])
def test_no_secret_stays_in_any_field_of_any_dialect(file: str, redact: bool) -> None:
    data = DOCUMENTS[file](SECRETS).encode()
    (task,) = read_bytes(data, file, ReadOptions(redact=redact))
    assert len(task.subtasks) == len({subtask.id for subtask in task.subtasks})
    assert len(task.subtasks) == len(SECRETS)
    assert not _leaks(repr(task))
    assert not _leaks(write_task(task))
    known = {subtask.id for subtask in task.subtasks}
    assert all(set(subtask.upstreams or ()) <= known for subtask in task.subtasks)


def _leaks(text: str) -> list[str]:
    return [text[max(0, m.start() - 60) : m.end() + 20] for m in LEAK.finditer(text)]


@pytest.mark.parametrize("file", DOCUMENTS)
def test_nothing_private_stays_in_any_field_of_any_dialect(file: str) -> None:
    data = DOCUMENTS[file](PRIVATE).encode()
    (task,) = read_bytes(data, file, ReadOptions(redact=True))
    assert not TOLD.search(repr(task))
    assert not TOLD.search(write_task(task))
    assert len({subtask.id for subtask in task.subtasks}) == len(PRIVATE)


@pytest.mark.parametrize(("file", "write"), REFUSED)
def test_no_message_about_a_document_tells_what_is_private(
    file: str, write: Callable[[str], str]
) -> None:
    for text in PRIVATE:
        for reading in read_source(
            Source(file, write(text).encode), ReadOptions(redact=True)
        ):
            assert not TOLD.search(f"{reading!r} {reading.error}"), text


@pytest.mark.parametrize("redact", [False, True])
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 17])
@pytest.mark.parametrize(("file", "write"), REFUSED)
def test_no_message_about_a_document_shows_a_secret(
    file: str, write: Callable[[str], str], step: int, redact: bool
) -> None:
    for secret in SECRETS[::step]:
        source = Source(file, write(secret).encode)
        for reading in read_source(source, ReadOptions(redact=redact)):
            assert not _leaks(repr(reading)), secret
            assert not _leaks(str(reading.error)), secret


@pytest.mark.parametrize(
    "value",
    ["*S3cretPw", "!S3cretPw x", "&S3cretPw *S3cretPw", "!!S3cretPw x", '" S3cretPw'],
)
def test_a_password_that_yaml_takes_for_a_sign_is_not_shown(value: str) -> None:
    text = f"name: t\nx-password: {value}\nsubtasks: []\n"
    with pytest.raises(InputError) as caught:
        read_bytes(text.encode(), "a.task.yaml")
    assert not _leaks(str(caught.value))
