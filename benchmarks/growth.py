"""What every command costs on documents that are made to be hard, against their size.

    python -m benchmarks.growth [--scale 1.0] [--seconds 120] [--only check earlier ...]

Graphs, texts full of what masking looks for, and files that want to be read for ever: each
is written in three sizes, four times as large each, up to the one of the table below, and
each command run over them in a process of its own: seconds of the processor, peak memory,
and the power of the size with which the last step grew, what the start costs left out. It
is a dash where the first step adds less than the start varies. The aim is no
power above 1.2, and 4 MB within 10 s and 1 GiB. The tests hold the powers at small sizes,
by counting steps instead of seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.documents import SEED, document, ladder, star
from benchmarks.processes import taskgraph
from tests.privacy.spellings import HARMLESS, SECRETS
from tests.privacy.test_secrets import PIECES

Upstreams = list[list[int]]


def all_earlier(size: int) -> Upstreams:
    """Every subtask waits for all that come before it."""
    return [list(range(node)) for node in range(size)]


def dense(size: int) -> Upstreams:
    """Every subtask waits for each earlier one at even odds."""
    choose = random.Random(SEED)
    return [[a for a in range(node) if choose.random() < 0.5] for node in range(size)]


def bipartite(size: int) -> Upstreams:
    """One half waits for all of the other."""
    return [list(range(size // 2)) if node >= size // 2 else [] for node in range(size)]


def rings(size: int, length: int = 3) -> Upstreams:
    """Each subtask waits for the one before it in its ring."""
    return [
        [node - node % length + (node - 1) % length] for node in range(size - size % length)
    ]


def two_cycles(size: int) -> Upstreams:
    return rings(size, 2)


def twins(size: int) -> Upstreams:
    """One subtask before and one behind many that have nothing else."""
    return [[], *([0] for _ in range(size - 2)), list(range(1, size - 1))]


def graph(
    upstreams: Callable[[int], Upstreams], size: int, task: int, naming: str = "Step {}"
) -> bytes:
    """Write a task of a graph, with so many subtasks."""
    return document(upstreams(size), task=task, naming=naming)


def one_list(ids: Callable[[int], Iterable[int]], size: int, task: int) -> bytes:
    """Write a small task, of which one list holds so many ids more than it should."""
    root = json.loads(graph(ladder, 6, task))
    first = min(root["data"]["subtasks"], key=lambda row: row["id"])
    first["downstreams"] += [1000 * task + number for number in ids(size)]
    return json.dumps(root).encode()


def unknown(size: int) -> Iterable[int]:
    """Give ids that no subtask has."""
    return range(10**6, 10**6 + size)


def known(size: int) -> Iterable[int]:
    """Give the id of the last subtask, again and again."""
    return (5 for _ in range(size))


def tasks(size: int, task: int) -> bytes:
    """Write a list of so many small tasks, whose ids and names no other list has."""
    one = json.loads(document([[]], task=task))["data"]
    listed = (
        one | {"id": number, "name": f"Task {number}"}
        for number in range(task * size, (task + 1) * size)
    )
    return json.dumps({"data": {"contents": [*listed]}}).encode()


def text(piece: str, size: int, task: int) -> bytes:
    """Write a small task, of which one text is a line of so many bytes."""
    root = json.loads(graph(ladder, 6, task))
    line = (piece.encode() * (size // len(piece.encode()) + 1))[:size].decode(
        errors="ignore"
    )
    root["data"]["subtasks"][0]["description"] = f"mysql curl {line}"
    return json.dumps(root, ensure_ascii=False).encode()


def everything(size: int, task: int) -> bytes:
    """Write a task with a line of all spellings of secrets, and of what looks like them."""
    return text(" ".join((*SECRETS, *HARMLESS, *PIECES)), size, task)


def repeated(piece: bytes, size: int, _task: int) -> bytes:
    """Write a file that is a piece again and again."""
    return piece * (size // max(len(piece), 1))


def cut_off(piece: bytes, size: int, task: int) -> bytes:
    """Write the end of a document that lacks its beginning, and ends within a text."""
    return b'x "a": "b": "c": "' + repeated(piece, size, task)


def framed(before: bytes, behind: bytes, size: int, task: int) -> bytes:
    """Write a small task that other text stands around."""
    root = graph(ladder, 6, task)
    return repeated(before, size, task) + root + b"\n" + repeated(behind, size, task)


class Shape(NamedTuple):
    write: Callable[[int, int], bytes]
    """Gives a document, by its size and by the number of its task."""
    size: int
    """Subtasks of the largest document, ids of its longest list, or bytes."""
    ending: str = "json"


MEGABYTES = 4_000_000
GRAPHS = {
    "earlier": Shape(partial(graph, all_earlier), 800),
    "dense": Shape(partial(graph, dense), 1000),
    "bipartite": Shape(partial(graph, bipartite), 600),
    "star": Shape(partial(graph, star), 50_000),
    "ladder": Shape(partial(graph, ladder), 50_000),
    "two-cycles": Shape(partial(graph, two_cycles), 40_000),
    "rings": Shape(partial(graph, rings), 60_000),
    "twins": Shape(partial(graph, twins, naming="Twin"), 5_000),
    "unknown": Shape(partial(one_list, unknown), 400_000),
    "repeats": Shape(partial(one_list, known), 600_000),
}
TEXTS = {
    "secrets": Shape(everything, MEGABYTES),
    "keys": Shape(partial(text, "key=S3cretPw "), MEGABYTES),
    "words": Shape(partial(text, "key "), MEGABYTES),
    "values": Shape(partial(text, "key=v "), MEGABYTES),
    "calls": Shape(partial(text, 'token=a[ "'), MEGABYTES),
    "accounts": Shape(partial(text, "@a:"), MEGABYTES),
    "addresses": Shape(partial(text, "://u:"), MEGABYTES),
    "escapes": Shape(partial(text, "\\u0070assword="), MEGABYTES),
    "lines": Shape(partial(text, "ab\n"), MEGABYTES),
}
FILES = {
    "zeros": Shape(partial(repeated, b"0\n"), MEGABYTES, ending="jsonl"),
    "tiny": Shape(partial(repeated, b"{}\n"), MEGABYTES, ending="jsonl"),
    "brackets": Shape(partial(repeated, b"["), MEGABYTES),
    "keys-open": Shape(partial(repeated, b'{"a":'), MEGABYTES),
    "digits": Shape(partial(repeated, b"9"), MEGABYTES),
    "quotes": Shape(partial(repeated, b'\\"'), MEGABYTES),
    "blanks": Shape(partial(repeated, b" \n"), MEGABYTES),
    "anchors": Shape(partial(repeated, b"- &a [*a, *a]\n"), MEGABYTES, ending="yaml"),
    "letters": Shape(partial(repeated, b"{a "), MEGABYTES, ending="txt"),
    "short-lines": Shape(partial(repeated, b"ab\n"), MEGABYTES),
    "open-quote": Shape(partial(cut_off, b'\\"'), MEGABYTES),
    "open-text": Shape(partial(cut_off, b"a"), MEGABYTES),
    "open-lists": Shape(partial(cut_off, b'",["'), MEGABYTES),
    "empty-texts": Shape(partial(cut_off, b'""'), MEGABYTES),
    "before-it": Shape(partial(framed, b"ab\n", b""), MEGABYTES),
    "behind-it": Shape(partial(framed, b"", b"ab\n"), MEGABYTES),
}
LISTS = {"tasks": Shape(tasks, 8_000)}
SHAPES = GRAPHS | TEXTS | FILES | LISTS
COMMANDS: dict[str, tuple[str, ...]] = {
    "show": ("show",),
    "check": ("check", "--select", "all"),
    "critical-path": ("critical-path",),
    "budget": ("budget",),
    "explain": ("explain",),
    "svg": ("render", "--format", "svg"),
    "txt": ("render", "--format", "txt"),
    "graphml": ("render", "--format", "graphml"),
    "report": ("report",),
    "json": ("show", "--format", "json"),
    "diff": ("diff",),
    "folder": ("check",),
    "collect": ("history", "collect"),
}


def write(folder: Path, name: str, size: int) -> list[Path]:
    """Write a document of a shape, and the same with other ids to compare it with."""
    shape = SHAPES[name]
    paths = []
    for task in (1, 2):
        path = folder / f"{name}_{size}_{task}" / f"saved.{shape.ending}"
        path.parent.mkdir()
        path.write_bytes(shape.write(size, task))
        paths.append(path)
    return paths


def arguments(command: str, paths: Sequence[Path], run: int = 0) -> list[str]:
    """Give the command line over a document, its folder, or both that are compared."""
    first, _ = paths
    if command == "collect":  # each time anew: what is collected already is skipped
        return [*COMMANDS[command], str(first), "-o", f"{first}.runs{run}", "-j1"]
    named = {"diff": paths, "folder": [first.parent]}.get(command, [first])
    return [*COMMANDS[command], *map(str, named)]


NOISE = 0.15
"""Seconds by which the start of a process differs from one run to the next."""


def power(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """Give the power of the size with which a cost grows, by three sizes.

    Of each step only what it adds counts, so that a fixed part hides nothing.
    """
    (a, b, c), (x, y, z) = sizes, costs
    if z - y < NOISE:
        return 0.0
    if y - x < NOISE:
        return None
    return math.log((z - y) / (y - x)) / math.log((c - b) / (b - a))


def measure(command: Sequence[str], most: int) -> tuple[float, float]:
    """Give the seconds of the processor and the peak memory in MiB; it is ended at last."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    resource.prlimit(process.pid, resource.RLIMIT_CPU, (most, most))
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


