"""Every notebook runs from top to bottom and is stored without its output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def outputs(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Give what the cells of a notebook put out, in order."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_output(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert outputs(notebook) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_a_diagram(path: Path) -> None:
    notebook = read(path)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(FOLDER)}})
    shown = outputs(client.execute())
    assert not [output for output in shown if output.get("name") == "stderr"]
    assert any("image/svg+xml" in output.get("data", {}) for output in shown)
