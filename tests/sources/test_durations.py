"""A file with a duration for each subtask."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.errors import ConfigError
from taskgraph.sources.durations import read_durations


def read(folder: Path, text: str) -> dict[str, int]:
    path = folder / "durations"
    path.write_text(text, encoding="utf-8")
    return read_durations(str(path))


@pytest.mark.parametrize(
    "text", ['{"1": "10m", "a b": 30.0}', "id,duration\n1,600\n\na b,30s\n"]
)
def test_durations_by_id(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {"1": 600, "a b": 30}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"1": "soon"}', "the duration of 1: must be seconds or a duration like 1h30m"),
        ('{"1": -1}', "the duration of 1: must be seconds"),
        ('{"1": true}', "the duration of 1: must be seconds"),
        ('{"1": null}', "the duration of 1: must be seconds"),
        ('{"1": NaN}', "the duration of 1: must be seconds"),
        ('{"1": 5, "1": 6}', "is not valid JSON: Detected duplicate key"),
        ('{"1": 5', "is not valid JSON: EOF"),
        ("1,5\n2,soon\n", "line 2: must be seconds"),
        ("1,2,3\n", "line 1: must be an id and a duration"),
    ],
)
def test_what_is_no_duration_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match="durations: ") as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
