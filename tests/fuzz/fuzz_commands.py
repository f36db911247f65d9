"""Run random commands in random forms over damaged documents, folders and archives.

    python -m tests.fuzz.fuzz_commands [--minutes 10] [--examples N] [--seed N]

Documents have times and timeouts at their extremes, archives and folders odd members.
Commands, forms and options are taken from the command line itself. What ends otherwise than
with 0, 1 or 2, writes a traceback, or takes over twenty seconds stops the search and is
printed, with the seed that finds it again.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from taskgraph.cli.main import cli
from taskgraph.errors import TaskgraphError
from tests.fuzz.mutations import seeds
from tests.fuzz.target import no_longer_than
from tests.test_secrets_in_outputs import ALL, COMMANDS, Output

_SLOWEST = 20
_TIMES = [
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999999Z",
    "0001-01-01T00:00:00+14:00", "2025-01-16T11:43:38", "1970-01-01T00:00:00Z", "", None,
    0, 2**63, "2025-02-30T00:00:00Z", "2025-01-16T24:00:00Z",
    1737000000000, "x",
]  # fmt: skip
_NUMBERS = [
    0, 1, -1, 86400, 604800, 2**31, 2**53, 2**63 - 1, -(2**63), 10**30, 0.5, None, "30",
]  # fmt: skip
_WORDS: list[Any] = [
    "", " ", "\u202e", "\ud800", "a\nb", "\x1b[31m", "x" * 5000, "停止", "::error::", "<b>",
    "password=S3cretPw", "NULL", "FAILED", "RUNNING", "ROLLBACK", "CANCELING", None, [], {},
]  # fmt: skip
_NAMES = [
    "a.json", "b.jsonl", "c.yaml", "d.task.json", "task_info.txt", "subtask_1_1.log",
    "e.zip",
    "f.tar.gz", "g.json.gz", "__MACOSX/a.json", ".hidden.json", "../up.json", "/abs.json",
    "C:\\x.json", "n" * 200 + ".json", "停.json", "a\nb.json", "dir/",
    "-x.json", "::e.json", "h",
]  # fmt: skip
_ENDINGS = [".json", ".json", ".jsonl", ".yaml", ".task.json"]
_PACKED_ENDINGS = [".zip", ".tar", ".tgz", ".json"]
_TEXTS = [
    "0", "1", "-1", "1h", "9" * 30, "x", "", "all", "TG101", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z", "2025-01-16", "1e999", "nan", "50%", "*", "Step *", "1s",
]  # fmt: skip


def _varied(choose: random.Random, data: bytes) -> bytes:
    """Put extremes in some places of a JSON document, each where it hurts."""
    try:
        root = json.loads(data)
    except ValueError:
        return _damaged(choose, data)
    places: list[tuple[Any, Any]] = []
    stack = [root]
    while stack:
        value = stack.pop()
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in list(inner):
            places.append((value, key))
            if isinstance(item, dict | list):
                stack.append(item)
    for _ in range(choose.choice((1, 1, 2, 5, 20))):
        if places:
            parent, key = choose.choice(places)
            parent[key] = choose.choice(_fitting(str(key)))
    return json.dumps(root, ensure_ascii=choose.random() < 0.5).encode("utf-8", "replace")


def _fitting(key: str) -> list[Any]:
    small = key.lower()
    if "time" in small and small not in ("timeout", "runtime", "execute_times"):
        return _TIMES
    if small in ("timeout", "runtime", "execute_times", "parallelidx", "seriesid"):
        return _NUMBERS
    return [*_WORDS, *_NUMBERS[:4]]


def _damaged(choose: random.Random, data: bytes) -> bytes:
    at = choose.randrange(len(data) + 1)
    instead = choose.choice((b"", b"\xff", b"\x00", b"[", b"}", b"\n"))
    return data[:at] + instead + data[at + 1 :]


def _document(choose: random.Random, known: list[bytes]) -> bytes:
    data = choose.choice(known)
    kind = choose.random()
    if kind < 0.7:
        return _varied(choose, data)
    return _damaged(choose, data) if kind < 0.85 else data


def _archive(choose: random.Random, known: list[bytes], depth: int = 0) -> bytes:
    """Pack documents under odd names, links and devices too."""
    file = io.BytesIO()
    names = [choose.choice(_NAMES) for _ in range(choose.randint(0, 5))]
    contents = [
        _archive(choose, known, depth + 1)
        if name.endswith((".zip", ".gz")) and depth < 2
        else _document(choose, known)
        for name in names
    ]
    if choose.random() < 0.5:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in zip(names, contents, strict=True):
                archive.writestr(zipfile.ZipInfo(name), content)
    else:
        kinds = [tarfile.REGTYPE] * 5 + [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
        with tarfile.open(fileobj=file, mode=choose.choice(("w", "w:gz", "w:xz"))) as tar:
            for name, content in zip(names, contents, strict=True):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = choose.choice(kinds), name
                info.size = len(content) if info.type == tarfile.REGTYPE else 0
                tar.addfile(info, io.BytesIO(content[: info.size]))
    data = file.getvalue()
    return _damaged(choose, data) if choose.random() < 0.2 else data


def _folder(choose: random.Random, known: list[bytes], folder: Path) -> Path:
    """Fill a folder with documents, links, pipes and folders that have such names."""
    folder.mkdir()
    for _ in range(choose.randint(0, 5)):
        path = folder / choose.choice(_NAMES).replace("/", "_")
        if path.exists() or path.is_symlink():
            continue
        kind = choose.random()
        if kind < 0.7:
            path.write_bytes(_document(choose, known))
        elif kind < 0.8:
            targets = path, folder, Path("/dev/zero"), Path("nothing")
            path.symlink_to(choose.choice(targets))
        elif kind < 0.9:
            os.mkfifo(path)
        else:
            path.mkdir()
    return folder


def _input(choose: random.Random, known: list[bytes], place: Path) -> Path:
    kind = choose.random()
    if kind < 0.15:
        return _folder(choose, known, place)
    is_packed = kind < 0.3
    endings = _PACKED_ENDINGS if is_packed else _ENDINGS
    path = place.with_suffix(choose.choice(endings))
    path.write_bytes((_archive if is_packed else _document)(choose, known))
    return path


def _options(choose: random.Random, output: Output, folder: Path, runs: Path) -> list[str]:
    """Give some options of a command, with what fits and with what does not."""
    given = list(output.options)
    for param in COMMANDS[output.command].params:
        if not isinstance(param, click.Option) or param.name == "engine":
            continue
        if not (param.required or choose.random() < 0.12):
            continue
        name = param.opts[0]
        if param.is_flag:
            given.append(name)
        elif param.name == "workers":  # others start processes, which takes its time
            given += [name, choose.choice(("0", "1", "x", "-1"))]
        elif isinstance(param.type, click.Choice):
            given += [name, str(choose.choice(list(param.type.choices)))]
        elif param.name in ("runs", "base"):
            given += [name, str(runs)]
        elif isinstance(param.type, click.Path | click.File) or param.name == "output":
            output_name = choose.choice(("out", "out.svg", "out.json", "no/out"))
            given += [name, str(folder / output_name)]
        else:
            given += [name, choose.choice(_TEXTS)]
    return given


def try_one(seed: int, runs: Path) -> tuple[list[str], Result]:
    """Run one random command."""
    choose = random.Random(seed)
    known = list(seeds().values())
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)  # what an option names may be written
        output = choose.choice(ALL)
        given = [*output.command, *_options(choose, output, folder, runs)]
        for param in COMMANDS[output.command].params:
            if isinstance(param, click.Argument):
                count = 1 if param.nargs == 1 else choose.choice((1, 1, 2, 3))
                inputs = [
                    _input(choose, known, folder / f"{param.name}{i}") for i in range(count)
                ]
                given += map(str, inputs)
        if output.command == ("history", "collect"):
            given += ["-o", str(folder / "store"), "-j", "1"]
        with no_longer_than(_SLOWEST):
            result = CliRunner().invoke(cli, given)
    return given, result


def is_fault(result: Result) -> bool:
    """Tell whether it ended as no command may; what the command line tells of is none."""
    if isinstance(result.exception, TaskgraphError):
        return False
    is_told = result.exception is None or isinstance(result.exception, SystemExit)
    return not is_told or result.exit_code not in (0, 1, 2) or "Traceback" in result.output


def collected(folder: Path) -> Path:
    """Collect the samples, for what looks into a history."""
    for name, data in seeds().items():
        (folder / name).write_bytes(data)
    store = folder / "store"
    CliRunner().invoke(
        cli, ["history", "collect", str(folder), "-o", str(store), "-j", "1"]
    )
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description="Run random commands.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, help="so many instead of so long")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    seed = options.seed
    with tempfile.TemporaryDirectory() as name:
        runs = collected(Path(name))
        while options.examples is None or seed - options.seed < options.examples:
            if options.examples is None and time.monotonic() > end:
                break
            given, result = try_one(seed, runs)
            if is_fault(result):
                sys.stdout.write(f"seed {seed}: {given}\n{result.output[-3000:]}\n")
                raise RuntimeError(f"seed {seed}") from result.exception
            seed += 1
    sys.stdout.write(f"{seed - options.seed} commands: nothing found\n")


if __name__ == "__main__":
    main()
