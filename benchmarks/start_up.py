"""What the start of ``taskgraph check`` costs on a small document.

    python -m benchmarks.start_up [--runs 15]

Beside it runs a script that imports click, defines task and subtask as pydantic models
and validates the same file. The aim is a ratio of at most 1.3.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.processes import side_by_side, taskgraph

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the start of the command.")
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    sample = str(ROOT / "samples" / "obproxy_stop.json")
    peer = [sys.executable, str(ROOT / "benchmarks" / "peers" / "validate.py"), sample]
    ours, theirs, ratio = side_by_side(taskgraph("check", sample), peer, runs)
    print(f"taskgraph check  {ours.processor:6.3f} s  {ours.peak:6.1f} MiB")
    print(f"click + pydantic {theirs.processor:6.3f} s  {theirs.peak:6.1f} MiB")
    print(f"ratio            {ratio:6.2f}")


if __name__ == "__main__":
    main()
