"""The notebooks with what they put out.

``python -m tests.notebooks`` runs them and stores it: look at it before you keep it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return notebook


def executed(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom, and leave out what is different each time."""
    notebook = read(path)
    NotebookClient(notebook, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = _settled(cell.outputs)
    return notebook


def _settled(found: list[Any]) -> list[Any]:
    """Join what one stream said in pieces; of rich outputs drop the plain text."""
    settled: list[Any] = []
    for output in found:
        if "execution_count" in output:
            output.execution_count = None
        data = output.get("data", {})
        if len(data) > 1:
            data.pop("text/plain", None)
        last = settled[-1] if settled else {}
        if output.get("name") and output.get("name") == last.get("name"):
            last["text"] += output["text"]
        else:
            settled.append(output)
    return settled


def outputs(notebook: nbformat.NotebookNode) -> list[Any]:
    """Give what the cells of a notebook put out, in order."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


if __name__ == "__main__":
    for name in NOTEBOOKS:
        nbformat.write(executed(name), name)
