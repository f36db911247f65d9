"""Fixtures and settings for every test."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# Processes that tests start buffer their output, as they do for users.
os.environ.pop("PYTHONUNBUFFERED", None)

# What a shell starts in the background is deaf to interrupts, and so is what that starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# The same commit gets the same verdict: a search for new counterexamples is a thing to
# start on purpose, with --hypothesis-profile=explore, and what it finds becomes a test.
# No deadlines: they measure the machine.
_SLOW_FIXTURES = frozenset({"run_cli", "archive", "collected"})
_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "gate", derandomize=True, deadline=None, max_examples=50, suppress_health_check=_SLOW
)
hypothesis.settings.register_profile(
    "fast", derandomize=True, deadline=None, max_examples=5, suppress_health_check=_SLOW
)
hypothesis.settings.register_profile(
    "explore", deadline=None, max_examples=5000, suppress_health_check=_SLOW
)
hypothesis.settings.load_profile("gate")


def _refuse_skip(report: Report) -> Report:
    """Turn a skip into a failure where ``TASKGRAPH_NO_SKIP=1`` says so."""
    forbidden = os.environ.get("TASKGRAPH_NO_SKIP") == "1"
    if forbidden and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"TASKGRAPH_NO_SKIP=1 forbids to skip: {report.longreprtext}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    return _refuse_skip((yield))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count as slow what starts the command, and what collects a store of documents.

    Not what `past` collects: some runs of one task, for quick tests of what tells of them.
    """
    for item in items:
        if not _SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


_GC_THRESHOLD = gc.get_threshold()


def pytest_runtest_logfinish() -> None:
    """Take back what the command, made to end with its process, did to the collector.

    What it froze would be counted again at every document that is read afterwards.
    """
    if gc.get_threshold() != _GC_THRESHOLD:
        gc.set_threshold(*_GC_THRESHOLD)
        gc.unfreeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the project: those that git tracks, and new ones that it may."""
    kinds = ("--cached", "--others", "--exclude-standard")
    listing = subprocess.run(
        ["git", "ls-files", "-z", *kinds], cwd=ROOT, capture_output=True, check=True
    )
    names = sorted(set(listing.stdout.decode().split("\0")) - {""})
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of documents to try."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real documents, which is no part of the project."""
    folder = os.environ.get("TASKGRAPH_CORPUS")
    if not folder:
        pytest.skip("TASKGRAPH_CORPUS names no folder of real documents")
    path = Path(folder)
    assert path.is_dir(), f"TASKGRAPH_CORPUS={folder} is no folder"
    return path


class RunCli(Protocol):
    """Runs the command in a process of its own."""

    def __call__(
        self,
        *arguments: str | Path,
        input: str | bytes | None = None,  # noqa: A002 - as subprocess calls it
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def run_cli() -> RunCli:
    """Run ``python -m taskgraph`` as a user would, whatever the terminal is.

    ``env`` is added to an environment without anything about terminals and colours.
    Output must be UTF-8 and is kept to the byte; warnings are errors.
    """

    def run(
        *arguments: str | Path,
        input: str | bytes | None = None,  # noqa: A002
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "taskgraph", *map(str, arguments)],
            input=input.encode() if isinstance(input, str) else input or b"",
            capture_output=True,
            env=_plain_environment() | {"PYTHONPATH": str(ROOT)} | dict(env or {}),
            cwd=cwd or ROOT,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


def _plain_environment() -> dict[str, str]:
    terminal = {"CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR"}
    terminal |= {"LINES", "NO_COLOR", "PY_COLORS", "TERM", "TTY_COMPATIBLE"}
    return {name: value for name, value in os.environ.items() if name not in terminal}
