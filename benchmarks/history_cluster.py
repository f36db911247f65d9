"""A Dask cluster of real processes on this machine, to measure and to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120


@contextmanager
def cluster(folder: Path, workers: int, *, replaced: bool = True) -> Iterator[str]:
    """Start a scheduler and workers, each a process of its own.

    Parameters
    ----------
    folder : Path
        For their files.
    workers : int
    replaced : bool
        Whether another worker takes the place of one that dies.

    Yields
    ------
    str
        The address of the scheduler, once all workers are there and have imported what
        the work needs.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    nanny = [] if replaced else ["--no-nanny"]
    commands = [["scheduler", "--port", "0", *common]]
    commands += [
        ["worker", "--nthreads", "1", *nanny, "--local-directory", str(folder), *common]
        for _ in range(workers)
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield _address(file, workers)
    finally:
        for process in processes[::-1]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(file: Path, workers: int) -> str:
    deadline = time.monotonic() + PATIENCE
    address = ""
    while not address:
        assert time.monotonic() < deadline, "the scheduler does not start"
        time.sleep(0.05)
        with suppress(FileNotFoundError, ValueError):  # not there, or not yet whole
            address = str(json.loads(file.read_text())["address"])
    if workers:
        with _client(address) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)
            client.run(warm)
    return address


def _client(address: str) -> Any:
    return import_module("distributed").Client(address, set_as_default=False)


def warm() -> int:
    """Import what the work needs; give the number of the process."""
    for name in ("duckdb", "pyarrow.parquet", "taskgraph.history", "taskgraph.sources.ocp"):
        import_module(name)
    return os.getpid()


def worker_processes(address: str) -> list[int]:
    """Give the numbers of the processes in which the work is done."""
    with _client(address) as client:
        return sorted(client.run(os.getpid).values())
