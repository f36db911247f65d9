"""A picture has the same bytes in any surroundings, and whatever the order of its input."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.uncovered

SURROUNDINGS = (
    {"LANG": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"},
    {"LANG": "C.UTF-8", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "1"},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"},
    {"LANG": "POSIX", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "utf-16", "PYTHONHASHSEED": "77"},
)
FORMS = ("svg", "txt", "dot", "mermaid", "json", "graphml", "trace")


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    mixer = random.Random(seed)
    task = document["data"]
    rows = [dict(row) for row in task["subtasks"]]
    mixer.shuffle(rows)
    for row in rows:
        for side in ("upstreams", "downstreams"):
            row[side] = mixer.sample(row[side], len(row[side]))
    return {**document, "data": {**task, "subtasks": rows}}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_same_bytes_anywhere(samples: Path, tmp_path: Path, form: str) -> None:
    document = json.loads((samples / "three_hosts_failed.json").read_bytes())
    document["data"]["name"] = "停止 ıİ ü"
    drawn = set()
    for seed, surroundings in enumerate(SURROUNDINGS):
        path = tmp_path / "task.json"
        path.write_text(json.dumps(shuffled(document, seed)), encoding="utf-8")
        command = [sys.executable, "-m", "taskgraph", "render", str(path), "-f", form]
        done = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], **surroundings},
            capture_output=True,
            check=True,
        )
        drawn.add(done.stdout)
    assert len(drawn) == 1
    (text,) = drawn
    if form in ("svg", "dot", "mermaid", "trace"):
        assert "停止" in text.decode("utf-8")
    if form in ("svg", "graphml"):
        ET.fromstring(text.decode("utf-8"))
