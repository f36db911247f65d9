"""Check many small saved responses in one run.

    python -m benchmarks.many_checks [--documents 2000] [--runs 3]

The documents have 5 to 50 subtasks. The aim is 2,500 documents a second on two cores, and
a peak of memory that does not grow with their number: it is told for a fifth of them too.
How fast a machine is shows beside it: a script that only validates the same files, as
pydantic models and one after the other, and the ratio of processor time.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.documents import SEED, document, layered
from benchmarks.processes import run, side_by_side, taskgraph

PEER = Path(__file__).parent / "peers" / "validate.py"


def main() -> None:
    parser = argparse.ArgumentParser(description="Check many small documents.")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    choose = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        for count in (options.documents // 5, options.documents):
            folder = Path(name) / str(count)
            folder.mkdir()
            files = [folder / f"{number:06}.json" for number in range(count)]
            for file in files:
                rows = layered(choose.randint(5, 50), width=choose.randint(1, 8))
                file.write_bytes(document(rows))
            peer = [sys.executable, str(PEER), *map(str, files)]
            command = taskgraph("check", str(folder))
            ours, theirs, ratio = side_by_side(command, peer, options.runs)
            start = min(run(taskgraph("--version")).wall for _ in range(options.runs))
            print(
                f"{count:6,} documents  {ours.wall:6.2f} s  {ours.processor:6.2f} s of "
                f"processor  {count / (ours.wall - start):8,.0f} a second after the start"
                f"  {ours.peak:5.0f} MiB"
            )
            print(
                f"{'only validated':>16}  {theirs.wall:6.2f} s  {theirs.processor:6.2f} s "
                f"of processor  ratio {ratio:.2f}"
            )


if __name__ == "__main__":
    main()
