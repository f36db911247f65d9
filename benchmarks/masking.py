"""Looking for secrets in long lines: time against the length.

    python -m benchmarks.masking [--megabytes 1 2 4] [--slowest 10]

A line repeats what masking looks for: every spelling of a secret that the tests know, every
harmless phrase, and what begins as a secret and never ends. For the slowest lines it prints
the seconds for a megabyte, and the power with which the time grows from the shortest
length to the longest: 1 is linear. Times are of the processor.
"""

from __future__ import annotations

import argparse
import math
import time
from typing import NamedTuple

from taskgraph.privacy.masking import mask_text
from tests.privacy.spellings import HARMLESS, SECRETS
from tests.privacy.test_secrets import PIECES

MEGABYTE = 1_000_000


class Row(NamedTuple):
    """How long lines of one piece take."""

    seconds: float
    """For a megabyte of the longest line."""
    power: float
    piece: str


def seconds(piece: str, length: int) -> float:
    """Measure a line of a length in characters."""
    line = "mysql curl " + piece * (length // len(piece))
    began = time.process_time()
    mask_text(line)
    return time.process_time() - began


def measured(piece: str, megabytes: list[float]) -> Row:
    """Measure lines of a piece."""
    times = [max(seconds(piece, int(size * MEGABYTE)), 1e-3) for size in megabytes]
    growth = math.log(times[-1] / times[0]) / math.log(megabytes[-1] / megabytes[0])
    return Row(times[-1] / megabytes[-1], growth, piece)


def main() -> None:
    """Measure every piece, and print the slowest and the steepest."""
    parser = argparse.ArgumentParser(description="Look for secrets in long lines.")
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.25, 1])
    parser.add_argument("--slowest", type=int, default=10)
    options = parser.parse_args()
    spaced = (f"{text} " for text in (*SECRETS, *HARMLESS))
    rows = sorted(
        (measured(piece, options.megabytes) for piece in (*PIECES, *spaced)), reverse=True
    )
    print("s per MB  power  line of")
    for row in rows[: options.slowest]:
        print(f"{row.seconds:8.2f}  {row.power:5.2f}  {row.piece!r}")
    steepest = max(rows, key=lambda row: row.power)
    print(f"highest power: {steepest.power:.2f}, of {steepest.piece!r}")


if __name__ == "__main__":
    main()
