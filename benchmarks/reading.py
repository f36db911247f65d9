"""Reading documents, beside ``json.loads`` on the same bytes.

    python -m benchmarks.reading [--size 100000] [--rounds 7]

Reading is everything up to the model: decoding, parsing, looking for keys that an object
has twice, checking every field, building the subtasks, masking secrets. The two take
turns in one process, with the collector of cycles as Python starts it; times are of the
processor, the least of the rounds. Peak memory is measured in a process of its own for
each, as the operating system counts it, less what the process had with the bytes loaded,
in multiples of the bytes. The small documents have 5 to 50 subtasks each; theirs is one
process on one core, without checking.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.documents import SEED, document, layered

SMALL = 1000


def finished(fresh: bytes) -> bytes:
    """Write the same task as its details after it ran: every subtask has times."""
    response = json.loads(fresh)
    for position, subtask in enumerate(response["data"]["subtasks"]):
        second = f"{position // 3600 % 24:02}:{position // 60 % 60:02}:{position % 60:02}"
        subtask |= {
            "createTime": "2025-01-16T11:43:38+08:00",
            "startTime": f"2025-01-17T{second}.021+08:00",
            "finishTime": f"2025-01-18T{second}.9+08:00",
            "executor": f"10.0.0.{position % 9}",
            "status": "SUCCESSFUL",
        }
    return json.dumps(response, separators=(",", ":")).encode()


def unlike(details: bytes) -> bytes:
    """Write the same while it runs: subtasks without some times, with newer fields."""
    response = json.loads(details)
    for position, subtask in enumerate(response["data"]["subtasks"]):
        for key in ("finishTime", "startTime")[: position % 3]:
            del subtask[key]
        subtask["newField"] = {"position": position}
    return json.dumps(response, separators=(",", ":")).encode()


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    result = work()
    spent = time.process_time() - began
    del result
    return spent


def compare(data: bytes, rounds: int) -> tuple[float, float]:
    from taskgraph.sources.reading import read_bytes

    loads, reads = [], []
    for _ in range(rounds):
        loads.append(seconds(lambda: json.loads(data)))
        reads.append(seconds(lambda: read_bytes(data)))
    return min(loads), min(reads)


def peak(path: Path, work: str) -> float:
    """Give the peak memory of some work in a new process, in multiples of the bytes."""
    command = [sys.executable, "-m", "benchmarks.reading", "--measure", work, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(work: str, path: Path) -> None:
    """Print the peak of one run of ``json.loads`` or of reading."""
    from taskgraph.sources.reading import read_bytes

    run: dict[str, Callable[[bytes], Any]] = {
        "json.loads": json.loads,
        "reading": read_bytes,
    }
    run[work](b'{"subtasks": []}')  # what is imported on the way is not the document's
    data = path.read_bytes()
    before = high_water()
    result = run[work](data)
    after = high_water()
    del result
    print((after - before) * 1024 / len(data))


def high_water() -> int:
    """Give this process's peak of resident memory so far, in KiB, as Linux has it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def large(size: int, rounds: int) -> None:
    fresh = document(layered(size))
    kinds = {
        "a fresh response": fresh,
        "details with times": finished(fresh),
        "the same, indented": json.dumps(json.loads(finished(fresh)), indent=2).encode(),
        "rows with new keys": unlike(finished(fresh)),
    }
    print(f"{size:,} subtasks: seconds of the processor, peak memory over the bytes")
    print(f"{'':20} {'MB':>6} {'json.loads':>11} {'reading':>8} {'ratio':>6}   peaks")
    for name, data in kinds.items():
        theirs, ours = compare(data, rounds)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "document.json")
            path.write_bytes(data)
            peaks = [peak(path, work) for work in ("json.loads", "reading")]
        shown = " ".join(f"{value:5.1f}" for value in peaks)
        print(
            f"{name:20} {len(data) / 1e6:6.1f} {theirs:11.3f} {ours:8.3f} "
            f"{ours / theirs:6.2f}   {shown}"
        )


def small(rounds: int) -> None:
    from taskgraph.sources.reading import read_bytes

    choose = random.Random(SEED)
    documents = [
        finished(document(layered(choose.randint(5, 50), 5))) for _ in range(SMALL)
    ]
    loads, reads = [], []
    for _ in range(rounds):
        loads.append(seconds(lambda: [json.loads(data) for data in documents]))
        reads.append(seconds(lambda: [read_bytes(data) for data in documents]))
    print(f"\n{SMALL:,} documents of 5 to 50 subtasks: documents a second")
    print(f"json.loads {SMALL / min(loads):,.0f}, reading {SMALL / min(reads):,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--measure", nargs=2, metavar=("WORK", "FILE"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    large(options.size, options.rounds)
    small(options.rounds)


if __name__ == "__main__":
    main()
