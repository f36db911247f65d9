"""Reading a plain document loads nothing that only other documents need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from taskgraph.sources.opening import find_sources
from taskgraph.sources.reading import read_source
for source in find_sources(sys.argv[1:], sys.stdin.buffer):
    for reading in read_source(source):
        assert reading.tasks
print(*sorted(sys.modules))
"""


def modules(path: Path) -> set[str]:
    command = [sys.executable, "-c", SCRIPT, str(path)]
    root = path.parent.parent if path.parent.name == "samples" else path.parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_response_loads_only_its_own_reader(samples: Path) -> None:
    loaded = modules(samples / "obproxy_stop.json")
    assert "taskgraph.sources.ocp" in loaded
    others = ("yaml", "gzip", "difflib", "networkx", "rich")
    assert not loaded & set(others)
    names = (
        "definition",
        "definition_form",
        "diagnosis",
        "lenses",
        "native",
        "obshell",
        "unpacking",
        "yaml_text",
    )
    assert not loaded & {f"taskgraph.sources.{name}" for name in names}


@pytest.mark.slow
def test_other_documents_load_theirs(samples: Path) -> None:
    formats = samples / "formats"
    assert "yaml" in modules(formats / "definition.task.yaml")
    assert "zipfile" in modules(formats / "ocp_documents.zip")
    assert "taskgraph.sources.obshell" in modules(formats / "obshell_dag.json")
