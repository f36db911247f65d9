"""Check, critical path and budget of 100,000 subtasks, beside the script of a user.

    python -m benchmarks.main_job [--size 100000] [--runs 3]

The script (``peers/by_hand.py``) reads the same file with json, builds a networkx graph
and gives one longest path; it checks nothing but that there is no cycle. All are whole
processes, timed in turn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.documents import SHAPES, write
from benchmarks.processes import side_by_side, taskgraph

BY_HAND = str(Path(__file__).parent / "peers" / "by_hand.py")
COMMANDS = (
    ("check",),
    ("critical-path", "--format", "json"),
    ("budget", "--format", "json"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the main job on a large task.")
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print("processor seconds and peak memory, by hand and taskgraph")
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            path = write(Path(folder), shape, options.size)
            print(f"{shape} of {options.size:,}: {path.stat().st_size / 1e6:.0f} MB")
            peer = [sys.executable, BY_HAND, str(path)]
            for command, *flags in COMMANDS:
                ours, theirs, ratio = side_by_side(
                    taskgraph(command, str(path), *flags), peer, options.runs
                )
                print(
                    f"  {command:13}  {theirs.processor:5.2f} s {theirs.peak:5.0f} MiB"
                    f"  {ours.processor:5.2f} s {ours.peak:5.0f} MiB  ratio {ratio:.2f}"
                )


if __name__ == "__main__":
    main()
