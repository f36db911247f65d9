"""Whole processes, timed in turn: one command beside another."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """The medians of several runs of a command."""

    wall: float
    """Seconds by the clock."""
    processor: float
    """Seconds of the processor."""
    peak: float
    """The largest resident memory, in MiB."""


class _Run(NamedTuple):
    wall: float
    processor: float
    peak: float


def run(command: Sequence[str]) -> _Run:
    """Run a command and give what the operating system says that it cost."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return _Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def side_by_side(
    first: Sequence[str], second: Sequence[str], runs: int
) -> tuple[Cost, Cost, float]:
    """Run two commands in turn, after one run each that does not count.

    Returns
    -------
    Cost, Cost
        Of the first and of the second.
    float
        The median of the ratios of processor time, pair by pair.
    """
    run(first)
    run(second)
    pairs = [(run(first), run(second)) for _ in range(runs)]
    costs = [
        Cost(*(statistics.median(values) for values in zip(*side, strict=True)))
        for side in zip(*pairs, strict=True)
    ]
    ratio = statistics.median(a.processor / b.processor for a, b in pairs)
    return costs[0], costs[1], ratio


def taskgraph(*arguments: str) -> list[str]:
    """Give the command line that runs taskgraph with this interpreter."""
    return [sys.executable, "-m", "taskgraph", *arguments]
