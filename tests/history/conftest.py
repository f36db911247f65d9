"""An archive with known distributions, and what was collected of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from benchmarks.history_archive import KINDS, Truth, write_archive
from taskgraph.history.collecting import collect_documents
from taskgraph.history.store import RunStore
from tests.history.documents import Steps, response, write

Collect: TypeAlias = Callable[..., RunStore]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """Some thousand documents of the generator, and what is true of them."""
    folder = tmp_path_factory.mktemp("archive")
    return folder, write_archive(folder, 3000, form="jsonl", kinds=KINDS)


@pytest.fixture(scope="session")
def store(
    archive: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory
) -> RunStore:
    """The archive, collected."""
    store = RunStore(tmp_path_factory.mktemp("store"))
    collect_documents([str(archive[0])], store)
    return store


@pytest.fixture
def collected(tmp_path: Path) -> Collect:
    """Collect paths into a new store of the test, or add to it."""

    def run(*paths: Path | str, name: str = "runs", origin: str = "") -> RunStore:
        store = RunStore(tmp_path / name)
        collect_documents([str(path) for path in paths], store, origin=origin)
        return store

    return run


@pytest.fixture
def past(tmp_path: Path) -> Callable[[Sequence[Steps]], RunStore]:
    """Collect runs of one task, each given by its subtasks."""

    def gather(runs: Sequence[Steps]) -> RunStore:
        documents = {f"{n}.json": response(n, run) for n, run in enumerate(runs)}
        store = RunStore(tmp_path / "runs")
        collect_documents([str(write(tmp_path / "in", documents))], store)
        return store

    return gather