AIM = 1.2
"""The largest power of the size that is allowed."""


class Grown(NamedTuple):
    seconds: list[float]
    """By size."""
    memory: float
    """The peak on the largest, in MiB."""
    power: float | None


def grow(
    runs: Sequence[Sequence[Sequence[str]]], sizes: Sequence[float], most: int
) -> Grown:
    """Measure runs of a command, each on every size, until one does not grow too fast.

    A machine that others use too makes a run longer and none shorter: the least counts.
    """
    seconds = [math.inf] * len(sizes)
    memory = 0.0
    grown: float | None = None
    for commands in runs:
        costs = [measure(command, most) for command in commands]
        seconds = [
            min(pair) for pair in zip(seconds, (each for each, _ in costs), strict=True)
        ]
        memory = costs[-1][1]
        grown = power(sizes, seconds)
        if grown is None or grown <= AIM:
            break
    return Grown(seconds, memory, grown)


def rows(names: Sequence[str], scale: float, most: int, runs: int) -> Iterator[str]:
    """Run what is wanted; give a line of the table for each command and shape.

    A process counts as its own peak that of the one that starts it: this one stays small,
    and another one writes the documents.
    """
    shapes = [name for name in SHAPES if name in names] or list(SHAPES)
    commands = [name for name in COMMANDS if name in names] or list(COMMANDS)
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1) as writer:
        for shape in shapes:
            largest = int(SHAPES[shape].size * scale)
            here = partial(write, Path(folder), shape)
            files = list(writer.map(here, (largest // part for part in (16, 4, 1))))
            sizes = [float(paths[0].stat().st_size) for paths in files]
            for command in commands:
                lines = [
                    [taskgraph(*arguments(command, paths, run)) for paths in files]
                    for run in range(runs)
                ]
                seconds, memory, grown = grow(lines, sizes, most)
                times = "  ".join(f"{each:7.2f}" for each in seconds)
                told = "    -" if grown is None else f"{grown:5.2f}"
                yield (
                    f"{command:14} {shape:11} {sizes[-1] / 1e6:6.1f} MB  {times} s"
                    f"  power {told}  {seconds[-1] * 4e6 / sizes[-1]:6.1f} s/4 MB"
                    f"  {memory:6.0f} MiB  {memory * 2**20 / sizes[-1]:5.1f} x"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seconds", type=int, default=120, help="the most for a process")
    parser.add_argument("--runs", type=int, default=3, help="the most of a command")
    parser.add_argument("--only", nargs="+", default=(), metavar="COMMAND|SHAPE")
    options = parser.parse_args()
    for row in rows(options.only, options.scale, options.seconds, options.runs):
        print(row, flush=True)


if __name__ == "__main__":
    main()
