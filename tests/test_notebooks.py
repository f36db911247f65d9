"""Every notebook runs from top to bottom and is stored with what it then puts out."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks import NOTEBOOKS, executed, outputs, read

MOST_BYTES = 80_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_with_a_picture_and_small(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs(notebook))
    assert path.stat().st_size < MOST_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_what_it_puts_out(path: Path) -> None:
    fresh = executed(path)
    assert not [output for output in outputs(fresh) if output.get("name") == "stderr"]
    how = "run: python -m tests.notebooks, and look at it"
    assert outputs(fresh) == outputs(read(path)), how
