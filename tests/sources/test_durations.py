"""A file with a duration for each subtask."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.errors import ConfigError
from taskgraph.sources.durations import read_durations


def read(folder: Path, text: str) -> dict[str, int]:
    path = folder / "durations"
    path.write_text(text, encoding="utf-8")
    return {name: one.seconds for name, one in read_durations(str(path)).items()}


@pytest.mark.parametrize(
    "text",
    [
        '{"1": "10m", "a b": 30.0}',
        "id,duration\n1,600\n\na b,30s\n",
        "id;duration\n1;600\na b; 30s\n",
        "1\t600\na b\t30s\n",
        "1|600\na b | 30s\n",
        '"1";"600"\n"a b";"30s"\n',
    ],
)
def test_durations_by_id(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {"1": 600, "a b": 30}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"1": "soon"}', "/1 at line 1, column 7: 1 must be a duration like 30, 30s"),
        ('{"1": -1}', "/1 at line 1, column 7: 1 must be a duration"),
        ('{"1": true}', "1 must be a duration, not true"),
        ('{"1": null}', "1 must be a duration, not null"),
        ('{"1": NaN}', "1 must be a finite number, not NaN"),
        ('{"1": [],\n "2": {}}', "2 problems"),
        ('{"1": 5,\n "1": 6}', "/1 at line 2, column 7: the key 1 stands twice"),
        ('{"1": 5', "column 7: is not valid JSON: the document ends too early"),
        ("1,5\n2,soon\n", "line 2: must be seconds or a duration like 1h30m, not the text"),
        ("1,2,3\n", "line 1: must be an id or a name, a comma, and a duration"),
        ("1;5\n2,5\n", "line 2: must be an id or a name, a semicolon, and a duration"),
        ("1|5|6\n", "line 1: must be an id or a name, a bar, and a duration"),
        ("id,duration\n", "durations: holds no duration"),
        ("", "durations: holds no duration"),
        ("1;5\n1;6\n", "line 2: 1 has a duration in line 1 already"),
        ("a,b\n1,5\n\n 1 ,5s\n", "line 4: 1 has a duration in line 2 already"),
        ('"1\n2",5\n"1\n2",6', "line 4: 1\n2 has a duration in line 2 already"),
        (f"1,{'2' * 200_000}", "line 1: is no line of CSV"),
    ],
)
def test_what_is_no_duration_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match="durations: ") as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "\n  hint: " in str(caught.value)
    assert "response" not in str(caught.value)
