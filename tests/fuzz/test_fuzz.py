"""A short search for documents that reading does not survive; see the scripts beside."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given

from tests.effort import examples
from tests.fuzz.mutations import damaged_documents, seeds
from tests.fuzz.target import HangError, no_longer_than, try_bytes

pytestmark = pytest.mark.uncovered


@examples(150)
@given(damaged_documents())
def test_damaged_documents(document: tuple[bytes, str]) -> None:
    with no_longer_than(20):
        try_bytes(*document)


@pytest.mark.parametrize("name", sorted(seeds()))
def test_the_seeds(name: str) -> None:
    assert (try_bytes(seeds()[name], name) > 0) != name.startswith("refused")


@pytest.mark.slow
def test_the_script_within_1_gib(root: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.fuzz_documents", "--examples", "200"]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "200 documents: nothing found\n"


@pytest.mark.slow
def test_the_script_for_commands(root: Path) -> None:
    pytest.importorskip("duckdb")
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.fuzz_commands"]
    done = subprocess.run(
        [*command, "--examples", "100"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "100 commands: nothing found\n"


@pytest.mark.slow
def test_the_script_for_raw_bytes(root: Path) -> None:
    pytest.importorskip("atheris", reason="has no wheel for this platform")
    command = [sys.executable, "-m", "tests.fuzz.fuzz_bytes", "-runs=2000"]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Done 2000 runs" in done.stderr


def test_a_hang_would_be_found() -> None:
    with pytest.raises(HangError), no_longer_than(0.05):
        time.sleep(10)
