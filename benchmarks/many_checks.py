"""Check many small saved responses in one run.

    python -m benchmarks.many_checks [--documents 2000] [--runs 3]

The documents have 5 to 50 subtasks. The aim is 2,000 documents a second on two cores, and
a peak of memory that does not grow with their number: it is told for a fifth of them too.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from benchmarks.documents import SEED, document, layered
from benchmarks.processes import run, taskgraph


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
            for number in range(count):
                rows = layered(choose.randint(5, 50), width=choose.randint(1, 8))
                (folder / f"{number:06}.json").write_bytes(document(rows))
            command = taskgraph("check", str(folder))
            best = min((run(command) for _ in range(options.runs)), key=lambda r: r.wall)
            start = min(run(taskgraph("--version")).wall for _ in range(options.runs))
            print(
                f"{count:6,} documents  {best.wall:6.2f} s  {best.processor:6.2f} s of "
                f"processor  {count / (best.wall - start):8,.0f} a second after the start"
                f"  {best.peak:5.0f} MiB"
            )


if __name__ == "__main__":
    main()
